"""The errors that the language itself raises, each by its name, in PowerShell 7's words and with its ids.

Source: PowerShell's own resource strings (ParserStrings, ExtendedTypeSystem, SessionStateStrings), read at
github.com/PowerShell/PowerShell; .NET 8's messages where PowerShell quotes them.
"""

from functools import partial

from calco.cloudshell.errors import Fault, Terminating

AUTOMATION = "System.Management.Automation."
INVOCATION = AUTOMATION + "MethodInvocationException"


def runtime(
    message: str, id: str, category: str = "InvalidOperation", exception: str = AUTOMATION + "RuntimeException"
) -> Terminating:
    return Terminating(Fault(message, id=id, category=category, exception=exception))


def not_here(what: str) -> Terminating:
    """Something of PowerShell or .NET that a subset does not have: ``what`` is how the sentence begins."""
    return runtime(
        f"{what} is not supported in calco's Cloud Shell, which is a subset of PowerShell.",
        "NotSupported",
        "NotImplemented",
        AUTOMATION + "PSNotSupportedException",
    )


def _stopped(message: str, exception: str) -> Terminating:
    """One of .NET's own, which PowerShell calls by its type."""
    return runtime(message, exception, "OperationStopped", exception)


def _not_cast(message: str, id: str) -> Terminating:
    return runtime(message, id, "InvalidArgument", AUTOMATION + "PSInvalidCastException")


null_method = partial(runtime, "You cannot call a method on a null-valued expression.", "InvokeMethodOnNull")
null_array = partial(runtime, "Cannot index into a null array.", "NullArray")
null_index = partial(runtime, "Index operation failed; the array index evaluated to null.", "NullArrayIndex")
null_key = partial(runtime, "A null key is not allowed in a hash literal.", "InvalidNullKey", "InvalidArgument")
not_tables = partial(runtime, "A hash table can only be added to another hash table.", "AddHashTableToNonHashTable")
not_assignable = partial(
    runtime,
    "The assignment expression is not valid. The input to an assignment operator must be an object that is able to "
    "accept assignments, such as a variable or a property.",
    "InvalidLeftHandSide",
)
divided_by_zero = partial(
    runtime, "Attempted to divide by zero.", "RuntimeException", "NotSpecified", "System.DivideByZeroException"
)
outside_array = partial(_stopped, "Index was outside the bounds of the array.", "System.IndexOutOfRangeException")
slow_pattern = partial(
    _stopped,
    "The Regex engine has timed out while trying to match a pattern to an input string.",
    "System.Text.RegularExpressions.RegexMatchTimeoutException",
)
""".NET's message, shortened to what it says."""
too_long = partial(
    runtime, "The script was stopped: it took more steps than this session allows.", "StepLimit", "LimitsExceeded"
)
"""The session's budget of steps is used up."""


def cannot_assign_index(type: str) -> Terminating:
    return runtime(f"Unable to assign to an index into an object of type {type}.", "NotADictionary")


def no_method(type: str, name: str) -> Terminating:
    return runtime(
        f"Method invocation failed because [{type}] does not contain a method named '{name}'.", "MethodNotFound"
    )


def no_overload(name: str, count: int) -> Terminating:
    return runtime(
        f'Cannot find an overload for "{name}" and the argument count: "{count}".',
        "MethodCountCouldNotFindBest",
        "NotSpecified",
        AUTOMATION + "MethodException",
    )


def method_failed(name: str, count: int, why: str, exception: str = "ArgumentException") -> Terminating:
    return runtime(
        f'Exception calling "{name}" with "{count}" argument(s): "{why}"', exception, "NotSpecified", INVOCATION
    )


def no_property(name: str) -> Terminating:
    return runtime(
        f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set.",
        "PropertyAssignmentException",
    )


def read_only(name: str) -> Terminating:
    return runtime(f"'{name}' is a ReadOnly property.", "PropertyAssignmentException")


def read_only_variable(name: str) -> Terminating:
    return runtime(
        f"Cannot overwrite variable {name} because it is read-only or constant.",
        "VariableNotWritable",
        "WriteError",
        AUTOMATION + "SessionStateUnauthorizedAccessException",
    )


def no_type(name: str) -> Terminating:
    return runtime(f"Unable to find type [{name}].", "TypeNotFound")


def bad_text(text: str, type: str, why: str, id: str = "InvalidCastParseTargetInvocation") -> Terminating:
    return _not_cast(f'Cannot convert value "{text}" to type "{type}". Error: "{why}"', id)


def bad_cast(text: str, of: str, type: str) -> Terminating:
    said = f'Cannot convert the "{text}" value of type "{of}" to type "{type}".'
    return _not_cast(said, "ConvertToFinalInvalidCastException")


def bad_null(type: str) -> Terminating:
    return _not_cast(f'Cannot convert null to type "{type}".', "nullToValueTypeConversion")


def not_comparable(text: str) -> Terminating:
    return runtime(f'Cannot compare "{text}" because it is not IComparable.', "NotIcomparable")


def not_compared(left: str, right: str, why: str) -> Terminating:
    return runtime(f'Could not compare "{left}" to "{right}". Error: "{why}"', "ComparisonFailure")


def bad_format(why: str) -> Terminating:
    return runtime(f"Error formatting a string: {why}.", "FormatError")


def bad_pattern(pattern: str) -> Terminating:
    return runtime(f"The regular expression pattern {pattern} is not valid.", "InvalidRegularExpression")


def same_key(key: str) -> Terminating:
    said = f"Item has already been added. Key in dictionary: '{key}'  Key being added: '{key}'"
    return _stopped(said, "System.ArgumentException")


def same_key_written(key: str) -> Terminating:
    return runtime(f"Duplicate keys '{key}' are not allowed in hash literals.", "DuplicateKeyInHashLiteral")


def not_a_type(operator: str) -> Terminating:
    return runtime(f"The right operand of '{operator}' must be a type.", f"{operator[1:].title()}OperatorRequiresType")


def too_deep() -> Terminating:
    """It ends the script: a tree of calls would otherwise be walked to its last leaf, one such error after another."""
    message = "The script failed due to call depth overflow."
    exception = AUTOMATION + "ScriptCallDepthException"
    return Terminating(
        Fault(message, id="CallDepthOverflow", category="InvalidOperation", exception=exception), stopping=True
    )


def too_much() -> Terminating:
    """A string, an array or an output that no script of ours needs; it ends the script. Source: .NET's
    OutOfMemoryException."""
    exception = "System.OutOfMemoryException"
    message = "Insufficient memory to continue the execution of the program."
    return Terminating(Fault(message, id=exception, exception=exception), stopping=True)


def not_a_command(operator: str) -> Terminating:
    return runtime(
        f"The expression after '{operator}' in a pipeline element produced an object that was not valid. It must "
        "result in a command name, a script block, or a CommandInfo object.",
        "BadExpression",
    )

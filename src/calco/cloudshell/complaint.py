"""What PowerShell says of a script that it cannot read, in its own words and with its own ids.

Source: PowerShell 7, ParserStrings; messages and ids as ``pwsh`` prints them.
"""

from calco.cloudshell.errors import Fault, NotParsed
from calco.cloudshell.syntax import Place

TOKEN_MAX = 40
"""Characters of the text that is shown as a token."""


def not_parsed(message: str, id: str, at: Place) -> NotParsed:
    return NotParsed(
        Fault(message, id=id, category="ParserError", exception="System.Management.Automation.ParseException", at=at)
    )


def unexpected(text: str, at: Place) -> NotParsed:
    """``text`` is what stands there; its first word is shown."""
    shown = (text.split() or [""])[0][:TOKEN_MAX]
    return not_parsed(f"Unexpected token '{shown}' in expression or statement.", "UnexpectedToken", at)


def missing_expression(after: str, at: Place) -> NotParsed:
    return not_parsed(f"Missing expression after '{after}'.", "MissingExpressionAfterToken", at)


def missing_key(at: Place) -> NotParsed:
    return not_parsed("Missing key before '=' in hash literal.", "MissingKeyBeforeEqualsSignInHashLiteral", at)


def not_assignable(at: Place) -> NotParsed:
    return not_parsed(
        "The assignment expression is not valid. The input to an assignment operator must be an object that is able to"
        " accept assignments, such as a variable or a property.",
        "InvalidLeftHandSide",
        at,
    )


def splat_misplaced(name: str, at: Place) -> NotParsed:
    return not_parsed(
        f"The splatting operator '@' cannot be used to reference variables in an expression. '@{name}' can be used only"
        f" as an argument to a command. To reference variables in an expression use '${name}'.",
        "SplattingNotPermitted",
        at,
    )


def drive_without_name(at: Place) -> NotParsed:
    return not_parsed(
        "Variable reference is not valid. ':' was not followed by a valid variable name character. Consider using ${}"
        " to delimit the name.",
        "InvalidVariableReferenceWithDrive",
        at,
    )


def value_expected(after: str, at: Place) -> NotParsed:
    return not_parsed(
        f"You must provide a value expression following the '{after}' operator.", "ExpectedValueExpression", at
    )


def try_alone(at: Place) -> NotParsed:
    return not_parsed("The Try statement is missing its Catch or Finally block.", "MissingCatchOrFinally", at)


def too_deep(at: Place) -> NotParsed:
    return not_parsed(
        "The script failed to parse: its expressions and blocks are nested too deeply.", "ScriptTooComplicated", at
    )

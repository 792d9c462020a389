"""Names of types: what ``[int]`` is called in full, which type a value has, and what is a kind of what.

Source: Microsoft Learn, about_Type_Accelerators; .NET API reference for the exceptions' bases.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from calco.cloudshell.syntax import TypeName
from calco.cloudshell.values import (
    CREDENTIAL,
    CUSTOM,
    Growing,
    Hashtable,
    Long,
    Record,
    ScriptBlock,
    SecureString,
    Value,
)

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

SHORT: Mapping[str, str] = MappingProxyType(
    {
        "int": "System.Int32",
        "long": "System.Int64",
        "short": "System.Int16",
        "byte": "System.Byte",
        "sbyte": "System.SByte",
        "ushort": "System.UInt16",
        "uint": "System.UInt32",
        "ulong": "System.UInt64",
        "bigint": "System.Numerics.BigInteger",
        "double": "System.Double",
        "float": "System.Single",
        "decimal": "System.Decimal",
        "string": "System.String",
        "char": "System.Char",
        "bool": "System.Boolean",
        "datetime": "System.DateTime",
        "timespan": "System.TimeSpan",
        "guid": "System.Guid",
        "array": "System.Array",
        "object": "System.Object",
        "void": "System.Void",
        "type": "System.Type",
        "uri": "System.Uri",
        "version": "System.Version",
        "hashtable": "System.Collections.Hashtable",
        "arraylist": "System.Collections.ArrayList",
        "ordered": "System.Collections.Specialized.OrderedDictionary",
        "pscustomobject": CUSTOM,
        "psobject": "System.Management.Automation.PSObject",
        "pscredential": CREDENTIAL,
        "ref": "System.Management.Automation.PSReference",
        "xml": "System.Xml.XmlDocument",
        "scriptblock": "System.Management.Automation.ScriptBlock",
        "switch": "System.Management.Automation.SwitchParameter",
        "securestring": "System.Security.SecureString",
        "regex": "System.Text.RegularExpressions.Regex",
        "math": "System.Math",
        "convert": "System.Convert",
        "environment": "System.Environment",
        "exception": "System.Exception",
        "stringcomparison": "System.StringComparison",
        "stringsplitoptions": "System.StringSplitOptions",
        "consolecolor": "System.ConsoleColor",
        "dayofweek": "System.DayOfWeek",
        "midpointrounding": "System.MidpointRounding",
    }
)
"""By accelerator, and by the last part of names that scripts write with or without their namespace."""

MORE = (
    *("System.Text.Encoding", "System.Text.StringBuilder", "System.Diagnostics.Stopwatch", "System.IO.Path"),
    *("System.Net.WebUtility", "System.Globalization.CultureInfo", "System.ValueType", "System.IComparable"),
    *(f"System.Management.Automation.{each}" for each in ("ErrorRecord", "WildcardPattern", "ErrorCategory")),
    "System.Management.Automation.ActionPreference",
    *(f"System.Collections.{each}" for each in ("IDictionary", "IEnumerable", "ICollection", "IList")),
)
"""Types that have no accelerator."""

LIST = "System.Collections.Generic.List`1"
ERROR_RECORD = "System.Management.Automation.ErrorRecord"
EXCEPTION = "System.Exception"

BASES: Mapping[str, str] = MappingProxyType(
    {
        "System.SystemException": EXCEPTION,
        "System.ApplicationException": EXCEPTION,
        "System.ArithmeticException": "System.Management.Automation.RuntimeException",
        "System.DivideByZeroException": "System.ArithmeticException",
        "System.OverflowException": "System.ArithmeticException",
        "System.ArgumentException": "System.SystemException",
        "System.ArgumentNullException": "System.ArgumentException",
        "System.ArgumentOutOfRangeException": "System.ArgumentException",
        "System.FormatException": "System.SystemException",
        "System.InvalidCastException": "System.SystemException",
        "System.InvalidOperationException": "System.SystemException",
        "System.NotSupportedException": "System.SystemException",
        "System.Management.Automation.RuntimeException": "System.SystemException",
        "System.Management.Automation.PSInvalidCastException": "System.Management.Automation.RuntimeException",
        "System.Management.Automation.CommandNotFoundException": "System.Management.Automation.RuntimeException",
        "System.Management.Automation.ParameterBindingValidationException": (
            "System.Management.Automation.ParameterBindingException"
        ),
        "System.Management.Automation.ParameterBindingException": "System.Management.Automation.RuntimeException",
        "System.Management.Automation.MethodException": "System.Management.Automation.ExtendedTypeSystemException",
        "System.Management.Automation.MethodInvocationException": "System.Management.Automation.MethodException",
        "System.Management.Automation.ExtendedTypeSystemException": "System.Management.Automation.RuntimeException",
        "System.Management.Automation.ActionPreferenceStopException": "System.Management.Automation.RuntimeException",
        "Microsoft.PowerShell.Commands.WriteErrorException": "System.SystemException",
        "Microsoft.Azure.Commands.Compute.Common.ComputeCloudException": "Microsoft.Rest.Azure.CloudException",
        "Microsoft.Azure.Commands.Network.Common.NetworkCloudException": "Microsoft.Rest.Azure.CloudException",
        "Microsoft.Rest.Azure.CloudException": "Microsoft.Rest.RestException",
    }
)
"""What an exception is a kind of; one that is not listed is a kind of System.Exception."""


def full_name(name: str) -> str | None:
    """Of a type as it is written between the brackets; None for one that neither we nor a namespace know. A name with
    dots that we do not know is taken as it is: a namespace's own."""
    folded = "".join(name.lower().split())
    if folded.endswith("[]"):
        inner = full_name(folded[:-2])
        return f"{inner}[]" if inner else None
    if folded.removeprefix("system.").startswith(_LISTS_OF):
        return LIST
    return _SPELLED.get(folded) or (name.strip() if "." in name and not name.startswith(".") else None)


def _spelled(full: str) -> Iterator[str]:
    """In how many ways a type's name is written, in lower case: with its namespace or without."""
    folded = full.lower()
    yield from (folded, folded.removeprefix("system."), folded.removeprefix("system.management.automation."))


_LISTS_OF = ("collections.generic.list[", "collections.objectmodel.collection[", "generic.list[")
_SPELLED: Mapping[str, str] = MappingProxyType(
    {**{each: full for full in (*BASES, *MORE, *SHORT.values()) for each in _spelled(full)}, **SHORT}
)


def type_of(value: Value) -> str:
    """The full name of a value's type; "" for null."""
    if value is None:
        return ""
    if isinstance(value, Growing | Record):
        return value.type
    if isinstance(value, int) and not isinstance(value, bool):
        return _whole(value)
    if isinstance(value, Hashtable):
        return SHORT["ordered" if value.ordered else "hashtable"]
    return next(name for kind, name in _NAMES.items() if isinstance(value, kind))


_NAMES: Mapping[type, str] = MappingProxyType(
    {
        str: "System.String",
        bool: "System.Boolean",
        float: "System.Double",
        list: "System.Object[]",
        datetime: "System.DateTime",
        timedelta: "System.TimeSpan",
        ScriptBlock: SHORT["scriptblock"],
        SecureString: SHORT["securestring"],
        TypeName: "System.RuntimeType",
    }
)


def _whole(value: int) -> str:
    if not is_long(value):
        return "System.Int32"
    return "System.Int64" if -INT64_MAX - 1 <= value <= INT64_MAX else SHORT["bigint"]


def is_long(value: int) -> bool:
    """Whether it is of more than 32 bits, or as if it were."""
    return isinstance(value, Long) or not -INT32_MAX - 1 <= value <= INT32_MAX


def written(full: str) -> str:
    """How a type is written as text: its accelerator when it has one."""
    if full.endswith("[]"):
        return written(full[:-2]) + "[]"
    return _ACCELERATORS.get(full, full)


_NO_ACCELERATOR = ("arraylist", "math", "convert", "environment", "exception")
_ACCELERATORS = MappingProxyType(
    {full: short for short, full in SHORT.items() if short not in _NO_ACCELERATOR and "." in full}
)


def kinds(full: str) -> set[str]:
    """An exception's type and all its bases."""
    found = {full, EXCEPTION, "System.Object"}
    while full in BASES:
        full = BASES[full]
        found.add(full)
    return found


def is_exception(full: str) -> bool:
    return full == EXCEPTION or full in BASES or full.endswith("Exception")


def is_a(value: Value, full: str) -> bool:
    """``value -is [full]``."""
    if value is None:
        return False
    own = type_of(value)
    if full in {own, "System.Object"}:
        return True
    if isinstance(value, Record):
        custom = value.type == CUSTOM and full == "System.Management.Automation.PSObject"
        return custom or own.lower() == full.lower() or ("Exception" in own and full in kinds(own))
    if isinstance(value, list):
        return full in _LISTS or (not isinstance(value, Growing) and _is_array(value, full))
    return any(full in names for kind, names in _KINDS.items() if isinstance(value, kind))


_LISTS = frozenset({"System.Collections.IList", "System.Collections.ICollection", "System.Collections.IEnumerable"})
_TABLES = frozenset(
    {"System.Collections.IDictionary", "System.Collections.ICollection", "System.Collections.IEnumerable"}
)
_VALUES = frozenset({"System.ValueType", "System.IComparable"})
_KINDS: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        Hashtable: _TABLES,
        int: _VALUES,
        float: _VALUES,
        datetime: _VALUES,
        timedelta: _VALUES,
        str: frozenset({"System.IComparable"}),
        TypeName: frozenset({"System.Type"}),
    }
)


def _is_array(value: list[Value], full: str) -> bool:
    if full.endswith("[]"):
        return bool(value) and all(type_of(each) == full[:-2] for each in value)
    return full == "System.Array"

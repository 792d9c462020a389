"""One value as another kind of value, as PowerShell converts it, in its words when it cannot.

Source: Microsoft Learn, about_Type_Conversion, about_Booleans; the messages are PowerShell 7's own.
"""

from calco.cloudshell.cmdlet import Kind
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import Value


def to_text(value: Value) -> str:
    """As in a string: "" for null, an array's elements with a space between, "@{Name=x}" for a custom object."""
    raise NotImplementedError


def to_bool(value: Value) -> bool:
    """null, 0, "", an empty array and an array of one false thing are false."""
    raise NotImplementedError


def to_number(value: Value) -> int | float:
    """null is 0, true 1; text is read as PowerShell reads numbers. Raises Terminating."""
    raise NotImplementedError


def to_list(value: Value) -> list[Value]:
    """As the pipeline enumerates it: null gives one null, an array its elements, anything else itself."""
    raise NotImplementedError


def to_type(value: Value, type: str, at: Place | None = None) -> Value:
    """``[type] value``; the type's name as written, with or without "System.". Raises Terminating in PowerShell's
    words, or with one sentence when this shell does not know the type."""
    raise NotImplementedError


def to_kind(value: Value, kind: Kind) -> Value:
    """As a parameter of that kind takes it. Raises Terminating, whose message says what cannot be converted to what;
    "Cannot process argument transformation on parameter 'X'." is for the caller to say before it."""
    raise NotImplementedError

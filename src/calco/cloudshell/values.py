"""What a script computes with. Where Python has the thing, it is Python's; the rest is here.

null is None; a string, a Boolean, an int (Int32, or Int64 where it is longer or a Long), a float (Double), a datetime
are Python's, an array or list is a Python list. Names of members, keys of tables are compared without case and keep the
case of their first writing. Source of the behaviour: Microsoft Learn, about_Hash_Tables, about_Properties,
about_Arrays, about_Numeric_Literals.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from calco.cloudshell import syntax

ENTRIES_MAX = 1_000_000
"""Of an array, of a table, of an object: more does not fit, whatever memory there is."""


class Names(MutableMapping[str, "Value"]):
    """Values by name: the case of a name does not matter, the order of writing does. Writing raises MemoryError."""

    def __init__(self, pairs: "Iterable[tuple[str, Value]]" = ()) -> None:
        self._held: dict[str, tuple[str, Value]] = {}
        for name, value in pairs:
            self[name] = value

    def __getitem__(self, name: str) -> "Value":
        return self._held[name.casefold()][1]

    def __setitem__(self, name: str, value: "Value") -> None:
        _put(self._held, name.casefold(), name, value)

    def __delitem__(self, name: str) -> None:
        del self._held[name.casefold()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.casefold() in self._held

    def __repr__(self) -> str:
        return f"Names({list(self.items())!r})"


@dataclass(eq=False)
class Hashtable:
    """``@{}``. Keys are strings or numbers; ``ordered`` changes how its type is called, order is kept either way."""

    entries: "dict[str | int | float, tuple[str | int | float, Value]]" = field(default_factory=dict)
    ordered: bool = False

    @staticmethod
    def of(pairs: "Mapping[str, Value]", *, ordered: bool = False) -> "Hashtable":
        made = Hashtable(ordered=ordered)
        for key, value in pairs.items():
            made.put(key, value)
        return made

    def get(self, key: str | int | float) -> "Value":
        """None when there is no such key."""
        found = self.entries.get(_folded(key))
        return found[1] if found else None

    def put(self, key: str | int | float, value: "Value") -> None:
        """Raises MemoryError."""
        _put(self.entries, _folded(key), key, value)

    def remove(self, key: str | int | float) -> None:
        self.entries.pop(_folded(key), None)

    def has(self, key: str | int | float) -> bool:
        return _folded(key) in self.entries

    def pairs(self) -> "list[tuple[str | int | float, Value]]":
        return list(self.entries.values())


class Growing(list["Value"]):
    """A list that a script made to grow: ArrayList or List[T]; ``type`` is its full name. An array is a plain list."""

    type: str = "System.Collections.ArrayList"


@dataclass(eq=False)
class Record:
    """An object with members. ``type`` is the .NET name that Get-Member and a nested object's text show; ``held`` is
    what a cmdlet keeps with it that no script sees (a job's thread)."""

    type: str
    members: Names = field(default_factory=Names)
    held: object = field(default=None, repr=False)

    @staticmethod
    def of(type: str, members: "Mapping[str, Value]") -> "Record":
        return Record(type, Names(members.items()))

    def get(self, name: str) -> "Value":
        """None when there is no such member, as a script without strict mode reads it."""
        return self.members.get(name)


@dataclass(frozen=True, eq=False)
class ScriptBlock:
    """A block and the scope it was written in (opaque to everyone but the evaluator)."""

    block: syntax.Block
    scope: object = field(default=None, repr=False)


@dataclass(frozen=True)
class SecureString:
    """Never shown; a cmdlet that must send it asks for ``secret``."""

    secret: str = field(repr=False)


class Long(int):
    """An Int64 that an Int32 could hold: ``[long]1``. What does not fit an Int32 is an Int64 without it."""


class Written(int):
    """A whole number that stood as an argument: a parameter that takes a string gets ``text``, as it was written."""

    text: str

    def __new__(cls, value: int, text: str) -> "Written":
        made = super().__new__(cls, value)
        made.text = text
        return made


class WrittenFloat(float):
    """The same of a Double: ``-Version 1.10`` is "1.10"."""

    text: str

    def __new__(cls, value: float, text: str) -> "WrittenFloat":
        made = super().__new__(cls, value)
        made.text = text
        return made


Value = (
    None
    | bool
    | int
    | float
    | str
    | datetime
    | timedelta
    | list["Value"]
    | Hashtable
    | Record
    | ScriptBlock
    | SecureString
    | syntax.TypeName
)
"""A type itself (``[int]`` as a value) is the TypeName that was written."""

CUSTOM = "System.Management.Automation.PSCustomObject"
PS_CMDLET = "System.Management.Automation.PSScriptCmdlet"
"""``$PSCmdlet``: what it holds says whether to do what the script asks it about."""
CREDENTIAL = "System.Management.Automation.PSCredential"
"""A Record with UserName (string) and Password (SecureString)."""


_Key = TypeVar("_Key", str, str | int | float)


def _put(held: "dict[_Key, tuple[_Key, Value]]", folded: _Key, key: _Key, value: Value) -> None:
    """Under the name of its first writing. Raises MemoryError."""
    known = held.get(folded)
    if known is None and len(held) >= ENTRIES_MAX:
        raise MemoryError
    held[folded] = (known[0] if known else key, value)


def _folded(key: str | int | float) -> str | int | float:
    return key.casefold() if isinstance(key, str) else key

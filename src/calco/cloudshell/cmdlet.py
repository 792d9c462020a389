"""A cmdlet, declared: what it is called, what it takes, what it does, and the words that help about it.

Everything that binding, help, completion and the documentation know of a cmdlet stands in its declaration; ``run`` is
one small function over a ``Call``. Sources: Microsoft Learn, "Cmdlet parameter sets", "Accept pipeline input",
about_Parameters, about_CommonParameters; the reference page of each cmdlet in the Az modules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from calco.cloudshell.api import Api
from calco.cloudshell.errors import Fault
from calco.cloudshell.host import Host
from calco.cloudshell.values import Hashtable, Names, Record, ScriptBlock, Value

if TYPE_CHECKING:
    from calco.ports.world import Chance, Clock


CORE, UTILITY = "Microsoft.PowerShell.Core", "Microsoft.PowerShell.Utility"
MANAGEMENT, SECURITY = "Microsoft.PowerShell.Management", "Microsoft.PowerShell.Security"
"""Modules of PowerShell's own."""


class Kind(Enum):
    """What a parameter takes; the value is how Get-Help writes it. The binder converts as PowerShell does."""

    STRING = "String"
    STRINGS = "String[]"
    INT = "Int32"
    INTS = "Int32[]"
    LONG = "Int64"
    FLOAT = "Double"
    BOOL = "Boolean"
    SWITCH = "SwitchParameter"
    HASHTABLE = "Hashtable"
    SCRIPT = "ScriptBlock"
    SECURE = "SecureString"
    CREDENTIAL = "PSCredential"
    RECORD = "Object"
    RECORDS = "Object[]"
    DATE = "DateTime"
    ANY = "PSObject"
    ANYS = "PSObject[]"


@dataclass(frozen=True)
class Parameter:
    """``sets``: the parameter sets it belongs to; empty: all. ``mandatory`` and ``position`` hold in each of them.
    ``choices``: the words it takes (matched without case, given to ``run`` as written here). ``completes``: whose names
    complete it, by noun ("virtualMachines", "resourceGroups", "images", "disks", "snapshots", "locations", ...).
    ``accepts``: the type names of records it takes; empty: any. ``rest``: takes all arguments left over by position.
    ``filled``: neither null nor empty. ``range``: the smallest and the largest number it takes. ``pattern``:
    the regular expression that its text matches."""

    name: str
    kind: Kind = Kind.STRING
    help: str = ""
    sets: tuple[str, ...] = ()
    mandatory: bool = False
    position: int | None = None
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    from_pipeline: bool = False
    from_name: bool = False
    accepts: tuple[str, ...] = ()
    completes: str = ""
    rest: bool = False
    filled: bool = False
    pattern: str = ""
    range: tuple[float, float] | None = None


INPUT = Parameter("InputObject", Kind.ANY, "The objects; they come by the pipeline.", from_pipeline=True)


@dataclass(frozen=True)
class Example:
    """``what`` it does, ``code`` as one would type it."""

    what: str
    code: str


class Call(Protocol):
    """One invocation with its parameters bound: what ``run`` gets."""

    @property
    def shell(self) -> "Shell": ...

    @property
    def set(self) -> str:
        """The name of the parameter set that was chosen."""

    @property
    def input(self) -> Iterator[Value]:
        """What comes by the pipeline, for a cmdlet that takes it ``whole``; empty for the others."""

    def given(self, name: str) -> bool: ...

    def value(self, name: str) -> Value:
        """None when it was not given. The next ones are the same with a shape: "", (), 0, False and the like then."""

    def text(self, name: str) -> str: ...

    def texts(self, name: str) -> list[str]: ...

    def number(self, name: str) -> int | None: ...

    def switch(self, name: str) -> bool: ...

    def table(self, name: str) -> Hashtable: ...

    def record(self, name: str) -> Record:
        """Raises Terminating when it was not given."""

    def should(self, target: str, action: str) -> bool:
        """Whether to do it: False under -WhatIf (which is told) or when the person says no to -Confirm."""

    def agreed(self, question: str) -> bool:
        """Whether the person says yes; True under -Force, and without asking under -Confirm:$false. Source: the Az
        cmdlets that ask before they stop or remove something. Raises Terminating when there is no one to ask."""

    def error(self, fault: Fault) -> None:
        """An error that does not end the command; under ErrorAction Stop it does (raises Terminating)."""

    def warn(self, text: str) -> None: ...

    def verbose(self, text: str) -> None: ...

    def preferences(self) -> "Mapping[str, Value]":
        """Preference variables as the common parameters that were given make them, by name."""


Run = Callable[[Call], Iterable[Value]]


@dataclass(frozen=True)
class Cmdlet:
    """``whole``: run once with the pipeline as ``Call.input``; otherwise once for each object of it, bound by value or
    by property name, or once without one. ``default_set`` names the set taken when several fit. ``common``: has the
    common parameters. ``confirms``: has -WhatIf and -Confirm. ``as_job``: has -AsJob. ``output``: the type name of what
    it gives, for Get-Command and help.
    """

    name: str
    synopsis: str
    run: Run
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    default_set: str = ""
    output: str = ""
    module: str = "Az.Compute"
    whole: bool = False
    common: bool = True
    confirms: bool = False
    as_job: bool = False
    examples: tuple[Example, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Column:
    """``of``: a member's name, or what to show of the object. ``right``: aligned so. ``width`` in characters; 0: as
    wide as what stands in it."""

    label: str
    of: str | Callable[[Record], Value]
    right: bool = False
    width: int = 0


@dataclass(frozen=True)
class View:
    """How objects of a type print by default: a table, or a list. ``compact``: members that are empty are left out of
    the list, and a nested object shows as the names of its members in braces (Az.Compute's Get-AzVM). ``text``: the
    whole of what is printed of one, when it is neither a list nor a table (a machine's instance view). ``group``: a
    table begins anew, under a title, where this member changes. ``tabled``: the columns that Format-Table shows of
    a type that is a list by default."""

    type: str
    columns: tuple[Column, ...]
    table: bool = False
    compact: bool = False
    group: str = ""
    text: Callable[[Record], str] | None = None
    tabled: tuple[Column, ...] = ()


class Commands(Protocol):
    """All that can be called by name."""

    def find(self, name: str) -> Cmdlet | None:
        """By name or alias, without case."""

    def all(self) -> tuple[Cmdlet, ...]: ...

    def aliases(self) -> Mapping[str, str]:
        """Cmdlet name by alias."""

    def view(self, type: str) -> View | None: ...


Told = Callable[["Shell"], None]
"""Something a job has to tell people (an error, a warning), kept until Receive-Job tells it."""


class Jobs(Protocol):
    """What runs in the background of this session."""

    def start(self, name: str, command: str, work: Callable[[], Iterable[Value]], told: Sequence[Told] = ()) -> Record:
        """A job's Record (type JOB); ``work`` runs in a thread of its own, and may add to ``told`` while it does."""

    def all(self) -> list[Record]: ...

    def remove(self, record: Record) -> None: ...


class Shell(Protocol):
    """The session as a cmdlet sees it."""

    @property
    def host(self) -> Host: ...

    @property
    def api(self) -> Api:
        """Of the account that is signed in. Raises Terminating with Az's words when none is."""

    @property
    def clock(self) -> "Clock": ...

    @property
    def chance(self) -> "Chance": ...

    @property
    def commands(self) -> Commands: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def state(self) -> Names:
        """What cmdlets keep for the session, by name."""

    def sleep(self, seconds: float) -> None:
        """Passes time; Ctrl-C ends it."""

    def invoke(self, block: ScriptBlock, *, item: Value = None, arguments: tuple[Value, ...] = ()) -> Iterator[Value]:
        """Run a block with ``$_`` and ``$args``."""

    def report(self, fault: Fault, *, shown: bool = True) -> None:
        """An error that does not end anything: it goes to ``$Error``, ``$?`` becomes false, and people see it."""

    def variable(self, name: str) -> Value: ...

    def set_variable(self, name: str, value: Value) -> None: ...

    def variables(self) -> list[str]:
        """The names that there are."""


@dataclass(frozen=True)
class Module:
    """A family of cmdlets and how what they give is shown: what each file of ``az`` and ``builtin`` exports."""

    cmdlets: tuple[Cmdlet, ...]
    views: tuple[View, ...] = field(default=())

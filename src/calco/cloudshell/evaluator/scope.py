"""Where variables and functions live: a chain of scopes, each the child of whoever called it.

A function sees what its callers have and writes to its own; a layer lends a few names (``$_``) to a piece of code that
runs in a scope that is there already. Source: Microsoft Learn, about_Scopes, about_Automatic_Variables.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from calco.cloudshell.errors import Terminating
from calco.cloudshell.host import Host
from calco.cloudshell.objects import faults
from calco.cloudshell.objects.convert import to_type
from calco.cloudshell.syntax import Function
from calco.cloudshell.values import Value

DEPTH_MAX = 200
"""Functions that may be under way at once, one called by the other."""
_ALSO_CALLED = {"psitem": "_"}


@dataclass
class Cell:
    """``type`` constrains what may be written (``[int]$n = 1``); ``fixed``: nobody writes."""

    value: Value = None
    type: str = ""
    fixed: bool = False


class Scope:
    """``layer``: writes to names that are not its own go through to the scope below. ``host``: whom the code in it
    talks to, when that is not the session's. ``guards``: how many try blocks it is in."""

    def __init__(self, parent: "Scope | None" = None, *, layer: bool = False, host: Host | None = None) -> None:
        self.parent = parent
        self.layer = layer
        self.guards = 0
        self.faults_told = 0  # by its own commands: to ``$?`` a function went well, whatever was told inside
        self.depth: int = (parent.depth + (not layer)) if parent else 0
        self.host: Host | None = host or (parent.host if parent else None)
        self._cells: dict[str, Cell] = {}
        self._functions: dict[str, Function] = {}
        if self.depth > DEPTH_MAX:
            raise faults.too_deep()

    # --- variables ---------------------------------------------------------------------------------------------------

    def cell(self, name: str) -> Cell | None:
        """The nearest of that name, here or in a caller."""
        folded = _folded(name)
        return next((scope._cells[folded] for scope in self._chain() if folded in scope._cells), None)

    def read(self, name: str) -> Value:
        """None when there is none; NOTHING for what was assigned from no output."""
        cell = self.cell(name)
        return cell.value if cell else None

    def write(self, name: str, value: Value, type: str = "") -> None:
        """Into this scope; what goes to ``$null`` is thrown away. Raises Terminating when it is read-only or of a type
        that the value does not fit. Source: about_Automatic_Variables."""
        if _folded(name) == "null":
            return
        known = self.cell(name)
        if known is not None and known.fixed:
            raise faults.read_only_variable(name)
        owner = self._owner(name)
        cell = owner._cells.setdefault(_folded(name), Cell())
        cell.type = type or cell.type
        cell.value = _fitting(value, cell.type) if cell.type else value

    def lend(self, name: str, value: Value, type: str = "", *, fixed: bool = False) -> None:
        """Set here, whatever there is elsewhere; for what the evaluator itself provides."""
        self._cells[_folded(name)] = Cell(value, type, fixed)

    def names(self) -> list[str]:
        """Of all that can be read, in lower case."""
        return sorted({name for scope in self._chain() for name in scope._cells})

    # --- functions ---------------------------------------------------------------------------------------------------

    def define(self, function: Function) -> None:
        space, _, bare = function.name.rpartition(":")
        owner = self.top() if space.lower() in {"global", "script"} else self._opaque()
        owner._functions[bare.lower()] = function

    def function(self, name: str) -> Function | None:
        folded = name.lower()
        return next((scope._functions[folded] for scope in self._chain() if folded in scope._functions), None)

    def functions(self) -> list[Function]:
        found: dict[str, Function] = {}
        for scope in self._chain():
            found = {**scope._functions, **found}
        return list(found.values())

    # --- the chain ---------------------------------------------------------------------------------------------------

    def top(self) -> "Scope":
        """The session's own."""
        return list(self._chain())[-1]

    def guarded(self) -> bool:
        """Whether a try is under way, here or in a caller."""
        return any(scope.guards for scope in self._chain())

    def _chain(self) -> Iterator["Scope"]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def _opaque(self) -> "Scope":
        return next(scope for scope in self._chain() if not scope.layer)

    def _owner(self, name: str) -> "Scope":
        """Where a write goes: a layer's own names stay in it."""
        folded = _folded(name)
        return next(scope for scope in self._chain() if not scope.layer or folded in scope._cells)


def _folded(name: str) -> str:
    folded = name.lower()
    return _ALSO_CALLED.get(folded, folded)


def _fitting(value: Value, type: str) -> Value:
    try:
        return to_type(value, type)
    except Terminating as error:
        exception = faults.AUTOMATION + "ArgumentTransformationMetadataException"
        raise faults.runtime(error.fault.message, "RuntimeException", "MetadataError", exception) from None

"""An object with all that is in it, one member to a line, indented: how Az.Compute prints an instance view.

Source: the output in Az.Compute's reference of Get-AzVM -Status and Invoke-AzVMRunCommand.
"""

from collections.abc import Iterator

from calco.cloudshell.screen.cell import cell
from calco.cloudshell.values import Hashtable, Record, Value

DEPTH_MAX = 12


def expanded(record: Record) -> str:
    """Every member that holds something; elements of a list are numbered."""
    lines = list(_lines(record, 0))
    width = max((len(label) for label, _ in lines), default=0)
    return "\n".join(f"{label:<{width}} : {value}".rstrip() for label, value in lines)


def _lines(record: Record, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in record.members.items():
        yield from _member(name, value, depth)


def _member(name: str, value: Value, depth: int) -> Iterator[tuple[str, str]]:
    label = f"{'  ' * depth}{name}"
    if value is None or value == [] or depth > DEPTH_MAX:
        return
    if isinstance(value, Record):
        yield label, ""
        yield from _lines(value, depth + 1)
    elif isinstance(value, Hashtable):
        yield from _pairs(label, value, depth)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _member(f"{name}[{number}]", each, depth)
    else:
        yield label, cell(value)


def _pairs(label: str, table: Hashtable, depth: int) -> Iterator[tuple[str, str]]:
    if table.pairs():
        yield label, ""
        for key, each in table.pairs():
            yield from _member(str(key), each, depth + 1)

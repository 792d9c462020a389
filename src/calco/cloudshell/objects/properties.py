"""Properties as Select-Object, Sort-Object, Group-Object and the Format cmdlets take them: names, wildcards, blocks,
and tables with a label and an expression.

Source: Microsoft Learn, about_Calculated_Properties.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calco.cloudshell.cmdlet import Shell
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects import pattern
from calco.cloudshell.objects.member import get, names_of
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.syntax import Catch, Place, Statement, Try
from calco.cloudshell.values import Hashtable, ScriptBlock, Value

_KEYS = ("name", "label", "expression", "width", "alignment", "formatstring", "ascending", "descending")


@dataclass(frozen=True)
class Property:
    """``of``: a member's name or a block. ``descending`` None: as the command says."""

    label: str
    of: str | ScriptBlock
    width: int = 0
    alignment: str = ""
    format: str = ""
    descending: bool | None = None


def read(value: Value) -> list[Property]:
    """Of a parameter's value: one or several. Raises Terminating for what is no property."""
    return [_property(each) for each in (value if isinstance(value, list) else [] if value is None else [value])]


def _property(value: Value) -> Property:
    if isinstance(value, Hashtable):
        return _calculated(value)
    if isinstance(value, ScriptBlock):
        return Property(value.block.text.strip(), value)
    return Property(to_text(value), to_text(value))


def _calculated(table: Hashtable) -> Property:
    found: dict[str, Value] = {}
    for key, value in table.pairs():
        matches = [each for each in _KEYS if each.startswith(to_text(key).casefold())]
        if not matches:
            raise Terminating(Fault(f"The {to_text(key)} key is not valid.", "DictionaryKeyUnknown", "InvalidArgument"))
        found[matches[0]] = value
    of = found.get("expression", found.get("name", found.get("label")))
    if of is None:
        raise Terminating(Fault("The expression key has no value.", "DictionaryKeyNoValue", "InvalidArgument"))
    way = of if isinstance(of, ScriptBlock) else to_text(of)
    label = found.get("name", found.get("label"))
    shown = to_text(label) if label is not None else way.block.text.strip() if isinstance(way, ScriptBlock) else way
    width, down = found.get("width"), found.get("descending")
    if "ascending" in found and down is None:
        down = found["ascending"] is not True
    return Property(
        shown,
        way,
        width if isinstance(width, int) else 0,
        to_text(found.get("alignment")).casefold(),
        to_text(found.get("formatstring")),
        down if isinstance(down, bool) else None,
    )


def expanded(properties: Sequence[Property], item: Value, without: Sequence[str] = ()) -> list[Property]:
    """The same with each wildcard replaced by the members of ``item`` that it means, each member once."""
    made: dict[str, Property] = {}
    for each in properties:
        several = isinstance(each.of, str) and pattern.has_wildcard(each.of)
        for name in _matching(str(each.of), item) if several else [each.label]:
            made.setdefault(name.casefold(), Property(name, name) if several else each)
    return [each for each in made.values() if not any(pattern.like(each.label, one) for one in without)]


def _matching(wanted: str, item: Value) -> list[str]:
    return [name for name in names_of(item) if pattern.like(name, wanted)]


def value_of(property: Property, item: Value, shell: Shell) -> Value:
    """What an object has there. A block that fails gives null and is not heard of, as a member that is not there.
    Source: PowerShell/PowerShell issue 6271."""
    if isinstance(property.of, str):
        return get(item, property.of)
    found = list(shell.invoke(_quiet(property.of), item=item))
    return found[0] if len(found) == 1 else found or None


def _quiet(block: ScriptBlock) -> ScriptBlock:
    body = block.block
    begin, process, end = (_tried(body.at, each) for each in (body.begin, body.process, body.end))
    return replace(block, block=replace(body, begin=begin, process=process, end=end))


def _tried(at: Place, body: Sequence[Statement]) -> tuple[Statement, ...]:
    return (Try(at, tuple(body), (Catch(at, (), ()),)),)


def members(item: Value) -> list[Property]:
    """All that it has."""
    return [Property(name, name) for name in names_of(item)]

"""What could stand where the cursor is: commands, parameters, words a parameter takes, names of resources, variables
and their properties.

Nothing is carried out to find out: properties are those of values that variables hold, names come from the API and are
kept for a few seconds. The terminal and the portal's pane ask alike. Source: Microsoft Learn, about_Tab_Expansion.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from calco.cloudshell.api import Api, Refused, Unreachable
from calco.cloudshell.binder.common import parameters_of
from calco.cloudshell.cmdlet import Cmdlet, Commands, Kind, Parameter
from calco.cloudshell.errors import Terminating
from calco.cloudshell.grammar.scan import DOUBLE, SINGLE, Scan, Token, scan
from calco.cloudshell.grammar.scan import Kind as Part
from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import text_at

PATHS: Mapping[str, str] = MappingProxyType(
    {
        "resourceGroups": "/resourceGroups",
        "locations": "/locations",
        **{
            each: f"/providers/Microsoft.Compute/{each}"
            for each in ("virtualMachines", "images", "disks", "snapshots", "availabilitySets")
        },
        **{
            each: f"/providers/Microsoft.Network/{each}"
            for each in ("virtualNetworks", "networkInterfaces", "publicIPAddresses", "networkSecurityGroups")
        },
        "storageAccounts": "/providers/Microsoft.Storage/storageAccounts",
    }
)
"""Below a subscription, where the names of a noun are listed."""
KEPT_SECONDS = 10.0
MOST = 500
PLAIN = re.compile(r"[\w.*/:\\-]+")
COMMAND_ENDS = frozenset({"|", ";", "&", "="})
Found = tuple[str, int, str]
"""The text, where in the line it begins, what it is."""


class Known(Protocol):
    """What a session knows (``Interpreter.shell`` is one)."""

    @property
    def commands(self) -> Commands: ...

    def variables(self) -> list[str]: ...

    def variable(self, name: str) -> Value: ...


@dataclass
class ResourceNames:
    """Names by noun, asked of the API and kept for ``KEPT_SECONDS``. Where it refuses there are none."""

    api: Callable[[], Api]
    monotonic: Callable[[], float]
    _kept: dict[str, tuple[float, list[str]]] = field(default_factory=dict)

    def of(self, noun: str) -> Sequence[str]:
        if noun not in PATHS:
            return ()
        known = self._kept.get(noun)
        if known is None or self.monotonic() - known[0] > KEPT_SECONDS:
            known = (self.monotonic(), self._asked(noun))
            self._kept[noun] = known
        return known[1]

    def _asked(self, noun: str) -> list[str]:
        try:
            api = self.api()
            found = api.list(f"/subscriptions/{api.subscription_id}{PATHS[noun]}")
        except (Refused, Unreachable, Terminating):
            return []
        return sorted({text_at(each, "name") or "" for each in found} - {""}, key=str.casefold)


@dataclass(frozen=True)
class Spot:
    """``word`` is what is typed already of what begins at ``start``; ``quote`` the mark it began with. ``before`` are
    the tokens of the same command before it."""

    word: str
    start: int
    quote: str
    before: Sequence[Token]


def completions(text: str, cursor: int, known: Known, names: ResourceNames) -> Iterator[Found]:
    """In the order they should be offered."""
    typed = text[:cursor]
    scanned = scan(typed)
    member = re.search(r"\$(\w+)((?:\.\w+)*)\.(\w*)$", typed)
    if member and not (scanned.open and scanned.open[-1].what == "'"):
        yield from _members(known.variable(member[1]), member[2].split(".")[1:], member[3], member.start(3))
        return
    variable = re.search(r"[$@](\w*)$", typed)
    if variable and not (scanned.open and scanned.open[-1].what == "'"):
        yield from _variables(known, variable[0][0], variable[1], variable.start())
        return
    spot = _spot(typed, scanned)
    if spot is not None:
        yield from _of_command(spot, known, names)


def _variables(known: Known, sign: str, typed: str, start: int) -> Iterator[Found]:
    for name in sorted(known.variables(), key=str.casefold):
        if name.casefold().startswith(typed.casefold()):
            yield f"{sign}{name}", start, "variable"


def _members(value: Value, path: Sequence[str], typed: str, start: int) -> Iterator[Found]:
    for name in path:
        value = _member(value, name)
    value = value[0] if isinstance(value, list) and value else value
    found: dict[str, Value] = {}
    if isinstance(value, Record):
        found = dict(value.members.items())
    elif isinstance(value, Hashtable):
        found = {key: each for key, each in value.pairs() if isinstance(key, str)}
    for name, each in found.items():
        if name.casefold().startswith(typed.casefold()) and PLAIN.fullmatch(name):
            yield name, start, _kind(each)


def _member(value: Value, name: str) -> Value:
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, Record | Hashtable):
        return value.get(name)
    return None


def _kind(value: Value) -> str:
    return value.type.rpartition(".")[2] if isinstance(value, Record) else type(value).__name__


# --- in a command ----------------------------------------------------------------------------------------------------


def _spot(typed: str, scanned: Scan) -> Spot | None:
    """None inside a comment or a here-string."""
    tokens = [each for each in scanned.tokens if each.kind is not Part.COMMENT]
    if len(tokens) != len(scanned.tokens) and scanned.tokens[-1].kind is Part.COMMENT:
        return None
    level = len(scanned.open)
    quote, start = "", len(typed)
    if scanned.open and scanned.open[-1].what in {'"', "'"}:
        quote, start, level = scanned.open[-1].what, scanned.open[-1].at, level - 1
    elif scanned.open and scanned.open[-1].what in {'@"', "@'", "<#"}:
        return None
    elif tokens and tokens[-1].end == len(typed) and tokens[-1].kind in {Part.WORD, Part.SIGN}:
        last = tokens[-1]
        if last.kind is Part.WORD:
            start = last.start
            tokens.pop()
    word = typed[start + len(quote) :]
    return Spot(word, start, quote, _same_command(tokens, level, start))


def _same_command(tokens: Sequence[Token], level: int, start: int) -> list[Token]:
    found: list[Token] = []
    for each in reversed([each for each in tokens if each.end <= start]):
        if each.level < level:
            break
        if each.level > level:
            continue
        if each.kind is Part.BREAK or (each.kind in {Part.SIGN, Part.WORD} and each.text in COMMAND_ENDS):
            break
        found.append(each)
    return found[::-1]


def _of_command(spot: Spot, known: Known, names: ResourceNames) -> Iterator[Found]:
    if not spot.before:
        if not spot.quote:
            yield from _commands(spot, known.commands)
        return
    command = known.commands.find(spot.before[0].text)
    if command is None:
        return
    if spot.word.startswith("-") and not spot.quote:
        yield from _parameters(spot, command)
        return
    parameter = _taking(command, spot.before[1:])
    if parameter is not None:
        yield from _values(spot, parameter, names)


def _commands(spot: Spot, commands: Commands) -> Iterator[Found]:
    typed = spot.word.casefold()
    for command in sorted(commands.all(), key=lambda each: each.name.casefold()):
        if command.name.casefold().startswith(typed):
            yield command.name, spot.start, command.synopsis
    if typed:
        for alias, name in sorted(commands.aliases().items()):
            if alias.casefold().startswith(typed):
                yield alias, spot.start, name


def _parameters(spot: Spot, command: Cmdlet) -> Iterator[Found]:
    typed = spot.word[1:].casefold()
    given = {each.text[1:].casefold() for each in spot.before if each.text.startswith("-")}
    for each in parameters_of(command):
        if each.name.casefold().startswith(typed) and each.name.casefold() not in given:
            yield f"-{each.name}", spot.start, f"{each.kind.value}  {each.help}".strip()


def _taking(command: Cmdlet, before: Sequence[Token]) -> Parameter | None:
    """The parameter that the next value is for: the one named last, or the next by position."""
    every = parameters_of(command)
    used: set[str] = set()
    place = 0
    waiting: Parameter | None = None
    taker: Parameter | None = None  # whose value was the last one, which a comma goes on with
    goes_on = False
    for token in before:
        if token.text == ",":
            goes_on = True
        elif goes_on or token.kind is Part.CLOSE:
            goes_on = False
        elif token.kind is Part.WORD and token.text.startswith("-"):
            named = _named(every, token.text[1:].rstrip(":"))
            used |= {named.name} if named else set()
            waiting = None if named and named.kind is Kind.SWITCH else named
        elif waiting is not None:
            taker, waiting = waiting, None
        else:
            taker = _at_position(every, used, place)
            if taker is not None:
                used.add(taker.name)
                place = (taker.position or 0) + 1
    return taker if goes_on else waiting or _at_position(every, used, place)


def _named(every: Sequence[Parameter], name: str) -> Parameter | None:
    folded = name.casefold()
    for each in every:
        if folded in {each.name.casefold(), *(alias.casefold() for alias in each.aliases)}:
            return each
    found = [each for each in every if each.name.casefold().startswith(folded)] if folded else []
    return found[0] if len(found) == 1 else None


def _at_position(every: Sequence[Parameter], used: set[str], place: int) -> Parameter | None:
    """The first that is free, at ``place`` or after it: one position may be of several parameter sets."""
    free = [each for each in every if each.position is not None and each.position >= place and each.name not in used]
    return min(free, key=lambda each: each.position or 0, default=None)


def _values(spot: Spot, parameter: Parameter, names: ResourceNames) -> Iterator[Found]:
    typed = spot.word.casefold()
    words = parameter.choices or (names.of(parameter.completes) if parameter.completes else ())
    for word in words[:MOST]:
        if word.casefold().startswith(typed):
            yield quoted(word, spot.quote), spot.start, parameter.completes or parameter.name


def quoted(word: str, quote: str) -> str:
    """As an argument: in the marks it began with, or in some where it needs them."""
    if not quote and PLAIN.fullmatch(word):
        return word
    if quote and quote in DOUBLE:
        escaped = re.sub(r"([`$\"])", r"`\1", word)
        return f'"{escaped}"'
    return "'" + re.sub(f"([{SINGLE}])", r"\1\1", word) + "'"

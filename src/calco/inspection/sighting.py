"""What the child saw, on its way to the parent, which believes little of it: known codes, bounded printable lines."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import msgspec

from calco.inspection.check import Seen, printable
from calco.model.inspection import OperatingSystem, Verdict

LINES_MAX = 64
DETAILS_MAX = 32


@dataclass(frozen=True)
class Sighting:
    """Everything that comes from the disk, and nothing else."""

    verdict: Verdict
    evidence: tuple[str, ...]
    os: OperatingSystem
    seen: tuple[Seen, ...] = ()


class Implausible(Exception):
    """No answer that our own code gives; says what is wrong with it."""


def unknown(*evidence: str) -> Sighting:
    return Sighting(Verdict.UNKNOWN, evidence, OperatingSystem())


def encode(sighting: Sighting) -> bytes:
    """What was read may be no Unicode; what is sent is."""
    return msgspec.json.encode(_shown(sighting))


def decode(answer: bytes | bytearray, codes: Collection[str]) -> Sighting:
    """The sighting, if every code is one of ``codes`` and none comes twice. Raises Implausible for anything else."""
    try:
        sighting = msgspec.json.decode(answer, type=Sighting)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as why:
        raise Implausible("it is no sighting") from why
    named = [each.code for each in sighting.seen]
    if not {*named} <= {*codes}:
        raise Implausible("it names a check that does not exist")
    if len({*named}) != len(named):
        raise Implausible("it answers one check twice")
    if not 0 < len(sighting.evidence) <= LINES_MAX:
        raise Implausible(f"it has {len(sighting.evidence)} lines of evidence")
    _check_system(sighting.os)
    return _shown(sighting)


def _check_system(system: OperatingSystem) -> None:
    """Names of details become names of fields in documents: they are ours, and letters only."""
    fields = {"type", "name", "version", "architecture"}
    if len(system.details) > DETAILS_MAX or not all(_is_word(each) and each not in fields for each in system.details):
        raise Implausible("it has details that no system has")
    if system.type not in {"", "Linux", "Windows"}:
        raise Implausible("it names a system that there is not")


def _is_word(name: str) -> bool:
    return name.isascii() and name.isalpha() and len(name) <= LINES_MAX


def _shown(sighting: Sighting) -> Sighting:
    system = sighting.os
    return Sighting(
        sighting.verdict,
        tuple(map(printable, sighting.evidence)),
        OperatingSystem(
            system.type,
            printable(system.name),
            printable(system.version),
            printable(system.architecture),
            {name: printable(value) for name, value in system.details.items()},
        ),
        tuple(replace(each, found=printable(each.found)) for each in sighting.seen),
    )

"""The two golden lists: what differs from Azure on purpose, and what is not there yet.

``deliberate.txt`` holds rules under their reason: a rule is a method, a type and a difference, and stands for every
exchange of that kind; only a header, which no resource has to do with, may stand for every request (``*``).
``missing.txt`` holds one line for each field, header or status of one exchange, and can only shrink.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.contract.replay import Difference

HERE = Path(__file__).parent
DELIBERATE, MISSING = HERE / "deliberate.txt", HERE / "missing.txt"


@dataclass(frozen=True)
class Sorted:
    """Differences, by what the lists say of them, and lines that nothing needs any more."""

    deliberate: list[Difference]
    missing: list[Difference]
    new: list[Difference]
    unused_rules: list[str]
    unused_lines: list[str]


@cache
def deliberate() -> Mapping[str, str]:
    """Every rule with its reason."""
    found: dict[str, str] = {}
    reason: list[str] = []
    after_rule = False
    for line in DELIBERATE.read_text().splitlines():
        if line.startswith("#"):
            reason = [*([] if after_rule else reason), line[1:].strip()]
            after_rule = False
        elif line.strip():
            assert line not in found, f"twice: {line}"
            found[line] = " ".join(reason)
            after_rule = True
    return found


def missing() -> list[str]:
    return [line for line in MISSING.read_text().splitlines() if line and not line.startswith("#")]


def sort(differences: Iterable[Difference]) -> Sorted:
    rules, lines = deliberate(), set(missing())
    on_purpose: list[Difference] = []
    known: list[Difference] = []
    new: list[Difference] = []
    used: set[str] = set()
    for each in differences:
        rule = rule_of(each)
        if rule in rules:
            used.add(rule)
            on_purpose.append(each)
        else:
            (known if str(each) in lines else new).append(each)
    return Sorted(
        on_purpose,
        known,
        new,
        [each for each in rules if each not in used],
        sorted(lines - {str(each) for each in known}),
    )


def rule_of(each: Difference) -> str:
    """The rule that this difference would fall under: of its kind of request, or of every request."""
    of_all = f"*: {each.what}"
    is_header = each.what.startswith(("lacks header ", "adds header "))
    return of_all if is_header and of_all in deliberate() else each.rule

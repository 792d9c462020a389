"""The checklist of a disk file, to hand to whoever owns the machine: what is on it, and how a terminal shows it.

What it asks for is Azure's "Prepare a Windows VHD or VHDX to upload to Azure" and what belongs to no image; each check
names its source.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from calco.cli.checklist_words import Words
from calco.cli.common import plain
from calco.cli.image import spell_bytes
from calco.cli.inspection_text import SEVERITIES, VERDICTS, Paper, shown, system_line
from calco.model.document import Document
from calco.model.inspection import Container, Outcome, Report, Result, full_document

if TYPE_CHECKING:
    from calco.offline import Look

FORMATS: Mapping[str, str] = MappingProxyType({"vpc": "VHD", "vhdx": "VHDX"})


def checklist_document(look: "Look") -> Document:
    """For programs: the full report, and which file it is about."""
    return {
        "file": look.file.name,
        "format": look.container.format,
        "isFixed": look.container.is_fixed,
        "fileBytes": look.container.file_bytes,
        "diskBytes": look.size_bytes,
        "lookedAt": look.at.isoformat(timespec="seconds"),
        **full_document(look.report),
    }


def facts(look: "Look", words: Words) -> list[tuple[str, str]]:
    """Which disk it is about, a name and a value each, fit to be shown."""
    return [
        (words.file, shown(look.file.name)),
        (words.format, f"{_format(look.container, words)}, {spell_bytes(look.container.file_bytes)}"),
        (words.size, spell_bytes(look.size_bytes) or ""),
        (words.system, system_line(look.report.os) or words.no_system),
        (words.looked_at, f"{look.at:%Y-%m-%d %H:%M} UTC"),
    ]


def _format(container: Container, words: Words) -> str:
    name = FORMATS.get(container.format, container.format)
    if container.is_fixed is None:
        return name
    return f"{name}, {words.fixed if container.is_fixed else words.dynamic}"


def with_result(report: Report, result: Result) -> list[Outcome]:
    return [each for each in report.outcomes if each.result is result]


def print_checklist(look: "Look", words: Words, paper: Paper | None = None) -> None:
    """Show it on the terminal, whole: every check, the one that is in order too."""
    paper = paper or Paper()
    paper.say(words.title, "bold")
    paper.say(words.purpose)
    if words.in_english:
        paper.say(words.in_english)
    _print_facts(paper, look, words)
    for severity, (heading, meaning) in words.severities.items():
        found = [each for each in look.report.findings if each.severity is severity]
        _print_group(paper, heading, SEVERITIES[severity][0], len(found), meaning)
        for each in found:
            _print_finding(paper, each, words)
    _print_rest(paper, look.report, words)
    paper.say(f"\n{words.at_last}")


def _print_facts(paper: Paper, look: "Look", words: Words) -> None:
    paper.say("")
    known = facts(look, words)
    width = max(len(name) for name, _ in known)
    for name, value in known:
        paper.say(f"{name:<{width}}  {value}", hang=width + 2)
    verdict, meaning = words.verdicts[look.report.verdict]
    paper.say(f"\n{verdict.upper()}: {meaning}", VERDICTS[look.report.verdict][0])
    for line in look.report.evidence:
        paper.say(shown(line), indent=2, hang=2)


def _print_group(paper: Paper, heading: str, style: str, count: int, meaning: str = "") -> None:
    if count:
        paper.say(f"\n{heading} ({count})", style)
        if meaning:
            paper.say(meaning)


def _print_finding(paper: Paper, finding: Outcome, words: Words) -> None:
    _print_check(paper, "[ ]", finding)
    for name, value in ((words.expected, finding.expected), (words.found, finding.found)):
        paper.say(f"{name}: {shown(value)}", indent=4)
    paper.say(shown(finding.message), indent=4)
    _print_commands(paper, finding.fix.splitlines(), words)


def _print_commands(paper: Paper, commands: Sequence[str], words: Words) -> None:
    if commands:
        paper.say(f"{words.mend}:", indent=4)
    for line in commands:
        paper.keep(f"      {plain(line)}", "bold")


def _print_check(paper: Paper, mark: str, check: Outcome) -> None:
    paper.say(f"\n{mark} {shown(check.title)} ({check.code})", hang=4)


def _print_rest(paper: Paper, report: Report, words: Words) -> None:
    unread, passed = with_result(report, Result.NOT_READ), with_result(report, Result.PASSED)
    heading, meaning = words.not_read
    _print_group(paper, heading, "bold yellow", len(unread), meaning)
    for each in unread:
        _print_check(paper, "[?]", each)
        for name, value in ((words.expected, each.expected), (words.found, each.found)):
            paper.say(f"{name}: {shown(value)}", indent=4)
    _print_group(paper, words.in_order, "bold green", len(passed))
    for each in passed:
        paper.say(f"[x] {shown(each.title)} ({each.code}): {shown(each.found)}", hang=4)

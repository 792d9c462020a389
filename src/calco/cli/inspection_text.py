"""A report of an inspection as people read it on a terminal: the verdict, what it stands on, what to mend and how.

What a disk holds may be anything: nothing of it reaches the terminal but one bounded line of printable text at a time.
Commands are never wrapped or cut, so that they can be copied. Without a terminal there is neither colour nor width.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from calco.cli.common import plain
from calco.model.inspection import OperatingSystem, Outcome, Report, Result, Severity, Verdict

if TYPE_CHECKING:
    from rich.console import Console

WORDS_MAX = 500
"""Of one thing that was found; the inspector's own limit is lower."""

VERDICTS: Mapping[Verdict, tuple[str, str]] = MappingProxyType({
    Verdict.GENERALIZED: ("bold green", "machines made of it become new ones."),
    Verdict.SPECIALIZED: ("bold red", "it still is one particular machine."),
    Verdict.UNKNOWN: ("bold yellow", "the disk does not tell whether it is generalized."),
})  # fmt: skip
SEVERITIES: Mapping[Severity, tuple[str, str]] = MappingProxyType({
    Severity.BLOCKS_BOOT: ("bold red", "Blocks boot"),
    Severity.LEAKS: ("bold yellow", "Leaks identity or secrets"),
    Severity.ADVICE: ("bold cyan", "Advice"),
})  # fmt: skip
COUNTED: Mapping[Severity, str] = MappingProxyType({
    Severity.BLOCKS_BOOT: "blocking boot",
    Severity.LEAKS: "leaking identity or secrets",
    Severity.ADVICE: "of advice",
})  # fmt: skip


@dataclass(frozen=True)
class Next:
    """What one would do next: a sentence, and commands."""

    words: str
    commands: Sequence[str] = ()


NO_SYSTEM = Next("name the disk with the operating system, and its right format; a data disk has no verdict.")


@dataclass(frozen=True)
class Steps:
    """What to do next when something must be mended, and when nothing must."""

    mend: Next
    go_on: Next

    def after(self, report: Report) -> Next:
        """An unknown verdict asks for as much care as a specialized disk."""
        is_calm = report.worst in {None, Severity.ADVICE}
        if is_calm and not report.os.type:
            return NO_SYSTEM
        return self.go_on if is_calm and report.verdict is Verdict.GENERALIZED else self.mend


def shown(words: str) -> str:
    """One bounded line that a terminal and a page may show."""
    line = plain(words)
    return line if len(line) <= WORDS_MAX else line[: WORDS_MAX - 1] + "\N{HORIZONTAL ELLIPSIS}"


def system_line(system: OperatingSystem) -> str:
    """``Debian GNU/Linux 12, x86_64, kernel: 6.1``; empty when no system was found. Many a name ends in its version."""
    name, version = system.name or system.type, system.version
    if version and version not in name.split():
        name = f"{name} {version}"
    facts = [name, system.architecture, *(f"{_words(key)}: {value}" for key, value in system.details.items())]
    return shown(", ".join(each for each in facts if each))


def _words(member: str) -> str:
    """``image state`` of ``imageState``; cloud-init writes itself otherwise."""
    return "cloud-init" if member == "cloudInit" else re.sub(r"(?<=[a-z])([A-Z])", r" \1", member).lower()


class Paper:
    """Standard output, line by line."""

    def __init__(self, console: "Console | None" = None) -> None:
        from rich.console import Console

        self._console = console or Console(markup=False, highlight=False, emoji=False)

    def say(self, words: str, style: str = "", indent: int = 0, hang: int = 0) -> None:
        """Wrapped to the terminal, lines after the first ``hang`` further in; without a terminal, as it is. What comes
        from a disk is indented: only our own words begin a line."""
        from rich.text import Text

        if not self._console.is_terminal:
            self.keep(" " * indent + words)
            return
        first, room = indent, max(20, self._console.width - indent - hang)
        for line in Text(words, style=style).wrap(self._console, room):
            line.rstrip()
            self._console.print(Text(" " * first) + line, soft_wrap=True)
            first = indent + hang

    def keep(self, line: str, style: str = "") -> None:
        """A line that is copied: whole, whatever the terminal's width."""
        from rich.text import Text

        self._console.print(Text(line, style=style), soft_wrap=True)


def show_report(report: Report, steps: Steps, *, every: bool, paper: Paper | None = None) -> None:
    """Print the report. ``every``: how advice is mended, and what is in order, too."""
    paper = paper or Paper()
    show_verdict(paper, report)
    _show_overview(paper, report, every)
    for severity, (style, heading) in SEVERITIES.items():
        found = [each for each in report.findings if each.severity is severity]
        if found:
            paper.say(f"\n{heading} ({len(found)})", style)
        for each in found:
            if every or severity is not Severity.ADVICE:
                _show_finding(paper, each)
            else:
                paper.say(f"{shown(each.title)} ({each.code}): {shown(each.found)}", indent=2, hang=2)
    _show_others(paper, report, every)
    following = steps.after(report)
    paper.say(f"\nNext: {following.words}")
    for command in following.commands:
        paper.keep(f"  {command}", "bold")


def show_verdict(paper: Paper, report: Report) -> None:
    """The verdict, the system, and the lines the verdict stands on."""
    style, meaning = VERDICTS[report.verdict]
    paper.say(f"{report.verdict.value.upper()}: {meaning}", style)
    for line in filter(None, (system_line(report.os), *map(shown, report.evidence))):
        paper.say(line, indent=2, hang=2)


def _show_overview(paper: Paper, report: Report, every: bool) -> None:
    """How much there is, and how its commands are run; nothing where nothing was found."""
    counts = Counter(each.severity for each in report.findings)
    if not counts:
        return
    told = [f"{counts[each]} {words}" for each, words in COUNTED.items() if counts[each]]
    total = counts.total()
    paper.say(f"\n{total} finding{'s' if total > 1 else ''}: {', '.join(told)}.", "bold")
    if every or set(counts) != {Severity.ADVICE}:
        paper.say(
            "Commands are for the machine the disk comes from, as root or in an elevated PowerShell; NAME stands for "
            "what was found. Some take accounts and keys away: run them in one session, and shut down at its end."
        )


def _show_finding(paper: Paper, finding: Outcome) -> None:
    paper.say(f"\n{shown(finding.title)} ({finding.code})", "bold")
    paper.say(shown(finding.message), indent=2)
    paper.say(f"found: {shown(finding.found)}", indent=2, hang=2)
    if finding.fix:
        paper.say("mend:", indent=2)
    for line in finding.fix.splitlines():
        paper.keep(f"    {plain(line)}", "bold")


def _show_others(paper: Paper, report: Report, every: bool) -> None:
    unread = [each for each in report.outcomes if each.result is Result.NOT_READ]
    if unread:
        paper.say(f"\nCould not be read ({len(unread)})", "bold yellow")
    for each in unread:
        paper.say(f"{each.code}: {shown(each.found)}", indent=2, hang=2)
    passed = [each for each in report.outcomes if each.result is Result.PASSED]
    if passed and every:
        paper.say(f"\nIn order ({len(passed)})", "bold green")
        for each in passed:
            paper.say(f"{each.code}: {shown(each.found)}", indent=2, hang=2)
    if not every:
        _tell_of_all(paper, len(passed), any(each.severity is Severity.ADVICE for each in report.findings))


def _tell_of_all(paper: Paper, passed: int, has_advice: bool) -> None:
    """What ``--all`` would show besides."""
    rest = f"{passed} more {'are' if passed > 1 else 'is'} in order; " if passed else ""
    more = [*(["how advice is mended"] if has_advice else []), *(["what is in order"] if passed else [])]
    if more:
        paper.say(f"\n{rest}--all shows {' and '.join(more)}.")

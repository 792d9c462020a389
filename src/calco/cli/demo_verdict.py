"""What the demo learns of its source's disk: one machine's while it runs, nobody's when it was put right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calco.cli.common import Failure
from calco.cli.inspection_text import shown
from calco.model.document import Json
from calco.model.inspection import Report, Severity, Verdict, document


@dataclass(frozen=True)
class Look:
    """A look at the source's disk; ``when`` says in what state it was."""

    when: str
    report: Report


def check_verdicts(before: Look, after: Look) -> None:
    """Raises Failure unless the disk is one machine's before, and generalized after."""
    for each, expected in ((before, Verdict.SPECIALIZED), (after, Verdict.GENERALIZED)):
        if each.report.verdict is not expected:
            found = "; ".join(shown(line) for line in each.report.evidence)
            raise Failure(
                f"the source's disk ({each.when}) is {each.report.verdict.value}, not {expected.value}: {found}",
                "See every check: calco vm check source --all -g calco-demo",
            )


def verdict_documents(looks: Sequence[Look]) -> list[Json]:
    return [{"when": each.when, **document(each.report)} for each in looks]


def verdict_rows(looks: Sequence[Look]) -> list[dict[str, Json]]:
    """How many findings of each severity there are, a row each."""
    counted = {Severity.BLOCKS_BOOT: "blocks boot", Severity.LEAKS: "leaks", Severity.ADVICE: "advice"}
    return [
        {
            "source's disk": each.when,
            "verdict": each.report.verdict.value,
            **{name: sum(one.severity is it for one in each.report.findings) for it, name in counted.items()},
        }
        for each in looks
    ]


def verdict_lines(looks: Sequence[Look]) -> Iterator[str]:
    """What each verdict stands on, and what was found besides."""
    for each in looks:
        yield f"\n{each.report.verdict.value}, {each.when}:"
        yield from (f"  {shown(line)}" for line in each.report.evidence)
        codes = ", ".join(one.code for one in each.report.findings)
        yield f"  found: {codes}" if codes else "  nothing else was found"

"""What was measured, as one table: printed, and kept in a document between two markers.

Everything outside the markers is left as it is, so the document's own words stand beside numbers that change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"

HEADINGS = ("question", "wall", "CPU", "beside it", "promised", "kept")


@dataclass(frozen=True)
class Row:
    """One answer. Texts carry their units; empty means: not measured, or nothing to compare with.

    ``kept`` is None where nothing was promised."""

    question: str
    wall: str
    cpu: str = ""
    beside: str = ""
    promised: str = ""
    kept: bool | None = None

    def cells(self) -> tuple[str, ...]:
        kept = "" if self.kept is None else "yes" if self.kept else "**no**"
        return (self.question, self.wall, self.cpu, self.beside, self.promised, kept)


@dataclass(frozen=True)
class Report:
    """One run. ``date`` is ISO 8601; ``machine`` describes where it ran, ``notes`` what a reader has to know."""

    date: str
    machine: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = field(default=())

    def markdown(self) -> str:
        """The run for the document."""
        facts = "\n".join(f"- {each}" for each in self.machine)
        text = f"Measured {self.date} by `make bench` on:\n\n{facts}\n\n{table(self.rows)}\n"
        return text + ("\n" + "\n".join(f"- {each}" for each in self.notes) + "\n" if self.notes else "")


def table(rows: Sequence[Row]) -> str:
    """A Markdown table, its columns padded so that it reads well unrendered too."""
    lines = [HEADINGS, *(tuple(_cell(each) for each in row.cells()) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = [_line(line, widths) for line in lines]
    return "\n".join([texts[0], _line(tuple("-" * width for width in widths), widths), *texts[1:]])


def keep(report: Report, document: Path) -> None:
    """Put the run into ``document`` in place of the last one, whole or not at all. Raises ValueError when the document
    does not have each marker once, in order; FileNotFoundError."""
    text = document.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{document} does not have the markers {BEGIN} and {END}, once each and in this order")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = document.with_name(f".{document.name}.new")
    fresh.write_text(f"{before}{BEGIN}\n{report.markdown()}{END}{after}")
    fresh.replace(document)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"

"""What Format-Table, Format-List and Format-Wide make: objects whose look is decided, for the screen or for Out-String.

Source: Microsoft Learn, Format-Table, Format-List, Format-Wide; PowerShell, BaseOutputtingCommand.cs (empty lines).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from calco.cloudshell.screen import text_table
from calco.cloudshell.screen.text_table import Field
from calco.cloudshell.values import Record

FORMATTED = "Microsoft.PowerShell.Commands.Internal.Format.FormatEntryData"


@dataclass(frozen=True)
class Group:
    """Objects shown together; in a list it is one. ``title``: what they have in common, under -GroupBy. ``rows``: a
    text for each column."""

    fields: Sequence[Field]
    rows: Sequence[Sequence[str]]
    title: str = ""


@dataclass(frozen=True)
class Layout:
    """``shape``: "table", "list" or "wide"."""

    shape: str
    groups: Sequence[Group] = field(default=())
    wrap: bool = False
    headed: bool = True
    columns: int = 0

    def record(self) -> Record:
        """What goes down the pipeline."""
        return Record(FORMATTED, held=self)

    def lines(self, width: int) -> list[str]:
        """All of it, with the empty lines that stand around it."""
        made: list[str] = []
        for at, group in enumerate(self.groups):
            titled = ["", f"   {group.title}"] if group.title else []
            goes_on = self.shape == "list" and at and not titled
            made += [*titled, *([] if goes_on else [""]), *self._body(group, width), ""]
        return made

    def _body(self, group: Group, width: int) -> list[str]:
        if self.shape == "table":
            return text_table.table(group.fields, group.rows, width, wrap=self.wrap, headed=self.headed)
        if self.shape == "wide":
            return text_table.wide([row[0] for row in group.rows if row], width, self.columns)
        pairs = [(each.label, text) for row in group.rows for each, text in zip(group.fields, row, strict=True)]
        return text_table.entry(pairs, width)

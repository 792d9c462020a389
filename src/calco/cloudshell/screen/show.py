"""How objects appear on the screen when nobody says how (Out-Default), and how errors do.

A type with a view goes by it; any other object is a table when it has at most four members, else a list; texts and
numbers are lines. A table waits for its first rows to know how wide its columns are, then goes on row by row. Sources:
Microsoft Learn, "Formatting command output", about_Format.ps1xml; PowerShell, FormatAndOutput.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calco.cloudshell.cmdlet import Column, Commands
from calco.cloudshell.host import Host
from calco.cloudshell.objects import error_record
from calco.cloudshell.objects.member import get, names_of
from calco.cloudshell.objects.moment import format_date
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.screen import text_table
from calco.cloudshell.screen.cell import cell, entries, is_number, listed, member
from calco.cloudshell.screen.concise import error_text
from calco.cloudshell.screen.layout import Layout
from calco.cloudshell.screen.text_table import Field, plain
from calco.cloudshell.values import CUSTOM, Hashtable, Record, ScriptBlock, SecureString, Value

__all__ = ["error_text", "print_all", "text_lines"]

MOST_COLUMNS = 4
"""Members that an object without a view may have to be a row of a table."""
WAIT_SECONDS = 0.3
"""How long a table collects rows before it decides how wide its columns are. Source: PowerShell does the same."""
MOST_WAITING = 1000


def print_all(
    values: Iterator[Value], commands: Commands, host: Host, clock: Callable[[], float] | None = None
) -> None:
    """Out-Default. ``clock``: seconds that never go back, so that a table does not wait for its end."""
    screen = _Screen(commands, host.width, host.write, clock)
    try:
        for value in values:
            screen.show(value)
    finally:
        screen.end()


def text_lines(values: Iterator[Value], commands: Commands, width: int) -> list[str]:
    """The same as lines, for Out-String."""
    lines: list[str] = []

    def write(text: str) -> None:
        lines.extend(text.split("\n"))

    screen = _Screen(commands, width, write, None)
    for value in values:
        screen.show(value)
    screen.end()
    return lines


@dataclass
class _Table:
    """The table that is being written. ``viewed``: its columns are a view's, which says how they are aligned; others
    go by their first value. ``fields`` is empty until the widths are known."""

    key: object
    columns: Sequence[Column]
    viewed: bool
    since: float
    title: str = ""
    rows: list[list[str]] = field(default_factory=list)
    rights: list[bool] = field(default_factory=list)
    fields: Sequence[Field] = ()


class _Screen:
    def __init__(
        self, commands: Commands, width: int, write: Callable[[str], None], clock: Callable[[], float] | None
    ) -> None:
        self._commands = commands
        self._width = width
        self._write = write
        self._clock = clock
        self._table: _Table | None = None
        self._in_list = False

    def show(self, value: Value, level: int = 0) -> None:
        if isinstance(value, list) and level < _LISTS_MAX:
            for each in value:
                self.show(each, level + 1)
        elif isinstance(value, Record):
            self._record(value)
        elif isinstance(value, Hashtable):
            self._rows(Hashtable, _TABLE_COLUMNS, entries(value), viewed=True)
        elif isinstance(value, datetime):
            self._block(["", format_date(value, "F"), ""])
        elif isinstance(value, timedelta):
            self._list([(name, to_text(get(value, name))) for name in names_of(value)])
        elif value is not None:
            self._line(_line(value))

    def end(self) -> None:
        """Ends the table or list that is open."""
        table, self._table = self._table, None
        if table is not None:
            self._start(table)
            self._write("")
        self._in_list = False

    def _record(self, record: Record) -> None:
        view = self._commands.view(record.type)
        if isinstance(record.held, Layout):
            self._block(record.held.lines(self._width))
        elif (fault := error_record.fault_of(record)) is not None:
            self._line(error_text(fault))
        elif view is not None and view.text is not None:
            self._block(["", *plain(view.text(record)).split("\n"), ""])
        elif view is not None and view.table:
            title = f"   {view.group}: {cell(record.get(view.group))}" if view.group else ""
            self._rows((record.type, title), view.columns, [record], viewed=True, title=title)
        elif view is not None:
            self._list(listed(record, view))
        elif len(record.members) <= MOST_COLUMNS or (record.type == CUSTOM and self._table_of(CUSTOM)):
            self._rows(record.type, [Column(name, name) for name in record.members], [record])
        else:
            self._list([(name, cell(value)) for name, value in record.members.items()])

    def _table_of(self, key: object) -> bool:
        return self._table is not None and self._table.key == key

    def _line(self, text: str) -> None:
        """A text stands where it comes; inside a table too."""
        if self._table is not None:
            self._start(self._table)
        self._write(text)

    def _block(self, lines: Sequence[str]) -> None:
        self.end()
        for line in lines:
            self._write(line)

    def _list(self, pairs: Sequence[tuple[str, str]]) -> None:
        if self._table is not None:
            self.end()
        for line in [*([] if self._in_list else [""]), *text_table.entry(pairs, self._width), ""]:
            self._write(line)
        self._in_list = True

    def _rows(
        self,
        key: object,
        columns: Sequence[Column],
        records: Sequence[Record],
        *,
        viewed: bool = False,
        title: str = "",
    ) -> None:
        if not columns or not records:
            return
        if not self._table_of(key):
            self.end()
            self._table = _Table(key, columns, viewed, self._clock() if self._clock else 0.0, title)
        table = self._table
        assert table is not None
        for record in records:
            self._row(table, [member(record, each) for each in table.columns])

    def _row(self, table: _Table, values: Sequence[Value]) -> None:
        if not table.rights:
            table.rights = [
                column.right or (is_number(value) and not table.viewed)
                for column, value in zip(table.columns, values, strict=True)
            ]
        texts = [cell(value) for value in values]
        if not table.fields:
            table.rows.append(texts)
            late = self._clock is not None and self._clock() - table.since > WAIT_SECONDS
            if late or len(table.rows) >= MOST_WAITING:
                self._start(table)
            return
        for line in text_table.row(table.fields, texts):
            self._write(line)

    def _start(self, table: _Table) -> None:
        """Writes the header and the rows that wait."""
        if table.fields:
            return
        fields = [Field(each.label, right, each.width) for each, right in zip(table.columns, table.rights, strict=True)]
        table.fields = text_table.fitted(fields, table.rows, self._width)
        for line in [*(["", table.title] if table.title else []), "", *text_table.header(table.fields)]:
            self._write(line)
        for texts in table.rows:
            for line in text_table.row(table.fields, texts):
                self._write(line)


_LISTS_MAX = 8
"""How deep lists in lists are shown as what they hold: one may hold itself."""
_TABLE_COLUMNS = (Column("Name", "Name", width=30), Column("Value", "Value"))
"""Source: PowerShell's view of System.Collections.Hashtable."""


def _line(value: Value) -> str:
    if isinstance(value, ScriptBlock):
        return plain(value.block.text)
    if isinstance(value, SecureString):
        return "System.Security.SecureString"
    return plain(to_text(value))

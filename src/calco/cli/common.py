"""What every command shares: where the data is, how results are shown, how failures are told."""

import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from calco.data_dir import DataDir
from calco.model.document import Json
from calco.settings import SettingsError, load

DataDirOption = Annotated[
    str | None, typer.Option("--data-dir", metavar="DIR", help="Which calco: its data directory. [env: CALCO_HOME]")
]


class Form(StrEnum):
    """How a result is shown."""

    TABLE = "table"
    JSON = "json"


FormOption = Annotated[Form, typer.Option("--output", "-o", help="A table for people, JSON for programs.")]
GroupOption = Annotated[
    str | None, typer.Option("--resource-group", "-g", metavar="GROUP", help="Only in this resource group.")
]


class Failure(Exception):
    """A command cannot do what it was asked; ``hint`` is the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def data_dir(given: str | None) -> DataDir:
    """The data directory meant by flag, environment or default. Raises Failure."""
    try:
        return DataDir(load({"data_dir": given}).data_dir)
    except SettingsError as wrong:
        raise Failure(str(wrong)) from wrong


def show(form: Form, columns: Mapping[str, str], rows: Sequence[Mapping[str, Json]], whole: Json) -> None:
    """Print ``whole`` as JSON, or a table of ``rows``; ``columns`` maps their members to headings."""
    if form is Form.JSON:
        print(json.dumps(whole, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(plain(row.get(member)) for member in columns))
    # Without a terminal nothing is cut to its width: what reads a table then is a program or a file.
    width = None if sys.stdout.isatty() else 400
    Console(width=width, markup=False, highlight=False).print(table)


def show_one(form: Form, facts: Mapping[str, Json], whole: Json) -> None:
    """Print ``whole`` as JSON, or ``facts`` one to a line; absent ones are left out."""
    if form is Form.JSON:
        print(json.dumps(whole, indent=2))
        return
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        if value is not None:
            print(f"{name:<{width}}  {plain(value)}")


def plain(value: Json) -> str:
    """A value in a cell: control characters would let a name of somebody's choosing paint the terminal."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str():
            return "".join(each if each.isprintable() else "?" for each in value)
        case list():
            return ", ".join(plain(each) for each in value)
        case _:
            return str(value)


def note(text: str) -> None:
    """Tell people something that is no part of the result."""
    print(text, file=sys.stderr)

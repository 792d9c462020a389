"""The language, row by row: what a script puts out, what it tells as errors, what ends it."""

from collections.abc import Iterator, Sequence

import pytest

from calco.cloudshell.values import Long, Written, WrittenFloat
from tests.cloudshell import language, language_flow
from tests.cloudshell.world import Session

TABLES = {
    name: table
    for module in (language, language_flow)
    for name, table in vars(module).items()
    if isinstance(table, list) and name.isupper() and name != "ENDS"
}


def rows() -> Iterator[object]:
    for name, table in TABLES.items():
        for number, row in enumerate(table, 1):
            yield pytest.param(row, id=f"{name.lower()}-{number}")


def exactly(values: Sequence[object]) -> list[object]:
    """With their types: 1, 1.0 and True are three things. A number that stood as an argument is a number."""
    return [(_TYPES.get(type(value), type(value)), value) for value in values]


_TYPES: dict[type, type] = {Long: int, Written: int, WrittenFloat: float}


@pytest.mark.parametrize("row", list(rows()))
def test_a_script_puts_out_and_tells_what_powershell_does(row: language.Row) -> None:
    source, output = row[0], row[1]
    error = row[2] if len(row) == 3 else ""

    ran = Session().run(source)

    assert (exactly(ran.output), "\n".join(ran.errors)) == (exactly(output), error), source


@pytest.mark.parametrize("row", language_flow.ENDS, ids=lambda row: str(row[0]))
def test_a_script_ends_as_powershell_ends_it(row: tuple[str, Sequence[object], str | int]) -> None:
    source, output, end = row

    ran = Session().run(source)

    assert exactly(ran.output) == exactly(output)
    assert (ran.code if isinstance(end, int) else ran.ended) == end


def test_the_tables_hold_every_construct() -> None:
    assert sum(len(table) for table in TABLES.values()) >= 250

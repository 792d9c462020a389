"""az 2.91, unmodified, command by command: the table of az_table.py, on simulated machines."""

from pathlib import Path

import pytest

from tests.contract.az_commands import MEASURED, OUT_OF_SCOPE, is_shown
from tests.contract.az_rows import names_of
from tests.contract.az_table import FLOWS
from tests.contract.azure_cli import Az
from tests.shared import SHARED, needs_shared

TEMPLATES = Path(__file__).parent / "az_templates"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("flow", FLOWS)
def test_az_shows_what_it_must(az: Az, group: str, flow: str) -> None:
    names = {**names_of(az, group), "vhd": str(az.vhd()), "templates": str(TEMPLATES), "G": group.upper()}
    for row in FLOWS[flow]:
        row.run(az, names)


ROWS = [row for rows in FLOWS.values() for row in rows]


@pytest.mark.parametrize("command", [each for commands in MEASURED.values() for each in commands])
def test_every_command_that_was_measured_has_its_row(command: str) -> None:
    assert any(is_shown(command, row) for row in ROWS), f"az {command} is in no flow of az_table.py"


@needs_shared
def test_every_measured_command_is_in_the_table_or_is_left_out_for_a_reason() -> None:
    page = (SHARED / "azure/clients-az-sdk.md").read_text()
    section = page.partition("## 3. Route table")[2].partition("\n## 4.")[0]
    measured = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")][2:]

    assert sorted(measured) == sorted([*MEASURED, *OUT_OF_SCOPE])
    assert all(OUT_OF_SCOPE.values())

"""az 2.91, unmodified, command by command: the table of az_table.py, on simulated machines."""

from pathlib import Path

import pytest

from tests.contract.az_rows import names_of
from tests.contract.az_table import FLOWS
from tests.contract.azure_cli import Az

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TEMPLATES = Path(__file__).parent / "az_templates"


@pytest.mark.parametrize("flow", FLOWS)
def test_az_shows_what_it_must(az: Az, group: str, flow: str) -> None:
    names = {**names_of(az, group), "vhd": str(az.vhd()), "templates": str(TEMPLATES), "G": group.upper()}
    for row in FLOWS[flow]:
        row.run(az, names)

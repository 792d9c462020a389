"""The page for Python: its programs are run, and it shows them and what they print. test_sdk.py tests far more."""

import re
from pathlib import Path

import pytest

from tests.contract import pages
from tests.contract.test_sdk import HERE, VERSIONS, belongings, rows, scripts_for

pytestmark = pytest.mark.slow

SCRIPT = HERE / "python_page_script.py"
PARTS = ("sign in", "create", "capture", "refusals")
NOTES = re.compile(r"  # (type: ignore|noqa)\S*( .*)?$", re.MULTILINE)
"""What a checker is told is no part of a program that is shown."""


def test_the_page_for_python_shows_programs_that_run_and_what_they_print(tmp_path: Path) -> None:
    with scripts_for(tmp_path / "data", hypervisor="simulated") as scripts:
        said = scripts.run(VERSIONS[0], SCRIPT.name)
        assert (belongings(scripts.service), rows(scripts.service)) == ([], [])

    shown = {name: pages.fence("python", NOTES.sub("", pages.part(SCRIPT, name))) for name in PARTS}
    pages.check("python", {**shown, "printed": pages.fence("text", pages.steady(said))})

"""docs/checks.md says what the inspector's catalogue says; and the catalogue is fit to be shown."""

import re
import subprocess
from collections import Counter
from typing import Any

import pytest

from calco.inspection.catalogue import CATALOGUE
from calco.inspection.check import Check
from tests.contract import checks_page

every_check = pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.code)


def test_the_page_of_checks_is_what_the_catalogue_says() -> None:
    """`make compatibility` writes it, or `python -m tests.contract.checks_page`."""
    assert checks_page.PAGE.read_text() == checks_page.page()


@pytest.mark.slow
@every_check
def test_every_check_is_on_the_page_with_its_command(check: Check[Any]) -> None:
    page = checks_page.page()

    assert f"### `{check.code}`\n" in page
    assert check.fix in page
    assert f"(#{check.code.replace('.', '')})" in page


@pytest.mark.slow
@every_check
def test_a_check_says_everything_that_is_shown_of_it(check: Check[Any]) -> None:
    """One line each but the fix: terminals, tables and pages rely on it."""
    assert re.fullmatch(r"(container|disk|linux|windows)\.[a-z0-9]+(-[a-z0-9]+)*", check.code)
    for words in (check.title, check.expected, check.message, check.source):
        assert words
        assert words.isprintable()
    assert check.message.endswith(".")
    assert not check.title.endswith(".")
    assert all(line.isprintable() and line == line.rstrip() for line in check.fix.split("\n"))
    assert check.fix.strip()


def test_no_code_is_given_twice() -> None:
    assert [code for code, times in Counter(each.code for each in CATALOGUE).items() if times > 1] == []


def test_words_of_a_check_mean_nothing_to_markdown() -> None:
    assert checks_page.text("a|b *c* <d>\n`e` _f_") == r"a\|b \*c\* \<d\> \`e\` \_f\_"


@pytest.mark.slow
@every_check
def test_a_message_is_one_sentence(check: Check[Any]) -> None:
    assert not re.search(r"[a-z)`]\. [A-Z]", check.message)


def test_a_shell_understands_every_command_for_linux_and_files() -> None:
    fixes = [each.fix for each in CATALOGUE if each.code.startswith(("linux.", "container."))]

    read = subprocess.run(["/bin/sh", "-n"], input="\n".join(fixes), capture_output=True, text=True, check=False)

    assert (read.returncode, read.stderr) == (0, "")


def test_commands_for_windows_are_powershells_and_none_runs_into_a_restart() -> None:
    for check in CATALOGUE:
        if not check.code.startswith("windows."):
            continue
        assert "&&" not in check.fix, "Windows PowerShell does not know it"
        assert not re.search(r"(?<![\"'])\{(default|bootmgr)\}", check.fix), "PowerShell takes it for a block"
        lines = check.fix.splitlines()
        restarts = [at for at, line in enumerate(lines) if line.startswith(("shutdown", "Uninstall-ADDSDomain"))]
        assert all(line.startswith("#") for at in restarts for line in lines[at + 1 :]), check.code

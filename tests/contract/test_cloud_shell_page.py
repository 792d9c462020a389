"""docs/cloud-shell.md says what the Cloud Shell has, and what it says of the language is so."""

import pytest

from calco.cloudshell.binder.jobs import Background
from calco.cloudshell.catalogue import all_commands
from calco.cloudshell.cmdlet import Cmdlet
from calco.cloudshell.errors import NotParsed, Terminating
from calco.cloudshell.evaluator.evaluate import Interpreter
from calco.cloudshell.grammar.parse import parse
from calco.cloudshell.screen.show import print_all
from tests.cloudshell.world import Counting, FakeApi, Recorder, StillClock
from tests.contract import cloud_shell_page
from tests.contract.cloud_shell_language import NOT_THERE, THERE, Row


@pytest.mark.slow
def test_the_page_is_what_the_declarations_say() -> None:
    """`make compatibility` writes it, or `python -m tests.contract.cloud_shell_page`."""
    assert cloud_shell_page.PAGE.read_text() == cloud_shell_page.page()


@pytest.mark.slow
@pytest.mark.parametrize("command", all_commands().all(), ids=lambda command: command.name)
def test_every_cmdlet_is_on_the_page_with_its_parameters(command: Cmdlet) -> None:
    _, _, section = cloud_shell_page.PAGE.read_text().partition(f"\n#### {command.name}\n")
    section, _, _ = section.partition("\n#### ")

    assert all(f"| `-{each.name}` | {each.kind.value} |" in section for each in command.parameters)


def run(source: str) -> list[str]:
    """What goes wrong, in the shell's words."""
    host, clock, commands = Recorder(), StillClock(), all_commands()
    session = Interpreter(
        host,
        clock=clock,
        chance=Counting(),
        commands=commands,
        jobs=Background(clock),
        api=FakeApi,
        environment={"HOME": "/home/ada"},
        sleep=clock.sleep,
    )
    try:
        print_all(session.run(parse(source)), commands, host)
    except (Terminating, NotParsed) as ended:
        return [*host.messages, ended.fault.message]
    return host.messages


@pytest.mark.slow
@pytest.mark.parametrize("row", THERE, ids=lambda row: row.what)
def test_what_the_page_says_is_there_runs(row: Row) -> None:
    assert run(row.example) == []


@pytest.mark.slow
@pytest.mark.parametrize("row", NOT_THERE, ids=lambda row: row.what)
def test_what_the_page_says_is_not_there_is_refused_in_words(row: Row) -> None:
    (said,) = run(row.example)

    assert any(words in said for words in ("not supported", "not recognized", "has no files", "was not loaded"))


def test_a_bar_does_not_end_a_cell_of_the_page() -> None:
    rows = [line for line in cloud_shell_page.page().split("\n") if line.startswith("| `-")]

    assert rows
    assert all(line.replace("\\|", "").count("|") == 4 for line in rows)

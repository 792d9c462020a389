"""A session carries texts out, one after the other, and says how each ended."""

import pytest

from calco.cloudshell import session
from calco.cloudshell.session import Outcome, Session
from tests.cloudshell.world import Counting, FakeApi, Recorder, StillClock


@pytest.fixture
def shell(host: Recorder, clock: StillClock, chance: Counting, api: FakeApi) -> Session:
    return session.begun(host, clock=clock, chance=chance, api=lambda: api, environment={}, sleep=clock.sleep)


def test_what_one_text_sets_the_next_one_has(shell: Session, host: Recorder) -> None:
    shell.run("$a = 1..3; function Twice($x) { $x * 2 }")

    outcome = shell.run('"$(Twice $a[1])!"')

    assert outcome == Outcome()
    assert host.text == "4!\n"
    assert host.errors == []


@pytest.mark.parametrize(
    ("text", "outcome", "of_command", "of_file"),
    [
        ("'x'", Outcome(), 0, 0),
        ("exit 3", Outcome(exit=3), 3, 3),
        ("exit", Outcome(exit=0), 0, 0),
        ("exit -1", Outcome(exit=-1), 255, 255),
        ("throw 'x'", Outcome(ended=True, failed=True), 1, 1),
        ("if (", Outcome(ended=True, failed=True), 1, 1),
        ("Get-Nothing", Outcome(failed=True), 1, 0),
        ("Get-Nothing; 'x'", Outcome(), 0, 0),
        ("Write-Error 'x'", Outcome(failed=True), 1, 0),
    ],
)
def test_how_a_text_ends_is_what_a_process_exits_with(
    shell: Session, text: str, outcome: Outcome, of_command: int, of_file: int
) -> None:
    ended = shell.run(text)

    assert ended == outcome
    assert (ended.status(file=False), ended.status(file=True)) == (of_command, of_file)


def test_what_comes_before_the_error_that_ends_a_text_is_shown_and_what_comes_after_is_not(
    shell: Session, host: Recorder
) -> None:
    shell.run("'before'; throw 'broken'; 'after'")

    assert host.text == "before\n"
    assert host.messages == ["broken"]


def test_of_a_text_that_cannot_be_read_nothing_runs(shell: Session, host: Recorder) -> None:
    shell.run("'before'\nFoo )")

    assert host.text == ""
    assert host.messages == ["Unexpected token ')' in expression or statement."]


def test_a_script_gets_names_switches_and_values_from_its_command_line(shell: Session, host: Recorder) -> None:
    text = 'param([string]$Name, [int]$Count, [switch]$Force, [switch]$No)\n"$Name $($Count + 1) $Force $No"'

    shell.run(text, ["-Count", "2", "golden", "-Force", "-No:$false"])

    assert host.text == "golden 3 True False\n"
    assert host.errors == []


def test_what_a_script_does_not_take_is_refused_before_it_runs(shell: Session, host: Recorder) -> None:
    outcome = shell.run("[CmdletBinding()]param([string]$Name)\n'ran'", ["-Nmae", "x"])

    assert host.text == ""
    assert "Nmae" in host.messages[0]
    assert outcome.status(file=True) == 1


def test_a_fault_of_the_shell_itself_is_told_in_a_sentence(
    shell: Session, host: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(shell.interpreter, "run", broken)

    outcome = shell.run("1")

    assert outcome.status(file=True) == 1
    assert host.messages == ["The shell itself went wrong, and not the script: ZeroDivisionError. Please report it."]


def test_ctrl_c_passes(shell: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shell.interpreter, "sleep", stopped)

    with pytest.raises(KeyboardInterrupt):
        shell.run("Start-Sleep 1")

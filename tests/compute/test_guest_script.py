"""The guard of a script, run by this machine's own shell: what a guest would do."""

import subprocess
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.compute import guest_script
from calco.compute.guest_agent import Ended
from calco.model.run_command import OUTPUT_BYTES_MAX, Ran, Script
from calco.ports import NoGuestAgent, RunLost

ID = "11111111-2222-4333-8444-000000000001"
NEXT = "11111111-2222-4333-8444-000000000002"
OTHER_BOOT = "99999999-2222-4333-8444-000000000000"


def here(argv: Sequence[str], input: bytes) -> Ended:
    done = subprocess.run(argv, input=input, capture_output=True, timeout=20, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return f"{tmp_path}/run-"


def ended(folder: str, text: str, *arguments: tuple[str, str], seconds: int = 60) -> Ran:
    """Ask until the script has ended."""
    script, boot, pause = Script(ID, text, arguments, seconds), guest_script.boot(here), threading.Event()
    for _ in range(400):
        ran = guest_script.run(here, boot, script, folder=folder)
        if ran is not None:
            return ran
        pause.wait(0.02)
    raise AssertionError("it never ended")


def test_a_script_is_run_and_tells_what_it_printed(folder: str) -> None:
    ran = ended(folder, "echo out\necho err >&2\nexit 3")

    assert ran == Ran(3, b"out\n", b"err\n")


def test_arguments_come_in_order_and_by_name(folder: str) -> None:
    pairs = (("a", "b c"), ("arg2", "$(echo no); `no` 'x' \"y\" * \\"), ("no name", "third"), ("empty", ""))

    ran = ended(folder, 'printf "%s|" "$1" "$a" "$2" "$arg2" "$3" "$4" "$#"', *pairs)

    assert ran.stdout.decode() == "b c|b c|{0}|{0}|third||4|".format(pairs[1][1])


def test_no_parameter_is_in_the_guards_way(folder: str) -> None:
    names = ("seconds", "home", "folders", "boot", "first", "session", "scope", "calco_seconds", "calco_runner")

    ran = ended(folder, 'echo "$# $home $seconds ${calco_runner-none}"', *((name, "x") for name in names))

    assert ran == Ran(0, b"9 x x none\n", b"")


@pytest.mark.parametrize(
    ("first", "prints"),
    [("#!/bin/sh -u\necho $0", b"./script\n"), ("#!/usr/bin/env python3\nprint(1 + 1)", b"2\n"), ("", b"")],
    ids=["a shell", "another language", "an empty script"],
)
def test_the_first_line_says_who_reads_it(folder: str, first: str, prints: bytes) -> None:
    assert ended(folder, first) == Ran(0, prints, b"")


def test_an_interpreter_that_is_not_there_is_the_scripts_failure(folder: str) -> None:
    ran = ended(folder, "#!/no/such/thing\nx")

    assert ran.exit_code in (126, 127)
    assert b"/no/such/thing" in ran.stderr


def test_the_end_of_what_it_printed_is_kept(folder: str) -> None:
    ran = ended(folder, "seq 100000; seq 100000 >&2")

    assert (len(ran.stdout), len(ran.stderr)) == (OUTPUT_BYTES_MAX, OUTPUT_BYTES_MAX)
    assert ran.stdout.endswith(b"\n99999\n100000\n")
    assert ran.stderr.endswith(b"\n99999\n100000\n")


@pytest.mark.slow
def test_a_script_that_takes_too_long_is_ended(folder: str) -> None:
    assert ended(folder, "echo begun; sleep 60", seconds=1) == Ran(124, b"begun\n", b"")


def test_what_it_leaves_running_is_not_waited_for(folder: str) -> None:
    assert ended(folder, "sleep 5 & echo gone") == Ran(0, b"gone\n", b"")


def test_a_run_is_begun_once_however_often_it_is_asked_for(folder: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for _ in range(3):
        ended(folder, f"echo once >>{mark}")

    assert mark.read_text() == "once\n"


def test_a_run_that_ended_before_a_boot_is_told_after_it(folder: str) -> None:
    before = ended(folder, "echo out")

    assert guest_script.run(here, OTHER_BOOT, Script(ID, "echo out"), folder=folder) == before


def test_a_run_is_not_begun_in_another_boot(folder: str, tmp_path: Path) -> None:
    with pytest.raises(RunLost):
        guest_script.run(here, OTHER_BOOT, Script(ID, f"touch {tmp_path}/mark"), folder=folder)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_run_whose_processes_are_gone_without_an_end_is_lost(folder: str) -> None:
    # As when the agent is restarted, which takes what it began with it.
    script = Script(ID, "kill -9 $(cat begun) $PPID")
    boot = guest_script.boot(here)

    def until_it_ends() -> Ran:
        pause = threading.Event()
        while (ran := guest_script.run(here, boot, script, folder=folder)) is None:
            pause.wait(0.02)
        return ran

    with pytest.raises(RunLost):
        until_it_ends()


def test_nothing_of_a_run_stays_once_it_is_forgotten_and_a_new_one_clears_old_ones_away(
    folder: str, tmp_path: Path
) -> None:
    ended(folder, "echo secret")
    assert {each.name for each in tmp_path.iterdir()} == {f"run-{ID}"}
    assert (tmp_path / f"run-{ID}").stat().st_mode & 0o777 == 0o700
    guest_script.run(here, guest_script.boot(here), Script(NEXT, "true"), folder=folder)
    assert {each.name for each in tmp_path.iterdir()} == {f"run-{NEXT}"}

    for _ in range(2):
        guest_script.forget(here, NEXT, folder=folder)

    assert list(tmp_path.iterdir()) == []


def test_a_guest_without_room_has_no_place_for_it(tmp_path: Path) -> None:
    with pytest.raises(NoGuestAgent, match="disk is full or read-only"):
        guest_script.run(here, guest_script.boot(here), Script(ID, "true"), folder=f"{tmp_path}/absent/run-")


def test_ids_are_guids_and_never_part_of_another_path(folder: str) -> None:
    odd = Script("../../etc", "true")
    with pytest.raises(ValueError, match="GUID"):
        guest_script.run(here, guest_script.boot(here), odd, folder=folder)
    with pytest.raises(ValueError, match="GUID"):
        guest_script.forget(here, "../../etc", folder=folder)
    with pytest.raises(ValueError, match="GUID"):
        guest_script.run(here, "x; true", replace(odd, id=ID), folder=folder)


@given(said=st.one_of(st.binary(max_size=80), st.builds(lambda b: b"calco-run " + b, st.binary(max_size=80))))
def test_whatever_a_guest_says_is_read_or_refused(said: bytes) -> None:
    try:
        ran = guest_script.read(Ended(0, said, said))
    except (NoGuestAgent, RunLost):
        return
    assert ran is None or (0 <= ran.exit_code <= 999 and len(ran.stdout) <= OUTPUT_BYTES_MAX)


@given(said=st.binary(max_size=60))
def test_a_boot_is_a_guid_or_nothing(said: bytes) -> None:
    with pytest.raises(NoGuestAgent):
        guest_script.boot(lambda _argv, _input: Ended(0, said, b""))

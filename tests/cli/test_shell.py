"""``calco shell`` as a program: what it exits with, what goes where, and a person at its prompt."""

import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service_process import serving

pytestmark = pytest.mark.slow
CALCO = (sys.executable, "-m", "calco", "shell")
WAIT_SECONDS = 30
ASKS_WHERE_THE_CURSOR_IS = b"\x1b[6n"


def environ(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CALCO_", "NO_COLOR"))}
    return {**kept, "CALCO_HOME": str(home), "TERM": "xterm-256color"}


def run(home: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CALCO, *words],
        env=environ(home),
        input=given,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
        cwd=home,
    )


def test_a_command_is_run_and_its_status_told(tmp_path: Path) -> None:
    good = run(tmp_path, "-c", "1..3 | % { $_ * 2 }")
    bad = run(tmp_path, "-c", "'before'; Get-Nothing")
    left = run(tmp_path, "-c", "exit 7")

    assert (good.returncode, good.stdout, good.stderr) == (0, "2\n4\n6\n", "")
    assert (bad.returncode, bad.stdout) == (1, "before\n")
    assert "The term 'Get-Nothing' is not recognized" in bad.stderr
    assert (left.returncode, left.stdout, left.stderr) == (7, "", "")


def test_a_script_gets_what_follows_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.ps1").write_text('param([string]$Name, [switch]$Force)\n"$Name $Force $args"\nexit 3\n')

    done = run(tmp_path, "a.ps1", "-Name", "golden", "-Force")

    assert (done.returncode, done.stdout, done.stderr) == (3, "golden True \n", "")


def test_a_script_that_cannot_be_read_is_shown_its_line_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.ps1").write_text("'ran'\nif ($x {\n")

    done = run(tmp_path, "a.ps1")

    assert (done.returncode, done.stdout) == (1, "")
    assert f"ParserError: {tmp_path}/a.ps1:2\n" in done.stderr
    assert "Missing closing '}'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_knows_where_it_lies(tmp_path: Path) -> None:
    told = "param($x) $PSScriptRoot; $PSCommandPath; $MyInvocation.MyCommand.Name; $MyInvocation.MyCommand.Path\n"
    (tmp_path / "a.ps1").write_text(told)

    assert run(tmp_path, "a.ps1").stdout == f"{tmp_path}\n{tmp_path}/a.ps1\na.ps1\n{tmp_path}/a.ps1\n"


def test_an_error_that_does_not_end_a_script_leaves_its_status(tmp_path: Path) -> None:
    (tmp_path / "a.ps1").write_text("Write-Error 'one'\n'after'\n")

    done = run(tmp_path, "a.ps1")

    assert (done.returncode, done.stdout) == (0, "after\n")
    assert f"{tmp_path}/a.ps1:1" in done.stderr


@pytest.mark.parametrize("words", [("-",), ()])
def test_what_comes_by_standard_input_is_run(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, *words, given="$a = 2\n$a + 1\n")

    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")


def test_a_script_may_be_utf_8_with_a_mark_or_utf_16(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "a.ps1").write_text("'é'\r\n", encoding=encoding)

        assert run(tmp_path, "a.ps1").stdout == "é\n"


def test_what_is_no_script_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "b.ps1").write_bytes(b"'\xff\xff'")

    missing, garbled, folder = run(tmp_path, "a.ps1"), run(tmp_path, "b.ps1"), run(tmp_path, str(tmp_path))

    assert (missing.returncode, missing.stderr) == (1, "calco: a.ps1 cannot be read: No such file or directory\n")
    assert garbled.stderr == "calco: b.ps1 is neither UTF-8 nor UTF-16: invalid start byte at byte 1\n"
    assert (folder.returncode, folder.stderr) == (1, f"calco: {tmp_path} cannot be read: Is a directory\n")


def test_without_a_service_a_cmdlet_says_how_to_start_one_and_the_language_works(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", "1 + 1; Get-AzVM")

    assert (done.returncode, done.stdout) == (1, "2\n")
    assert f"No calco runs on {tmp_path}. Start it: calco up --detach --data-dir {tmp_path}" in done.stderr


def test_a_reader_who_went_away_is_no_error(tmp_path: Path) -> None:
    line = f"{' '.join(CALCO)} -c '1..100000' | head -n 1"

    done = subprocess.run(
        ["/bin/sh", "-c", line],
        env=environ(tmp_path),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("1\n", "")


def test_the_owner_is_signed_in_and_a_service_started_anew_is_found(tmp_path: Path) -> None:
    script = "(Get-AzContext).Account.Type; New-AzResourceGroup -Name lab -Location westeurope | % ResourceGroupName"

    with serving(tmp_path / "data") as service:
        done = run(service.data.root, "-c", script)
        service.kill()
        gone = run(service.data.root, "-c", "Get-AzResourceGroup | % ResourceGroupName")
        service.restart()
        again = run(service.data.root, "-c", "Get-AzResourceGroup | % ResourceGroupName")

    assert (done.returncode, done.stdout, done.stderr) == (0, "ServicePrincipal\nlab\n", "")
    assert gone.returncode == 1
    assert "Start it: calco up" in gone.stderr
    assert (again.returncode, again.stdout) == (0, "lab\n")


# --- a person at the prompt ------------------------------------------------------------------------------------------


class Person:
    """Someone at a terminal who types and reads."""

    def __init__(self, home: Path) -> None:
        self.pid, self._fd = os.forkpty() if hasattr(os, "forkpty") else pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a job in the background has it, and all that it starts
            os.execve(sys.executable, CALCO, environ(home))  # noqa: S606
        self._seen = b""

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def see(self, what: str, seconds: float = WAIT_SECONDS) -> str:
        """All that was written up to ``what``, without colours; what follows on it is left for the next look. Fails
        when it does not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            plain = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", self._seen).decode(errors="replace")
            plain = re.sub(r"[\r\n ]*\x08", "", plain)  # the room below the line, and back to the line's end
            if what in plain:
                before, _, after = plain.partition(what)
                self._seen = after.encode()
                return before + what
            self._read(end - time.monotonic())
        raise AssertionError(f"{what!r} did not come: {self._seen!r}")

    def _read(self, seconds: float) -> None:
        if not select.select([self._fd], [], [], max(0.0, seconds))[0]:
            return
        piece = os.read(self._fd, 65536)
        if ASKS_WHERE_THE_CURSOR_IS in piece:
            os.write(self._fd, b"\x1b[1;1R")
        self._seen += piece

    def status(self) -> int:
        """What the shell exited with."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._fd)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    someone = Person(tmp_path)
    try:
        someone.see("PS />")
        yield someone
    finally:
        someone.end()


def test_a_person_types_lines_and_one_that_is_not_whole_goes_on(person: Person) -> None:
    person.type("$a = 20\r")
    person.see("PS />")
    person.type("if ($a) {\r")
    person.see(">>")
    person.type('"a is $($a + 1)"\r}\r')

    person.see("a is 21\r\n")
    person.type("exit 4\r")
    assert person.status() == 4


def test_ctrl_c_stops_what_runs_and_not_the_shell(person: Person) -> None:
    person.type("try { 'beg' + 'un'; Start-Sleep 60; 'sle' + 'pt' } finally { Write-Host ('cle' + 'aned') }\r")
    person.see("begun\r\n")
    person.type("\x03")

    seen = person.see("cleaned\r\n") + person.see("PS />")
    assert "slept" not in seen
    assert "Traceback" not in seen
    person.type("'still ' + 'here'\r")
    person.see("still here\r\n")


def test_ctrl_c_at_the_prompt_drops_the_line_and_ctrl_d_ends_the_shell(person: Person) -> None:
    person.type("exit 9")
    person.see("exit 9")
    person.type("\x03")
    person.see("PS />")
    person.type("\x04")

    assert person.status() == 0


def test_tab_completes(person: Person) -> None:
    person.type("Get-AzImag\t")

    person.see("Get-AzImage")


def test_an_error_at_the_prompt_is_told_and_the_shell_goes_on(person: Person) -> None:
    person.type("Get-Nothing\r")
    person.see("The term 'Get-Nothing' is not recognized")
    person.type("1 2\r")
    person.see("Unexpected token '2' in expression or statement.")
    person.type("exit\r")

    assert person.status() == 0


def test_what_is_typed_is_kept_for_its_owner_alone_and_never_a_secret(person: Person, tmp_path: Path) -> None:
    person.type("'kept'\r")
    person.see("kept\r\n")
    person.see("PS />")
    person.type("$p = ConvertTo-SecureString 'hunter2' -AsPlainText -Force\r")
    person.see("PS />")
    person.type("exit\r")
    person.status()

    history = tmp_path / "shell_history"
    assert "'kept'" in history.read_text()
    assert "hunter2" not in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600

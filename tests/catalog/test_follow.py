"""Programs that take minutes: heard while they run, ended when they must."""

import os
import select
import sys
import textwrap
import threading

import pytest

from calco.catalog.follow import follow_tool
from calco.tool import ToolFailed


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", textwrap.dedent(code)]


def follow(code: str, each_line: list[str], *, seconds: float = 30) -> None:
    follow_tool(python(code), each_line.append, timeout_seconds=seconds, env=os.environ)


def test_lines_of_output_and_errors_arrive_in_order() -> None:
    heard: list[str] = []

    follow("import sys; print('one'); print('two', file=sys.stderr); print(); print('no end', end='')", heard)

    assert heard == ["one", "two", "no end"]


def test_a_line_is_heard_before_the_program_ends() -> None:
    """The program waits for an answer that only the listener gives: if lines came late, it would hang."""
    read, write = os.pipe()

    def answer(_line: str) -> None:
        os.write(write, b"x")

    try:
        follow_tool(
            python(f"import os; print('ask'); os.read({read}, 1)"),
            answer,
            timeout_seconds=30,
            env=os.environ,
            pass_fds=[read],
        )
    finally:
        os.close(read)
        os.close(write)


def test_a_failure_carries_the_last_words() -> None:
    with pytest.raises(ToolFailed) as failed:
        follow("print('E: no such package'); raise SystemExit(100)", [])

    assert (failed.value.status, failed.value.stderr) == (100, "E: no such package")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ToolFailed) as failed:
        follow_tool(["no-such-program-here"], print, timeout_seconds=30, env=os.environ)

    assert "no-such-program-here" in failed.value.stderr


def test_endless_output_without_a_newline_is_cut() -> None:
    heard: list[str] = []

    follow("print('x' * 1_000_000, end='')", heard)

    assert len(heard) > 1
    assert sum(len(line) for line in heard) == 1_000_000


CHILDREN = """
    import subprocess, sys
    subprocess.Popen([sys.executable, '-c', 'import os; os.read(0, 1)'], stdin=subprocess.PIPE, stdout=sys.stdout)
    print('started')
    import signal
    signal.pause()
"""


def gone(read: int) -> bool:
    """Whether every process that inherited the other end of the pipe has ended."""
    return bool(select.select([read], [], [], 20)[0]) and os.read(read, 1) == b""


@pytest.mark.parametrize("why", [pytest.param("time-out", marks=pytest.mark.slow), "listener"])
def test_whoever_cuts_it_short_ends_the_whole_group(why: str) -> None:
    read, write = os.pipe()

    def listen(_line: str) -> None:
        if why == "listener":
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt if why == "listener" else ToolFailed):
            follow_tool(
                python(CHILDREN), listen, timeout_seconds=2 if why == "time-out" else 60, env=os.environ,
                pass_fds=[write],
            )  # fmt: skip
    finally:
        os.close(write)
    assert gone(read)
    os.close(read)


def test_a_program_ends_with_the_thread_that_follows_it() -> None:
    """What the kernel does for a killed process it does for an ended thread too, which a test can have."""
    read, write = os.pipe()
    argv = python("import os, sys, time; os.execvp('setpriv', ['setpriv', '--dump'])")
    heard: list[str] = []

    thread = threading.Thread(
        target=lambda: follow_tool(argv, heard.append, timeout_seconds=30, env=os.environ, pass_fds=[write])
    )
    thread.start()
    thread.join(30)
    os.close(write)

    assert gone(read)
    os.close(read)
    assert any("death signal" in line and "[none]" not in line for line in heard), heard

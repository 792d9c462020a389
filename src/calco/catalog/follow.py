"""Running a program for minutes and hearing what it prints while it prints it."""

import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from calco.tool import ToolFailed

LINE_BYTES_MAX = 4096
GRACE_SECONDS = 30.0


def follow_tool(
    argv: Sequence[str],
    each_line: Callable[[str], None],
    *,
    timeout_seconds: float,
    env: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    when_abandoned: str = "TERM",
) -> None:
    """Run ``argv``, handing on every line of its output and errors. Raises ToolFailed with the last lines.

    When this ends early, by time-out or an exception of ``each_line``, the process group is told to end and given time
    to clean up after itself. When the calling thread dies, the kernel sends the program the signal ``when_abandoned``
    (prctl(2), PR_SET_PDEATHSIG), so a killed build does not run on for minutes.
    """
    words = ("setpriv", "--pdeathsig", when_abandoned, "--", *argv)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except OSError as error:
        raise ToolFailed(tuple(argv), None, str(error)) from error
    last: deque[str] = deque(maxlen=20)
    with process:
        try:
            _read_lines(process, each_line, last, time.monotonic() + timeout_seconds)
        except BaseException as cut_short:
            _end_group(process)
            if isinstance(cut_short, TimeoutError):
                raise ToolFailed(tuple(argv), None, f"took longer than {timeout_seconds:g} s") from cut_short
            raise
    if process.returncode != 0:
        raise ToolFailed(tuple(argv), process.returncode, "\n".join(last))


def _read_lines(
    process: subprocess.Popen[bytes], each_line: Callable[[str], None], last: deque[str], deadline: float
) -> None:
    """Hand on lines until the output is closed. Raises TimeoutError at ``deadline``."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    rest = b""
    while True:
        if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        chunk = os.read(descriptor, 1 << 16)
        *lines, rest = (rest + chunk).split(b"\n")
        if not chunk or len(rest) > LINE_BYTES_MAX:
            lines, rest = [*lines, rest], b""
        for line in lines:
            text = line.decode(errors="replace").strip()
            if text:
                last.append(text)
                each_line(text)
        if not chunk:
            return


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM for the group, SIGKILL when it does not listen."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

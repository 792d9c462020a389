"""Running a program: from a list, with a limit, failing in its own words. Every driver uses it; it knows none."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(eq=False)
class ToolFailed(Exception):
    """A program ended badly, could not be started or took too long."""

    argv: tuple[str, ...]
    status: int | None
    stderr: str

    def __str__(self) -> str:
        said = self.stderr.strip().splitlines()[-1] if self.stderr.strip() else "no message"
        return f"{self.argv[0]} ended with {self.status}: {said}"


def run_tool(
    argv: Sequence[str | os.PathLike[str]],
    *,
    timeout_seconds: float,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> bytes:
    """Run ``argv`` and answer its standard output. Raises ToolFailed; the whole process group dies on a time-out."""
    words = tuple(os.fspath(word) for word in argv)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if env is None else dict(env),
            start_new_session=True,
        )
    except OSError as error:
        raise ToolFailed(words, None, str(error)) from error
    with process:
        try:
            out, err = process.communicate(stdin, timeout=timeout_seconds)
        except BaseException as cut_short:
            os.killpg(process.pid, 9)
            process.communicate()
            if isinstance(cut_short, subprocess.TimeoutExpired):
                raise ToolFailed(words, None, f"took longer than {timeout_seconds:g} s") from cut_short
            raise
    if process.returncode != 0:
        raise ToolFailed(words, process.returncode, err.decode(errors="replace")[-4000:])
    return out

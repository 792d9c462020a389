"""Waiting is shown, and how it ended."""

import io
import re
import threading
from contextlib import redirect_stderr

import pytest

from calco.cli.progress import patient, waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("percent", "longest"), [(50, 20), (75, 30), (100, 40)])
def test_the_bar_shows_how_far_it_is(percent: int, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    screen = Terminal()

    with redirect_stderr(screen), waiting("capturing") as step:
        step("InProgress", None)
        step("Copying.", percent)
        step("Copying on.", None)

    shown = next(line for line in reversed(screen.getvalue().splitlines()) if "Copying on." in line)
    assert max(map(len, re.findall("━+", shown))) == longest


def test_without_a_terminal_it_is_told_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting("capturing") as step:
        step("InProgress", 12)

    first, last = capsys.readouterr().err.splitlines()
    assert first == "capturing ..."
    assert last.startswith("capturing: done in ")


def test_what_failed_is_not_called_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), waiting("capturing"):
        raise ValueError("no")

    said = capsys.readouterr().err
    assert "capturing: failed after " in said
    assert "done" not in said


def test_what_ends_soon_is_not_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(threading.enumerate())

    with patient("looking"):
        pass

    assert capsys.readouterr().err == ""
    assert set(threading.enumerate()) <= before


def test_what_takes_long_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    said = ""
    with patient("looking", after_seconds=0):
        while not said.endswith("\n"):
            said += capfd.readouterr().err

    assert said + capfd.readouterr().err == "looking ...\n"

"""Waiting is shown, and how it ended."""

import threading

import pytest

from calco.cli.progress import patient, waiting


def test_without_a_terminal_it_is_told_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting("capturing") as step:
        step("InProgress")

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
    before = threading.active_count()

    with patient("looking"):
        pass

    assert capsys.readouterr().err == ""
    assert threading.active_count() == before


def test_what_takes_long_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    said = ""
    with patient("looking", after_seconds=0):
        while not said.endswith("\n"):
            said += capfd.readouterr().err

    assert said + capfd.readouterr().err == "looking ...\n"

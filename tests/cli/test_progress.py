"""Waiting is shown, and how it ended."""

import pytest

from calco.cli.progress import waiting


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

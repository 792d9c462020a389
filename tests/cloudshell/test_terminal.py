"""The terminal as a host: what goes where, in which colour, and what never reaches it."""

import errno
import io
import os
import sys

import pytest

from calco.cloudshell.errors import Fault
from calco.cloudshell.host import NobodyToAsk, NotWritten
from calco.cloudshell.syntax import Place
from calco.cloudshell.terminal import WIPE, TerminalHost, fitted


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_output_and_errors_go_their_own_ways_without_colours_where_there_is_no_terminal() -> None:
    out, err = io.StringIO(), io.StringIO()
    host = TerminalHost(out, err, io.StringIO())

    host.write("hello", colour="Green")
    host.warning("careful")
    host.verbose("by the way")
    host.error(Fault("broken", command="Get-AzVM"))

    assert out.getvalue() == "hello\nWARNING: careful\nVERBOSE: by the way\n"
    assert err.getvalue() == "Get-AzVM: broken\n"
    assert host.width == 120


def test_a_terminal_has_colours_unless_no_color_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured, err = Screen(), Screen()
    host = TerminalHost(coloured, err, Screen())
    host.write("a", colour="Green", end="")
    host.write("b")
    host.error(Fault("broken", command="x"))

    monkeypatch.setenv("NO_COLOR", "1")
    plain = Screen()
    TerminalHost(plain, Screen(), Screen()).write("a", colour="Green")

    assert coloured.getvalue() == "\x1b[92ma\x1b[0mb\n"
    assert err.getvalue() == "\x1b[91mx: broken\x1b[0m\n"
    assert plain.getvalue() == "a\n"


def test_what_a_guest_chose_cannot_paint_the_terminal() -> None:
    out, err = Screen(), Screen()
    host = TerminalHost(out, err, Screen())

    host.write("a\x1b[2Jb\x07\x9bc")
    host.warning("\x1b]0;title\x07")
    host.error(Fault("\x1b[31m", command="x\x1b"))
    host.progress("\x1b[2J", "\x1b", None)

    assert "\x1b[2J" not in out.getvalue() + err.getvalue()
    assert "\x1b]" not in out.getvalue()
    assert "\x07" not in out.getvalue()


def test_progress_is_one_line_that_is_wiped_before_anything_else_is_written() -> None:
    screen = Screen()
    host = TerminalHost(screen, screen, Screen())

    host.progress("Creating web1", "InProgress", 40)
    host.write("done")

    assert "Creating web1  InProgress  40 %  0 s" in screen.getvalue()
    assert screen.getvalue().endswith(f"{WIPE}done\n")


def test_progress_is_not_shown_where_there_is_no_terminal() -> None:
    err = io.StringIO()
    host = TerminalHost(io.StringIO(), err, io.StringIO())

    host.progress("Creating web1", "InProgress", 40)
    host.done("Creating web1")
    host.quiet()

    assert err.getvalue() == ""


def test_a_file_that_runs_is_named_in_its_errors() -> None:
    err = io.StringIO()
    host = TerminalHost(io.StringIO(), err, io.StringIO())
    host.path = "/scripts/a.ps1"

    host.error(Fault("broken", command="Foo", at=Place(2, 1, "Foo -a")))

    assert err.getvalue().startswith("Foo: /scripts/a.ps1:2\n")


def test_without_a_terminal_there_is_nobody_to_ask_and_nothing_is_read() -> None:
    read = io.StringIO("secret\n")
    host = TerminalHost(io.StringIO(), io.StringIO(), read)

    with pytest.raises(NobodyToAsk):
        host.ask("Password")

    assert read.tell() == 0


def test_a_person_is_asked_for_one_line() -> None:
    out = Screen()
    host = TerminalHost(out, Screen(), Screen("yes\r\nno\n"))

    assert host.ask("Sure?") == "yes"
    assert out.getvalue() == "Sure? "


def test_a_line_is_cut_to_the_cells_there_are() -> None:
    assert fitted("abcdef", 4) == "abc…"
    assert fitted("日本語", 5) == "日本…"
    assert fitted("abc", 3) == "abc"


def test_a_character_that_the_stream_cannot_say_is_a_question_mark() -> None:
    raw = io.BytesIO()
    host = TerminalHost(io.TextIOWrapper(raw, encoding="ascii"), io.StringIO(), io.StringIO())

    host.write("h\xe9 \udcff")

    assert raw.getvalue() == b"h? ?\n"


def test_closed_streams_are_as_good_as_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, each, None)
    host = TerminalHost()

    host.write("a")
    host.error(Fault("b"))

    with pytest.raises(NobodyToAsk):
        host.ask("Name:")


def test_a_full_disk_is_told_and_a_reader_that_went_away_is_not() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with pytest.raises(NotWritten, match="No space left on device"):
        TerminalHost(Full(), io.StringIO(), io.StringIO()).write("a")
    with pytest.raises(BrokenPipeError):
        TerminalHost(Gone(), io.StringIO(), io.StringIO()).write("a")

"""A terminal, or the streams of a process, as the host of a session.

Objects and words go to standard output, errors and progress to standard error; colours only where there is a terminal
and ``NO_COLOR`` is not set. Progress is one line that is wiped before anything else is written. Source: no-color.org;
PowerShell, about_ANSI_Terminals (which kind of message has which colour).
"""

import io
import os
import shutil
import sys
import termios
import threading
import time
from collections.abc import Mapping
from getpass import getpass
from types import MappingProxyType
from typing import TextIO

from calco.cloudshell.errors import Fault
from calco.cloudshell.host import NobodyToAsk, NotWritten
from calco.cloudshell.screen.concise import error_text
from calco.cloudshell.screen.text_table import cells, plain

WIDTH = 120
"""Columns where there is no terminal. Source: PowerShell's own."""
COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "black": "30",
        "darkred": "31",
        "darkgreen": "32",
        "darkyellow": "33",
        "darkblue": "34",
        "darkmagenta": "35",
        "darkcyan": "36",
        "gray": "37",
        "darkgray": "90",
        "red": "91",
        "green": "92",
        "yellow": "93",
        "blue": "94",
        "magenta": "95",
        "cyan": "96",
        "white": "97",
    }
)
"""SGR codes by ConsoleColor, in lower case."""
ERROR, WARNING, PROGRESS = "red", "yellow", "darkcyan"
CLEAR = "\x1b[H\x1b[2J\x1b[3J"
WIPE = "\r\x1b[K"
REDRAW_SECONDS = 0.1


class TerminalHost:
    """``path``: the script file that runs; ``script``: a text of several lines does. Both are the caller's to set."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None, read: TextIO | None = None) -> None:
        self._out, self._err = out or sys.stdout or _Nowhere(), err or sys.stderr or _Nowhere()
        self._read = read or sys.stdin or _Nowhere()
        coloured = "NO_COLOR" not in os.environ
        self._colours = {id(each): coloured and each.isatty() for each in (self._out, self._err)}
        self._lock = threading.RLock()
        self._began: dict[str, float] = {}
        self._drawn = 0.0
        self._progress_shown = False
        self.path = ""
        self.script = False

    @property
    def width(self) -> int:
        return shutil.get_terminal_size((WIDTH, 25)).columns if self._out.isatty() else WIDTH

    def write(self, text: str, *, colour: str = "", end: str = "\n") -> None:
        self._say(self._out, plain(text), colour, end)

    def error(self, fault: Fault) -> None:
        text = error_text(fault, path=self.path, script=self.script, width=self.width)
        self._say(self._err, text, ERROR)

    def warning(self, text: str) -> None:
        self._say(self._out, f"WARNING: {plain(text)}", WARNING)

    def verbose(self, text: str) -> None:
        self._say(self._out, f"VERBOSE: {plain(text)}", WARNING)

    def progress(self, activity: str, status: str, percent: int | None) -> None:
        if not self._err.isatty():
            return
        with self._lock:
            now = time.monotonic()
            began = self._began.setdefault(activity, now)
            if now - self._drawn < REDRAW_SECONDS:
                return
            parts = [plain(activity), plain(status), "" if percent is None else f"{percent} %", f"{now - began:.0f} s"]
            line = fitted("  ".join(part for part in parts if part).replace("\n", " "), self.width - 1)
            self._err.write(f"{WIPE}{self._coloured(self._err, line, PROGRESS)}")
            self._err.flush()
            self._drawn, self._progress_shown = now, True

    def done(self, activity: str) -> None:
        with self._lock:
            self._began.pop(activity, None)
            self._wipe()

    def ask(self, prompt: str, *, secret: bool = False) -> str:
        if not (self._read.isatty() and self._out.isatty()):
            raise NobodyToAsk
        self._say(self._out, plain(prompt), "", " ")
        if secret:
            return getpass("", stream=self._out)
        line = self._read.readline()
        if not line:
            raise NobodyToAsk
        return line.rstrip("\r\n")

    def clear(self) -> None:
        with self._lock:
            self._wipe()
            if self._out.isatty():
                self._out.write(CLEAR)
                self._out.flush()

    def forget_typed(self) -> None:
        """What was typed ahead of what was stopped, as the terminal does itself when the key comes through it."""
        if self._read.isatty():
            termios.tcflush(self._read.fileno(), termios.TCIFLUSH)

    def quiet(self) -> None:
        """Nothing goes on any more: no line of progress stays."""
        with self._lock:
            self._began.clear()
            self._wipe()

    def _say(self, stream: TextIO, text: str, colour: str, end: str = "\n") -> None:
        with self._lock:
            self._wipe()
            try:
                stream.write(self._coloured(stream, _writable(stream, text), colour) + end)
                stream.flush()
            except BrokenPipeError:
                raise
            except OSError as full:
                raise NotWritten(full.strerror or str(full)) from full

    def _wipe(self) -> None:
        if self._progress_shown:
            self._progress_shown = False
            self._err.write(WIPE)
            self._err.flush()

    def _coloured(self, stream: TextIO, text: str, colour: str) -> str:
        code = COLOURS.get(colour.lower(), "")
        return f"\x1b[{code}m{text}\x1b[0m" if code and self._colours[id(stream)] else text


def fitted(text: str, width: int) -> str:
    """Cut to ``width`` cells."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


class _Nowhere(io.StringIO):
    """In place of a stream that whoever started this process had closed: empty, and it keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


def _writable(stream: TextIO, text: str) -> str:
    """The text with a question mark for each character that the stream cannot say."""
    encoding = stream.encoding
    return text.encode(encoding, "replace").decode(encoding) if encoding else text

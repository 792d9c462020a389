"""The text of a script, as the grammar reads it and as its author wrote it.

The grammar gets UTF-8, at times with a few characters put in that its author left out (``repair.py``); messages point
into the text as it was written.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from calco.cloudshell.syntax import Place


@dataclass(frozen=True)
class Insertion:
    """``text`` stands before the character at ``at`` of the text as written."""

    at: int
    text: str


@dataclass(frozen=True)
class Source:
    """``text`` has plain marks for what counts as such (``Scan.plain``); ``written``, of the same length, is what its
    author wrote. ``insertions`` are in the order of their places."""

    text: str
    insertions: tuple[Insertion, ...] = ()
    written: str = ""

    @cached_property
    def data(self) -> bytes:
        """What the grammar reads. Raises UnicodeEncodeError when the text has half a character."""
        pieces: list[str] = []
        at = 0
        for each in self.insertions:
            pieces += self.text[at : each.at], each.text
            at = each.at
        return "".join((*pieces, self.text[at:])).encode()

    def offset(self, byte: int) -> int:
        """The character of the text as written at ``byte`` of ``data``; what was put in counts as what follows it."""
        char = byte if self._characters is None else self._characters[min(byte, len(self._characters) - 1)]
        starts, lengths = self._shifts
        index = bisect_left(starts, char)
        if not index:
            return char
        return max(char - lengths[index - 1], self.insertions[index - 1].at)

    def inserted(self, byte: int) -> bool:
        """Whether what stands at ``byte`` of ``data`` was put in."""
        char = byte if self._characters is None else self._characters[min(byte, len(self._characters) - 1)]
        starts, _ = self._shifts
        index = bisect_left(starts, char + 1) - 1
        return index >= 0 and char < starts[index] + len(self.insertions[index].text)

    def place(self, byte: int) -> Place:
        return self.place_of(self.offset(byte))

    def place_of(self, offset: int) -> Place:
        line = max(bisect_left(self._line_starts, offset + 1) - 1, 0)
        return Place(line + 1, offset - self._line_starts[line] + 1, self._lines[line])

    def text_of(self, start: int, end: int) -> str:
        """What stands between two bytes of ``data``, without what was put in."""
        return self.text[self.offset(start) : self.offset(end)]

    @cached_property
    def _lines(self) -> Sequence[str]:
        return [line.rstrip("\r") for line in (self.written or self.text).split("\n")]

    @cached_property
    def _line_starts(self) -> Sequence[int]:
        starts = [0]
        for line in (self.written or self.text).split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        return starts[:-1]

    @cached_property
    def _characters(self) -> Sequence[int] | None:
        """For each byte of ``data`` the character it belongs to; None when they are the same."""
        if self.data.isascii():
            return None
        found = array("L")
        for index, char in enumerate(self.data.decode()):
            found.extend([index] * len(char.encode()))
        found.append(found[-1] + 1)
        return found

    @cached_property
    def _shifts(self) -> tuple[Sequence[int], Sequence[int]]:
        """Where in ``data``'s characters each insertion stands, and how many characters were put in up to its end."""
        starts: list[int] = []
        lengths: list[int] = []
        put_in = 0
        for each in self.insertions:
            starts.append(each.at + put_in)
            put_in += len(each.text)
            lengths.append(put_in)
        return starts, lengths

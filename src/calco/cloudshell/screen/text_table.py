"""Tables and lists of text, laid out as PowerShell lays them out.

Sources: PowerShell, src/System.Management.Automation/FormatAndOutput/common: TableWriter.cs (padding, cutting),
ColumnWidthManager.cs (what becomes of a table that is too wide), ListWriter.cs, StringManipulationHelper (wrapping).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

ELLIPSIS = "…"
_WORD = re.compile(r"[^ \t]*[ \t]|[^ \t]+")
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Field:
    """A column. ``width`` 0: as wide as what stands in it."""

    label: str
    right: bool = False
    width: int = 0


def plain(text: str) -> str:
    """What may reach a terminal: lines and tabs stay, other control characters and those that turn the direction of
    writing around are shown as U+FFFD."""
    return _HIDDEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def cells(text: str) -> int:
    """How many cells of a terminal it takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(each) for each in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fitted(fields: Sequence[Field], rows: Sequence[Sequence[str]], width: int) -> list[Field]:
    """The columns with their widths: as wide as their widest cell, the last ones cut or left out (width 0) so that all
    fit ``width``."""
    made = [
        each
        if each.width
        else replace(each, width=max([cells(each.label), 1, *(cells(_first(row[at])) for row in rows)]))
        for at, each in enumerate(fields)
    ]
    used = sum(each.width for each in made) + max(0, len(made) - 1)
    for at in range(len(made) - 1, -1, -1):
        if used <= width:
            break
        excess = used - width
        if made[at].width - excess >= 1:
            made[at] = replace(made[at], width=made[at].width - excess)
            break
        used -= made[at].width + 1
        made[at] = replace(made[at], width=0)
    return made


def header(fields: Sequence[Field]) -> list[str]:
    """The labels and the line under them, of columns that have their widths."""
    shown = [each for each in fields if each.width]
    labels = _joined(shown, [_wrapped(each.label, each.width) for each in shown])
    lines = _joined(shown, [["-" * min(cells(each.label), each.width)] for each in shown])
    return [*labels, *lines]


def row(fields: Sequence[Field], texts: Sequence[str], *, wrap: bool = False) -> list[str]:
    """One row's lines: one, unless ``wrap``."""
    shown = [(each, text) for each, text in zip(fields, texts, strict=True) if each.width]
    columns = [
        [line for part in text.split("\n") for line in _wrapped(part, each.width)]
        if wrap
        else [_cut(_first(text), each)]
        for each, text in shown
    ]
    return _joined([each for each, _ in shown], columns)


def table(
    fields: Sequence[Field], rows: Sequence[Sequence[str]], width: int, *, wrap: bool = False, headed: bool = True
) -> list[str]:
    """A whole table, without the empty lines around it."""
    wide = fitted(fields, rows, width)
    lines = header(wide) if headed else []
    return [*lines, *(line for each in rows for line in row(wide, each, wrap=wrap))]


def entry(pairs: Sequence[tuple[str, str]], width: int) -> list[str]:
    """One object of a list: a name and a value on a line, the value wrapped under itself."""
    label = min(max((cells(name) for name, _ in pairs), default=0), max(1, width - 4))
    lines: list[str] = []
    for name, value in pairs:
        before = f"{_padded(name[:label], label)} : "
        for part in value.split("\n"):
            for line in _wrapped(part, max(1, width - label - 3)):
                lines.append((before + line).rstrip())
                before = " " * (label + 3)
    return lines


def wide(texts: Sequence[str], width: int, columns: int = 0) -> list[str]:
    """Texts beside each other in equal columns. Source: TableWriter.ComputeWideViewBestItemsPerRowFit."""
    longest = max((cells(each) for each in texts), default=0)
    columns = columns or max(1, (width - 1) // (longest + 1) if longest else 1)
    each = max(1, (width - columns + 1) // columns)
    fields = [Field("", width=each)] * columns
    padded = [*texts, *[""] * (-len(texts) % columns)]
    return [line for at in range(0, len(padded), columns) for line in row(fields, padded[at : at + columns])]


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken between words where that is possible."""
    return [line for part in text.split("\n") for line in _wrapped(part, width)]


def _first(text: str) -> str:
    """The first line; that there are more is shown."""
    line, more, _ = text.partition("\n")
    return line + ELLIPSIS if more else line


def _padded(text: str, width: int, *, right: bool = False) -> str:
    padding = " " * max(0, width - cells(text))
    return padding + text if right else text + padding


def _cut(text: str, field: Field) -> str:
    if cells(text) <= field.width:
        return text
    if field.width == 1:
        return _head(text[-1:] if field.right else text, 1)
    if field.right:
        return ELLIPSIS + _head(text[::-1], field.width - 1)[::-1]
    return _head(text, field.width - 1) + ELLIPSIS


def _head(text: str, width: int) -> str:
    """As much of it as ``width`` cells take."""
    if text.isascii():
        return text[:width]
    used = 0
    for at, each in enumerate(text):
        used += _cell(each)
        if used > width:
            return text[:at]
    return text


def _joined(fields: Sequence[Field], columns: Sequence[Sequence[str]]) -> list[str]:
    """Lines made of columns that may have several each."""
    lines: list[str] = []
    for at in range(max((len(each) for each in columns), default=0)):
        parts = [
            _padded(column[at] if at < len(column) else "", field.width, right=field.right)
            for field, column in zip(fields, columns, strict=True)
        ]
        lines.append(" ".join(parts).rstrip())
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return [line.rstrip() for line in _break(text, width)] or [""]


def _break(text: str, width: int) -> Iterator[str]:
    line, left = "", width
    for found in _WORD.findall(text):
        word = found
        while cells(word) > width:  # longer than a line: it is broken wherever the line ends
            part = _head(word, left) or word[: 0 if line else 1]
            yield line + (part if cells(part) <= width else ELLIPSIS)  # a wide character where one cell is left
            word, line, left = word[len(part) :], "", width
        if cells(word.rstrip()) > left:
            yield line
            line, left = "", width
        line, left = line + word, left - cells(word)
    if line:
        yield line

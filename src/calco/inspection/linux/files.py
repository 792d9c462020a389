"""Reading files of a system somebody else set up: bounded, and what is too large or too many is said, not guessed."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import Entry, FileSystem, Kind

TEXT_MAX_BYTES = 256 << 10
FOLDERS_MAX = 2_000
"""Folders that one pattern is looked for in."""
BELOW_MAX = 20_000
"""Entries that are looked at below one folder."""
DEPTH_MAX = 8

_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

Place = tuple[str, Entry]


def text(files: FileSystem, path: str, limit_bytes: int = TEXT_MAX_BYTES) -> str | None:
    """The whole of a text file; None when there is none. Raises Unreadable when it is larger than the limit, and when
    it is no text: what a file holds has no checksum, and a lost block reads as zeros."""
    found = files.entry(path)
    if found is None:
        return None
    if found.kind is not Kind.FILE:
        raise Unreadable(f"{path} is no file")
    if found.size_bytes > limit_bytes:
        raise Unreadable(f"{path} is larger than {limit_bytes} bytes")
    content = files.read(path, limit_bytes)
    if content is not None and _NO_TEXT.search(content):
        raise Unreadable(f"{path} is no text")
    return None if content is None else content.decode(errors="replace")


def lines(files: FileSystem, path: str, limit_bytes: int = TEXT_MAX_BYTES) -> list[str]:
    """A configuration file's lines that say something: no comments, nothing empty."""
    return said(text(files, path, limit_bytes) or "")


def said(content: str) -> list[str]:
    return [each for line in content.split("\n") if (each := line.strip()) and not each.startswith("#")]


def matching(files: FileSystem, *patterns: str) -> list[Place]:
    """What is at these paths, each part of which may be a shell pattern; links are followed, dangling ones left out.
    Raises Unreadable when there is too much to look through."""
    return [place for pattern in patterns for place in _matching(files, pattern)]


def _matching(files: FileSystem, pattern: str) -> list[Place]:
    places, parts = [""], [each for each in pattern.split("/") if each]
    for index, part in enumerate(parts):
        if not re.search(r"[*?\[]", part):
            places = [f"{each}/{part}" for each in places]
            continue
        if len(places) > FOLDERS_MAX:
            raise Unreadable(f"more than {FOLDERS_MAX} folders match /{'/'.join(parts[:index])}")
        places = [
            f"{folder}/{entry.name}"
            for folder in places
            for entry in files.list(folder or "/") or ()
            if fnmatchcase(entry.name, part) and (part.startswith(".") or not entry.name.startswith("."))
        ]
    if len(places) > FOLDERS_MAX:
        raise Unreadable(f"more than {FOLDERS_MAX} files match {pattern}")
    return [(each, entry) for each in places if (entry := files.entry(each))]


def present(files: FileSystem, *patterns: str) -> list[str]:
    """Paths of the files that match and hold something. What cannot be read counts only when nothing was found: then
    raises Unreadable."""
    found: list[str] = []
    trouble: Unreadable | None = None
    for pattern in patterns:
        try:
            places = _matching(files, pattern)
        except Unreadable as why:
            trouble = trouble or why
            continue
        found += [path for path, entry in places if entry.kind is Kind.FILE and entry.size_bytes]
    if trouble is not None and not found:
        raise trouble
    return found


def names(files: FileSystem, *patterns: str) -> list[str]:
    """Paths of whatever bears such a name in a folder, links that lead nowhere too. Only the last part of a pattern is
    one."""
    found = []
    for pattern in patterns:
        folder, _, part = pattern.rpartition("/")
        found += [f"{folder}/{each.name}" for each in files.list(folder) or () if fnmatchcase(each.name, part)]
    return found


def below(files: FileSystem, folder: str) -> Iterator[Place]:
    """Everything below a folder, no links followed, some levels deep. Raises Unreadable when there is too much."""
    todo, count = [(folder, 0)], 0
    while todo:
        here, depth = todo.pop()
        for entry in files.list(here) or ():
            count += 1
            if count > BELOW_MAX:
                raise Unreadable(f"more than {BELOW_MAX} files below {folder}")
            path = f"{here.rstrip('/')}/{entry.name}"
            yield path, entry
            if entry.kind is Kind.FOLDER and depth < DEPTH_MAX:
                todo.append((path, depth + 1))


def named(things: Iterable[str], most: int = 6) -> str:
    """``a, b and 3 more``."""
    every = [*things]
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


def setting(content: Iterable[str], name: str) -> str | None:
    """The last value of ``name=value`` in lines of a configuration; quotes are taken off."""
    found = None
    for line in content:
        key, equals, value = line.partition("=")
        if equals and key.strip().removeprefix("export ").strip() == name:
            found = value.strip().strip("\"'")
    return found

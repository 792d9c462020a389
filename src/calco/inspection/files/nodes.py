"""Paths on a file system: links, ``..``, upper and lower case. Drivers only know folders, links and bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import Entry, Kind

HOPS_MAX = 40
"""Links in one path. Source: path_resolution(7), as Linux."""

DEPTH_MAX = 100
ENTRIES_MAX = 200_000
"""Names in one folder that are read."""
NODES_KEPT = 10_000

TARGET_MAX = 4096
"""Bytes of a link. Source: limits.h, PATH_MAX."""


@dataclass(frozen=True)
class Name:
    """What a folder says of something in it: what it is called, and the number under which it is kept. ``stamp`` is
    what else the folder says of it: NTFS tells it from what had that number before, ext of which kind it is; or 0."""

    text: str
    number: int
    stamp: int = 0


@dataclass(frozen=True)
class Node:
    """Something on the file system. ``parent`` is the number of the folder it was found in."""

    entry: Entry
    number: int
    parent: int


class Driver(Protocol):
    """One kind of file system. Everything raises Unreadable. ``folds``: names compare without regard to case."""

    folds: bool
    root: int

    def names(self, folder: Node) -> Iterable[Name]:
        """What is in it, without ``.`` and ``..``."""

    def node(self, name: Name, folder: Node) -> Node:
        """What the name stands for."""

    def target(self, link: Node) -> str:
        """With slashes."""

    def content(self, file: Node, offset: int, length: int) -> bytes:
        """Exactly those bytes; they lie within its size."""


class NodeFileSystem:
    """``FileSystem`` of any driver."""

    def __init__(self, driver: Driver, type: str, *, uuid: str = "", label: str = "", stale: str = "") -> None:
        self.type, self.uuid, self.label, self.stale = type, uuid, label, stale
        self._driver = driver
        self._root = Node(Entry("/", Kind.FOLDER, 0, 0 if driver.folds else 0o755), driver.root, driver.root)
        self._folders: dict[int, dict[str, Name]] = {}
        self._nodes: dict[tuple[int, Name], Node] = {}

    def entry(self, path: str) -> Entry | None:
        found = self._find(path)
        return found.entry if found else None

    def link(self, path: str) -> str | None:
        found = self._find(path, follow_last=False)
        return self._driver.target(found) if found and found.entry.kind is Kind.LINK else None

    def list(self, path: str) -> list[Entry] | None:
        found = self._find(path)
        if found is None or found.entry.kind is not Kind.FOLDER:
            return None
        return [self._node(each, found).entry for each in self._folder(found).values()]

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        found = self._file(path)
        return self._content(found, 0, min(limit_bytes, found.entry.size_bytes)) if found else None

    def tail(self, path: str, limit_bytes: int) -> bytes | None:
        found = self._file(path)
        if found is None:
            return None
        start = max(0, found.entry.size_bytes - limit_bytes)
        return self._content(found, start, found.entry.size_bytes - start)

    def _file(self, path: str) -> Node | None:
        found = self._find(path)
        return found if found and found.entry.kind is Kind.FILE else None

    def _content(self, file: Node, offset: int, length: int) -> bytes:
        return self._driver.content(file, offset, length) if length > 0 else b""

    def _find(self, path: str, follow_last: bool = True) -> Node | None:
        way, todo, hops = [self._root], _steps(path), 0
        while todo:
            step = todo.pop()
            if way[-1].entry.kind is not Kind.FOLDER:
                return None
            if step == "..":
                way = way[:-1] or [self._root]
                continue
            name = self._folder(way[-1]).get(self._key(step))
            if name is None:
                return None
            found = self._node(name, way[-1])
            if found.entry.kind is not Kind.LINK or not (todo or follow_last):
                way.append(found)
                continue
            hops += 1
            if hops > HOPS_MAX or len(todo) + len(way) > DEPTH_MAX:
                raise Unreadable(f"{path}: too many links")
            target = self._driver.target(found)
            way = [self._root] if target.startswith("/") else way
            todo += _steps(target)
        return way[-1]

    def _node(self, name: Name, folder: Node) -> Node:
        """Every path leads through the same few folders."""
        known = self._nodes.get((folder.number, name))
        if known is None:
            known = self._driver.node(name, folder)
            if len(self._nodes) < NODES_KEPT:
                self._nodes[folder.number, name] = known
        return known

    def _key(self, name: str) -> str:
        return folded(name) if self._driver.folds else name

    def _folder(self, folder: Node) -> dict[str, Name]:
        """What is in it, by name. A name that is there twice is damage: a block of the folder's own that stands where
        another should may have a checksum that matches, for not every file system's knows the place."""
        known = self._folders.get(folder.number)
        if known is None:
            known = {}
            for each in self._driver.names(folder):
                key = self._key(each.text)
                if key in known:
                    raise Unreadable(f"folder {folder.entry.name}: {each.text} is there twice")
                known[key] = each
                if len(known) > ENTRIES_MAX:
                    raise Unreadable(f"folder {folder.entry.name}: more than {ENTRIES_MAX} names")
            self._folders[folder.number] = known
        return known


def folded(name: str) -> str:
    """Letter by letter, as Windows: to it no letter becomes two, and none of another alphabet a Latin one."""
    return name.upper() if name.isascii() else "".join(map(_folded, name))


def _folded(letter: str) -> str:
    upper = letter.upper()
    return upper if len(upper) == 1 and (letter.isascii() or not upper.isascii()) else letter


def _steps(path: str) -> list[str]:
    """The last one first."""
    steps = [each for each in path.split("/") if each not in {"", "."}]
    if len(steps) > DEPTH_MAX:
        raise Unreadable(f"a path of {len(steps)} folders")
    return steps[::-1]


def text(name: bytes) -> str:
    """A name's bytes as text; no two become one. What is no UTF-8 becomes what no printed text holds, so such a name
    equals none that anybody looks for."""
    return name.decode(errors="surrogateescape")

"""The file systems of a disk as the system on it sees them: joined where its fstab mounts them.

What cannot be read (a volume of LVM, btrfs) and what is on another disk hides what is below it: paths there are
unreadable, never absent.
"""

from collections.abc import Iterator, Mapping

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import Entry, FileSystem, Kind
from calco.inspection.files.volumes import Disk
from calco.inspection.linux import fstab
from calco.inspection.linux.files import matching, text

LINKS_MAX = 40
"""Source: path_resolution(7)."""
PARTS_MAX = 1_000
CACHE_MAX = 50_000

Mounted = FileSystem | str
"""A file system, or why there is none to be read."""


class Tree:
    """``FileSystem`` of the root and what is mounted below it."""

    def __init__(self, root: FileSystem, mounts: Mapping[str, Mounted], stands_on: tuple[str, ...] = ()) -> None:
        """``stands_on``: the paths whose file systems have a say in ``stale``."""
        self.type, self.uuid, self.label = root.type, root.uuid, root.label
        self._mounts: dict[str, Mounted] = {**mounts, "/": root}
        self._links: dict[str, str | None] = {}
        under = {self._mount_of(self.real(each)) for each in stands_on} | {"/"}
        say = {each: self._mounts[each] for each in sorted(under)}
        self.stale = "; ".join(
            f"{at}: {each.stale}" for at, each in say.items() if not isinstance(each, str) and each.stale
        )

    def entry(self, path: str) -> Entry | None:
        files, inner = self._place(path)
        return files.entry(inner)

    def link(self, path: str) -> str | None:
        files, inner = self._place(path, follow_last=False)
        return files.link(inner)

    def list(self, path: str) -> list[Entry] | None:
        files, inner = self._place(path)
        return files.list(inner)

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        files, inner = self._place(path)
        return files.read(inner, limit_bytes)

    def tail(self, path: str, limit_bytes: int) -> bytes | None:
        files, inner = self._place(path)
        return files.tail(inner, limit_bytes)

    def real(self, path: str) -> str:
        """Where ``path`` leads to, which is where something is mounted that is to be mounted there."""
        try:
            return self._real(path, follow_last=True)
        except Unreadable:
            return path

    @property
    def mounted(self) -> Iterator[tuple[str, FileSystem]]:
        """What is mounted below the root, and can be read."""
        return ((at, each) for at, each in self._mounts.items() if at != "/" and not isinstance(each, str))

    def _place(self, path: str, follow_last: bool = True) -> tuple[FileSystem, str]:
        """Where ``path`` leads to, and the path there. Raises Unreadable."""
        real = self._real(path, follow_last)
        return self._files(self._mount_of(real), real)

    def _real(self, path: str, follow_last: bool) -> str:
        """``path`` without links, which may lead from one file system into another."""
        way: list[str] = []
        todo, hops = _names(path)[::-1], 0
        while todo:
            name = todo.pop()
            if name == "..":
                way = way[:-1]
                continue
            here = "/" + "/".join([*way, name])
            target = self._target(here) if todo or follow_last else None
            if target is None:
                way.append(name)
                continue
            hops += 1
            if hops > LINKS_MAX or len(todo) > PARTS_MAX:
                raise Unreadable(f"{path}: too many links")
            way = [] if target.startswith("/") else way
            todo += _names(target)[::-1]
        return "/" + "/".join(way)

    def _target(self, path: str) -> str | None:
        if path in self._mounts:
            return None
        if path not in self._links:
            if len(self._links) > CACHE_MAX:
                self._links.clear()
            files, inner = self._files(self._mount_of(path), path)
            self._links[path] = files.link(inner)
        return self._links[path]

    def _mount_of(self, path: str) -> str:
        way = path
        while way not in self._mounts:
            way = way.rpartition("/")[0] or "/"
        return way

    def _files(self, at: str, path: str) -> tuple[FileSystem, str]:
        mounted = self._mounts[at]
        if isinstance(mounted, str):
            raise Unreadable(f"{path} cannot be read: {at} is {mounted}")
        return mounted, path if at == "/" else path[len(at) :] or "/"


def _names(path: str) -> list[str]:
    return [each for each in path.split("/") if each not in {"", "."}]


def joined(disk: Disk, root: FileSystem, stands_on: tuple[str, ...]) -> Tree:
    """The tree that the root's fstab describes. Raises Unreadable when fstab cannot be read, or is another root's."""
    mounts: dict[str, Mounted] = {}
    bare = Tree(root, {})
    for line in _lines(bare):
        if line.where == "/" and line.is_part:
            raise Unreadable(f"its root is a folder of {line.what}")
        if line.where == "/" and [each.files for each in fstab.volumes(line.what, disk)] != [root]:
            raise Unreadable(f"its root is {line.what}, which is not the volume it was found on")
        if line.is_of_a_disk and line.where.startswith("/") and line.where != "/":
            mounted = _mounted(line, disk, stands_on)
            if mounted is not None:
                mounts[Tree(root, mounts).real(line.where)] = mounted
    return Tree(root, mounts, stands_on)


def _lines(bare: Tree) -> Iterator[fstab.Line]:
    """Of fstab, and of mount units that say the same."""
    yield from fstab.read(text(bare, "/etc/fstab") or "")
    for path, entry in matching(bare, "/etc/systemd/system/*.mount", "/usr/lib/systemd/system/*.mount"):
        if entry.kind is not Kind.FILE:  # masked: a link to /dev/null
            continue
        unit = fstab.read_unit(text(bare, path) or "")
        if unit is not None:
            yield unit


def _mounted(line: fstab.Line, disk: Disk, stands_on: tuple[str, ...]) -> Mounted | None:
    """None for what is not there when an image of the disk boots, and hides nothing that matters."""
    found = fstab.volumes(line.what, disk)
    if line.is_part:
        return f"a folder of {line.what}"
    if len(found) == 1:
        return found[0].files or f"on {found[0].name} ({found[0].content}), which cannot be read"
    if found:
        return f"on {line.what}, which more than one volume is"
    hides = any(each == line.where or each.startswith(line.where + "/") for each in stands_on)
    if not hides and not line.is_needed and fstab.is_elsewhere(line.what, disk):
        return None
    return f"on {line.what}, which was not found among what can be read of this disk"

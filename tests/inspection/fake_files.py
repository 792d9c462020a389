"""A file system made of a tree, in memory: for rules that need many disks, and for what no real one does on demand."""

from collections.abc import Collection
from posixpath import normpath

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import Entry, Kind
from calco.inspection.files.volumes import Disk, Volume
from tests.inspection.disks import File, Folder, Link, Memory, Tree

HOPS_MAX = 40


class FakeFiles:
    """``FileSystem``. ``broken``: paths that cannot be read, with all below."""

    def __init__(
        self, tree: Tree, *, broken: Collection[str] = (), stale: str = "", uuid: str = "", label: str | None = None
    ) -> None:
        self.type, self.uuid, self.stale = "ext4", uuid, stale
        self.label = ("root" if "/etc/fstab" in tree else "") if label is None else label
        self._broken = broken
        self._nodes: dict[str, File | Link | Folder] = {"/": Folder()}
        for path, what in tree.items():
            parts = path.strip("/").split("/")
            for end in range(1, len(parts)):
                self._nodes.setdefault("/" + "/".join(parts[:end]), Folder())
            self._nodes[path] = File(what) if isinstance(what, bytes) else what
        self._children: dict[str, dict[str, File | Link | Folder]] = {}
        for path, node in self._nodes.items():
            self._children.setdefault(path.rpartition("/")[0] or "/", {})[path] = node

    def entry(self, path: str) -> Entry | None:
        real = self._real(path)
        return None if real is None else _entry(real, self._nodes[real])

    def link(self, path: str) -> str | None:
        real = self._real(path, follow_last=False)
        node = None if real is None else self._nodes[real]
        return node.target if isinstance(node, Link) else None

    def list(self, path: str) -> list[Entry] | None:
        real = self._real(path)
        if real is None or not isinstance(self._nodes[real], Folder):
            return None
        return [_entry(each, node) for each, node in self._children.get(real, {}).items() if each != "/"]

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        real = self._real(path)
        node = None if real is None else self._nodes[real]
        return node.content[:limit_bytes] if isinstance(node, File) else None

    def tail(self, path: str, limit_bytes: int) -> bytes | None:
        content = self.read(path, 1 << 40)
        return None if content is None else content[-limit_bytes:]

    def _real(self, path: str, follow_last: bool = True, hops: int = 0) -> str | None:
        if hops > HOPS_MAX:
            raise Unreadable(f"{path}: too many links")
        parts, here = [each for each in normpath("/" + path).split("/") if each], ""
        for index, part in enumerate(parts):
            here = f"{here}/{part}"
            node = self._nodes.get(here)
            if node is None:
                return None
            if here in self._broken:
                raise Unreadable(f"{here} is damaged")
            if isinstance(node, Link) and (follow_last or index < len(parts) - 1):
                start = node.target if node.target.startswith("/") else f"{here.rpartition('/')[0]}/{node.target}"
                return self._real("/".join([start, *parts[index + 1 :]]), follow_last, hops + 1)
        return here or "/"


def _entry(path: str, node: File | Link | Folder) -> Entry:
    name = path.rpartition("/")[2] or "/"
    match node:
        case File(content, mode, owner, modified):
            return Entry(name, Kind.FILE, len(content), mode, owner, modified)
        case Link(target):
            return Entry(name, Kind.LINK, len(target))
        case Folder(mode, owner):
            return Entry(name, Kind.FOLDER, 4096, mode, owner)


def fake_disk(*files: FakeFiles | str) -> Disk:
    """A disk with these in partitions 1, 2...; a word stands for one that cannot be read, and says what it holds."""
    volumes = [
        Volume(f"partition {number}", number << 20, 1 << 30, each, None, "is not read", f"part-{number}", number)
        if isinstance(each, str)
        else Volume(f"partition {number}", number << 20, 1 << 30, each.type, each, "", f"part-{number}", number)
        for number, each in enumerate(files, 1)
    ]
    return Disk(Memory(bytes(1024)), "gpt", tuple(volumes))

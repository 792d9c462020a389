"""Opens NTFS: names out of the folders' own indexes, strictly, bytes of files and attributes by The Sleuth Kit.

What NTFS keeps beside a file's plain bytes is told: links (reparse points), what the system compressed or encrypted.
Compressed clusters are read; a file that is kept in the Windows overlay (``compact /exe``) is not, and says so.

Source: [MS-FSCC] 2.1.2 (reparse points) and 2.4; Linux, fs/ntfs3/ntfs.h (records on the disk); ntfs-3g, ntfsresize and
libntfs-3g/logfile.c, unmount (what tells that Windows was shut down cleanly).
"""

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from calco.inspection.blocks import Blocks, Unreadable
from calco.inspection.files import ntfs_index
from calco.inspection.files.file_system import Entry, FileSystem, Kind
from calco.inspection.files.nodes import Name, Node, NodeFileSystem
from calco.inspection.files.tsk import Attribute, Tsk
from calco.inspection.text import utf_16

STANDARD, VOLUME_NAME, VOLUME_INFORMATION, DATA, INDEX_ROOT, INDEX_ALLOCATION = 0x10, 0x60, 0x70, 0x80, 0x90, 0xA0
REPARSE_POINT, UTILITY_STREAM = 0xC0, 0x100

LOG_FILE, VOLUME, ROOT = 2, 3, 5
"""Numbers of the files of the system's own."""

DIRTY = 0x0001
VOLUME_IS_CLEAN = 0x0002
NO_CLIENT = 0xFFFF

MOUNT_POINT, SYMBOLIC_LINK, OVERLAY = 0xA0000003, 0xA000000C, 0x80000017
"""Reparse tags. Source: [MS-FSCC] 2.1.2.1."""

ATTRIBUTE_MAX = 64 << 20
SYSTEM_DRIVE = "C:"


class Files(Protocol):
    """What of ``Tsk`` is asked."""

    def entry(self, number: int, name: str) -> tuple[Entry, int]: ...

    def content(self, number: int, offset: int, length: int, attribute: Attribute | None = None) -> bytes: ...

    def attributes(self, number: int) -> list[Attribute]: ...


def open_ntfs(blocks: Blocks) -> FileSystem:
    """Raises Unreadable."""
    boot = blocks.read(0, 512)
    (serial,) = struct.unpack_from("<Q", boot, 0x48)
    driver = NtfsDriver(Tsk(blocks, "ntfs"), _cluster_bytes(boot))
    files = NodeFileSystem(driver, "ntfs", uuid=f"{serial:016X}", label=driver.label())
    files.stale = driver.stale() or _hibernated(files)
    return files


def _cluster_bytes(boot: bytes) -> int:
    sector, sectors = struct.unpack_from("<HB", boot, 0x0B)
    size = int(sector * (sectors if sectors <= 0x80 else 1 << min(256 - sectors, 31)))
    if not 512 <= size <= 2 << 20 or size & (size - 1):
        raise Unreadable("NTFS: a boot sector that makes no sense")
    return size


def _hibernated(files: NodeFileSystem) -> str:
    """Source: ntfs-3g, libntfs-3g/volume.c, the check of the hibernation file: ``hibr`` is a system that sleeps."""
    try:
        start = files.read("/hiberfil.sys", 4)
    except Unreadable as why:
        return f"whether Windows is hibernated cannot be read: {why}"
    return "Windows is hibernated, or was shut down by fast startup" if start in {b"hibr", b"HIBR"} else ""


class NtfsDriver:
    """``nodes.Driver``."""

    folds = True
    root = ROOT

    def __init__(self, tsk: Files, cluster_bytes: int) -> None:
        self._tsk = tsk
        self._cluster_bytes = cluster_bytes

    def names(self, folder: Node) -> Iterator[Name]:
        allocation = self._attribute(folder.number, INDEX_ALLOCATION, "$I30")
        root = self._whole(folder.number, INDEX_ROOT, "$I30")
        if root is None:
            raise Unreadable(f"NTFS: folder {folder.entry.name} has no index")

        def block(at: int, length: int) -> bytes:
            if allocation is None or at + length > allocation.size_bytes:
                raise Unreadable(f"NTFS: the index of folder {folder.entry.name} is cut short")
            return self._tsk.content(folder.number, at, length, allocation)

        for name in ntfs_index.names(root, block, self._cluster_bytes, folder.number):
            if name.text != ".":
                yield name

    def node(self, name: Name, folder: Node) -> Node:
        entry, stamp = self._tsk.entry(name.number, name.text)
        if stamp != name.stamp:
            raise Unreadable(f"NTFS: {name.text} leads to what was replaced")
        return Node(self._as_windows_has_it(entry, name.number), name.number, folder.number)

    def target(self, link: Node) -> str:
        tag, target = self._reparse(link.number)
        if target is None:
            raise Unreadable(f"{link.entry.name} is a reparse point of kind 0x{tag:08X}")
        return target

    def content(self, file: Node, offset: int, length: int) -> bytes:
        if self._attribute(file.number, UTILITY_STREAM, "$EFS"):
            raise Unreadable(f"{file.entry.name} is encrypted (EFS)")
        if self._attribute(file.number, REPARSE_POINT):
            tag, _ = self._reparse(file.number)
            how = "compressed by Windows (compact /exe)" if tag == OVERLAY else f"a reparse point of kind 0x{tag:08X}"
            raise Unreadable(f"{file.entry.name} is {how}, which is not read")
        data = self._attribute(file.number, DATA)
        if data is None or offset + length > data.size_bytes:
            raise Unreadable(f"NTFS: {file.entry.name} is cut short")
        return self._tsk.content(file.number, offset, length, data)

    def label(self) -> str:
        name = self._whole(VOLUME, VOLUME_NAME)
        return utf_16(name) if name else ""

    def stale(self) -> str:
        information = self._whole(VOLUME, VOLUME_INFORMATION)
        if information is None or len(information) < 12:
            raise Unreadable("NTFS: what is known of the volume is missing")
        if int.from_bytes(information[10:12], "little") & DIRTY:
            return "it is marked dirty: Windows would check it first"
        log = self._attribute(LOG_FILE, DATA)
        if log is None or log.size_bytes < 8192:
            return "its log is missing"
        return "" if log_is_clean(self._tsk.content(LOG_FILE, 0, 8192, log)) else "its log holds what was not finished"

    def _as_windows_has_it(self, entry: Entry, number: int) -> Entry:
        """The library makes up permissions, owners, and kinds of links."""
        entry = replace(entry, mode=0, owner=0)
        if self._attribute(number, REPARSE_POINT):
            tag, target = self._reparse(number)
            if target is not None:
                return replace(entry, kind=Kind.LINK, size_bytes=len(target))
            if tag == OVERLAY:
                return entry
        if entry.kind is Kind.FILE:
            data = self._attribute(number, DATA)
            return replace(entry, size_bytes=data.size_bytes if data else 0)
        return entry

    def _reparse(self, number: int) -> tuple[int, str | None]:
        """Its tag, and where it leads to when it is a link."""
        raw = self._whole(number, REPARSE_POINT)
        if raw is None or len(raw) < 8:
            raise Unreadable(f"NTFS: the reparse point of file {number} is cut short")
        (tag,) = struct.unpack_from("<I", raw)
        head = {MOUNT_POINT: 16, SYMBOLIC_LINK: 20}.get(tag)
        if head is None:
            return tag, None
        if len(raw) < head:
            raise Unreadable(f"NTFS: the link {number} is cut short")
        at, length = struct.unpack_from("<HH", raw, 8)
        return tag, _with_slashes(utf_16(raw[head + at : head + at + length]))

    def _attribute(self, number: int, type: int, name: str = "") -> Attribute | None:
        for each in self._tsk.attributes(number):
            if each.type == type and (each.name == name or (not name and each.name in {"", "N/A", "$Data"})):
                return each
        return None

    def _whole(self, number: int, type: int, name: str = "") -> bytes | None:
        found = self._attribute(number, type, name)
        if found is None:
            return None
        if found.size_bytes > ATTRIBUTE_MAX:
            raise Unreadable(f"NTFS: an attribute of {found.size_bytes} bytes")
        return self._tsk.content(number, 0, found.size_bytes, found) if found.size_bytes else b""


def _with_slashes(target: str) -> str:
    """A path on this volume as everything here writes it. ``C:`` is taken for the volume it stands on."""
    plain = target.removeprefix("\\??\\").removeprefix("\\\\?\\")
    if plain[1:2] == ":":
        if plain[:2].upper() != SYSTEM_DRIVE:
            raise Unreadable(f"a link leads to drive {plain[:2]}")
        plain = plain[2:] or "\\"
    elif plain != target or plain.startswith("\\\\"):
        raise Unreadable("a link leads to another volume")
    return plain.replace("\\", "/")


def log_is_clean(log: bytes) -> bool:
    """Whether a volume's $LogFile says that nothing is left to be done; ``log`` holds its two restart pages.

    Source: ntfs-3g, libntfs-3g/logfile.c: clean is a log without clients, marked clean, or emptied (all ones).
    """
    if log[:4] == b"\xff\xff\xff\xff":
        return log.count(0xFF) == len(log)
    pages = [each for each in (_restart(log, 0), _restart(log, 4096)) if each is not None]
    if not pages:
        return False
    _, clients, flags = max(pages)
    return clients == NO_CLIENT or bool(flags & VOLUME_IS_CLEAN)


def _restart(log: bytes, at: int) -> tuple[int, int, int] | None:
    """A restart area's number, its list of clients and its flags."""
    if log[at : at + 4] not in {b"RSTR", b"CHKD"}:
        return None
    (area,) = struct.unpack_from("<H", log, at + 0x18)
    if not 0x1E <= area <= 0x1E0:
        return None
    number, _, _, clients, flags = struct.unpack_from("<QHHHH", log, at + area)
    return number, clients, flags

"""Builds small real disks without root and without a mount: file systems from trees, tables around them.

A tree maps paths (``/etc/passwd``) to bytes (a file of mode 0644 owned by root) or to a ``File``, ``Link`` or
``Folder``; folders above are made. Every builder answers bytes, in some tens of milliseconds::

    root = ext4({"/etc/os-release": b"ID=debian\\n", "/etc/localtime": Link("/usr/share/zoneinfo/UTC")})
    disk = gpt(Partition(fat({"/EFI/x": b""}), ESP), Partition(root))
    files = files_of(disk, number=2)      # a FileSystem, as the checks get it
    seen = look(Memory(disk))             # a whole inspection, in this process

``Memory(disk).written(at, words)`` is that disk with other bytes there; its ``holes`` refuse to be read.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import Entry, FileSystem, Kind
from calco.inspection.files.partitions import volumes_of
from calco.inspection.files.volumes import Volume
from calco.ports import Extent

MIB = 1 << 20


@dataclass(frozen=True)
class File:
    content: bytes = b""
    mode: int = 0o644
    owner: int = 0
    modified: int = 1_700_000_000


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Folder:
    mode: int = 0o755
    owner: int = 0


Tree = Mapping[str, bytes | File | Link | Folder]


@dataclass
class Memory:
    """``Blocks`` in memory. ``holes``: offset and length of what cannot be read; ``over``: offset and bytes that lie
    over the rest, the last on top. ``reads`` counts."""

    content: bytes
    holes: Sequence[tuple[int, int]] = ()
    over: Sequence[tuple[int, bytes]] = ()
    reads: int = field(default=0, compare=False)
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.size_bytes = len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        self.reads += 1
        for start, count in self.holes:
            if offset < start + count and start < offset + length:
                raise Unreadable(f"bytes {start} to {start + count} cannot be read")
        read = self.content[offset : offset + length]
        for start, words in self.over:
            begin, end = max(offset, start), min(offset + len(read), start + len(words))
            if begin < end:
                read = read[: begin - offset] + words[begin - start : end - start] + read[end - offset :]
        return read

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """So that it is a ``VolumeView`` too."""
        return iter((Extent(offset, length),))

    def written(self, offset: int, words: bytes) -> "Memory":
        """The same with other bytes there."""
        assert offset + len(words) <= len(self.content)
        return Memory(self.content, self.holes, (*self.over, (offset, words)))


LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
WINDOWS = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
RESERVED = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
"""Types of a GPT's partitions. Source: UEFI specification 2.10, table 5-7; Microsoft, PARTITION_INFORMATION_GPT."""


@dataclass(frozen=True)
class Partition:
    """``type`` is a GPT's; ``mbr_type`` an MBR's (hex, as sfdisk takes it; ``5`` holds logical ones)."""

    content: bytes
    type: str = LINUX
    mbr_type: str = "83"
    uuid: str = ""
    label: str = ""


def files_of(disk: bytes | Memory, number: int = 0) -> FileSystem:
    """The file system in the partition of that number, or on the whole disk. Fails when it cannot be read."""
    found = volume_of(disk, number)
    assert found.files is not None, f"{found.content}: {found.why}"
    return found.files


def tree_of(files: FileSystem, folder: str = "/") -> dict[str, tuple[Entry, bytes | str | None]]:
    """Everything on a file system: path to what it is and its bytes, or where it leads."""
    found: dict[str, tuple[Entry, bytes | str | None]] = {}
    for entry in files.list(folder) or []:
        path = f"{folder.rstrip('/')}/{entry.name}"
        target = files.link(path)
        if entry.kind is Kind.FOLDER and target is None:
            found |= tree_of(files, path)
        found[path] = entry, target if target is not None else files.read(path, 1 << 26)
    return found


def volume_of(disk: bytes | Memory, number: int = 0) -> Volume:
    """The volume of that number; 0 is the whole disk."""
    seen = volumes_of(disk if isinstance(disk, Memory) else Memory(disk))
    (found,) = [each for each in seen.volumes if each.number == number]
    return found


def names_left(disk: Memory, folder: str) -> list[str] | None:
    """What a damaged file system lists of a folder that it holds; None when it says that it cannot be read."""
    seen = volume_of(disk)
    if seen.files is None:
        return None
    try:
        listed = seen.files.list(folder)
    except Unreadable:
        return None
    assert listed is not None, f"{folder} is gone, and nobody says why"
    return [each.name for each in listed]


# ----- file systems


def ext4(tree: Tree, *, type: str = "ext4", size_mib: int = 8, options: Sequence[str] = ()) -> bytes:
    """ext2, ext3 or ext4 (``type``); ``options`` go to mke2fs (``["-L", "root"]``, ``["-O", "^metadata_csum"]``)."""
    with _image(size_mib) as image, laid_out(tree) as folder:
        run("mke2fs", "-q", "-F", "-t", type, "-d", folder, *options, image)
        owners = "".join(
            f"set_inode_field {path} uid {each.owner}\n"
            for path, each in tree.items()
            if isinstance(each, File | Folder) and each.owner
        )
        if owners:
            run("debugfs", "-w", "-f", "-", image, stdin=owners)
        return image.read_bytes()


def debugfs(disk: bytes, *commands: str) -> bytes:
    """A bare ext file system after debugfs(8) has done those commands to it."""
    return changed_by(disk, "debugfs", "-w", "-f", "-", stdin="\n".join(commands) + "\n")


def unfinished(
    before: bytes, after: bytes, *, checksums: bool = True, committed: bool = True, revoked: Sequence[int] = ()
) -> bytes:
    """A bare ext3 or ext4 as ``before``, whose journal holds what makes ``after`` of it: a running machine's.

    ``revoked``: blocks that a second transaction takes back. Not ``committed``: the journal was being written.
    """
    size = block_bytes_of(before)
    blocks = [at for at in range(len(before) // size) if _block(before, at, size) != _block(after, at, size)]
    with tempfile.TemporaryDirectory() as name:
        words = Path(name, "words")
        words.write_bytes(b"".join(_block(after, at, size) for at in blocks))
        listed = ",".join(map(str, blocks))
        return debugfs(
            before,
            "journal_open -c" if checksums else "journal_open",
            f"journal_write {'' if committed else '-c '}-b {listed} {words}",
            *([f"journal_write -r {','.join(map(str, revoked))}"] if revoked else []),
            "journal_close",
        )


def repaired(disk: bytes) -> bytes:
    """A bare ext file system after e2fsck(8) has replayed its journal and put the rest right."""
    return changed_by(disk, "e2fsck", "-f", "-y", accept=(0, 1))


def block_bytes_of(disk: bytes) -> int:
    """Of a bare ext file system."""
    return 1024 << int.from_bytes(disk[1048:1052], "little")


def _block(disk: bytes, number: int, size: int) -> bytes:
    return disk[number * size : (number + 1) * size]


def xfs(tree: Tree, *, size_mib: int = 32, options: Sequence[str] = ()) -> bytes:
    """XFS by a prototype (mkfs.xfs(8)): names without blanks; every file is written now."""
    with _image(size_mib) as image, laid_out(tree) as folder, tempfile.TemporaryDirectory() as beside:
        prototype = Path(beside, "prototype")
        prototype.write_text("/dev/null\n0 0\nd--755 0 0\n" + "".join(_prototype(folder, tree)) + "$\n")
        # Smaller than 300 MB is for tests only, and says so. Source: mkfs.xfs(8), --unsupported.
        env = {"TEST_DIR": "1", "TEST_DEV": "1", "QA_CHECK_FS": "1"}
        run("mkfs.xfs", "-q", "-f", *options, "-p", prototype, image, env=env)
        return image.read_bytes()


def fat(tree: Tree, *, size_mib: int = 4, options: Sequence[str] = ()) -> bytes:
    """FAT (12, 16 or 32 by size, or ``["-F", "32"]``)."""
    with _image(size_mib) as image, laid_out(tree) as folder:
        run("mkfs.vfat", *options, image)
        if tree:
            run("mcopy", "-s", "-m", "-i", image, *sorted(folder.iterdir()), "::")
        return image.read_bytes()


def ntfs(tree: Tree, *, size_mib: int = 8, options: Sequence[str] = ()) -> bytes:
    """NTFS; links become symbolic links of NTFS."""
    with _image(size_mib) as image, laid_out(tree) as folder, tempfile.TemporaryDirectory() as beside:
        run("mkntfs", "-F", "-f", "-q", "-s", "512", "-p", "0", "-H", "16", "-S", "63", *options, image)
        if tree:
            captured = Path(beside, "tree.wim")
            # Without a configuration it leaves out what a backup does not want, hiberfil.sys among it.
            run("wimcapture", "--compress=none", "--no-acls", "--config=/dev/null", folder, captured)
            run("wimapply", captured, "1", image)
        return image.read_bytes()


# ----- tables


def gpt(*partitions: Partition) -> bytes:
    """A GPT with those partitions from 1 MiB on, on whole MiB."""
    starts, size = _places(partitions)
    lines = [
        f"{_line(start, each)}, type={each.type}"
        + (f", uuid={each.uuid}" if each.uuid else "")
        + (f', name="{each.label}"' if each.label else "")
        for start, each in zip(starts, partitions, strict=True)
    ]
    return _filled("gpt", lines, size, starts, partitions)


def mbr(*partitions: Partition, logical: Sequence[Partition] = ()) -> bytes:
    """An MBR with those partitions, and an extended one with ``logical`` ones (numbers 5...) when there are any."""
    starts, size = _places(partitions)
    inner, end = [], size
    for each in logical:
        inner.append(end + 1)
        end += 1 + _mebibytes(each.content)
    lines = [f"{_line(start, each)}, type={each.mbr_type}" for start, each in zip(starts, partitions, strict=True)]
    if logical:
        lines += [f"{len(partitions) + 1}: start={size * 2048}, size={(end - size) * 2048}, type=5"]
        lines += [
            f"{number}: {_line(start, each)}, type={each.mbr_type}"
            for number, (start, each) in enumerate(zip(inner, logical, strict=True), 5)
        ]
    return _filled("dos", lines, end, [*starts, *inner], [*partitions, *logical])


def _line(start: int, partition: Partition) -> str:
    return f"start={start * 2048}, size={_mebibytes(partition.content) * 2048}"


def _places(partitions: Sequence[Partition]) -> tuple[list[int], int]:
    starts, end = [], 1
    for each in partitions:
        starts.append(end)
        end += _mebibytes(each.content)
    return starts, end


def _mebibytes(content: bytes) -> int:
    return -(-len(content) // MIB)


def _filled(
    label: str, lines: Sequence[str], size_mib: int, starts: Sequence[int], partitions: Sequence[Partition]
) -> bytes:
    with _image(size_mib + 1) as image:
        script = "\n".join([f"label: {label}", *lines, ""])
        run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", image, stdin=script)
        with image.open("r+b") as file:
            for start, each in zip(starts, partitions, strict=True):
                file.seek(start * MIB)
                file.write(each.content)
        return image.read_bytes()


# ----- below


@contextmanager
def laid_out(tree: Tree) -> Iterator[Path]:
    """The tree in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, each in tree.items():
            place = folder / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            _lay(place, File(each) if isinstance(each, bytes) else each)
        yield folder


def _lay(place: Path, what: File | Link | Folder) -> None:
    match what:
        case File(content, mode, _, modified):
            place.write_bytes(content)
            place.chmod(mode)
            os.utime(place, (modified, modified))
        case Link(target):
            place.symlink_to(target)
        case Folder(mode, _):
            place.mkdir(exist_ok=True)
            place.chmod(mode)


def _prototype(folder: Path, tree: Tree) -> Iterator[str]:
    """Source: mkfs.xfs(8), the prototype file."""
    owners = {path.strip("/"): each.owner for path, each in tree.items() if isinstance(each, File | Folder)}

    def lines(here: Path) -> Iterator[str]:
        for each in sorted(here.iterdir()):
            owner = owners.get(str(each.relative_to(folder)), 0)
            if each.is_symlink():
                yield f"{each.name} l--777 0 0 {each.readlink()}\n"
                continue
            mode = f"{each.stat().st_mode & 0o777:03o}"
            if each.is_dir():
                yield f"{each.name} d--{mode} {owner} 0\n"
                yield from lines(each)
                yield "$\n"
            else:
                yield f"{each.name} ---{mode} {owner} 0 {each}\n"

    return lines(folder)


@contextmanager
def _image(size_mib: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        image = Path(name, "image")
        image.touch()
        os.truncate(image, size_mib * MIB)
        yield image


def changed_by(disk: bytes, *argv: str, stdin: str = "", accept: Sequence[int] = (0,)) -> bytes:
    """A disk after a program was run on it; its file comes last."""
    with _image(0) as image:
        image.write_bytes(disk)
        run(*argv, image, stdin=stdin, accept=accept)
        return image.read_bytes()


def run(
    *argv: str | Path,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    accept: Sequence[int] = (0,),
) -> str:
    """What the program says; fails with its own words."""
    done = subprocess.run(
        [str(each) for each in argv],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        timeout=60,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **(env or {})},
    )
    assert done.returncode in accept, f"{argv}: {done.stderr or done.stdout}"
    said: str = done.stdout
    return said

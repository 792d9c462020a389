"""XFS is read as mkfs.xfs wrote it; what its library does not check is checked; a log that is not clean is said."""

import struct
from collections.abc import Sequence
from functools import cache

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import Kind
from calco.inspection.files.xfs import superblock
from calco.inspection.files.xfs_log import is_clean
from tests.inspection.disks import File, Folder, Link, Memory, Tree, files_of, names_left, volume_of, xfs

TREE: Tree = {
    "/etc/os-release": Link("../usr/lib/os-release"),
    "/usr/lib/os-release": b"ID=rhel\n",
    "/etc/shadow": File(b"root:*:\n", 0o600, 7),
    "/etc/ssh/ssh_host_rsa_key": b"-----BEGIN",
    "/empty": Folder(),
    "/long": Link("/" + "b" * 300),
    "/turn": Link("turn"),
    **{f"/some/a-rather-long-name-of-a-file-{number:04}": b"" for number in range(40)},
    **{f"/many/a-rather-long-name-of-a-file-{number:04}": b"" for number in range(500)},
}


@cache
def disk(options: Sequence[str] = ()) -> bytes:
    return xfs(TREE, options=options)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-m", "crc=0,finobt=0,rmapbt=0,reflink=0,bigtime=0,inobtcount=0"),
        ("-i", "nrext64=1"),
        ("-b", "size=1024"),
        ("-n", "size=8192"),
    ],
    ids=["version 5", "version 4", "long counts", "small blocks", "large folders"],
)
def test_a_tree_is_read_as_it_was_written(options: Sequence[str]) -> None:
    files = files_of(disk(options))

    assert (files.type, files.stale) == ("xfs", "")
    assert len(files.list("/many") or []) == 500
    assert len(files.list("/some") or []) == 40
    assert files.list("/empty") == []
    assert files.read("/etc/os-release", 100) == b"ID=rhel\n"
    assert files.tail("/etc/os-release", 3) == b"el\n"
    assert files.link("/long") == "/" + "b" * 300
    shadow = files.entry("/etc/shadow")
    assert shadow is not None
    assert (shadow.kind, shadow.size_bytes, shadow.mode, shadow.owner) == (Kind.FILE, 8, 0o600, 7)


def test_what_is_not_there_is_none() -> None:
    files = files_of(disk())

    for path in ("/nowhere", "/etc/shadow/below", "/etc/SSH", "/long"):
        assert files.entry(path) is None
        assert files.read(path, 10) is None
    with pytest.raises(Unreadable, match="too many links"):
        files.entry("/turn")


def test_uuid_and_label_are_those_that_fstab_writes() -> None:
    id = "2f1b3c44-8d0e-4f0a-9c1d-1234567890ab"
    files = files_of(xfs({}, options=("-L", "root", "-m", f"uuid={id}")))

    assert (files.uuid, files.label) == (id, "root")


def test_a_folder_in_blocks_with_a_wrong_bit_is_unreadable() -> None:
    at = disk().index(b"a-rather-long-name-of-a-file-0333")
    files = files_of(Memory(disk()).written(at, b"A"))

    with pytest.raises(Unreadable, match="checksum of a block"):
        files.list("/many")
    assert files.entry("/etc/shadow") is not None


def test_a_folder_in_its_inode_with_a_wrong_bit_is_unreadable() -> None:
    """The library takes the other name for granted, and the key for absent."""
    at = disk().index(b"ssh_host_rsa_key")
    files = files_of(Memory(disk()).written(at, b"S"))

    with pytest.raises(Unreadable, match="checksum of inode"):
        files.list("/etc/ssh")


@pytest.mark.slow
@settings(max_examples=40)
@given(st.data())
def test_no_damage_makes_a_key_disappear(data: st.DataObject) -> None:
    inode = disk().index(b"ssh_host_rsa_key") & ~511
    at = data.draw(st.sampled_from([0, inode])) + data.draw(st.integers(0, 447))
    words = data.draw(st.one_of(st.binary(min_size=1, max_size=64), st.just(bytes(64))))

    left = names_left(Memory(disk()).written(at, words), "/etc/ssh")

    assert left in (None, ["ssh_host_rsa_key"])


@pytest.mark.parametrize(
    ("at", "words", "why"), [(110, b"x", "checksum"), (219, b"\xf0", "checksum")], ids=["label", "features"]
)
def test_a_damaged_superblock_is_said(at: int, words: bytes, why: str) -> None:
    seen = volume_of(Memory(disk()).written(at, words))

    assert seen.files is None
    assert why in seen.why


def _with_features(features: int) -> bytes:
    sector = bytearray(disk()[:512])
    sector[216:220] = struct.pack(">I", features)
    sector[224:228] = bytes(4)
    sector[224:228] = struct.pack("<I", google_crc32c.value(bytes(sector)))
    return bytes(sector) + disk()[512:]


def test_one_that_finds_a_name_in_upper_case_too_is_not_read() -> None:
    sector = bytearray(disk()[:512])
    sector[100] |= 0x40
    sector[224:228] = bytes(4)
    sector[224:228] = struct.pack("<I", google_crc32c.value(bytes(sector)))

    seen = volume_of(bytes(sector) + disk()[512:])

    assert seen.files is None
    assert "upper and lower case" in seen.why


def test_features_that_are_not_known_are_said() -> None:
    seen = volume_of(_with_features(0x8003))

    assert (seen.content, seen.files) == ("xfs", None)
    assert "features" in seen.why


def test_a_file_system_in_need_of_repair_says_so() -> None:
    (features,) = struct.unpack_from(">I", disk(), 216)

    seen = volume_of(_with_features(features | 0x10))

    assert seen.files is None
    assert "in need of repair" in seen.why


def _log() -> tuple[int, int]:
    found = superblock(Memory(disk()))
    return found.byte_of_block(found.log_start), found.log_blocks * found.block_bytes


def test_a_log_that_does_not_end_with_an_unmount_is_said() -> None:
    start, _ = _log()
    unmount = start + 512 + 9
    assert disk()[unmount] == 0x20

    files = files_of(Memory(disk()).written(unmount, b"\0"))

    assert "its log was not put in its place" in files.stale


def test_a_log_that_went_on_after_an_unmount_is_not_clean() -> None:
    start, size = _log()
    record = bytearray(disk()[start : start + 1024])
    record[40:44] = struct.pack(">I", 3)

    assert is_clean(Memory(disk()), start, size)
    assert not is_clean(Memory(disk()).written(start + 1024, bytes(record)), start, size)


def test_a_log_that_went_around_is_followed_to_its_end() -> None:
    """The second round has reached block 10; the first fills the rest."""
    start, size = _log()
    old = b"".join(struct.pack(">I", 1) + bytes(508) for _ in range(size // 512))
    new = b"".join(struct.pack(">I", 2) + bytes(508) for _ in range(8))
    header = bytearray(disk()[start : start + 512])
    header[4:8] = struct.pack(">I", 2)
    last = bytearray(disk()[start + 512 : start + 1024])
    last[:4] = struct.pack(">I", 2)
    log = new + bytes(header) + bytes(last)
    blocks = Memory(disk()).written(start, log + old[len(log) :])

    assert is_clean(blocks, start, size)
    last[9] = 0
    assert not is_clean(blocks.written(start + len(log) - 512, bytes(last)), start, size)

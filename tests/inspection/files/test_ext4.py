"""ext2 to ext4 are read as their own tools read them, and damage never looks like absence."""

import struct
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.files.ext4 import Ext4
from calco.inspection.files.file_system import FileSystem, Kind
from tests.inspection.disks import (
    File,
    Folder,
    Link,
    Memory,
    Tree,
    block_bytes_of,
    debugfs,
    ext4,
    files_of,
    names_left,
    run,
    tree_of,
    volume_of,
)

KEYS = ("ssh_host_ecdsa_key", "ssh_host_ed25519_key", "ssh_host_rsa_key")
TREE: Tree = {
    "/etc/os-release": Link("../usr/lib/os-release"),
    "/usr/lib/os-release": b'ID=debian\nVERSION_ID="12"\n',
    "/etc/shadow": File(b"root:*:\n", 0o640, 0, 1_600_000_000),
    "/home/somebody": Folder(0o750, 1000),
    "/home/somebody/.ssh/authorized_keys": File(b"ssh-ed25519 AAAA", 0o600, 1000),
    "/long": Link("/" + "b" * 80),
    "/turn": Link("turn"),
    "/absolute": Link("/etc/../usr/lib"),
    "/empty": b"",
    **{f"/etc/ssh/{name}": b"-----BEGIN" for name in KEYS},
    **{f"/many/a-rather-long-name-of-a-file-{number:04}": b"" for number in range(400)},
}


@cache
def disk(type: str = "ext4", options: Sequence[str] = ()) -> bytes:
    return ext4(TREE, type=type, options=options)


@pytest.mark.parametrize(
    ("type", "options"),
    [
        ("ext4", ()),
        ("ext4", ("-b", "4096")),
        ("ext4", ("-O", "^metadata_csum")),
        ("ext4", ("-O", "^64bit,^flex_bg")),
        ("ext4", ("-I", "128")),
        ("ext3", ()),
        ("ext2", ()),
    ],
    ids=str,
)
def test_a_tree_is_read_as_it_was_written(type: str, options: Sequence[str]) -> None:
    files = files_of(disk(type, options))

    assert (files.type, files.stale) == (type, "")
    assert {each.name for each in files.list("/etc/ssh") or []} == {*KEYS}
    assert len(files.list("/many") or []) == 400
    assert files.read("/etc/os-release", 9) == b"ID=debian"
    assert files.tail("/absolute/os-release", 5) == b'"12"\n'
    assert files.link("/long") == "/" + "b" * 80
    shadow = files.entry("/etc/shadow")
    assert shadow is not None
    assert (shadow.kind, shadow.size_bytes, shadow.mode, shadow.modified) == (Kind.FILE, 8, 0o640, 1_600_000_000)
    owned = files.entry("/home/somebody/.ssh/authorized_keys")
    assert owned is not None
    assert (owned.owner, owned.mode) == (1000, 0o600)


def test_what_is_not_there_is_none() -> None:
    files = files_of(disk())

    for path in ("/nowhere", "/etc/shadow/below", "/etc/SSH", "/long", "/etc/ssh/ssh_host_dsa_key"):
        assert files.entry(path) is None
        assert files.list(path) is None
        assert files.read(path, 10) is None
        assert files.tail(path, 10) is None
    assert files.link("/etc/shadow") is None
    assert files.read("/etc", 10) is None
    assert files.list("/etc/shadow") is None
    assert files.read("/empty", 10) == b""


def test_a_link_that_leads_to_itself_cannot_be_followed() -> None:
    files = files_of(disk())

    assert files.link("/turn") == "turn"
    with pytest.raises(Unreadable, match="too many links"):
        files.entry("/turn")


def test_what_was_deleted_is_not_listed() -> None:
    files = files_of(debugfs(disk(), *(f"rm /etc/ssh/{name}" for name in KEYS)))

    assert files.list("/etc/ssh") == []


def test_uuid_and_label_are_those_that_fstab_writes() -> None:
    id = "2f1b3c44-8d0e-4f0a-9c1d-1234567890ab"
    files = files_of(ext4({}, options=("-L", "root", "-U", id)))

    assert (files.uuid, files.label) == (id, "root")


def test_a_file_with_holes_reads_as_zeros_there() -> None:
    files = files_of(debugfs(ext4({"/a": b""}), "set_inode_field /a size 5000"))

    assert files.read("/a", 10_000) == bytes(5000)


SCATTERED = b"".join((b"%01023d\n" % number) + bytes(1024) for number in range(40))
"""Every second block of it is a hole."""


def test_a_file_in_many_pieces_is_read_and_the_blocks_that_lead_there_are_checked() -> None:
    image = ext4({"/scattered": SCATTERED})
    fs = Ext4(Memory(image))
    inode = fs.inode(int(_debugfs_says(image, "stat /scattered").split("Inode: ")[1].split()[0]))
    assert len([*fs.runs(inode)]) == 40
    leaf = struct.unpack_from("<I", inode.block_map, 16)[0] * 1024

    assert files_of(image).read("/scattered", 1 << 20) == SCATTERED
    with pytest.raises(Unreadable, match="extent block"):
        _changed(image, leaf + 12 + 8, b"\x77").read("/scattered", 1 << 20)


def test_blocks_that_were_set_aside_and_not_written_read_as_zeros() -> None:
    """What lay there before belongs to somebody else."""
    image = debugfs(ext4({"/old": b"secret--" * 100_000}), "rm /old", "write /dev/null /new", "fallocate /new 0 600")
    image = debugfs(image, "set_inode_field /new size 600000")
    fs = Ext4(Memory(image))
    inode = fs.inode(int(_debugfs_says(image, "stat /new").split("Inode: ")[1].split()[0]))
    assert any(b"secret--" in fs.block(run.physical, run.count) for run in fs.runs(inode))

    assert files_of(image).read("/new", 1 << 20) == bytes(600_000)


@pytest.mark.parametrize("type", ["ext3", "ext4"])
def test_a_sparse_file_of_a_gibibyte_costs_what_lies_in_it(type: str) -> None:
    """As lastlog is. One wrong bit makes such a file of any."""
    blocks = Memory(debugfs(ext4({"/lastlog": b"x" * 3000}, type=type), "set_inode_field /lastlog size 0x40000000"))
    files = files_of(blocks)
    blocks.reads = 0

    assert [each.size_bytes for each in files.list("/") or [] if each.name == "lastlog"] == [1 << 30]
    assert files.read("/lastlog", 4000) == b"x" * 3000 + bytes(1000)
    assert files.tail("/lastlog", 5) == bytes(5)
    assert blocks.reads < 100


def _block_of(image: bytes, path: str) -> int:
    """Where the first block of something lies."""
    fs = Ext4(Memory(image))
    inode = int(_debugfs_says(image, f"stat {path}").split("Inode: ")[1].split()[0])
    return next(fs.runs(fs.inode(inode))).physical * block_bytes_of(image)


def _inode_of(image: bytes, path: str) -> int:
    """Where an inode lies. Source: debugfs's imap, which says block and offset."""
    said = _debugfs_says(image, f"imap {path}")
    block, offset = said.split("at block ")[1].split(",")[0], said.split("offset ")[1].split()[0]
    return int(block) * block_bytes_of(image) + int(offset, 16)


def _debugfs_says(image: bytes, command: str) -> str:
    import tempfile  # noqa: PLC0415

    with tempfile.NamedTemporaryFile() as file:
        file.write(image)
        file.flush()
        return run("debugfs", "-R", command, file.name)


def _changed(image: bytes, at: int, words: bytes) -> FileSystem:
    return files_of(Memory(image).written(at, words))


@pytest.mark.parametrize("options", [(), ("-O", "^metadata_csum")], ids=["with checksums", "without"])
def test_a_folder_whose_block_was_lost_is_unreadable_and_never_empty(options: Sequence[str]) -> None:
    image = disk("ext4", options)
    files = _changed(image, _block_of(image, "/etc/ssh"), bytes(1024))

    with pytest.raises(Unreadable):
        files.list("/etc/ssh")
    with pytest.raises(Unreadable):
        files.entry("/etc/ssh/ssh_host_rsa_key")
    assert files.entry("/etc/shadow") is not None


def test_one_wrong_bit_anywhere_in_a_folder_is_found() -> None:
    image = disk()
    block = _block_of(image, "/etc/ssh")
    for at in range(0, 1024, 7):
        files = _changed(image, block + at, bytes([image[block + at] ^ 0x10]))
        if at == 1015:  # kept for later use, and part of no checksum
            continue
        with pytest.raises(Unreadable):
            files.list("/etc/ssh")


def test_a_block_of_a_folder_in_place_of_another_of_its_blocks_is_found() -> None:
    """Its checksum knows the folder and not the place, so it matches; but then every name in it is there twice."""
    image = disk()
    fs, size = Ext4(Memory(image)), block_bytes_of(image)
    inode = int(_debugfs_says(image, "stat /many").split("Inode: ")[1].split()[0])
    blocks = [stretch.physical + each for stretch in fs.runs(fs.inode(inode)) for each in range(stretch.count)]
    files = _changed(image, blocks[3] * size, image[blocks[2] * size : (blocks[2] + 1) * size])

    with pytest.raises(Unreadable, match="is there twice"):
        files.list("/many")


def test_names_that_are_no_text_hide_each_other_no_more_than_others() -> None:
    names = ("\udce8", "\udce9", "e")
    files = files_of(Memory(debugfs(disk(), *(f"write /dev/null /etc/ssh/{each}" for each in names))))

    found = [each.name for each in files.list("/etc/ssh") or ()]

    assert len(found) == len(KEYS) + len(names)
    assert "e" in found


def test_one_wrong_bit_anywhere_in_an_inode_is_found() -> None:
    image = disk()
    inode = _inode_of(image, "/etc/ssh")
    for at in range(0, 160, 3):
        files = _changed(image, inode + at, bytes([image[inode + at] ^ 0x04]))
        with pytest.raises(Unreadable):
            files.list("/etc/ssh")


def test_the_root_of_an_indexed_folder_is_checked_too() -> None:
    image = disk()
    block = _block_of(image, "/many")
    files = _changed(image, block + 0x28, b"\x55")

    with pytest.raises(Unreadable, match="checksum of a block of folder"):
        files.list("/many")


def test_a_folder_with_a_hole_is_unreadable() -> None:
    image = disk("ext2")
    files = files_of(debugfs(image, "set_inode_field /etc/ssh size 2048"))

    with pytest.raises(Unreadable, match="cut short"):
        files.list("/etc/ssh")


def test_a_folder_that_stands_for_another_is_unreadable() -> None:
    """Without checksums a name may lead to the wrong inode: the folder there knows its parent."""
    image = disk("ext2")
    other = int(_debugfs_says(image, "stat /home/somebody/.ssh").split("Inode: ")[1].split()[0])
    at = image.index(b"ssh", _block_of(image, "/etc")) - 8
    files = _changed(image, at, struct.pack("<I", other))

    with pytest.raises(Unreadable, match="begin with itself"):
        files.list("/etc/ssh")


def test_a_key_whose_inode_became_a_folder_is_unreadable() -> None:
    """A sector of the table of inodes was written in the wrong place; its folder still knows better."""
    image = disk("ext2")
    key, folder = _inode_of(image, "/etc/ssh/ssh_host_rsa_key"), _inode_of(image, "/home/somebody")
    files = _changed(image, key, image[folder : folder + 128])

    with pytest.raises(Unreadable, match="not what its folder says"):
        files.list("/etc/ssh")


def test_a_group_descriptor_that_was_changed_is_found() -> None:
    image = disk()
    volume = volume_of(image[: 2048 + 8] + b"\xff" + image[2048 + 9 :])

    with pytest.raises(Unreadable, match="group 0"):
        _listed(volume.files)


def _listed(files: FileSystem | None) -> None:
    assert files is not None
    files.list("/")


@pytest.mark.parametrize(
    ("what", "at", "words", "why"),
    [
        ("checksum", 1024 + 0x78, b"other", "checksum"),
        ("magic", 1024 + 0x38, b"\0\0", "nothing that is known"),
    ],
    ids=str,
)
def test_a_damaged_superblock_is_said(what: str, at: int, words: bytes, why: str) -> None:
    image = disk()

    seen = volume_of(Memory(image).written(at, words))

    assert seen.files is None
    assert why in seen.why


@pytest.mark.parametrize("feature", [0x1, 0x1000, 0x40000], ids=["compression", "data in folders", "unknown"])
def test_a_file_system_with_features_that_are_not_known_is_not_read(feature: int) -> None:
    image = disk("ext2")
    (features,) = struct.unpack_from("<I", image, 1024 + 0x60)

    seen = volume_of(Memory(image).written(1024 + 0x60, struct.pack("<I", features | feature)))

    assert seen.files is None
    assert "features that are not read" in seen.why


def test_a_file_system_that_is_longer_than_its_volume_is_not_read() -> None:
    seen = volume_of(disk()[: 4 << 20])

    assert seen.files is None
    assert "larger than its volume" in seen.why


def test_folders_that_are_encrypted_are_named() -> None:
    image = disk("ext2")
    files = files_of(debugfs(image, "set_inode_field /etc/ssh flags 0x800"))

    with pytest.raises(Unreadable, match="encrypted"):
        files.list("/etc/ssh")


def test_folders_that_find_a_name_in_upper_case_too_are_named() -> None:
    files = files_of(debugfs(disk("ext2"), "set_inode_field /etc/ssh flags 0x40000000"))

    with pytest.raises(Unreadable, match="upper and lower case"):
        files.list("/etc/ssh")


@pytest.mark.parametrize("options", [(), ("-O", "^has_journal,^metadata_csum")], ids=["ext2", "ext4"])
def test_without_a_journal_the_superblock_says_whether_it_was_unmounted(options: Sequence[str]) -> None:
    image = disk("ext4" if options else "ext2", options)

    assert files_of(image).stale == ""
    assert "not unmounted" in files_of(Memory(image).written(1024 + 0x3A, bytes(2))).stale


@pytest.mark.slow
@settings(max_examples=60)
@given(st.data())
def test_no_damage_makes_a_key_disappear(data: st.DataObject) -> None:
    """Whatever is overwritten: the keys are listed, or the folder cannot be read."""
    image = disk()
    inode, block = _places()
    at = data.draw(st.sampled_from([1024, 2048, inode, block])) + data.draw(st.integers(0, 1023))
    words = data.draw(st.one_of(st.binary(min_size=1, max_size=64), st.just(bytes(512))))

    left = names_left(Memory(image).written(at, words), "/etc/ssh")

    assert left is None or set(left) == {*KEYS}


@cache
def _places() -> tuple[int, int]:
    return _inode_of(disk(), "/etc/ssh") & ~1023, _block_of(disk(), "/etc/ssh")


def test_a_large_file_of_blocks_that_point_to_blocks_is_read() -> None:
    content = b"".join(b"%07d\n" % number for number in range(100_000))
    for type in ("ext2", "ext4"):
        files = files_of(ext4({"/large": content}, type=type))

        assert files.read("/large", 1 << 20) == content
        assert files.tail("/large", 8) == b"0099999\n"


def test_every_file_is_what_debugfs_says_it_is() -> None:
    files = tree_of(files_of(disk()))

    assert len(files) > 400
    assert _debugfs_says(disk(), "cat /usr/lib/os-release").encode() == files["/usr/lib/os-release"][1]

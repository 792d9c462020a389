"""NTFS is read as its own tools wrote it; a damaged folder is unreadable; what Windows had not finished is said."""

import struct
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.files import ntfs_index
from calco.inspection.files.file_system import Entry, Kind
from calco.inspection.files.nodes import Name, Node
from calco.inspection.files.ntfs import NtfsDriver, log_is_clean
from calco.inspection.files.tsk import Attribute
from tests.inspection.disks import Folder, Link, Memory, Tree, files_of, names_left, ntfs, volume_of

TREE: Tree = {
    "/Windows/System32/config/SYSTEM": b"regf" + bytes(70_000),
    "/Windows/System32/drivers/storvsc.sys": b"MZ",
    "/Windows/Panther": Folder(),
    "/Users/Öffentlich/näh.txt": b"utf-16",
    "/Documents": Link("Users"),
    "/turn": Link("turn"),
    **{f"/Windows/WinSxS/a-rather-long-name-of-a-file-{number:04}": b"" for number in range(500)},
}


@cache
def disk() -> bytes:
    return ntfs(TREE, options=("-L", "System"))


def test_a_tree_is_read_as_it_was_written() -> None:
    files = files_of(disk())

    assert (files.type, files.label, files.stale) == ("ntfs", "System", "")
    assert len(files.list("/Windows/WinSxS") or []) == 500
    assert files.list("/Windows/Panther") == []
    assert files.read("/Windows/System32/config/SYSTEM", 4) == b"regf"
    assert files.tail("/Windows/System32/config/SYSTEM", 3) == bytes(3)
    system = files.entry("/Windows/System32/config/SYSTEM")
    assert system is not None
    assert (system.kind, system.size_bytes, system.mode, system.owner) == (Kind.FILE, 70_004, 0, 0)


def test_names_compare_in_any_case() -> None:
    files = files_of(disk())

    assert files.read("/windows/SYSTEM32/drivers/StorVSC.SYS", 10) == b"MZ"
    assert files.read("/users/ÖFFENTLICH/NÄH.TXT", 10) == b"utf-16"


def test_links_are_followed_within_the_volume() -> None:
    files = files_of(disk())

    assert files.link("/Documents") == "Users"
    assert [each.name for each in files.list("/Documents") or []] == ["Öffentlich"]
    listed = {each.name: each.kind for each in files.list("/") or []}
    assert listed["Documents"] is Kind.LINK
    with pytest.raises(Unreadable, match="too many links"):
        files.list("/turn")


class OneFile:
    """A file with those attributes, as the library tells of it."""

    def __init__(self, *attributes: tuple[int, str, bytes]) -> None:
        self._contents = {number: content for number, (_, _, content) in enumerate(attributes)}
        self._attributes = [
            Attribute(type, number, name, len(content)) for number, (type, name, content) in enumerate(attributes)
        ]

    def entry(self, number: int, name: str) -> tuple[Entry, int]:
        assert number == 30
        return Entry(name, Kind.FILE, 100), 1

    def content(self, number: int, offset: int, length: int, attribute: Attribute | None = None) -> bytes:
        assert (number, attribute is None) == (30, False)
        assert attribute is not None
        return self._contents[attribute.id][offset : offset + length]

    def attributes(self, number: int) -> list[Attribute]:
        assert number == 30
        return self._attributes


@pytest.mark.parametrize(
    ("attribute", "why"),
    [
        ((0xC0, "", struct.pack("<IHH", 0x80000017, 0, 0)), "compressed by Windows"),
        ((0xC0, "", struct.pack("<IHH", 0x9000001A, 0, 0)), "reparse point of kind 0x9000001A"),
        ((0x100, "$EFS", b""), "encrypted"),
    ],
    ids=["compact /exe", "in the cloud", "EFS"],
)
def test_a_file_that_windows_keeps_elsewhere_is_listed_and_not_read(
    attribute: tuple[int, str, bytes], why: str
) -> None:
    """Its plain bytes are there, and all of them are zero."""
    driver = NtfsDriver(OneFile((0x80, "", bytes(100)), attribute), 4096)
    folder = Node(Entry("/", Kind.FOLDER, 0), 5, 5)

    file = driver.node(Name("file", 30, 1), folder)

    assert (file.entry.kind, file.entry.size_bytes) == (Kind.FILE, 100)
    with pytest.raises(Unreadable, match=why):
        driver.content(file, 0, 100)


def test_a_link_to_another_drive_is_not_followed_here() -> None:
    image = ntfs({"/link": Link("elsewhere-----")})
    plain, other = "elsewhere-----".encode("utf-16-le"), r"\??\D:\folder".ljust(14, "x").encode("utf-16-le")[: 2 * 14]
    changed = image.replace(plain, other)
    assert changed != image

    with pytest.raises(Unreadable, match="drive D:"):
        files_of(changed).link("/link")


def test_what_is_not_there_is_none() -> None:
    files = files_of(disk())

    assert files.entry("/Windows/System32/config/SOFTWARE") is None
    assert files.list("/Windows/System32/Sysprep") is None
    assert files.read("/Windows", 10) is None
    assert files.list("/Windows/System32/config/SYSTEM") is None


def test_the_serial_is_shown_as_blkid_shows_it() -> None:
    (serial,) = struct.unpack_from("<Q", disk(), 0x48)

    assert files_of(disk()).uuid == f"{serial:016X}"


def _index_blocks() -> list[int]:
    found, at = [], disk().find(b"INDX(\0")
    while at >= 0:
        found.append(at)
        at = disk().find(b"INDX(\0", at + 1)
    return found


def test_a_folder_with_a_lost_block_is_unreadable_and_never_shorter() -> None:
    lost = 0
    for at in _index_blocks():
        files = files_of(disk()[:at] + bytes(4096) + disk()[at + 4096 :])
        try:
            assert len(files.list("/Windows/WinSxS") or []) == 500
        except Unreadable:
            lost += 1
    assert lost > 10


def test_a_block_in_anothers_place_is_found() -> None:
    first, second = _index_blocks()[-2:]
    files = files_of(Memory(disk()).written(second, disk()[first : first + 4096]))

    with pytest.raises(Unreadable, match="index is damaged"):
        files.list("/Windows/WinSxS")


def _index_entry(name: str, kind: int, folder: int = 7) -> bytes:
    key = struct.pack("<Q", folder | 1 << 48) + bytes(56) + bytes([len(name), kind]) + name.encode("utf-16-le")
    length = (16 + len(key) + 7) & ~7
    return (struct.pack("<QHHI", 42 | 3 << 48, length, len(key), 0) + key).ljust(length, b"\0")


def _names_of(*entries: bytes) -> list[Name]:
    last = struct.pack("<QHHI", 0, 16, 0, 2)
    node = b"".join((*entries, last))
    head = struct.pack("<III4x", 0x30, 1, 4096) + struct.pack("<IIII", 16, 16 + len(node), 16 + len(node), 0)
    return [*ntfs_index.names(head + node, lambda _at, _length: b"", 4096, 7)]


def test_the_short_name_of_what_has_a_long_one_is_left_out() -> None:
    assert _names_of(_index_entry("PROGRA~1", 2), _index_entry("Program Files", 1), _index_entry("x", 3)) == [
        Name("Program Files", 42, 3),
        Name("x", 42, 3),
    ]


def test_a_name_of_another_folder_is_damage() -> None:
    with pytest.raises(Unreadable, match="something elsewhere"):
        _names_of(_index_entry("x", 1, folder=8))


@pytest.mark.slow
def test_a_block_that_was_written_half_is_found() -> None:
    at = _index_blocks()[-1]
    old = disk()[: at + 1022] + b"\xaa\xaa" + disk()[at + 1024 :]

    with pytest.raises(Unreadable, match="written half"):
        files_of(old).list("/Windows/WinSxS")


@pytest.mark.slow
@settings(max_examples=60)
@given(st.data())
def test_no_damage_to_an_index_makes_a_name_disappear_silently(data: st.DataObject) -> None:
    """Whole sectors are lost or come from elsewhere: what an index keeps is enough to tell."""
    at = data.draw(st.sampled_from(_index_blocks())) + 512 * data.draw(st.integers(0, 7))
    words = data.draw(st.one_of(st.just(bytes(512)), st.binary(min_size=512, max_size=512)))

    left = names_left(Memory(disk()).written(at, words), "/Windows/WinSxS")

    assert left is None or len(left) == 500


def test_a_volume_that_is_marked_dirty_says_so() -> None:
    files = files_of(_with_volume_flags(0x0001))

    assert "marked dirty" in files.stale


def _with_volume_flags(flags: int) -> bytes:
    """In $VOLUME_INFORMATION: eight bytes, the version 3.1, the flags."""
    record = disk().index(b"$\0V\0o\0l\0u\0m\0e\0")
    at = disk().index(bytes(8) + b"\x03\x01\x00\x00", record) + 10
    return disk()[:at] + struct.pack("<H", flags) + disk()[at + 2 :]


@pytest.mark.parametrize("start", [b"hibr", b"HIBR"])
def test_a_hibernated_windows_says_so(start: bytes) -> None:
    files = files_of(ntfs({"/hiberfil.sys": start + bytes(4092)}))

    assert "hibernated" in files.stale


@pytest.mark.parametrize("start", [b"wake", b"\0\0\0\0", b"RSTR"])
def test_a_windows_that_woke_up_is_not_hibernated(start: bytes) -> None:
    assert files_of(ntfs({"/hiberfil.sys": start + bytes(4092)})).stale == ""


def _log(*areas: tuple[int, int, int]) -> bytes:
    """Restart pages: number, clients, flags."""
    pages = [
        (
            b"RSTR"
            + bytes(20)
            + struct.pack("<H", 0x30)
            + bytes(22)
            + struct.pack("<QHHHH", number, 1, 0, clients, flags)
        )
        for number, clients, flags in areas
    ]
    return b"".join(page.ljust(4096, b"\0") for page in pages).ljust(8192, b"\0")


@pytest.mark.parametrize(
    ("log", "clean"),
    [
        (b"\xff" * 8192, True),
        (_log((5, 0xFFFF, 0), (4, 0, 0)), True),
        (_log((5, 0, 2), (4, 0, 0)), True),
        (_log((5, 0, 0), (4, 0, 2)), False),
        (_log((4, 0, 2), (5, 0, 0)), False),
        (b"\xff" * 4096 + bytes(4096), False),
        (bytes(8192), False),
    ],
    ids=["emptied", "no client", "marked clean", "the newer counts", "the newer is second", "half", "zeros"],
)
def test_a_log_is_clean_when_its_newest_restart_says_so(log: bytes, clean: bool) -> None:
    assert log_is_clean(log) is clean


def test_a_volume_whose_log_has_something_left_says_so() -> None:
    at = disk().index(b"\xff" * 8192)
    dirty = disk()[:at] + _log((5, 0, 0), (4, 0, 0)) + disk()[at + 8192 :]

    assert "log holds" in files_of(dirty).stale


def test_a_boot_sector_that_makes_no_sense_is_said() -> None:
    seen = volume_of(disk()[:0x0D] + b"\x81\x81" + disk()[0x0F:])

    assert (seen.content, seen.files) == ("ntfs", None)
    assert seen.why


def test_a_name_that_cannot_be_read_is_not_taken_for_absent() -> None:
    """The record of a file is lost: its name is still in the folder."""
    at = disk().index(b"s\0t\0o\0r\0v\0s\0c\0.\0s\0y\0s\0") & ~1023
    assert disk()[at : at + 4] == b"FILE"
    files = files_of(disk()[:at] + bytes(1024) + disk()[at + 1024 :])

    with pytest.raises(Unreadable):
        files.entry("/Windows/System32/drivers/storvsc.sys")
    assert files.entry("/Windows/System32/config/SYSTEM") is not None


def test_a_record_that_was_given_to_another_file_is_found() -> None:
    at = disk().index(b"s\0t\0o\0r\0v\0s\0c\0.\0s\0y\0s\0") & ~1023
    (stamp,) = struct.unpack_from("<H", disk(), at + 16)
    files = files_of(Memory(disk()).written(at + 16, struct.pack("<H", stamp + 1)))

    with pytest.raises(Unreadable, match="replaced"):
        files.entry("/Windows/System32/drivers/storvsc.sys")

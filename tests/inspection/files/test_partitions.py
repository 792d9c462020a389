"""Tables are read as their own tools write them, and believed in nothing; what cannot be read has a name."""

import struct
import zlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.inspection.files.partitions import ENTRIES_MAX, volumes_of
from calco.inspection.files.volumes import Disk
from tests.inspection import samples
from tests.inspection.disks import (
    ESP,
    MIB,
    RESERVED,
    WINDOWS,
    Memory,
    Partition,
    ext4,
    fat,
    gpt,
    mbr,
    ntfs,
    run,
    volume_of,
    xfs,
)


@cache
def parts() -> tuple[bytes, bytes, bytes]:
    return fat({"/EFI/x": b"1"}, size_mib=2), ext4({"/etc/x": b"2"}, size_mib=4), ntfs({"/x": b"3"}, size_mib=4)


@cache
def with_gpt() -> bytes:
    esp, linux, windows = parts()
    id = "11111111-2222-3333-4444-555555555555"
    return gpt(
        Partition(esp, ESP),
        Partition(linux, uuid=id, label="root of it"),
        Partition(bytes(MIB), RESERVED),
        Partition(windows, WINDOWS),
    )


@cache
def with_mbr() -> bytes:
    esp, linux, windows = parts()
    return mbr(Partition(esp, mbr_type="c"), logical=[Partition(linux), Partition(windows, mbr_type="7")])


def seen(disk: Memory | bytes) -> Disk:
    return volumes_of(disk if isinstance(disk, Memory) else Memory(disk))


def shown(disk: Disk) -> list[tuple[int, str]]:
    return [(each.number, each.content) for each in disk.volumes]


def test_a_gpt_is_read_as_sfdisk_wrote_it() -> None:
    disk = seen(with_gpt())

    assert (disk.table, disk.trouble) == ("gpt", "")
    assert shown(disk) == [(1, "fat"), (2, "ext4"), (3, "reserved"), (4, "ntfs")]
    assert disk.volumes[1].uuid == "11111111-2222-3333-4444-555555555555"
    assert [each.label for each in disk.volumes] == ["", "root of it", "", ""]
    assert disk.volumes[1].offset == 3 * MIB
    assert disk.volumes[1].files is not None
    assert disk.volumes[1].files.read("/etc/x", 5) == b"2"
    assert disk.volumes[2].files is None


def test_an_mbr_is_read_with_its_logical_partitions() -> None:
    disk = seen(with_mbr())

    assert (disk.table, disk.trouble) == ("mbr", "")
    assert shown(disk) == [(1, "fat"), (5, "ext4"), (6, "ntfs")]
    assert disk.volumes[2].files is not None
    assert disk.volumes[2].files.read("/x", 5) == b"3"


@pytest.mark.parametrize("index", [0, 1, 2], ids=["fat", "ext4", "ntfs"])
def test_a_bare_file_system_is_no_table_whatever_its_boot_code_looks_like(index: int) -> None:
    disk = seen(parts()[index])

    assert (disk.table, disk.trouble) == ("", "")
    assert shown(disk) == [(0, ("fat", "ext4", "ntfs")[index])]
    assert disk.volumes[0].files is not None


def test_boot_code_that_could_be_a_table_is_not_taken_for_one() -> None:
    entry = struct.pack("<BBBBBBBBII", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 2048, 2048)

    for index in (0, 2):
        disk = seen(Memory(parts()[index]).written(446, entry + bytes(48)))
        assert (disk.table, len(disk.volumes)) == ("", 1)
        assert disk.volumes[0].files is not None


def test_sectors_of_4096_bytes_are_read() -> None:
    """Written by hand: no tool here writes such a table into a file."""
    linux = parts()[1]
    entry = bytes.fromhex("af3dc60f838472478e793d69d8477de4") + bytes(15) + b"\x01"
    entry += struct.pack("<QQQ", 256, 256 + len(linux) // 4096 - 1, 0) + bytes(72)
    entries = entry.ljust(128 * 128, b"\0")
    header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, 0, 6, 1000, bytes(16), 2, 128, 128, 0)
    header = header[:88] + struct.pack("<I", zlib.crc32(entries))
    header = header[:16] + struct.pack("<I", zlib.crc32(header)) + header[20:]
    protective = bytes(446) + struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0xEE, 0, 0, 0, 1, 999) + bytes(48) + b"\x55\xaa"
    disk = seen(protective.ljust(4096, b"\0") + header.ljust(4096, b"\0") + entries.ljust(MIB - 8192, b"\0") + linux)

    assert (disk.table, disk.trouble, shown(disk)) == ("gpt", "", [(1, "ext4")])


def test_a_hybrid_table_is_read_as_a_gpt() -> None:
    hybrid = with_gpt()[:462] + struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0x83, 0, 0, 0, 2048, 4096) + with_gpt()[478:]

    assert shown(seen(hybrid)) == shown(seen(with_gpt()))


def test_a_damaged_first_copy_is_said_and_the_second_read() -> None:
    disk = seen(Memory(with_gpt()).written(512 + 40, b"\xff"))

    assert "first copy of the GPT is damaged" in disk.trouble
    assert shown(disk) == shown(seen(with_gpt()))


def test_damaged_entries_make_a_copy_damaged() -> None:
    disk = seen(Memory(with_gpt()).written(1024 + 32, b"\xff"))

    assert "first copy of the GPT is damaged" in disk.trouble
    assert shown(disk) == shown(seen(with_gpt()))


def test_two_damaged_copies_are_no_empty_disk() -> None:
    last = len(with_gpt()) - 512
    disk = seen(Memory(with_gpt()).written(512 + 40, b"\xff").written(last + 40, b"\xff"))

    assert (disk.table, disk.volumes) == ("gpt", ())
    assert "both copies" in disk.trouble


def test_a_lost_protective_mbr_is_said() -> None:
    disk = seen(Memory(with_gpt()).written(0, bytes(512)))

    assert "protective MBR" in disk.trouble
    assert shown(disk) == shown(seen(with_gpt()))


def test_a_disk_that_grew_has_its_second_copy_elsewhere_and_no_trouble() -> None:
    assert seen(with_gpt() + bytes(MIB)).trouble == ""


def _sealed(disk: bytes, entries: bytes, count: int) -> bytes:
    """The first copy with other entries, its checksums right."""
    header = bytearray(disk[512:604])
    header[80:84] = struct.pack("<I", count)
    header[88:92] = struct.pack("<I", zlib.crc32(entries))
    header[16:20] = bytes(4)
    header[16:20] = struct.pack("<I", zlib.crc32(bytes(header)))
    return disk[:512] + bytes(header) + disk[604:1024] + entries + disk[1024 + len(entries) :]


def _entry(disk: bytes, number: int, first: int, last: int) -> bytes:
    entries = bytearray(disk[1024 : 1024 + 128 * 128])
    at = (number - 1) * 128
    entries[at + 32 : at + 48] = struct.pack("<QQ", first, last)
    return _sealed(disk, bytes(entries), 128)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (22000, 2**63, "outside of the disk"),
        (2**64 - 1, 2**64 - 1, "outside of the disk"),
        (9000, 8000, "outside of the disk"),
        (2048, 8191, "overlaps partition 1"),
    ],
    ids=["longer", "beyond", "backwards", "over another"],
)
def test_a_partition_that_cannot_be_is_named_and_not_read(first: int, last: int, why: str) -> None:
    disk = seen(_entry(with_gpt(), 2, first, last))

    (second,) = [each for each in disk.volumes if each.number == 2]
    assert second.files is None
    assert why in second.why
    assert "partition 2" in disk.trouble
    assert "partition 4" not in disk.trouble or first < last


def test_a_table_of_a_million_entries_is_said_and_not_read() -> None:
    blocks = Memory(_sealed(with_gpt(), with_gpt()[1024:1152], 1_000_000))

    disk = seen(blocks)

    assert disk.volumes == ()
    assert "1000000 entries" in disk.trouble
    assert blocks.reads < 10
    assert ENTRIES_MAX < 1_000_000


def test_a_table_full_of_the_same_partition_is_bounded() -> None:
    one = with_gpt()[1024:1152]

    disk = seen(_sealed(with_gpt(), one * 128, 128))

    assert len(disk.volumes) == 128
    assert all(each.files is None for each in disk.volumes)
    assert "and 123 more" in disk.trouble


def _second_table() -> int:
    """Where the chain of logical partitions begins."""
    (start,) = struct.unpack_from("<I", with_mbr(), 446 + 16 + 8)
    return int(start) * 512


def test_a_chain_of_logical_partitions_that_leads_back_ends_and_is_said() -> None:
    at = _second_table()
    back = struct.pack("<I", 0)

    disk = seen(Memory(with_mbr()).written(at + 446 + 16 + 8, back))

    assert "has no end" in disk.trouble
    assert shown(disk) == [(1, "fat"), (5, "ext4")]


def test_a_broken_chain_of_logical_partitions_is_said_and_its_beginning_kept() -> None:
    at = _second_table()
    (next_,) = struct.unpack_from("<I", with_mbr(), at + 446 + 16 + 8)

    disk = seen(Memory(with_mbr()).written(at + next_ * 512, bytes(512)))

    assert "broken" in disk.trouble
    assert shown(disk) == [(1, "fat"), (5, "ext4")]


@pytest.mark.slow
@settings(max_examples=80)
@given(st.data())
def test_no_table_takes_long_or_raises(data: st.DataObject) -> None:
    disk = data.draw(st.sampled_from([with_gpt(), with_mbr()]))
    blocks = Memory(disk)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.one_of(st.integers(440, 1200), st.integers(_second_table(), _second_table() + 512)))
        blocks = blocks.written(at, data.draw(st.binary(min_size=1, max_size=8)))

    disk_seen = seen(blocks)

    assert len(disk_seen.volumes) <= ENTRIES_MAX
    assert blocks.reads < 20_000


def test_what_cannot_be_read_at_all_is_trouble() -> None:
    disk = seen(Memory(with_gpt(), holes=[(0, 512)]))

    assert disk.volumes == ()
    assert "cannot be read" in disk.trouble


def test_a_volume_that_cannot_be_read_keeps_no_other_from_being_read() -> None:
    disk = seen(Memory(with_gpt(), holes=[(3 * MIB, 4096)]))

    assert [(each.number, each.files is not None) for each in disk.volumes] == [
        (1, True),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert "cannot be read" in disk.volumes[1].why


# ----- what is named


@pytest.mark.slow
@pytest.mark.parametrize("name", samples.BITLOCKER)
def test_a_real_bitlocker_volume_is_named(name: str) -> None:
    found = volume_of(samples.bitlocker(name))

    assert (found.content, found.files, found.why) == ("bitlocker", None, "encrypted by BitLocker")


@pytest.mark.parametrize(
    ("name", "words"),
    [("suspended", "suspended"), ("decrypted", "decrypted, yet"), ("vista", "encrypted"), ("startup_key", "encrypted")],
)
def test_a_real_bitlocker_volume_says_its_state(name: str, words: str) -> None:
    found = volume_of(samples.bitlocker(name))

    assert found.content == "bitlocker"
    assert words in found.why


def test_a_bitlocker_volume_without_its_metadata_is_still_bitlocker() -> None:
    found = volume_of(samples.bitlocker("aes_128")[: 16 * MIB])

    assert found.content == "bitlocker"
    assert "cannot be read" in found.why


@pytest.mark.parametrize(
    ("version", "name"), [*((1, each) for each in samples.LUKS1), *((2, each) for each in samples.LUKS2)]
)
def test_a_real_luks_volume_is_named(version: int, name: str) -> None:
    found = volume_of(samples.luks(version, name))

    assert (found.content, found.files, found.why) == ("luks", None, f"encrypted by LUKS {version}")


def test_a_luks_volume_whose_first_header_is_lost_is_named() -> None:
    found = volume_of(bytes(4096) + samples.luks(2, "aes-ecb")[4096:])

    assert found.content == "luks"


def _made_by(*argv: str, size_mib: int) -> bytes:
    import os  # noqa: PLC0415
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        image = Path(name, "image")
        image.touch()
        os.truncate(image, size_mib * MIB)
        run(*argv, image)
        return image.read_bytes()


@pytest.mark.slow
def test_a_real_btrfs_is_named() -> None:
    assert volume_of(_made_by("mkfs.btrfs", "-q", size_mib=128)).content == "btrfs"


def test_real_swap_is_named() -> None:
    assert volume_of(_made_by("mkswap", "-q", size_mib=2)).content == "swap"


MADE: dict[str, tuple[int, bytes]] = {
    "lvm": (512, b"LABELONE" + struct.pack("<QII8s", 1, 0, 32, b"LVM2 001")),
    "raid": (4096, b"\xfc\x4e\x2b\xa9" + struct.pack("<I", 1)),
    "refs": (0, b"\0\0\0ReFS\0\0\0\0"),
    "exfat": (0, b"\xeb\x76\x90EXFAT   "),
    "f2fs": (1024, b"\x10\x20\xf5\xf2"),
    "zfs": (132 * 1024, struct.pack("<Q", 0x00BAB10C)),
    "squashfs": (0, b"hsqs"),
    "iso9660": (32769, b"CD001"),
    "luks": (16384, b"SKUL\xba\xbe\x00\x02"),
}


@pytest.mark.parametrize("content", MADE)
def test_what_is_not_read_is_named_by_its_mark(content: str) -> None:
    at, words = MADE[content]

    found = volume_of(Memory(bytes(2 * MIB)).written(at, words))

    assert (found.content, found.files) == (content, None)
    assert found.why


def test_a_raid_that_lies_at_the_end_is_named_before_what_shows_through() -> None:
    linux = parts()[1]

    found = volume_of(Memory(linux).written(len(linux) - 8192, b"\xfc\x4e\x2b\xa9"))

    assert (found.content, found.files) == ("raid", None)


def test_empty_and_unknown_are_told_apart() -> None:
    assert volume_of(bytes(2 * MIB)).content == "empty"
    assert volume_of(b"\x17" * (2 * MIB)).content == "unknown"
    assert volume_of(b"").files is None


@pytest.mark.parametrize(
    ("type", "content"),
    [
        ("E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D", "storage spaces"),
        ("AF9B60A0-1431-4F62-BC68-3311714A69AD", "dynamic disk"),
        ("21686148-6449-6E6F-744E-656564454649", "boot loader"),
    ],
)
def test_partitions_are_named_by_their_type(type: str, content: str) -> None:
    (found,) = seen(gpt(Partition(bytes(MIB), type))).volumes

    assert (found.content, found.files) == (content, None)


def test_a_dynamic_disk_is_named_by_its_mbr() -> None:
    (found,) = seen(mbr(Partition(parts()[2], mbr_type="42"))).volumes

    assert (found.content, found.files) == ("dynamic disk", None)


def test_xfs_lies_in_a_partition_as_any_other() -> None:
    disk = seen(gpt(Partition(xfs({"/etc/x": b"4"}))))

    (found,) = disk.volumes
    assert found.files is not None
    assert found.files.read("/etc/x", 5) == b"4"

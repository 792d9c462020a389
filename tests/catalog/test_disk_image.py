"""Where things are on the disk, and what is patched into GRUB."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.catalog.disk_image import MIB, SECTOR, boot_sector, core_image, layout


@given(st.integers(256, 1 << 20))
def test_partitions_never_overlap_and_leave_both_tables_alone(mib: int) -> None:
    where = layout(mib * MIB)

    last_usable = mib * MIB // SECTOR - 34
    assert where.bios.start >= 34
    assert where.bios.end < where.efi.start <= where.efi.end < where.root.start < where.root.end <= last_usable


@given(st.integers(256, 1 << 20))
def test_partitions_start_at_whole_mib_and_the_root_can_grow_no_further(mib: int) -> None:
    where = layout(mib * MIB)

    assert [part.start * SECTOR % MIB for part in (where.bios, where.efi, where.root)] == [0, 0, 0]
    assert where.root.sectors % 8 == 0
    assert mib * MIB // SECTOR - 33 - (where.root.end + 1) < 8


def test_numbers_and_places_are_those_of_the_modules_table() -> None:
    where = layout(4096 * MIB)

    assert (where.bios.number, where.bios.start) == (14, 2048)
    assert (where.efi.number, where.efi.start) == (15, 4096)
    assert (where.root.number, where.root.start) == (1, 69632)


@pytest.mark.parametrize("size", [0, -MIB, 255 * MIB, 256 * MIB + 1, 256 * MIB - SECTOR])
def test_a_disk_too_small_or_of_a_broken_mib_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="MiB"):
        layout(size)


BOOT_IMAGE = bytes(range(256)) + bytes(254) + b"\x55\xaa"


def test_the_boot_sector_knows_where_the_core_image_is_and_trusts_the_drive_number() -> None:
    code = boot_sector(BOOT_IMAGE, 2048)

    assert struct.unpack_from("<Q", code, 0x5C) == (2048,)
    assert code[0x66:0x68] == b"\x90\x90"


def test_the_boot_sector_changes_nothing_else_and_holds_no_partition_table() -> None:
    code = boot_sector(BOOT_IMAGE, 2048)

    assert len(code) == 440
    untouched = [*range(0x5C), *range(0x64, 0x66), *range(0x68, 440)]
    assert [code[at] for at in untouched] == [BOOT_IMAGE[at] for at in untouched]


@pytest.mark.parametrize("image", [b"", BOOT_IMAGE[:-1], BOOT_IMAGE[:-2] + b"\x00\x00", BOOT_IMAGE * 2])
def test_what_is_no_boot_sector_is_not_patched(image: bytes) -> None:
    with pytest.raises(ValueError, match="boot sector"):
        boot_sector(image, 2048)


def test_the_core_image_finds_its_second_sector_and_keeps_its_own_length() -> None:
    core = bytearray(b"\xcc" * 3 * SECTOR)
    struct.pack_into("<QHH", core, 0x1F4, 1, 2, 0x820)

    patched = core_image(bytes(core), 2048, 2048)

    assert struct.unpack_from("<QHH", patched, 0x1F4) == (2049, 2, 0x820)
    assert (patched[:0x1F4], patched[SECTOR:]) == (bytes(core[:0x1F4]), bytes(core[SECTOR:]))


@pytest.mark.parametrize("sectors", [0, 1, 2049])
def test_a_core_image_that_does_not_fit_is_refused(sectors: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        core_image(bytes(sectors * SECTOR), 2048, 2048)

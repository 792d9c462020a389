"""The footer is what the specification says and what QEMU's tools take; a blob with any other is refused."""

import json
import os
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.errors import ApiError
from calco.model.vhd import (
    DATA_DISK_MAX_BYTES,
    FOOTER_BYTES,
    OS_DISK_MAX_BYTES,
    Footer,
    Kind,
    footer,
    geometry,
    guest_bytes_of,
    read_footer,
)
from calco.model.volume import GIB, MIB

GUID = "01234567-89ab-4cde-8f01-23456789abcd"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URI = "https://acct.blob.core.windows.net/vhds/a.vhd"


def signed(raw: bytes) -> bytes:
    """``raw`` with the checksum it should have: by the specification's words, a second time."""
    total = sum(value for at, value in enumerate(raw) if not 64 <= at < 68)
    return raw[:64] + (~total & 0xFFFFFFFF).to_bytes(4) + raw[68:]


def with_kind(raw: bytes, kind: int) -> bytes:
    return signed(raw[:60] + kind.to_bytes(4) + raw[64:])


def test_the_fields_lie_where_the_specification_has_them() -> None:
    raw = footer(64 * MIB, GUID, NOW)

    assert len(raw) == FOOTER_BYTES
    assert raw[:8] == b"conectix"
    assert raw[8:24] == bytes.fromhex("00000002 00010000 ffffffffffffffff")
    assert int.from_bytes(raw[24:28]) == (NOW - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()
    assert raw[40:56] == (64 * MIB).to_bytes(8) * 2
    assert raw[60:64] == bytes([0, 0, 0, 2])
    assert raw[68:84] == bytes.fromhex(GUID.replace("-", ""))
    assert raw[84:] == bytes(428)
    assert raw == signed(raw)


@given(
    st.integers(1, DATA_DISK_MAX_BYTES // 512).map(lambda sectors: sectors * 512),
    st.uuids().map(str),
    st.datetimes(datetime(2000, 1, 1), datetime(2136, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis asks
)
def test_what_was_written_is_read(size: int, guid: str, created: datetime) -> None:
    read = read_footer(footer(size, guid, created))

    assert read == Footer(size, Kind.FIXED, guid, geometry(size), created.replace(microsecond=0))


@given(st.integers(1, DATA_DISK_MAX_BYTES // 512))
def test_a_geometry_fits_its_fields_and_holds_no_more_than_the_disk(sectors: int) -> None:
    cylinders, heads, track = geometry(sectors * 512)

    assert cylinders <= 65535
    assert heads <= 16
    assert track <= 255
    assert cylinders * heads * track <= sectors


@pytest.mark.parametrize("size", [0, -512, 100, 513])
def test_a_disk_is_a_whole_number_of_sectors(size: int) -> None:
    with pytest.raises(ValueError, match="sectors"):
        footer(size, GUID, NOW)


@given(st.integers(0, FOOTER_BYTES - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(at: int, change: int) -> None:
    raw = bytearray(footer(64 * MIB, GUID, NOW))
    raw[at] ^= change

    with pytest.raises(ValueError, match="footer"):
        read_footer(bytes(raw))


@given(st.binary(max_size=600) | st.binary(min_size=504, max_size=504).map(lambda tail: b"conectix" + tail))
def test_any_bytes_are_a_footer_or_a_value_error(raw: bytes) -> None:
    with suppress(ValueError):
        assert read_footer(raw).guest_bytes < 2**64
    with suppress(ValueError):
        assert read_footer(signed(raw)).guest_bytes < 2**64


# --- beside QEMU's own tools -----------------------------------------------------------------------------------------


def by_qemu(folder: Path, size: int, *options: str) -> bytes:
    file = folder / "theirs.vhd"
    words = ",".join(("subformat=fixed", *options))
    subprocess.run(["qemu-img", "create", "-q", "-f", "vpc", "-o", words, os.fspath(file), str(size)], check=True)
    with file.open("rb") as opened:
        opened.seek(-FOOTER_BYTES, os.SEEK_END)
        return opened.read()


@pytest.mark.parametrize("size", [MIB, 33 * MIB, 504 * MIB, GIB, 4 * GIB, 127 * GIB])
def test_qemu_img_s_footer_is_taken(tmp_path: Path, size: int) -> None:
    raw = by_qemu(tmp_path, size, "force_size=on")

    assert guest_bytes_of(raw, size + FOOTER_BYTES, "os", URI) == size


@pytest.mark.parametrize("size", [3 * MIB, 17 * MIB, 503 * MIB, 1023 * MIB, 8 * GIB, 100 * GIB])
def test_the_geometry_is_what_qemu_reckons_for_the_size_it_rounds_to(tmp_path: Path, size: int) -> None:
    theirs = read_footer(by_qemu(tmp_path, size))

    assert theirs.geometry == geometry(theirs.guest_bytes)


@pytest.mark.parametrize("size", [MIB, 33 * MIB, 5 * GIB, 200 * GIB])
def test_qemu_img_takes_ours_at_its_exact_size(tmp_path: Path, size: int) -> None:
    file = tmp_path / "ours.vhd"
    with file.open("wb") as opened:
        opened.truncate(size)
        opened.seek(size)
        opened.write(footer(size, GUID, NOW))

    argv = ["qemu-img", "info", "-f", "vpc", "--output", "json", os.fspath(file)]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)

    assert (told["format"], told["virtual-size"]) == ("vpc", size)


# --- refusals --------------------------------------------------------------------------------------------------------

GOOD = footer(64 * MIB, GUID, NOW)
WHOLE = 64 * MIB + FOOTER_BYTES


@pytest.mark.parametrize(
    ("raw", "length", "code", "words", "mend"),
    [
        (bytes(512), WHOLE, "InvalidVhd", "cookie value 'conectix'", "qemu-img convert"),
        (b"QFI\xfb" + bytes(508), WHOLE, "InvalidVhd", "cookie value 'conectix'", "qemu-img convert"),
        (GOOD[:300], 300, "InvalidVhd", "cookie value 'conectix'", "upload the whole file"),
        (with_kind(GOOD, 3), WHOLE, "InvalidVhd", "is of Dynamic VHD type", "subformat=fixed"),
        (with_kind(GOOD, 4), WHOLE, "InvalidVhd", "is of Differencing VHD type", "subformat=fixed"),
        (with_kind(GOOD, 99), WHOLE, "InvalidVhd", "is of unknown (99) VHD type", "subformat=fixed"),
        (GOOD[:30] + b"x" + GOOD[31:], WHOLE, "InvalidVhd", "checksum", "upload it again"),
        (GOOD, WHOLE - 512, "InvalidVhd", "67108864 bytes", "Upload the whole file"),
        (GOOD, WHOLE + MIB, "InvalidVhd", "67109376 are expected", "nothing behind it"),
        (footer(MIB + 512, GUID, NOW), MIB + 1024, "InvalidParameter", "whole number (in MBs)", "qemu-img resize"),
        (
            footer(DATA_DISK_MAX_BYTES + MIB, GUID, NOW),
            DATA_DISK_MAX_BYTES + MIB + 512,
            "VHDSizeInvalid",
            "must be between",
            "Shrink",
        ),
    ],
    ids=[
        "zeros", "qcow2", "cut short", "dynamic", "differencing", "no such kind", "checksum", "file too short",
        "file too long", "not a whole MiB", "too large",
    ],
)  # fmt: skip
def test_what_is_no_fixed_vhd_is_refused_with_a_way_to_mend_it(
    raw: bytes, length: int, code: str, words: str, mend: str
) -> None:
    with pytest.raises(ApiError) as refused:
        guest_bytes_of(raw, length, "web1-os", URI)

    assert refused.value.code == code
    assert words in refused.value.message
    assert mend in refused.value.message
    assert URI in refused.value.message


def test_an_os_disk_may_be_less_large_than_a_data_disk() -> None:
    size = OS_DISK_MAX_BYTES + GIB
    raw = footer(size, GUID, NOW)

    assert guest_bytes_of(raw, size + FOOTER_BYTES, "d", URI) == size
    with pytest.raises(ApiError) as refused:
        guest_bytes_of(raw, size + FOOTER_BYTES, "d", URI, max_bytes=OS_DISK_MAX_BYTES)

    assert refused.value.code == "VHDSizeInvalid"

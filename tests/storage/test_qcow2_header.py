"""The header is read as QEMU wrote it, and anything else is a ValueError."""

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.volume import GIB, MIB
from calco.storage.qcow2_header import Qcow2Header, parse_qcow2_header, read_qcow2_header


def image(file: Path, *options: str) -> Path:
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", *options, os.fspath(file), str(GIB)]
    subprocess.run(argv, check=True)
    return file


@pytest.mark.parametrize(
    "options",
    ["compat=0.10", "compat=1.1", "compat=1.1,cluster_size=128k,extended_l2=on", "cluster_size=512", "cluster_size=2M"],
)
@pytest.mark.parametrize(
    "backing", [(), ("-u", "-b", "base é.qcow2", "-F", "qcow2"), ("-u", "-b", "x" * 200, "-F", "raw")]
)
def test_it_says_what_qemu_img_says(tmp_path: Path, options: str, backing: tuple[str, ...]) -> None:
    file = image(tmp_path / "disk", "-o", options, *backing)

    header = read_qcow2_header(file)

    argv = ["qemu-img", "info", "--output", "json", "-f", "qcow2", os.fspath(file)]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    assert header == Qcow2Header(
        virtual_bytes=told["virtual-size"],
        backing=told.get("backing-filename"),
        backing_format=told.get("backing-filename-format"),
        has_data_file=False,
        is_encrypted=False,
    )


def test_data_kept_elsewhere_is_seen(tmp_path: Path) -> None:
    assert read_qcow2_header(image(tmp_path / "disk", "-o", f"data_file={tmp_path / 'data'}")).has_data_file


@pytest.mark.parametrize("method", [1, 2], ids=["AES", "LUKS"])
def test_encryption_is_seen(method: int) -> None:
    assert parse_qcow2_header(HEADER[:32] + method.to_bytes(4) + HEADER[36:]).is_encrypted


@pytest.mark.parametrize(
    "start", [b"", b"QFI\xfb", bytes(512), b"KDMV" + bytes(508), b"QFI\xfb\0\0\0\x04" + bytes(504)]
)
def test_what_is_no_qcow2_file_is_a_value_error(start: bytes) -> None:
    with pytest.raises(ValueError, match="qcow2"):
        parse_qcow2_header(start)


@pytest.mark.parametrize("name_bytes", [0, 1024, 2**32 - 1])
def test_a_name_of_no_or_too_many_bytes_is_a_value_error(name_bytes: int) -> None:
    with pytest.raises(ValueError, match="name"):
        parse_qcow2_header(HEADER[:16] + name_bytes.to_bytes(4) + HEADER[20:] + b"a" * 2000)


@given(st.data())
def test_a_damaged_header_is_read_or_a_value_error(data: st.DataObject) -> None:
    good = bytearray(HEADER)
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(good)))

    for start in (bytes(good), HEADER[:cut]):
        with suppress(ValueError):
            header = parse_qcow2_header(start)
            assert header.backing is None or len(header.backing) <= 1023


HEADER = (
    bytes.fromhex("514649fb00000003")
    + (176).to_bytes(8)  # where the backing name is
    + (8).to_bytes(4)
    + (16).to_bytes(4)
    + (64 * MIB).to_bytes(8)
    + bytes(72 - 32)
    + bytes(24)  # features
    + (4).to_bytes(4)
    + (104).to_bytes(4)  # header length
    + bytes.fromhex("e2792aca00000005")
    + b"qcow2\0\0\0"
    + bytes(56)
    + b"a.qcow2!"
    + bytes(40)
)


def test_the_damaged_header_was_good_before() -> None:
    assert parse_qcow2_header(HEADER) == Qcow2Header(64 * MIB, "a.qcow2!", "qcow2", False, False)

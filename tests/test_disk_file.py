"""Disk files of people's own: what is in one, and what is refused before anything reads it."""

import os
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.disk_file import DiskFormat, WrongDiskFile, container, convert, opened
from calco.model import vhd
from calco.model.inspection import Container
from calco.model.volume import MIB
from tests.standing import StandingClock

GUID = "11111111-2222-4333-8444-555555555555"


def over_another(file: Path) -> None:
    secret = file.with_name("secret.raw")
    secret.write_bytes(b"secret" * 1000)
    subprocess.run(["qemu-img", "create", "-f", "qcow2", "-F", "raw", "-b", secret, file], check=True)


def beside_data(file: Path) -> None:
    data = file.with_name("data.raw")
    subprocess.run(["qemu-img", "create", "-f", "qcow2", "-o", f"data_file={data}", file, "1M"], check=True)


def footer(kind: int = vhd.Kind.FIXED, size: int = MIB) -> bytes:
    right = bytearray(vhd.footer(size, GUID, StandingClock().now()))
    right[60:64] = struct.pack(">I", kind)
    right[64:68] = bytes(4)
    right[64:68] = struct.pack(">I", ~sum(right) & 0xFFFFFFFF)
    return bytes(right)


def differencing(file: Path) -> None:
    """A VHD over another one, as far as its headers go."""
    header = b"cxsparse" + bytes(56) + "../parent.vhd".encode("utf-16-be").ljust(512, b"\0")
    file.write_bytes(footer(vhd.Kind.DIFFERENCING) + header.ljust(1024, b"\0") + footer(vhd.Kind.DIFFERENCING))


Make = Callable[[Path], object]


@pytest.mark.parametrize(
    ("format", "make", "words"),
    [
        ("vpc", lambda file: file.write_bytes(b"x" * 4096), "is no VHD"),
        ("vpc", lambda file: file.write_bytes(b"x"), "shorter than a footer"),
        ("vpc", lambda file: file.write_bytes(bytes(MIB - 1) + footer()), "cut short"),
        ("vpc", differencing, "'../parent.vhd'"),
        ("vhdx", lambda file: file.write_bytes(b"x" * 4096), "is no VHDX file"),
        ("vhdx", lambda file: file.write_bytes(b"vhdxfile" + bytes(4 * MIB)), "QEMU cannot read"),
        ("qcow2", lambda file: file.write_bytes(b"x" * 4096), "is no qcow2 file"),
        ("qcow2", over_another, "secret.raw', which was not read"),
        ("qcow2", beside_data, "keeps its data in another file"),
        ("raw", os.mkfifo, "is no regular file"),
        ("raw", Path.mkdir, "is no regular file"),
    ],
    ids=[
        "no VHD", "too short", "cut short", "differencing", "no VHDX", "a broken VHDX", "no qcow2", "backing file",
        "data file", "a pipe", "a folder",
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_said_or_lies_over_another_is_refused(
    tmp_path: Path, format: str, make: Make, *, words: str
) -> None:
    file = tmp_path / "disk"
    make(file)
    with pytest.raises(WrongDiskFile) as refused, opened(file, DiskFormat(format)):
        pass
    assert words in str(refused.value)


@given(junk=st.binary(max_size=2048), format=st.sampled_from([DiskFormat.VPC, DiskFormat.QCOW2]))
def test_junk_is_refused_and_never_a_fault(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, format: DiskFormat
) -> None:
    file = tmp_path_factory.getbasetemp() / "junk"
    file.write_bytes(junk)
    with pytest.raises(WrongDiskFile), opened(file, format):
        pass


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("raw", []),
        ("vpc", ["-o", "subformat=fixed,force_size=on"]),
        ("vpc", ["-o", "subformat=dynamic,force_size=on"]),
        ("qcow2", []),
        ("vhdx", []),
    ],
)
def test_the_content_is_what_a_guest_would_see(tmp_path: Path, format: str, options: list[str]) -> None:
    raw, file = tmp_path / "disk.raw", tmp_path / f"disk.{format}"
    raw.write_bytes(b"first".ljust(8 * MIB, b"\0") + b"last".rjust(MIB, b"\0"))
    if format == "raw":
        file = raw
    else:
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", format, *options, raw, file], check=True)

    with opened(file, DiskFormat(format)) as content:
        assert content.size_bytes == 9 * MIB
        assert content.read(0, 5) == b"first"
        assert content.read(9 * MIB - 4, 4) == b"last"
        told = [(each.offset, each.offset + each.length) for each in content.extents(0, 9 * MIB)]
        assert all(any(begin <= at < end for begin, end in told) for at in (0, 9 * MIB - 1))
        with pytest.raises(ValueError, match="not within"):
            content.read(9 * MIB, 1)


@pytest.mark.parametrize("format", [DiskFormat.QCOW2, DiskFormat.VHDX])
def test_a_raw_disk_is_converted_and_nothing_is_written_over(tmp_path: Path, format: DiskFormat) -> None:
    raw, file = tmp_path / "disk.raw", tmp_path / "disk"
    raw.write_bytes(b"first".ljust(8 * MIB, b"\0"))
    heard: list[int] = []

    convert(raw, file, format, lambda done, _: heard.append(done))

    with opened(file, format) as content:
        assert (content.size_bytes, content.read(0, 5)) == (8 * MIB, b"first")
    assert heard
    with pytest.raises(WrongDiskFile, match="there already"):
        convert(raw, file, format, lambda _done, _total: None)


@pytest.mark.parametrize(
    ("format", "options", "is_fixed"),
    [
        ("vpc", ["-o", "subformat=fixed,force_size=on"], True),
        ("vpc", ["-o", "subformat=dynamic"], False),
        ("vhdx", [], None),
        ("qcow2", [], None),
        ("raw", [], None),
    ],
)
def test_a_file_tells_its_own_size_and_whether_a_vhd_is_fixed(
    tmp_path: Path, format: str, options: list[str], is_fixed: bool | None
) -> None:
    file = tmp_path / "disk"
    subprocess.run(["qemu-img", "create", "-q", "-f", format, *options, file, "2M"], check=True)

    assert container(file, DiskFormat(format)) == Container(format, file.stat().st_size, is_fixed)


@pytest.mark.parametrize(("format", "name"), [("vpc", "x.vhd"), ("raw", "x.raw"), ("qcow2", "x.qcow2")])
def test_a_link_to_a_file_is_the_file(tmp_path: Path, format: str, name: str) -> None:
    options = ["-o", "subformat=fixed,force_size=on"] if format == "vpc" else []
    subprocess.run(["qemu-img", "create", "-q", "-f", format, *options, tmp_path / name, "1M"], check=True, timeout=30)
    link = tmp_path / "link"
    link.symlink_to(name)

    with opened(link, DiskFormat(format)) as content:
        assert content.read(0, 512) == bytes(512)
    assert container(link, DiskFormat(format)) == container(tmp_path / name, DiskFormat(format))


def test_a_container_that_is_no_vhd_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "disk"
    file.write_bytes(bytes(MIB))

    with pytest.raises(WrongDiskFile, match="is no VHD"):
        container(file, DiskFormat.VPC)

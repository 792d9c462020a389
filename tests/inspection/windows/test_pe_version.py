"""The version of a Windows binary is read from any bytes in bounded steps, or is said to be unreadable."""

import struct
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.windows.pe_version import pe_version
from tests.inspection.windows.binary import RESOURCES_AT, binary

numbers = st.integers(0, 0xFFFF)


@given(st.tuples(numbers, numbers, numbers, numbers), st.booleans())
def test_the_version_that_was_written_is_read(version: tuple[int, int, int, int], is_64: bool) -> None:
    assert pe_version(binary(".".join(map(str, version)), is_64)) == version


@pytest.mark.parametrize("name", ["t32.exe", "t64.exe", "w64-arm.exe"])
def test_the_version_of_a_real_binary_is_read(name: str) -> None:
    """The launchers that pip writes scripts with on Windows."""
    spec = find_spec("pip")
    if spec is None or spec.origin is None:
        pytest.skip("pip is not installed here")
    launcher = Path(spec.origin).parent / "_vendor" / "distlib" / name

    assert pe_version(launcher.read_bytes())[0] == 1


@given(st.binary(max_size=2048))
def test_any_bytes_have_a_version_or_are_unreadable(content: bytes) -> None:
    read_or_refused(content)


@given(st.lists(st.tuples(st.integers(0, 1023), st.binary(min_size=1, max_size=8)), max_size=6))
def test_a_binary_with_any_bytes_changed_has_a_version_or_is_unreadable(changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(binary("6.3.9600.17415"))
    for at, put in changes:
        content[at : at + len(put)] = put
    read_or_refused(bytes(content))


@given(st.integers(0, 0x400))
def test_a_binary_that_was_cut_is_unreadable_or_whole(length: int) -> None:
    whole = binary("6.3.9600.17415")
    if length < RESOURCES_AT + 88 + 40 + 16:
        with pytest.raises(Unreadable):
            pe_version(whole[:length])
    else:
        assert pe_version(whole[:length]) == (6, 3, 9600, 17415)


def test_a_folder_of_resources_that_claims_to_be_endless_is_refused_at_once() -> None:
    content = bytearray(binary("6.3.9600.17415"))
    struct.pack_into("<HH", content, RESOURCES_AT + 12, 0xFFFF, 0xFFFF)
    began = time.process_time()
    with pytest.raises(Unreadable, match="too early"):
        pe_version(bytes(content))
    assert time.process_time() - began < 0.5


def test_a_folder_of_resources_that_leads_back_to_itself_is_no_version() -> None:
    content = bytearray(binary("6.3.9600.17415"))
    struct.pack_into("<I", content, RESOURCES_AT + 24 + 20, 0x80000000)
    with pytest.raises(Unreadable):
        pe_version(bytes(content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no Windows binary"),
        (Path("/bin/sh").read_bytes()[:4096], "no Windows binary"),
        (b"MZ".ljust(256, b"\0"), "no Windows binary"),
        (binary("1.2.3.4").replace(b"\x0b\x02", b"\x07\x01", 1), "known kind"),
        (binary("1.2.3.4").replace(b"\xbd\x04\xef\xfe", b"\0\0\0\0"), "makes no sense"),
        (binary("1.2.3.4").replace(b"\x00\x10\x00\x00", b"\0\0\0\0", 1), "no version"),
    ],
)
def test_what_is_no_binary_with_a_version_is_told_so(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        pe_version(content)


def read_or_refused(content: bytes) -> None:
    with suppress(Unreadable):
        assert len(pe_version(content)) == 4

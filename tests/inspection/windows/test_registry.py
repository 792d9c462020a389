"""Hives that hivex wrote, one that Windows wrote, and what is left of them when they are damaged."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.windows.hive import Data, Hive, Value
from calco.inspection.windows.registry import SEGMENT_BYTES, header_sum, open_hive
from calco.inspection.windows.registry_log import HEADER_BYTES
from tests.inspection.disks import run
from tests.inspection.samples import SYSTEM_HIVE, system_hive
from tests.inspection.windows.hives import empty_hive, hive
from tests.inspection.windows.registry_data import Expand, Identifier, Keys

STATUS = r"Setup\Status\SysprepStatus"
SMALL: Keys = {
    "Select": {"Current": 1},
    "Setup": {"CmdLine": "", "SetupType": 2},
    STATUS: {"GeneralizationState": 3, "CleanupState": 2},
    **{f"Setup\\Key{number}": {"name": f"value {number}"} for number in range(5)},
}


@pytest.fixture(scope="module")
def small() -> bytes:
    return hive(SMALL)


# ----- what is there


@pytest.mark.parametrize(
    ("data", "type"),
    [
        ("text", "REG_SZ"),
        ("", "REG_SZ"),
        ("Grüße, мир", "REG_SZ"),
        (Expand(r"%SystemRoot%\x"), "REG_EXPAND_SZ"),
        (0, "REG_DWORD"),
        (0xFFFFFFFF, "REG_DWORD"),
        (1 << 40, "REG_QWORD"),
        (b"", "REG_BINARY"),
        (bytes(300), "REG_BINARY"),
        ((), "REG_MULTI_SZ"),
        (("one", "two"), "REG_MULTI_SZ"),
        (Identifier(1001), "0x3e9"),
    ],
)
def test_a_value_of_every_type_is_read_as_it_was_written(data: Data, type: str) -> None:
    read = open_hive(hive({r"A\B": {"name": data}}), []).value(r"A\B", "name")

    assert read == Value("name", type, b"" if isinstance(data, Identifier) else data)


def test_names_are_found_in_any_case_and_shown_as_they_are_written() -> None:
    read = open_hive(hive({r"Größe\Ключ": {"Имя": 1, "": "default"}, "Grösse": {}}), [])

    assert read.value(r"gRÖßE\кЛЮЧ", "иМЯ") == Value("Имя", "REG_DWORD", 1)
    assert read.value(r"größe\ключ", "") == Value("", "REG_SZ", "default")
    assert sorted(read.keys("") or ()) == ["Grösse", "Größe"]


def test_what_is_absent_is_none(small: bytes) -> None:
    read = open_hive(small, [])

    assert (read.value("Setup", "Nothing"), read.value("Nothing", "x"), read.values("Nothing")) == (None, None, None)
    assert read.keys(r"Setup\Nothing") is None
    assert (read.keys("Select"), read.values(r"Setup\Status")) == ((), [])
    assert read.stale == ""


keys = st.dictionaries(
    st.lists(st.sampled_from(["Alpha", "Beta", "Gamma", "Delta"]), min_size=1, max_size=4).map("\\".join),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 2**32 - 1) | st.sampled_from(["x", ""])),
    min_size=1,
)


@pytest.mark.slow
@settings(max_examples=12)
@given(keys)
def test_whatever_hivex_writes_is_read(written: Keys) -> None:
    read = open_hive(hive(written), [])

    for path, values in written.items():
        assert {each.name: each.data for each in read.values(path) or ()} == values


def test_a_key_with_more_subkeys_than_one_list_holds_is_read_whole() -> None:
    names = [f"Key{number:04}" for number in range(300)]

    read = open_hive(hive({f"Many\\{name}": {} for name in names}), [])

    assert read.keys("Many") == tuple(names)


def test_a_value_in_segments_is_put_together() -> None:
    content = bytes(range(256)) * 160
    assert len(content) > 2 * SEGMENT_BYTES

    assert open_hive(with_segments(content), []).value("Big", "x") == Value("x", "REG_BINARY", content)


def test_segments_that_are_missing_are_not_read_over() -> None:
    damaged = bytearray(with_segments(bytes(range(256)) * 160))
    damaged[damaged.index(b"db\x03\0") + 2] = 2

    with pytest.raises(Unreadable):
        open_hive(bytes(damaged), []).value("Big", "x")


def with_segments(content: bytes) -> bytes:
    """A hive whose value ``Big\\x`` is kept in segments, which hivex does not write."""
    base = bytearray(hive({"Big": {"x": bytes(8)}}))
    end = struct.unpack_from("<I", base, 40)[0]
    cells, places, at = b"", [], end + 0x20
    for start in range(0, len(content), SEGMENT_BYTES):
        piece = content[start : start + SEGMENT_BYTES]
        places.append(at + len(cells))
        cells += cell(piece + bytes(4))
    list_at = at + len(cells)
    cells += cell(struct.pack(f"<{len(places)}I", *places))
    head_at = at + len(cells)
    cells += cell(struct.pack("<2sHI", b"db", len(places), list_at))
    size = -(-(len(cells) + 0x20) // 4096) * 4096
    bin = struct.pack("<4sIIQQI", b"hbin", end, size, 0, 0, 0) + cells
    base += (bin + struct.pack("<i", size - len(bin))).ljust(size, b"\0")
    value = base.index(b"vk\x01\0")
    struct.pack_into("<II", base, value + 4, len(content), head_at)
    struct.pack_into("<I", base, 40, end + size)
    return signed(base)


def cell(record: bytes) -> bytes:
    length = -(-(len(record) + 4) // 8) * 8
    return struct.pack("<i", -length) + record.ljust(length - 4, b"\0")


def signed(content: bytearray) -> bytes:
    struct.pack_into("<I", content, 508, header_sum(bytes(content)))
    return bytes(content)


# ----- a real one


def test_a_real_hive_says_what_hivex_says_of_it() -> None:
    read = open_hive(system_hive(), [])

    assert read.stale == ""
    assert read.value("select", "current") == Value("Current", "REG_DWORD", 1)
    assert read.value("Setup", "CloneTag") == Value("CloneTag", "REG_MULTI_SZ", ("Sat Dec 07 09:18:25 2019",))
    assert read.value(r"ControlSet001\Services\cdrom", "start") == Value("Start", "REG_DWORD", 1)
    assert len(read.keys(r"ControlSet001\Services") or ()) > 600


@pytest.mark.slow
def test_a_real_hive_is_read_whole_and_every_key_hivex_sees_is_seen(tmp_path: str) -> None:
    assert SYSTEM_HIVE.is_file()
    file = f"{tmp_path}/SYSTEM"
    with open(file, "wb") as out:  # noqa: PTH123
        out.write(system_hive())
    script = r"cd \ControlSet001\Services" + "\nls\n"
    listed = run("hivexsh", file, stdin=script).splitlines()
    read = open_hive(system_hive(), [])

    assert sorted(listed) == sorted(read.keys(r"ControlSet001\Services") or ())
    assert sum(1 for _ in walked(read, "")) > 33_000


def walked(read: Hive, path: str) -> Iterator[str]:
    assert read.values(path) is not None
    for name in read.keys(path) or ():
        below = f"{path}\\{name}" if path else name
        yield below
        yield from walked(read, below)


# ----- what was not closed


def test_a_hive_that_windows_was_writing_to_is_stale(small: bytes) -> None:
    dirty = bytearray(small)
    dirty[4] += 1

    assert "Windows was writing" in open_hive(signed(dirty), []).stale


def test_a_header_that_was_not_written_to_its_end_is_stale(small: bytes) -> None:
    torn = bytearray(small)
    torn[12] ^= 1

    assert "checksum" in open_hive(bytes(torn), []).stale


# ----- what is damaged


@pytest.mark.parametrize("length", [0, 3, 511, 4095, 4096, 4100, 4200])
def test_a_hive_that_was_cut_is_unreadable(length: int, small: bytes) -> None:
    with pytest.raises(Unreadable):
        open_hive(small[:length], []).value(STATUS, "GeneralizationState")


def test_a_newer_kind_of_hive_is_refused(small: bytes) -> None:
    other = bytearray(small)
    struct.pack_into("<I", other, 20, 2)

    with pytest.raises(Unreadable, match="version 2"):
        open_hive(signed(other), [])


def damaged_at(content: bytes, offset: int, number: int) -> Hive:
    changed = bytearray(content)
    struct.pack_into("<I", changed, offset, number)
    return open_hive(bytes(changed), [])


WILD = (0, 1, 0x20, 0x7FFFFFF0, 0xFFFFFFFF)


def key_at(content: bytes, name: bytes) -> int:
    """Where a key's record is."""
    return content.index(b"nk", content.index(name) - 76)


@pytest.mark.parametrize("number", WILD)
@pytest.mark.parametrize(("name", "field"), [(b"Setup", 28), (b"Status", 28), (b"SysprepStatus", 40)])
def test_a_list_that_leads_astray_is_never_an_empty_one(name: bytes, field: int, number: int, small: bytes) -> None:
    """``field``: where in a key's record its list of subkeys, and of values, is."""
    with pytest.raises(Unreadable):
        damaged_at(small, key_at(small, name) + field, number).value(STATUS, "Nothing")


@pytest.mark.parametrize("count", [2, 1000, 99_999, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_count_that_is_not_the_lists_is_unreadable(count: int, small: bytes) -> None:
    with pytest.raises(Unreadable):
        damaged_at(small, key_at(small, b"Status") + 20, count).keys(r"Setup\Status")


def test_a_key_below_itself_is_no_key() -> None:
    content = hive({"A": {"x": 1}, r"A\B": {"y": 2}})
    a, b = key_at(content, b"A\0") - 4 - HEADER_BYTES, key_at(content, b"B\0") - 4 - HEADER_BYTES
    leads_to_b = content.index(struct.pack("<I", b), HEADER_BYTES)

    looping = damaged_at(content, leads_to_b, a)

    with pytest.raises(Unreadable):
        looping.value("\\".join(["A"] * 50), "x")
    with pytest.raises(Unreadable):
        looping.keys("A")
    assert looping.value("A", "x") == Value("x", "REG_DWORD", 1)


def test_one_damaged_key_hides_no_other_and_leaves_no_name_absent(small: bytes) -> None:
    read = damaged_at(small, key_at(small, b"Key3"), 0)

    assert read.value(r"Setup\Key2", "name") == Value("name", "REG_SZ", "value 2")
    for path in (r"Setup\Key3", r"Setup\Nothing"):
        with pytest.raises(Unreadable):
            read.value(path, "name")
    with pytest.raises(Unreadable):
        read.keys("Setup")


@pytest.mark.parametrize("kind", [b"lh", b"lf"])
def test_a_name_that_is_not_the_one_its_list_knows_is_damage(kind: bytes) -> None:
    content = bytearray(hive({"Alpha": {"x": 1}}))
    listed = content.index(b"lf\x01\0") if b"lf\x01\0" in content else content.index(b"lh\x01\0")
    content[listed : listed + 2] = kind
    total = 0
    for letter in b"ALPHA":
        total = (total * 37 + letter) % 2**32
    content[listed + 8 : listed + 12] = b"Alpha"[:4] if kind == b"lf" else total.to_bytes(4, "little")
    assert open_hive(bytes(content), []).value("Alpha", "x") is not None

    content[content.index(b"Alpha")] ^= 1

    for name in ("Alpha", "@lpha"):
        with pytest.raises(Unreadable):
            open_hive(bytes(content), []).value(name, "x")


@pytest.mark.slow
@settings(max_examples=120)
@given(st.data())
def test_a_damaged_hive_is_read_or_unreadable_and_nothing_else(small: bytes, data: st.DataObject) -> None:
    damaged = bytearray(small)
    for _ in range(data.draw(st.integers(1, 12))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    ask_everything(bytes(damaged))


@settings(max_examples=100)
@given(st.binary(max_size=600), st.integers(0, 12000))
def test_random_bytes_in_a_hive_are_read_or_unreadable_and_nothing_else(small: bytes, words: bytes, at: int) -> None:
    ask_everything((small[:at] + words + small[at + len(words) :])[: len(small)])


def ask_everything(content: bytes) -> None:
    try:
        read = open_hive(content, [])
    except Unreadable:
        return
    for path in ("", "Select", "Setup", r"Setup\Status", STATUS, r"Setup\Key1"):
        for ask in (read.values, read.keys):
            try:
                ask(path)
            except Unreadable:
                continue
        try:
            read.value(path, "GeneralizationState")
        except Unreadable:
            continue


def test_an_empty_hive_has_nothing() -> None:
    read = open_hive(empty_hive(), [])

    assert (read.keys(""), read.values(""), read.value("A", "b")) == ((), [], None)

"""Transaction logs of hives: what leads on from a hive is read, and nothing else."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.inspection.windows.hive import Hive
from calco.inspection.windows.registry import open_hive
from calco.inspection.windows.registry_log import HASHED_BYTES_MAX, marvin32, replay
from tests.inspection.windows.hives import WAITS_FOR, entry, hive, log, open_after


@pytest.mark.parametrize(
    ("content", "hash"),
    [
        (b"", 0x30ED35C100CD3C7D),
        (b"\xaf", 0x48E73FC77D75DDC1),
        (b"\xe7\x0f", 0xB5F6E1FC485DBFF8),
        (b"\x37\xf4\x95", 0xF0B07C789B8CF7E8),
    ],
)
def test_the_hash_is_the_one_that_others_compute(content: bytes, hash: int) -> None:
    """Source: .NET, Marvin32's tests, seed 004fb61a001bdbcc."""
    assert marvin32(content, 0x004FB61A001BDBCC) == hash


def state(number: int, extra: int = 0) -> bytes:
    keys = {"Setup": {"GeneralizationState": number}, **{f"Key{each}": {"x": each} for each in range(extra)}}
    return hive(keys)


def seen(read: Hive) -> object:
    value = read.value("Setup", "GeneralizationState")
    return value.data if value else None


def test_a_hive_is_read_with_what_its_log_holds() -> None:
    before, after = state(7), state(3)

    read = open_hive(open_after(before), [log(entry(before, after))])

    assert (seen(read), read.stale) == (3, "")


def test_entries_of_both_logs_are_taken_in_their_order() -> None:
    one, two, three = state(7), state(4), state(3)
    logs = [log(entry(two, three, WAITS_FOR + 1)), log(entry(one, two))]

    assert seen(open_hive(open_after(one), logs)) == 3
    assert seen(open_hive(open_after(one), logs[::-1])) == 3


def test_entries_that_the_hive_has_already_are_left_out() -> None:
    before, after = state(7), state(3)
    logs = [log(entry(before, state(9), WAITS_FOR - 1), entry(before, after))]

    assert seen(open_hive(open_after(before), logs)) == 3


def test_after_a_gap_nothing_is_taken() -> None:
    before = state(7)
    logs = [log(entry(before, state(4)), entry(state(4), state(3), WAITS_FOR + 2))]

    assert seen(open_hive(open_after(before), logs)) == 4


def test_a_hive_that_grew_is_read_whole() -> None:
    before, after = state(7), state(3, extra=60)
    assert len(after) > len(before)

    read = open_hive(open_after(before), [log(entry(before, after))])

    assert (seen(read), len(read.keys("") or ())) == (3, 61)


def test_what_lies_between_the_pages_of_a_hive_that_grew_is_empty() -> None:
    before, after = state(7), state(3, extra=60)
    grown = before + bytes(len(after) - len(before))

    replayed = replay(open_after(before), [log(entry(grown, after))])

    assert replayed is not None
    assert replayed[4096:] == after[4096:]


def test_entries_from_before_are_not_hashed() -> None:
    before = state(7)
    earlier = struct.pack("<4sIIIII", b"HvLE", HASHED_BYTES_MAX, 0, 1, 8192, 0).ljust(HASHED_BYTES_MAX, b"\0")

    assert seen(open_hive(open_after(before), [log(earlier, entry(before, state(3)))])) == 3


def test_a_header_that_was_not_written_to_its_end_is_led_on_by_nothing() -> None:
    before = state(7)
    torn = bytearray(open_after(before))
    torn[12] ^= 1

    read = open_hive(bytes(torn), [log(entry(before, state(3)))])

    assert (seen(read), "checksum" in read.stale) == (7, True)


def test_logs_of_a_hive_that_was_closed_are_not_looked_at() -> None:
    before = state(7)

    assert seen(open_hive(before, [log(entry(before, state(3), 1))])) == 7


@pytest.mark.parametrize(
    "logs",
    [
        [],
        [b""],
        [log()],
        [log(entry(state(7), state(3), WAITS_FOR + 1))],
        [log(entry(state(7), state(3), shift=1 << 24))],
        [log(entry(state(7), state(3))[:-1] + b"x")],
        [bytes(512) + b"DIRT" + bytes(4096)],
    ],
    ids=["none", "empty", "no entries", "a later one", "pages elsewhere", "torn", "of an old kind"],
)
def test_logs_that_do_not_lead_on_leave_the_hive_stale(logs: list[bytes]) -> None:
    read = open_hive(open_after(state(7)), logs)

    assert seen(read) == 7
    assert "Windows was writing" in read.stale


def test_more_than_is_hashed_in_time_is_left_alone() -> None:
    before = state(7)
    size = HASHED_BYTES_MAX + 512
    long = entry(before, state(3)) + struct.pack("<4sIIIII", b"HvLE", size, 0, WAITS_FOR + 1, 8192, 0) + bytes(size)

    assert open_hive(open_after(before), [log(long)]).stale


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, bytes]:
    return state(7), state(3)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.data())
def test_a_damaged_log_is_taken_as_a_whole_or_not_at_all(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    before, after = pair
    damaged = bytearray(log(entry(before, after)))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    read = open_hive(open_after(before), [bytes(damaged)])

    assert (seen(read), bool(read.stale)) in {(7, True), (3, False)}

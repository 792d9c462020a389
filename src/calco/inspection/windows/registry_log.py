"""Replays a hive's transaction logs in memory, as Windows does when it loads a hive that was not closed.

Since Windows 8.1 changes go to a log first, entry by entry, each with two hashes and the next number, and to the hive
much later. What Windows would load is the hive with every entry from the number it waits for on, until one is missing
or was not written to its end. Older logs (``DIRT``) have no hashes, and are left alone.

Source: M. Suhanov, "Windows registry file format specification", Transaction log files; Marvin32: SymCrypt, marvin32.c.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEADER_BYTES = 4096
LOG_HEADER_BYTES = 512
ENTRIES_MAX = 4096
HASHED_BYTES_MAX = 4 << 20
"""Hashing takes 0.14 CPU-s for a MiB."""
GROWTH_MAX = 64 << 20

_ENTRY = struct.Struct("<4sIIIIIQQ")
"""Signature, bytes, flags, number, bytes of the hive's bins afterwards, pages, hash of what follows, hash of this."""
_HEAD_BYTES = 32
_SEED = 0x82EF4D887A4E55C5
_WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class _Entry:
    content: bytes
    number: int
    bins_bytes: int
    pages: int


def replay(hive: bytes, logs: Sequence[bytes]) -> bytes | None:
    """The hive as Windows would load it; None when the logs do not lead on from it."""
    (waits_for,) = struct.unpack_from("<I", hive, 8)
    entries = [each for log in logs for each in _entries(log) if each.number >= waits_for]
    if sum(len(each.content) for each in entries) > HASHED_BYTES_MAX:
        return None
    by_number = {each.number: each for each in entries if _is_whole(each)}
    changed = bytearray(hive)
    number = waits_for
    while number in by_number and _applied(changed, by_number[number], len(hive) + GROWTH_MAX):
        number += 1
    return None if number == waits_for else bytes(changed)


def _entries(log: bytes) -> Iterator[_Entry]:
    at = LOG_HEADER_BYTES
    for _ in range(ENTRIES_MAX):
        if at + _ENTRY.size > len(log):
            return
        kind, size, _, number, bins_bytes, pages, _, _ = _ENTRY.unpack_from(log, at)
        if kind != b"HvLE" or size < _ENTRY.size or size % LOG_HEADER_BYTES or at + size > len(log):
            return
        yield _Entry(log[at : at + size], number, bins_bytes, pages)
        at += size


def _is_whole(entry: _Entry) -> bool:
    of_rest, of_head = struct.unpack_from("<QQ", entry.content, 24)
    return bool(marvin32(entry.content[:_HEAD_BYTES]) == of_head and marvin32(entry.content[_ENTRY.size :]) == of_rest)


def _applied(hive: bytearray, entry: _Entry, size_max: int) -> bool:
    """Whether its pages lie in the hive; then they are there."""
    end = HEADER_BYTES + entry.bins_bytes
    data_at = _ENTRY.size + 8 * entry.pages
    if end > size_max or data_at > len(entry.content):
        return False
    places = list(struct.iter_unpack("<II", entry.content[_ENTRY.size : data_at]))
    whole = data_at + sum(size for _, size in places) <= len(entry.content)
    if not whole or any(HEADER_BYTES + offset + size > end for offset, size in places):
        return False
    hive.extend(bytes(max(0, end - len(hive))))
    for offset, size in places:
        hive[HEADER_BYTES + offset : HEADER_BYTES + offset + size] = entry.content[data_at : data_at + size]
        data_at += size
    struct.pack_into("<I", hive, 40, entry.bins_bytes)
    return True


def marvin32(content: bytes, seed: int = _SEED) -> int:
    low, high = seed & _WORD, seed >> 32
    rest = len(content) % 4
    padded = content + b"\x80" + bytes(3 - rest)
    for (word,) in struct.iter_unpack("<I", padded + bytes(4)):
        low = (low + word) & _WORD
        high ^= low
        low = ((low << 20 | low >> 12) + high) & _WORD
        high = (high << 9 | high >> 23) & _WORD ^ low
        low = ((low << 27 | low >> 5) + high) & _WORD
        high = (high << 19 | high >> 13) & _WORD
    return high << 32 | low

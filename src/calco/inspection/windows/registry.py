"""Reads hives of Windows' registry from bytes, strictly.

What is absent and what is damaged are never confused here: a name is absent only when every sibling was read. The
libraries there are end a list at its first damaged entry and so answer "absent" (libregf, regipy), and replay a
transaction log's entries without looking at their hashes (regipy); a verdict cannot stand on that.

A hive is a header of 4096 bytes and then cells: a length (negative: in use), then a record. Keys (``nk``) name a list
of their subkeys (``lf``, ``lh``, ``li``, or ``ri``: a list of lists) and one of their values (``vk``).
Source: M. Suhanov, "Windows registry file format specification".
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import xor

from calco.inspection.blocks import Unreadable
from calco.inspection.text import utf_16
from calco.inspection.windows.hive import Data, Hive, Value
from calco.inspection.windows.registry_log import HEADER_BYTES, replay

KEYS_MAX = 100_000
"""Of one key: what Windows itself holds stays below a third of it."""
DATA_BYTES_MAX = 16 << 20
"""Of one value."""
SEGMENT_BYTES = 16344
"""What a cell of a value's data holds at most; longer data is cut into segments."""

TYPES = (
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTOR",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
)

NONE = 0xFFFFFFFF
_KEY = struct.Struct("<2sH12xIIIIIII28xHH")
"""Signature, flags, parent, subkeys, volatile subkeys, list of subkeys, of volatile ones, values, list of values; the
length of the name and of the class."""
_VALUE = struct.Struct("<2sHIIIH2x")
"""Signature, length of the name, of the data, where the data is, type, flags."""
_KEY_NAME_AT, _VALUE_NAME_AT = 76, 20
_NARROW_KEY, _NARROW_VALUE = 0x20, 0x01
"""Flags: the name is Latin-1, not UTF-16."""


def open_hive(content: bytes, logs: Sequence[bytes]) -> Hive:
    """Raises Unreadable. A hive that was not closed is read as Windows would load it, if its logs lead on from it."""
    stale = staleness(content)
    replayed = replay(content, logs) if stale and _has_whole_header(content) else None
    return RegfHive(content, stale) if replayed is None else RegfHive(replayed, "")


def staleness(content: bytes) -> str:
    """Why a hive's bytes may be older than what Windows wrote last; empty when it was closed cleanly."""
    if len(content) < HEADER_BYTES or content[:4] != b"regf":
        raise Unreadable("no registry hive: its header is missing")
    if not _has_whole_header(content):
        return "its header was not written to the end (the checksum differs)"
    first, second = struct.unpack_from("<II", content, 4)
    if first != second:
        return f"Windows was writing to it (sequence numbers {first} and {second})"
    return ""


def _has_whole_header(content: bytes) -> bool:
    return header_sum(content) == int.from_bytes(content[508:512], "little")


def header_sum(content: bytes) -> int:
    """The checksum of a header: its first 127 words, xor-ed; 0 and all ones are never used."""
    total: int = reduce(xor, struct.unpack_from("<127I", content))
    return {0: 1, NONE: NONE - 1}.get(total, total)


_Hint = tuple[bytes, int]
"""What a list of subkeys says of a name: the list's kind, and a word beside the entry."""


@dataclass(frozen=True)
class _Key:
    at: int
    name: str
    parent: int
    subkeys: int
    subkeys_at: int
    values: int
    values_at: int


@dataclass(frozen=True)
class _Names:
    """``damage``: why a name that is not here may be there all the same."""

    at: Mapping[str, int]
    shown: tuple[str, ...]
    damage: str


class RegfHive:
    """``Hive`` over a hive's bytes. Keys are read when they are first asked for."""

    def __init__(self, content: bytes, stale: str) -> None:
        self.stale = stale
        self._content = content
        major, minor, _, _, root, length = struct.unpack_from("<6I", content, 20)
        if major != 1:
            raise Unreadable(f"a registry hive of version {major}.{minor} is not known")
        self._has_segments = minor > 3
        self._end = min(len(content), HEADER_BYTES + length)
        self._subkeys: dict[int, _Names] = {}
        self._root = self._key(root)

    def value(self, path: str, name: str) -> Value | None:
        key = self._find(path)
        if key is None:
            return None
        damage = ""
        for at in self._values_of(key):
            try:
                if _folded(self._value_name(at)) == _folded(name):
                    return self._value(at)
            except _Damaged as why:
                damage = str(why)
        if damage:
            raise Unreadable(f"{path}\\{name}: {damage}")
        return None

    def values(self, path: str) -> Sequence[Value] | None:
        key = self._find(path)
        return None if key is None else [self._value(at) for at in self._values_of(key)]

    def keys(self, path: str) -> Sequence[str] | None:
        key = self._find(path)
        if key is None:
            return None
        names = self._names(key)
        if names.damage:
            raise Unreadable(f"{path}: {names.damage}")
        return names.shown

    def _find(self, path: str) -> _Key | None:
        key = self._root
        for part in filter(None, path.split("\\")):
            names = self._names(key)
            at = names.at.get(_folded(part))
            if at is None and names.damage:
                raise Unreadable(f"{path}: {names.damage}")
            if at is None:
                return None
            key = self._key(at)
        return key

    def _names(self, key: _Key) -> _Names:
        if key.at not in self._subkeys:
            self._subkeys[key.at] = self._read_names(key)
        return self._subkeys[key.at]

    def _read_names(self, key: _Key) -> _Names:
        found: dict[str, int] = {}
        shown: list[str] = []
        damage = ""
        try:
            places = self._subkeys_of(key)
        except _Damaged as why:
            return _Names({}, (), str(why))
        for at, hint in places:
            try:
                child = self._key(at)
            except _Damaged as why:
                damage = str(why)
                continue
            name = _folded(child.name)
            if child.parent != key.at or name in found or not _fits(child.name, hint):
                damage = f"a key at {at:#x} stands where it does not belong"
                continue
            found[name] = at
            shown.append(child.name)
        return _Names(found, tuple(shown), damage)

    def _subkeys_of(self, key: _Key) -> Sequence[tuple[int, _Hint]]:
        """Where its subkeys are, and what their list says of their names."""
        if key.subkeys == 0:
            return ()
        if key.subkeys > KEYS_MAX:
            raise _Damaged(f"the key at {key.at:#x} claims {key.subkeys} subkeys")
        lists = self._lists(key.subkeys_at)
        if sum(count for _, _, count in lists) != key.subkeys:
            raise _Damaged(f"the list of subkeys at {key.subkeys_at:#x} is not as long as its key says")
        return [*chain.from_iterable(self._entries(*each) for each in lists)]

    def _lists(self, at: int) -> list[tuple[int, bytes, int]]:
        """Leaves of a list of subkeys: where each is, its kind, how many entries it has."""
        kind, count = self._list_head(at)
        if kind != b"ri":
            return [self._leaf(at)]
        return [self._leaf(leaf) for leaf in self._words(at, count)]

    def _leaf(self, at: int) -> tuple[int, bytes, int]:
        kind, count = self._list_head(at)
        if kind not in {b"lf", b"lh", b"li"}:
            raise _Damaged(f"no list of subkeys at {at:#x}")
        return at, kind, count

    def _list_head(self, at: int) -> tuple[bytes, int]:
        kind, count = struct.unpack_from("<2sH", self._cell(at, 4))
        return kind, count

    def _entries(self, at: int, kind: bytes, count: int) -> Sequence[tuple[int, _Hint]]:
        if kind == b"li":
            return [(place, (kind, 0)) for place in self._words(at, count)]
        words = self._words(at, 2 * count)
        return [(place, (kind, word)) for place, word in zip(words[::2], words[1::2], strict=True)]

    def _words(self, at: int, count: int) -> tuple[int, ...]:
        """Of a list, behind its head."""
        return struct.unpack_from(f"<{count}I", self._cell(at, 4 + 4 * count), 4)

    def _values_of(self, key: _Key) -> tuple[int, ...]:
        """Where its values are."""
        if key.values == 0:
            return ()
        if key.values > KEYS_MAX:
            raise _Damaged(f"the key at {key.at:#x} claims {key.values} values")
        return struct.unpack_from(f"<{key.values}I", self._cell(key.values_at, 4 * key.values))

    def _key(self, at: int) -> _Key:
        cell = self._cell(at, _KEY_NAME_AT)
        kind, flags, parent, subkeys, _, subkeys_at, _, values, values_at, length, _ = _KEY.unpack_from(cell)
        if kind != b"nk":
            raise _Damaged(f"no key at {at:#x}")
        name = _name(cell, _KEY_NAME_AT, length, bool(flags & _NARROW_KEY))
        return _Key(at, name, parent, subkeys, subkeys_at, values, values_at)

    def _value_name(self, at: int) -> str:
        cell = self._cell(at, _VALUE_NAME_AT)
        kind, length, _, _, _, flags = _VALUE.unpack_from(cell)
        if kind != b"vk":
            raise _Damaged(f"no value at {at:#x}")
        return _name(cell, _VALUE_NAME_AT, length, bool(flags & _NARROW_VALUE))

    def _value(self, at: int) -> Value:
        name = self._value_name(at)
        _, _, length, data_at, number, _ = _VALUE.unpack_from(self._cell(at, _VALUE_NAME_AT))
        type = TYPES[number] if number < len(TYPES) else f"{number:#x}"
        return Value(name, type, _data(type, self._bytes(length, data_at)))

    def _bytes(self, length: int, at: int) -> bytes:
        """A value's data. The highest bit of its length: the data stands where its offset would."""
        if length & 0x80000000:
            if length > 0x80000004:
                raise _Damaged("a value's data is longer than where it stands")
            return struct.pack("<I", at)[: length & 0x7FFFFFFF]
        if length == 0:
            return b""
        if length > DATA_BYTES_MAX:
            raise _Damaged(f"a value claims {length} bytes")
        cell = self._cell(at, min(length, 8))
        if length > SEGMENT_BYTES and self._has_segments and cell[:2] == b"db":
            return self._segments(length, cell)
        return self._cell(at, length)[:length]

    def _segments(self, length: int, head: bytes) -> bytes:
        count, list_at = struct.unpack_from("<HI", head, 2)
        if count != -(-length // SEGMENT_BYTES):
            raise _Damaged("a long value has not as many segments as its length needs")
        places = struct.unpack_from(f"<{count}I", self._cell(list_at, 4 * count))
        sizes = [SEGMENT_BYTES] * (count - 1) + [length - SEGMENT_BYTES * (count - 1)]
        return b"".join(self._cell(at, size)[:size] for at, size in zip(places, sizes, strict=True))

    def _cell(self, at: int, needed: int) -> bytes:
        """The record in the cell at an offset, at least that many bytes."""
        start = HEADER_BYTES + at
        if at % 8 or start + 4 > self._end:
            raise _Damaged(f"nothing can be at {at:#x}")
        (length,) = struct.unpack_from("<i", self._content, start)
        if length >= 0 or start - length > self._end or -length - 4 < needed:
            raise _Damaged(f"the cell at {at:#x} is free, too short, or reaches out of the hive")
        return self._content[start + 4 : start - length]


class _Damaged(Unreadable):
    """One record makes no sense."""


def _fits(name: str, hint: _Hint) -> bool:
    """Whether a key's name is the one its list knows: a hash of it in capitals, or its first four letters."""
    kind, word = hint
    if kind == b"li" or not name.isascii():
        return True
    if kind == b"lf":
        return name[:4].encode().ljust(4, b"\0") == word.to_bytes(4, "little")
    total = 0
    for letter in name.upper().encode():
        total = (total * 37 + letter) & NONE
    return total == word


def _folded(name: str) -> str:
    """Letter by letter, as Windows: to it, no letter becomes two."""
    if name.isascii():
        return name.upper()
    return "".join(each.upper() if len(each.upper()) == 1 else each for each in name)


def _name(cell: bytes, at: int, length: int, is_narrow: bool) -> str:
    if at + length > len(cell):
        raise _Damaged("a name reaches out of its cell")
    name = cell[at : at + length]
    return name.decode("latin-1") if is_narrow else utf_16(name)


def _data(type: str, content: bytes) -> Data:
    """A number of another length than its type's stays bytes."""
    match type, len(content):
        case ("REG_DWORD", 4) | ("REG_QWORD", 8):
            return int.from_bytes(content, "little")
        case ("REG_DWORD_BIG_ENDIAN", 4):
            return int.from_bytes(content, "big")
        case (("REG_SZ" | "REG_EXPAND_SZ" | "REG_LINK"), _):
            return utf_16(content).split("\0", 1)[0]
        case "REG_MULTI_SZ", _:
            return tuple(filter(None, utf_16(content).split("\0")))
    return content

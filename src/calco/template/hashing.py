"""The hashes behind ``uniqueString`` and ``guid``: the same answers as Azure's, so that names agree with those there.

Sources: Azure's implementation is published in its MIT-licensed packages and described in public re-implementations
(maskati's gist, JasonWhall/go-azure-uniquestring); the namespace of ``guid`` is in Azure's documentation of Bicep.
MurmurHash3 is by Austin Appleby and in the public domain; Azure's is a 64-bit variant of its 32-bit steps.
"""

import uuid
from collections.abc import Iterable

from calco.model.document import Document
from calco.template.faults import compact

_MASK = 0xFFFFFFFF
_C1, _C2 = 0xAB0E9789, 0x239B961B
_MIX = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_GUIDS = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")


def _turn(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _first(word: int) -> int:
    return (_turn((word * _C2) & _MASK, 15) * _C1) & _MASK


def _second(word: int) -> int:
    return (_turn((word * _C1) & _MASK, 17) * _C2) & _MASK


def _last(value: int) -> int:
    for shift, factor in _MIX:
        value = ((value ^ (value >> shift)) * factor) & _MASK
    return value ^ (value >> 16)


def murmur64(data: bytes) -> int:
    """Azure's 64-bit hash of ``data``."""
    high = low = 0
    whole = len(data) // 8 * 8
    for start in range(0, whole, 8):
        low ^= _first(int.from_bytes(data[start : start + 4], "little"))
        low = ((_turn(low, 19) + high) * 5 + 0x561CCD1B) & _MASK
        high ^= _second(int.from_bytes(data[start + 4 : start + 8], "little"))
        high = ((_turn(high, 13) + low) * 5 + 0x0BCAA747) & _MASK
    low ^= _first(int.from_bytes(data[whole : whole + 4], "little"))
    high ^= _second(int.from_bytes(data[whole + 4 :], "little"))
    high ^= len(data)
    low = ((low ^ len(data)) + high) & _MASK
    high = (high + low) & _MASK
    low, high = _last(low), _last(high)
    low = (low + high) & _MASK
    high = (high + low) & _MASK
    return high << 32 | low


def unique_text(parts: Iterable[str]) -> str:
    """13 letters and digits, base 32, of the highest bits first."""
    value = murmur64("-".join(parts).encode()) << 1
    return "".join(_LETTERS[value >> shift & 31] for shift in range(60, -1, -5))


def guid_of(parts: Iterable[str]) -> str:
    """A version 5 GUID."""
    return str(uuid.uuid5(_GUIDS, "-".join(parts)))


def template_hash(template: Document) -> str:
    """``templateHash``: of the template written without blanks, in upper case. Source: maskati's gist; no published
    pair of template and hash was found to compare with."""
    return str(murmur64(compact(template).upper().encode("utf-8", "replace")))

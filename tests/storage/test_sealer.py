"""What is sealed comes back whole, in this data directory alone, and not when a bit of it was changed."""

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.storage.sealer import KEY_BYTES, KeySealer, ensure_key

KEY = bytes(range(KEY_BYTES))
SEALER = KeySealer(KEY)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(texts)
def test_what_was_sealed_is_unsealed(text: str) -> None:
    assert SEALER.unseal(SEALER.seal(text)) == text


@given(texts)
def test_nothing_of_a_text_shows_and_no_two_seals_are_alike(text: str) -> None:
    first, second = SEALER.seal(text), SEALER.seal(text)

    assert first != second
    assert len(text) < 4 or text not in first
    assert len(text) < 4 or text.encode() not in base64.b64decode(first)


@given(texts, st.data())
def test_a_changed_bit_is_refused(text: str, data: st.DataObject) -> None:
    raw = bytearray(base64.b64decode(SEALER.seal(text)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8

    with pytest.raises(ValueError, match="not sealed here"):
        SEALER.unseal(base64.b64encode(raw).decode())


@given(texts, st.data())
def test_a_part_is_refused(text: str, data: st.DataObject) -> None:
    sealed = SEALER.seal(text)
    cut = data.draw(st.integers(0, len(sealed) - 1))

    for part in (sealed[:cut], sealed[cut + 1 :]):
        with pytest.raises(ValueError, match="not sealed here"):
            SEALER.unseal(part)


@given(st.text(max_size=200))
def test_what_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not sealed here"):
        SEALER.unseal(text)


def test_another_directorys_key_opens_nothing() -> None:
    with pytest.raises(ValueError, match="not sealed here"):
        KeySealer(bytes(KEY_BYTES)).unseal(SEALER.seal("secret"))


def test_a_key_is_made_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    file = tmp_path / "seal.key"

    made = ensure_key(file)

    assert (len(made), file.stat().st_mode & 0o777) == (KEY_BYTES, 0o600)
    assert ensure_key(file) == made
    assert made != ensure_key(tmp_path / "another.key")


@pytest.mark.parametrize("content", [b"", KEY[:-1], KEY + b"\n"], ids=["empty", "short", "long"])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "seal.key"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=str(KEY_BYTES)) as refused:
        ensure_key(file)

    assert os.fspath(file) in str(refused.value)
    assert file.read_bytes() == content

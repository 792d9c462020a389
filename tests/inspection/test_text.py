"""Text as Windows writes it."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.text import text_of_file, text_of_tail, utf_16


@pytest.mark.parametrize("text", ["", "[State]", "Grüße", "日本語のログ"])
def test_a_file_is_read_by_its_mark(text: str) -> None:
    assert text_of_file(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == text
    assert text_of_file(codecs.BOM_UTF8 + text.encode()) == text
    assert text_of_file(text.encode()) == text


def test_without_a_mark_zeros_tell_utf_16() -> None:
    assert text_of_file("[State]\r\n".encode("utf-16-le")) == "[State]\r\n"


def test_a_tail_may_begin_in_the_middle_of_a_character() -> None:
    assert text_of_tail("xx the end".encode("utf-16-le")[1:])[1:] == " the end"
    assert text_of_tail("xx the end".encode("utf-16-le")) == "xx the end"
    assert text_of_tail("ü the end".encode()[1:]).endswith(" the end")


@given(st.binary())
def test_whatever_stands_there_is_text(content: bytes) -> None:
    for read in (utf_16, text_of_file, text_of_tail):
        assert isinstance(read(content), str)

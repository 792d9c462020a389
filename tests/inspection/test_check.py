"""Checks are made one by one, and none hides another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.check import WORDS_MAX, Check, Found, passed, printable, run
from calco.model.inspection import Result, Severity


def check(code: str, found: Found | Exception | None) -> Check[str]:
    def look(subject: str) -> Found | None:
        assert subject == "a disk"
        if isinstance(found, Exception):
            raise found
        return found

    return Check(code, Severity.LEAKS, "", "", "", "", "", look)


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (Unreadable("a folder is damaged"), "a folder is damaged"),
        (OSError("pytsk: failed"), "reading it failed: OSError: pytsk: failed"),
        (MemoryError(), "reading it failed: MemoryError: "),
        (RecursionError("too deep"), "reading it failed: RecursionError: too deep"),
        (KeyError("\x1b"), "reading it failed: KeyError: '\\x1b'"),
    ],
)
def test_a_check_that_cannot_be_made_says_so_and_the_others_are_made(raised: Exception, words: str) -> None:
    seen = run((check("a", raised), check("b", passed("fine")), check("c", None)), "a disk")

    assert [(each.code, each.result, each.found) for each in seen] == [
        ("a", Result.NOT_READ, words),
        ("b", Result.PASSED, "fine"),
    ]


@given(st.text(max_size=WORDS_MAX * 2))
def test_words_become_one_printable_line_of_bounded_length(words: str) -> None:
    shown = printable(words)

    assert shown.isprintable()
    assert len(shown) <= WORDS_MAX
    assert printable(shown) == shown
    if words.isprintable() and len(words) <= WORDS_MAX:
        assert shown == words

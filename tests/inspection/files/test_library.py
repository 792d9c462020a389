"""What a library answers, raises, and may forget: that the bytes it wanted could not be read."""

from collections.abc import Callable

import pytest

from calco.inspection.blocks import Unreadable
from calco.inspection.files.library import ask


class Source:
    def __init__(self) -> None:
        self.failed: Unreadable | None = None

    def read(self) -> bytes:
        self.failed = Unreadable("sector 7 is bad")
        raise OSError("short read")


def shrugging(source: Source) -> Callable[[], str]:
    """A library that answers with what it got."""

    def question() -> str:
        try:
            return source.read().decode()
        except OSError:
            return "half"

    return question


def test_an_answer_is_handed_on() -> None:
    assert ask(Source(), "folder 5", lambda: "whole") == "whole"


@pytest.mark.parametrize("raised", [OSError, RuntimeError, ValueError, OverflowError, TypeError, MemoryError])
def test_whatever_a_library_raises_says_what_could_not_be_read(raised: type[Exception]) -> None:
    def question() -> str:
        raise raised("its own words")

    with pytest.raises(Unreadable, match="folder 5 cannot be read: its own words"):
        ask(Source(), "folder 5", question)


def test_what_went_wrong_below_a_library_is_told_in_the_words_of_below() -> None:
    source = Source()

    with pytest.raises(Unreadable, match="sector 7 is bad"):
        ask(source, "folder 5", source.read)


def test_an_answer_made_of_what_could_be_read_is_none() -> None:
    source = Source()

    with pytest.raises(Unreadable, match="sector 7 is bad"):
        ask(source, "folder 5", shrugging(source))


def test_a_failure_is_not_laid_on_the_next_question() -> None:
    source = Source()
    with pytest.raises(Unreadable):
        ask(source, "folder 5", source.read)

    assert ask(source, "folder 6", lambda: "whole") == "whole"

"""A check: one thing that is looked at on a disk, what it should be, and the command that mends it.

Everything but what was found stands in the catalogue: no word of a disk ever becomes part of a command that somebody
pastes into a root shell. Codes are stable: a pipeline may name them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from calco.inspection.blocks import Unreadable
from calco.model.inspection import Result, Severity

S = TypeVar("S")
T = TypeVar("T")

WORDS_MAX = 400


@dataclass(frozen=True)
class Found:
    """What a look at a disk saw, in words."""

    result: Result
    words: str


def passed(words: str) -> Found:
    return Found(Result.PASSED, words)


def failed(words: str) -> Found:
    return Found(Result.FAILED, words)


def not_read(words: str) -> Found:
    return Found(Result.NOT_READ, words)


@dataclass(frozen=True)
class Check(Generic[S]):
    """``code``: ``linux.ssh-host-keys``; ``title``: what is looked at (``SSH host keys``); ``expected``: how it should
    be (``none``); ``message``: what is wrong when it is not, a sentence; ``fix``: the command that mends it, run on the
    machine itself as root or administrator; ``source``: where the rule comes from. ``look`` answers None when the check
    says nothing about this disk."""

    code: str
    severity: Severity
    title: str
    expected: str
    message: str
    fix: str
    source: str
    look: Callable[[S], Found | None]


@dataclass(frozen=True)
class Seen:
    """One check's outcome as the child tells it: the rest is looked up in the catalogue by its code."""

    code: str
    result: Result
    found: str


def run(checks: tuple[Check[S], ...], subject: S) -> list[Seen]:
    """Every check on the subject; one that cannot be made does not keep the others from being made."""
    made = ((check.code, attempt(partial(check.look, subject), not_read)) for check in checks)
    return [Seen(code, found.result, printable(found.words)) for code, found in made if found is not None]


def attempt(looked: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """What ``looked`` answers, or ``otherwise`` of why it has no answer. The libraries below raise whatever they like
    at what a disk holds, running out of memory and out of stack included: no part of it may hide the rest."""
    try:
        return looked()
    except Unreadable as why:
        return otherwise(printable(str(why)))
    except Exception as why:
        return otherwise(printable(f"reading it failed: {type(why).__name__}: {why}"))


def printable(words: str, limit: int = WORDS_MAX) -> str:
    """One line that a terminal and a page may show: what a disk holds may be anything."""
    begin = words[: limit + 1]
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in begin)
    return shown if len(shown) <= limit else shown[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"

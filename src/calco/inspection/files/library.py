"""How a library that reads file systems is asked: what it raises, and what went wrong below it, become ours."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from calco.inspection.blocks import Unreadable

T = TypeVar("T")


class Source(Protocol):
    """What the library reads from. ``failed``: why it got no bytes, which it may forget or put in words of its own."""

    failed: Unreadable | None


def ask(source: Source, what: str, question: Callable[[], T]) -> T:
    """The library's answer about ``what``. Raises Unreadable."""
    source.failed = None
    try:
        answer = question()
    except (OSError, RuntimeError, ValueError, OverflowError, TypeError, AttributeError, MemoryError) as why:
        raise source.failed or Unreadable(f"{what} cannot be read: {str(why)[:200]}") from why
    if source.failed is not None:
        raise source.failed
    return answer

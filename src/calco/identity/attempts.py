"""Guessing passwords is made slow: whoever fails too often under a name waits, and longer each time.

Names that nobody has are counted too, so that the wait says nothing about who is there.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from calco.ports import Clock

FREE = 5
"""Failures before the first wait."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
NAMES_MAX = 10_000


@dataclass(frozen=True)
class _Count:
    failures: int
    last: datetime

    @property
    def until(self) -> datetime:
        over = self.failures - FREE
        return self.last + min(FIRST_WAIT * 2 ** min(over, 10), LONGEST_WAIT) if over >= 0 else self.last


class Attempts:
    """Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def wait_seconds(self, name: str) -> int:
        """How long whoever signs in under that name has to wait; 0: not at all."""
        with self._lock:
            count = self._counts.get(name.lower())
        left = timedelta() if count is None else count.until - self._clock.now()
        return max(0, -(-left // timedelta(seconds=1)))

    def failed(self, name: str) -> None:
        now, key = self._clock.now(), name.lower()
        with self._lock:
            before = self._counts.pop(key, None)
            failures = 0 if before is None or before.last + FORGOTTEN_AFTER < now else before.failures
            self._counts[key] = _Count(failures + 1, now)
            while len(self._counts) > NAMES_MAX:
                del self._counts[next(iter(self._counts))]

    def succeeded(self, name: str) -> None:
        with self._lock:
            self._counts.pop(name.lower(), None)

"""Things that are handed out under a code nobody can guess, for a few minutes: in memory, so a restart forgets them."""

import threading
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from calco.ports import Chance, Clock

T = TypeVar("T")

CODE_BYTES = 32
KEPT_MAX = 1000
"""The oldest make room: whoever floods the shelf with requests loses requests, and nobody memory."""


class Shelf(Generic[T]):
    """Safe to use from several threads."""

    def __init__(self, lasts: timedelta, clock: Clock, chance: Chance) -> None:
        self._lasts = lasts
        self._clock = clock
        self._chance = chance
        self._kept: dict[str, tuple[datetime, T]] = {}
        self._lock = threading.Lock()

    def put(self, thing: T) -> str:
        """The code under which it lies."""
        code = self._chance.token(CODE_BYTES)
        with self._lock:
            self._kept[code] = (self._clock.now() + self._lasts, thing)
            while len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        return code

    def look(self, code: str) -> T | None:
        """What lies there and has not expired."""
        with self._lock:
            until, thing = self._kept.get(code, (None, None))
        return None if until is None or until <= self._clock.now() else thing

    def take(self, code: str) -> T | None:
        """What lies there and has not expired, once: of two who ask at a time one gets it."""
        with self._lock:
            until, thing = self._kept.pop(code, (None, None))
        return None if until is None or until <= self._clock.now() else thing

    def has_expired(self, code: str) -> bool:
        """Whether it was there and its time is over."""
        with self._lock:
            until, _ = self._kept.get(code, (None, None))
        return until is not None and until <= self._clock.now()

    def values(self) -> list[T]:
        """All that has not expired, oldest first."""
        now = self._clock.now()
        with self._lock:
            return [thing for until, thing in self._kept.values() if until > now]

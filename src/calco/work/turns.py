"""One at a time for each key: what several threads of one process want done once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Locks that exist while somebody needs them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Nobody else is inside for the same key."""
        with self._lock:
            turn, wanted = self._waiting.get(key, (threading.Lock(), 0))
            self._waiting[key] = (turn, wanted + 1)
        try:
            with turn:
                yield
        finally:
            with self._lock:
                turn, wanted = self._waiting[key]
                if wanted == 1:
                    del self._waiting[key]
                else:
                    self._waiting[key] = (turn, wanted - 1)

"""Forgets what is older than people want to remember: ended operations and the events of the activity log.

Once when the service starts and every hour while it is up, for a service may be up for months.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from calco.ports import Clock

log = logging.getLogger(__name__)

LOOK_SECONDS = 3600.0


class Retention:
    """``forget`` drops what ended or happened before a moment and answers how much that was. ``kept`` is how long
    things are kept."""

    def __init__(
        self,
        forget: Callable[[datetime], int],
        clock: Clock,
        kept: timedelta,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._forget = forget
        self._clock = clock
        self._kept = kept
        self._look_seconds = look_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="retention", daemon=True)

    def start(self) -> None:
        """Look at once, in a thread of its own, and then again and again."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more. What a look was at is done when this returns; never started is fine."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> int:
        """Forget what is old now; answers how much went."""
        return self._forget(self._clock.now() - self._kept)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                went = self.look()
            except Exception:
                # A full disk, say: what is old stays for another hour.
                log.exception("old operations and events could not be forgotten; trying again")
            else:
                if went:
                    log.info("forgot %d operations and events that were older than %d days", went, self._kept.days)
            self._stopping.wait(self._look_seconds)

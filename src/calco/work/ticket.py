"""Tickets to a machine's serial console: each lets one in, once, within a minute.

They are kept in memory and nowhere else: a ticket does not outlive the service, nor need it, for who has the right gets
another one at once.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFE = timedelta(minutes=1)
TICKETS_MAX = 1000
"""Of more that nobody has used the oldest are void."""


@dataclass(frozen=True)
class _Ticket:
    vm_id: str
    until: datetime


class Tickets:
    """May be used from any thread; each call takes microseconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, _Ticket] = {}

    def issue(self, token: str, vm_id: str, now: datetime) -> None:
        """``token``: 32 random bytes or more, never used before."""
        with self._lock:
            while self._open:
                oldest, kept = next(iter(self._open.items()))
                if kept.until > now and len(self._open) < TICKETS_MAX:
                    break
                del self._open[oldest]
            self._open[token] = _Ticket(vm_id, now + LIFE)

    def redeem(self, token: str, vm_id: str, now: datetime) -> bool:
        """Whether it was for that machine. Void afterwards in any case, for it has been shown."""
        with self._lock:
            found = self._open.pop(token, None)
        return found is not None and found.vm_id == vm_id and now < found.until

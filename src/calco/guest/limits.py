"""How much a guest may ask of the fabric. A guest is hostile until shown otherwise: it must not wear out the service
or the disk for the others. One event loop owns these objects, so they need no lock."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from calco.model.guest import Report, Subject
from calco.ports import Clock

Caller = tuple[str, str]
"""(network, address): who is asking."""

_REMEMBERED: Final = 4096  # callers, at a few hundred bytes each


@dataclass(frozen=True)
class Limits:
    """``imds_per_second`` is Azure's own limit (429 beyond it); cloud-init asks twice, waagent once a minute."""

    imds_per_second: float = 5
    others_per_second: float = 50
    reports_per_second: float = 1
    reports_at_once: float = 10
    """Every report is made durable. Agents say several things at once when a machine is ready, then little."""
    connections_per_guest: int = 16
    connections: int = 2048
    request_seconds: float = 15
    """How long a guest may take to send a request, and a connection may lie idle between two."""
    answer_seconds: float = 15
    """How long a guest may take to read an answer."""
    head_bytes: int = 16 * 1024
    body_bytes: int = 1024 * 1024
    status_seconds: float = 60
    """An agent tells its status every 6 seconds; unchanged, it is passed on (and made durable) this often."""


class Rate:
    """Lets each caller do so much a second; after a rest ``at_once`` may come together (else a second's worth)."""

    def __init__(self, clock: Clock, per_second: float, at_once: float | None = None) -> None:
        self._clock = clock
        self._per_second = per_second
        self._most = max(per_second, 1) if at_once is None else at_once
        self._left: OrderedDict[Caller, tuple[float, float]] = OrderedDict()

    def allows(self, caller: Caller) -> bool:
        """Whether the caller may go on now; a yes is counted."""
        now = self._clock.monotonic()
        left, since = self._left.pop(caller, (self._most, now))
        left = min(self._most, left + (now - since) * self._per_second)
        allowed = left >= 1
        self._left[caller] = (left - 1 if allowed else left, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return allowed


class Heard:
    """Remembers what each guest's agent said of itself last, so that repeating it costs no write to disk."""

    def __init__(self, clock: Clock, status_seconds: float) -> None:
        self._clock = clock
        self._status_seconds = status_seconds
        self._last: OrderedDict[str, tuple[Report, float]] = OrderedDict()

    def is_news(self, vm_id: str, report: Report) -> bool:
        """Whether the directory has to hear it. What is said of provisioning always counts."""
        if report.subject is not Subject.AGENT:
            return True
        last = self._last.get(vm_id)
        return last is None or last[0] != report or self._clock.monotonic() - last[1] >= self._status_seconds

    def passed_on(self, vm_id: str, report: Report) -> None:
        """The directory has heard it."""
        if report.subject is Subject.AGENT:
            self._last.pop(vm_id, None)
            self._last[vm_id] = (report, self._clock.monotonic())
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)

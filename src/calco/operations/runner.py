"""Threads and time for the engine: which operation may go on, and when.

Operations go on in the order they were accepted. One that waits is parked without a thread until it is woken or its
time comes. Nothing here is remembered across a restart; ``start`` reads what is unfinished and goes on.
"""

import heapq
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from calco.operations.plan import Wait
from calco.ports import Clock

log = logging.getLogger(__name__)


@dataclass(order=True)
class _Entry:
    ready_at: float
    order: int
    operation: str = field(compare=False)


class Runner:
    """Drives ``advance`` for every operation it is told of.

    ``ended`` is called, from a worker, with the id of each operation that has ended. ``advance`` must be safe to call
    from several threads for different operations; it is never called twice at once for the same one.
    """

    def __init__(
        self,
        advance: Callable[[str], Wait | None],
        clock: Clock,
        *,
        ended: Callable[[str], None],
        workers: int = 16,
    ) -> None:
        self._advance = advance
        self._clock = clock
        self._ended = ended
        self._lock = threading.Condition()
        self._queue: list[_Entry] = []
        self._order = 0
        self._orders: dict[str, int] = {}
        self._running: dict[str, int] = {}
        """Operations that are being advanced, and how many had ended when that began."""
        self._ends = 0
        self._woken: set[str] = set()
        self._lines: dict[str, Wait] = {}
        """Parked operations that stand in a line, and in which one where."""
        self._stopping = False
        self._threads = [threading.Thread(target=self._work, name=f"runner-{n}", daemon=True) for n in range(workers)]

    def start(self, unfinished: list[str]) -> None:
        """Begin, with what was unfinished first."""
        for operation in unfinished:
            self.accepted(operation)
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Let running steps end, begin no other. What is cut short by the time limit is carried on after a restart."""
        with self._lock:
            self._stopping = True
            self._lock.notify_all()
        deadline = self._clock.monotonic() + timeout_seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - self._clock.monotonic()))

    def accepted(self, operation: str) -> None:
        """A new operation has been committed: carry it out. Telling it twice is waking it."""
        with self._lock:
            if operation not in self._orders:
                self._order += 1
                self._orders[operation] = self._order
            self._wake(operation)

    def wake(self, operation: str) -> None:
        """Something the operation may be waiting for has happened."""
        with self._lock:
            self._wake(operation)

    def _wake(self, operation: str) -> None:
        if operation in self._running:
            self._woken.add(operation)
        elif operation in self._orders:
            self._push(operation, self._clock.monotonic())

    def _push(self, operation: str, ready_at: float) -> None:
        heapq.heappush(self._queue, _Entry(ready_at, self._orders[operation], operation))
        self._lock.notify()

    def _work(self) -> None:
        while (operation := self._next()) is not None:
            wait: Wait | None = None
            try:
                wait = self._advance(operation)
            except Exception:
                # The log could not be read or written (disk full, say). Nothing is lost: the log says where to go on.
                log.exception("operation %s stands still; trying again", operation)
                wait = Wait(5)
            self._settle(operation, wait)

    def _next(self) -> str | None:
        with self._lock:
            while not self._stopping:
                now = self._clock.monotonic()
                if self._queue and self._queue[0].ready_at <= now:
                    operation = heapq.heappop(self._queue).operation
                    self._drop_entries(operation)
                    self._running[operation] = self._ends
                    return operation
                self._lock.wait(self._queue[0].ready_at - now if self._queue else None)
            return None

    def _drop_entries(self, operation: str) -> None:
        if any(entry.operation == operation for entry in self._queue):
            self._queue = [entry for entry in self._queue if entry.operation != operation]
            heapq.heapify(self._queue)

    def _settle(self, operation: str, wait: Wait | None) -> None:
        with self._lock:
            ended_meanwhile = self._running.pop(operation) != self._ends
            # Who looked for a place while another operation ended may have looked too early, and stood in no line yet.
            woken = operation in self._woken or (ended_meanwhile and wait is not None and wait.queue is not None)
            self._woken.discard(operation)
            self._lines.pop(operation, None)
            if wait is not None:
                if wait.queue is not None and not woken:
                    self._lines[operation] = wait
                self._push(operation, self._clock.monotonic() + (0 if woken else wait.seconds))
            else:
                del self._orders[operation]
                self._ends += 1
                self._move_lines_up()
        if wait is None:
            self._tell(operation)

    def _tell(self, operation: str) -> None:
        try:
            self._ended(operation)
        except Exception:
            log.exception("the end of operation %s could not be told", operation)

    def _move_lines_up(self) -> None:
        """An operation ended and may have left a place: the first in each line looks again."""
        first: dict[str | None, str] = {}
        for operation in sorted(self._lines, key=lambda each: (self._lines[each].place, self._orders[each])):
            first.setdefault(self._lines[operation].queue, operation)
        for operation in first.values():
            # It stands in line again when it has looked: until then the next end is for the one behind it.
            del self._lines[operation]
            self._wake(operation)

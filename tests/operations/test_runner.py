"""Threads and time: real threads, a clock that stands, and no sleeping: every wait is for an event."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from calco.operations.plan import Wait
from calco.operations.runner import Runner
from tests.standing import StandingClock

PATIENCE = 60.0
"""Seconds after which a test gives up; never waited for when things go well."""


@dataclass
class Gate:
    """One advance of one operation: the test sees it enter and lets it go with an answer."""

    operation: str
    answer: Wait | Exception | None = None
    opened: threading.Event = field(default_factory=threading.Event)

    def go(self, answer: Wait | Exception | None = None) -> None:
        self.answer = answer
        self.opened.set()


class Desk:
    """Operations that go on when the test says so."""

    def __init__(self, workers: int) -> None:
        self.clock = StandingClock()
        self.changed = threading.Condition()
        self.inside: list[Gate] = []
        self.entered: list[str] = []
        self.ended: list[str] = []
        self.trouble: list[str] = []
        self.tell: Callable[[str], None] = lambda _: None
        self.runner = Runner(self.advance, self.clock, ended=self._end, workers=workers)

    def advance(self, operation: str) -> Wait | None:
        gate = Gate(operation)
        with self.changed:
            if any(each.operation == operation for each in self.inside):
                self.trouble.append(f"{operation} twice at once")
            self.inside.append(gate)
            self.entered.append(operation)
            self.changed.notify_all()
        assert gate.opened.wait(PATIENCE)
        with self.changed:
            self.inside.remove(gate)
        if isinstance(gate.answer, Exception):
            raise gate.answer
        return gate.answer

    def _end(self, operation: str) -> None:
        with self.changed:
            self.ended.append(operation)
            self.changed.notify_all()
        self.tell(operation)

    def gate(self, operation: str) -> Gate:
        """Wait until the operation is being advanced."""
        with self.changed:
            assert self.changed.wait_for(lambda: self._find(operation) is not None, PATIENCE), f"{operation} never ran"
            found = self._find(operation)
        assert found is not None
        return found

    def _find(self, operation: str) -> Gate | None:
        return next((each for each in self.inside if each.operation == operation and not each.opened.is_set()), None)

    def over(self, *operations: str) -> None:
        """Wait until these have ended."""
        with self.changed:
            assert self.changed.wait_for(lambda: set(operations) <= set(self.ended), PATIENCE), self.ended


@contextmanager
def desk(workers: int, unfinished: tuple[str, ...] = ()) -> Iterator[Desk]:
    here = Desk(workers)
    here.runner.start(list(unfinished))
    yield here
    for each in here.inside:
        each.go()
    here.runner.stop(PATIENCE)
    assert here.trouble == []


def test_operations_go_on_in_the_order_they_were_accepted_the_unfinished_first() -> None:
    with desk(1, ("old 1", "old 2")) as here:
        first = here.gate("old 1")
        for name in ("new 1", "new 2", "new 3"):
            here.runner.accepted(name)
        first.go()
        for name in ("old 2", "new 1", "new 2", "new 3"):
            here.gate(name).go()
        here.over("new 3")

        assert here.entered == ["old 1", "old 2", "new 1", "new 2", "new 3"]
        assert here.ended == here.entered


def test_as_many_go_on_at_once_as_there_are_workers() -> None:
    with desk(3) as here:
        for name in ("a", "b", "c", "d"):
            here.runner.accepted(name)
        gates = [here.gate(name) for name in ("a", "b", "c")]
        assert here._find("d") is None
        gates[1].go()
        here.gate("d").go()
        here.over("b", "d")


def test_one_that_waits_holds_no_worker_and_goes_on_when_it_is_woken() -> None:
    with desk(1) as here:
        here.runner.accepted("waits")
        here.gate("waits").go(Wait(3600))
        here.runner.accepted("other")
        here.gate("other").go()
        here.over("other")

        here.runner.wake("waits")
        here.gate("waits").go()

        here.over("waits")
        assert here.entered == ["waits", "other", "waits"]


def test_one_that_waits_goes_on_when_its_time_comes_and_not_before() -> None:
    with desk(1) as here:
        here.runner.accepted("waits")
        here.gate("waits").go(Wait(0.01))
        here.runner.accepted("other")
        here.gate("other").go()
        here.over("other")
        assert here.entered == ["waits", "other"]

        here.clock.move(timedelta(seconds=0.02))  # "other" was taken by the same worker, so "waits" is parked

        here.gate("waits").go()
        here.over("waits")


def test_a_wake_while_it_runs_is_not_lost() -> None:
    with desk(1) as here:
        here.runner.accepted("a")
        gate = here.gate("a")
        here.runner.wake("a")
        gate.go(Wait(3600))

        here.gate("a").go()

        here.over("a")


def test_a_wake_for_one_that_has_ended_or_never_was_is_nothing() -> None:
    with desk(1) as here:
        here.runner.accepted("a")
        here.gate("a").go()
        here.over("a")

        here.runner.wake("a")
        here.runner.wake("never was")

        here.runner.accepted("b")
        here.gate("b").go()
        here.over("b")
        assert here.entered == ["a", "b"]


def test_an_operation_never_runs_twice_at_once_however_often_it_is_woken() -> None:
    with desk(4) as here:
        here.runner.accepted("a")
        for _ in range(5):
            gate = here.gate("a")
            for _ in range(5):
                here.runner.wake("a")
            gate.go(Wait(3600))
        here.runner.accepted("b")
        here.gate("b").go()
        here.gate("a").go()
        here.over("a", "b")


def test_when_one_ends_the_first_in_each_line_looks_again_and_only_that_one() -> None:
    with desk(1) as here:
        for name, line in (("x1", "x"), ("x2", "x"), ("y1", "y"), ("y2", "y")):
            here.runner.accepted(name)
            here.gate(name).go(Wait(3600, line))
        here.runner.accepted("ends")
        here.gate("ends").go()

        here.gate("x1").go(Wait(3600, "x"))
        here.gate("y1").go(Wait(3600, "y"))
        here.runner.accepted("last")
        here.gate("last")

        assert here.entered[5:] == ["x1", "y1", "last"]
        for name in ("x1", "x2", "y1", "y2"):
            here.runner.wake(name)
        here.gate("last").go()
        for name in ("x1", "x2", "y1", "y2"):
            here.gate(name).go()
        here.over("x1", "x2", "y1", "y2")


def test_when_two_end_at_once_two_in_line_look_again() -> None:
    with desk(3) as here:
        for name in ("ends 1", "ends 2", "busy"):
            here.runner.accepted(name)
        first, second, busy = (here.gate(name) for name in ("ends 1", "ends 2", "busy"))
        for name in ("x1", "x2"):
            here.runner.accepted(name)
        busy.go()
        here.gate("x1").go(Wait(3600, "x"))
        here.gate("x2").go(Wait(3600, "x"))
        here.runner.accepted("blocks")
        here.gate("blocks")

        first.go()
        gate = here.gate("x1")
        second.go()

        here.gate("x2").go()
        gate.go()
        here.gate("blocks").go()
        here.over("x1", "x2")


def test_a_place_that_is_free_while_one_looks_for_it_is_not_missed() -> None:
    with desk(2) as here:
        here.runner.accepted("x1")
        here.gate("x1").go(Wait(3600, "x"))
        here.runner.accepted("ends")
        ends = here.gate("ends")
        here.runner.wake("x1")
        looking = here.gate("x1")
        ends.go()
        here.over("ends")
        looking.go(Wait(3600, "x"))

        here.gate("x1").go()

        here.over("x1")


def test_a_place_that_is_free_while_one_looks_for_the_first_time_is_not_missed() -> None:
    with desk(2) as here:
        for name in ("ends", "x1"):
            here.runner.accepted(name)
        ends, looking = here.gate("ends"), here.gate("x1")
        ends.go()
        here.over("ends")
        looking.go(Wait(3600, "x"))

        here.gate("x1").go()

        here.over("x1")


def test_an_operation_told_of_twice_is_carried_out_once_and_one_at_a_time() -> None:
    with desk(2) as here:
        here.runner.accepted("a")
        gate = here.gate("a")
        here.runner.accepted("a")
        gate.go(Wait(3600))
        here.gate("a").go()
        here.over("a")

        here.runner.accepted("b")
        here.gate("b").go()
        here.over("b")
        assert here.entered == ["a", "a", "b"]
        assert here.ended == ["a", "b"]


def test_one_whose_log_cannot_be_read_stands_still_and_is_tried_again() -> None:
    with desk(1) as here:
        here.runner.accepted("a")
        here.gate("a").go(OSError("disk full"))
        here.runner.accepted("b")
        here.gate("b").go()
        here.over("b")
        assert here.ended == ["b"]

        here.runner.wake("a")
        here.gate("a").go()
        here.over("a")


def test_a_listener_that_fails_costs_no_worker() -> None:
    with desk(1) as here:

        def fail(_: str) -> None:
            raise RuntimeError

        here.tell = fail
        here.runner.accepted("a")
        here.gate("a").go()
        here.runner.accepted("b")
        here.gate("b").go()
        here.over("a", "b")


def test_stop_lets_running_steps_end_and_begins_no_other() -> None:
    here = Desk(2)
    here.runner.start([])
    here.runner.accepted("a")
    gate = here.gate("a")
    stopped = threading.Thread(target=here.runner.stop, args=(PATIENCE,))
    stopped.start()
    with here.runner._lock:  # stop tells all who wait at this very condition
        assert here.runner._lock.wait_for(lambda: here.runner._stopping, PATIENCE)
    here.runner.accepted("b")
    gate.go(Wait(0))
    stopped.join(PATIENCE)

    assert not stopped.is_alive()
    assert here.entered == ["a"]


def test_stop_gives_up_on_what_does_not_end() -> None:
    here = Desk(1)
    here.runner.start(["a"])
    gate = here.gate("a")

    here.runner.stop(0.0)

    assert here.ended == []
    gate.go()


@pytest.mark.parametrize("workers", [2, 8])
def test_many_operations_that_wait_and_are_woken_all_end(workers: int) -> None:
    count, lock = 200, threading.Lock()
    left: dict[str, int] = {}
    done = threading.Event()
    ended: list[str] = []

    def advance(operation: str) -> Wait | None:
        with lock:
            left[operation] = left.get(operation, 3) - 1
            again = left[operation]
        return Wait(0, f"line {int(operation) % 3}") if again else None

    def end(operation: str) -> None:
        with lock:
            ended.append(operation)
            if len(ended) == count:
                done.set()

    runner = Runner(advance, StandingClock(), ended=end, workers=workers)
    runner.start([str(number) for number in range(count // 2)])
    for number in range(count // 2, count):
        runner.accepted(str(number))

    assert done.wait(PATIENCE)
    runner.stop(PATIENCE)
    assert sorted(ended, key=int) == [str(number) for number in range(count)]
    assert set(left.values()) == {0}

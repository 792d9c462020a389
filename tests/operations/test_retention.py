"""What is old is forgotten at the start and while the service is up, and nothing else is."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from calco.model.ids import ResourceId
from calco.model.operation import Cause, Family, NewOperation, OperationEnd, Status
from calco.operations.retention import Retention
from calco.ports import Event
from calco.storage.migrations import open_records
from tests.standing import StandingClock

DAY = timedelta(days=1)
SOON_SECONDS = 20
GROUP = ResourceId("s", "g")


def forgetting(seen: list[datetime], enough: int, done: threading.Event) -> Callable[[datetime], int]:
    def forget(before: datetime) -> int:
        seen.append(before)
        if len(seen) >= enough:
            done.set()
        return 0

    return forget


def test_it_looks_at_the_start_and_again_and_again_until_it_is_stopped() -> None:
    clock, seen, done = StandingClock(), list[datetime](), threading.Event()
    retention = Retention(forgetting(seen, 3, done), clock, 90 * DAY, look_seconds=0.001)

    retention.start()
    assert done.wait(SOON_SECONDS)
    retention.stop()

    looked = len(seen)
    assert set(seen) == {clock.now() - 90 * DAY}
    assert not any(each.name == "retention" for each in threading.enumerate())
    assert len(seen) == looked


def test_a_look_that_fails_is_not_the_last() -> None:
    seen, done = list[datetime](), threading.Event()
    fine = forgetting(seen, 2, done)

    def forget(before: datetime) -> int:
        fine(before)
        raise OSError("disk full")

    retention = Retention(forget, StandingClock(), DAY, look_seconds=0.001)
    retention.start()

    assert done.wait(SOON_SECONDS)
    retention.stop()


def test_stopping_does_not_wait_for_the_next_look() -> None:
    retention = Retention(forgetting([], 1, done := threading.Event()), StandingClock(), DAY, look_seconds=3600)
    retention.start()
    assert done.wait(SOON_SECONDS)

    retention.stop()

    assert not any(each.name == "retention" for each in threading.enumerate())


def test_what_never_started_is_stopped() -> None:
    Retention(lambda _: 0, StandingClock(), DAY).stop()


def test_old_operations_and_events_go_and_young_and_unfinished_ones_stay(tmp_path: Path) -> None:
    records, clock = open_records(tmp_path), StandingClock()
    old, young, now = clock.now() - 91 * DAY, clock.now() - 89 * DAY, clock.now()
    with records.write() as change:
        for id, ended in (("old", old), ("young", young), ("running", None)):
            change.accept(
                NewOperation(id, "plan", {}, GROUP, Family.DISK, "eastus", old, cause=Cause(None, "a/b/write"))
            )
            if ended is not None:
                change.end(id, OperationEnd(Status.SUCCEEDED, ended))
        for at in [old] * 1200 + [young]:
            change.tell(Event(at, str(GROUP), Cause(None, "a/b/write"), 200))

    went = Retention(
        lambda before: records.forget_operations(before) + records.forget_events(before), clock, 90 * DAY
    ).look()

    assert went == 1 + 1200
    with records.read() as view:
        assert view.operation("old") is None
        assert view.operation("young") is not None
        assert [each.id for each in view.unfinished()] == ["running"]
        assert [each.at for each in view.events_between(old, now)] == [young]
    records.close()

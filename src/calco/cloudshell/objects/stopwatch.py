"""``[System.Diagnostics.Stopwatch]``: how long something took, by the session's own clock.

Source: .NET API reference, Stopwatch.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from calco.cloudshell.objects.moment import TICKS
from calco.cloudshell.values import Names, Record
from calco.ports.world import Clock

STOPWATCH = "System.Diagnostics.Stopwatch"


@dataclass
class Watch:
    """Seconds that were counted, and since when it counts; None: it stands still."""

    clock: Clock = field(repr=False)
    counted: float = 0.0
    since: float | None = None

    def start(self) -> None:
        if self.since is None:
            self.since = self.clock.monotonic()

    def stop(self) -> None:
        self.counted = self.seconds
        self.since = None

    def reset(self) -> None:
        self.counted, self.since = 0.0, None

    def restart(self) -> None:
        self.reset()
        self.start()

    @property
    def seconds(self) -> float:
        return self.counted + (0.0 if self.since is None else self.clock.monotonic() - self.since)


def started(clock: Clock) -> Record:
    return Record(STOPWATCH, Names((("IsRunning", True),)), held=Watch(clock, since=clock.monotonic()))


def members(record: Record) -> Names:
    """What it shows now."""
    watch = record.held
    if not isinstance(watch, Watch):
        return Names()
    return Names(
        (
            ("IsRunning", watch.since is not None),
            ("Elapsed", timedelta(seconds=watch.seconds)),
            ("ElapsedMilliseconds", int(watch.seconds * 1000)),
            ("ElapsedTicks", int(watch.seconds * TICKS)),
        )
    )

"""Who boots: so many machines at once, in the order of acceptance.

Two queues: the line of those that want to boot, and those that do. A deployment that waits for its image's turn joins
the line late, with an early place in it; it overtakes those that wait and none that boots.
"""

from calco.operations.plan import Job, P, Wait
from calco.ports import Writer

LINE = "boot"
UNDER_WAY = "booting"
LOOK_AGAIN_SECONDS = 30.0
"""Who stands in line is woken when a place is free; this is for wake-ups that were lost."""


def stand(tx: Writer, operation: str) -> None:
    """Stand in the line; repeating it changes nothing."""
    tx.take_place(LINE, operation, 1)


def take(tx: Writer, job: Job[P], limit: int) -> Wait | None:
    """None once the job is among those that boot, of whom there are never more than ``limit``."""
    booting = tx.line(UNDER_WAY)
    if job.id in booting:
        return None
    if not tx.take_place(LINE, job.id, limit - len(booting)):
        return Wait(LOOK_AGAIN_SECONDS, LINE, job.sequence)
    tx.leave_place(LINE, job.id)
    tx.take_place(UNDER_WAY, job.id, limit)
    return None


def leave(tx: Writer, operation: str) -> None:
    """Boot no longer, and no longer want to; may be repeated."""
    tx.leave_place(LINE, operation)
    tx.leave_place(UNDER_WAY, operation)

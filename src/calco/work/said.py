"""What an operation says while it moves bytes: why, and how far it is."""

from collections.abc import Callable

from calco.operations.plan import Job, P
from calco.work.cloud import Cloud

EVERY_SECONDS = 1.0


def speaker(cloud: Cloud, job: Job[P], why: str) -> Callable[[int, int], None]:
    """Says in the records what is done and how far it is, once a second at most."""
    said_at: list[float] = []

    def moved(done: int, total: int) -> None:
        now = cloud.clock.monotonic()
        if said_at and now - said_at[-1] < EVERY_SECONDS:
            return
        said_at.append(now)
        percent = 100 * done // total if total else 100
        with cloud.records.write() as tx:
            tx.progress(job.id, {"says": f"{why} {percent} % of {total} bytes.", "percent": percent})

    return moved

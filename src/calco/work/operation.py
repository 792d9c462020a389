"""Operations, as those who poll them see them."""

from collections.abc import Callable

from calco.model.document import Document, number_at, text_at
from calco.model.operation import Operation
from calco.ports import Reader
from calco.work import deployments
from calco.work.cloud import Cloud

SAY_EVERY_SECONDS = 1.0


def get(cloud: Cloud, id: str) -> Operation | None:
    with cloud.records.read() as view:
        return view.operation(id)


def waits(cloud: Cloud, operation: Operation) -> str | None:
    """What an unfinished operation has to say, in a sentence: what it waits for and at which place in line, or how far
    it is with what takes long and why that is so; or what one that it asked for has to say. None when there is nothing
    to be said."""
    if operation.end is not None:
        return None
    with cloud.records.read() as view:
        said = (_says(cloud, view, each) for each in (operation, *view.asked_by(operation.id)) if each.end is None)
        return next((each for each in said if each is not None), None)


def _says(cloud: Cloud, view: Reader, operation: Operation) -> str | None:
    return deployments.waits(cloud, view, operation) or text_at(operation.progress, "says")


def percent(operation: Operation) -> int | None:
    """How much of the bytes that it moves itself an unfinished operation has moved, 0 to 99, for it is not at its end
    before it has succeeded. None where its work does not know, where others do it, and after the end."""
    kept = operation.progress
    done, part, parts = number_at(kept, "percent"), number_at(kept, "part"), number_at(kept, "parts")
    if operation.end is not None or done is None:
        return None
    return min(99, ((part - 1) * 100 + done) // parts if part and parts else done)


def speaker(
    cloud: Cloud, operation: str, why: str, *, part: tuple[int, int] | None = None
) -> Callable[[int, int], None]:
    """Hears bytes done and in all, and says in the records how far it is and why, once a second at most. ``part``: the
    number of what is moved and of how many."""
    said_at: list[float] = []
    place: Document = {} if part is None else {"part": part[0], "parts": part[1]}

    def moved(done: int, total: int) -> None:
        now = cloud.clock.monotonic()
        if said_at and now - said_at[-1] < SAY_EVERY_SECONDS:
            return
        said_at.append(now)
        percent = 100 * done // total if total else 100
        far: Document = {"percent": percent, "done": done, "total": total, **place}
        with cloud.records.write() as tx:
            tx.progress(operation, {"says": f"{why} {percent} % of {total} bytes.", **far})

    return moved

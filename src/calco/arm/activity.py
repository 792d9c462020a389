"""What the activity log keeps of requests that leave no operation behind: changes done at once, and refusals.

Whoever is turned away by the log has been answered already: when it cannot be written the request goes on, and the
service's own log says so.
"""

import logging

from calco.arm.call import Answer, Call
from calco.arm.router import Route
from calco.model.errors import ApiError
from calco.model.operation import Failure
from calco.work import activity as work

log = logging.getLogger(__name__)


def refused(route: Route, call: Call, refusal: ApiError) -> None:
    """A change that was asked for and not allowed."""
    _tell(route, call, refusal.status, Failure(refusal.code, refusal.message, refusal.target))


def done(route: Route, call: Call, answer: Answer) -> None:
    """A change that is done; one with an operation is in the log as that."""
    if answer.operation is None:
        _tell(route, call, answer.status, None)


def _tell(route: Route, call: Call, status: int, failure: Failure | None) -> None:
    try:
        work.tell(call.cloud, _subject(route, call), status, failure)
    except Exception:
        # What was done is done, and what was refused stays refused: the caller hears of that, not of our disk.
        log.exception("the activity log misses %s of %s", route.action, call.scope)


def _subject(route: Route, call: Call) -> str:
    """What was to be changed: what the path names, without the verb behind it and whose verb that is; in our spelling
    where we have one."""
    words = [word for word in call.path.split("/") if word]
    if route.method == "POST":
        hangs = route.pattern.split("/")[-4:-2] == ["{name}", "providers"]  # a verb of another provider's
        words = words[:-3] if hangs else words[:-1]
    path = f"/{'/'.join(words)}"
    named = call.scope
    return named if named.lower() == path.lower() else path

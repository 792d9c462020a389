"""The activity log: who asked for what, of which resource, when, and how it ended.

Nothing is written for what leaves an operation behind, for operations know who asked for them: such a request is two
lines, where it started and how it ended. What was done at once, or refused, is an event of its own and one line.

Requests are kept by what they name, never by what they carry: no body, no header and no query gets in here, and a
refusal's words go through ``told_of`` first, for some of them repeat a signed URL.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from calco.model.operation import Cause, Failure, Operation
from calco.ports import Event, Reader
from calco.work import capture_verdict
from calco.work.cloud import Cloud

RESOURCE_LENGTH_MAX, MESSAGE_LENGTH_MAX = 2048, 4096


class Outcome(StrEnum):
    """Where a request stood when the line was written. Source: Azure, "Azure activity log event schema", ``status``."""

    STARTED = "Started"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


@dataclass(frozen=True)
class Line:
    """One line of the log. ``mark`` tells it from all others; ``status`` is the HTTP status of what was answered at
    once, None for an operation, which ``operation`` names."""

    mark: str
    at: datetime
    resource: str
    cause: Cause
    outcome: Outcome
    status: int | None = None
    failure: Failure | None = None
    operation: str | None = None
    warning: str | None = None
    """What an operation that went well warns of."""

    @property
    def id(self) -> str:
        """A GUID that stays the same however often the log is read."""
        return str(uuid5(_LINES, self.mark))

    @property
    def group(self) -> str | None:
        """The resource group; None for what lies outside groups."""
        words = [word for word in self.resource.split("/") if word]
        return words[3] if len(words) > 3 and words[2].lower() == "resourcegroups" else None

    @property
    def type(self) -> str:
        """What the action is about, in Azure's words: ``Microsoft.Compute/virtualMachines``."""
        words = self.cause.action.split("/")
        return "/".join(words[: -2 if words[-1].lower() == "action" else -1])

    @property
    def provider(self) -> str:
        return self.cause.action.partition("/")[0]


@dataclass(frozen=True)
class Wanted:
    """Which lines somebody wants; None is any. Texts compare without regard to case, as Azure compares them."""

    group: str | None = None
    resource: str | None = None
    """The resource itself, and what is nested in it."""
    provider: str | None = None
    type: str | None = None
    correlation: str | None = None
    caller: str | None = None
    """A user's name, a client id or an object id: whatever one knows somebody by."""
    outcome: str | None = None

    def has(self, line: Line) -> bool:
        return (
            _is(self.group, line.group)
            and (self.resource is None or _is_at_or_below(self.resource, line.resource))
            and _is(self.provider, line.provider)
            and _is(self.type, line.type)
            and _is(self.correlation, line.cause.correlation)
            and (self.caller is None or self._is_caller(line.cause))
            and _is(self.outcome, line.outcome.value)
        )

    def _is_caller(self, cause: Cause) -> bool:
        who = cause.caller
        return who is not None and any(_is(self.caller, each) for each in (who.name, who.client_id, who.object_id))


def _is(wanted: str | None, found: str | None) -> bool:
    return wanted is None or (found is not None and wanted.lower() == found.lower())


def _is_at_or_below(scope: str, resource: str) -> bool:
    scope, resource = f"{scope.strip('/').lower()}/", f"{resource.strip('/').lower()}/"
    return resource.startswith(scope)


# --- writing ---------------------------------------------------------------------------------------------------------


def tell(cloud: Cloud, resource: str, status: int, failure: Failure | None = None) -> None:
    """Keep that ``cloud.cause`` was done at once with HTTP ``status``, or refused by ``failure``; one write."""
    if failure is not None:
        failure = told_of(failure)
    event = Event(cloud.clock.now(), resource[:RESOURCE_LENGTH_MAX], cloud.cause, status, failure)
    with cloud.records.write() as tx:
        tx.tell(event)


_SECRET = re.compile(r"(?i)\b(sig|password|secret|token|accountkey|key)=[^&;\s'\"<>]+")


def told_of(failure: Failure) -> Failure:
    """The refusal as it may be kept and shown to others: without what signs a URL, and not longer than a page."""
    message = _SECRET.sub(lambda found: f"{found[1]}=...", failure.message)[:MESSAGE_LENGTH_MAX]
    return replace(failure, message=message)


# --- reading ---------------------------------------------------------------------------------------------------------

FIRST_WINDOW = timedelta(hours=1)
"""How far back is looked first."""


def list(
    cloud: Cloud,
    since: datetime,
    until: datetime,
    wanted: Wanted | None = None,
    *,
    sees: Callable[[str], bool] | None = None,
    enough: int | None = None,
) -> Sequence[Line]:
    """The lines from ``since`` on and before ``until``, newest first; ``sees`` says of which resources.

    With ``enough`` it may end when it has found more than that many, at a time that is older than that of the last of
    them: it looks back an hour, then two, then four, so that a log of years costs no more than what is shown of it.
    """
    wanted = wanted or Wanted()

    def chosen(line: Line) -> bool:
        return wanted.has(line) and (sees is None or sees(line.resource))

    width = until - since if enough is None else FIRST_WINDOW
    lines: tuple[Line, ...] = ()
    with cloud.records.read() as view:
        while since < until:
            start = max(since, until - min(width, until - since))
            lines += _between(view, start, until, chosen)
            if enough is not None and len(lines) > enough and lines[-1].at < lines[enough - 1].at:
                break
            until, width = start, 2 * width
    return lines


def _between(view: Reader, since: datetime, until: datetime, chosen: Callable[[Line], bool]) -> tuple[Line, ...]:
    lines = [_of_event(each) for each in view.events_between(since, until)]
    for operation in view.operations_between(since, until):
        lines += (line for line in _of_operation(operation) if since <= line.at < until)
    # Where two lines bear one time the start of something comes before its end.
    return tuple(
        sorted(filter(chosen, lines), key=lambda line: (line.at, line.outcome is not Outcome.STARTED), reverse=True)
    )


def _of_event(event: Event) -> Line:
    outcome = Outcome.SUCCEEDED if event.failure is None else Outcome.FAILED
    mark = f"{event.at.isoformat()} {event.resource} {event.cause.action} {event.cause.correlation} {event.status}"
    return Line(mark, event.at, event.resource, event.cause, outcome, event.status, event.failure)


def _of_operation(operation: Operation) -> Iterator[Line]:
    resource, cause, id = str(operation.subject), operation.cause, operation.id
    started = Line(f"{id} started", operation.started_at, resource, cause, Outcome.STARTED, operation=id)
    yield started
    end = operation.end
    if end is not None:
        failure = None if end.failure is None else told_of(end.failure)
        outcome = Outcome(end.status.value)
        warning = capture_verdict.warning_of(operation) if failure is None else None
        ended = replace(started, mark=f"{id} ended", at=end.ended_at, outcome=outcome, failure=failure)
        yield replace(ended, warning=warning)


_LINES = UUID("6a1c2a0e-5d0f-4b5e-9b1c-0c8f5a7d3e21")
"""The namespace of the lines' ids; drawn once."""

"""How long-running work is first answered, and what its polls show.

Each kind of request has its own habits in Azure; they are rows of one table. Sources: recorded traffic, arm-protocol D.
Where Azure sends some number of seconds as ``Retry-After``, 1 is sent: a poll of unfinished work is held open here, so
a client that comes at once waits least, and 0 means thirty seconds to Python's clients.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

import msgspec

from calco.arm import showing
from calco.arm.call import Answer, Call
from calco.arm.showing import ETERNITY
from calco.model import errors
from calco.model.document import Document, text_at
from calco.model.errors import ApiError
from calco.model.ids import is_guid
from calco.model.operation import Failure, Family, Operation, Status
from calco.work import capture_verdict
from calco.work import operation as work

RETRY_AFTER = "1"


NOTIFIED, NOTIFIED_OF_NETWORKS = "2018-04-01", "2019-11-01"
"""Sources: recordings of 2017-03-30 and 2019-03-01, of 2019-09-01 and 2019-11-01; when in between is unconfirmed."""


class Kind(Enum):
    IMAGE_PUT = auto()
    IMAGE_PATCH = auto()
    IMAGE_DELETE = auto()
    MACHINE_PUT = auto()
    MACHINE_PATCH = auto()
    MACHINE_DELETE = auto()
    MACHINE_ACT = auto()
    MACHINE_CAPTURE = auto()
    MACHINE_COMMAND = auto()
    DISK_PUT = auto()
    DISK_DELETE = auto()
    DISK_ACCESS = auto()
    NETWORK_PUT = auto()
    INTERFACE_PUT = auto()
    NETWORK_DELETE = auto()
    GROUP_DELETE = auto()
    DEPLOYMENT_PUT = auto()
    DEPLOYMENT_DELETE = auto()
    STORAGE_PUT = auto()


@dataclass(frozen=True)
class Habit:
    """Status of the first answer for a new resource and for an old one, and which headers come with it."""

    new: int
    old: int
    async_operation: bool = True
    location: bool = False
    retry_after: bool = False
    notification: str = ETERNITY
    """The version from which on ``Azure-AsyncNotification`` is sent."""


HABITS: Mapping[Kind, Habit] = MappingProxyType(
    {
        Kind.IMAGE_PUT: Habit(201, 200, notification=NOTIFIED),
        Kind.IMAGE_PATCH: Habit(200, 200, notification=NOTIFIED),
        Kind.IMAGE_DELETE: Habit(202, 202, location=True, notification=NOTIFIED),
        Kind.MACHINE_PUT: Habit(201, 200, retry_after=True, notification=NOTIFIED),
        Kind.MACHINE_PATCH: Habit(200, 200, notification=NOTIFIED),
        Kind.MACHINE_DELETE: Habit(202, 202, location=True, retry_after=True, notification=NOTIFIED),
        Kind.MACHINE_CAPTURE: Habit(202, 202, location=True),
        Kind.MACHINE_COMMAND: Habit(202, 202, location=True),
        Kind.MACHINE_ACT: Habit(202, 202, location=True, retry_after=True),
        Kind.DISK_PUT: Habit(202, 202, location=True, retry_after=True),
        Kind.DISK_DELETE: Habit(202, 202, location=True),
        Kind.DISK_ACCESS: Habit(202, 202, location=True),
        Kind.NETWORK_PUT: Habit(201, 200, retry_after=True, notification=NOTIFIED_OF_NETWORKS),
        Kind.INTERFACE_PUT: Habit(201, 200, notification=NOTIFIED_OF_NETWORKS),
        Kind.NETWORK_DELETE: Habit(202, 202, location=True, retry_after=True),
        Kind.STORAGE_PUT: Habit(202, 200, async_operation=False, location=True, retry_after=True),
        Kind.DEPLOYMENT_PUT: Habit(201, 200),
        Kind.DEPLOYMENT_DELETE: Habit(202, 202, async_operation=False, location=True, retry_after=True),
        Kind.GROUP_DELETE: Habit(202, 202, async_operation=False, location=True, retry_after=True),
    }
)


def started(call: Call, kind: Kind, operation: Operation, body: Document | None, *, created: bool = False) -> Answer:
    """The answer that leaves while ``operation`` goes on."""
    habit = HABITS[kind]
    headers: dict[str, str] = {}
    if habit.location:
        headers["Location"] = monitor_url(call, operation)
    if habit.retry_after:
        headers["Retry-After"] = RETRY_AFTER
    if habit.async_operation:
        headers["Azure-AsyncOperation"] = status_url(call, operation)
    if call.version >= habit.notification:
        headers["Azure-AsyncNotification"] = "Enabled"
    return Answer(habit.new if created else habit.old, body, headers, operation.id)


def done(kind: Kind, body: Document | None, *, created: bool = False) -> Answer:
    """The answer when nothing had to go on: an update that changed nothing, say."""
    habit = HABITS[kind]
    return Answer(habit.new if created else 200, body)


# --- URLs ------------------------------------------------------------------------------------------------------------


def status_url(call: Call, operation: Operation) -> str:
    """``Azure-AsyncOperation``."""
    return f"{call.base}{_path(call, operation)}?api-version={call.version}"


def monitor_url(call: Call, operation: Operation) -> str:
    """``Location``: what answers with the result itself."""
    match operation.family:
        case Family.RESOURCES:
            token = _token(operation)
            return f"{call.base}/subscriptions/{call.subscription}/operationresults/{token}?api-version={call.version}"
        case Family.NETWORK:
            path = _path(call, operation).replace("/operations/", "/operationResults/")
            return f"{call.base}{path}?api-version={call.version}"
        case Family.COMPUTE | Family.DISK | Family.STORAGE | Family.DEPLOYMENT:
            return f"{call.base}{_path(call, operation)}?monitor=true&api-version={call.version}"


def _path(call: Call, operation: Operation) -> str:
    if operation.family is Family.DEPLOYMENT:
        return f"{operation.subject}/{operation.family}/{operation.id}"
    namespace, _, segment = operation.family.partition("/")
    return (
        f"/subscriptions/{call.subscription}/providers/{namespace}/locations/{operation.location}"
        f"/{segment}/{operation.id}"
    )


def _token(operation: Operation) -> str:
    """Opaque to clients, as Azure's is; names the operation."""
    document = {"jobId": operation.id, "jobLocation": operation.location}
    return base64.urlsafe_b64encode(msgspec.json.encode(document)).decode().rstrip("=")


def operation_of_token(token: str) -> str:
    """The operation's id in an ``operationresults`` URL. Raises ApiError 404 on anything we did not write."""
    try:
        raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        id = text_at(msgspec.json.decode(raw), "jobId")
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError) as foreign:
        raise not_found() from foreign
    if id is None or not is_guid(id):
        raise not_found()
    return id


def not_found() -> ApiError:
    """Source: recorded refusal of unknown entities."""
    return ApiError(404, "NotFound", "The entity was not found in this Azure location.")


# --- polls -----------------------------------------------------------------------------------------------------------


def status_document(operation: Operation, output: Document | None, waits: str | None = None) -> Document:
    """What GET on ``Azure-AsyncOperation`` shows: HTTP 200 whatever the status. ``waits`` is ours: what unfinished work
    stands in line for. So are ``warnings``, of what has worked and yet may not be what one wants. ``percentComplete``
    is in Azure's contract, but Compute tells none. Source: Azure/azure-resource-manager-rpc, v1.0/Addendum, "Operation
    Resource format" (optional, 0 to 100)."""
    if operation.family is Family.NETWORK:
        return _network_status(operation)
    end = operation.end
    document: Document = {"startTime": showing.time(operation.started_at)}
    if end is not None:
        document["endTime"] = showing.time(end.ended_at)
    document["status"] = operation.status.value
    percent = work.percent(operation)
    if percent is not None:
        document["percentComplete"] = percent
    if end is not None and end.failure is not None:
        document["error"] = failure(end.failure)
    if operation.status is Status.SUCCEEDED and output is not None:
        document["properties"] = {"output": output}
    if waits is not None:
        document["properties"] = {"statusMessage": waits}
    warning = capture_verdict.warning_of(operation)
    if warning is not None:
        document["warnings"] = [{"code": capture_verdict.CODE, "message": warning}]
    return {**document, "name": operation.id}


def _network_status(operation: Operation) -> Document:
    """The network provider says no more than this. Source: recorded traffic."""
    document: Document = {"status": operation.status.value}
    if operation.end is not None and operation.end.failure is not None:
        document["error"] = failure(operation.end.failure)
    return document


def failure(why: Failure) -> Document:
    """Why an operation failed, as its polls show it."""
    inner = showing.error(ApiError(409, why.code, why.message, why.target))["error"]
    assert isinstance(inner, dict)
    return inner


def status_answer(operation: Operation, output: Document | None, waits: str | None = None) -> Answer:
    """The answer to a poll of the status URL."""
    body = status_document(operation, output, waits)
    if operation.status is Status.IN_PROGRESS:
        return Answer(200, body, {"Retry-After": RETRY_AFTER}, unfinished=operation.id)
    return Answer(200, body)


def monitor_answer(call: Call, operation: Operation, output: Document | None) -> Answer:
    """The answer to a poll of the Location URL: 202 until it ended, then the result or the refusal."""
    if operation.status is Status.IN_PROGRESS:
        headers = {"Location": monitor_url(call, operation), "Retry-After": RETRY_AFTER}
        return Answer(202, None, headers, unfinished=operation.id)
    end = operation.end
    if end is not None and end.failure is not None:
        raise ApiError(409, end.failure.code, end.failure.message, end.failure.target)
    if operation.status is not Status.SUCCEEDED:
        raise errors.refused("The operation was canceled.")
    return Answer(200, output)

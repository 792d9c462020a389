"""A slow operation: what clients poll, and what carries it over a crash."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.principal import Caller


class Status(StrEnum):
    """As Azure spells them. Source: recorded traffic; "Track asynchronous Azure operations"."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


class Family(StrEnum):
    """The path segment under which an operation is found: one per Azure resource provider's habit."""

    COMPUTE = "Microsoft.Compute/operations"
    DISK = "Microsoft.Compute/DiskOperations"
    NETWORK = "Microsoft.Network/operations"
    STORAGE = "Microsoft.Storage/asyncoperations"
    RESOURCES = "operationresults"
    DEPLOYMENT = "operationStatuses"
    """Found below the deployment itself."""


class StepEvent(StrEnum):
    """What the log can say of a step. ``FAILED`` ends the way forward; from then on steps are only undone."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


@dataclass(frozen=True)
class Failure:
    """Why an operation failed, in Azure's words."""

    code: str
    message: str
    target: str | None = None


@dataclass(frozen=True)
class Claim:
    """An operation's hold on a resource while it runs. Operations may share a resource; a sole one shares with none."""

    resource: ResourceId
    sole: bool = True


@dataclass(frozen=True)
class Cause:
    """Why something is done: who asked, for which action (``Microsoft.Compute/images/write``), in which chain of
    requests, and on behalf of which other operation (its id): a template's deployment, say. Empty for the service's own
    doing."""

    caller: Caller | None = None
    action: str = ""
    correlation: str = ""
    parent: str | None = None


NOBODY = Cause()


@dataclass(frozen=True)
class NewOperation:
    """An operation about to be accepted. ``params`` is everything its plan needs, every name already chosen."""

    id: str
    plan: str
    params: Document
    subject: ResourceId
    family: Family
    location: str
    started_at: datetime
    claims: tuple[Claim, ...] = ()
    cause: Cause = NOBODY


@dataclass(frozen=True)
class OperationEnd:
    """How it ended; ``output`` is what clients get as ``properties.output``."""

    status: Status
    ended_at: datetime
    failure: Failure | None = None
    output: Document | None = None


@dataclass(frozen=True)
class Operation:
    """An accepted operation. ``sequence`` is the order of acceptance."""

    id: str
    sequence: int
    plan: str
    params: Document
    subject: ResourceId
    family: Family
    location: str
    started_at: datetime
    status: Status = Status.IN_PROGRESS
    progress: Document = field(default_factory=dict)
    end: OperationEnd | None = None
    cause: Cause = NOBODY

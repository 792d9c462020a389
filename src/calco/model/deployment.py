"""A template's deployment: its states, its parts and the order in which these may begin, and Azure's words about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId

KIND = "Microsoft.Resources/deployments"
GROUP_MAX = 800
"""Deployments a group keeps. Source: Azure, "Deployment quota exceeded"."""


class Mode(StrEnum):
    """``Complete`` deletes what the template does not name; here it is only looked at by what-if."""

    INCREMENTAL = "Incremental"
    COMPLETE = "Complete"


class State(StrEnum):
    """``provisioningState``. Source: Azure, REST reference of deployments."""

    ACCEPTED = "Accepted"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED})


@dataclass(frozen=True)
class NewDeployment:
    """What a client wants deployed. ``base`` is scheme and host it speaks to, which ``environment()`` tells."""

    id: ResourceId
    template: Document
    parameters: Document
    mode: Mode
    tenant: str
    base: str
    tags: Mapping[str, str] | None = None


class PartState(StrEnum):
    """How far one resource of a deployment is. ``WAITING`` is ours: Azure shows no operation for it yet."""

    WAITING = "Waiting"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True)
class Part:
    """One resource of a deployment. ``depends_on`` are keys of other parts; ``operation`` is what goes on for it, if
    anything does; ``error`` is what Azure shows as ``error``; times are ISO 8601."""

    id: str
    tracking: str
    depends_on: tuple[str, ...]
    state: PartState = PartState.WAITING
    operation: str | None = None
    began: str | None = None
    ended: str | None = None
    status: int = 200
    error: Document | None = None

    @property
    def resource(self) -> ResourceId:
        return ResourceId.parse(self.id)

    @property
    def key(self) -> str:
        return self.id.lower()


def ready(parts: Sequence[Part]) -> list[Part]:
    """Those that may begin now: all they depend on is there, and nothing has failed."""
    if any(each.state is PartState.FAILED for each in parts):
        return []
    there = {each.key for each in parts if each.state is PartState.SUCCEEDED}
    return [each for each in parts if each.state is PartState.WAITING and there.issuperset(each.depends_on)]


def under_way(parts: Sequence[Part]) -> bool:
    """Whether anything that was begun has not ended."""
    return any(each.state is PartState.RUNNING for each in parts)


def status_code(status: int) -> str:
    """``statusCode`` of an operation: the name of an HTTP status, as .NET has it."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("Ok", "OK")


# --- in Azure's words ------------------------------------------------------------------------------------------------

SEE = "Please see https://aka.ms/arm-deployment-operations for usage details."


def failure(id: ResourceId, parts: Sequence[Part]) -> Document:
    """The error of a deployment some of whose parts failed. Source: Azure, "Troubleshoot deployment errors"."""
    return {
        "code": "DeploymentFailed",
        "target": str(id),
        "message": f"At least one resource deployment operation failed. Please list deployment operations for details. "
        f"{SEE}",
        "details": [each.error for each in parts if each.error is not None],
    }


def ended_badly(part: ResourceId, why: Document) -> Document:
    """The error of a part whose own operation failed. Source: as ``failure``."""
    return {
        "code": "ResourceDeploymentFailure",
        "target": str(part),
        "message": "The resource write operation failed to complete successfully, because it reached terminal "
        "provisioning state 'Failed'.",
        "details": [why],
    }


CANCELED = "DeploymentCanceled"


def canceled(name: str) -> ApiError:
    """Ours: Azure's sentence is not known."""
    return ApiError(409, CANCELED, f"The deployment '{name}' was canceled. What it had begun goes on by itself.")


def not_found(name: str) -> ApiError:
    """Source: recorded answers of az."""
    return ApiError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")


def active(name: str, since: str) -> ApiError:
    """Source: Azure, "Resolve errors for deployments that are active"."""
    return ApiError(
        409,
        "DeploymentActive",
        f"Unable to edit or replace deployment '{name}': previous deployment from '{since}' is still active. Please "
        "see https://aka.ms/arm-deploy for usage details.",
    )


def not_active(name: str, state: str) -> ApiError:
    """Code and sentence are ours."""
    return ApiError(
        409,
        "DeploymentCannotBeCancelled",
        f"The deployment '{name}' cannot be canceled: it is in state '{state}'. Only one that is Accepted or Running "
        "can be.",
    )


def not_complete() -> ApiError:
    """Ours: what Azure has and calco does not have yet."""
    return ApiError(
        400,
        "NotSupported",
        "Deployments of mode 'Complete' are not supported by calco yet. Send mode 'Incremental'; what-if shows what "
        "'Complete' would delete.",
        "properties.mode",
    )


def not_valid(name: str, tracking: str, details: Sequence[ApiError]) -> ApiError:
    """What resources' own providers say of a template, before anything is made. Source: Azure, "Troubleshoot deployment
    errors", preflight validation."""
    return ApiError(
        400,
        "InvalidTemplateDeployment",
        f"The template deployment '{name}' is not valid according to the validation procedure. The tracking id is "
        f"'{tracking}'. See inner errors for details.",
        details=tuple(details),
    )


def not_authorized(part: ResourceId, refusal: ApiError) -> ApiError:
    """What the caller may not make. Source: Azure, "Troubleshoot deployment errors"."""
    return ApiError(
        403,
        "InvalidTemplateDeployment",
        f"The template deployment failed with error: 'Authorization failed for template resource '{part.name}' of type "
        f"'{part.type}'. {refusal.message}'.",
    )

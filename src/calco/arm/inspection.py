"""What is on a disk: looked at when asked, and what the last look found. Ours, in a namespace of its own."""

from msgspec import Struct

from calco.arm import reading
from calco.arm.call import Answer, Call, ok
from calco.model import errors
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.inspection import full_document
from calco.work import inspection as work


class BlobBody(Struct, rename="camel"):
    blob_uri: str | None = None


def inspect(call: Call) -> Answer:
    return ok(full_document(work.look(call.cloud, call.id)))


def current(call: Call) -> Answer:
    """The last look that still holds; nothing is looked at."""
    report = work.last(call.cloud, call.id)
    if report is None:
        raise _nobody_looked(call.id)
    return ok(full_document(report))


def inspect_blob(call: Call) -> Answer:
    body, _ = reading.fit(call.body, BlobBody)
    if not body.blob_uri:
        raise errors.missing("blobUri")
    return ok(full_document(work.look_at_blob(call.cloud, body.blob_uri)))


def _nobody_looked(id: ResourceId) -> ApiError:
    """Azure's code; the sentences are ours."""
    return ApiError(
        404,
        "ResourceNotFound",
        f"The Resource 'Calco/inspections/current' of '{id.name}' was not found: nobody has inspected it since it was "
        f"last written. POST {id}/providers/Calco/inspect does.",
    )

"""A machine made into an image in one go, as the portal asks for it. Ours, in a namespace of its own."""

from msgspec import Struct

from calco.arm import operation_story, operations, reading
from calco.arm.call import Answer, Call, ok
from calco.model import errors, names
from calco.model.document import Document, Json
from calco.work import image_making as work
from calco.work.image_making import Making


class Body(Struct, rename="camel"):
    image: str | None = None
    create_resource_group: bool | None = None
    delete_virtual_machine: bool | None = None
    zone_resilient: bool | None = None
    validate_only: bool | None = None


def create(call: Call) -> Answer:
    """202 and where to follow it; with ``validateOnly`` 200 and what would happen, or what would be refused."""
    body, document = reading.fit(call.body, Body)
    if not body.image:
        raise errors.missing("image")
    wish = work.Wish(
        machine=call.id,
        image=reading.reference(body.image, "image", "Microsoft.Compute/images", call.subscription),
        creates_group=body.create_resource_group is True,
        deletes_machine=body.delete_virtual_machine is True,
        zone_resilient=body.zone_resilient is True,
        tags=reading.tags(document),
    )
    names.check(wish.image)
    if body.validate_only:
        return ok({"valid": True, "steps": _steps(work.rehearse(call.cloud, wish))})
    accepted, making = work.make(call.cloud, wish)
    assert accepted.operation is not None, "it is always slow work"
    shown: Document = {
        "id": operation_story.path(call, accepted.operation.id),
        "name": accepted.operation.id,
        "status": accepted.operation.status.value,
        "steps": _steps(making),
    }
    return operations.started(call, operations.Kind.MACHINE_CAPTURE, accepted.operation, shown)


def _steps(making: Making) -> list[Json]:
    return [*making.steps]

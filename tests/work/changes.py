"""Requests that change a machine which is there."""

from dataclasses import replace

from calco.model.disk import CreateOption
from calco.model.document import Document, Json
from calco.model.ids import ResourceId
from calco.model.virtual_machine import DiskWish, NewVirtualMachine
from tests.world import LOCATION, World


def wanting(world: World, id: ResourceId, *disks: DiskWish, **more: object) -> NewVirtualMachine:
    """A request for the machine as it is, with these data disks."""
    record = world.resource(id)
    profile: Document = {"storageProfile": {"dataDisks": [_document(each) for each in disks]}}
    wanted = NewVirtualMachine(
        id=id,
        location=LOCATION,
        tags=None,
        size=str(record.properties["hardwareProfile"]["vmSize"]),  # type: ignore[index, call-overload]
        image=None,
        os_disk=DiskWish(None, CreateOption.FROM_IMAGE),
        data_disks=disks,
        os_profile=None,
        nics=(),
        properties=profile,
    )
    return replace(wanted, **more)  # type: ignore[arg-type]


def _document(wish: DiskWish) -> Json:
    document: Document = {"lun": wish.lun, "createOption": wish.create_option.value}
    if wish.caching is not None:
        document["caching"] = wish.caching.value
    return document


def existing(lun: int, id: ResourceId, **more: object) -> DiskWish:
    return replace(DiskWish(lun, CreateOption.ATTACH, disk=id), **more)  # type: ignore[arg-type]


HAD = DiskWish(3, CreateOption.EMPTY)
"""The data disk that the world's machines begin with."""

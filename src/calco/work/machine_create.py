"""A new machine: what it is made from, what it claims, what its record says until its plan has made it real."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from calco.model import errors, os_profile
from calco.model.document import Document, Json, object_at
from calco.model.ids import ResourceId
from calco.model.operation import Claim
from calco.model.virtual_machine import Condition, NewVirtualMachine, NicWish, OsProfile
from calco.model.vm_size import VmSize
from calco.model.volume import VolumeId
from calco.ports import Resource, Writer
from calco.work import (
    availability_set,
    disk,
    machine_blobs,
    machine_disks,
    machine_secrets,
    network_interface,
    power,
    power_up,
    quota,
    volume,
)
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, found, hand_over
from calco.work.machine_blobs import BlobPlan
from calco.work.machine_disks import DiskPlan, Order, Source
from calco.work.machine_state import BLOBS, RENEWS_MACHINE_ID, SPECIALIZED, claims_of, nics_of
from calco.work.power_up import in_line


@dataclass(frozen=True)
class Setting:
    """What was found out about the request before the records were opened for writing."""

    location: str
    size: VmSize
    base: VolumeId | None


def create(cloud: Cloud, tx: Writer, wanted: NewVirtualMachine, setting: Setting) -> Accepted:
    unmanaged = machine_blobs.is_unmanaged(wanted)
    if unmanaged:
        source = machine_blobs.source_of(cloud, tx, wanted, setting.base)
    else:
        source = machine_disks.source_of(cloud, tx, wanted, setting.base, setting.location)
    if source.generation not in setting.size.generations:
        raise errors.wrong_generation(setting.size.name, source.generation)
    _check_profile(cloud, wanted, source)
    quota.check(cloud, tx, setting.location, setting.size)
    if wanted.availability_set is not None:
        zoned = bool(wanted.extra.get("zones"))
        availability_set.check(tx, wanted.availability_set, setting.location, managed=not unmanaged, zoned=zoned)
    order = machine_disks.Order(wanted, source, setting.size, setting.location)
    disks = [] if unmanaged else machine_disks.plan(cloud, tx, order)
    blobs = machine_blobs.plan(cloud, tx, order) if unmanaged else []
    nics = _nics(cloud, tx, wanted, setting.location)
    machine = _record(cloud, order, [*disks, *blobs], nics)
    claims = (
        *claims_of(machine),
        *(Claim(nic) for nic in nics_of(machine)),
        *(Claim(image, sole=False) for image in [wanted.image] if isinstance(image, ResourceId)),
    )
    check_free(tx, claims)
    tx.put(machine)
    for position, id in enumerate(nics_of(machine)):
        tx.put(network_interface.attached(found(tx, id), machine.id, primary=position == 0))
    for each in disks:
        tx.put(each.record)
        if each.volume is not None:
            tx.hold(each.record.id, volume.DISK_SLOT, each.volume)
    machine_blobs.take(cloud, tx, machine.id, blobs)
    if (why := machine_blobs.unlicensed(wanted)) is not None:
        return machine_blobs.refuse_later(cloud, tx, machine, why, created=True)
    params = power_up.creation(cloud, tx, machine, Condition.DEALLOCATED)
    operation = hand_over(cloud, tx, power.CREATE, params, subject=machine, claims=claims)
    return Accepted(machine, in_line(cloud, tx, operation, params.image), created=True)


def _check_profile(cloud: Cloud, wanted: NewVirtualMachine, source: Source) -> None:
    """Who the guest is to be is said exactly when it has not been set up before. Raises ApiError."""
    if source.is_specialized:
        if wanted.os_profile is not None:
            raise errors.not_allowed("osProfile")
        return
    if wanted.os_profile is None:
        raise errors.missing("osProfile")
    os_profile.check(wanted.os_profile, source.os_type)
    if source.os_type not in cloud.media.provisions:
        raise errors.not_supported(f"osProfile of a machine with {source.os_type} (try --hypervisor simulated)")


def _nics(cloud: Cloud, tx: Writer, wanted: NewVirtualMachine, location: str) -> Sequence[Document]:
    """``networkInterfaces`` as the machine will show them; inline ones are made."""
    if not wanted.nics:
        raise errors.missing("networkProfile.networkInterfaces")
    names = [wish.nic.key for wish in wanted.nics if wish.nic is not None]
    if len(set(names)) < len(names):
        raise errors.invalid("networkProfile.networkInterfaces", "A NIC is named twice.")
    shown: Sequence[Document] = []
    for wish in wanted.nics:
        if wish.nic is None:
            id = network_interface.put_inline(cloud, tx, wanted.id, location, wish).id
        else:
            id = _existing_nic(tx, wish.nic, wanted.id, location)
        shown = [*shown, {"id": str(id), **_nic_properties(wish)}]
    return shown


def _existing_nic(tx: Writer, id: ResourceId, machine: ResourceId, location: str) -> ResourceId:
    nic = tx.resource(id)
    if nic is None or nic.id.kind != network_interface.KIND.lower() or nic.location != location:
        raise errors.reference_not_found(id, machine)
    owner = network_interface.machine_of(nic)
    if owner is not None and owner.key != machine.key:
        raise errors.nic_in_use(id, owner)
    return nic.id


def _nic_properties(wish: NicWish) -> Document:
    """What was said of the NIC. Sources: recordings net-vm-attach-os-disk, c7n-vm-instanceview-extensions."""
    properties: Document = {}
    if wish.primary is not None:
        properties["primary"] = wish.primary
    if wish.delete_option is not None:
        properties["deleteOption"] = str(wish.delete_option)
    return {"properties": properties} if properties else {}


def _record(cloud: Cloud, order: Order, disks: Sequence[DiskPlan | BlobPlan], nics: Sequence[Document]) -> Resource:
    wanted = order.wanted
    profile = object_at(wanted.properties, "storageProfile")
    os_disk = next(each.shown for each in disks if each.lun is None)
    data: Sequence[Json] = [each.shown for each in disks if each.lun is not None]
    network: Document = {
        name: each
        for name, each in object_at(wanted.properties, "networkProfile").items()
        if name not in ("networkInterfaceConfigurations", "networkApiVersion")
    }
    properties: Document = {
        "vmId": cloud.chance.guid(),
        **wanted.properties,
        "storageProfile": {**profile, "osDisk": os_disk, "dataDisks": [*data]},
        "networkProfile": {**network, "networkInterfaces": [*nics]},
        "provisioningState": "Creating",
        "timeCreated": disk.timestamp(cloud.clock.now()),
    }
    internal: Document = {
        "vmId": properties["vmId"],
        "generation": order.source.generation.value,
        "condition": Condition.DEALLOCATED.value,
        "changedAt": cloud.clock.now().isoformat(),
        "provisioned": False,
        RENEWS_MACHINE_ID: order.source.renews_machine_id,
        **machine_secrets.sealed(cloud.sealer, _profile(wanted.os_profile)),
    }
    notes: Sequence[Json] = [each.note for each in disks if isinstance(each, BlobPlan)]
    if notes:
        internal[BLOBS] = [*notes]
    if order.source.is_specialized:
        internal[SPECIALIZED] = True
    if isinstance(wanted.image, ResourceId):
        internal["image"] = str(wanted.image)
    return Resource(wanted.id, order.location, properties, wanted.tags, internal, wanted.extra)


def _profile(profile: OsProfile | None) -> Document:
    kept: Document = {} if profile is None else msgspec.to_builtins(profile)
    return {name: each for name, each in kept.items() if each is not None}

"""What goes with a virtual machine that is deleted: its disks, its NICs and their public addresses, each as it is set
(its ``deleteOption``) until somebody who may sets it otherwise. Source: Azure, "Delete a VM and attached resources"."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from calco.model.delete_option import DeleteOption
from calco.model.document import Document, Json, object_at, objects_at, text_at
from calco.portal.virtual_machine_command import Work, state_of
from calco.portal.virtual_machine_facts import TYPE, disks_of
from calco.portal.virtual_machine_network import Nic, nics_of
from calco.portal.visit import Visit

NIC, PUBLIC, DISK = (
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Compute/disks",
)
BUSY, GENERALIZED, NO_RIGHT = "machine.fixed_busy", "machine.fixed_generalized", "common.no_right"


@dataclass(frozen=True)
class Part:
    """Something that a machine has. ``word`` is what it is, a part of a key; ``nic`` the NIC that an address is of;
    ``why_not`` the key of why it cannot be chosen, empty when it can."""

    id: str
    type: str
    word: str
    goes: bool
    nic: str = ""
    why_not: str = ""


async def parts_of(visit: Visit, machine: Document) -> list[Part]:
    """All of them, the OS disk first; ``machine`` is shown with its instance view."""
    found = [
        Part(each.id, DISK, "os_disk" if each.lun is None else "data_disk", each.leaves)
        for each in disks_of(machine)
        if each.id
    ]
    for nic in await nics_of(visit.api, machine):
        found += _of_nic(nic)
    return [*await asyncio.gather(*(_choosable(visit, machine, each) for each in found))]


def _of_nic(nic: Nic) -> list[Part]:
    public = [Part(nic.public_id, PUBLIC, "public", nic.public_leaves, nic.id)] if nic.public_id else []
    return [Part(nic.id, NIC, "nic", nic.leaves), *public]


async def _choosable(visit: Visit, machine: Document, part: Part) -> Part:
    """A machine's own model is not changed while it changes, nor once it is generalized; an address is its NIC's."""
    state = state_of(machine)
    if state.work is not Work.NONE:
        return replace(part, why_not=BUSY)
    if state.power.is_generalized and not part.nic:
        return replace(part, why_not=GENERALIZED)
    owner, type = (part.nic, NIC) if part.nic else (text_at(machine, "id") or "", TYPE)
    may = await _may(visit, f"{type}/write", owner) and await _may(visit, f"{part.type}/delete", part.id)
    return part if may else replace(part, why_not=NO_RIGHT)


async def _may(visit: Visit, action: str, id: str) -> bool:
    """Asked of the group first: one question for all that is in it."""
    return await visit.may(action, id.partition("/providers/")[0]) or await visit.may(action, id)


# --- setting it ------------------------------------------------------------------------------------------------------


async def settle(visit: Visit, machine: Document, asked: Collection[str], taken: Collection[str]) -> bool:
    """Have those of the parts ``asked`` for go that are ``taken`` and no other one of them, by their ids in lower case;
    the rest goes as it is set. Comes back when that is so: True. False, and nothing is changed, when one that was to be
    set otherwise can be chosen no more. Raises Refused."""
    wanted = {
        each.id.lower(): each
        for each in await parts_of(visit, machine)
        if each.id.lower() in asked and (each.id.lower() in taken) != each.goes
    }
    if any(each.why_not for each in wanted.values()):
        return False
    for each in wanted.values():
        if each.nic:
            await _settle_address(visit, each)
    options = {id: _option(not each.goes) for id, each in wanted.items() if not each.nic}
    if options:
        change: Document = {"properties": {**_disks(machine, options), **_nics(machine, options)}}
        await visit.api.ended(await visit.api.send("PATCH", text_at(machine, "id") or "", change))
    return True


def _option(goes: bool) -> str:
    return str(DeleteOption.DELETE if goes else DeleteOption.DETACH)


async def _settle_address(visit: Visit, part: Part) -> None:
    nic = await visit.api.get(part.nic)
    properties = object_at(nic, "properties")
    configurations: list[Json] = []
    for each in objects_at(properties, "ipConfigurations"):
        inner = object_at(each, "properties")
        public: Document = {"id": part.id, "properties": {"deleteOption": _option(not part.goes)}}
        is_its = (text_at(inner, "publicIPAddress", "id") or "").lower() == part.id.lower()
        configurations.append({**each, "properties": {**inner, "publicIPAddress": public}} if is_its else each)
    changed: Document = {**nic, "properties": {**properties, "ipConfigurations": configurations}}
    await visit.api.ended(await visit.api.send("PUT", part.nic, changed))


def _disks(machine: Document, options: dict[str, str]) -> Document:
    """Lists are changed as a whole, so that all disks are in it, or none."""
    profile = object_at(machine, "properties", "storageProfile")
    os_disk, data = object_at(profile, "osDisk"), objects_at(profile, "dataDisks")
    sent: Document = {}
    if _disk_id(os_disk) in options:
        sent["osDisk"] = {"deleteOption": options[_disk_id(os_disk)]}
    if any(_disk_id(each) in options for each in data):
        sent["dataDisks"] = [
            {**each, "deleteOption": options[_disk_id(each)]} if _disk_id(each) in options else each for each in data
        ]
    return {"storageProfile": sent} if sent else {}


def _nics(machine: Document, options: dict[str, str]) -> Document:
    nics = objects_at(machine, "properties", "networkProfile", "networkInterfaces")
    if not any((text_at(each, "id") or "").lower() in options for each in nics):
        return {}
    sent: list[Json] = []
    for each in nics:
        option = options.get((text_at(each, "id") or "").lower())
        inner = object_at(each, "properties")
        sent.append({**each, "properties": {**inner, "deleteOption": option}} if option else each)
    return {"networkProfile": {"networkInterfaces": sent}}


def _disk_id(disk: Document) -> str:
    return (text_at(disk, "managedDisk", "id") or "").lower()

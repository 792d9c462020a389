"""A machine with disks in blobs gets managed ones."""

from dataclasses import replace

import pytest

from calco.model.document import Document, object_at, objects_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Status
from calco.model.virtual_machine import Act
from calco.ports import Resource, StoreFull
from calco.work import blob, disk, machine_convert, virtual_machine
from calco.work.machine_state import RENEWS_MACHINE_ID
from calco.work.volume import DISK_SLOT
from tests.work.sources import ACCOUNT, blob_at, with_account
from tests.work.test_unmanaged import DATA, OS, made, wanted_from_debian
from tests.world import GROUP, World


@pytest.fixture(autouse=True)
def account(world: World) -> None:
    with_account(world.with_network())


def deallocated(world: World) -> ResourceId:
    wanted = wanted_from_debian(world)
    made(world, wanted)
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    return wanted.id


def test_no_byte_moves_and_the_machine_starts_on_disks_of_its_own(world: World) -> None:
    id = deallocated(world)
    files = world.disks.volumes()

    world.done(machine_convert.convert(world.cloud, id))

    assert world.disks.volumes() == files
    world.done(virtual_machine.act(world.cloud, id, Act.START))
    drives = world.hypervisor.writes(str(world.resource(id).internal["vmId"]))
    blobs = {blob_at(world, each).volume for each in (OS, DATA)}
    assert set(drives) == {None, 0}
    assert not set(drives.values()) & blobs
    with world.records.read() as view:
        assert {row.backing for each in drives.values() if (row := view.volume(each)) is not None} == blobs
        held = {view.held(each.id)[DISK_SLOT] for each in disk.list(world.cloud, GROUP)}
    assert held == set(drives.values())


def test_the_machine_shows_managed_disks_and_the_blobs_are_free(world: World) -> None:
    id = deallocated(world)
    names = [each.get("name") for each in shown(world, id)]

    world.done(machine_convert.convert(world.cloud, id))

    disks = shown(world, id)
    assert [each.get("name") for each in disks] == names
    assert [set(each) & {"vhd", "image"} for each in disks] == [set(), set()]
    assert all(object_at(each, "managedDisk").get("id") for each in disks)
    assert [blob.owner_of(world.resource(blob_at(world, each).id)) for each in (OS, DATA)] == [None, None]
    records = disk.list(world.cloud, GROUP)
    assert {str(each.extra["managedBy"]) for each in records} == {str(id)}
    assert {each.properties.get("osType") for each in records} == {"Linux", None}
    world.done(virtual_machine.delete(world.cloud, id))
    assert world.leftovers() == []


def shown(world: World, id: ResourceId) -> list[Document]:
    profile = object_at(world.resource(id).properties, "storageProfile")
    return [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]


def test_a_disk_whose_name_is_taken_gets_another(world: World) -> None:
    id = deallocated(world)
    name = str(shown(world, id)[0]["name"])
    world.empty_disk(name)

    world.done(machine_convert.convert(world.cloud, id))

    new = str(shown(world, id)[0]["name"])
    assert new.startswith(f"{name}_")
    assert len(disk.list(world.cloud, GROUP)) == 3


def test_two_disks_of_one_name_become_two(world: World) -> None:
    wanted = wanted_from_debian(world)
    made(world, replace(wanted, data_disks=(replace(wanted.data_disks[0], name="WEB1-os"),)))
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))

    world.done(machine_convert.convert(world.cloud, wanted.id))

    first, second = (str(each["name"]) for each in shown(world, wanted.id))
    assert first == "web1-os"
    assert second.startswith("WEB1-os_")
    assert len(disk.list(world.cloud, GROUP)) == 2


def test_a_disk_is_what_its_blob_and_its_machine_were(world: World) -> None:
    account = world.resource(GROUP.sibling("Microsoft.Storage", "storageAccounts", ACCOUNT))
    with world.records.write() as tx:
        tx.put(replace(account, extra={"sku": {"name": "Premium_LRS"}}))
    id = deallocated(world)
    machine = world.resource(id)

    world.done(machine_convert.convert(world.cloud, id))

    system, data = (world.resource(each.id) for each in sorted(disk.list(world.cloud, GROUP), key=_is_data))
    assert {str(object_at(each.extra, "sku")["name"]) for each in (system, data)} == {"Premium_LRS"}
    assert system.properties["hyperVGeneration"] == machine.internal["generation"]
    assert system.internal[RENEWS_MACHINE_ID] is machine.internal[RENEWS_MACHINE_ID] is not None
    assert RENEWS_MACHINE_ID not in data.internal


def _is_data(each: Resource) -> bool:
    return "osType" not in each.properties


def test_a_machine_that_could_not_be_converted_says_so_and_keeps_its_blobs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_volume: str) -> None:
        raise StoreFull("no room left")

    id = deallocated(world)
    before = shown(world, id)
    monkeypatch.setattr(world.disks, "freeze", full)

    operation = world.ended(machine_convert.convert(world.cloud, id))

    assert operation.status is Status.FAILED
    assert world.resource(id).properties["provisioningState"] == "Failed"
    assert shown(world, id) == before
    assert disk.list(world.cloud, GROUP) == []


def test_it_is_updated_like_any_machine_afterwards(world: World) -> None:
    wanted = wanted_from_debian(world)
    id = deallocated(world)
    world.done(machine_convert.convert(world.cloud, id))
    os_disk = replace(wanted.os_disk, vhd=None, image_uri=None)
    profile = object_at(world.resource(id).properties, "storageProfile")
    kept: Document = {name: each for name, each in profile.items() if name != "dataDisks"}
    properties: Document = {**wanted.properties, "storageProfile": kept}

    changed = replace(wanted, tags={"a": "b"}, os_disk=os_disk, data_disks=(), properties=properties)
    world.done(virtual_machine.update(world.cloud, changed))

    assert world.resource(id).tags == {"a": "b"}


def test_only_a_deallocated_machine_with_blobs_is_converted(world: World) -> None:
    wanted = wanted_from_debian(world)
    made(world, wanted)
    with pytest.raises(ApiError, match="since the VM is not deallocated"):
        machine_convert.convert(world.cloud, wanted.id)
    managed = world.running_machine("web7")
    with pytest.raises(ApiError, match="VM 'web7' is already using managed disks"):
        machine_convert.convert(world.cloud, managed)

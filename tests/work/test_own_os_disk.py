"""Machines whose operating system was set up before: an OS disk of one's own, an image that is specialized."""

from dataclasses import replace

import pytest

from calco.model.disk import CreateOption, OsType
from calco.model.document import Document, object_at
from calco.model.ids import ResourceId
from calco.model.machine import Machine, MachineState
from calco.model.virtual_machine import Act, DiskWish, NewVirtualMachine
from calco.work import disk, virtual_machine
from tests.work.changes import wanting
from tests.work.looking import power, refused
from tests.world import World


@pytest.fixture
def own(world: World) -> ResourceId:
    """An OS disk whose machine is gone."""
    id = world.running_machine("source")
    os_disk = disk_id(world, id)
    world.done(virtual_machine.delete(world.cloud, id))
    return os_disk


def disk_id(world: World, machine: ResourceId) -> ResourceId:
    profile = object_at(world.resource(machine).properties, "storageProfile", "osDisk", "managedDisk")
    return ResourceId.parse(str(profile["id"]))


def booting(world: World, own: ResourceId) -> NewVirtualMachine:
    """A machine that boots from that disk."""
    return replace(
        world.new_machine("web1"),
        image=None,
        os_disk=DiskWish(None, CreateOption.ATTACH, disk=own, os_type=OsType.LINUX),
        os_profile=None,
        data_disks=(),
        properties={"hardwareProfile": {"vmSize": "Standard_B1s"}},
    )


def test_a_machine_boots_from_a_disk_that_was_there_and_nobody_waits_for_its_guest(
    world: World, own: ResourceId
) -> None:
    booted: list[Machine] = []
    world.guest = booted.append
    wanted = booting(world, own)

    world.done(virtual_machine.put(world.cloud, wanted))

    record = world.resource(wanted.id)
    assert (record.properties["provisioningState"], power(world, wanted.id)) == ("Succeeded", MachineState.RUNNING)
    (machine,) = booted
    assert machine.media is None
    assert "osProfile" not in record.properties
    assert object_at(record.properties, "storageProfile", "osDisk") == {
        "osType": "Linux",
        "name": own.name,
        "createOption": "Attach",
        "caching": "ReadWrite",
        "managedDisk": {"storageAccountType": "Standard_LRS", "id": str(own)},
        "diskSizeGB": 4,
    }
    attached = world.resource(own)
    assert (attached.properties["diskState"], attached.extra["managedBy"]) == ("Attached", str(wanted.id))
    with world.records.read() as view:
        assert [each.volume for each in machine.drives] == [view.held(own)["disk"]]
    assert world.leftovers() == []


def test_it_starts_again_without_a_dvd(world: World, own: ResourceId) -> None:
    booted: list[Machine] = []
    world.guest = booted.append
    wanted = booting(world, own)
    world.done(virtual_machine.put(world.cloud, wanted))
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))

    world.done(virtual_machine.act(world.cloud, wanted.id, Act.START))

    assert [each.media for each in booted] == [None, None]


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ({"os_profile": "given"}, 400, "InvalidParameter", "Parameter 'osProfile' is not allowed."),
        ({"os_disk": DiskWish(None, CreateOption.ATTACH, os_type=OsType.LINUX)}, 400, "InvalidParameter",
         "managedDisk.id"),
        ({"os_disk": "no type"}, 400, "InvalidParameter", "osDisk.osType"),
        ({"os_disk": "absent"}, 404, "NotFound", "nobodys"),
        ({"os_disk": DiskWish(None, CreateOption.EMPTY)}, 400, "InvalidParameter", "osDisk.createOption"),
    ],
    ids=["profile", "no disk", "no type", "absent", "empty"],
)  # fmt: skip
def test_a_mistake_gets_azures_answer(
    world: World, own: ResourceId, change: dict[str, object], status: int, *, code: str, words: str
) -> None:
    wanted = booting(world, own)
    meant: dict[object, object] = {
        "given": world.new_machine("web2").os_profile,
        "no type": replace(wanted.os_disk, os_type=None),
        "absent": replace(wanted.os_disk, disk=world.id("disks", "nobodys")),
    }
    ((name, value),) = change.items()
    changed = replace(wanted, **{name: meant.get(value, value)})  # type: ignore[arg-type]

    refused(world, lambda: virtual_machine.put(world.cloud, changed), status, code, words)


def test_a_disk_in_use_is_no_bodys_os_disk(world: World) -> None:
    other = world.running_machine("web2")
    wanted = booting(world, disk_id(world, other))

    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 409, "ConflictingUserInput", "VM 'web2'")


def test_an_os_disk_is_swapped_while_the_machine_is_deallocated(world: World, own: ResourceId) -> None:
    id = world.running_machine("web1")
    first = disk_id(world, id)
    profile: Document = {"storageProfile": {"osDisk": {"createOption": "FromImage", "name": own.name}}}
    swap = replace(
        wanting(world, id),
        os_disk=DiskWish(None, CreateOption.FROM_IMAGE, disk=own, name=own.name),
        properties=profile,
    )
    refused(world, lambda: virtual_machine.update(world.cloud, swap), 409, "OperationNotAllowed", "Deallocate it")
    world.done(virtual_machine.act(world.cloud, id, Act.DEALLOCATE))

    world.done(virtual_machine.update(world.cloud, swap))

    assert disk_id(world, id) == own
    assert [world.resource(each).properties["diskState"] for each in (first, own)] == ["Unattached", "Reserved"]
    world.done(virtual_machine.act(world.cloud, id, Act.START))
    vm_id = str(world.resource(id).internal["vmId"])
    with world.records.read() as view:
        assert world.hypervisor.writes(vm_id)[None] == view.held(own)["disk"]
    assert world.leftovers() == []
    assert len(disk.list(world.cloud, id.group_id)) >= 3


def test_a_specialized_image_makes_machines_that_are_not_asked_who_they_are(world: World) -> None:
    golden = world.captured_image("golden", world.generalized_machine("source"))
    with world.records.write() as tx:
        image = tx.resource(golden)
        assert image is not None
        profile = object_at(image.properties, "storageProfile")
        specialized: Document = {**profile, "osDisk": {**object_at(profile, "osDisk"), "osState": "Specialized"}}
        tx.put(replace(image, properties={**image.properties, "storageProfile": specialized}))
    booted: list[Machine] = []
    world.guest = booted.append
    wanted = world.clone("web1", golden)

    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 400, "InvalidParameter", "'osProfile' is not")
    world.done(virtual_machine.put(world.cloud, replace(wanted, os_profile=None)))

    assert [each.media for each in booted] == [None]
    assert world.state(wanted.id) == "Succeeded"

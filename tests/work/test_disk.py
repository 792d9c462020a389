"""Managed disks by themselves."""

from dataclasses import replace

import pytest

from calco.model.disk import CreateOption, NewDisk, OsType, Sku
from calco.model.virtual_machine import Act
from calco.model.volume import GIB
from calco.work import disk, virtual_machine
from tests.work.looking import failure, refused
from tests.world import GROUP, LOCATION, World


def wish(world: World, size_gb: int | None = 1) -> NewDisk:
    return NewDisk(world.id("disks", "data"), LOCATION, {"a": "1"}, CreateOption.EMPTY, size_gb, None, None, None, {})


def test_an_empty_disk_gets_its_volume_and_azures_properties(world: World) -> None:
    wanted = replace(wish(world, 2), sku=Sku.PREMIUM_LRS, os_type=OsType.LINUX)
    created = disk.put(world.cloud, wanted)
    assert created.created
    assert created.resource is not None
    assert created.resource.properties["provisioningState"] == "Updating"
    world.done(created)

    found = disk.get(world.cloud, wanted.id)
    assert found.extra["sku"] == {"name": "Premium_LRS", "tier": "Premium"}
    expected = {"diskSizeGB": 2, "diskSizeBytes": 2 * GIB, "diskState": "Unattached", "osType": "Linux"}
    assert expected.items() <= found.properties.items()
    assert [each.id for each in disk.list(world.cloud, GROUP)] == [wanted.id]
    (volume,) = world.disks.volumes()
    assert world.disks.size_bytes(volume) == 2 * GIB


def test_a_disk_grows_and_never_shrinks(world: World) -> None:
    data = world.empty_disk("data", 2)
    world.done(disk.put(world.cloud, wish(world, 5)))
    world.done(disk.patch(world.cloud, data, disk.DiskChange({"b": "2"}, 6, Sku.STANDARD_SSD_LRS)))

    (volume,) = world.disks.volumes()
    assert world.disks.size_bytes(volume) == 6 * GIB
    assert world.resource(data).tags == {"b": "2"}

    failed = world.ended(disk.put(world.cloud, wish(world, 1)))

    assert failure(failed) == ("InvalidParameter", "Disks or snapshot cannot be resized down.")
    assert world.state(data) == "Succeeded"
    assert world.disks.size_bytes(volume) == 6 * GIB


def test_a_disk_of_a_running_machine_does_not_grow_and_one_of_a_deallocated_machine_does(world: World) -> None:
    web1 = world.running_machine("web1")
    (data,) = [each.id for each in disk.list(world.cloud, GROUP) if "_disk2_" in each.id.name]
    larger = disk.DiskChange(size_gb=9)
    words = "Cannot resize disk"
    refused(world, lambda: disk.patch(world.cloud, data, larger), 409, "OperationNotAllowed", words)
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    world.done(disk.patch(world.cloud, data, larger))
    world.done(virtual_machine.act(world.cloud, web1, Act.START))
    assert {world.disks.size_bytes(each) for each in world.disks.volumes()} == {4 * GIB, 9 * GIB}


def test_a_frozen_volume_is_not_grown_but_what_is_written_over_it_is(world: World) -> None:
    source = world.generalized_machine("source")
    world.captured_image("golden", source)
    (data,) = [each.id for each in disk.list(world.cloud, GROUP) if "_disk2_" in each.id.name]

    world.done(disk.patch(world.cloud, data, disk.DiskChange(size_gb=9)))

    assert {world.disks.size_bytes(each) for each in world.disks.volumes()} == {4 * GIB, GIB}
    second = world.captured_image("second", source)
    world.done(virtual_machine.put(world.cloud, world.clone("web2", second)))
    assert 9 * GIB in {world.disks.size_bytes(each) for each in world.disks.volumes()}


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ({"size_gb": None}, 400, "InvalidParameter", "diskSizeGB"),
        ({"create_option": CreateOption.ATTACH}, 400, "InvalidParameter", "Attach"),
        ({"create_option": CreateOption.COPY}, 400, "InvalidParameter", "sourceResourceId"),
        ({"create_option": CreateOption.IMPORT}, 400, "InvalidParameter", "sourceUri"),
        ({"create_option": CreateOption.FROM_IMAGE}, 400, "InvalidParameter", "imageReference.id"),
        ({"location": "moon"}, 400, "LocationNotAvailableForResourceType", "moon"),
    ],
)
def test_a_mistake_gets_azures_answer(
    world: World, change: dict[str, object], status: int, *, code: str, words: str
) -> None:
    wanted = replace(wish(world), **change)  # type: ignore[arg-type]
    refused(world, lambda: disk.put(world.cloud, wanted), status, code, words)


def test_what_a_disk_was_made_of_does_not_change(world: World) -> None:
    world.empty_disk("data")
    copied = replace(wish(world), create_option=CreateOption.COPY)
    refused(world, lambda: disk.put(world.cloud, copied), 409, "PropertyChangeNotAllowed", "createOption")


def test_a_disk_is_one_operations_at_a_time_and_deleted_once(world: World) -> None:
    data = world.empty_disk("data")
    accepted = disk.delete(world.cloud, data)
    refused(world, lambda: disk.put(world.cloud, wish(world)), 409, "Conflict")
    refused(world, lambda: disk.delete(world.cloud, data), 409, "Conflict")
    world.done(accepted)
    assert disk.delete(world.cloud, data) is None
    assert world.disks.volumes() == set()
    refused(world, lambda: disk.get(world.cloud, data), 404, "ResourceNotFound")


def test_a_disk_that_could_not_be_made_is_made_by_asking_again(world: World) -> None:
    world.disks.room = 0
    world.ended(disk.put(world.cloud, wish(world)))
    assert world.state(world.id("disks", "data")) == "Failed"
    assert world.leftovers() == []
    world.disks.room = None

    again = disk.put(world.cloud, wish(world))

    assert not again.created
    world.done(again)
    assert len(world.disks.volumes()) == 1

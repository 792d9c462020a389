"""Capturing images, and what may be done with them."""

from dataclasses import replace

import pytest

from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.model.operation import Status
from calco.model.virtual_machine import Act
from calco.work import disk, image, resource_group, virtual_machine
from tests.work.looking import failure, refused
from tests.world import DEBIAN, GROUP, LOCATION, SUBSCRIPTION, World


def held(world: World, id: ResourceId) -> dict[str, str]:
    with world.records.read() as view:
        return view.held(id)


@pytest.mark.parametrize("before", [(), (Act.POWER_OFF,), (Act.DEALLOCATE,)], ids=["running", "stopped", "deallocated"])
def test_capture_needs_a_generalized_machine(world: World, before: tuple[Act, ...]) -> None:
    web1 = world.running_machine("web1")
    for each in before:
        world.done(virtual_machine.act(world.cloud, web1, each))

    refused(
        world,
        lambda: image.put(world.cloud, world.new_image("golden", web1)),
        409,
        "OperationNotAllowed",
        "The operation 'Create Image' requires the Virtual Machine 'web1' to be Generalized.",
    )


def test_a_machine_that_is_generalized_but_still_allocated_can_be_captured(world: World) -> None:
    web1 = world.running_machine("web1")
    world.done(virtual_machine.act(world.cloud, web1, Act.POWER_OFF))
    virtual_machine.act(world.cloud, web1, Act.GENERALIZE)

    golden = world.captured_image("golden", web1)

    assert world.state(golden) == "Succeeded"


def test_an_image_has_all_disks_of_its_machine_with_their_luns_and_copies_no_byte(world: World) -> None:
    web1 = world.generalized_machine("web1")
    files = world.disks.volumes()

    created = image.put(world.cloud, world.new_image("golden", web1))
    assert created.created
    assert created.resource is not None
    assert created.resource.properties["provisioningState"] == "Creating"
    world.done(created)

    golden = world.resource(world.id("images", "golden"))
    profile = golden.properties["storageProfile"]
    assert isinstance(profile, dict)
    os_disk, data = profile["osDisk"], profile["dataDisks"]
    assert isinstance(os_disk, dict)
    assert isinstance(data, list)
    assert (os_disk["osType"], os_disk["osState"], os_disk["diskSizeGB"], os_disk["caching"]) == (
        "Linux",
        "Generalized",
        4,
        "ReadWrite",
    )
    assert [(each["lun"], each["diskSizeGB"]) for each in data if isinstance(each, dict)] == [(3, 1)]
    assert golden.properties["hyperVGeneration"] == "V1"
    assert set(held(world, golden.id)) == {"os", "3"}
    assert world.disks.volumes() == files


def test_an_image_outlives_its_machine_and_that_machines_disks(world: World) -> None:
    web1 = world.generalized_machine("web1")
    golden = world.captured_image("golden", web1)

    world.done(virtual_machine.delete(world.cloud, web1))
    for each in disk.list(world.cloud, GROUP):
        world.done(disk.delete(world.cloud, each.id))

    world.done(virtual_machine.put(world.cloud, world.clone("web2", golden)))
    assert world.state(world.id("virtualMachines", "web2")) == "Succeeded"
    assert world.leftovers() == []


def test_a_machine_can_be_captured_twice_and_both_images_are_the_same_volumes(world: World) -> None:
    web1 = world.generalized_machine("web1")

    one, two = world.captured_image("one", web1), world.captured_image("two", web1)

    assert held(world, one) == held(world, two)
    world.done(image.delete(world.cloud, one))
    assert world.leftovers() == []
    world.done(virtual_machine.put(world.cloud, world.clone("web2", two)))


def test_a_failed_capture_leaves_an_image_one_can_get_in_failed_and_capture_again(world: World) -> None:
    wanted = world.new_machine("web1")
    world.disks.room = 1
    world.ended(virtual_machine.put(world.cloud, wanted))  # its disks have no volumes
    world.disks.room = None
    virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)

    first = world.ended(image.put(world.cloud, world.new_image("golden", wanted.id)))

    assert first.status is Status.FAILED
    assert failure(first)[0] == "NotFound"
    golden = image.get(world.cloud, world.id("images", "golden"))
    assert golden.properties["provisioningState"] == "Failed"
    assert held(world, golden.id) == {}
    clone = world.clone("web2", golden.id)
    words = "until Image has been successfully created"
    refused(world, lambda: virtual_machine.put(world.cloud, clone), 409, "OperationNotAllowed", words)
    again = image.put(world.cloud, world.new_image("golden", world.generalized_machine("web3")))
    assert not again.created
    world.done(again)
    assert world.state(golden.id) == "Succeeded"
    assert world.leftovers() == []


def test_capturing_needs_the_machine_to_be_there_and_in_that_location(world: World) -> None:
    web1 = world.generalized_machine("web1")
    wanted = world.new_image("golden", web1)
    words = "specified in the request does not exist in this Azure location."

    nobody = replace(wanted, source=world.id("virtualMachines", "nobody"))
    refused(world, lambda: image.put(world.cloud, nobody), 404, "NotFound", "'nobody'", words)
    elsewhere = replace(wanted, location="West Europe")
    refused(world, lambda: image.put(world.cloud, elsewhere), 404, "NotFound", "'web1'", words)
    nowhere = replace(wanted, location="the moon")
    refused(world, lambda: image.put(world.cloud, nowhere), 400, "LocationNotAvailableForResourceType")
    refused(world, lambda: image.put(world.cloud, replace(wanted, source=None)), 400, "InvalidParameter", "osDisk")
    other_group = ResourceId(SUBSCRIPTION, "other").sibling("Microsoft.Compute", "images", "golden")
    refused(world, lambda: image.put(world.cloud, replace(wanted, id=other_group)), 404, "ResourceGroupNotFound")


def test_only_tags_of_an_image_can_change(world: World) -> None:
    web1, web2 = world.generalized_machine("web1"), world.generalized_machine("web2")
    golden = world.captured_image("golden", web1)
    same = replace(world.new_image("golden", web1), tags={"a": "1"}, zone_resilient=False)
    before = held(world, golden)

    again = image.put(world.cloud, same)
    assert not again.created
    assert world.resource(golden).tags == {"a": "1"}
    whole = replace(same, properties=world.resource(golden).properties, tags=None)
    image.put(world.cloud, whole)
    image.patch(world.cloud, golden, {"b": "2"})

    assert world.resource(golden).tags == {"b": "2"}
    assert held(world, golden) == before
    refusal = refused(
        world,
        lambda: image.put(world.cloud, world.new_image("golden", web2)),
        409,
        "PropertyChangeNotAllowed",
        "Changing property 'sourceVirtualMachine' is not allowed.",
    )
    assert refusal.target == "sourceVirtualMachine"
    refused(world, lambda: image.patch(world.cloud, world.id("images", "none"), {}), 404, "ResourceNotFound")


def test_zone_resilience_is_shown_when_it_was_said(world: World) -> None:
    wanted = replace(world.new_image("golden", world.generalized_machine("web1")), zone_resilient=False)
    world.done(image.put(world.cloud, wanted))
    profile = world.resource(wanted.id).properties["storageProfile"]
    assert isinstance(profile, dict)
    assert profile["zoneResilient"] is False


def test_an_image_is_not_deleted_while_machines_are_provisioned_from_it(world: World) -> None:
    golden = world.captured_image("golden", world.generalized_machine("web1"))
    accepted = virtual_machine.put(world.cloud, world.clone("web2", golden))

    refused(
        world,
        lambda: image.delete(world.cloud, golden),
        409,
        "OperationNotAllowed",
        "since the Virtual Machines 'web2' are being provisioned using the Image 'golden'.",
    )

    world.done(accepted)
    world.done(image.delete(world.cloud, golden))
    assert world.find(golden) is None
    assert world.state(world.id("virtualMachines", "web2")) == "Succeeded"
    assert world.leftovers() == []


def test_an_image_on_its_way_in_or_out_is_left_alone(world: World) -> None:
    web1 = world.generalized_machine("web1")
    clone = world.clone("web2", world.id("images", "golden"))
    coming = image.put(world.cloud, world.new_image("golden", web1))

    refused(world, lambda: virtual_machine.put(world.cloud, clone), 409, "OperationNotAllowed", "successfully created")
    refused(world, lambda: image.delete(world.cloud, world.id("images", "golden")), 409, "Conflict")
    refused(world, lambda: image.put(world.cloud, world.new_image("golden", web1)), 409, "Conflict")
    refused(world, lambda: image.put(world.cloud, world.new_image("two", web1)), 409, "OperationNotAllowed", "web1")
    refused(world, lambda: virtual_machine.delete(world.cloud, web1), 409, "OperationNotAllowed", "in progress")

    world.done(coming)
    going = image.delete(world.cloud, world.id("images", "golden"))
    golden, words = world.id("images", "golden"), "since the Image is marked for deletion."
    refused(world, lambda: image.patch(world.cloud, golden, {}), 409, "OperationNotAllowed", words)
    refused(world, lambda: image.put(world.cloud, world.new_image("golden", web1)), 409, "OperationNotAllowed", words)
    assert image.delete(world.cloud, golden) == going
    refused(world, lambda: virtual_machine.put(world.cloud, clone), 409, "Conflict")
    world.done(going)
    refused(world, lambda: virtual_machine.put(world.cloud, clone), 404, "NotFound", "cannot be found in 'eastus'")


def test_images_are_found_listed_and_missed(world: World) -> None:
    golden = world.captured_image("golden", world.generalized_machine("web1"))

    assert image.get(world.cloud, golden).id == golden
    assert [each.id for each in image.list(world.cloud, GROUP)] == [golden]
    assert [each.id for each in image.list(world.cloud, None)] == [golden]
    assert image.delete(world.cloud, world.id("images", "none")) is None
    refused(world, lambda: image.get(world.cloud, world.id("images", "none")), 404, "ResourceNotFound")
    nowhere = ResourceId(SUBSCRIPTION, "nowhere")
    refused(world, lambda: image.list(world.cloud, nowhere), 404, "ResourceGroupNotFound")
    gone = nowhere.sibling("Microsoft.Compute", "images", "golden")
    refused(world, lambda: image.get(world.cloud, gone), 404, "ResourceGroupNotFound")


def test_the_generation_of_an_image_is_its_machines(world: World) -> None:
    wanted = replace(world.new_machine("web1"), image=replace(DEBIAN, sku="12-gen2"))
    world.done(virtual_machine.put(world.cloud, wanted))
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    asked = replace(world.new_image("golden", wanted.id), generation=Generation.V1)

    world.done(image.put(world.cloud, asked))

    assert world.resource(asked.id).properties["hyperVGeneration"] == "V2"


def test_an_image_serves_every_group_of_its_location(world: World) -> None:
    golden = world.captured_image("golden", world.generalized_machine("web1"))
    other = ResourceId(SUBSCRIPTION, "other")
    resource_group.put(world.cloud, other, LOCATION, None)
    clone = world.clone("web2", golden)
    clone = replace(clone, id=other.sibling("Microsoft.Compute", "virtualMachines", "web2"))

    world.done(virtual_machine.put(world.cloud, clone))

    assert {each.id.group for each in disk.list(world.cloud, other)} == {"other"}
    assert len(disk.list(world.cloud, other)) == 2

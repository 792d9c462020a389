"""Virtual machines: what is asked for, what is refused, and what comes of it."""

from dataclasses import replace

import pytest

from calco.model.delete_option import DeleteOption
from calco.model.disk import Caching, CreateOption, Sku
from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.machine import Machine, MachineState
from calco.model.operation import Status
from calco.model.virtual_machine import Act, DiskWish, NewVirtualMachine, NicWish
from calco.model.volume import GIB
from calco.work import disk, network_interface, virtual_machine
from tests.work.looking import failure, power, refused, rows
from tests.world import DEBIAN, GROUP, World

NOBODYS = GROUP.sibling("Microsoft.Compute", "disks", "nobodys")
FROM_IMAGE, EMPTY, ATTACH = CreateOption.FROM_IMAGE, CreateOption.EMPTY, CreateOption.ATTACH


@pytest.fixture
def golden(world: World) -> ResourceId:
    """An image with an OS disk of 4 GB and a data disk of 1 GB at LUN 3; its machine is gone."""
    source = world.generalized_machine("source")
    id = world.captured_image("golden", source)
    world.done(virtual_machine.delete(world.cloud, source))
    return id


def put(world: World, wanted: NewVirtualMachine) -> ResourceId:
    world.done(virtual_machine.put(world.cloud, wanted))
    return wanted.id


def shown(world: World, id: ResourceId) -> list[tuple[object, ...]]:
    """LUN, create option and size of each disk as the machine shows it."""
    profile = world.resource(id).properties["storageProfile"]
    assert isinstance(profile, dict)
    os_disk, data = profile["osDisk"], profile["dataDisks"]
    assert isinstance(data, list)
    disks = [each for each in [os_disk, *data] if isinstance(each, dict)]
    return [(each.get("lun"), each["createOption"], each["diskSizeGB"]) for each in disks]


# --- made from an image ----------------------------------------------------------------------------------------------


def test_a_clone_gets_all_disks_of_the_image_with_their_luns(world: World, golden: ResourceId) -> None:
    web2 = put(world, world.clone("web2", golden))

    assert shown(world, web2) == [(None, "FromImage", 4), (3, "FromImage", 1)]
    assert world.leftovers() == []


def test_sizes_of_a_clone_may_grow(world: World, golden: ResourceId) -> None:
    larger = DiskWish(3, FROM_IMAGE, size_gb=7, caching=Caching.READ_ONLY, sku=Sku.PREMIUM_LRS)
    wanted = replace(world.clone("web2", golden), os_disk=DiskWish(None, FROM_IMAGE, size_gb=9), data_disks=(larger,))

    web2 = put(world, wanted)

    assert shown(world, web2) == [(None, "FromImage", 9), (3, "FromImage", 7)]
    with world.records.read() as view:
        sizes = {row.size_bytes for row in view.volumes() if not row.frozen}
    assert {9 * GIB, 7 * GIB} <= sizes


@pytest.mark.parametrize(
    ("os_gb", "data_gb", "target", "words"),
    [
        (3, 1, "osDisk.diskSizeGB", "3 GB is smaller than the size of the corresponding disk in the VM image: 4 GB"),
        (4, 0, "dataDisk.diskSizeGB", "A disk is between 1"),
        (5000, 1, "osDisk.diskSizeGB", "an OS disk at most 4095"),
        (4, 40000, "dataDisk.diskSizeGB", "32767"),
    ],
)
def test_sizes_of_a_clone_may_not_shrink_or_leave_azures_limits(
    world: World, golden: ResourceId, os_gb: int, data_gb: int, *, target: str, words: str
) -> None:
    wanted = replace(
        world.clone("web2", golden),
        os_disk=DiskWish(None, FROM_IMAGE, size_gb=os_gb),
        data_disks=(DiskWish(3, FROM_IMAGE, size_gb=data_gb),),
    )
    status, code = (409, "OperationNotAllowed") if os_gb == 3 else (400, "InvalidParameter")
    refusal = refused(world, lambda: virtual_machine.put(world.cloud, wanted), status, code, words)
    assert refusal.target == target


def test_naming_any_lun_means_naming_all_of_the_images(world: World, golden: ResourceId) -> None:
    clone = world.clone("web2", golden)
    missing = replace(clone, data_disks=(DiskWish(0, EMPTY, size_gb=1),))
    foreign = replace(clone, data_disks=(DiskWish(3, FROM_IMAGE), DiskWish(4, FROM_IMAGE)))

    words = "does not have required value(s) for image specified in storage profile."
    refused(world, lambda: virtual_machine.put(world.cloud, missing), 400, "InvalidParameter", words)
    refused(world, lambda: virtual_machine.put(world.cloud, foreign), 400, "InvalidParameter", "LUN 4")
    more = replace(clone, data_disks=(DiskWish(3, FROM_IMAGE), DiskWish(0, EMPTY, size_gb=2)))
    assert shown(world, put(world, more)) == [(None, "FromImage", 4), (3, "FromImage", 1), (0, "Empty", 2)]


def test_clones_share_the_images_volumes_and_each_writes_to_its_own(world: World, golden: ResourceId) -> None:
    with world.records.read() as view:
        frozen = set(view.held(golden).values())
    clones = [put(world, world.clone(name, golden)) for name in ("web2", "web3")]

    with world.records.read() as view:
        written = [
            set(view.held(each.id).values()) for each in disk.list(world.cloud, GROUP) if each.extra.get("managedBy")
        ]
        backing = {row.backing for row in view.volumes() for own in written if row.id in own}
    assert len(set.union(*written)) == 4
    assert backing == frozen
    assert len({world.resource(each).internal["vmId"] for each in clones}) == 2


def test_the_generation_must_fit_the_size(world: World) -> None:
    old = replace(world.new_machine("web1"), image=replace(DEBIAN, sku="12-gen2"), size="Standard_A1_v2")
    words = "The selected VM size 'Standard_A1_v2' cannot boot Hypervisor Generation '2'."
    refused(world, lambda: virtual_machine.put(world.cloud, old), 400, "BadRequest", words)
    assert world.leftovers() == []


def test_the_image_must_be_of_the_machines_location_and_subscription(world: World, golden: ResourceId) -> None:
    elsewhere = replace(world.clone("web2", golden), location="westeurope")
    words = "cannot be found in 'westeurope' region."
    refused(world, lambda: virtual_machine.put(world.cloud, elsewhere), 404, "NotFound", words)
    foreign = replace(world.clone("web3", replace(golden, subscription="another")))
    refused(world, lambda: virtual_machine.put(world.cloud, foreign), 404, "NotFound", "/another/")


# --- mistakes of every kind ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ({"size": "Standard_Z99"}, 400, "InvalidParameter", "vmSize"),
        ({"location": "moon"}, 400, "LocationNotAvailableForResourceType", "moon"),
        ({"image": None}, 400, "InvalidParameter", "imageReference"),
        ({"image": replace(DEBIAN, offer="debian-99")}, 404, "PlatformImageNotFound", "debian-99"),
        ({"os_profile": None}, 400, "InvalidParameter", "Required parameter 'osProfile' is missing"),
        ({"nics": ()}, 400, "InvalidParameter", "networkInterfaces"),
        ({"os_disk": DiskWish(None, ATTACH)}, 400, "InvalidParameter", "imageReference"),
        ({"data_disks": (DiskWish(1, EMPTY), )}, 400, "InvalidParameter", "dataDisk.diskSizeGB"),
        ({"data_disks": (DiskWish(64, EMPTY, size_gb=1),)}, 400, "InvalidParameter", "0 to 63"),
        ({"data_disks": (DiskWish(None, EMPTY, size_gb=1),)}, 400, "InvalidParameter", "0 to 63"),
        (
            {"data_disks": (DiskWish(1, EMPTY, size_gb=1), DiskWish(1, EMPTY, size_gb=1))},
            400,
            "InvalidParameter",
            "A disk at LUN 1 already exists.",
        ),
        (
            {"data_disks": tuple(DiskWish(lun, EMPTY, size_gb=1) for lun in range(3))},
            409,
            "OperationNotAllowed",
            "allowed to be attached to a VM of this size is 2.",
        ),
        (
            {"data_disks": tuple(DiskWish(lun, EMPTY, name="twin", size_gb=1) for lun in (0, 1))},
            400,
            "InvalidParameter",
            "A disk named 'twin' already exists.",
        ),
        ({"data_disks": (DiskWish(0, EMPTY, name="taken", size_gb=1),)}, 400, "InvalidParameter", "'taken'"),
        ({"data_disks": (DiskWish(0, EMPTY, name="../up", size_gb=1),)}, 400, "InvalidResourceName", "../up"),
        ({"data_disks": (DiskWish(0, CreateOption.COPY, size_gb=1),)}, 400, "InvalidParameter", "createOption"),
        ({"data_disks": (DiskWish(0, ATTACH),)}, 400, "InvalidParameter", "managedDisk.id"),
        ({"data_disks": (DiskWish(0, ATTACH, disk=NOBODYS),)}, 404, "NotFound", "nobodys"),
        (
            {"nics": (NicWish(nic=GROUP.sibling("Microsoft.Network", "networkInterfaces", "x")),)},
            400,
            "InvalidResourceReference",
            "was not found",
        ),
    ],
)  # fmt: skip
def test_a_mistake_gets_azures_answer_and_changes_nothing(
    world: World, change: dict[str, object], status: int, code: str, words: str
) -> None:
    world.empty_disk("taken")
    wanted = replace(world.new_machine("web1"), **change)  # type: ignore[arg-type]

    refused(world, lambda: virtual_machine.put(world.cloud, wanted), status, code, words)

    assert world.leftovers() == []


def test_a_bad_profile_is_refused_before_anything_is_made(world: World) -> None:
    wanted = world.new_machine("web1")
    assert wanted.os_profile is not None
    wanted = replace(wanted, os_profile=replace(wanted.os_profile, admin_username="root"))
    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 400, "InvalidParameter", "Username")
    assert world.disks.volumes() == set()


def test_an_unknown_group_is_refused(world: World) -> None:
    wanted = world.new_machine("web1")
    wanted = replace(wanted, id=replace(wanted.id, group="nowhere"))
    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 404, "ResourceGroupNotFound")


def test_a_nic_belongs_to_one_machine_and_once(world: World) -> None:
    world.running_machine("web1")
    nic = world.id("networkInterfaces", "web1-nic")
    other = replace(world.new_machine("web2"), nics=(NicWish(nic=nic),))
    refused(world, lambda: virtual_machine.put(world.cloud, other), 400, "NicInUse", "web1-nic")
    own = world.id("networkInterfaces", "web2-nic")
    twice = replace(other, nics=(NicWish(nic=own), NicWish(nic=own)))
    refused(world, lambda: virtual_machine.put(world.cloud, twice), 400, "InvalidParameter", "twice")


def test_a_nic_can_be_made_with_the_machine_and_goes_with_it(world: World) -> None:
    subnet = world.id("virtualNetworks", "net").child("subnets", "default")
    inline = NicWish(name="inline", subnet=subnet, public_address="door", delete_option=DeleteOption.DELETE)
    web1 = put(world, replace(world.new_machine("web1"), nics=(inline,)))

    made = [each.id.name for each in network_interface.list(world.cloud, GROUP) if each.id.name.startswith("inline-")]
    assert len(made) == 1
    world.done(virtual_machine.delete(world.cloud, web1))

    assert [each.id.name for each in network_interface.list(world.cloud, GROUP)] == ["web1-nic"]
    assert world.leftovers() == []


# --- disks that exist ------------------------------------------------------------------------------------------------


def attaching(world: World, machine: str, disk_id: ResourceId) -> NewVirtualMachine:
    wish = DiskWish(0, ATTACH, disk=disk_id)
    profile: Document = {"dataDisks": [{"lun": 0, "deleteOption": "Delete"}]}
    wanted = world.new_machine(machine)
    return replace(wanted, data_disks=(wish,), properties={**wanted.properties, "storageProfile": profile})


def test_a_disk_that_is_free_is_attached_and_one_that_is_owned_is_not(world: World) -> None:
    data = world.empty_disk("data")
    volumes = world.disks.volumes()
    web1 = put(world, attaching(world, "web1", data))

    assert shown(world, web1) == [(None, "FromImage", 4), (0, "Attach", 1)]
    assert world.resource(data).extra["managedBy"] == str(web1)
    assert volumes < world.disks.volumes()
    second = attaching(world, "web2", data)
    words = "Disk 'data' cannot be attached as the disk is already owned by VM 'web1'."
    refused(world, lambda: virtual_machine.put(world.cloud, second), 409, "ConflictingUserInput", words)
    refused(world, lambda: disk.delete(world.cloud, data), 409, "OperationNotAllowed", "is attached to VM")
    world.done(virtual_machine.delete(world.cloud, web1))
    assert world.find(data) is None, "its deleteOption said so"


def test_two_machines_asking_for_one_disk_at_once_do_not_both_get_it(world: World) -> None:
    data = world.empty_disk("data")
    first, second = attaching(world, "web1", data), attaching(world, "web2", data)
    accepted = virtual_machine.put(world.cloud, first)
    refused(world, lambda: virtual_machine.put(world.cloud, second), 409, "ConflictingUserInput")
    world.done(accepted)


def test_a_disk_of_a_captured_machine_can_be_attached_and_the_image_keeps_its_bytes(world: World) -> None:
    source = world.generalized_machine("source")
    golden = world.captured_image("golden", source)
    world.done(virtual_machine.delete(world.cloud, source))
    (data,) = [each.id for each in disk.list(world.cloud, GROUP) if "_disk2_" in each.id.name]
    with world.records.read() as view:
        frozen = view.held(golden)["3"]
        assert view.held(data) == {"disk": frozen}

    put(world, attaching(world, "web1", data))

    with world.records.read() as view:
        own = view.held(data)["disk"]
        row = view.volume(own)
        assert row is not None
        assert (own != frozen, row.backing) == (True, frozen)


# --- room ------------------------------------------------------------------------------------------------------------


def test_a_host_without_room_answers_allocation_failed_and_nothing_is_left(world: World) -> None:
    wanted = world.new_machine("web1")
    world.hypervisor._capacity_mib = 512

    operation = world.ended(virtual_machine.put(world.cloud, wanted))

    assert operation.status is Status.FAILED
    assert failure(operation)[0] == "AllocationFailed"
    assert world.state(wanted.id) == "Failed"
    assert power(world, wanted.id) is MachineState.ABSENT
    assert len(world.disks.volumes()) == 1, "the base image alone"
    assert world.leftovers() == []
    world.hypervisor._capacity_mib = 1 << 20
    again = virtual_machine.put(world.cloud, wanted)
    assert not again.created
    world.done(again)
    assert world.state(wanted.id) == "Succeeded"
    assert power(world, wanted.id) is MachineState.RUNNING


def test_a_full_store_is_told_before_a_platform_image_is_half_there(world: World) -> None:
    wanted = world.new_machine("web1")
    world.disks.room = 0
    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 409, "AllocationFailed", "no space left")
    assert world.leftovers() == []


def test_a_restart_without_room_leaves_a_stopped_machine_that_can_be_started(world: World) -> None:
    web1 = world.running_machine("web1")
    world.hypervisor._capacity_mib = 512

    operation = world.ended(virtual_machine.act(world.cloud, web1, Act.RESTART))

    assert failure(operation)[0] == "AllocationFailed"
    assert world.resource(web1).internal["condition"] == "stopped"
    assert world.leftovers() == []
    world.hypervisor._capacity_mib = 1 << 20
    world.done(virtual_machine.act(world.cloud, web1, Act.START))
    assert power(world, web1) is MachineState.RUNNING


# --- changes ---------------------------------------------------------------------------------------------------------


def test_what_a_machine_keeps_for_life_cannot_be_changed(world: World) -> None:
    wanted = world.new_machine("web1")
    put(world, wanted)
    profile: Document = {"osProfile": {"adminUsername": "other"}}
    changed = replace(wanted, properties={**wanted.properties, **profile})
    refusal = refused(world, lambda: virtual_machine.put(world.cloud, changed), 409, "PropertyChangeNotAllowed")
    assert refusal.target == "osProfile.adminUsername"
    moved = replace(wanted, location="westus")
    refused(world, lambda: virtual_machine.put(world.cloud, moved), 409, "InvalidResourceLocation")


def test_a_machine_put_again_as_it_is_goes_on_as_it_is(world: World) -> None:
    wanted = world.new_machine("web1")
    web1 = put(world, wanted)
    before = world.resource(web1)
    same: Document = {"storageProfile": {"dataDisks": [{"lun": 3}]}}

    accepted = virtual_machine.put(world.cloud, replace(wanted, properties={**wanted.properties, **same}))
    assert accepted.resource is not None
    assert accepted.resource.properties["provisioningState"] == "Updating"
    world.done(accepted)

    after = world.resource(web1)
    assert (after.properties, after.internal) == (before.properties, before.internal)


def resized(world: World, wanted: NewVirtualMachine, size: str) -> NewVirtualMachine:
    return replace(wanted, size=size, properties={**wanted.properties, "hardwareProfile": {"vmSize": size}})


def test_the_size_changes_while_the_machine_is_off(world: World) -> None:
    wanted = replace(world.new_machine("web1"), image=replace(DEBIAN, sku="12-gen2"))
    web1 = put(world, wanted)
    larger = resized(world, wanted, "Standard_D2s_v3")
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))

    refused(
        world, lambda: virtual_machine.put(world.cloud, resized(world, wanted, "Standard_D2_v3")), 400, "BadRequest"
    )
    world.done(virtual_machine.put(world.cloud, larger))

    hardware = world.resource(web1).properties["hardwareProfile"]
    assert hardware == {"vmSize": "Standard_D2s_v3"}


def test_a_running_machine_is_restarted_into_its_new_size(world: World) -> None:
    wanted = world.new_machine("web1")
    web1 = put(world, wanted)
    before = world.resource(web1)
    seen: list[Machine] = []
    world.guest = seen.append

    accepted = virtual_machine.put(world.cloud, resized(world, wanted, "Standard_B2s"))
    assert accepted.resource is not None
    assert accepted.resource.properties["provisioningState"] == "Updating"
    world.done(accepted)

    after = world.resource(web1)
    assert after.properties["hardwareProfile"] == {"vmSize": "Standard_B2s"}
    assert after.properties["provisioningState"] == "Succeeded"
    assert [each.cores for each in seen] == [2]
    assert after.internal["condition"] == "running"
    assert after.internal["vmId"] == before.internal["vmId"]


def test_size_and_disks_of_a_running_machine_change_one_after_the_other(world: World) -> None:
    wanted = world.new_machine("web1")
    put(world, wanted)
    more = replace(
        resized(world, wanted, "Standard_B2s"),
        data_disks=(*wanted.data_disks, DiskWish(0, EMPTY, size_gb=1)),
        properties={
            **wanted.properties,
            "hardwareProfile": {"vmSize": "Standard_B2s"},
            "storageProfile": {"dataDisks": [{"lun": 3}, {"lun": 0}]},
        },
    )

    refused(world, lambda: virtual_machine.put(world.cloud, more), 409, "OperationNotAllowed", "one after the other")


def test_a_size_that_takes_fewer_disks_than_there_are_is_refused(world: World) -> None:
    disks = tuple(DiskWish(lun, EMPTY, size_gb=1) for lun in range(4))
    wanted = resized(world, replace(world.new_machine("web1"), data_disks=disks), "Standard_B2s")
    web1 = put(world, wanted)
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    small = resized(world, wanted, "Standard_B1s")
    refused(world, lambda: virtual_machine.put(world.cloud, small), 409, "OperationNotAllowed", "is 2.")


def test_tags_are_replaced_and_left_alone_when_none_are_named(world: World) -> None:
    web1 = world.running_machine("web1")
    world.done(virtual_machine.patch(world.cloud, web1, {"a": "1"}))
    world.done(virtual_machine.patch(world.cloud, web1, None))
    assert world.resource(web1).tags == {"a": "1"}
    assert [each.id for each in virtual_machine.list(world.cloud, GROUP)] == [web1]
    assert virtual_machine.get(world.cloud, web1).tags == {"a": "1"}


def test_deleting_what_is_not_there_is_nothing(world: World) -> None:
    before = rows(world)
    assert virtual_machine.delete(world.cloud, world.id("virtualMachines", "nobody")) is None
    assert rows(world) == before

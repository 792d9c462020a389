"""One scene, at least, for every plan of the book: what is there before, what is asked for, what must be true after."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from calco.model.delete_option import DeleteOption
from calco.model.disk import CreateOption, NewDisk
from calco.model.document import Document, number_at, object_at
from calco.model.guest import Agent, Health, Report
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.virtual_machine import Act as MachineAct
from calco.model.volume import GIB
from calco.work import disk, image, network_interface, resource_group, virtual_machine, virtual_network
from tests.crash import (
    scenes_command,
    scenes_deployment,
    scenes_disk,
    scenes_image,
    scenes_inspection,
    scenes_machine,
    scenes_making,
    scenes_snapshot,
)
from tests.crash.scene import Ask, Scene
from tests.world import GROUP, LOCATION, World


def machine(world: World) -> ResourceId:
    return world.id("virtualMachines", "web1")


def internal(world: World, name: str) -> object:
    return world.resource(machine(world)).internal.get(name)


def power(world: World) -> MachineState:
    return world.hypervisor.state(str(internal(world, "vmId")))


# --- disks -----------------------------------------------------------------------------------------------------------


def data_disk(world: World) -> ResourceId:
    return world.id("disks", "data")


def wish(world: World, size_gb: int) -> NewDisk:
    return NewDisk(data_disk(world), LOCATION, None, CreateOption.EMPTY, size_gb, None, None, None, {})


def new_disk(world: World) -> Ask:
    wanted = wish(world.with_group(), 1)
    return lambda cloud: disk.put(cloud, wanted)


def larger_disk(world: World) -> Ask:
    world.with_group().empty_disk("data")
    wanted = wish(world, 3)
    return lambda cloud: disk.put(cloud, wanted)


def disk_of_size(size_gb: int, state: str = "Succeeded") -> Callable[[World], None]:
    def reached(world: World) -> None:
        record = world.resource(data_disk(world))
        assert record.properties["provisioningState"] == state
        assert record.properties["diskSizeGB"] == size_gb
        assert record.properties["diskSizeBytes"] == size_gb * GIB
        with world.records.read() as view:
            (held,) = view.held(record.id).values()
            row = view.volume(held)
        assert row is not None
        assert row.size_bytes == size_gb * GIB
        assert world.disks.size_bytes(held) >= size_gb * GIB

    return reached


def disk_failed(world: World) -> None:
    assert world.state(data_disk(world)) == "Failed"


def unwanted_disk(world: World) -> Ask:
    id = world.with_group().empty_disk("data")
    return lambda cloud: disk.delete(cloud, id)


def no_volume_left(world: World) -> None:
    assert world.disks.volumes() == set()


def disk_gone(world: World) -> None:
    assert world.find(data_disk(world)) is None
    no_volume_left(world)


# --- images ----------------------------------------------------------------------------------------------------------


def golden(world: World) -> ResourceId:
    return world.id("images", "golden")


def generalized(world: World) -> Ask:
    id = world.with_network().generalized_machine("web1")
    wanted = world.new_image("golden", id)
    return lambda cloud: image.put(cloud, wanted)


def captured(world: World) -> None:
    found = world.resource(golden(world))
    assert found.properties["provisioningState"] == "Succeeded"
    with world.records.read() as view:
        held = view.held(found.id)
        assert set(held) == {"os", "3"}
        assert all((row := view.volume(each)) is not None and row.frozen for each in held.values())
    assert {number_at(object_at(found.internal, "sizes"), slot) for slot in held} == {4 * GIB, GIB}


def capture_failed(world: World) -> None:
    assert world.state(golden(world)) == "Failed"
    with world.records.read() as view:
        assert view.held(golden(world)) == {}


def image_alone(world: World) -> Ask:
    """An image that outlived its machine and that machine's disks."""
    id = world.with_network().generalized_machine("web1")
    image_id = world.captured_image("golden", id)
    world.done(virtual_machine.delete(world.cloud, id))
    for each in disk.list(world.cloud, GROUP):
        world.done(disk.delete(world.cloud, each.id))
    assert len(world.disks.volumes()) == 3
    return lambda cloud: image.delete(cloud, image_id)


def image_gone(world: World) -> None:
    assert world.find(golden(world)) is None
    no_volume_left(world)


# --- machines --------------------------------------------------------------------------------------------------------


def new_machine(world: World) -> Ask:
    wanted = world.with_network().new_machine("web1")
    return lambda cloud: virtual_machine.put(cloud, wanted)


def new_clone(world: World) -> Ask:
    source = world.with_network().generalized_machine("source")
    id = world.captured_image("golden", source)
    world.done(virtual_machine.delete(world.cloud, source))
    wanted = world.clone("web1", id)
    return lambda cloud: virtual_machine.put(cloud, wanted)


def slow_guest(world: World) -> Ask:
    """One that is not ready at once: it says so the first time somebody looks at its machine."""
    hypervisor, look = world.hypervisor, world.hypervisor.state

    def state(vm_id: str) -> MachineState:
        found = look(vm_id)
        if found is MachineState.RUNNING:
            world.directory.heard(vm_id, Report(Agent.WAAGENT, Health.READY))
        return found

    hypervisor.state = state  # type: ignore[method-assign]
    world.guest = lambda _: None
    return new_machine(world)


def machine_that_could_not_be_made(world: World) -> Ask:
    wanted = world.with_network().new_machine("web1")
    world.disks.room = 1  # the base image fits, the disks do not
    failed = world.ended(virtual_machine.put(world.cloud, wanted))
    assert failed.end is not None
    assert failed.end.failure is not None
    assert failed.end.failure.code == "AllocationFailed"
    world.disks.room = None
    return lambda cloud: virtual_machine.act(cloud, wanted.id, MachineAct.START)


def running(world: World) -> None:
    record = world.resource(machine(world))
    assert record.properties["provisioningState"] == "Succeeded"
    assert record.internal["condition"] == "running"
    assert record.internal["provisioned"] is True
    assert power(world) is MachineState.RUNNING
    with world.records.read() as view:
        for each in view.resources(disk.KIND):
            if each.extra.get("managedBy") == str(record.id):
                assert each.properties["provisioningState"] == "Succeeded"
                assert each.properties["diskState"] == "Attached"
                (held,) = view.held(each.id).values()
                row = view.volume(held)
                assert row is not None
                assert not row.frozen


def creation_failed(world: World) -> None:
    record = world.resource(machine(world))
    assert record.properties["provisioningState"] == "Failed"
    assert record.internal["condition"] == "deallocated"
    assert power(world) is MachineState.ABSENT


def asked_of(act: MachineAct, *before: MachineAct) -> Callable[[World], Ask]:
    """``act`` of a machine that has run."""

    def given(world: World) -> Ask:
        id = world.with_network().running_machine("web1")
        for each in before:
            world.done(virtual_machine.act(world.cloud, id, each))
        return lambda cloud: virtual_machine.act(cloud, id, act)

    return given


def stopped(world: World) -> None:
    off(world, "stopped", "Attached")


def deallocated(world: World) -> None:
    off(world, "deallocated", "Reserved")


def off(world: World, condition: str, disk_state: str) -> None:
    assert internal(world, "condition") == condition
    assert power(world) is MachineState.ABSENT
    assert {each.properties["diskState"] for each in disk.list(world.cloud, GROUP)} == {disk_state}


def not_started(world: World) -> None:
    deallocated(world)


def power_as_it_is(world: World) -> None:
    """A machine says it runs if it does, and only then."""
    assert (internal(world, "condition") == "running") == (power(world) is MachineState.RUNNING)


def started(world: World, ask: Ask) -> Ask:
    """A machine that lost its power on the way is to be started, for only one that runs is restarted."""
    if internal(world, "condition") == "running":
        return ask
    return lambda cloud: virtual_machine.act(cloud, machine(world), MachineAct.START)


def unwanted_machine(world: World) -> Ask:
    """One whose OS disk and NIC go with it, and whose data disk stays."""
    wanted = world.with_network().new_machine("web1")
    profile: Document = {"osDisk": {"deleteOption": "Delete"}}
    wanted = replace(
        wanted,
        nics=tuple(replace(each, delete_option=DeleteOption.DELETE) for each in wanted.nics),
        properties={**wanted.properties, "storageProfile": profile},
    )
    world.done(virtual_machine.put(world.cloud, wanted))
    return lambda cloud: virtual_machine.delete(cloud, wanted.id)


def machine_gone(world: World) -> None:
    assert world.find(machine(world)) is None
    assert world.find(world.id("networkInterfaces", "web1-nic")) is None
    (left,) = disk.list(world.cloud, GROUP)
    assert (left.properties["diskState"], left.extra.get("managedBy")) == ("Unattached", None)
    assert len(world.disks.volumes()) == 1
    assert world.hypervisor.machines() == set()


def deletion_failed(world: World) -> None:
    if world.find(machine(world)) is not None:
        assert world.state(machine(world)) == "Failed"
        power_as_it_is(world)


def tagged_machine(world: World) -> Ask:
    id = world.with_network().running_machine("web1")
    return lambda cloud: virtual_machine.patch(cloud, id, {"role": "web"})


def tagged(world: World) -> None:
    record = world.resource(machine(world))
    assert (record.tags, record.properties["provisioningState"]) == ({"role": "web"}, "Succeeded")


# --- networks and groups ---------------------------------------------------------------------------------------------


def network(world: World) -> ResourceId:
    return world.id("virtualNetworks", "net")


def unwanted_network(world: World) -> Ask:
    id = world.with_network().running_machine("web1")
    world.done(virtual_machine.delete(world.cloud, id))
    network_interface.delete(world.cloud, world.id("networkInterfaces", "web1-nic"))
    assert world.networks.networks()
    return lambda cloud: virtual_network.delete(cloud, network(world))


def network_gone(world: World) -> None:
    assert world.find(network(world)) is None
    assert world.networks.networks() == set()


def network_stays(world: World) -> None:
    assert world.state(network(world)) == "Failed"


def unwanted_group(world: World) -> Ask:
    world.with_network().running_machine("web1")
    return lambda cloud: resource_group.delete(cloud, GROUP)


def group_gone(world: World) -> None:
    assert world.find(GROUP) is None
    with world.records.read() as view:
        assert view.in_group(GROUP) == []
    no_volume_left(world)
    assert world.networks.networks() == set()
    assert world.hypervisor.machines() == set()


def group_stays(world: World) -> None:
    if world.find(GROUP) is not None:
        assert world.state(GROUP) == "Succeeded"
        resource_group.put(world.cloud, GROUP, LOCATION, None)  # it is open again


FILES = "disks.delete"

SCENES: Sequence[Scene] = (
    Scene("new disk", "disk.create", new_disk, disk_of_size(1), 11, disk_failed),
    Scene("larger disk", "disk.update", larger_disk, disk_of_size(3), 11, disk_of_size(1, "Failed")),
    Scene("unwanted disk", "disk.delete", unwanted_disk, disk_gone, 11, forgiven=FILES),
    Scene("capture", "image.capture", generalized, captured, 13, capture_failed),
    Scene("unwanted image", "image.delete", image_alone, image_gone, 15, forgiven=FILES),
    Scene("new machine", "machine.create", new_machine, running, 52, creation_failed),
    Scene("clone", "machine.create", new_clone, running, 44, creation_failed),
    Scene("slow guest", "machine.create", slow_guest, running, 48, creation_failed, forgiven="hypervisor.state"),
    Scene("failed machine, started", "machine.create", machine_that_could_not_be_made, running, 44, creation_failed),
    Scene("start", "machine.start", asked_of(MachineAct.START, MachineAct.DEALLOCATE), running, 30, not_started),
    Scene("restart", "machine.restart", asked_of(MachineAct.RESTART), running, 31, power_as_it_is, True, started),
    Scene("power off", "machine.powerOff", asked_of(MachineAct.POWER_OFF), stopped, 16, power_as_it_is, True),
    Scene("deallocate", "machine.deallocate", asked_of(MachineAct.DEALLOCATE), deallocated, 18, power_as_it_is, True),
    Scene(
        "unwanted machine", "machine.delete", unwanted_machine, machine_gone, 23, deletion_failed, True, forgiven=FILES
    ),
    Scene("tags", "machine.update", tagged_machine, tagged, 6),
    Scene("unwanted network", "virtualNetwork.delete", unwanted_network, network_gone, 11, network_stays, True),
    Scene("unwanted group", "resourceGroup.delete", unwanted_group, group_gone, 100, group_stays, True, forgiven=FILES),
    *scenes_command.SCENES,
    *scenes_deployment.SCENES,
    *scenes_disk.SCENES,
    *scenes_image.SCENES,
    *scenes_inspection.SCENES,
    *scenes_machine.SCENES,
    *scenes_making.SCENES,
    *scenes_snapshot.SCENES,
)

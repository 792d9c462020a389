"""Setting things right at start, with a service that dies while it does so."""

import shutil
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from calco.model.machine import MachineState
from calco.model.virtual_machine import Act
from calco.model.volume import GIB, Volume
from calco.ports import Resource
from calco.work import image, reconcile, virtual_machine
from tests.crash.fuse import Crash, Fuse, with_fuse
from tests.crash.stage import Stage
from tests.world import World

STRANGER = "99999999-0000-4000-8000-000000000000"
UNUSED = "99999999-0000-4000-8000-000000000001"


def half_way(world: World) -> None:
    """A service that died: one machine half made, one captured half way, one that lost its process while nobody looked;
    and a machine, a network and two volumes that belong to nothing."""
    world.with_network()
    gone, source, half = (world.new_machine(name) for name in ("gone", "source", "half"))
    world.done(virtual_machine.put(world.cloud, gone))
    world.done(virtual_machine.put(world.cloud, source))
    world.done(virtual_machine.act(world.cloud, source.id, Act.DEALLOCATE))
    virtual_machine.act(world.cloud, source.id, Act.GENERALIZE)
    stray(world, vm_id(world.resource(gone.id)))
    world.hypervisor.stop(vm_id(world.resource(gone.id)), grace_seconds=0)
    image.put(world.cloud, world.new_image("golden", source.id))
    virtual_machine.put(world.cloud, half)
    with suppress(Crash):
        world.drive(with_fuse(world, Fuse(24, Crash), records=True))


def vm_id(machine: Resource) -> str:
    return str(machine.internal["vmId"])


def stray(world: World, like: str) -> None:
    world.disks.create(Volume(STRANGER, GIB))
    world.disks.create(Volume(UNUSED, GIB))
    with world.records.write() as tx:
        tx.put_volume(Volume(UNUSED, GIB))
    world.networks.open(STRANGER, [])
    machines = world.folder / "machines"
    shutil.copytree(machines / like, machines / STRANGER)
    file = machines / STRANGER / "simulated.json"
    file.write_text(file.read_text().replace(like, STRANGER))
    assert world.hypervisor.state(STRANGER) is MachineState.RUNNING


@pytest.mark.slow
@pytest.mark.parametrize("start_again", [False, True], ids=["stay off", "start again"])
def test_a_service_killed_while_it_sets_things_right_sets_them_right_at_the_next_start(
    start_again: bool, tmp_path: Path
) -> None:
    stage = Stage(tmp_path)
    half_way(stage.world)
    stage.keep()
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Crash)
        with suppress(Crash):
            reconcile.reconcile(with_fuse(world, fuse, records=True), start_again=start_again)

        reconcile.reconcile(world.cloud, start_again=start_again)
        world.drive()

        assert world.leftovers() == [], fuse.where
        assert STRANGER not in world.hypervisor.machines() | world.networks.networks() | world.disks.volumes()
        assert UNUSED not in world.disks.volumes()
        gone = world.resource(world.id("virtualMachines", "gone"))
        assert world.hypervisor.state(vm_id(gone)) is (MachineState.RUNNING if start_again else MachineState.ABSENT)
        assert gone.internal["condition"] == ("running" if start_again else "stopped")
        assert world.state(world.id("virtualMachines", "half")) == "Succeeded"
        assert world.state(world.id("images", "golden")) == "Succeeded"
        if not fuse.blown:
            break
    assert point > 20, "the fuse never reached the later steps"


def test_the_first_start_after_trouble_says_what_it_found_and_the_next_says_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    half_way(world)

    said = reconcile.reconcile(world.cloud, start_again=False)
    world.drive()

    about = ("belongs to no virtual machine", "belongs to no virtual network", STRANGER, UNUSED)
    for each in about:
        assert any(each in sentence for sentence in said), each
    assert any("gone ran but its process is gone" in sentence for sentence in said)
    assert len(said) == 5
    assert reconcile.reconcile(world.cloud, start_again=False) == []


def test_volumes_in_the_trash_stay_for_their_time_and_go_then(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.disks.create(Volume(STRANGER, GIB))
    reconcile.reconcile(world.cloud, start_again=False)
    week = world.rules.trash_days

    world.clock.moment += timedelta(days=week - 1)
    early = reconcile.reconcile(world.cloud, start_again=False)
    world.clock.moment += timedelta(days=2)
    late = reconcile.reconcile(world.cloud, start_again=False)

    assert early == []
    assert late == [f"Volume {STRANGER} was {week} days in the trash: removed."]


def test_a_volume_whose_file_is_missing_is_told_of_and_not_forgotten(tmp_path: Path) -> None:
    world = World(tmp_path).with_group()
    world.empty_disk("data")
    (volume,) = world.disks.volumes()
    world.disks.delete(volume)

    said = reconcile.reconcile(world.cloud, start_again=False)

    assert said == [f"Volume {volume} is in the records but its file is missing. Restore it from a copy."]
    with world.records.read() as view:
        assert view.volume(volume) is not None


def test_volumes_of_a_pool_that_is_gone_are_not_missing_forever(tmp_path: Path) -> None:
    world = World(tmp_path).with_group()
    world.empty_disk("data")
    (volume,) = world.disks.volumes()
    world.disks.delete(volume)
    row = Volume(volume, GIB, pool="eastus-1")
    world.disks.create(row)
    with world.records.write() as tx:
        tx.put_volume(row)
    world.disks.lose_pool("eastus-1")

    without = reconcile.reconcile(world.cloud, start_again=False)
    world.disks.bring_back_pool("eastus-1")
    back = reconcile.reconcile(world.cloud, start_again=False)

    assert without == ["Pool eastus-1 is gone, with 1 volume in it. Bring its folder back."]
    assert back == []
    assert world.disks.volumes() == {volume}

"""A guest whose disk is switched under it, and that dies on the way: nothing it wrote is lost, at whatever point."""

from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.virtual_machine import Act
from calco.work import virtual_machine, volume
from calco.work.volume import DISK_SLOT
from tests.crash.fuse import Broken, Crash, Fuse, with_fuse
from tests.crash.scene import Ask
from tests.crash.scenes_snapshot import Running
from tests.crash.stage import Stage
from tests.crash.test_plans import drive_a_while
from tests.world import World

pytestmark = pytest.mark.slow

DATA = Running(3)


def on_stage(folder: Path) -> tuple[Stage, Ask, str]:
    stage = Stage(folder)
    ask = DATA(stage.world)
    stage.keep()
    return stage, ask, str(stage.world.resource(machine(stage.world)).internal["vmId"])


def machine(world: World) -> ResourceId:
    return world.id("virtualMachines", "web1")


def test_the_service_is_killed_and_then_the_guest_dies(tmp_path: Path) -> None:
    stage, ask, vm_id = on_stage(tmp_path)
    switched = set()
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Crash)
        with suppress(Crash):
            cloud = with_fuse(world, fuse, records=True)
            ask(cloud)
            world.drive(cloud)
        written = world.hypervisor.writes(vm_id)[3]
        world.hypervisor.crash(vm_id)

        world.restart()

        assert [status for _, _, status in stage.new_operations()] in ([], ["Succeeded"]), fuse.where
        nothing_lost(stage, fuse, written)
        switched.add(written)
        starts_again(world, vm_id)
        if not fuse.blown:
            break
    assert len(switched) == 2, "it was never killed on both sides of the switch"


@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
def test_a_call_fails_and_then_the_guest_dies(forever: bool, tmp_path: Path) -> None:
    stage, ask, vm_id = on_stage(tmp_path)
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Broken, forever)
        cloud = with_fuse(world, fuse, records=False)
        with suppress(Broken, ApiError):
            ask(cloud)
            drive_a_while(world, cloud, fuse)
        written = world.hypervisor.writes(vm_id)[3]
        world.hypervisor.crash(vm_id)

        fuse.mended = True
        world.drive()

        nothing_lost(stage, fuse, written)
        starts_again(world, vm_id)
        if not fuse.blown:
            break
    assert point > 8, "the fuse never reached the later steps"


def nothing_lost(stage: Stage, fuse: Fuse, written: str) -> None:
    world = stage.world
    assert stage.broken_promises() == [], fuse.where
    with world.records.read() as view:
        held = view.held(DATA.disk(world))[DISK_SLOT]
        assert written in volume.chain(view, [held]), fuse.where
        rows = {each.id for each in view.volumes()}
    assert world.disks.volumes() == rows, fuse.where


def starts_again(world: World, vm_id: str) -> None:
    """With the disk that the records say, and no other."""
    id = machine(world)
    if world.resource(id).internal["condition"] == "running":
        world.done(virtual_machine.act(world.cloud, id, Act.POWER_OFF))
    world.done(virtual_machine.act(world.cloud, id, Act.START))
    with world.records.read() as view:
        held = view.held(DATA.disk(world))[DISK_SLOT]
        row = view.volume(held)
    assert row is not None
    assert not row.frozen
    assert world.hypervisor.writes(vm_id)[3] == held
    assert world.leftovers() == []

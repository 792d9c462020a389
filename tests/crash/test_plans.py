"""Crash at every point, fail at every point, until nothing breaks: for every plan there is."""

from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from calco.model.errors import ApiError
from calco.operations.engine import Engine
from calco.work import plans
from calco.work.cloud import Cloud
from calco.work.guest_directory import Directory
from tests.crash.fuse import Broken, Crash, Fuse, with_fuse
from tests.crash.scene import Ask, Scene
from tests.crash.scenes import SCENES
from tests.crash.stage import Stage
from tests.world import World

pytestmark = pytest.mark.slow

every_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


def test_every_plan_has_a_scene() -> None:
    assert {scene.plan for scene in SCENES} == plans.BOOK.plans.keys()


def on_stage(scene: Scene, folder: Path) -> tuple[Stage, Ask]:
    stage = Stage(folder)
    ask = scene.given(stage.world)
    stage.keep()
    return stage, ask


def crash_in(world: World, fuse: Fuse, ask: Ask) -> None:
    """Do what was asked for until the fuse kills the service, if it does; a guest's reports count as well."""
    cloud = with_fuse(world, fuse, records=True)
    world.directory = Directory(cloud)
    with suppress(Crash):
        ask(cloud)
        world.drive(cloud)
    world.directory = Directory(world.cloud)


def came_to_its_end(stage: Stage, scene: Scene, fuse: Fuse) -> None:
    operations = stage.new_operations()
    assert {status for _, _, status in operations} == {"Succeeded"}, fuse.where
    assert len(set(operations)) == len(operations), f"done twice: {fuse.where}"
    assert [plan for plan, _, _ in operations].count(scene.plan) == 1, fuse.where
    assert stage.world.leftovers() == [], fuse.where
    scene.reached(stage.world)


@every_scene
@pytest.mark.parametrize("power_cut", [False, True], ids=["killed", "power cut"])
def test_a_crash_at_any_point_loses_nothing(scene: Scene, power_cut: bool, tmp_path: Path) -> None:
    stage, ask = on_stage(scene, tmp_path)
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Crash)

        crash_in(world, fuse, ask)
        if power_cut:
            world.disks.power_cut()
        assert stage.broken_promises() == [], fuse.where
        world.restart()
        if not stage.new_operations():  # killed before the request was accepted: nothing was promised
            assert stage.world.leftovers() == [], fuse.where
            ask(world.cloud)
            world.drive()

        came_to_its_end(stage, scene, fuse)
        if not fuse.blown:
            break
    assert point > scene.calls, "the fuse never reached the later steps"


@every_scene
@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
def test_a_failure_at_any_point_leaves_no_trace(scene: Scene, forever: bool, tmp_path: Path) -> None:
    stage, ask = on_stage(scene, tmp_path)
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Broken, forever)

        before = ask_in_trouble(stage, fuse, ask)
        if not fuse.blown:
            break
        if forever and not stage.new_operations():
            world.restart()  # what could not be taken away at once is found at the next start

        if is_tried_again(scene, fuse):
            assert ends(stage, scene) == {"Succeeded"}, f"not tried again: {fuse.where}"
        else:
            failed_well(stage, scene, fuse, before)
            scene.again(world, ask)(world.cloud)
            world.drive()
        assert world.leftovers() == [], fuse.where
        scene.reached(world)
    came_to_its_end(stage, scene, fuse)


def is_tried_again(scene: Scene, fuse: Fuse) -> bool:
    """Behind the point of no return. A group's deletion has more than that before it, where lasting trouble ends it."""
    lasts_too_long = fuse.forever and scene.plan == "resourceGroup.delete"
    if any(each.endswith(scene.epilogue) for each in fuse.journal[: fuse.point]):
        return True
    return fuse.journal[fuse.point - 1].endswith(scene.forgiven) and not lasts_too_long


def ask_in_trouble(stage: Stage, fuse: Fuse, ask: Ask) -> dict[str, object]:
    """Ask, try for a while, then the trouble is over. Answers what there was when the request had been answered."""
    world = stage.world
    cloud, before = with_fuse(world, fuse, records=False), stage.footprint()
    try:
        ask(cloud)
    except (Broken, ApiError):
        fuse.mended = True
        return before
    before = stage.footprint()
    drive_a_while(world, cloud, fuse)
    fuse.mended = True
    world.drive(cloud)
    return before


def drive_a_while(world: World, cloud: Cloud, fuse: Fuse) -> None:
    """Until all has ended, or has been tried in vain for four rounds."""
    engine = Engine(cloud, cloud.records, plans.BOOK, world.clock)
    rounds_in_vain = 0
    while (unfinished := world.unfinished()) and rounds_in_vain < 4:
        waits = [engine.advance(each.id) for each in unfinished]
        if None not in waits:
            world.clock.move(timedelta(seconds=5))
        rounds_in_vain += fuse.blown


def ends(stage: Stage, scene: Scene) -> set[str]:
    return {status for plan, _, status in stage.new_operations() if plan == scene.plan}


def failed_well(stage: Stage, scene: Scene, fuse: Fuse, before: dict[str, object]) -> None:
    """Azure's ``Failed`` where the request had been accepted, nothing where it had not; and no trace."""
    assert ends(stage, scene) in ({"Failed"}, set()), fuse.where
    assert stage.world.leftovers() == [], fuse.where
    if ends(stage, scene):
        scene.spoiled(stage.world)
    if not (ends(stage, scene) and scene.destroys):
        assert stage.footprint() == before, fuse.where

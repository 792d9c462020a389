"""The compound: a crash at every point of taking back what failed, and records that fail under a good plan."""

from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from calco.operations.engine import Engine
from calco.work import plans
from tests.crash.fuse import Broken, Crash, Fuse, FusedRecords, with_fuse
from tests.crash.scene import Ask, Scene
from tests.crash.scenes import SCENES
from tests.crash.stage import Stage
from tests.crash.test_plans import came_to_its_end, drive_a_while, ends, every_scene, failed_well, on_stage

pytestmark = pytest.mark.slow

UNWOUND = [
    scene
    for scene in SCENES
    if scene.name in ("new disk", "capture", "new machine", "slow guest", "clone", "start", "restart", "deallocate")
]


@dataclass
class TwoFuses(Fuse):
    """Fails once at ``point``, and crashes ``later`` call sides after that."""

    later: int = 1

    @property
    def crashed(self) -> bool:
        return len(self.journal) >= self.point + self.later

    def touch(self, side: str) -> None:
        self.journal.append(side)
        if len(self.journal) == self.point:
            raise Broken(f"{side} fails")
        if len(self.journal) == self.point + self.later:
            raise Crash


def port_sides(stage: Stage, ask: Ask) -> list[int]:
    """At which points of an undisturbed run a port's call begins or ends."""
    world, fuse = stage.back(), Fuse(1_000_000, Crash)
    cloud = with_fuse(world, fuse, records=True)
    ask(cloud)
    accepted = len(fuse.journal)
    world.drive(cloud)
    sides = [number for number, side in enumerate(fuse.journal, start=1) if "." in side]
    return [number for number in sides if number > accepted]


@pytest.mark.parametrize("scene", UNWOUND, ids=lambda scene: scene.name)
def test_a_crash_at_any_point_of_the_unwinding_is_made_up_for(scene: Scene, tmp_path: Path) -> None:
    stage, ask = on_stage(scene, tmp_path)
    sides, most = port_sides(stage, ask), 0
    for point in sides[::-5]:
        for later in count(1):
            world, fuse = stage.back(), TwoFuses(point, Crash, later=later)
            cloud = with_fuse(world, fuse, records=True)
            ask(cloud)
            before = stage.footprint()
            with suppress(Crash):
                drive_a_while(world, cloud, fuse)
            world.restart()

            if "Succeeded" in ends(stage, scene):  # killed before the failure was written down: it went well after all
                came_to_its_end(stage, scene, fuse)
            else:
                failed_well(stage, scene, fuse, before)
            if not fuse.crashed:
                break
            most = max(most, later)
    assert most > 6, "the unwinding was never reached"


@every_scene
def test_records_that_fail_under_a_plan_delay_it_and_nothing_else(scene: Scene, tmp_path: Path) -> None:
    """The log cannot be written for a moment (a full disk, say), or it can and the answer is lost."""
    stage, ask = on_stage(scene, tmp_path)
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Broken)
        ask(world.cloud)
        engine = Engine(world.cloud, FusedRecords(world.records, fuse), plans.BOOK, world.clock)
        while unfinished := world.unfinished():
            for each in unfinished:
                with suppress(Broken):  # the runner tries again
                    engine.advance(each.id)

        came_to_its_end(stage, scene, fuse)
        if not fuse.blown:
            break
    assert point > 3

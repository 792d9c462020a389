"""A machine is deleted while it is made: a crash at any point of that leaves neither machine nor trace."""

from itertools import count
from pathlib import Path

import pytest

from calco.model.operation import Status
from calco.operations.engine import Engine
from calco.work import plans, virtual_machine
from tests.crash.fuse import Crash, Fuse
from tests.crash.scene import Ask
from tests.crash.stage import Stage
from tests.crash.test_plans import crash_in
from tests.world import World


def being_made(world: World, looks: int) -> tuple[str, Ask]:
    """A machine whose guest is silent, whose creation has been looked at that often; and the request to delete it."""
    wanted = world.with_network().new_machine("web1")
    world.guest = lambda _: None
    accepted = virtual_machine.put(world.cloud, wanted)
    assert accepted.operation is not None
    engine = Engine(world.cloud, world.records, plans.BOOK, world.clock)
    for _ in range(looks):
        assert engine.advance(accepted.operation.id) is not None

    return accepted.operation.id, lambda cloud: virtual_machine.delete(cloud, wanted.id)


@pytest.mark.slow
@pytest.mark.parametrize("looks", [0, 1], ids=["just accepted", "booting"])
def test_a_crash_at_any_point_of_deleting_a_machine_that_is_made(looks: int, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    creation, ask = being_made(stage.world, looks)
    stage.keep()
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Crash)

        crash_in(world, fuse, ask)
        assert stage.broken_promises() == [], fuse.where
        world.restart()
        if world.find(world.id("virtualMachines", "web1")) is not None:  # killed before it was accepted
            ask(world.cloud)
            world.drive()

        assert world.find(world.id("virtualMachines", "web1")) is None, fuse.where
        assert world.operation(creation).status is not Status.IN_PROGRESS, fuse.where
        assert world.leftovers() == [], fuse.where
        if not fuse.blown:
            break
    assert world.operation(creation).status is Status.CANCELED
    assert point > 15

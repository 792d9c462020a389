"""An operation that is at something, as a test needs one."""

from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family, NewOperation
from calco.ports import Writer
from tests.world import GROUP, LOCATION, World


def claim(world: World, tx: Writer, id: ResourceId) -> None:
    tx.accept(
        NewOperation(
            world.chance.guid(),
            "disk.create",
            {},
            GROUP,
            Family.DISK,
            LOCATION,
            world.clock.now(),
            (Claim(id, sole=False),),
        )
    )

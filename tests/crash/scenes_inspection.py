"""Captures of disks that nobody has looked at: the look is the last act, and whatever becomes of it the image stays."""

from collections.abc import Callable, Sequence

from calco.model.document import at
from calco.model.operation import Operation
from calco.work import inspection
from calco.work.capture_verdict import warning_of
from tests.crash import scenes_image, scenes_machine
from tests.crash.scene import Ask, Scene
from tests.inspectors import looking, write_word
from tests.work.sources import blob_at
from tests.world import World

Given = Callable[[World], Ask]
LOOK = "disks.stamp"


def unseen(given: Given, *, blob: str = "") -> Given:
    """The same with a disk that is not generalized, whatever its flag says, of which nobody knows."""

    def looked_at(world: World) -> Ask:
        ask = given(world)
        with world.records.read() as view:
            assert view.entries(inspection.KIND) == []
        looking(world)
        os_disk = blob_at(world, blob).id if blob else world.id("virtualMachines", "web1")
        write_word(world, os_disk, "specialized")
        return ask

    return looked_at


def warned(reached: Callable[[World], None]) -> Callable[[World], None]:
    """The image is there as ever, and whoever captured it is told: of the disk, or that it could not be read."""

    def both(world: World) -> None:
        reached(world)
        with world.records.read() as view:
            captures = [each for each in _operations(world) if at(each.params, "verdict", "look")]
            assert view.unfinished() == []
        assert captures
        assert all(warning_of(each) for each in captures if each.end is not None and each.end.failure is None)

    return both


def _operations(world: World) -> list[Operation]:
    with world.records.read() as view:
        run = view._connection.exec_driver_sql
        ids = [row[0] for row in run("SELECT id FROM operations")]
        return [each for id in ids if (each := view.operation(id)) is not None]


SCENES: Sequence[Scene] = (
    Scene(
        "unseen disk", "image.capture", unseen(scenes_image.from_a_disk), warned(scenes_image.disk_shared), 17,
        scenes_image.failed, epilogue=LOOK,
    ),
    Scene(
        "unseen blob", "image.fromBlobs", unseen(scenes_image.mixed, blob=scenes_machine.OS),
        warned(scenes_image.mixed_made), 22, scenes_image.blobs_are_writable, epilogue=LOOK,
    ),
    Scene(
        "unseen zone copies", "image.replicate", unseen(scenes_image.zone_resilient),
        warned(scenes_image.in_every_zone("os", "3")), 46, scenes_image.failed, epilogue="disks.pools",
    ),
    Scene(
        "unseen capture of blobs", "machine.capture",
        unseen(scenes_machine.generalized_with_blobs, blob=scenes_machine.OS),
        warned(scenes_machine.copied), 19, scenes_machine.not_copied, epilogue=LOOK,
    ),
)  # fmt: skip

"""Scenes of machines that are made into images in one go."""

from collections.abc import Sequence

from calco.model.ids import ResourceId
from calco.work import image_making, virtual_machine
from tests.crash.scene import Ask, Scene
from tests.world import GROUP, SUBSCRIPTION, World

GOLDEN = ResourceId(SUBSCRIPTION, "images").sibling("Microsoft.Compute", "images", "golden")
WEB1 = GROUP.sibling("Microsoft.Compute", "virtualMachines", "web1")


def running_machine(world: World) -> Ask:
    world.with_network().running_machine("web1")
    wish = image_making.Wish(WEB1, GOLDEN, creates_group=True, deletes_machine=True)
    return lambda cloud: image_making.make(cloud, wish)[0]


def made(world: World) -> None:
    assert world.state(GOLDEN) == "Succeeded"
    with world.records.read() as view:
        assert set(view.held(GOLDEN)) == {"os", "3"}
    assert world.find(WEB1) is None
    assert world.hypervisor.machines() == set()


def not_made(world: World) -> None:
    """The machine is there, unless its image is."""
    if world.find(WEB1) is None:
        assert world.state(GOLDEN) == "Succeeded"


def once_more(world: World, ask: Ask) -> Ask:
    """What is made is made: only the machine is left to be deleted then."""
    found = world.find(GOLDEN)
    if found is None or found.properties["provisioningState"] == "Failed":
        return ask
    return lambda cloud: virtual_machine.delete(cloud, WEB1)


SCENES: Sequence[Scene] = (
    Scene(
        "image in one go",
        "machine.createImage",
        running_machine,
        made,
        80,
        not_made,
        destroys=True,
        again=once_more,
        forgiven="disks.delete",
    ),
)

"""What an image takes alone and what it shares, and what that would cost."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.model.ids import ResourceId
from calco.model.virtual_machine import Act
from calco.model.volume import GIB
from calco.work import disk, image, image_usage, virtual_machine
from tests.work.looking import refused
from tests.work.sources import disk_of, from_disk, image_of, page_blob, snapshot_of
from tests.world import World


def in_files(world: World) -> int:
    return sum(world.disks.used_bytes(each) for each in world.disks.volumes())


def test_an_image_shares_everything_with_its_machine_and_nothing_once_that_is_gone(world: World) -> None:
    source = world.generalized_machine("web1")
    golden = world.captured_image("golden", source)

    before = image_usage.get(world.cloud, golden)
    assert (before.used_bytes, before.shared_bytes) == (0, in_files(world))
    world.done(virtual_machine.delete(world.cloud, source))
    for each in disk.list(world.cloud, None):
        world.done(disk.delete(world.cloud, each.id))

    after = image_usage.get(world.cloud, golden)
    assert (after.used_bytes, after.shared_bytes) == (in_files(world), 0)
    assert [(each.lun, each.kind, each.size_bytes) for each in after.disks] == [
        (None, "managedDisk", 4 * GIB),
        (3, "managedDisk", GIB),
    ]


def test_machines_made_of_an_image_are_named_and_make_it_shared(world: World) -> None:
    one = world.empty_disk("one")
    wanted = image_of(world, "golden", from_disk(one))
    world.done(image.put(world.cloud, wanted))
    world.done(disk.delete(world.cloud, one))
    assert image_usage.get(world.cloud, wanted.id).shared_bytes == 0

    clone = replace(world.clone("web1", wanted.id))
    world.done(virtual_machine.put(world.cloud, clone))

    usage = image_usage.get(world.cloud, wanted.id)
    assert usage.machines == [clone.id]
    assert usage.used_bytes == 0
    assert usage.shared_bytes > 0


def test_a_snapshot_and_a_blob_are_named_as_sources(world: World) -> None:
    snapshot = snapshot_of(world, world.empty_disk("one"), "snap")
    uri = page_blob(world, "os.vhd")
    world.done(image.put(world.cloud, image_of(world, "golden", from_disk(uri), from_disk(snapshot, 2))))

    usage = image_usage.get(world.cloud, world.id("images", "golden"))

    assert [(each.kind, each.source) for each in usage.disks] == [("blobUri", uri), ("snapshot", str(snapshot))]
    assert usage.used_bytes == 0


def test_zone_copies_are_the_images_own_and_each_zone_is_named(world: World) -> None:
    one = world.empty_disk("one")
    wanted = replace(image_of(world, "golden", from_disk(one)), zone_resilient=True)
    world.done(image.put(world.cloud, wanted))

    usage = image_usage.get(world.cloud, wanted.id)

    assert (usage.zone_resilient, usage.zones, usage.shared_bytes) == (True, ["1", "2", "3"], 0)
    assert usage.used_bytes == in_files(world) - world.disks.used_bytes(held_by(world, one))
    assert usage.disks[0].pools == ["eastus-1", "eastus-2", "eastus-3"]


def held_by(world: World, id: ResourceId) -> str:
    with world.records.read() as view:
        (held,) = view.held(id).values()
    return held


@pytest.mark.parametrize(
    ("prices", "zone_resilient", "expected"),
    [
        ({"Standard_LRS": 1024.0}, False, 0.25),
        ({"Standard_LRS": 1.0, "Standard_ZRS": 4096.0}, True, 1.0),
        ({"Premium_LRS": 1.0}, False, None),
    ],
    ids=["a quarter of a MiB", "zone-redundant, billed once", "no row"],
)
def test_the_price_is_used_bytes_by_the_table(
    tmp_path: Path, prices: dict[str, float], zone_resilient: bool, expected: float | None
) -> None:
    world = World(tmp_path)
    world = replace(world, rules=replace(world.rules, prices=prices)).with_group()
    wanted = replace(image_of(world, "golden", from_disk(world.empty_disk("one"))), zone_resilient=zone_resilient)
    world.done(image.put(world.cloud, wanted))

    assert image_usage.get(world.cloud, wanted.id).monthly_price == expected


def test_of_an_image_that_is_not_there_nothing_is_told(world: World) -> None:
    refused(world, lambda: image_usage.get(world.cloud, world.id("images", "none")), 404, "ResourceNotFound")


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.sampled_from(["image", "clone", "delete machine", "delete image"]), max_size=6))
def test_what_is_called_its_own_is_exactly_what_goes_with_the_image(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    world = World(tmp_path_factory.mktemp("usage")).with_network()
    source = world.generalized_machine("source")
    golden = world.captured_image("golden", source)
    for number, step in enumerate(steps):
        take(world, step, number, golden)
    usage = image_usage.get(world.cloud, golden)
    before = in_files(world)

    world.done(image.delete(world.cloud, golden))

    assert before - in_files(world) == usage.used_bytes


def take(world: World, step: str, number: int, golden: ResourceId) -> None:
    """Something that changes who shares what."""
    machines = virtual_machine.list(world.cloud, None)
    others = [each.id for each in image.list(world.cloud, None) if each.id != golden]
    match step:
        case "image":
            wanted = image_of(world, f"image{number}", from_disk(disk_of(world, machines[0].id))) if machines else None
            if wanted is not None:
                world.ended(virtual_machine.act(world.cloud, machines[0].id, Act.DEALLOCATE))
                world.done(image.put(world.cloud, wanted))
        case "clone":
            world.done(virtual_machine.put(world.cloud, world.clone(f"clone{number}", golden)))
        case "delete machine" if machines:
            world.done(virtual_machine.delete(world.cloud, machines[0].id))
            for each in disk.list(world.cloud, None):
                if "managedBy" not in each.extra:
                    world.done(disk.delete(world.cloud, each.id))
        case "delete image" if others:
            world.done(image.delete(world.cloud, others[0]))

"""Zones: which a request may name, where volumes lie, and what goes on when a zone's storage is gone."""

from dataclasses import replace

import pytest

from calco.model.document import Json
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Status
from calco.model.virtual_machine import Act
from calco.model.volume import REGIONAL
from calco.work import disk, image, virtual_machine, zone
from calco.work.volume import DISK_SLOT
from tests.work.looking import failure, refused
from tests.work.sources import disk_of, from_disk, image_of, page_blob
from tests.world import LOCATION, World

POOLS = ("eastus-1", "eastus-2", "eastus-3")


def held(world: World, id: ResourceId) -> dict[str, str]:
    with world.records.read() as view:
        return view.held(id)


def pool_of(world: World, volume: str) -> str:
    with world.records.read() as view:
        row = view.volume(volume)
    assert row is not None
    return row.pool


def chain(world: World, disk_id: ResourceId) -> list[str]:
    """The pools of a disk's volumes, uppermost first."""
    pools, each = [], held(world, disk_id).get(DISK_SLOT)
    with world.records.read() as view:
        while each is not None and (row := view.volume(each)) is not None:
            pools.append(row.pool)
            each = row.backing
    return pools


def resilient(world: World) -> ResourceId:
    """A zone-resilient image that outlived its machine and that machine's disks."""
    source = world.generalized_machine("source")
    wanted = replace(world.new_image("golden", source), zone_resilient=True)
    world.done(image.put(world.cloud, wanted))
    world.done(virtual_machine.delete(world.cloud, source))
    for each in disk.list(world.cloud, None):
        world.done(disk.delete(world.cloud, each.id))
    return wanted.id


def machine_in(world: World, name: str, of: ResourceId, *zones: str) -> ResourceId:
    wanted = world.clone(name, of)
    wanted = replace(wanted, extra={"zones": [*zones]} if zones else {})
    world.done(virtual_machine.put(world.cloud, wanted))
    return wanted.id


# --- what may be named -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "expected"), [(None, ()), ([], ()), (["2"], ("2",))])
def test_a_zone_that_is_there_may_be_named(world: World, asked: Json, expected: tuple[str, ...]) -> None:
    id = world.id("virtualMachines", "web1")

    assert zone.check(world.rules, id, LOCATION, {} if asked is None else {"zones": asked}) == expected


@pytest.mark.parametrize(
    ("type", "location", "asked", "code"),
    [
        ("virtualMachines", "westus", ["1"], "ResourceTypeNotSupportAvailabilityZones"),
        ("disks", "westus", ["1"], "ResourceTypeNotSupportAvailabilityZones"),
        ("virtualMachines", "eastus", ["4"], "SkuNotAvailable"),
        ("disks", "eastus", ["4"], "InvalidParameter"),
        ("disks", "eastus", ["1", "2"], "InvalidParameter"),
        ("disks", "eastus", "1", "InvalidParameter"),
        ("disks", "eastus", [1], "InvalidParameter"),
    ],
)
def test_any_other_is_refused(world: World, type: str, location: str, asked: Json, code: str) -> None:
    with pytest.raises(ApiError) as raised:
        zone.check(world.rules, world.id(type, "it"), location, {"zones": asked})

    assert (raised.value.code, raised.value.target) == (code, "zones")


def test_a_machine_in_a_zone_that_is_not_there_is_refused(world: World) -> None:
    wanted = replace(world.new_machine("web1"), extra={"zones": ["7"]})

    words = "is currently not available in location 'eastus' zones '7'"
    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 409, "SkuNotAvailable", words, "are 1, 2, 3.")


def test_a_disk_of_another_zone_is_not_attached(world: World) -> None:
    data = world.empty_disk("data")
    wanted = world.new_machine("web1")
    attach = replace(wanted.data_disks[0], create_option=wanted.data_disks[0].create_option.ATTACH, disk=data)
    wanted = replace(wanted, data_disks=(attach,), extra={"zones": ["1"]})

    words = f"Disk {data} cannot be attached to the VM because it is not in zone '1'."
    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 400, "BadRequest", words)


# --- where volumes lie -----------------------------------------------------------------------------------------------


def test_a_machine_in_a_zone_keeps_what_it_writes_in_that_zones_pool(world: World) -> None:
    wanted = replace(world.new_machine("web1"), extra={"zones": ["2"]})
    world.done(virtual_machine.put(world.cloud, wanted))

    os_disk, data = disk_of(world, wanted.id), disk_of(world, wanted.id, 3)
    assert chain(world, os_disk) == ["eastus-2", REGIONAL]  # the platform image is in no zone
    assert chain(world, data) == ["eastus-2"]
    assert world.resource(os_disk).extra["zones"] == ["2"]
    assert world.resource(wanted.id).extra["zones"] == ["2"]


def test_a_zone_resilient_image_is_a_whole_copy_in_each_zone(world: World) -> None:
    golden = resilient(world)

    assert set(held(world, golden)) == {f"{slot}@{pool}" for slot in ("os", "3") for pool in POOLS}
    assert {name.partition("@")[2] == pool_of(world, each) for name, each in held(world, golden).items()} == {True}
    assert world.disks.volumes() == set(held(world, golden).values())  # the platform image was not needed any more
    profile = world.resource(golden).properties["storageProfile"]
    assert isinstance(profile, dict)
    assert profile["zoneResilient"] is True
    assert world.leftovers() == []


def test_a_machine_of_it_takes_the_copy_in_its_own_zone(world: World) -> None:
    golden = resilient(world)

    for each in ("1", "2", "3"):
        made = machine_in(world, f"web{each}", golden, each)
        assert chain(world, disk_of(world, made)) == [f"eastus-{each}"] * 2
    anywhere = machine_in(world, "anywhere", golden)
    assert chain(world, disk_of(world, anywhere)) == [REGIONAL, "eastus-1"]


@pytest.mark.parametrize("lost", POOLS)
def test_it_serves_with_any_one_pool_gone(world: World, lost: str) -> None:
    golden = resilient(world)
    world.disks.lose_pool(lost)

    for each in {"1", "2", "3"} - {lost[-1]}:
        machine_in(world, f"web{each}", golden, each)
    anywhere = machine_in(world, "anywhere", golden)

    assert chain(world, disk_of(world, anywhere)) == [REGIONAL, next(each for each in POOLS if each != lost)]


def test_it_serves_with_the_regional_pool_gone(world: World) -> None:
    golden = resilient(world)
    world.disks.lose_pool(REGIONAL)

    made = machine_in(world, "web1", golden, "1")

    assert chain(world, disk_of(world, made)) == ["eastus-1"] * 2


def test_a_machine_in_the_zone_that_is_gone_fails_and_says_why(world: World) -> None:
    golden = resilient(world)
    world.disks.lose_pool("eastus-1")
    wanted = replace(world.clone("web1", golden), extra={"zones": ["1"]})

    ended = world.ended(virtual_machine.put(world.cloud, wanted))

    assert ended.status is Status.FAILED
    assert failure(ended)[0] == "AllocationFailed"
    assert "lies in storage pool 'eastus-1', which is not there" in failure(ended)[1]


def test_an_image_without_zone_resilience_does_not_outlive_its_pool(world: World) -> None:
    wanted = replace(world.new_machine("source"), extra={"zones": ["2"]})
    world.done(virtual_machine.put(world.cloud, wanted))
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    golden = world.captured_image("golden", wanted.id)
    clone = world.clone("web1", golden)
    world.disks.lose_pool("eastus-2")

    words = ("Image 'golden' lies in storage pool 'eastus-2', which is not there.", "zoneResilient")
    refused(world, lambda: virtual_machine.put(world.cloud, clone), 409, "AllocationFailed", *words)
    world.disks.bring_back_pool("eastus-2")
    world.done(virtual_machine.put(world.cloud, clone))


# --- making it -------------------------------------------------------------------------------------------------------


def test_zone_resilience_needs_a_region_with_zones(world: World) -> None:
    world = replace(world, rules=replace(world.rules, zones={"westeurope": ("1",)}))
    source = world.with_network().generalized_machine("source")
    wanted = replace(world.new_image("golden", source), zone_resilient=True)

    words = ("Region 'eastus' has no availability zones", "westeurope")
    refusal = refused(world, lambda: image.put(world.cloud, wanted), 400, "InvalidParameter", *words)
    assert refusal.target == "storageProfile.zoneResilient"


def test_it_cannot_be_made_while_a_pool_is_gone_and_leaves_nothing(world: World) -> None:
    resilient(world)
    source = world.generalized_machine("again")
    files = world.disks.volumes()
    world.disks.lose_pool("eastus-3")

    ended = world.ended(image.put(world.cloud, replace(world.new_image("two", source), zone_resilient=True)))

    assert failure(ended)[0] == "AllocationFailed"
    world.disks.bring_back_pool("eastus-3")
    assert world.disks.volumes() == files
    assert world.state(world.id("images", "two")) == "Failed"


def test_while_it_is_copied_its_operation_says_how_far_it_is_and_why(world: World) -> None:
    uri = page_blob(world, "os.vhd")
    accepted = image.put(world.cloud, replace(image_of(world, "golden", from_disk(uri)), zone_resilient=True))
    assert accepted.operation is not None

    world.done(accepted)

    said = world.operation(accepted.operation.id).progress
    assert "A zone-resilient image is a whole copy in each zone's pool" in str(said["says"])
    assert "pool 'eastus-3', copy 3 of 3" in str(said["says"])


def test_zone_resilience_cannot_be_changed(world: World) -> None:
    golden = resilient(world)
    whole = replace(
        image_of(world, "golden", from_disk(world.id("disks", "none"))),
        properties={"storageProfile": {"zoneResilient": False}},
    )

    refusal = refused(world, lambda: image.put(world.cloud, whole), 409, "PropertyChangeNotAllowed")

    assert refusal.target == "storageProfile.zoneResilient"
    assert world.state(golden) == "Succeeded"

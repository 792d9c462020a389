"""Disks made from disks, snapshots, blobs and images: the volume of their source, and no byte copied."""

from dataclasses import replace

import pytest

from calco.model import vhd
from calco.model.conditions import NONE
from calco.model.disk import CreateOption, DiskState, NewDisk, OsType, Sku
from calco.model.ids import ResourceId
from calco.model.virtual_machine import Act
from calco.model.volume import GIB, MIB
from calco.ports import VolumeFrozen
from calco.work import disk, snapshot, stored_blob, virtual_machine
from calco.work.stored_blob import Target
from calco.work.volume import DISK_SLOT
from tests.crash.scenes_snapshot import wish as snapshot_wish
from tests.work.looking import failure, refused
from tests.work.sources import blob_at, disk_of, page_blob, with_account
from tests.world import DEBIAN, GROUP, LOCATION, World


def wish(world: World, option: CreateOption, source: ResourceId | None = None) -> NewDisk:
    return NewDisk(world.id("disks", "copy"), LOCATION, None, option, None, None, None, source, {})


def held(world: World, id: ResourceId) -> str:
    with world.records.read() as view:
        return view.held(id)[DISK_SLOT]


def test_a_copy_shares_its_sources_volume_and_both_write_over_it(world: World) -> None:
    data = world.empty_disk("data", 2)

    world.done(disk.put(world.cloud, wish(world, CreateOption.COPY, data)))

    copy = world.resource(world.id("disks", "copy"))
    assert held(world, copy.id) == held(world, data)
    assert len(world.disks.volumes()) == 1
    assert copy.properties["diskSizeBytes"] == 2 * GIB
    assert copy.properties["creationData"] == {
        "createOption": "Copy",
        "sourceUniqueId": world.resource(data).properties["uniqueId"],
    }
    world.done(disk.delete(world.cloud, data))
    assert world.disks.volumes() == {held(world, copy.id)}
    with world.records.read() as view:
        row = view.volume(held(world, copy.id))
    assert row is not None
    assert row.frozen


def test_a_copy_may_be_larger_and_inherits_what_the_request_does_not_say(world: World) -> None:
    machine = world.generalized_machine("web1")
    os_disk = disk_of(world, machine)

    world.done(disk.put(world.cloud, replace(wish(world, CreateOption.COPY, os_disk), size_gb=9)))

    copy = world.resource(world.id("disks", "copy")).properties
    assert {"diskSizeGB": 9, "diskSizeBytes": 9 * GIB, "osType": "Linux", "hyperVGeneration": "V1"}.items() <= {
        name: each for name, each in copy.items() if not isinstance(each, dict)
    }.items()
    assert copy["diskState"] == "Unattached"
    assert copy["uniqueId"] != world.resource(os_disk).properties["uniqueId"]


def test_a_copy_of_a_running_machines_disk_has_what_was_on_it(world: World) -> None:
    machine = world.running_machine("web1")
    data = disk_of(world, machine, 3)
    before = held(world, data)

    world.done(disk.put(world.cloud, wish(world, CreateOption.COPY, data)))

    assert held(world, world.id("disks", "copy")) == before
    assert held(world, data) != before
    assert world.resource(data).properties["diskState"] == "Attached"
    assert world.resource(world.id("disks", "copy")).properties["diskState"] == "Unattached"


def test_a_disk_of_a_snapshot_is_there_at_once(world: World) -> None:
    data = world.empty_disk("data")
    world.done(snapshot.put(world.cloud, snapshot_wish(world, data)))
    snap = world.id("snapshots", "snap")

    accepted = disk.put(world.cloud, wish(world, CreateOption.COPY, snap))

    assert accepted.operation is not None
    assert accepted.operation.end is not None
    assert world.state(world.id("disks", "copy")) == "Succeeded"
    world.done(snapshot.delete(world.cloud, snap))
    world.done(disk.delete(world.cloud, data))
    assert world.disks.volumes() == {held(world, world.id("disks", "copy"))}


def test_a_machine_starts_with_a_copy_and_leaves_its_source_alone(world: World) -> None:
    data = world.empty_disk("data", 2)
    world.done(disk.put(world.cloud, wish(world, CreateOption.COPY, data)))
    wanted = world.with_network().new_machine("web1")
    attached = replace(wanted.data_disks[0], create_option=CreateOption.ATTACH, disk=world.id("disks", "copy"))

    world.done(virtual_machine.put(world.cloud, replace(wanted, data_disks=(attached,))))

    own = held(world, world.id("disks", "copy"))
    with world.records.read() as view:
        row = view.volume(own)
    assert row is not None
    assert (row.backing, row.frozen) == (held(world, data), False)
    assert world.resource(data).properties["diskState"] == "Unattached"


@pytest.mark.parametrize("option", [CreateOption.COPY, CreateOption.FROM_IMAGE])
def test_a_smaller_disk_than_its_source_fails_as_azures_does(world: World, option: CreateOption) -> None:
    if option is CreateOption.COPY:
        wanted = wish(world, option, world.empty_disk("data", 4))
    else:
        wanted = replace(wish(world, option), urn=str(DEBIAN))

    failed = world.ended(disk.put(world.cloud, replace(wanted, size_gb=1)))

    assert failure(failed) == ("InvalidParameter", "Disks or snapshot cannot be resized down.")
    assert world.state(wanted.id) == "Failed"
    with world.records.read() as view:
        assert view.held(wanted.id) == {}
    world.done(disk.put(world.cloud, wanted))
    assert world.resource(wanted.id).properties["diskSizeGB"] == 4


def test_what_cannot_be_copied_is_refused(world: World) -> None:
    copy = wish(world.with_group(), CreateOption.COPY, world.id("disks", "nobody"))
    refused(world, lambda: disk.put(world.cloud, copy), 404, "NotFound", "Resource nobody is not found.")

    data = world.empty_disk("data")
    elsewhere = replace(copy, source=data, location="westus")
    refused(world, lambda: disk.put(world.cloud, elsewhere), 400, "BadRequest", "does not belong to the same region")

    deletion = disk.delete(world.cloud, data)
    refused(world, lambda: disk.put(world.cloud, replace(copy, source=data)), 409, "Conflict")
    world.done(deletion)


def test_a_name_whose_disk_was_never_made_is_no_source(world: World) -> None:
    world.with_group()
    data = NewDisk(world.id("disks", "data"), LOCATION, None, CreateOption.EMPTY, 1, None, None, None, {})
    world.disks.room = 0
    world.ended(disk.put(world.cloud, data))
    copy = wish(world, CreateOption.COPY, data.id)
    refused(world, lambda: disk.put(world.cloud, copy), 409, "OperationNotAllowed", "'Failed'")


# --- blobs -----------------------------------------------------------------------------------------------------------


def test_a_blob_becomes_a_disk_and_nothing_is_copied(world: World) -> None:
    uri = page_blob(world.with_group(), "os.vhd", guest_bytes=3 * GIB // 2)
    wanted = replace(wish(world, CreateOption.IMPORT), source_uri=uri, os_type=OsType.LINUX)

    world.done(disk.put(world.cloud, wanted))

    record = world.resource(wanted.id).properties
    assert (record["diskSizeGB"], record["diskSizeBytes"], record["osType"]) == (1, 3 * GIB // 2, "Linux")
    assert held(world, wanted.id) == blob_at(world, uri).volume
    assert len(world.disks.volumes()) == 1


def test_a_missing_blob_fails_the_operation_and_leaves_a_name(world: World) -> None:
    with_account(world.with_group())
    uri = "https://labstore.blob.core.windows.net/vhds/nobody.vhd"
    wanted = replace(wish(world, CreateOption.IMPORT), source_uri=uri)

    failed = world.ended(disk.put(world.cloud, wanted))

    code, sentence = failure(failed)
    assert code == "DiskBlobNotFound"
    assert sentence.startswith(f"Unable to find VHD blob with URI {uri} for disk 'copy'. Upload it")
    assert world.state(wanted.id) == "Failed"
    assert world.disks.volumes() == set()


def test_a_blob_that_is_no_vhd_can_be_written_again_after_the_failure(world: World) -> None:
    uri = page_blob(world.with_group(), "os.vhd", footer=bytes(512))
    wanted = replace(wish(world, CreateOption.IMPORT), source_uri=uri)

    code, message = failure(world.ended(disk.put(world.cloud, wanted)))

    assert code == "InvalidVhd"
    assert "'conectix'" in message
    assert world.state(wanted.id) == "Failed"
    found = blob_at(world, uri)
    world.disks.write(found.volume, 64 * MIB, vhd.footer(64 * MIB, found.volume, world.clock.now()))
    world.done(disk.put(world.cloud, wanted))
    assert world.state(wanted.id) == "Succeeded"


def test_a_blob_of_another_region_is_refused_in_azures_words(world: World) -> None:
    with_account(world.with_group(), location="westus")
    uri = page_blob(world, "os.vhd")
    wanted = replace(wish(world, CreateOption.IMPORT), source_uri=uri)
    words = f"The source blob {uri} does not belong to the same region as the disk."
    refused(world, lambda: disk.put(world.cloud, wanted), 400, "BadRequest", words)


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "os.vhd", "https://labstore.blob.core.windows.net/os.vhd", ""])
def test_what_is_no_address_of_a_blob_is_refused_and_never_opened(world: World, uri: str) -> None:
    wanted = replace(wish(world.with_group(), CreateOption.IMPORT), source_uri=uri)
    refused(world, lambda: disk.put(world.cloud, wanted), 400, "InvalidParameter", "correct blob URI")


def test_a_blob_that_a_disk_holds_is_frozen(world: World) -> None:
    uri = page_blob(world.with_group(), "os.vhd")
    world.done(disk.put(world.cloud, replace(wish(world, CreateOption.IMPORT), source_uri=uri)))
    with world.records.read() as view:
        row = view.volume(blob_at(world, uri).volume)
    assert row is not None
    assert row.frozen
    with pytest.raises(VolumeFrozen):
        world.disks.write(row.id, 0, bytes(512))


# --- images ----------------------------------------------------------------------------------------------------------


def test_a_disk_of_a_platform_image_holds_its_base(world: World) -> None:
    wanted = replace(wish(world.with_group(), CreateOption.FROM_IMAGE), urn=str(DEBIAN))

    world.done(disk.put(world.cloud, wanted))

    record = world.resource(wanted.id).properties
    assert (record["osType"], record["hyperVGeneration"], record["diskSizeGB"]) == ("Linux", "V1", 4)
    assert world.disks.volumes() == {held(world, wanted.id)}


def test_an_unknown_platform_image_leaves_nothing(world: World) -> None:
    wanted = replace(wish(world.with_group(), CreateOption.FROM_IMAGE), urn="Nobody:nothing:1:latest")
    refused(world, lambda: disk.put(world.cloud, wanted), 404, "PlatformImageNotFound")


@pytest.mark.parametrize(("lun", "size_gb", "os_type"), [(None, 4, "Linux"), (3, 1, None)])
def test_a_disk_of_a_managed_image_is_one_of_its_disks(
    world: World, lun: int | None, size_gb: int, os_type: str | None
) -> None:
    image = world.captured_image("golden", world.generalized_machine("source"))
    wanted = replace(wish(world, CreateOption.FROM_IMAGE), image=image, lun=lun)
    before = world.disks.volumes()

    world.done(disk.put(world.cloud, wanted))

    record = world.resource(wanted.id).properties
    assert (record["diskSizeGB"], record.get("osType")) == (size_gb, os_type)
    assert world.disks.volumes() == before
    with world.records.read() as view:
        assert view.held(image)["os" if lun is None else str(lun)] == held(world, wanted.id)


def test_a_disk_of_an_image_that_is_not_there_or_has_no_such_lun_is_refused(world: World) -> None:
    image = world.captured_image("golden", world.generalized_machine("source"))
    wanted = replace(wish(world, CreateOption.FROM_IMAGE), image=image, lun=7)
    refused(world, lambda: disk.put(world.cloud, wanted), 400, "InvalidParameter", "no data disk at that LUN")
    gone = replace(wanted, image=world.id("images", "nobody"))
    refused(world, lambda: disk.put(world.cloud, gone), 404, "NotFound")


# --- zones and SKUs --------------------------------------------------------------------------------------------------


def test_a_zones_disk_is_made_in_its_pool(world: World) -> None:
    wanted = NewDisk(
        world.with_group().id("disks", "data"), LOCATION, None, CreateOption.EMPTY, 1, None, None, None, {},
        {"zones": ["2"]},
    )  # fmt: skip

    world.done(disk.put(world.cloud, wanted))

    with world.records.read() as view:
        row = view.volume(held(world, wanted.id))
    assert row is not None
    assert row.pool == "eastus-2"
    refused(
        world,
        lambda: disk.put(world.cloud, replace(wanted, extra={"zones": ["1"]})),
        409,
        "PropertyChangeNotAllowed",
        "zones",
    )


def test_a_copy_from_another_zone_shares_its_volume_and_writes_in_its_own(world: World) -> None:
    world.with_group()
    data = NewDisk(
        world.id("disks", "data"), LOCATION, None, CreateOption.EMPTY, 1, None, None, None, {}, {"zones": ["1"]}
    )
    world.done(disk.put(world.cloud, data))
    wanted = replace(wish(world, CreateOption.COPY, data.id), extra={"zones": ["3"]})

    world.done(disk.put(world.cloud, wanted))

    with world.records.read() as view:
        row = view.volume(held(world, wanted.id))
    assert row is not None
    assert row.pool == "eastus-1"


@pytest.mark.parametrize(
    ("location", "sku", "zones", "words"),
    [
        ("eastus", None, ["4"], "eastus"),
        ("westus", None, ["1"], "westus"),
        ("eastus", None, ["1", "2"], "zone"),
        ("westus", Sku.PREMIUM_ZRS, [], "availability zones"),
        ("eastus", Sku.STANDARD_SSD_ZRS, ["1"], "leave out 'zones'"),
    ],
)
def test_zones_that_are_not_there_are_refused(
    world: World, location: str, sku: Sku | None, *, zones: list[str], words: str
) -> None:
    wanted = NewDisk(
        world.with_group().id("disks", "data"), location, None, CreateOption.EMPTY, 1, sku, None, None, {},
        {"zones": [*zones]},
    )  # fmt: skip
    with pytest.raises(Exception, match=words):
        disk.put(world.cloud, wanted)
    assert world.disks.volumes() == set()
    assert disk.list(world.cloud, GROUP) == []


def test_a_zone_redundant_disk_is_in_no_zone(world: World) -> None:
    wanted = NewDisk(
        world.with_group().id("disks", "data"), LOCATION, None, CreateOption.EMPTY, 1, Sku.PREMIUM_ZRS, None, None, {}
    )
    world.done(disk.put(world.cloud, wanted))
    assert world.resource(wanted.id).extra["sku"] == {"name": "Premium_ZRS", "tier": "Premium"}
    lrs = replace(wanted, sku=Sku.PREMIUM_LRS)
    refused(world, lambda: disk.put(world.cloud, lrs), 409, "PropertyChangeNotAllowed", "sku.name")


def test_identical_puts_change_nothing_but_the_operation(world: World) -> None:
    wanted = wish(world, CreateOption.COPY, world.empty_disk("data"))
    world.done(disk.put(world.cloud, wanted))
    before, volumes = world.resource(wanted.id), world.disks.volumes()

    again = disk.put(world.cloud, wanted)

    assert not again.created
    world.done(again)
    assert world.resource(wanted.id) == before
    assert world.disks.volumes() == volumes
    other = replace(wanted, properties={"creationData": {"sourceResourceId": str(world.id("disks", "other"))}})
    refused(world, lambda: disk.put(world.cloud, other), 409, "PropertyChangeNotAllowed", "sourceResourceId")


def test_a_deallocated_machines_disk_is_copied_while_it_is_reserved(world: World) -> None:
    machine = world.running_machine("web1")
    world.done(virtual_machine.act(world.cloud, machine, Act.DEALLOCATE))
    data = disk_of(world, machine, 3)
    world.done(disk.put(world.cloud, wish(world, CreateOption.COPY, data)))
    assert world.resource(data).properties["diskState"] == DiskState.RESERVED
    world.done(virtual_machine.act(world.cloud, machine, Act.START))
    assert held(world, data) != held(world, world.id("disks", "copy"))


def test_a_failed_disk_does_not_unlock_a_blob_that_another_disk_is_made_of(world: World) -> None:
    uri = page_blob(world.with_group(), "large.vhd", guest_bytes=4096 * GIB)
    wanted = replace(wish(world, CreateOption.IMPORT), source_uri=uri)
    good = disk.put(world.cloud, replace(wanted, id=world.id("disks", "good")))
    bad = disk.put(world.cloud, replace(wanted, id=world.id("disks", "bad"), os_type=OsType.LINUX))
    assert good.operation is not None
    assert bad.operation is not None
    world.disks.freeze(blob_at(world, uri).volume)  # as far as the good one came

    world.drive(held={good.operation.id})

    assert failure(world.operation(bad.operation.id))[0] == "VHDSizeInvalid"
    with pytest.raises(VolumeFrozen):
        world.disks.write(blob_at(world, uri).volume, 0, bytes(512))
    world.drive()
    assert world.state(world.id("disks", "good")) == "Succeeded"


def test_while_a_disk_is_made_of_a_blob_nobody_takes_the_blob_away(world: World) -> None:
    uri = page_blob(world.with_group(), "os.vhd")
    making = disk.put(world.cloud, replace(wish(world, CreateOption.IMPORT), source_uri=uri))
    account, _, container, _ = (found := blob_at(world, uri)).id.names
    target = Target(GROUP.sibling("Microsoft.Storage", "storageAccounts", account), container, "os.vhd")

    refused(world, lambda: stored_blob.delete(world.cloud, target, NONE), 503, "ServerBusy")

    world.done(making)
    assert held(world, world.id("disks", "copy")) == found.volume

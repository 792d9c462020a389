"""Images of disks, snapshots and page blobs, in any mixture."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.model import vhd
from calco.model.disk import OsType, Sku
from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.image import ImageDisk, Origin, OsState
from calco.model.machine import Generation
from calco.model.operation import Status
from calco.model.virtual_machine import Act
from calco.model.volume import GIB, MIB
from calco.ports import BlobAbsent, BlobOfOtherType, BlobUnreadable, HostRefused, NoRemoteBlob, Reader, VolumeFrozen
from calco.work import blob, disk, image, resource_group, virtual_machine
from calco.work.common import with_properties
from calco.work.disk import DiskChange
from calco.work.volume import DISK_SLOT
from tests.work.hosts import OneHost, far_blob
from tests.work.looking import failure, refused
from tests.work.sources import blob_at, disk_of, from_disk, image_of, page_blob, snapshot_of, with_account
from tests.world import SUBSCRIPTION, World


def held(world: World, id: ResourceId) -> dict[str, str]:
    with world.records.read() as view:
        return view.held(id)


def change(world: World, id: ResourceId, properties: Document) -> None:
    changed = with_properties(world.resource(id), properties)
    with world.records.write() as tx:
        tx.put(changed)


def rows(world: World, id: ResourceId) -> tuple[dict[str, object], list[dict[str, object]]]:
    """``osDisk`` and ``dataDisks`` as they are kept."""
    profile = world.resource(id).properties["storageProfile"]
    assert isinstance(profile, dict)
    os_disk, data = profile["osDisk"], profile["dataDisks"]
    assert isinstance(os_disk, dict)
    assert isinstance(data, list)
    return dict(os_disk), [dict(each) for each in data if isinstance(each, dict)]


def test_an_image_from_a_disk_shares_its_volume_and_is_shown_as_recorded(world: World) -> None:
    source = world.generalized_machine("web1")
    files = world.disks.volumes()
    os_disk, data = disk_of(world, source), disk_of(world, source, 3)
    wanted = image_of(world, "golden", from_disk(os_disk), from_disk(data, 0, size_gb=110))

    accepted = image.put(world.cloud, wanted)
    assert accepted.created
    assert "diskSizeGB" not in rows(world, wanted.id)[0]
    world.done(accepted)

    shown = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": str(os_disk)}, "caching": "None"}
    assert rows(world, wanted.id)[0] == {**shown, "storageAccountType": "Standard_LRS", "diskSizeGB": 4}
    assert [(each["lun"], each["diskSizeGB"], each["caching"]) for each in rows(world, wanted.id)[1]] == [
        (0, 110, "None")
    ]
    assert held(world, wanted.id) == {"os": held(world, os_disk)[DISK_SLOT], "0": held(world, data)[DISK_SLOT]}
    assert world.resource(wanted.id).properties["hyperVGeneration"] == "V1"
    assert world.disks.volumes() == files


def test_a_larger_size_is_what_disks_made_from_the_image_get(world: World) -> None:
    source = world.generalized_machine("web1")
    wanted = image_of(
        world, "golden", from_disk(disk_of(world, source)), from_disk(disk_of(world, source, 3), 0, size_gb=110)
    )
    world.done(image.put(world.cloud, wanted))

    world.done(virtual_machine.put(world.cloud, world.clone("web2", wanted.id)))

    data = world.resource(disk_of(world, world.id("virtualMachines", "web2"), 0))
    assert data.properties["diskSizeBytes"] == 110 * GIB
    assert world.disks.size_bytes(held(world, data.id)[DISK_SLOT]) == 110 * GIB


def test_a_smaller_size_than_the_sources_is_refused(world: World) -> None:
    source = world.generalized_machine("web1")
    wanted = image_of(world, "golden", from_disk(disk_of(world, source), size_gb=3))

    refusal = refused(
        world,
        lambda: image.put(world.cloud, wanted),
        409,
        "OperationNotAllowed",
        "The specified disk size 3 GB is smaller than the size of the source: 4 GB.",
    )
    assert refusal.target == "osDisk.diskSizeGB"


def test_sources_may_be_mixed_and_each_is_held_by_the_image(world: World) -> None:
    one, two = world.with_group().empty_disk("one"), world.empty_disk("two", 2)
    snapshot = snapshot_of(world, two, "snap")
    uri = page_blob(world, "os.vhd", guest_bytes=3 * GIB)
    wanted = image_of(world, "golden", from_disk(uri), from_disk(one, 7), from_disk(snapshot, 2))

    world.done(image.put(world.cloud, wanted))

    os_disk, data = rows(world, wanted.id)
    assert (os_disk["blobUri"], os_disk["diskSizeGB"], os_disk["storageAccountType"]) == (uri, 3, "Standard_LRS")
    assert [(each["lun"], "snapshot" in each, each["diskSizeGB"]) for each in data] == [(7, False, 1), (2, True, 2)]
    assert held(world, wanted.id) == {
        "os": blob_at(world, uri).volume,
        "7": held(world, one)[DISK_SLOT],
        "2": held(world, snapshot)[DISK_SLOT],
    }
    assert world.leftovers() == []


def test_two_images_may_be_made_of_one_source_at_once(world: World) -> None:
    source = world.with_group().empty_disk("one")
    snapshot = snapshot_of(world, source, "snap")
    uri = page_blob(world, "os.vhd")
    wishes = [image_of(world, name, from_disk(uri), from_disk(snapshot, 0)) for name in ("one", "two")]

    accepted = [image.put(world.cloud, each) for each in wishes]
    world.drive()

    assert [world.operation(each.operation.id).status for each in accepted if each.operation] == ["Succeeded"] * 2
    assert held(world, wishes[0].id) == held(world, wishes[1].id)


def test_one_blob_may_be_several_disks_of_one_image(world: World) -> None:
    """Source: recording xplat-image-create-blob."""
    uri = page_blob(world.with_group(), "os.vhd")
    wanted = image_of(world, "golden", from_disk(uri), from_disk(uri, 1))

    world.done(image.put(world.cloud, wanted))

    assert set(held(world, wanted.id).values()) == {blob_at(world, uri).volume}


def test_a_source_that_goes_away_leaves_the_image_whole(world: World) -> None:
    one = world.with_group().empty_disk("one")
    wanted = image_of(world, "golden", from_disk(one))
    world.done(image.put(world.cloud, wanted))

    world.done(disk.delete(world.cloud, one))

    assert world.find(one) is None
    assert set(held(world, wanted.id).values()) == world.disks.volumes()
    assert world.leftovers() == []


def test_a_source_must_not_be_deleted_while_it_is_used(world: World) -> None:
    one = world.with_group().empty_disk("one")
    image.put(world.cloud, image_of(world, "golden", from_disk(one)))

    refused(world, lambda: disk.delete(world.cloud, one), 409, "Conflict")


def test_windows_and_specialized_pass_through(world: World) -> None:
    one = world.with_group().empty_disk("one")
    wanted = replace(image_of(world, "golden", from_disk(one)), os_type=OsType.WINDOWS, os_state=OsState.SPECIALIZED)

    world.done(image.put(world.cloud, wanted))

    os_disk, _ = rows(world, wanted.id)
    assert (os_disk["osType"], os_disk["osState"]) == ("Windows", "Specialized")


def test_caching_and_storage_type_are_the_requests_or_the_sources(world: World) -> None:
    one = world.with_group().empty_disk("one")
    world.done(disk.patch(world.cloud, one, disk.DiskChange(sku=Sku.PREMIUM_LRS)))
    given = replace(from_disk(one, 1), sku=Sku.STANDARD_SSD_LRS)

    world.done(image.put(world.cloud, image_of(world, "golden", from_disk(one), given)))

    os_disk, (data,) = rows(world, world.id("images", "golden"))
    assert (os_disk["storageAccountType"], data["storageAccountType"]) == ("Premium_LRS", "StandardSSD_LRS")


# --- generations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "given", "expected"),
    [
        ("V2", None, "V2"),
        ("V2", Generation.V2, "V2"),
        (None, Generation.V2, "V2"),
        (None, None, "V1"),
        ("V1", None, "V1"),
    ],
)
def test_the_generation_is_given_or_inherited(
    world: World, known: str | None, given: Generation | None, expected: str
) -> None:
    one = world.with_group().empty_disk("one")
    change(world, one, {"hyperVGeneration": known})

    world.done(image.put(world.cloud, image_of(world, "golden", from_disk(one), generation=given)))

    assert world.resource(world.id("images", "golden")).properties["hyperVGeneration"] == expected


@pytest.mark.parametrize(("known", "given"), [("V1", Generation.V2), ("V2", Generation.V1)])
def test_a_generation_that_contradicts_the_source_is_refused(world: World, known: str, given: Generation) -> None:
    one = world.with_group().empty_disk("one")
    change(world, one, {"hyperVGeneration": known})
    wanted = image_of(world, "golden", from_disk(snapshot_of(world, one, "snap")), generation=given)

    refused(
        world,
        lambda: image.put(world.cloud, wanted),
        400,
        "InvalidParameter",
        f"The source 'snap' is of hypervisor generation {known}, and an image of it cannot be {given}.",
    )


def test_a_machine_of_the_first_generation_gives_no_image_of_the_second(world: World) -> None:
    source = world.generalized_machine("web1")
    wanted = replace(world.new_image("golden", source), generation=Generation.V2)

    refused(world, lambda: image.put(world.cloud, wanted), 400, "InvalidParameter", "Virtual Machine 'web1'", "V1")


# --- refusals --------------------------------------------------------------------------------------------------------


def test_a_source_must_be_there_and_in_the_images_location(world: World) -> None:
    one = world.with_group().empty_disk("one")
    wanted = image_of(world, "golden", from_disk(one))

    nothing = image_of(world, "golden", from_disk(world.id("snapshots", "none")))
    refused(world, lambda: image.put(world.cloud, nothing), 404, "NotFound", "Resource none is not found.")
    elsewhere = replace(wanted, location="westus")
    refused(world, lambda: image.put(world.cloud, elsewhere), 404, "NotFound", "Resource one is not found.", "'westus'")


def test_a_disk_of_a_running_machine_is_no_source_and_one_of_a_stopped_machine_is(world: World) -> None:
    web1 = world.running_machine("web1")
    wanted = image_of(world, "golden", from_disk(disk_of(world, web1)))

    refused(
        world,
        lambda: image.put(world.cloud, wanted),
        409,
        "OperationNotAllowed",
        f"is attached to running VM {web1}.",
        "make a snapshot",
    )
    world.done(virtual_machine.act(world.cloud, web1, Act.POWER_OFF))
    world.done(image.put(world.cloud, wanted))

    world.done(virtual_machine.act(world.cloud, web1, Act.START))
    assert held(world, disk_of(world, web1))[DISK_SLOT] not in held(world, wanted.id).values()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"provisioningState": "Failed"}, "DiskImageNotReady", "is in Failed state"),
        ({"diskState": "ReadyToUpload"}, "OperationNotAllowed", "nothing was uploaded"),
        ({"diskState": "ActiveUpload"}, "OperationNotAllowed", "shared access signature"),
    ],
)
def test_a_disk_that_is_not_ready_is_no_source(world: World, changes: dict[str, str], code: str, words: str) -> None:
    one = world.with_group().empty_disk("one")
    change(world, one, dict(changes))

    refused(world, lambda: image.put(world.cloud, image_of(world, "golden", from_disk(one))), 409, code, words)


def test_disks_beside_a_machine_must_be_that_machines(world: World) -> None:
    web1 = world.generalized_machine("web1")
    mine = from_disk(disk_of(world, web1))
    wanted = replace(world.new_image("golden", web1), disks=(from_disk(world.empty_disk("other")),))

    refused(world, lambda: image.put(world.cloud, wanted), 400, "InvalidParameter", "An image has one source")
    world.done(image.put(world.cloud, replace(wanted, disks=(mine,))))


# --- blobs -----------------------------------------------------------------------------------------------------------

NOWHERE = "https://elsewhere.blob.core.windows.net/vhds/none.vhd"


def test_a_blob_that_is_not_there_fails_the_operation_and_the_image_stays_to_be_seen(world: World) -> None:
    """Source: recording xplat-image-create-failed-ImageBlobNotFound."""
    wanted = image_of(world.with_group(), "golden", from_disk(NOWHERE))

    ended = world.ended(image.put(world.cloud, wanted))

    assert ended.status is Status.FAILED
    code, sentence = failure(ended)
    assert code == "ImageBlobNotFound"
    assert sentence.startswith(f"Unable to find VHD blob with URI {NOWHERE}. Upload it")
    assert ended.end is not None
    assert ended.end.failure is not None
    assert ended.end.failure.target is None
    assert world.state(wanted.id) == "Failed"
    assert "diskSizeGB" not in rows(world, wanted.id)[0]
    assert held(world, wanted.id) == {}


def test_a_failed_image_is_made_anew_by_another_put(world: World) -> None:
    world.ended(image.put(world.cloud, image_of(world.with_group(), "golden", from_disk(NOWHERE))))
    uri = page_blob(world, "os.vhd")

    again = image.put(world.cloud, image_of(world, "golden", from_disk(uri)))

    assert not again.created
    world.done(again)
    assert rows(world, world.id("images", "golden"))[0]["blobUri"] == uri


@pytest.mark.parametrize(
    ("guest_bytes", "footer", "size_gb", "code"),
    [
        (64 * MIB, bytes(512), None, "InvalidVhd"),
        (64 * MIB, None, None, ""),
        (64 * MIB + 512, None, None, "InvalidParameter"),
        (2 * GIB, None, 1, "OperationNotAllowed"),
        (2 * GIB, None, 3, ""),
    ],
    ids=["no footer", "good", "not whole MiB", "asked for less", "asked for more"],
)
def test_a_blob_that_is_no_good_vhd_fails_the_operation_and_may_be_written_again(
    world: World, guest_bytes: int, footer: bytes | None, size_gb: int | None, code: str
) -> None:
    uri = page_blob(world.with_group(), "os.vhd", guest_bytes=guest_bytes, footer=footer)

    ended = world.ended(image.put(world.cloud, image_of(world, "golden", from_disk(uri, size_gb=size_gb))))

    if code:
        assert failure(ended)[0] == code
        world.disks.write(blob_at(world, uri).volume, 0, bytes(512))
    else:
        assert ended.status is Status.SUCCEEDED
        with pytest.raises(VolumeFrozen):
            world.disks.write(blob_at(world, uri).volume, 0, bytes(512))


def test_a_failed_image_does_not_unlock_a_blob_that_another_image_is_made_of(world: World) -> None:
    uri = page_blob(world.with_group(), "os.vhd", guest_bytes=2 * GIB)
    good = image.put(world.cloud, image_of(world, "good", from_disk(uri)))
    bad = image.put(world.cloud, image_of(world, "bad", from_disk(uri, size_gb=1)))
    assert good.operation is not None
    assert bad.operation is not None
    world.disks.freeze(blob_at(world, uri).volume)  # as far as the good one came

    world.drive(held={good.operation.id})

    assert world.operation(bad.operation.id).status is Status.FAILED
    with pytest.raises(VolumeFrozen):
        world.disks.write(blob_at(world, uri).volume, 0, bytes(512))
    world.drive()
    assert world.operation(good.operation.id).status is Status.SUCCEEDED


@pytest.mark.parametrize("uri", ["os.vhd", "https://", "file:///etc/passwd", "https://host/only", "https://h/c/a b\n"])
def test_what_is_no_blobs_address_is_refused(world: World, uri: str) -> None:
    wanted = image_of(world.with_group(), "golden", from_disk(uri))

    refused(world, lambda: image.put(world.cloud, wanted), 400, "InvalidParameter", "does not look to be correct blob")


def test_a_blob_in_another_region_is_refused(world: World) -> None:
    with_account(world.with_group(), location="westus")
    uri = page_blob(world, "os.vhd")

    wanted = image_of(world, "golden", from_disk(uri))
    refused(world, lambda: image.put(world.cloud, wanted), 409, "StorageAccountLocationMismatch", "labstore")


# --- the same again --------------------------------------------------------------------------------------------------


def test_the_same_put_again_changes_nothing_and_another_source_is_refused(world: World) -> None:
    one, two = world.with_group().empty_disk("one"), world.empty_disk("two", 2)
    wanted = image_of(world, "golden", from_disk(one), from_disk(two, 4))
    world.done(image.put(world.cloud, wanted))
    before = held(world, wanted.id)
    whole = replace(wanted, properties=world.resource(wanted.id).properties)

    for each in (wanted, whole):
        again = image.put(world.cloud, each)
        assert not again.created
        assert again.operation is not None
        assert again.operation.status is Status.SUCCEEDED

    assert held(world, wanted.id) == before
    for other in (
        image_of(world, "golden", from_disk(two), from_disk(two, 4)),
        image_of(world, "golden", from_disk(one), from_disk(two, 5)),
        image_of(world, "golden", from_disk(one), from_disk(two, 4, size_gb=9)),
        image_of(world, "golden", from_disk(one), from_disk(two, 4), from_disk(two, 5)),
    ):
        refused(world, partial(image.put, world.cloud, other), 409, "PropertyChangeNotAllowed")


def test_an_image_may_lie_in_another_group_than_its_source(world: World) -> None:
    one = world.with_group().empty_disk("one")
    other = ResourceId(SUBSCRIPTION, "other")
    resource_group.put(world.cloud, other, "westus", None)
    wanted = replace(image_of(world, "golden", from_disk(one)), id=other.sibling("Microsoft.Compute", "images", "far"))

    world.done(image.put(world.cloud, wanted))

    assert world.state(wanted.id) == "Succeeded"


# --- whatever the mixture --------------------------------------------------------------------------------------------

KINDS = ("disk", "snapshot", "blob", "missing blob", "broken blob")


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=5),
    sizes=st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=5, max_size=5),
    zone_resilient=st.booleans(),
    luns=st.permutations(range(64)),
)
def test_whatever_the_mixture_exactly_the_asked_slots_are_held_or_nothing_is(
    tmp_path_factory: pytest.TempPathFactory,
    kinds: list[str],
    sizes: list[int | None],
    zone_resilient: bool,
    luns: list[int],
) -> None:
    folder: Path = tmp_path_factory.mktemp("mixture")
    world = World(folder).with_group()
    wishes = [
        replace(source(world, kind, number), lun=None if number == 0 else luns[number], size_gb=sizes[number])
        for number, kind in enumerate(kinds)
    ]
    wanted = replace(image_of(world, "golden", *wishes), zone_resilient=zone_resilient)
    files = world.disks.volumes()

    ended = world.ended(image.put(world.cloud, wanted))

    slots = {"os" if each.lun is None else str(each.lun) for each in wishes}
    if {"missing blob", "broken blob"} & set(kinds):
        assert ended.status is Status.FAILED
        assert held(world, wanted.id) == {}
        assert world.disks.volumes() == files
    else:
        assert ended.status is Status.SUCCEEDED
        pools = ("eastus-1", "eastus-2", "eastus-3")
        names = {f"{slot}@{pool}" for slot in slots for pool in pools} if zone_resilient else slots
        assert set(held(world, wanted.id)) == names
        kept = world.resource(wanted.id).internal["sizes"]
        assert kept == {"os" if each.lun is None else str(each.lun): max(each.size_gb or 0, 1) * GIB for each in wishes}
    assert world.leftovers() == []


def source(world: World, kind: str, number: int) -> ImageDisk:
    """A source of one GiB."""
    name = f"{kind.replace(' ', '-')}-{number}"
    match kind:
        case "disk":
            return from_disk(world.empty_disk(name))
        case "snapshot":
            return from_disk(snapshot_of(world, world.empty_disk(name), f"{name}-snap"))
        case "missing blob":
            return ImageDisk(None, Origin(uri=f"https://gone.blob.core.windows.net/vhds/{name}.vhd"))
        case _:
            footer = bytes(vhd.FOOTER_BYTES) if kind == "broken blob" else None
            return from_disk(page_blob(world, f"{name}.vhd", guest_bytes=GIB, footer=footer))


# --- blobs of other hosts --------------------------------------------------------------------------------------------


@pytest.fixture
def host(world: World) -> OneHost:
    there = OneHost()
    world.cloud = replace(world.cloud, remote_blobs=there)
    return there


def test_a_blob_of_a_listed_host_is_brought_here_by_its_page_ranges(world: World, host: OneHost) -> None:
    uri = far_blob(world, host, "far.vhd")
    signed = f"{uri}?sig=secret"
    host.blobs[signed] = host.blobs[uri]

    ended = world.done(image.put(world.cloud, image_of(world, "golden", from_disk(signed), from_disk(signed, 1))))

    (volume,) = set(held(world, world.id("images", "golden")).values())
    with world.disks.view(volume) as content:
        assert content.read(0, 3) == b"far"
    assert host.read == 2  # two pages, once, however often the blob is named
    assert "secret" not in str(ended.progress)
    assert "Reading disk" in str(ended.progress["says"])
    world.done(virtual_machine.put(world.cloud, world.clone("web1", world.id("images", "golden"))))
    assert world.leftovers() == []


def test_a_blob_of_a_host_that_is_not_listed_is_not_even_looked_at(world: World, host: OneHost) -> None:
    host.trouble = BlobUnreadable("must not be asked")

    ended = world.ended(image.put(world.cloud, image_of(world, "golden", from_disk(NOWHERE))))

    assert failure(ended)[0] == "ImageBlobNotFound"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (BlobAbsent("no"), "ImageBlobNotFound"),
        (BlobOfOtherType("BlockBlob"), "IncorrectImageBlobType"),
        (HostRefused("10.0.0.1 is a private address"), "ImageBlobNotFound"),
        (BlobUnreadable("it closed the connection"), "ImageBlobNotReadable"),
    ],
)
def test_a_far_blob_that_cannot_be_had_fails_the_operation_without_its_signature(
    world: World, host: OneHost, trouble: NoRemoteBlob, code: str
) -> None:
    uri = f"{far_blob(world, host, 'far.vhd')}?sig=secret"
    host.trouble = trouble

    ended = world.ended(image.put(world.cloud, image_of(world, "golden", from_disk(uri))))

    assert failure(ended)[0] == code
    assert "far.vhd" in failure(ended)[1]
    assert "secret" not in failure(ended)[1]
    assert world.disks.volumes() == set()


def test_a_far_blob_that_is_no_vhd_is_refused_before_a_byte_of_it_is_transferred(world: World, host: OneHost) -> None:
    uri = far_blob(world, host, "far.vhd", footer=bytes(512))

    ended = world.ended(image.put(world.cloud, image_of(world, "golden", from_disk(uri))))

    assert failure(ended)[0] == "InvalidVhd"
    assert host.read == 0
    assert world.leftovers() == []


# --- machines with unmanaged disks -----------------------------------------------------------------------------------


def with_blob_disks(world: World, machine: ResourceId, os_uri: str, data_uri: str) -> None:
    """The machine's record as it is with disks in a storage account."""
    record = world.resource(machine)
    profile: Document = {
        "osDisk": {
            "osType": "Linux",
            "name": "os",
            "createOption": "FromImage",
            "vhd": {"uri": os_uri},
            "caching": "ReadWrite",
            "diskSizeGB": 2,
        },
        "dataDisks": [{"lun": 4, "name": "data", "createOption": "Empty", "vhd": {"uri": data_uri}, "caching": "None"}],
    }
    with world.records.write() as tx:
        tx.put(with_properties(record, {"storageProfile": profile}))


def test_a_machine_with_unmanaged_disks_gives_an_image_of_their_blobs(world: World) -> None:
    """Source: behaviour A.5, recording net-image-from-generalized-vm-unmanaged."""
    source = world.generalized_machine("web1")
    uris = [page_blob(world, name, guest_bytes=2 * GIB) for name in ("os.vhd", "data.vhd")]
    with_blob_disks(world, source, *uris)
    wanted = world.new_image("golden", source)

    accepted = image.put(world.cloud, wanted)
    first, _ = rows(world, wanted.id)
    world.done(accepted)

    assert first == {
        "osType": "Linux",
        "osState": "Generalized",
        "diskSizeGB": 2,
        "blobUri": uris[0],
        "caching": "ReadWrite",
        "storageAccountType": "Standard_LRS",
    }
    os_disk, (data,) = rows(world, wanted.id)
    assert os_disk == first
    assert (data["lun"], data["blobUri"], data["diskSizeGB"]) == (4, uris[1], 2)
    assert held(world, wanted.id) == {"os": blob_at(world, uris[0]).volume, "4": blob_at(world, uris[1]).volume}
    refused(
        world,
        lambda: image.put(
            world.cloud, replace(wanted, id=world.id("images", "two"), source=world.id("virtualMachines", "no"))
        ),
        404,
        "NotFound",
    )


def test_a_blob_that_a_running_machine_writes_is_no_source(world: World) -> None:
    web1 = world.running_machine("web1")
    uri = page_blob(world, "os.vhd")
    with world.records.write() as tx:
        blob.lease_to(world.cloud, tx, blob_at_in(tx, world, uri), web1)
    wanted = image_of(world, "golden", from_disk(uri))

    refused(world, lambda: image.put(world.cloud, wanted), 409, "OperationNotAllowed", f"attached to running VM {web1}")
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    world.done(image.put(world.cloud, wanted))


def blob_at_in(view: Reader, world: World, uri: str) -> ResourceId:
    found = blob.find(view, world.cloud, uri)
    assert found is not None
    return found.id


def test_while_an_image_is_made_of_a_machine_nobody_changes_its_disks(world: World) -> None:
    source = world.generalized_machine("web1")
    image.put(world.cloud, world.new_image("golden", source))

    for each in (disk_of(world, source), disk_of(world, source, 3)):
        larger = partial(disk.patch, world.cloud, each, DiskChange(size_gb=64))
        refused(world, larger, 409, "Conflict")
    world.drive()
    assert world.state(world.id("images", "golden")) == "Succeeded"

"""Machines whose disks are page blobs of this service's storage accounts."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from calco.model.disk import CreateOption, OsType
from calco.model.document import Document, object_at, objects_at
from calco.model.ids import ResourceId
from calco.model.machine import Drive, Machine
from calco.model.vhd import FOOTER_BYTES, read_footer
from calco.model.virtual_machine import Act, DiskWish, NewVirtualMachine
from calco.model.volume import GIB, MIB, Format, Volume, VolumeId
from calco.ports import DiskStore
from calco.work import blob, disk, image, machine_blobs, machine_capture, virtual_machine
from calco.work.machine_capture import CaptureWish
from tests.work.looking import failure, refused
from tests.work.sources import ACCOUNT, blob_at, page_blob, with_account
from tests.world import GROUP, World, ready_guest

OS, DATA = (f"https://{ACCOUNT}.blob.core.windows.net/vhds/{name}.vhd" for name in ("os", "data"))


@pytest.fixture(autouse=True)
def account(world: World) -> None:
    with_account(world)


def wanted_from_debian(world: World) -> NewVirtualMachine:
    """As the recording net-image-from-generalized-vm-unmanaged asks for it."""
    return replace(
        world.new_machine("web1"),
        os_disk=DiskWish(None, CreateOption.FROM_IMAGE, name="web1-os", vhd=OS),
        data_disks=(DiskWish(0, CreateOption.EMPTY, name="data-1", size_gb=1, vhd=DATA),),
    )


def attached(world: World, os_uri: str, *data: str) -> NewVirtualMachine:
    return replace(
        world.new_machine("web1"),
        image=None,
        os_disk=DiskWish(None, CreateOption.ATTACH, name="os", vhd=os_uri, os_type=OsType.LINUX),
        data_disks=tuple(
            DiskWish(lun, CreateOption.ATTACH, name=f"data{lun}", vhd=each) for lun, each in enumerate(data)
        ),
        os_profile=None,
    )


def made(world: World, wanted: NewVirtualMachine) -> list[Machine]:
    """Make it; answers what the hypervisor was told to run."""
    booted: list[Machine] = []
    guest = world.guest

    def boot(machine: Machine) -> None:
        booted.append(machine)
        world.guest = guest
        world._on_boot(machine)
        world.guest = boot

    world.guest = boot
    world.done(virtual_machine.put(world.cloud, wanted))
    return booted


def content(world: World, volume: VolumeId, offset: int, length: int) -> bytes:
    with world.disks.view(volume) as view:
        return view.read(offset, length)


def test_a_machine_of_a_platform_image_gets_blobs_with_footers_and_writes_straight_into_them(world: World) -> None:
    (machine,) = made(world, wanted_from_debian(world))

    blobs = [blob_at(world, uri) for uri in (OS, DATA)]
    assert machine.drives == (
        Drive(blobs[0].volume, None, Format.FLAT, 4 * GIB),
        Drive(blobs[1].volume, 0, Format.FLAT, GIB),
    )
    for each, size in zip(blobs, (4 * GIB, GIB), strict=True):
        assert (each.is_page, each.length) == (True, size + FOOTER_BYTES)
        assert read_footer(content(world, each.volume, size, FOOTER_BYTES)).guest_bytes == size
        assert owner(world, each) == str(world.id("virtualMachines", "web1"))
    assert disk.list(world.cloud, GROUP) == []
    assert world.leftovers() == []


def test_how_far_its_copy_is_is_told_while_bytes_move_and_no_longer(world: World) -> None:
    told: list[Document] = []

    def look() -> None:
        (creation,) = world.unfinished()
        told.append(creation.progress)

    class Copies:
        def copy(self, volume: Volume, source: VolumeId, moved: Callable[[int, int], None]) -> None:
            moved(1, 4)
            look()
            world.disks.copy(volume, source, moved)

        def __getattr__(self, name: str) -> object:
            return getattr(world.disks, name)

    def boot(machine: Machine) -> None:
        look()
        ready_guest(world.directory.heard)(machine)

    world.guest = boot
    virtual_machine.put(world.cloud, wanted_from_debian(world))
    world.drive(replace(world.cloud, disks=cast("DiskStore", Copies())))

    assert [each.get("percent") for each in told] == [25, None]
    assert told[-1] == {}


def owner(world: World, of: blob.Blob) -> str | None:
    return blob.owner_of(world.resource(of.id))


def test_it_is_shown_as_recorded(world: World) -> None:
    wanted = wanted_from_debian(world)
    accepted = virtual_machine.put(world.cloud, wanted)
    assert accepted.resource is not None
    first = object_at(accepted.resource.properties, "storageProfile", "osDisk")
    world.drive()

    profile = object_at(world.resource(wanted.id).properties, "storageProfile")
    os_disk: Document = {
        "osType": "Linux",
        "name": "web1-os",
        "createOption": "FromImage",
        "vhd": {"uri": OS},
        "caching": "ReadWrite",
    }
    assert first == os_disk
    assert profile["osDisk"] == {**os_disk, "diskSizeGB": 4}
    assert profile["dataDisks"] == [
        {
            "lun": 0,
            "name": "data-1",
            "createOption": "Empty",
            "vhd": {"uri": DATA},
            "caching": "None",
            "diskSizeGB": 1,
            "toBeDetached": False,
        }
    ]


def test_what_the_guest_wrote_is_in_the_blob_and_stays_when_the_machine_goes(world: World) -> None:
    wanted = wanted_from_debian(world)
    (machine,) = made(world, wanted)
    world.disks.write(machine.drives[1].volume, 0, b"by the guest".ljust(512))
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))

    assert content(world, blob_at(world, DATA).volume, 0, 12) == b"by the guest"
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.START))
    world.done(virtual_machine.delete(world.cloud, wanted.id))

    assert content(world, blob_at(world, DATA).volume, 0, 12) == b"by the guest"
    assert owner(world, blob_at(world, DATA)) is None
    assert world.leftovers() == []


def test_a_machine_boots_from_a_blob_that_was_there(world: World) -> None:
    os_uri, data = page_blob(world, "mine.vhd"), page_blob(world, "more.vhd", guest_bytes=32 * MIB)
    before = blob_at(world, os_uri).volume

    (machine,) = made(world, attached(world, os_uri, data))

    assert machine.media is None
    assert [(each.volume, each.size_bytes) for each in machine.drives] == [
        (before, 64 * MIB),
        (blob_at(world, data).volume, 32 * MIB),
    ]
    assert world.state(world.id("virtualMachines", "web1")) == "Succeeded"


def test_a_new_machine_may_be_a_copy_of_a_vhd(world: World) -> None:
    golden = page_blob(world, "golden.vhd")
    world.disks.write(blob_at(world, golden).volume, 0, b"golden".ljust(512))
    wanted = wanted_from_debian(world)
    wanted = replace(
        wanted,
        image=None,
        os_disk=replace(wanted.os_disk, image_uri=golden, os_type=OsType.LINUX),
        data_disks=(),
    )

    (machine,) = made(world, wanted)

    assert machine.media is not None
    assert machine.drives[0].volume != blob_at(world, golden).volume
    assert content(world, machine.drives[0].volume, 0, 6) == b"golden"
    assert blob_at(world, OS).length == blob_at(world, golden).length
    assert world.leftovers() == []


def test_a_copy_stays_in_its_account(world: World) -> None:
    """Source: recording xplat-vm-409-ConflictingUserInput."""
    with_account(world, "elsewhere")
    wanted = wanted_from_debian(world)
    far = "https://elsewhere.blob.core.windows.net/vhds/golden.vhd"
    wanted = replace(
        wanted, image=None, os_disk=replace(wanted.os_disk, image_uri=far, os_type=OsType.LINUX), data_disks=()
    )

    words = "Source and destination storage accounts for disk web1-os are different."
    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 409, "ConflictingUserInput", words)


def test_a_blob_that_an_image_holds_too_gets_a_volume_of_its_own(world: World) -> None:
    wanted = wanted_from_debian(world)
    made(world, wanted)
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    golden = world.captured_image("golden", wanted.id)
    world.done(virtual_machine.delete(world.cloud, wanted.id))
    shared = blob_at(world, OS).volume
    with world.records.read() as view:
        assert shared in view.held(golden).values()

    (machine,) = made(world, attached(world, OS))

    assert machine.drives[0].volume == blob_at(world, OS).volume != shared
    with world.records.read() as view:
        assert shared in view.held(golden).values()
    assert world.leftovers() == []


def test_a_blob_that_was_frozen_for_an_image_that_is_gone_is_written_again(world: World) -> None:
    wanted = wanted_from_debian(world)
    made(world, wanted)
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    golden = world.captured_image("golden", wanted.id)
    world.done(virtual_machine.delete(world.cloud, wanted.id))
    world.done(image.delete(world.cloud, golden))
    before = blob_at(world, OS).volume

    (machine,) = made(world, attached(world, OS))

    assert machine.drives[0].volume == before
    world.disks.write(before, 0, b"again".ljust(512))
    assert world.leftovers() == []


def test_a_creation_that_fails_leaves_no_blob(world: World) -> None:
    world.disks.room = 1  # the base image fits, the blobs do not
    wanted = wanted_from_debian(world)

    failed = world.ended(virtual_machine.put(world.cloud, wanted))

    assert failure(failed)[0] == "AllocationFailed"
    with world.records.read() as view:
        assert blob.find(view, world.cloud, OS) is None
    world.disks.room = None
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.START))
    assert blob_at(world, OS).length == 4 * GIB + FOOTER_BYTES
    assert world.leftovers() == []


def test_a_machine_that_could_not_be_made_goes_and_takes_its_source_with_it(world: World) -> None:
    world.disks.room = 1
    wanted = wanted_from_debian(world)
    world.ended(virtual_machine.put(world.cloud, wanted))

    world.done(virtual_machine.delete(world.cloud, wanted.id))

    assert world.disks.volumes() == set()
    assert world.leftovers() == []


OTHER = f"https://{ACCOUNT}x.blob.core.windows.net/vhds/os.vhd"


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ({"data_disks": (DiskWish(0, CreateOption.EMPTY, size_gb=1),)}, 409, "OperationNotAllowed",
         "Addition of a managed disk to a VM with blob based disks"),
        ({"os_disk": DiskWish(None, CreateOption.FROM_IMAGE)}, 409, "OperationNotAllowed",
         "Addition of a blob based disk to VM with managed disks"),
        ({"os_disk": DiskWish(None, CreateOption.FROM_IMAGE, vhd=OS)}, 400, "InvalidParameter", "osDisk.name"),
        ({"os_disk": DiskWish(None, CreateOption.FROM_IMAGE, name="os", vhd=OTHER)}, 409,
         "StorageAccountNotFound", f"{ACCOUNT}x"),
        ({"os_disk": DiskWish(None, CreateOption.FROM_IMAGE, name="os", vhd="ftp://x")}, 400, "InvalidParameter",
         "correct blob URI"),
        ({"data_disks": (DiskWish(0, CreateOption.ATTACH, name="d", vhd=DATA),)}, 404, "DiskBlobNotFound", DATA),
        ({"data_disks": (DiskWish(0, CreateOption.EMPTY, name="d", vhd=DATA),)}, 400, "InvalidParameter",
         "diskSizeGB"),
        ({"data_disks": (DiskWish(0, CreateOption.EMPTY, name="d", size_gb=1, vhd=OS),)}, 409,
         "AcquireDiskLeaseFailed", "already in use"),
        ({"os_disk": DiskWish(None, CreateOption.FROM_IMAGE, name="os", size_gb=1, vhd=OS)}, 409,
         "OperationNotAllowed", "smaller than"),
    ],
    ids=["managed data", "managed OS", "no name", "no account", "no URI", "absent", "no size", "twice", "too small"],
)  # fmt: skip
def test_a_mistake_gets_azures_answer(
    world: World, change: dict[str, object], status: int, *, code: str, words: str
) -> None:
    wanted = replace(wanted_from_debian(world), **change)  # type: ignore[arg-type]

    refused(world, lambda: virtual_machine.put(world.cloud, wanted), status, code, words)


def test_an_image_resource_makes_no_blobs(world: World) -> None:
    golden = world.captured_image("golden", world.generalized_machine("source"))
    wanted = replace(wanted_from_debian(world), image=golden)

    words = "VM created from Image cannot have blob based disks"
    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 409, "OperationNotAllowed", words)


def test_a_blob_has_one_machine_and_a_new_one_is_new(world: World) -> None:
    wanted = wanted_from_debian(world)
    made(world, wanted)
    other = world.new_machine("web2")

    second = replace(attached(world, OS), id=other.id, nics=other.nics)
    refused(world, lambda: virtual_machine.put(world.cloud, second), 409, "AcquireDiskLeaseFailed", OS)
    third = replace(wanted, id=other.id, nics=other.nics)
    refused(world, lambda: virtual_machine.put(world.cloud, third), 409, "BlobAlreadyExists")


def test_a_vhd_that_is_none_is_refused(world: World) -> None:
    wanted = attached(world, page_blob(world, "bad.vhd", footer=b"x" * 512))

    refused(world, lambda: virtual_machine.put(world.cloud, wanted), 400, "InvalidVhd", "conectix")


def test_the_operation_says_that_it_copies(world: World) -> None:
    said: list[str] = []
    copy = world.disks.copy

    def copying(volume: object, source: object, moved: object) -> None:
        copy(volume, source, moved)  # type: ignore[arg-type]
        said.extend(str(each.progress.get("says")) for each in world.unfinished())

    world.disks.copy = copying  # type: ignore[method-assign]
    made(world, wanted_from_debian(world))

    assert said
    assert all("whole copy" in each and OS in each for each in said)
    assert objects_at(world.resource(world.id("virtualMachines", "web1")).internal, "blobs")


def test_each_copy_tells_which_of_how_many_it_is(world: World) -> None:
    golden = blob_at(world, page_blob(world, "golden.vhd"))
    sources = (golden.volume, None, golden.volume)
    wanted = [
        machine_blobs.Making(str(golden.id), world.chance.guid(), golden.length - FOOTER_BYTES, uri=OS, source=source)
        for source in sources
    ]
    told: list[tuple[int, int]] = []

    def speaker(_why: str, /, *, part: tuple[int, int]) -> Callable[[int, int], None]:
        told.append(part)
        return lambda _done, _total: None

    machine_blobs.make(world.cloud, wanted, speaker)

    assert told == [(1, 2), (2, 2)]


def test_resource_ids_of_blobs_are_claimed_while_the_machine_changes(world: World) -> None:
    wanted = wanted_from_debian(world)
    made(world, wanted)

    virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE)

    with world.records.read() as view:
        ids: list[ResourceId] = [blob_at(world, uri).id for uri in (OS, DATA)]
        assert all(view.is_claimed_alone(each) for each in ids)


# --- capture ---------------------------------------------------------------------------------------------------------


def generalized(world: World) -> ResourceId:
    wanted = wanted_from_debian(world)
    made(world, wanted)
    world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
    virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    return wanted.id


def wish(machine: ResourceId, container: str = "images", prefix: str = "web") -> CaptureWish:
    return CaptureWish(machine, prefix, container, "2017-03-30")


def test_a_capture_copies_no_byte_and_answers_a_template_that_makes_machines(world: World) -> None:
    id = generalized(world)
    files = world.disks.volumes()

    operation = world.done(machine_capture.capture(world.cloud, wish(id)))

    assert world.disks.volumes() == files
    template = machine_capture.output_of(operation)
    assert template is not None
    (resource,) = objects_at(template, "resources")
    os_disk = object_at(resource, "properties", "storageProfile", "osDisk")
    image_uri = str(object_at(os_disk, "image")["uri"])
    home = f"https://{ACCOUNT}.blob.core.windows.net"
    assert image_uri.startswith(f"{home}/system/Microsoft.Compute/Images/images/web-osDisk.")
    assert blob_at(world, image_uri).volume == blob_at(world, OS).volume
    (data,) = objects_at(resource, "properties", "storageProfile", "dataDisks")
    assert blob_at(world, str(object_at(data, "image")["uri"])).volume == blob_at(world, DATA).volume
    again = replace(
        world.new_machine("web2"),
        image=None,
        os_disk=DiskWish(
            None,
            CreateOption.FROM_IMAGE,
            name=str(os_disk["name"]),
            vhd=str(object_at(os_disk, "vhd")["uri"]),
            image_uri=image_uri,
            os_type=OsType.LINUX,
        ),
        data_disks=(
            DiskWish(
                0,
                CreateOption.FROM_IMAGE,
                name=str(data["name"]),
                vhd=str(object_at(data, "vhd")["uri"]),
                image_uri=str(object_at(data, "image")["uri"]),
            ),
        ),
    )
    world.done(virtual_machine.put(world.cloud, again))
    world.done(virtual_machine.delete(world.cloud, id))
    assert world.leftovers() == []


def test_a_licence_of_ones_own_is_not_for_what_was_captured_here(world: World) -> None:
    operation = world.done(machine_capture.capture(world.cloud, wish(generalized(world))))
    template = machine_capture.output_of(operation)
    (resource,) = objects_at(template, "resources")
    os_disk = object_at(resource, "properties", "storageProfile", "osDisk")
    disk_wish = DiskWish(
        None,
        CreateOption.FROM_IMAGE,
        name="os",
        vhd=str(object_at(os_disk, "vhd")["uri"]),
        image_uri=str(object_at(os_disk, "image")["uri"]),
        os_type=OsType.LINUX,
    )
    machine = replace(world.new_machine("web2"), image=None, os_disk=disk_wish, data_disks=())
    licensed = replace(machine, properties={**machine.properties, "licenseType": "Windows_Server"})
    files = world.disks.volumes()

    for _ in range(2):
        failed = world.ended(virtual_machine.put(world.cloud, licensed))
        assert failed.end is not None
        assert failed.end.failure is not None
        assert failed.end.failure.code == "NotSupported"
        assert failed.end.failure.message.endswith("is not from on-premises.")
        assert world.state(machine.id) == "Failed"
    assert world.disks.volumes() == files
    world.done(virtual_machine.put(world.cloud, machine))
    assert world.state(machine.id) == "Succeeded"


def test_what_cannot_be_captured_says_so(world: World) -> None:
    managed = world.generalized_machine("web3")
    refused(world, lambda: machine_capture.capture(world.cloud, wish(managed)), 409, "OperationNotAllowed", "'Image'")
    wanted = wanted_from_debian(world)
    made(world, wanted)
    words = "because the VM is not generalized"
    refused(world, lambda: machine_capture.capture(world.cloud, wish(wanted.id)), 409, "OperationNotAllowed", words)


@pytest.mark.parametrize(("container", "prefix"), [("No_Container", "web"), ("images", "x" * 1024)])
def test_names_that_no_blob_can_have_are_refused(world: World, container: str, prefix: str) -> None:
    id = generalized(world)

    ask = wish(id, container, prefix)
    refused(world, lambda: machine_capture.capture(world.cloud, ask), 400, "InvalidParameter")

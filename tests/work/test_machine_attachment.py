"""Data disks that come and go by changing a machine's model, whether it runs or not."""

from dataclasses import replace

import pytest

from calco.model.access import Access
from calco.model.disk import Caching, CreateOption, Sku
from calco.model.document import Document, Json, objects_at
from calco.model.ids import ResourceId
from calco.model.machine import Drive
from calco.model.virtual_machine import Act, DiskWish, NewVirtualMachine
from calco.tool import ToolFailed
from calco.work import access, disk, virtual_machine
from calco.work.disk import DiskChange
from tests.work.changes import HAD, existing, wanting
from tests.work.looking import failure, refused, vm_id
from tests.work.sources import disk_of
from tests.world import World


def luns(world: World, id: ResourceId) -> list[Json]:
    return [each["lun"] for each in objects_at(world.resource(id).properties, "storageProfile", "dataDisks")]


def drives(world: World, id: ResourceId) -> dict[int | None, str]:
    """What the hypervisor runs the machine with."""
    return dict(world.hypervisor.writes(vm_id(world, id)))


def state(world: World, id: ResourceId) -> tuple[object, object]:
    record = world.resource(id)
    return record.properties["diskState"], record.extra.get("managedBy")


def change(world: World, wanted: NewVirtualMachine) -> None:
    world.done(virtual_machine.update(world.cloud, wanted))


@pytest.fixture
def web1(world: World) -> ResourceId:
    """A running machine of a size that takes four data disks, with one at LUN 3."""
    wanted = world.new_machine("web1")
    size: Document = {"hardwareProfile": {"vmSize": "Standard_B2s"}}
    world.done(
        virtual_machine.put(world.cloud, replace(wanted, size="Standard_B2s", properties={**wanted.properties, **size}))
    )
    return wanted.id


def test_a_running_machine_gets_a_new_disk_and_one_that_was_there(world: World, web1: ResourceId) -> None:
    spare = world.empty_disk("spare")

    change(world, wanting(world, web1, HAD, existing(0, spare), DiskWish(1, CreateOption.EMPTY, size_gb=2)))

    assert luns(world, web1) == [3, 0, 1]
    assert world.state(web1) == "Succeeded"
    assert state(world, spare) == ("Attached", str(web1))
    (made,) = [each for each in disk.list(world.cloud, spare.group_id) if each.properties["diskSizeGB"] == 2]
    assert state(world, made.id) == ("Attached", str(web1))
    assert made.properties["provisioningState"] == "Succeeded"
    assert made.id.name.startswith("web1_disk4_")
    with world.records.read() as view:
        held = {lun: view.held(id)["disk"] for lun, id in ((0, spare), (1, made.id))}
    assert {lun: each for lun, each in drives(world, web1).items() if lun in held} == held
    assert world.leftovers() == []


@pytest.mark.parametrize("how", ["left out", "marked"])
def test_a_running_machine_loses_a_disk(world: World, web1: ResourceId, how: str) -> None:
    (had,) = [each for each in disk.list(world.cloud, web1.group_id) if each.properties["diskSizeGB"] == 1]
    wishes = () if how == "left out" else (replace(HAD, to_be_detached=True),)

    accepted = virtual_machine.update(world.cloud, wanting(world, web1, *wishes))
    assert accepted.resource is not None
    (shown,) = objects_at(accepted.resource.properties, "storageProfile", "dataDisks")
    assert (shown["lun"], shown["toBeDetached"]) == (3, True)
    world.drive()

    assert luns(world, web1) == []
    assert list(drives(world, web1)) == [None]
    assert state(world, had.id) == ("Unattached", None)
    assert world.leftovers() == []


def test_another_disk_takes_a_lun_that_became_free(world: World, web1: ResourceId) -> None:
    spare = world.empty_disk("spare")
    change(world, wanting(world, web1))

    change(world, wanting(world, web1, existing(3, spare)))

    assert luns(world, web1) == [3]
    with world.records.read() as view:
        assert drives(world, web1)[3] == view.held(spare)["disk"]


@pytest.mark.parametrize(("act", "there"), [(Act.POWER_OFF, "Attached"), (Act.DEALLOCATE, "Reserved")])
def test_a_machine_that_is_off_finds_its_disks_when_it_starts(
    world: World, web1: ResourceId, act: Act, there: str
) -> None:
    world.done(virtual_machine.act(world.cloud, web1, act))
    spare = world.empty_disk("spare")

    change(world, wanting(world, web1, existing(0, spare), DiskWish(1, CreateOption.EMPTY, size_gb=2)))

    assert drives(world, web1) == {}
    assert state(world, spare) == (there, str(web1))
    world.done(virtual_machine.act(world.cloud, web1, Act.START))
    assert sorted(drives(world, web1), key=str) == [0, 1, None]
    assert world.leftovers() == []


def test_a_disk_that_shares_an_images_bytes_is_plugged_in_with_a_volume_of_its_own(
    world: World, web1: ResourceId
) -> None:
    source = world.generalized_machine("source")
    golden = world.captured_image("golden", source)
    world.done(virtual_machine.delete(world.cloud, source))
    with world.records.read() as view:
        shared = view.held(golden)["3"]
        (data,) = [each for each, _ in view.holders(shared) if each.key != golden.key]

    change(world, wanting(world, web1, HAD, existing(0, data)))

    assert drives(world, web1)[0] != shared
    with world.records.read() as view:
        row = view.volume(drives(world, web1)[0])
    assert row is not None
    assert (row.backing, row.frozen) == (shared, False)


def test_caching_changes_on_a_running_machine_and_nothing_is_plugged(world: World, web1: ResourceId) -> None:
    before = drives(world, web1)

    change(world, wanting(world, web1, replace(HAD, caching=Caching.READ_ONLY)))

    (shown,) = objects_at(world.resource(web1).properties, "storageProfile", "dataDisks")
    assert shown["caching"] == "ReadOnly"
    assert drives(world, web1) == before


def test_a_disk_grows_with_its_machine_deallocated_and_only_then(world: World, web1: ResourceId) -> None:
    larger = wanting(world, web1, replace(HAD, size_gb=5))
    refused(world, lambda: virtual_machine.update(world.cloud, larger), 409, "OperationNotAllowed", "running VM")
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))

    change(world, replace(larger, os_disk=replace(larger.os_disk, size_gb=9)))

    sizes = {each.properties["diskSizeGB"] for each in disk.list(world.cloud, web1.group_id)}
    assert sizes == {5, 9}
    with world.records.read() as view:
        held = [view.held(each.id)["disk"] for each in disk.list(world.cloud, web1.group_id)]
    assert {world.disks.size_bytes(each) >> 30 for each in held} == sizes
    smaller = wanting(world, web1, replace(HAD, size_gb=4))
    refused(world, lambda: virtual_machine.update(world.cloud, smaller), 400, "InvalidParameter", "resized down")


def test_a_size_that_the_machine_still_shows_is_no_wish(world: World, web1: ResourceId) -> None:
    """The disk has grown by itself since: whoever puts back what GET showed means no change."""
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))
    (had,) = [each for each in disk.list(world.cloud, web1.group_id) if each.properties["diskSizeGB"] == 1]
    world.done(disk.patch(world.cloud, had.id, disk.DiskChange(size_gb=6)))

    change(world, wanting(world, web1, replace(HAD, size_gb=1)))

    assert world.resource(had.id).properties["diskSizeGB"] == 6


def test_the_sku_changes_while_the_machine_is_deallocated(world: World, web1: ResourceId) -> None:
    premium = wanting(world, web1, replace(HAD, sku=Sku.PREMIUM_LRS))
    refused(world, lambda: virtual_machine.update(world.cloud, premium), 409, "PropertyChangeNotAllowed")
    world.done(virtual_machine.act(world.cloud, web1, Act.DEALLOCATE))

    change(world, premium)

    (had,) = [each for each in disk.list(world.cloud, web1.group_id) if each.properties["diskSizeGB"] == 1]
    assert had.extra["sku"] == {"name": "Premium_LRS", "tier": "Premium"}


SPARE = DiskWish(0, CreateOption.ATTACH)


@pytest.mark.parametrize(
    ("wishes", "status", "code", "words"),
    [
        ((HAD, DiskWish(4, CreateOption.EMPTY, size_gb=1), DiskWish(4, CreateOption.EMPTY, size_gb=1)), 400,
         "InvalidParameter", "A disk at LUN 4 already exists"),
        ((replace(SPARE, lun=3),), 400, "InvalidParameter", "A disk at LUN 3 already exists"),
        ((HAD, *(DiskWish(lun, CreateOption.EMPTY, size_gb=1) for lun in (4, 5, 6, 7))), 409,
         "OperationNotAllowed", "is 4"),
        ((HAD, DiskWish(64, CreateOption.EMPTY, size_gb=1)), 400, "InvalidParameter", "0 to 63"),
        ((HAD, DiskWish(4, CreateOption.FROM_IMAGE)), 400, "InvalidParameter", "from an image"),
        ((HAD, DiskWish(4, CreateOption.EMPTY, size_gb=1, to_be_detached=True)), 400, "InvalidParameter", "LUN 4"),
        ((HAD, DiskWish(4, CreateOption.EMPTY)), 400, "InvalidParameter", "diskSizeGB"),
        ((HAD, SPARE, replace(SPARE, lun=1)), 409, "ConflictingUserInput", "already owned by VM 'web1'"),
        ((replace(HAD, create_option=CreateOption.COPY),), 409, "PropertyChangeNotAllowed", "createOption"),
        ((replace(HAD, name="other"),), 409, "PropertyChangeNotAllowed", "dataDisk.name"),
    ],
    ids=["one LUN twice", "LUN in use", "too many", "no LUN", "from image", "detach nothing", "no size", "disk twice",
         "other option", "other name"],
)  # fmt: skip
def test_a_mistake_gets_azures_answer(
    world: World, web1: ResourceId, wishes: tuple[DiskWish, ...], status: int, *, code: str, words: str
) -> None:
    spare = world.empty_disk("spare")
    meant = [replace(each, disk=spare) if each.create_option is CreateOption.ATTACH else each for each in wishes]
    wanted = wanting(world, web1, *meant)

    refused(world, lambda: virtual_machine.update(world.cloud, wanted), status, code, words)


def test_a_disk_of_another_machine_or_zone_is_refused(world: World, web1: ResourceId) -> None:
    other = world.running_machine("web2")
    (theirs, *_) = [each.id for each in disk.list(world.cloud, other.group_id) if each.extra["managedBy"] == str(other)]
    zonal = world.empty_disk("zonal")
    with world.records.write() as tx:
        record = tx.resource(zonal)
        assert record is not None
        tx.put(replace(record, extra={**record.extra, "zones": ["1"]}))

    owned = wanting(world, web1, HAD, existing(0, theirs))
    refused(world, lambda: virtual_machine.update(world.cloud, owned), 409, "ConflictingUserInput", "VM 'web2'")
    apart = wanting(world, web1, HAD, existing(0, zonal))
    refused(world, lambda: virtual_machine.update(world.cloud, apart), 400, "BadRequest", "zone")
    absent = wanting(world, web1, HAD, existing(0, world.id("disks", "nobodys")))
    refused(world, lambda: virtual_machine.update(world.cloud, absent), 404, "NotFound", "nobodys")


def test_a_generalized_machine_keeps_its_disks(world: World) -> None:
    id = world.generalized_machine("web2")

    refused(world, lambda: virtual_machine.update(world.cloud, wanting(world, id)), 409, "OperationNotAllowed")


def test_a_guest_that_does_not_let_go_keeps_its_disk(world: World, web1: ResourceId) -> None:
    spare, before = world.empty_disk("spare"), drives(world, web1)

    def stuck(vm_id: str, lun: int) -> None:
        raise ToolFailed(("qemu",), None, f"{vm_id} keeps {lun}")

    world.hypervisor.unplug = stuck  # type: ignore[method-assign]

    failed = world.ended(virtual_machine.update(world.cloud, wanting(world, web1, existing(0, spare))))

    code, words = failure(failed)
    assert (code, "did not let go" in words) == ("OperationNotAllowed", True)
    assert (luns(world, web1), drives(world, web1)) == ([3], before)
    assert state(world, spare) == ("Unattached", None)
    del world.hypervisor.unplug
    change(world, wanting(world, web1, existing(0, spare)))
    assert (luns(world, web1), world.state(web1)) == ([0], "Succeeded")


def test_a_new_disk_that_could_not_be_made_was_never_there(world: World, web1: ResourceId) -> None:
    before = {each.id.key for each in disk.list(world.cloud, web1.group_id)}
    world.disks.room = 0

    failed = world.ended(
        virtual_machine.update(world.cloud, wanting(world, web1, HAD, DiskWish(1, CreateOption.EMPTY, size_gb=2)))
    )

    assert failure(failed)[0] == "AllocationFailed"
    assert {each.id.key for each in disk.list(world.cloud, web1.group_id)} == before
    assert luns(world, web1) == [3]
    assert world.leftovers() == []


def test_the_hypervisor_is_asked_to_let_go_before_anything_is_plugged(world: World, web1: ResourceId) -> None:
    spare, order = world.empty_disk("spare"), list[str]()
    hypervisor = world.hypervisor
    plug, unplug = hypervisor.plug, hypervisor.unplug

    def plugged(vm_id: str, drive: Drive) -> None:
        order.append(f"plug {drive.lun}")
        plug(vm_id, drive)

    def unplugged(vm_id: str, lun: int) -> None:
        order.append(f"unplug {lun}")
        unplug(vm_id, lun)

    hypervisor.plug, hypervisor.unplug = plugged, unplugged  # type: ignore[method-assign]

    change(world, wanting(world, web1, existing(0, spare)))

    assert order == ["unplug 3", "plug 0"]


# --- what else a change may say --------------------------------------------------------------------------------------


def priced(world: World, id: ResourceId, priority: str, price: float) -> NewVirtualMachine:
    wanted = wanting(world, id, HAD)
    billing: Document = {"priority": priority, "billingProfile": {"maxPrice": price}}
    return replace(wanted, properties={**wanted.properties, **billing})


def test_a_price_changes_while_the_machine_is_deallocated_and_low_is_spot(world: World) -> None:
    """Source: recording net-vm-errors-PropertyChangeNotAllowed."""
    new = world.new_machine("web2")
    billing: Document = {"priority": "Low", "billingProfile": {"maxPrice": 1000.0}}
    world.done(virtual_machine.put(world.cloud, replace(new, properties={**new.properties, **billing})))

    dearer = priced(world, new.id, "Low", 1500.0)
    refusal = refused(world, lambda: virtual_machine.update(world.cloud, dearer), 409, "OperationNotAllowed")
    change(world, priced(world, new.id, "Spot", 1000.0))
    regular = priced(world, new.id, "Regular", 1000.0)
    refused(world, lambda: virtual_machine.update(world.cloud, regular), 409, "PropertyChangeNotAllowed", "'priority'")
    world.done(virtual_machine.act(world.cloud, new.id, Act.DEALLOCATE))
    change(world, dearer)

    assert [(each.code, each.target) for each in refusal.details] == [("OperationNotAllowed", "web2")]
    assert world.resource(new.id).properties["billingProfile"] == {"maxPrice": 1500.0}


def test_a_disk_with_a_signed_url_out_is_not_grown_through_its_machine(world: World) -> None:
    machine = world.running_machine("web1")
    world.done(virtual_machine.act(world.cloud, machine, Act.DEALLOCATE))
    access.begin(world.cloud, disk_of(world, machine, 3), Access.READ, 100)
    larger = wanting(world, machine, replace(HAD, size_gb=9))
    words = "Call EndGetAccess before resizing the disk."
    refused(world, lambda: virtual_machine.put(world.cloud, larger), 409, "OperationNotAllowed", words)


def test_while_disks_come_and_go_nobody_else_changes_them(world: World, web1: ResourceId) -> None:
    spare = world.empty_disk("spare")
    virtual_machine.update(world.cloud, wanting(world, web1, HAD, existing(0, spare)))

    refused(world, lambda: disk.patch(world.cloud, spare, DiskChange(tags={"a": "b"})), 409, "Conflict")
    world.drive()
    virtual_machine.update(world.cloud, wanting(world, web1, HAD))
    refused(world, lambda: disk.patch(world.cloud, spare, DiskChange(tags={"a": "b"})), 409, "Conflict")
    world.drive()

    assert state(world, spare) == ("Unattached", None)

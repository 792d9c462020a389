"""What is on a disk: looked at, remembered as long as it holds, shown with the machine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from calco.model.disk import CreateOption, NewDisk
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.inspection import Container, Verdict
from calco.model.vhd import FOOTER_BYTES
from calco.model.virtual_machine import Act
from calco.model.volume import GIB, MIB
from calco.work import (
    disk,
    inspection,
    instance_view,
    virtual_machine,
)
from tests.inspectors import FirstWord, looking, volume_of, write_word
from tests.work.looked_at import (
    OS,
    captured,
    deallocated,
    flagged,
    forget,
    generalized_with_blobs,
    known,
    zone_resilient,
)
from tests.work.looking import refused
from tests.work.sources import blob_at, disk_of, page_blob, snapshot_of
from tests.world import World

# --- looking ---------------------------------------------------------------------------------------------------------


def test_a_machine_its_disk_a_snapshot_and_an_image_are_looked_at_once_for_they_hold_one_volume(
    world: World, inspector: FirstWord
) -> None:
    id = flagged(world, "specialized")
    os_disk = disk_of(world, id)
    golden = world.captured_image("golden", id)
    snapshot = snapshot_of(world, os_disk, "snap")
    clone = disk.put(world.cloud, replace(an_empty_disk(world), create_option=CreateOption.FROM_IMAGE, image=golden))
    world.done(clone)

    reports = [
        inspection.look(world.cloud, each) for each in (id, os_disk, golden, snapshot, world.id("disks", "clone"))
    ]

    assert {each.verdict for each in reports} == {Verdict.SPECIALIZED}
    assert reports.count(reports[0]) == 5
    assert inspector.asked == [(4 * GIB, None)]


def an_empty_disk(world: World) -> NewDisk:
    return NewDisk(world.id("disks", "clone"), "eastus", None, CreateOption.EMPTY, None, None, None, None, {})


def test_of_a_vhd_only_what_the_guest_sees_is_looked_at_and_the_file_is_known(
    world: World, inspector: FirstWord
) -> None:
    uri = page_blob(world, "os.vhd")
    world.disks.write(blob_at(world, uri).volume, 0, b"generalized".ljust(512, b"\0"))

    assert inspection.look_at_blob(world.cloud, uri).verdict is Verdict.GENERALIZED

    assert inspector.asked == [(64 * MIB, Container("vpc", 64 * MIB + FOOTER_BYTES, is_fixed=True))]


@pytest.mark.parametrize("act", [Act.DEALLOCATE, Act.POWER_OFF])
def test_the_flag_and_the_verdict_are_two_things(world: World, inspector: FirstWord, act: Act) -> None:
    id = world.running_machine("web1")
    write_word(world, id, "specialized")
    world.done(virtual_machine.act(world.cloud, id, act))
    world.cloud = replace(world.cloud, rules=replace(world.cloud.rules, looks=False))  # so that each look is one

    before = inspection.look(world.cloud, id)
    forget(world, id)
    virtual_machine.act(world.cloud, id, Act.GENERALIZE)
    after = inspection.look(world.cloud, id)

    assert before == after
    assert len(inspector.asked) == 2


@pytest.mark.parametrize("what", ["machine", "disk"])
def test_what_a_running_machine_writes_is_not_looked_at(world: World, inspector: FirstWord, what: str) -> None:
    id = world.running_machine("web1")
    asked = id if what == "machine" else disk_of(world, id)

    refused(
        world, lambda: inspection.look(world.cloud, asked), 409, "OperationNotAllowed", "Deallocate the VM", "snapshot"
    )

    assert inspector.asked == []


def test_a_snapshot_of_a_running_machine_is(world: World, inspector: FirstWord) -> None:
    id = world.running_machine("web1")
    write_word(world, id, "specialized")
    snapshot = snapshot_of(world, disk_of(world, id), "snap")

    assert inspection.look(world.cloud, snapshot).verdict is Verdict.SPECIALIZED


def test_a_blob_that_a_running_machine_writes_is_not_looked_at(world: World, inspector: FirstWord) -> None:
    generalized_with_blobs(world, "specialized", until=Act.START)

    refused(world, lambda: inspection.look_at_blob(world.cloud, OS), 409, "OperationNotAllowed", "VM 'web1'")

    assert inspector.asked == []


def test_who_begins_to_write_is_not_kept_waiting_and_what_was_seen_is_thrown_away(
    world: World, inspector: FirstWord
) -> None:
    id = deallocated(world, "generalized")

    def start() -> None:
        world.done(virtual_machine.act(world.cloud, id, Act.START))
        write_word(world, id, "specialized")

    inspector.meanwhile = start
    with pytest.raises(ApiError) as refusal:
        inspection.look(world.cloud, id)

    assert (refusal.value.status, refusal.value.code) == (409, "OperationNotAllowed")
    assert "was written while it was being inspected" in refusal.value.message
    assert known(world, id) is None


def test_what_went_away_while_it_was_looked_at_is_a_conflict(world: World, inspector: FirstWord) -> None:
    id = world.empty_disk("one")
    inspector.meanwhile = lambda: world.done(disk.delete(world.cloud, id))

    with pytest.raises(ApiError) as refusal:
        inspection.look(world.cloud, id)

    assert (refusal.value.status, refusal.value.code) == (409, "Conflict")
    with world.records.read() as view:
        assert view.entries(inspection.KIND) == []


def test_any_copy_of_a_zone_resilient_image_will_do_while_one_is_there(world: World) -> None:
    wanted = zone_resilient(world, "specialized")
    captured(world, wanted)
    looking(world)
    for pool in ("eastus-1", "eastus-2"):
        world.disks.lose_pool(pool)
        assert inspection.look(world.cloud, wanted.id).verdict is Verdict.SPECIALIZED

    world.disks.lose_pool("eastus-3")

    with pytest.raises(ApiError) as refusal:
        inspection.look(world.cloud, wanted.id)
    assert refusal.value.status == 409
    assert "eastus-1" in refusal.value.message
    assert known(world, wanted.id) is None


def test_what_is_not_there_or_holds_nothing_says_so(world: World, inspector: FirstWord) -> None:
    def ask(id: ResourceId) -> Callable[[], object]:
        return lambda: inspection.look(world.cloud, id)

    world.disks.room = 0
    world.ended(disk.put(world.cloud, replace(an_empty_disk(world), size_gb=1)))

    refused(world, ask(world.id("disks", "none")), 404, "ResourceNotFound")
    refused(world, ask(world.id("disks", "clone")), 409, "OperationNotAllowed", "Disk 'clone'", "Failed")
    refused(world, lambda: inspection.look_at_blob(world.cloud, OS), 404, "BlobNotFound", "calco vhd check")
    assert inspector.asked == []


def test_a_blob_that_is_no_vhd_is_refused_in_azures_words(world: World, inspector: FirstWord) -> None:
    uri = page_blob(world, "bad.vhd", footer=b"x" * 512)

    refused(world, lambda: inspection.look_at_blob(world.cloud, uri), 400, "InvalidVhd")

    assert inspector.asked == []


# --- what is known ---------------------------------------------------------------------------------------------------


def test_a_look_holds_until_somebody_writes(world: World, inspector: FirstWord) -> None:
    id = deallocated(world, "generalized")
    inspection.look(world.cloud, id)
    assert known(world, id) is not None

    world.done(virtual_machine.act(world.cloud, id, Act.START))
    write_word(world, id, "specialized")
    world.done(virtual_machine.act(world.cloud, id, Act.DEALLOCATE))

    assert known(world, id) is None
    assert inspection.look(world.cloud, id).verdict is Verdict.SPECIALIZED
    assert len(inspector.asked) == 2


def test_a_look_outlives_the_service_but_not_its_version(world: World, inspector: FirstWord) -> None:
    id = deallocated(world, "generalized")
    report = inspection.look(world.cloud, id)
    world.restart()

    assert known(world, id) == report
    with world.records.write() as tx:
        (entry,) = tx.entries(inspection.KIND)
        tx.put_entry(replace(entry, document={**entry.document, "calco": "0.0.1"}))
    assert known(world, id) is None
    assert inspection.look(world.cloud, id) == report
    assert len(inspector.asked) == 2


def test_a_look_is_forgotten_with_its_volume(world: World, inspector: FirstWord) -> None:
    one, two = world.empty_disk("one"), world.empty_disk("two")
    for each in (one, two):
        inspection.look(world.cloud, each)

    world.done(disk.delete(world.cloud, one))

    with world.records.read() as view:
        assert len(view.entries(inspection.KIND)) == 1
    assert known(world, two) is not None


def test_a_report_that_is_too_long_is_told_and_not_kept(world: World, inspector: FirstWord) -> None:
    id = deallocated(world, "specialized")
    inspector.evidence = ("x" * inspection.KEPT_BYTES_MAX,)

    assert inspection.look(world.cloud, id).evidence == inspector.evidence

    assert known(world, id) is None


def test_a_look_that_was_stopped_is_told_and_not_kept(world: World, inspector: FirstWord) -> None:
    id = deallocated(world, "?")
    inspector.ended = False
    assert inspection.look(world.cloud, id).verdict is Verdict.UNKNOWN
    assert known(world, id) is None

    inspector.ended = True
    inspection.look(world.cloud, id)

    assert known(world, id) is not None
    assert len(inspector.asked) == 2


def test_a_report_that_cannot_be_read_any_more_is_none(world: World, inspector: FirstWord) -> None:
    id = deallocated(world, "specialized")
    inspection.look(world.cloud, id)
    with world.records.write() as tx:
        (entry,) = tx.entries(inspection.KIND)
        tx.put_entry(replace(entry, document={**entry.document, "report": {"verdict": "splendid"}}))

    assert known(world, id) is None
    inspection.look(world.cloud, id)
    assert known(world, id) is not None
    assert len(inspector.asked) == 2


# --- the instance view -----------------------------------------------------------------------------------------------


def statuses(world: World, id: ResourceId) -> list[tuple[str, str]]:
    return [(each.code, each.level) for each in instance_view.get(world.cloud, id)[1].statuses]


@pytest.mark.parametrize(("word", "level"), [("specialized", "Warning"), ("generalized", "Info"), ("?", "Warning")])
def test_the_last_status_says_what_was_found_and_the_others_stay_where_they_were(
    world: World, inspector: FirstWord, word: str, level: str
) -> None:
    id = deallocated(world, word)
    before = statuses(world, id)

    seen = world.clock.now()
    report = inspection.look(world.cloud, id)
    world.clock.move(timedelta(hours=1))

    assert statuses(world, id) == [*before, (f"Inspection/{report.verdict}", level)]
    last = instance_view.get(world.cloud, id)[1].statuses[-1]
    assert (last.message, last.time) == (report.evidence[0].rstrip("."), seen)


def test_of_a_machine_that_runs_or_was_written_since_no_status_tells(world: World, inspector: FirstWord) -> None:
    id = deallocated(world, "generalized")
    before = statuses(world, id)
    inspection.look(world.cloud, id)

    world.done(virtual_machine.act(world.cloud, id, Act.START))
    assert not any(code.startswith("Inspection/") for code, _ in statuses(world, id))
    world.disks.guest_writes(volume_of(world, id), 4096, b"x" * 4096)
    world.done(virtual_machine.act(world.cloud, id, Act.DEALLOCATE))

    assert statuses(world, id) == before

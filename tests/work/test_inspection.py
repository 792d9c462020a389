"""What is on a disk: looked at, remembered as long as it holds, told to whoever captures it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from calco.model.disk import CreateOption, NewDisk
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.image import NewImage, OsState
from calco.model.inspection import Container, Report, Verdict
from calco.model.operation import Cause, Operation, Status
from calco.model.principal import Caller
from calco.model.vhd import FOOTER_BYTES
from calco.model.virtual_machine import Act, DiskWish
from calco.model.volume import GIB, MIB, VolumeId
from calco.ports import DiskStore
from calco.work import (
    activity,
    disk,
    image,
    inspection,
    instance_view,
    machine_capture,
    virtual_machine,
)
from calco.work.capture_verdict import warning_of
from calco.work.machine_capture import CaptureWish
from tests.inspectors import FirstWord, looking, volume_of, write_word
from tests.work.hosts import OneHost, far_blob
from tests.work.looking import failure, refused
from tests.work.sources import ACCOUNT, blob_at, disk_of, from_disk, image_of, page_blob, snapshot_of, with_account
from tests.world import World

OS = f"https://{ACCOUNT}.blob.core.windows.net/vhds/os.vhd"


@pytest.fixture
def inspector(world: World) -> FirstWord:
    return looking(world)


def deallocated(world: World, word: str, name: str = "web1") -> ResourceId:
    """A machine that is off, and what its disk says."""
    id = world.running_machine(name)
    world.done(virtual_machine.act(world.cloud, id, Act.DEALLOCATE))
    write_word(world, id, word)
    return id


def flagged(world: World, word: str, name: str = "web1") -> ResourceId:
    id = deallocated(world, word, name)
    virtual_machine.act(world.cloud, id, Act.GENERALIZE)
    return id


def captured(world: World, wanted: NewImage) -> Operation:
    return world.done(image.put(world.cloud, wanted))


def known(world: World, id: ResourceId) -> Report | None:
    with world.records.read() as view:
        return inspection.known(world.cloud, view, id)


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


def forget(world: World, id: ResourceId) -> None:
    """Everything that is known of its volume."""
    with world.records.write() as tx:
        for each in tx.entries(inspection.KIND):
            tx.delete_entry(each.id)
    assert known(world, id) is None


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


# --- generalize ------------------------------------------------------------------------------------------------------


def test_generalizing_looks_so_that_the_capture_knows(world: World, inspector: FirstWord) -> None:
    id = flagged(world, "specialized")
    assert len(inspector.asked) == 1

    operation = captured(world, world.new_image("golden", id))

    assert len(inspector.asked) == 1
    warning = warning_of(operation) or ""
    assert warning.startswith("The OS disk is not generalized, whatever its flag says: an SSH host key is there.")
    assert "waagent -deprovision+user" in warning
    assert warning.endswith("calco image check golden -g lab")
    assert steps(world, operation) == ["freeze and publish done", "lock files started", "lock files done"]


def test_a_warning_names_what_is_left_by_its_codes_and_shows_nothing_of_it(world: World, inspector: FirstWord) -> None:
    id = flagged(world, "specialized")
    report = known(world, id)
    assert report is not None
    (key,) = report.findings

    warning = warning_of(captured(world, world.new_image("golden", id))) or ""

    assert "on every machine made of it: linux.ssh-host-keys." in warning
    assert key.found == "/etc/ssh/ssh_host_rsa_key"
    assert key.found not in warning


def steps(world: World, operation: Operation) -> list[str]:
    with world.records.read() as view:
        return [f"{name} {event}" for name, event in view.steps(operation.id)]


def test_a_look_that_fails_is_no_matter_of_the_flag(world: World, inspector: FirstWord) -> None:
    def burst() -> None:
        raise OSError("no process can be started")

    inspector.meanwhile = burst
    id = flagged(world, "generalized")

    assert len(inspector.asked) == 1
    assert world.resource(id).internal["condition"] == "generalized, deallocated"
    assert world.unfinished() == []


def test_where_nobody_is_to_look_unasked_nobody_does(world: World, inspector: FirstWord) -> None:
    world.cloud = replace(world.cloud, rules=replace(world.cloud.rules, looks=False))

    operation = captured(world, world.new_image("golden", flagged(world, "specialized")))

    assert inspector.asked == []
    assert warning_of(operation) is None


# --- capturing -------------------------------------------------------------------------------------------------------


def of_machine(world: World, word: str) -> NewImage:
    wanted = world.new_image("golden", flagged(world, word))
    forget(world, wanted.source or wanted.id)
    return wanted


def of_disk(world: World, word: str) -> NewImage:
    return image_of(world, "golden", from_disk(disk_of(world, deallocated(world, word))))


def of_snapshot(world: World, word: str) -> NewImage:
    id = world.running_machine("web1")
    write_word(world, id, word)
    return image_of(world, "golden", from_disk(snapshot_of(world, disk_of(world, id), "snap")))


def of_blob(world: World, word: str) -> NewImage:
    uri = page_blob(world, "os.vhd")
    write_word(world, blob_at(world, uri).id, word)
    return image_of(world, "golden", from_disk(uri))


def of_far_blob(world: World, word: str) -> NewImage:
    host = OneHost()
    world.cloud = replace(world.cloud, remote_blobs=host)
    return image_of(world, "golden", from_disk(far_blob(world, host, "far.vhd")))


def zone_resilient(world: World, word: str) -> NewImage:
    return replace(of_machine(world, word), zone_resilient=True)


SOURCES = (of_machine, of_disk, of_snapshot, of_blob, zone_resilient)
every_source = pytest.mark.parametrize("source", SOURCES)
Source = Callable[[World, str], NewImage]


@every_source
@pytest.mark.parametrize("word", ["specialized", "generalized", "?"])
def test_what_nobody_looked_at_is_looked_at_when_the_image_is_there(
    world: World, inspector: FirstWord, source: Source, word: str
) -> None:
    wanted = source(world, word)
    inspector.asked.clear()
    published: list[object] = []
    inspector.meanwhile = lambda: published.append(world.state(wanted.id))

    operation = captured(world, wanted)

    assert published == ["Succeeded"]
    assert steps(world, operation)[-1] == "look at disk done"
    beginnings = {
        "specialized": "The OS disk is not generalized",
        "?": "It is not known whether the OS disk is generalized: There is no system.",
    }
    if word == "generalized":
        assert warning_of(operation) is None
    else:
        assert (warning_of(operation) or "").startswith(beginnings[word])
    assert inspection.look(world.cloud, wanted.id).verdict == ("unknown" if word == "?" else word)
    assert len(inspector.asked) == 1


def test_a_blob_of_another_host_is_looked_at_when_it_is_here(world: World, inspector: FirstWord) -> None:
    operation = captured(world, of_far_blob(world, ""))

    assert len(inspector.asked) == 1
    assert "not known" in (warning_of(operation) or "")


@every_source
def test_what_is_known_warns_from_the_start_and_costs_no_step(
    world: World, inspector: FirstWord, source: Source
) -> None:
    wanted = source(world, "specialized")
    inspection.look(world.cloud, source_of(world, wanted))
    inspector.asked.clear()

    accepted = image.put(world.cloud, wanted)

    assert accepted.operation is not None
    assert "not generalized" in (warning_of(accepted.operation) or "")
    operation = world.done(accepted)
    assert "look at disk done" not in steps(world, operation)
    assert "not generalized" in (warning_of(operation) or "")
    assert inspector.asked == []


def source_of(world: World, wanted: NewImage) -> ResourceId:
    if wanted.source is not None:
        return wanted.source
    origin = wanted.disks[0].origin
    return origin.resource or blob_at(world, origin.uri or "").id


@pytest.mark.parametrize("require", [False, True])
def test_of_a_specialized_disk_that_says_so_nothing_is_said(world: World, require: bool) -> None:
    inspector = looking(world, require=require)
    wanted = replace(of_disk(world, "specialized"), os_state=OsState.SPECIALIZED)

    operation = captured(world, wanted)

    assert warning_of(operation) is None
    assert inspector.asked == []


@every_source
def test_a_look_that_fails_neither_undoes_nor_fails_the_capture(
    world: World, inspector: FirstWord, source: Source
) -> None:
    wanted = source(world, "generalized")

    def burst() -> None:
        raise OSError("no process can be started")

    inspector.meanwhile = burst
    operation = captured(world, wanted)

    assert world.state(wanted.id) == "Succeeded"
    assert (warning_of(operation) or "").startswith("Whether the OS disk is generalized is not known")


def test_a_capture_that_fails_warns_of_nothing_in_the_log(world: World, inspector: FirstWord) -> None:
    world.cloud = replace(world.cloud, cause=Cause(Caller("a", "b", "c"), "Microsoft.Compute/images/write"))
    wanted = of_blob(world, "specialized")
    uri = wanted.disks[0].origin.uri or ""
    inspection.look_at_blob(world.cloud, uri)
    volume = blob_at(world, uri).volume
    accepted = image.put(world.cloud, wanted)
    world.disks.write(volume, 64 * MIB, b"x" * 512)  # its footer, after the request was accepted

    assert world.ended(accepted).status is Status.FAILED
    assert [each.warning for each in lines(world)] == [None, None]


def lines(world: World) -> list[activity.Line]:
    now = world.clock.now()
    found = activity.list(world.cloud, now - timedelta(days=1), now + timedelta(days=1))
    return [each for each in found if each.operation is not None]


def test_the_log_says_what_a_capture_warned_of(world: World, inspector: FirstWord) -> None:
    wanted = world.new_image("golden", flagged(world, "specialized"))
    world.cloud = replace(world.cloud, cause=Cause(Caller("a", "b", "c"), "Microsoft.Compute/images/write"))

    operation = captured(world, wanted)

    ended, started = lines(world)
    assert (ended.outcome, ended.warning) == (activity.Outcome.SUCCEEDED, warning_of(operation))
    assert ended.warning is not None
    assert (started.outcome, started.warning) == (activity.Outcome.STARTED, None)


# --- required --------------------------------------------------------------------------------------------------------


@every_source
@pytest.mark.parametrize(("word", "why"), [("specialized", "an SSH host key is there"), ("?", "There is no system")])
def test_where_a_generalized_disk_is_required_nothing_is_made_of_another(
    world: World, source: Source, word: str, why: str
) -> None:
    looking(world)
    wanted = source(world, word)
    inspector = looking(world, require=True)

    words = (why, "capture.require_generalized", "--capture-require-generalized off")
    refused(world, lambda: image.put(world.cloud, wanted), 409, "OperationNotAllowed", *words)

    assert world.find(wanted.id) is None
    assert len(inspector.asked) == 1


@every_source
def test_a_generalized_one_is_captured_then(world: World, source: Source) -> None:
    looking(world)
    wanted = source(world, "generalized")
    inspector = looking(world, require=True)

    operation = captured(world, wanted)

    assert warning_of(operation) is None
    assert len(inspector.asked) == 1
    image.put(world.cloud, replace(wanted, tags={"a": "b"}))  # what is captured already may be tagged


def test_a_blob_of_another_host_is_refused_then_for_nobody_can_look_first(world: World) -> None:
    inspector = looking(world, require=True)
    wanted = of_far_blob(world, "")

    refused(world, lambda: image.put(world.cloud, wanted), 409, "OperationNotAllowed", "Copy it into a disk")

    assert inspector.asked == []


class WrittenAfterALook:
    """A store in front of which somebody waits for the second stamp, with which a look ends, and then writes."""

    def __init__(self, world: World) -> None:
        self._store = world.disks
        self._stamps = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def stamp(self, volume: VolumeId) -> str:
        found = self._store.stamp(volume)
        self._stamps += 1
        if self._stamps == 2:
            self._store.write(volume, 4096, b"x" * 512)
        return found


def test_what_is_written_between_the_look_and_the_capture_is_refused(world: World) -> None:
    inspector = looking(world, require=True)
    wanted = of_blob(world, "generalized")
    world.cloud = replace(world.cloud, disks=cast("DiskStore", WrittenAfterALook(world)))

    refused(world, lambda: image.put(world.cloud, wanted), 409, "OperationNotAllowed", "before it is captured")

    assert world.find(wanted.id) is None
    assert len(inspector.asked) == 1


@pytest.mark.parametrize("zones", [False, True])
def test_a_blob_that_is_written_before_it_is_locked_fails_the_capture_then(world: World, zones: bool) -> None:
    looking(world, require=True)
    wanted = replace(of_blob(world, "generalized"), zone_resilient=zones)
    accepted = image.put(world.cloud, wanted)

    write_word(world, source_of(world, wanted), "specialized")
    code, message = failure(world.ended(accepted))

    assert code == "OperationNotAllowed"
    assert "written after it was inspected" in message
    assert world.state(wanted.id) == "Failed"
    world.disks.write(volume_of(world, source_of(world, wanted)), 0, b"x" * 512)  # it is not locked


def test_azures_own_refusals_come_first(world: World) -> None:
    inspector = looking(world, require=True)
    wanted = world.new_image("golden", deallocated(world, "specialized"))

    refused(world, lambda: image.put(world.cloud, wanted), 409, "OperationNotAllowed", "to be Generalized")

    assert inspector.asked == []


# --- machines with blobs ---------------------------------------------------------------------------------------------


def generalized_with_blobs(world: World, word: str, *, until: Act = Act.GENERALIZE) -> CaptureWish:
    with_account(world)
    wanted = replace(
        world.new_machine("web1"),
        os_disk=DiskWish(None, CreateOption.FROM_IMAGE, name="os", vhd=OS),
        data_disks=(),
    )
    world.done(virtual_machine.put(world.cloud, wanted))
    if until is not Act.START:
        world.done(virtual_machine.act(world.cloud, wanted.id, Act.DEALLOCATE))
        write_word(world, blob_at(world, OS).id, word)
        virtual_machine.act(world.cloud, wanted.id, Act.GENERALIZE)
    return CaptureWish(wanted.id, "web", "images", "2017-03-30")


def test_the_capture_of_blobs_warns_too(world: World, inspector: FirstWord) -> None:
    wish = generalized_with_blobs(world, "specialized")

    known_before = world.done(machine_capture.capture(world.cloud, wish))
    forget(world, wish.machine)
    found_out = world.done(machine_capture.capture(world.cloud, replace(wish, prefix="other")))

    assert (warning_of(known_before) or "").endswith("calco vm check web1 -g lab")
    assert warning_of(found_out) == warning_of(known_before)
    assert machine_capture.output_of(found_out) is not None
    assert [steps(world, each)[-1] for each in (known_before, found_out)] == ["publish done", "look at disk done"]
    assert len(inspector.asked) == 2


def test_the_capture_of_blobs_is_refused_where_a_generalized_disk_is_required(world: World) -> None:
    looking(world)
    wish = generalized_with_blobs(world, "specialized")
    looking(world, require=True)

    words = "an SSH host key is there"
    refused(world, lambda: machine_capture.capture(world.cloud, wish), 409, "OperationNotAllowed", words)


def test_blobs_that_are_written_before_they_are_locked_are_not_captured_then(world: World) -> None:
    looking(world, require=True)
    wish = generalized_with_blobs(world, "generalized")
    accepted = machine_capture.capture(world.cloud, wish)

    write_word(world, blob_at(world, OS).id, "specialized")

    assert "written after it was inspected" in failure(world.ended(accepted))[1]


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

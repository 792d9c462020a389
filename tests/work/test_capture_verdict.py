"""What a capture says of the disk it captures: told, looked at behind it, or required before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from calco.model.ids import ResourceId
from calco.model.image import NewImage, OsState
from calco.model.operation import Cause, Operation, Status
from calco.model.principal import Caller
from calco.model.volume import MIB, VolumeId
from calco.ports import DiskStore
from calco.work import (
    activity,
    image,
    inspection,
    machine_capture,
)
from calco.work.capture_verdict import warning_of
from tests.inspectors import FirstWord, looking, volume_of, write_word
from tests.work.looked_at import (
    OS,
    captured,
    deallocated,
    flagged,
    forget,
    generalized_with_blobs,
    known,
    of_blob,
    of_disk,
    of_far_blob,
    of_machine,
    of_snapshot,
    zone_resilient,
)
from tests.work.looking import failure, refused
from tests.work.sources import blob_at
from tests.world import World

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

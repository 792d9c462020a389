"""What the records keep, on a file and in memory alike."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from calco.model.ids import ResourceId
from calco.model.operation import Claim, Failure, Family, NewOperation, Operation, OperationEnd, Status, StepEvent
from calco.model.volume import GIB, Volume
from calco.ports import Records, Resource, Writer
from calco.storage.migrations import open_records
from calco.storage.records import BrokenRule, SqlRecords

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GROUP = ResourceId("s", "Rg")
BASE, COPY = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "12")
DONE = OperationEnd(Status.SUCCEEDED, NOW)


@pytest.fixture(params=["file", "memory"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlRecords]:
    made = open_records(tmp_path) if request.param == "file" else SqlRecords.in_memory()
    yield made
    made.close()


@pytest.fixture
def on_file(tmp_path: Path) -> Iterator[SqlRecords]:
    made = open_records(tmp_path)
    yield made
    made.close()


def disk(name: str, group: ResourceId = GROUP) -> ResourceId:
    return group.sibling("Microsoft.Compute", "disks", name)


def a(id: ResourceId, word: str = "") -> Resource:
    return Resource(id, "westeurope", {"word": word})


def put(records: Records, *ids: ResourceId) -> None:
    with records.write() as change:
        for id in ids:
            change.put(a(id))


def new_operation(id: str, *claims: Claim, subject: ResourceId = GROUP) -> NewOperation:
    return NewOperation(id, "disk.create", {"size": 1}, subject, Family.DISK, "westeurope", NOW, claims)


def accept(records: Records, id: str, *claims: Claim) -> Operation:
    with records.write() as change:
        return change.accept(new_operation(id, *claims))


def write_a_note_and(records: Records, act: Callable[[Writer], object]) -> None:
    with records.write() as change:
        change.put_note("written", "yes")
        act(change)


def names(resources: list[Resource]) -> list[str]:
    return [each.id.name for each in resources]


# --- resources -------------------------------------------------------------------------------------------------------


def test_a_resource_comes_back_whole(records: Records) -> None:
    whole = Resource(
        id=disk("d"),
        location="westeurope",
        properties={"deep": {"list": [1, 2.5, None, True, "ñ €"]}, "big": 2**53 + 1},
        tags={"Env": "test"},
        internal={"volume": BASE},
        extra={"sku": {"name": "Premium_LRS"}, "zones": ["1"]},
    )
    with records.write() as change:
        change.put(whole)
        seen_inside = change.resource(disk("D"))

    with records.read() as view:
        assert view.resource(disk("d")) == whole == seen_inside
        assert view.resource(disk("other")) is None


@pytest.mark.parametrize("tags", [None, {}, {"a": ""}])
def test_no_tags_are_not_empty_tags(records: Records, tags: dict[str, str] | None) -> None:
    with records.write() as change:
        change.put(Resource(disk("d"), "westeurope", {}, tags))

    with records.read() as view:
        found = view.resource(disk("d"))
    assert found is not None
    assert found.tags == tags


def test_ids_are_found_in_any_case_and_keep_their_first(records: Records) -> None:
    put(records, disk("First"), disk("second"))
    with records.write() as change:
        change.put(a(disk("FIRST", ResourceId("S", "RG")), "replaced"))

    with records.read() as view:
        found = view.resource(disk("first"))
        assert found is not None
        assert (str(found.id), found.properties) == (str(disk("First")), {"word": "replaced"})
        assert names(view.resources("microsoft.compute/DISKS")) == ["First", "second"]


def test_what_is_made_again_after_its_end_is_new(records: Records) -> None:
    put(records, disk("One"), disk("two"))
    with records.write() as change:
        change.delete(disk("ONE"))
        change.delete(disk("never was"))
    put(records, disk("ONE"))

    with records.read() as view:
        assert names(view.resources("Microsoft.Compute/disks")) == ["two", "ONE"]


def test_lists_are_by_type_group_and_parent(records: Records) -> None:
    other, similar = ResourceId("s", "other"), ResourceId("s", "Rg2")
    net = GROUP.sibling("Microsoft.Network", "virtualNetworks", "net")
    subnet = net.child("subnets", "front")
    net2 = GROUP.sibling("Microsoft.Network", "virtualNetworks", "net2")
    put(records, GROUP, other, similar, disk("b"), disk("a"), net2, net, subnet, net2.child("subnets", "x"))
    put(records, disk("elsewhere", other), disk("near", similar))

    with records.read() as view:
        assert names(view.resources("Microsoft.Resources/resourceGroups")) == ["Rg", "other", "Rg2"]
        assert names(view.resources("Microsoft.Compute/disks")) == ["b", "a", "elsewhere", "near"]
        assert names(view.resources("Microsoft.Compute/disks", group=ResourceId("S", "rg"))) == ["b", "a"]
        assert names(view.resources("Microsoft.Network/virtualNetworks/subnets")) == ["front", "x"]
        assert names(view.in_group(ResourceId("S", "RG"))) == ["b", "a", "net2", "net", "front", "x"]
        assert names(view.children(net)) == ["front"]
        assert names(view.children(GROUP)) == names(view.in_group(GROUP))
        assert view.children(subnet) == []


def test_percent_and_underscore_in_a_name_stand_for_themselves(records: Records) -> None:
    odd = GROUP.sibling("Microsoft.Network", "virtualNetworks", "%_")
    plain = GROUP.sibling("Microsoft.Network", "virtualNetworks", "ab")
    put(records, odd, plain, plain.child("subnets", "x"))

    with records.read() as view:
        assert view.children(odd) == []


# --- volumes ---------------------------------------------------------------------------------------------------------


def test_a_volume_is_used_by_its_holders_and_by_what_lies_over_it(records: Records) -> None:
    put(records, disk("Held"))
    with records.write() as change:
        change.put_volume(Volume(COPY, GIB, backing=BASE))  # before its base: only the commit counts
        change.put_volume(Volume(BASE, GIB, frozen=True))
        change.hold(disk("held"), "disk", COPY)

    with records.read() as view:
        assert view.volumes() == [Volume(COPY, GIB, backing=BASE), Volume(BASE, GIB, frozen=True)]
        assert view.volume(BASE) == Volume(BASE, GIB, frozen=True)
        assert view.held(disk("HELD")) == {"disk": COPY}
        assert view.holders(COPY) == [(disk("Held"), "disk")]
        assert view.holders(BASE) == []
        assert (view.is_used(COPY), view.is_used(BASE), view.is_used("unknown")) == (True, True, False)


def test_deleting_a_resource_forgets_what_it_held(records: Records) -> None:
    put(records, disk("a"), disk("b"))
    with records.write() as change:
        change.put_volume(Volume(BASE, GIB))
        for holder in ("a", "b"):
            change.hold(disk(holder), "os", BASE)
        change.delete(disk("A"))

    with records.read() as view:
        assert view.holders(BASE) == [(disk("b"), "os")]


def test_a_slot_holds_one_volume_and_slots_are_released_one_or_all(records: Records) -> None:
    put(records, disk("a"))
    with records.write() as change:
        for volume in (BASE, COPY):
            change.put_volume(Volume(volume, GIB))
        change.hold(disk("a"), "os", BASE)
        change.hold(disk("A"), "os", COPY)
        change.hold(disk("a"), "0", BASE)
        replaced = change.held(disk("a"))
        change.release(disk("A"), "os")
        change.release(disk("a"), "os")
        one_left = change.held(disk("a"))
        change.release(disk("a"))

    assert replaced == {"os": COPY, "0": BASE}
    assert one_left == {"0": BASE}
    with records.read() as view:
        assert not view.is_used(BASE)


def test_a_volume_is_replaced_in_place_and_forgotten(records: Records) -> None:
    with records.write() as change:
        change.put_volume(Volume(BASE, GIB))
        change.put_volume(Volume(COPY, GIB))
        change.put_volume(Volume(BASE, 2 * GIB, frozen=True))
        change.delete_volume(COPY)
        change.delete_volume(COPY)

    with records.read() as view:
        assert view.volumes() == [Volume(BASE, 2 * GIB, frozen=True)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda change: change.hold(disk("a"), "0", "nothing"),
        lambda change: change.hold(disk("nobody"), "os", BASE),
        lambda change: change.delete_volume(BASE),
        lambda change: change.delete_volume(COPY),
    ],
    ids=["hold of nothing", "hold by nobody", "backing gone", "held volume gone"],
)
def test_no_write_may_leave_a_reference_to_nothing(records: Records, wrong: Callable[[Writer], object]) -> None:
    put(records, disk("a"))
    with records.write() as change:
        change.put_volume(Volume(BASE, GIB, frozen=True))
        change.put_volume(Volume(COPY, GIB, backing=BASE))
        change.hold(disk("a"), "os", COPY)

    with pytest.raises(BrokenRule):
        write_a_note_and(records, wrong)

    with records.read() as view:
        assert view.note("written") is None
        assert view.held(disk("a")) == {"os": COPY}
        assert len(view.volumes()) == 2


# --- operations ------------------------------------------------------------------------------------------------------


def test_an_operation_comes_back_whole(records: Records) -> None:
    failure = Failure("OperationNotAllowed", "Not now.", "disk")
    accepted = accept(records, "op-1", Claim(disk("a")))
    with records.write() as change:
        change.progress("op-1", {"at": 3})
        running = change.operation("op-1")
        change.end("op-1", OperationEnd(Status.FAILED, NOW, failure, {"some": "output"}))

    assert accepted == Operation(
        "op-1", accepted.sequence, "disk.create", {"size": 1}, GROUP, Family.DISK, "westeurope", NOW
    )
    assert running is not None
    assert (running.progress, running.status, running.end) == ({"at": 3}, Status.IN_PROGRESS, None)
    with records.read() as view:
        ended = view.operation("op-1")
        assert view.operation("op-2") is None
    assert ended is not None
    assert (ended.status, ended.progress) == (Status.FAILED, {"at": 3})
    assert ended.end == OperationEnd(Status.FAILED, NOW, failure, {"some": "output"})


def test_operations_are_numbered_as_they_are_accepted(records: Records) -> None:
    accepted = [accept(records, id) for id in ("c", "a", "b")]
    with records.write() as change:
        change.end("a", DONE)

    assert [each.sequence for each in accepted] == sorted({each.sequence for each in accepted})
    with records.read() as view:
        assert [each.id for each in view.unfinished()] == ["c", "b"]


def test_claims_last_until_the_end(records: Records) -> None:
    accept(records, "late", Claim(disk("other")))
    accept(records, "first", Claim(disk("A"), sole=False), Claim(disk("b")))
    accept(records, "second", Claim(disk("a")), Claim(disk("A"), sole=False))
    with records.read() as view:
        before = view.claims(disk("a"))
        alone = view.is_claimed_alone(disk("A")), view.is_claimed_alone(disk("b")), view.is_claimed_alone(disk("c"))
    with records.write() as change:
        change.end("second", DONE)

    assert before == ["first", "second"]
    assert alone == (True, True, False)
    with records.read() as view:
        assert view.claims(disk("a")) == ["first"]
        assert not view.is_claimed_alone(disk("a"))
        assert view.claims(disk("c")) == []


def test_an_end_is_final(records: Records) -> None:
    accept(records, "op")
    with records.write() as change:
        change.end("op", DONE)
        change.end("op", OperationEnd(Status.FAILED, NOW + timedelta(days=1)))

    with records.read() as view:
        ended = view.operation("op")
    assert ended is not None
    assert ended.end == DONE


def test_the_log_only_grows_and_keeps_its_order(records: Records) -> None:
    accept(records, "op")
    accept(records, "other")
    said = [("make", StepEvent.STARTED), ("make", StepEvent.STARTED), ("make", StepEvent.DONE), ("a", StepEvent.FAILED)]
    for step, event in said:
        with records.write() as change:
            change.log("op", step, event)
            change.log("other", step, StepEvent.UNDONE)
    with records.write() as change:
        change.end("op", DONE)

    with records.read() as view:
        assert view.steps("op") == said
        assert view.steps("unknown") == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda change: change.accept(new_operation("op")),
        lambda change: change.log("unknown", "step", StepEvent.DONE),
        lambda change: change.progress("unknown", {}),
        lambda change: change.end("unknown", DONE),
        lambda change: change.take_place("boots", "unknown", 9),
        lambda change: change.take_place("boots", "ended", 9),
    ],
    ids=["id taken", "log of none", "progress of none", "end of none", "place for none", "place for the ended"],
)
def test_what_contradicts_the_records_is_refused_whole(records: Records, wrong: Callable[[Writer], object]) -> None:
    accept(records, "op")
    accept(records, "ended")
    with records.write() as change:
        change.end("ended", DONE)

    with pytest.raises(BrokenRule):
        write_a_note_and(records, wrong)

    with records.read() as view:
        assert view.note("written") is None
        assert [each.id for each in view.unfinished()] == ["op"]


def test_places_go_by_acceptance_and_not_by_arrival(records: Records) -> None:
    for id in ("a", "b", "c"):
        accept(records, id)
    with records.write() as change:
        arrivals = [change.take_place("boots", id, 2) for id in ("c", "b", "a")]
        again = [change.take_place("boots", id, 2) for id in ("a", "b", "c")]
        elsewhere = change.take_place("copies", "c", 1)
        change.leave_place("boots", "a")
        change.leave_place("boots", "a")
        after_one_left = [change.take_place("boots", id, 2) for id in ("b", "c")]
        change.end("b", DONE)
        after_one_ended = change.take_place("boots", "c", 1)

    assert arrivals == [True, True, True]  # c and b were the first two when they asked
    assert again == [True, True, False]
    assert elsewhere
    assert after_one_left == [True, True]
    assert after_one_ended


def test_no_place_is_free_in_a_queue_of_none(records: Records) -> None:
    accept(records, "a")
    with records.write() as change:
        assert not change.take_place("boots", "a", 0)


def test_old_operations_are_forgotten_and_running_ones_never(records: SqlRecords) -> None:
    for number in range(600):
        with records.write() as change:
            change.accept(new_operation(f"old-{number}"))
            change.log(f"old-{number}", "step", StepEvent.DONE)
            change.end(f"old-{number}", OperationEnd(Status.SUCCEEDED, NOW - timedelta(days=8)))
    accept(records, "running")
    last = accept(records, "young")
    with records.write() as change:
        # Half an hour after the limit, though west of it the clocks show an earlier time.
        west = timezone(timedelta(hours=-5))
        just_after = (NOW - timedelta(days=7) + timedelta(minutes=30)).astimezone(west)
        change.end("young", OperationEnd(Status.SUCCEEDED, just_after))

    dropped = records.forget_operations(NOW - timedelta(days=7))

    assert dropped == 600
    with records.read() as view:
        assert view.operation("old-0") is None
        assert view.steps("old-0") == []
        assert view.operation("young") is not None
        assert [each.id for each in view.unfinished()] == ["running"]
    assert records.forget_operations(NOW + timedelta(days=1)) == 1
    assert accept(records, "next").sequence > last.sequence


def test_a_time_without_a_zone_is_refused(records: Records) -> None:
    accept(records, "op")
    with pytest.raises(ValueError, match="zone"), records.write() as change:
        change.end("op", OperationEnd(Status.SUCCEEDED, NOW.replace(tzinfo=None)))


# --- notes and transactions ------------------------------------------------------------------------------------------


def test_notes_are_replaced_and_removed(records: Records) -> None:
    with records.write() as change:
        change.put_note("a", "1")
        change.put_note("a", "2")
        change.put_note("b", "3")
        change.put_note("b", None)
        change.put_note("c", None)

    with records.read() as view:
        assert (view.note("a"), view.note("b"), view.note("c")) == ("2", None, None)


class Crash(BaseException):
    """No handler runs."""


@pytest.mark.parametrize("ending", [ValueError, Crash])
def test_a_write_that_does_not_end_well_changes_nothing(records: Records, ending: type[BaseException]) -> None:
    put(records, disk("a"))
    with suppress(ending), records.write() as change:
        change.put(a(disk("b")))
        change.delete(disk("a"))
        change.accept(new_operation("op"))
        raise ending

    with records.read() as view:
        assert names(view.resources("Microsoft.Compute/disks")) == ["a"]
        assert view.unfinished() == []
    put(records, disk("c"))


def test_a_thread_inside_a_write_asks_the_writer(records: Records) -> None:
    with records.write():
        with pytest.raises(RuntimeError, match="writer"), records.write():
            pass
        with pytest.raises(RuntimeError, match="writer"), records.read():
            pass
    with records.read(), records.write() as change:
        change.put_note("a", "1")


def test_a_reader_sees_one_moment_and_waits_for_nobody(on_file: SqlRecords) -> None:
    put(on_file, disk("a"))
    with ThreadPoolExecutor(1) as elsewhere, on_file.write() as change:
        change.put(a(disk("b")))

        def look() -> list[str]:
            with on_file.read() as view:
                return names(view.resources("Microsoft.Compute/disks"))

        during = elsewhere.submit(look).result(timeout=60)
    with ThreadPoolExecutor(1) as elsewhere, on_file.read() as view:
        before = names(view.resources("Microsoft.Compute/disks"))
        elsewhere.submit(put, on_file, disk("c")).result(timeout=60)
        after = names(view.resources("Microsoft.Compute/disks"))

    assert during == ["a"]
    assert before == after == ["a", "b"]


def test_a_hundred_writers_and_readers_meet_no_lock(records: Records) -> None:
    start = threading.Barrier(100)

    def one(number: int) -> int:
        start.wait(timeout=30)
        operation = accept(records, f"op-{number}", Claim(disk(str(number))))
        with records.read() as view:
            assert view.operation(operation.id) == operation
        with records.write() as change:
            change.put(a(disk(str(number))))
            change.log(operation.id, "put", StepEvent.DONE)
            change.end(operation.id, DONE)
        return operation.sequence

    with ThreadPoolExecutor(100) as pool:
        sequences = list(pool.map(one, range(100)))

    assert len(set(sequences)) == 100
    with records.read() as view:
        assert len(view.resources("Microsoft.Compute/disks")) == 100
        assert view.unfinished() == []


def test_resources_are_counted_by_place_and_by_what_their_properties_say(records: Records) -> None:
    with records.write() as change:
        for name, place, size in (
            ("a", "eastus", "S1"),
            ("b", "eastus", "S1"),
            ("c", "westus", "S1"),
            ("d", "eastus", "S2"),
        ):
            change.put(Resource(disk(name), place, {"profile": {"size": size}}))
        change.put(Resource(disk("e"), "eastus", {"profile": {"size": 3}}))
        change.put(Resource(disk("f"), "eastus", {"profile": "S1"}))
        change.put(Resource(GROUP.sibling("Microsoft.Compute", "images", "a"), "eastus", {"profile": {"size": "S1"}}))
        found = change.tally("microsoft.compute/DISKS", "profile", "size")

    counted = {("eastus", "S1"): 2, ("westus", "S1"): 1, ("eastus", "S2"): 1}
    assert {each: many for each, many in found.items() if each[1] != "3"} == counted
    with records.read() as view:
        assert view.tally("Microsoft.Compute/disks", "profile", "nothing") == {}

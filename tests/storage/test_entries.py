"""What the records keep beside resources, and who asked for what: on a file and in memory alike."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.ids import ResourceId
from calco.model.operation import NOBODY, Cause, Failure, Family, NewOperation, OperationEnd, Status
from calco.model.principal import Caller, PrincipalType
from calco.model.volume import Volume, volume_scope
from calco.ports import Entry, Event, Records, Resource
from calco.storage.migrations import open_records
from calco.storage.records import SqlRecords

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GROUP = ResourceId("s", "Rg")
DISK = GROUP.sibling("Microsoft.Compute", "disks", "web")
ROLES = "Microsoft.Authorization/roleAssignments"
ANA = Caller("object-of-ana", "client-of-az", "tenant", "ana@lab", PrincipalType.USER)
ROBOT = Caller("object-of-robot", "client-of-robot", "tenant")
CAUSE = Cause(ANA, "Microsoft.Compute/disks/write", "chain-1")


@pytest.fixture(params=["file", "memory"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlRecords]:
    made = open_records(tmp_path) if request.param == "file" else SqlRecords.in_memory()
    yield made
    made.close()


def role(name: str, scope: object, *, subject: str = "", word: str = "") -> Entry:
    return Entry(f"{scope}/providers/{ROLES}/{name}", ROLES, str(scope), {"word": word}, subject)


def lock(name: str, scope: object) -> Entry:
    kind = "Microsoft.Authorization/locks"
    return Entry(f"{scope}/providers/{kind}/{name}", kind, str(scope), {"level": "ReadOnly"})


def keep(records: Records, *some: Entry) -> None:
    with records.write() as change:
        for each in some:
            change.put_entry(each)


def names(found: list[Entry]) -> list[str]:
    return [each.id.rpartition("/")[2] for each in found]


# --- entries ---------------------------------------------------------------------------------------------------------


def test_an_entry_comes_back_by_its_id_in_any_case(records: Records) -> None:
    kept = Entry("/calco/users/Ana", "calco/Users", str(GROUP), {"deep": [1, {"ñ": None}]}, "object-of-ana")
    keep(records, kept)

    with records.read() as view:
        found = view.entry("/CALCO/Users/aNA")
        assert view.entry("/calco/users/an") is None
    # Kind and scope are for looking things up: they come back in lower case.
    assert found == replace(kept, kind="calco/users", scope=GROUP.key)


def test_a_replaced_entry_keeps_its_place_and_its_first_casing(records: Records) -> None:
    first, second = role("First", GROUP, subject="a"), role("second", GROUP)
    keep(records, first, second)
    keep(records, Entry(first.id.upper(), ROLES, str(GROUP), {"word": "new"}, "b"))

    with records.read() as view:
        found = view.entries(ROLES)
        assert view.entries(ROLES, subject="a") == []
    assert [each.id for each in found] == [first.id, second.id]
    assert (found[0].document, found[0].subject) == ({"word": "new"}, "b")


def test_entries_are_found_by_kind_in_any_case_and_by_their_exact_subject(records: Records) -> None:
    keep(records, role("one", GROUP, subject="ana"), lock("x", GROUP), role("two", DISK, subject="bob"))
    keep(records, role("three", DISK, subject="ana"), role("four", DISK, subject="ANA"))

    with records.read() as view:
        assert names(view.entries(ROLES.upper())) == ["one", "two", "three", "four"]
        assert names(view.entries(ROLES, subject="ana")) == ["one", "three"]
        assert view.entries("Microsoft.Authorization/role") == []


def test_entries_hang_on_a_scope_or_below_it_and_similar_names_are_others(records: Records) -> None:
    subscription = "/subscriptions/s"
    keep(records, role("all", subscription), role("group", GROUP), lock("disk", DISK))
    keep(records, role("other", f"{GROUP}2"), role("odd", f"{GROUP}.a"), role("nothing", ""))

    with records.read() as view:
        assert names(view.entries_on(str(GROUP).upper())) == ["group"]
        assert names(view.entries_below(str(GROUP).upper())) == ["disk"]
        assert names(view.entries_below(subscription)) == ["group", "disk", "other", "odd"]
        assert names(view.entries_on("")) == ["nothing"]


def test_what_is_deleted_takes_its_entries_with_it_and_no_others(records: Records) -> None:
    similar = GROUP.sibling("Microsoft.Compute", "disks", "web2")
    nested = DISK.child("parts", "p")
    keep(
        records, lock("mine", str(DISK).upper()), role("below", nested), lock("group", GROUP), lock("similar", similar)
    )
    with records.write() as change:
        change.put(Resource(DISK, "eastus", {}))
        change.delete(DISK)

    with records.read() as view:
        assert names(view.entries_below("/subscriptions/s")) == ["group", "similar"]


def test_a_volume_takes_what_is_known_of_it_with_it(records: Records) -> None:
    one, two = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "12")
    for each in (one, two):
        with records.write() as change:
            change.put_volume(Volume(each, 4096))
        keep(records, Entry(f"/seen/{each}", "seen", volume_scope(each), {}))

    with records.write() as change:
        change.delete_volume(one)

    with records.read() as view:
        assert names(view.entries("seen")) == [two]


def test_an_entry_is_forgotten_in_any_case_and_absent_is_fine(records: Records) -> None:
    keep(records, role("one", GROUP), role("two", GROUP))
    with records.write() as change:
        change.delete_entry(role("ONE", GROUP).id.upper())
        change.delete_entry("/never/was")

    with records.read() as view:
        assert names(view.entries(ROLES)) == ["two"]


def test_a_write_that_is_given_up_leaves_no_entry_and_no_event(records: Records) -> None:
    def give_up() -> None:
        with records.write() as change:
            change.put_entry(role("one", GROUP))
            change.tell(Event(NOW, str(GROUP), CAUSE, 200))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        give_up()

    with records.read() as view:
        assert view.entries(ROLES) == []
        assert view.events_between(NOW, NOW + timedelta(days=1)) == []


@pytest.mark.slow
@given(st.lists(st.text(st.sampled_from("aB/0.-%_"), min_size=1, max_size=4), unique_by=str.lower), st.data())
def test_below_means_behind_a_slash_whatever_the_names(tails: list[str], data: st.DataObject) -> None:
    scope = data.draw(st.sampled_from(["/s", "/s/a", "/S/b"]))
    records = SqlRecords.in_memory()
    keep(records, *(Entry(f"e{number}", "kind", f"/s{tail}", {}) for number, tail in enumerate(tails)))

    with records.read() as view:
        found = {each.scope.lower() for each in view.entries_below(scope)}
    assert found == {f"/s{tail}".lower() for tail in tails if f"/s{tail}".lower().startswith(f"{scope.lower()}/")}
    records.close()


# --- events ----------------------------------------------------------------------------------------------------------


def event(minutes: float, failure: Failure | None = None, cause: Cause = CAUSE) -> Event:
    return Event(NOW + timedelta(minutes=minutes), str(DISK), cause, 409 if failure else 200, failure)


def tell(records: Records, *some: Event) -> None:
    with records.write() as change:
        for each in some:
            change.tell(each)


def test_events_come_back_whole_newest_first_within_their_time(records: Records) -> None:
    refused = event(2, Failure("ScopeLocked", "No ñ.", "lock"), Cause(ROBOT, "a/b/delete", "chain-2", "parent"))
    tell(records, event(0), event(1), refused, event(3))

    with records.read() as view:
        assert view.events_between(NOW + timedelta(minutes=1), NOW + timedelta(minutes=3)) == [refused, event(1)]
        assert view.events_between(NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == []


def test_time_is_compared_across_zones(records: Records) -> None:
    tell(records, event(0))
    elsewhere = timezone(timedelta(hours=-8))

    with records.read() as view:
        around = (NOW - timedelta(minutes=1)).astimezone(elsewhere), (NOW + timedelta(minutes=1)).astimezone(elsewhere)
        assert view.events_between(*around) == [event(0)]


# --- who asked for which operation -----------------------------------------------------------------------------------


def accept(records: Records, id: str, minutes: float = 0, cause: Cause = CAUSE) -> None:
    new = NewOperation(
        id, "disk.create", {}, DISK, Family.DISK, "eastus", NOW + timedelta(minutes=minutes), cause=cause
    )
    with records.write() as change:
        change.accept(new)


@pytest.mark.parametrize(
    "cause",
    [NOBODY, CAUSE, Cause(ROBOT, "Microsoft.Compute/images/delete", "chain", "parent")],
    ids=["nobody", "a user", "a robot on behalf of an operation"],
)
def test_an_operation_remembers_who_asked_for_it(records: Records, cause: Cause) -> None:
    accept(records, "op", cause=cause)

    with records.read() as view:
        found = view.operation("op")
    assert found is not None
    assert found.cause == cause


def test_operations_asked_for_by_another_are_found_by_it_whether_they_run_or_not(records: Records) -> None:
    accept(records, "parent")
    for id in ("second", "first"):
        accept(records, id, cause=Cause(ANA, "a/b/write", "chain", "parent"))
    accept(records, "of another", cause=Cause(ANA, "a/b/write", "chain", "other"))
    with records.write() as change:
        change.end("second", OperationEnd(Status.SUCCEEDED, NOW))

    with records.read() as view:
        assert [each.id for each in view.asked_by("parent")] == ["second", "first"]
        assert view.asked_by("PARENT") == []


def test_the_operations_of_a_time_are_those_somebody_asked_for_newest_first(records: Records) -> None:
    for minutes, id in enumerate(["early", "one", "two", "late"]):
        accept(records, id, minutes)
    accept(records, "our own", 1, cause=NOBODY)

    with records.read() as view:
        found = view.operations_between(NOW + timedelta(minutes=1), NOW + timedelta(minutes=3))
    assert [each.id for each in found] == ["two", "one"]


def test_an_operation_is_of_the_time_it_ended_in_as_well(records: Records) -> None:
    for id in ("ended early", "ended within", "ended late", "runs"):
        accept(records, id)
    with records.write() as change:
        for minutes, id in ((1, "ended early"), (5, "ended within"), (9, "ended late")):
            change.end(id, OperationEnd(Status.SUCCEEDED, NOW + timedelta(minutes=minutes)))

    with records.read() as view:
        found = view.operations_between(NOW + timedelta(minutes=5), NOW + timedelta(minutes=9))
    assert [each.id for each in found] == ["ended within"]

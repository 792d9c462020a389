"""Any sequence of writes, whole or given up, leaves the records as it leaves plain dictionaries."""

import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calco.model.document import Document, Json
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family, NewOperation, OperationEnd, Status, StepEvent
from calco.model.volume import MIB, REGIONAL, Format, Volume
from calco.ports import Resource, Writer
from calco.storage.records import SqlRecords

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GROUPS = [ResourceId("s", "a"), ResourceId("S", "A"), ResourceId("s", "ab")]
DISKS = [
    group.sibling("Microsoft.Compute", type, name) for group in GROUPS for type in ("disks", "DISKS") for name in "xY"
]
NESTED = [disk.child("parts", "p") for disk in DISKS]
IDS = GROUPS + DISKS + NESTED
VOLUMES = ["v1", "v2", "v3"]
OPERATIONS = ["o1", "o2", "o3", "o4"]

ids = st.sampled_from(IDS)
volume_ids = st.sampled_from(VOLUMES)
json: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
documents: st.SearchStrategy[Document] = st.dictionaries(st.text(), json, max_size=3)


@dataclass
class Running:
    sequence: int
    claims: set[str]
    log: list[tuple[str, StepEvent]] = field(default_factory=list)
    has_ended: bool = False


@dataclass
class Model:
    resources: dict[str, Resource] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    holds: dict[tuple[str, str], str] = field(default_factory=dict)
    operations: dict[str, Running] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)

    def is_used(self, volume: str) -> bool:
        return volume in self.holds.values() or any(each.backing == volume for each in self.volumes.values())


class Records(RuleBasedStateMachine):
    """Each rule changes the open write and the model; ``commit`` and ``give_up`` end the write."""

    @initialize()
    def begin_with_nothing(self) -> None:
        self.records = SqlRecords.in_memory()
        self.model = Model()
        self.open()

    def open(self) -> None:
        self.before = copy.deepcopy(self.model)
        self.block = self.records.write()
        self.change: Writer = self.block.__enter__()

    @rule()
    def commit(self) -> None:
        self.block.__exit__(None, None, None)
        self.open()

    @rule()
    def give_up(self) -> None:
        assert not self.block.__exit__(InterruptedError, InterruptedError(), None)
        self.model = self.before
        self.open()

    @rule(id=ids, properties=documents, tags=st.none() | st.dictionaries(st.text(), st.text(), max_size=2))
    def put(self, id: ResourceId, properties: Document, tags: dict[str, str] | None) -> None:
        resource = Resource(id, "here", properties, tags, {"i": properties}, {"e": 1})
        self.change.put(resource)
        known = self.model.resources.get(id.key)
        self.model.resources[id.key] = replace(resource, id=known.id if known else id)

    @rule(id=ids)
    def delete(self, id: ResourceId) -> None:
        self.change.delete(id)
        self.model.resources.pop(id.key, None)
        self.model.holds = {place: volume for place, volume in self.model.holds.items() if place[0] != id.key}

    @rule(
        id=volume_ids,
        size=st.integers(1, 2**40),
        backing=st.none() | volume_ids,
        frozen=st.booleans(),
        kept=st.tuples(st.sampled_from(Format), st.sampled_from([REGIONAL, "eastus-1"])),
    )
    def put_volume(self, id: str, size: int, backing: str | None, frozen: bool, kept: tuple[Format, str]) -> None:
        if backing is not None and (backing == id or backing not in self.model.volumes):
            backing = None
        volume = Volume(id, size * MIB, backing, frozen, *kept)
        self.change.put_volume(volume)
        self.model.volumes[id] = volume

    @rule(id=volume_ids)
    def delete_volume(self, id: str) -> None:
        if not self.model.is_used(id):
            self.change.delete_volume(id)
            self.model.volumes.pop(id, None)

    @precondition(lambda self: self.model.resources and self.model.volumes)
    @rule(data=st.data(), slot=st.sampled_from(["os", "0"]))
    def hold(self, data: st.DataObject, slot: str) -> None:
        holder = data.draw(st.sampled_from(sorted(self.model.resources)))
        volume = data.draw(st.sampled_from(sorted(self.model.volumes)))
        self.change.hold(self.model.resources[holder].id, slot, volume)
        self.model.holds[holder, slot] = volume

    @rule(id=ids, slot=st.none() | st.sampled_from(["os", "0"]))
    def release(self, id: ResourceId, slot: str | None) -> None:
        self.change.release(id, slot)
        kept = {place: volume for place, volume in self.model.holds.items() if place[0] != id.key}
        other = {place: volume for place, volume in self.model.holds.items() if slot is not None and place[1] != slot}
        self.model.holds = kept | other

    @rule(id=st.sampled_from(OPERATIONS), claims=st.lists(ids, max_size=3))
    def accept(self, id: str, claims: list[ResourceId]) -> None:
        if id in self.model.operations:
            return
        claimed = tuple(Claim(each) for each in claims)
        new = NewOperation(id, "plan", {}, GROUPS[0], Family.COMPUTE, "here", NOW, claimed)
        accepted = self.change.accept(new)
        assert all(accepted.sequence > each.sequence for each in self.model.operations.values())
        self.model.operations[id] = Running(accepted.sequence, {each.key for each in claims})

    @precondition(lambda self: self.model.operations)
    @rule(data=st.data(), event=st.sampled_from(StepEvent))
    def log(self, data: st.DataObject, event: StepEvent) -> None:
        id = data.draw(st.sampled_from(sorted(self.model.operations)))
        self.change.log(id, "step", event)
        self.model.operations[id].log.append(("step", event))

    @precondition(lambda self: self.model.operations)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.model.operations)))
        self.change.end(id, OperationEnd(Status.SUCCEEDED, NOW))
        self.model.operations[id].has_ended = True
        self.model.places.discard(id)

    @precondition(lambda self: any(not each.has_ended for each in self.model.operations.values()))
    @rule(data=st.data(), limit=st.integers(0, 3))
    def take_place(self, data: st.DataObject, limit: int) -> None:
        running = sorted(id for id, each in self.model.operations.items() if not each.has_ended)
        id = data.draw(st.sampled_from(running))
        self.model.places.add(id)
        in_order = sorted(self.model.places, key=lambda each: self.model.operations[each].sequence)
        assert self.change.take_place("queue", id, limit) == (id in in_order[:limit])

    @rule(id=st.sampled_from(OPERATIONS))
    def leave_place(self, id: str) -> None:
        self.change.leave_place("queue", id)
        self.model.places.discard(id)

    @invariant()
    def resources_agree(self) -> None:
        wanted = list(self.model.resources.values())
        for kind in ("Microsoft.Resources/resourceGroups", "Microsoft.Compute/disks", "Microsoft.Compute/disks/parts"):
            assert self.change.resources(kind) == [each for each in wanted if each.id.kind == kind.lower()]
        for group in GROUPS:
            inside = [each for each in wanted if each.id.group_id.key == group.key and each.id.types]
            assert self.change.in_group(group) == inside
            disks = [each for each in inside if each.id.kind == "microsoft.compute/disks"]
            assert self.change.resources("Microsoft.Compute/disks", group=group) == disks
        for disk in DISKS:
            assert self.change.resource(disk) == self.model.resources.get(disk.key)
            below = [each for each in wanted if each.id.key.startswith(f"{disk.key}/")]
            assert self.change.children(disk) == below

    @invariant()
    def volumes_agree(self) -> None:
        assert self.change.volumes() == list(self.model.volumes.values())
        for volume in VOLUMES:
            assert self.change.is_used(volume) == self.model.is_used(volume)
            holders = {(id.key, slot) for id, slot in self.change.holders(volume)}
            assert holders == {place for place, held in self.model.holds.items() if held == volume}
        for id in IDS:
            held = {slot: volume for (holder, slot), volume in self.model.holds.items() if holder == id.key}
            assert self.change.held(id) == held

    @invariant()
    def operations_agree(self) -> None:
        running = [id for id, each in self.model.operations.items() if not each.has_ended]
        assert [each.id for each in self.change.unfinished()] == running
        for id, each in self.model.operations.items():
            assert self.change.steps(id) == each.log
        for disk in DISKS:
            claimed = [each for each in running if disk.key in self.model.operations[each].claims]
            assert self.change.claims(disk) == claimed
            assert self.change.is_claimed_alone(disk) == bool(claimed)

    def teardown(self) -> None:
        if hasattr(self, "block"):
            self.block.__exit__(None, None, None)
            self.records.close()


TestRecords = pytest.mark.slow(Records.TestCase)
TestRecords.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

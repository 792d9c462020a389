"""Lines of deployments and boots as a state machine: whatever is accepted, looks, ends or is killed, in any order."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calco.model.ids import ResourceId
from calco.model.operation import Family, NewOperation, OperationEnd, Status, StepEvent
from calco.model.virtual_machine import Condition
from calco.operations.plan import Job
from calco.ports import Resource
from calco.work import deployments, power_up
from tests.world import GROUP, LOCATION, World


class Lines(RuleBasedStateMachine):
    """``wanting`` are accepted operations by number, and the image of each; the others are subsets of it."""

    limit = 2
    boots = 3
    images: tuple[str | None, ...] = (None, "a", "b")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        world = World(Path(self.folder.name))
        self.cloud = replace(
            world.cloud, rules=replace(world.rules, deployments_at_once=self.limit, boots_at_once=self.boots)
        )
        self.wanting: dict[int, str | None] = {}
        self.granted: set[int] = set()
        self.on: list[int] = []
        """Those that were switched on, in order."""
        self.count = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    def job(self, number: int) -> Job[power_up.PowerOn]:
        image = self.wanting[number]
        id = None if image is None else str(GROUP.sibling("Microsoft.Compute", "images", image))
        return Job(str(number), power_up.PowerOn(str(self.machine(number)), (), Condition.DEALLOCATED, id),
                   self.cloud.clock.now(), number)  # fmt: skip

    def machine(self, number: int) -> ResourceId:
        return GROUP.sibling("Microsoft.Compute", "virtualMachines", f"web{number}")

    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self.images))
        self.count += 1
        self.wanting[self.count] = image
        job = self.job(self.count)
        with self.cloud.records.write() as tx:
            tx.put(Resource(self.machine(self.count), LOCATION, {}))
            params = {"image": job.params.image}
            id = ResourceId.parse(job.params.machine)
            new = NewOperation(job.id, "", {**params}, id, Family.COMPUTE, LOCATION, job.started_at)
            power_up.in_line(self.cloud, tx, tx.accept(new), job.params.image)

    @precondition(lambda self: self.wanting)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        self.look_at(data.draw(st.sampled_from(sorted(self.wanting))))

    def look_at(self, number: int) -> bool:
        """Go on as far as it goes, as the plan does; whether it got anywhere."""
        job = self.job(number)
        if number in self.on:
            return False
        if number not in self.granted:
            with self.cloud.records.write() as tx:
                if power_up.await_turn(self.cloud, tx, job) or power_up.take_place_in_turn(self.cloud, tx, job):
                    return False
                tx.log(job.id, deployments.POWER_ON, StepEvent.STARTED)
        self.granted.add(number)
        with self.cloud.records.read() as view:
            if deployments.wait_to_start(view, job, job.params.image):
                return False
        deployments.starts_now(self.cloud, job.id, job.params.image)
        self.on.append(number)
        return True

    @precondition(lambda self: self.wanting)
    @rule(data=st.data(), fails=st.booleans())
    def end(self, data: st.DataObject, fails: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.wanting)))
        with self.cloud.records.write() as tx:
            if fails:
                power_up.leave_place(self.cloud, tx, self.job(number))
                power_up.leave_turn(self.cloud, tx, self.job(number))
            tx.end(str(number), OperationEnd(Status.SUCCEEDED, self.cloud.clock.now()))
        del self.wanting[number]
        self.granted.discard(number)

    @rule()
    def kill(self) -> None:
        """What was told to be switched on and is not known to be is looked at again, in order."""
        with self.cloud.records.read() as view:
            deployments.stand_again(self.cloud, view.unfinished())
        self.on = [each for each in self.on if each not in self.wanting]

    @invariant()
    def never_too_many(self) -> None:
        assert len(self.granted) <= self.boots
        for image in filter(None, self.images):
            assert sum(self.wanting[each] == image for each in self.granted) <= self.limit

    @invariant()
    def switched_on_in_order(self) -> None:
        for image in filter(None, self.images):
            mine = [each for each in self.on if self.wanting.get(each) == image]
            assert mine == sorted(mine)

    @rule()
    def all_that_may_do(self) -> None:
        """Nobody waits for a place that is free: as many boot as the two limits let, whatever the order of looking."""
        while sum(self.look_at(each) for each in sorted(self.wanting, reverse=True)):
            pass
        may = sum(
            count if image is None else min(count, self.limit)
            for image in self.images
            if (count := list(self.wanting.values()).count(image))
        )
        assert len([each for each in self.on if each in self.wanting]) == min(self.boots, may)


class FewBoots(Lines):
    """Fewer boots than one image may have deployments: they must not wait for each other."""

    limit = 2
    boots = 1
    images = ("a",)


BRIEF = settings(max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestLines, TestFewBoots = (pytest.mark.slow(each.TestCase) for each in (Lines, FewBoots))
TestLines.settings = TestFewBoots.settings = BRIEF

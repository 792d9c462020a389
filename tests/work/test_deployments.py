"""The document's limit: twenty deployments of one image at once, the others in the order they came. Whatever the order
in which threads look, wherever the service is killed, however a deployment ends."""

import random
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calco.assembly import rules_of
from calco.model.errors import ApiError
from calco.model.guest import Health
from calco.model.ids import ResourceId
from calco.model.operation import OperationEnd, Status, StepEvent
from calco.model.virtual_machine import Act, NewVirtualMachine
from calco.operations.engine import Engine
from calco.settings import Settings
from calco.work import instance_view, operation, plans, reconcile, virtual_machine
from tests.crash.fuse import Broken, Fuse, with_fuse
from tests.work.holding import RULES, Running, golden_without_data, on_files
from tests.work.looking import failure
from tests.world import SUBSCRIPTION, World

pytestmark = pytest.mark.slow

LIMIT = 20
"""The document's, which is what is promised whatever the rules say."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, RULES).with_network()


def clones(world: World, golden: ResourceId, count: int, prefix: str = "web") -> list[NewVirtualMachine]:
    return [world.clone(f"{prefix}{number}", golden) for number in range(count)]


def release_all(running: Running, count: int, choose: random.Random) -> None:
    """Let go one after another, looking after each that its place is taken as long as anyone wants it."""
    for done in range(1, count + 1):
        name = choose.choice(sorted(running.held.inside))
        running.held.release(name)
        running.held.wait(lambda done=done: len(running.held.started) == min(count, LIMIT + done))  # type: ignore[misc]


def test_of_two_hundred_at_once_exactly_twenty_boot_in_the_order_they_were_accepted(world: World) -> None:
    golden = golden_without_data(world)
    wanted = clones(world, golden, 200)

    with Running(world) as running:
        accepted = running.put_at_once(wanted)
        running.held.wait(lambda: len(running.held.inside) == LIMIT)
        release_all(running, 200, random.Random(3))  # noqa: S311 - repeatable is the point
        running.wait_for_ends(200)

    assert running.held.most == LIMIT
    assert running.held.started == accepted
    assert sorted(accepted) == sorted(each.id.name for each in wanted)
    assert {world.state(each.id) for each in wanted} == {"Succeeded"}
    assert world.leftovers() == []


def test_a_hypervisor_that_is_slow_to_switch_on_has_twenty_to_do_at_once(world: World) -> None:
    golden = golden_without_data(world)
    wanted = clones(world, golden, 30)

    with Running(world, workers=LIMIT + 12) as running:
        running.held.blocks = True
        accepted = running.put_at_once(wanted)
        running.held.wait(lambda: running.held.booting == LIMIT)
        release_all(running, 30, random.Random(5))  # noqa: S311 - repeatable is the point
        running.wait_for_ends(30)

    assert running.held.most == LIMIT
    assert running.held.started == accepted


def test_two_turns_that_come_free_at_once_do_not_wait_for_each_other(world: World) -> None:
    """With one boot at a time, whoever looks first must not take the place that the one before it waits for."""
    wanted = waiting_world(world, 2, 4, boots_at_once=1)
    first, second, third, fourth = (virtual_machine.put(world.cloud, each).operation for each in wanted)
    assert first
    assert second
    assert third
    assert fourth
    engine = Engine(world.cloud, world.records, plans.BOOK, world.clock)
    world.guest = lambda _: None
    for each in (first, second):
        engine.advance(each.id)
    with world.records.write() as tx:
        for each in (first, second):
            tx.end(each.id, OperationEnd(Status.FAILED, world.clock.now()))

    for each in (fourth, third, fourth):
        engine.advance(each.id)

    on = [each.internal.get("poweredOnAt") is not None for each in map(world.resource, (w.id for w in wanted[2:]))]
    assert on == [True, False]


def test_killed_at_twenty_running_and_180_waiting_all_succeed_once(tmp_path: Path) -> None:
    count = 200
    world = on_files(tmp_path).with_network()
    golden_without_data(world)
    world.records.close()
    argv = [sys.executable, "-m", "tests.work.holding", str(tmp_path), str(count)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"held\n"
        finally:
            child.kill()

    world = on_files(tmp_path)
    reconcile.reconcile(world.cloud, start_again=False)
    running = Running(world)
    accepted = running.accepted()
    assert len(accepted) == count
    booting = [each for each in accepted if world.hypervisor.state(vm_id(world, each)).value == "running"]
    assert booting == accepted[:LIMIT]
    for each in booting:
        running.held.inside[each] = vm_id(world, each)
    running.held.started += booting
    with running:
        release_all(running, count, random.Random(4))  # noqa: S311 - repeatable is the point
        running.wait_for_ends(count)

    assert running.held.most <= LIMIT
    assert running.held.started == accepted
    with world.records.read() as view:
        ends = [view.operation(each) for each in running.ended]
    assert {each.status for each in ends if each} == {Status.SUCCEEDED}
    assert len({each.subject.key for each in ends if each}) == count
    assert world.leftovers() == []
    world.records.close()


def vm_id(world: World, name: str) -> str:
    return str(world.resource(world.id("virtualMachines", name)).internal["vmId"])


def test_another_image_and_a_platform_image_deploy_at_once_meanwhile(world: World) -> None:
    golden = golden_without_data(world)
    other = world.captured_image("other", world.generalized_machine("another"))
    crowd = clones(world, golden, LIMIT + 5)
    mine, theirs = world.clone("other1", other), world.new_machine("debian1")
    cloud_rules = replace(RULES, boots_at_once=LIMIT + 2)
    world.cloud = replace(world.cloud, rules=cloud_rules)

    with Running(world) as running:
        running.put_at_once(crowd)
        running.held.wait(lambda: len(running.held.inside) == LIMIT)
        for each in (mine, theirs):
            virtual_machine.put(running.cloud, each)
        running.held.wait(lambda: {"other1", "debian1"} <= running.held.inside.keys())

        running.held.release("other1")
        running.held.release("debian1")
        running.wait_for_ends(2)
        assert len(running.held.started) == LIMIT + 2, "a place of the first image was given away"
        for _ in crowd:
            running.held.wait(lambda: bool(running.held.inside))
            running.held.release(next(iter(running.held.inside)))
        running.wait_for_ends(LIMIT + 7)

    assert {world.state(each.id) for each in (*crowd, mine, theirs)} == {"Succeeded"}


def test_few_boots_at_once_neither_break_the_order_nor_stop_it(world: World) -> None:
    golden = golden_without_data(world)
    world.cloud = replace(world.cloud, rules=replace(RULES, boots_at_once=2, deployments_at_once=3))
    wanted = clones(world, golden, 12)

    with Running(world) as running:
        accepted = running.put_at_once(wanted)
        for done in range(12):
            running.held.wait(lambda done=done: len(running.held.started) == min(12, done + 2))  # type: ignore[misc]
            running.held.release(next(iter(running.held.inside)))
        running.wait_for_ends(12)

    assert running.held.started == accepted
    assert running.held.most == 2


def waiting_world(world: World, limit: int, count: int, **rules: object) -> list[NewVirtualMachine]:
    """``count`` deployments, of which ``limit`` have begun."""
    golden = golden_without_data(world)
    world.cloud = replace(world.cloud, rules=replace(RULES, deployments_at_once=limit, **rules))  # type: ignore[arg-type]
    return clones(world, golden, count)


def test_who_waits_says_at_which_place(world: World) -> None:
    wanted = waiting_world(world, 1, 4)
    world.guest = lambda _: None
    accepted = [virtual_machine.put(world.cloud, each) for each in wanted]

    said = [operation.waits(world.cloud, each.operation) for each in accepted if each.operation]

    assert said[0] is None
    assert [each[:50] for each in said if each] == [
        f"Waiting for its turn: place {place} of 3. Image 'golden'"[:50] for place in (1, 2, 3)
    ]
    _, seen = instance_view.get(world.cloud, wanted[2].id)
    assert seen.statuses[0].message == said[2]
    _, first = instance_view.get(world.cloud, wanted[0].id)
    assert first.statuses[0].message is None


def test_a_deployment_that_fails_frees_its_place(world: World) -> None:
    wanted = waiting_world(world, 1, 3)
    with Running(world) as running:
        accepted = running.put_at_once(wanted)
        for number, each in enumerate(accepted, start=1):
            running.held.wait(lambda number=number: len(running.held.started) == number)  # type: ignore[misc]
            running.held.release(each, Health.NOT_READY)
        running.wait_for_ends(3)

    assert running.held.started == accepted
    assert {world.state(each.id) for each in wanted} == {"Failed"}


def test_one_that_cannot_even_be_switched_on_holds_nobody_up(world: World) -> None:
    wanted = waiting_world(world, 2, 5)
    world.disks.room = 2

    with Running(world) as running:
        for each in wanted:
            virtual_machine.put(running.cloud, each)
        for _ in range(2):
            running.held.wait(lambda: bool(running.held.inside))
            running.held.release(next(iter(running.held.inside)))
        running.wait_for_ends(5)

    assert sorted(str(world.state(each.id)) for each in wanted) == ["Failed"] * 3 + ["Succeeded"] * 2
    assert world.leftovers() == []


def test_one_that_failed_and_is_not_yet_taken_back_holds_nobody_up(world: World) -> None:
    """Its volumes cannot be removed just now; others are switched on meanwhile."""
    wanted = waiting_world(world, 2, 2)
    world.guest = lambda _: None
    first, second = (virtual_machine.put(world.cloud, each).operation for each in wanted)
    assert first
    assert second
    broken = with_fuse(world, Fuse(1, Broken, True), records=False)
    Engine(broken, world.records, plans.BOOK, world.clock).advance(first.id)
    with world.records.read() as view:
        assert StepEvent.FAILED in [event for _, event in view.steps(first.id)]
    assert world.operation(first.id).end is None

    Engine(world.cloud, world.records, plans.BOOK, world.clock).advance(second.id)

    on = [each.internal.get("poweredOnAt") is not None for each in (world.resource(w.id) for w in wanted)]
    assert on == [False, True]
    world.drive()
    assert world.operation(first.id).status is Status.FAILED
    assert world.leftovers() == []


@pytest.mark.parametrize("victim", [0, 1, 2], ids=["while it boots", "the next", "the last in line"])
def test_a_machine_that_is_deleted_while_it_is_made_frees_its_place(world: World, victim: int) -> None:
    wanted = waiting_world(world, 1, 3)
    with Running(world) as running:
        accepted = [virtual_machine.put(running.cloud, each) for each in wanted]
        running.held.wait(lambda: running.held.started == ["web0"])

        virtual_machine.delete(running.cloud, wanted[victim].id)
        running.wait_for_ends(1)
        running.held.inside.pop(wanted[victim].id.name, None)
        left = [each.id.name for each in wanted if each is not wanted[victim]]
        for name in left:
            running.held.wait(lambda name=name: name in running.held.started)  # type: ignore[misc]
            running.held.release(name)
        running.wait_for_ends(4)

    ended = world.operation(accepted[victim].operation.id)  # type: ignore[union-attr]
    assert ended.status is Status.CANCELED
    assert failure(ended)[0] == "OperationPreempted"
    assert world.find(wanted[victim].id) is None
    assert [each for each in running.held.started if each in left] == left
    assert (wanted[victim].id.name in running.held.started) == (victim == 0)
    assert world.leftovers() == []


def test_nothing_but_its_deletion_is_let_at_a_machine_that_is_made(world: World) -> None:
    wanted = waiting_world(world, 1, 2)
    world.guest = lambda _: None
    for each in wanted:
        virtual_machine.put(world.cloud, each)
    last = wanted[1].id

    for what in (Act.START, Act.DEALLOCATE):
        with pytest.raises(ApiError, match=r"another operation is in progress|not allowed"):
            virtual_machine.act(world.cloud, last, what)
    virtual_machine.delete(world.cloud, last)
    with pytest.raises(ApiError, match="another operation is in progress"):
        virtual_machine.delete(world.cloud, last)


def test_without_strict_a_wait_is_as_long_as_it_takes(world: World) -> None:
    wanted = waiting_world(world, 1, 2, provisioning_seconds=600.0)
    world.guest = lambda _: None
    for each in wanted:
        virtual_machine.put(world.cloud, each)

    world.drive()  # the first runs out of time, and then the second, whose time began with its power

    assert [world.state(each.id) for each in wanted] == ["Failed", "Failed"]
    assert [bool(world.resource(each.id).internal.get("poweredOnAt")) for each in wanted] == [True, True]


def test_in_strict_mode_a_wait_longer_than_the_limit_ends_as_azures_does(world: World) -> None:
    wanted = waiting_world(world, 1, 3, provisioning_seconds=600.0, strict=True)
    world.guest = lambda _: None
    accepted = [virtual_machine.put(world.cloud, each).operation for each in wanted]
    world.clock.move(timedelta(seconds=1))

    world.drive()

    failures = [failure(world.operation(each.id)) for each in accepted if each]
    assert {code for code, _ in failures} == {"OSProvisioningTimedOut"}
    assert all("more than 20 Virtual Machines concurrently" in text for _, text in failures)
    assert [bool(world.resource(each.id).internal.get("poweredOnAt")) for each in wanted] == [True, False, False]
    assert world.leftovers() == []


def test_in_strict_mode_nobody_fails_who_gets_its_turn_in_time(world: World) -> None:
    wanted = waiting_world(world, 1, 3, provisioning_seconds=600.0, strict=True)
    for each in wanted:
        virtual_machine.put(world.cloud, each)

    world.drive()

    assert {world.state(each.id) for each in wanted} == {"Succeeded"}


def test_the_limit_and_its_strictness_are_settings() -> None:
    usual = rules_of(Settings(), SUBSCRIPTION, routed_addresses=True)
    other = rules_of(Settings(deployments_at_once=3, strict="on"), SUBSCRIPTION, routed_addresses=True)

    assert (usual.deployments_at_once, usual.strict) == (20, False)
    assert (other.deployments_at_once, other.strict) == (3, True)

"""A machine made into an image in one go: what holds when others are at the same things meanwhile."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import NOBODY, Operation, Status
from calco.model.virtual_machine import Act
from calco.operations.engine import Engine
from calco.work import image, image_making, plans, resource_group, virtual_machine
from calco.work.cloud import Cloud, Submitted
from calco.work.image_making import Wish
from tests.inspectors import looking, write_word
from tests.world import GROUP, LOCATION, World

pytestmark = pytest.mark.slow

GOLDEN = GROUP.sibling("Microsoft.Compute", "images", "golden")
WEB1 = GROUP.sibling("Microsoft.Compute", "virtualMachines", "web1")
ALL = Wish(WEB1, GOLDEN, deletes_machine=True)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path).with_network()
    made.running_machine("web1")
    return made


def begun(world: World, wish: Wish = ALL) -> str:
    operation = image_making.make(world.cloud, wish)[0].operation
    assert operation is not None
    return operation.id


def asked(world: World, making: str) -> list[Operation]:
    with world.records.read() as view:
        return view.asked_by(making)


def verbs(world: World, making: str) -> list[str]:
    return [each.plan for each in asked(world, making)]


def advance(world: World, operation: str) -> None:
    """One look of the runner at this operation alone."""
    Engine(world.cloud, world.records, plans.BOOK, world.clock).advance(operation)


def until(world: World, making: str, plan: str) -> Operation:
    """Carry it on until it has asked for that, which has not begun yet."""
    for _ in range(10):
        if plan in verbs(world, making):
            break
        for each in asked(world, making):
            advance(world, each.id)
        advance(world, making)
    (found,) = [each for each in asked(world, making) if each.plan == plan]
    return found


def failed(world: World, making: str) -> tuple[str, str]:
    world.drive()
    end = world.operation(making).end
    assert end is not None
    assert end.failure is not None, end
    return end.failure.code, end.failure.message


def test_steps_come_one_after_the_other_and_each_when_the_one_before_is_done(world: World) -> None:
    making = begun(world)

    for so_far in (
        ["machine.deallocate"],
        ["machine.deallocate", "image.capture"],
        ["machine.deallocate", "image.capture", "machine.delete"],
    ):
        for _ in range(3):  # however often it looks
            advance(world, making)
            assert verbs(world, making) == so_far
        advance(world, asked(world, making)[-1].id)
    advance(world, making)
    assert world.operation(making).status is Status.SUCCEEDED
    assert (world.state(GOLDEN), world.find(WEB1)) == ("Succeeded", None)


def test_it_holds_no_claim_that_its_own_requests_need(world: World) -> None:
    making = begun(world)

    with world.records.read() as view:
        assert (view.claims(WEB1), view.claims(GOLDEN)) == ([], [])
    assert world.operation(making).status is Status.IN_PROGRESS


def test_a_deallocation_that_fails_ends_it_and_nothing_is_marked(world: World) -> None:
    making = begun(world)
    until(world, making, "machine.deallocate")
    stop = world.hypervisor.stop

    def breaks(*_arguments: object, **_named: object) -> None:
        raise OSError("no answer")

    world.hypervisor.stop = breaks  # type: ignore[method-assign]
    code, _ = failed(world, making)
    world.hypervisor.stop = stop  # type: ignore[method-assign]

    assert code == "InternalExecutionError"
    assert world.resource(WEB1).internal["condition"] == "running"
    assert verbs(world, making) == ["machine.deallocate"]
    assert world.find(GOLDEN) is None


def test_an_image_that_somebody_made_meanwhile_is_not_taken_for_its_own(world: World) -> None:
    """Another machine's, or this one's of yesterday: the machine would be deleted for it."""
    other = world.generalized_machine("other")
    making = begun(world)
    until(world, making, "machine.deallocate")
    world.captured_image("golden", other)

    assert failed(world, making)[0] == "ResourceAlreadyExists"
    assert world.find(WEB1) is not None
    assert "machine.delete" not in verbs(world, making)


def test_a_change_of_an_image_is_not_taken_for_a_capture(world: World) -> None:
    """Somebody's PUT came between the look and its own, and asked for the very same."""
    making = begun(world)
    until(world, making, "machine.deallocate")
    front = world.cloud.front

    class Late:
        """Between looking and asking, somebody else's image of the very same comes to be."""

        get, post, delete = front.get, front.post, front.delete

        def put(self, cloud: Cloud, id: ResourceId, version: str, body: Document) -> Submitted:
            other = front.put(replace(world.cloud, cause=NOBODY), id, version, body)
            assert other.operation is not None
            advance(world, other.operation)
            return front.put(cloud, id, version, body)

    advance(world, asked(world, making)[0].id)
    world.cloud = replace(world.cloud, front=Late())
    advance(world, making)

    assert failed(world, making)[0] == "ResourceAlreadyExists"
    assert world.state(GOLDEN) == "Succeeded"
    assert [each.plan for each in asked(world, making)] == ["machine.deallocate", ""]
    assert world.find(WEB1) is not None


def test_a_machine_is_not_deleted_when_its_image_is_gone_again(world: World) -> None:
    making = begun(world)
    until(world, making, "image.capture")
    advance(world, asked(world, making)[-1].id)
    image.delete(world.cloud, GOLDEN)
    for each in world.unfinished():
        if each.plan == "image.delete":
            advance(world, each.id)

    assert failed(world, making)[0] == "ResourceNotFound"
    assert world.find(WEB1) is not None
    assert "machine.delete" not in verbs(world, making)


def test_another_machine_of_that_name_is_left_alone(world: World) -> None:
    wanted = world.new_machine("web1")
    making = begun(world)
    virtual_machine.delete(world.cloud, WEB1)
    world.drive(held=[making])
    virtual_machine.put(world.cloud, wanted)
    world.drive(held=[making])
    assert world.resource(WEB1).internal["condition"] == "running"

    assert failed(world, making)[0] == "ResourceNotFound"
    assert world.resource(WEB1).internal["condition"] == "running"
    assert asked(world, making) == []


def test_somebody_may_stop_and_mark_the_machine_first(world: World) -> None:
    making = begun(world)
    virtual_machine.act(world.cloud, WEB1, Act.DEALLOCATE)
    world.drive(held=[making])
    virtual_machine.act(world.cloud, WEB1, Act.GENERALIZE)
    world.drive()

    assert world.operation(making).status is Status.SUCCEEDED
    assert verbs(world, making) == ["image.capture", "machine.delete"]


def test_a_group_that_somebody_made_meanwhile_is_used(world: World) -> None:
    group = ResourceId(GROUP.subscription, "images")
    there = group.sibling("Microsoft.Compute", "images", "golden")
    making = begun(world, Wish(WEB1, there, creates_group=True))
    resource_group.put(world.cloud, group, "westus", {"by": "another"})

    world.drive()

    assert world.operation(making).status is Status.SUCCEEDED
    assert world.resource(group).tags == {"by": "another"}
    assert world.resource(there).location == LOCATION


def test_what_the_capture_warns_of_it_warns_of_too(world: World) -> None:
    looking(world)
    write_word(world, WEB1, "specialized")
    making = begun(world)

    world.drive()

    assert "not generalized" in str(world.operation(making).progress["warning"])


def test_where_a_generalized_disk_is_required_a_stopped_machine_is_looked_at_before_it_is_marked(world: World) -> None:
    virtual_machine.act(world.cloud, WEB1, Act.DEALLOCATE)
    world.drive()
    looking(world, require=True)
    write_word(world, WEB1, "specialized")

    with pytest.raises(ApiError) as refusal:
        image_making.make(world.cloud, ALL)

    assert refusal.value.code == "OperationNotAllowed"
    assert world.resource(WEB1).internal["condition"] == "deallocated"


def test_a_rehearsal_lets_nothing_of_itself_out(world: World) -> None:
    told, machines = list(world.told), world.hypervisor.machines()
    world.clock.move(timedelta(seconds=1))

    image_making.rehearse(world.cloud, ALL)

    assert (world.told, world.hypervisor.machines(), world.unfinished()) == (told, machines, [])
    assert world.resource(WEB1).internal["condition"] == "running"
    assert world.find(GOLDEN) is None

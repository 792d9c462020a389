"""Plans and the book of them."""

from datetime import UTC, datetime

import msgspec
import pytest

from calco.model.operation import Family, Operation
from calco.operations.plan import Book, Plan
from tests.operations.toys import SUBJECT, Bricks, Toy, act, change


def test_no_two_steps_of_a_plan_share_a_name_for_the_log_tells_them_apart_by_it() -> None:
    plan: Plan[Toy, Bricks] = Plan("toy", Bricks, (act("a"), change("b"), act("a")))

    with pytest.raises(ValueError, match="two steps of plan toy"):
        Book.of(plan)


def test_a_plan_is_found_by_the_name_stored_with_its_operations() -> None:
    plan: Plan[Toy, Bricks] = Plan("toy", Bricks, (act("a"),))

    assert Book.of(plan).find("toy") is plan
    with pytest.raises(KeyError):
        Book.of(plan).find("another")


def operation(params: dict[str, str]) -> Operation:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Operation("op", 1, "toy", dict(params), SUBJECT, Family.COMPUTE, "here", at)


def test_steps_see_their_operations_parameters_in_the_plans_own_type() -> None:
    plan: Plan[Toy, Bricks] = Plan("toy", Bricks, ())

    job = plan.job(operation({"colour": "red"}))

    assert (job.id, job.params, job.started_at) == ("op", Bricks("red"), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(msgspec.ValidationError):
        plan.job(operation({"shape": "round"}))

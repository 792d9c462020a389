"""Which act leads where: every pair of condition and act."""

import pytest

from calco.model.errors import ApiError
from calco.model.virtual_machine import MOVES, Act, Condition, after

GENERALIZED = "since the VM is generalized."
DEALLOCATED = "since the VM is either deallocated or marked to be deallocated."
NOT_RUNNING = "The operation requires the VM to be running (or set to run)."

REFUSED = {
    (Condition.RUNNING, Act.GENERALIZE): "Operation 'generalize' is not allowed on VM 'web1' since the VM is running. "
    "Please power off explicitly in case you shut down the VM from inside the guest operating system.",
    **{
        (condition, Act.CAPTURE): "The operation 'Create Image' requires the Virtual Machine 'web1' to be Generalized."
        for condition in (Condition.RUNNING, Condition.STOPPED, Condition.DEALLOCATED)
    },
    **{
        (condition, act): f"Operation '{name}' is not allowed on VM 'web1' {GENERALIZED}"
        for condition in (Condition.GENERALIZED, Condition.GENERALIZED_DEALLOCATED)
        for act, name in (
            (Act.START, "Start VM"),
            (Act.RESTART, "restart"),
            (Act.UPDATE, "Update VM"),
            (Act.RUN_COMMAND, "runCommand"),
            (Act.CONVERT, "convertToManagedDisks"),
        )
    },
    **{
        (condition, act): f"Operation '{act.value}' is not allowed on VM 'web1' {DEALLOCATED}"
        for condition, act in (
            (Condition.DEALLOCATED, Act.RESTART),
            (Condition.DEALLOCATED, Act.POWER_OFF),
            (Condition.GENERALIZED_DEALLOCATED, Act.POWER_OFF),
        )
    },
    (Condition.STOPPED, Act.RESTART): NOT_RUNNING,
    **{
        (condition, Act.RUN_COMMAND): "Cannot modify extensions in the VM when the VM is not running."
        for condition in (Condition.STOPPED, Condition.DEALLOCATED)
    },
    **{
        (condition, Act.CONVERT): "Operation 'convertToManagedDisks' is not allowed on VM 'web1' since the VM is not "
        "deallocated."
        for condition in (Condition.RUNNING, Condition.STOPPED)
    },
}
"""Sources: behaviour recorded and quoted for B.2; the whole table of what Azure does not do."""

EVERY = [(condition, act) for condition in Condition for act in Act]


@pytest.mark.parametrize(("condition", "act"), EVERY)
def test_a_listed_pair_moves_and_every_other_is_refused_in_azures_words(condition: Condition, act: Act) -> None:
    if (condition, act) not in REFUSED:
        assert after(condition, act, "web1") is MOVES[condition, act]
        return
    with pytest.raises(ApiError) as refusal:
        after(condition, act, "web1")
    assert (refusal.value.status, refusal.value.code) == (409, "OperationNotAllowed")
    assert refusal.value.message == REFUSED[condition, act]


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("condition", [each for each in Condition if each.is_generalized])
def test_no_act_takes_the_generalized_mark_away(condition: Condition, act: Act) -> None:
    assert MOVES.get((condition, act), condition).is_generalized


@pytest.mark.parametrize("condition", Condition)
def test_a_machine_can_be_deleted_and_deallocated_in_any_condition(condition: Condition) -> None:
    assert (condition, Act.DELETE) in MOVES
    assert MOVES[condition, Act.DEALLOCATE].is_deallocated

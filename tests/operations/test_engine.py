"""What the engine writes into the log, and where it goes on."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from calco.model.operation import Status
from calco.operations.engine import TRY_AGAIN
from calco.operations.plan import Wait
from calco.ports import NoRoom, StoreFull
from calco.tool import ToolFailed
from tests.operations.toys import Crash, Room, Toy, act, change


def room(*steps: object, **script: list[object]) -> Room:
    return Room(steps, Toy({name.replace("_", " "): list(outcomes) for name, outcomes in script.items()}))  # type: ignore[arg-type]


def test_an_operation_that_goes_well_ends_once_and_lets_go_of_its_claims() -> None:
    here = room(act("a"), change("b"), act("c"))

    assert here.advance() is None

    assert here.operation().status is Status.SUCCEEDED
    assert here.there() == {"a", "b", "c"}
    assert here.log() == ["a started", "a done", "b done", "c started", "c done"]
    assert not here.claimed()
    assert here.advance() is None
    assert here.toy.journal == ["a", "b", "c"]


def test_the_log_says_when_a_step_began_and_when_it_was_done() -> None:
    here = room(act("a"), act("b"), b=["wait"])
    began = here.clock.now()

    here.advance()
    here.clock.move(timedelta(seconds=7))
    here.advance()

    with here.records.read() as view:
        seconds = [None if each.at is None else (each.at - began).seconds for each in view.history("op")]
    assert here.log() == ["a started", "a done", "b started", "b done"]
    assert seconds == [0, 0, 0, 7]


def test_a_step_that_is_not_needed_leaves_no_entry_and_costs_no_commit() -> None:
    here = room(act("a"), replace(act("b"), needed=lambda _job: False), change("c"))

    assert here.advance() is None

    assert here.operation().status is Status.SUCCEEDED
    assert here.log() == ["a started", "a done", "c done"]
    assert here.toy.journal == ["a", "c"]


def test_a_step_that_is_not_needed_is_not_undone() -> None:
    here = room(act("a"), replace(act("b"), needed=lambda _job: False), act("c"), c=["half"])

    assert here.advance() is None

    assert here.operation().status is Status.FAILED
    assert not any(line.startswith("b ") for line in here.log())
    assert "undo b" not in here.toy.journal


def test_an_operation_nobody_knows_is_no_work() -> None:
    assert room().engine().advance("another") is None


def test_a_step_that_waits_is_asked_again_and_what_is_done_stays_done() -> None:
    here = room(act("a"), change("b"), act("c"), b=["wait"], c=["wait"])

    assert here.advance() == Wait(7)
    assert here.log() == ["a started", "a done"]
    assert here.advance() == Wait(7)
    assert here.advance() is None

    assert here.toy.journal == ["a", "b", "b", "c", "c"]
    assert here.operation().status is Status.SUCCEEDED


def test_a_failure_undoes_what_was_begun_last_first_and_tells_why() -> None:
    here = room(act("a"), change("b"), act("c"), act("d"), c=["half"])

    assert here.advance() is None

    ended = here.operation()
    assert ended.status is Status.FAILED
    assert ended.end is not None
    assert ended.end.failure is not None
    assert (ended.end.failure.code, ended.end.failure.message, ended.end.failure.target) == (
        "Refused",
        "It is refused.",
        "brick",
    )
    assert here.there() == set()
    assert here.toy.journal == ["a", "b", "c", "undo c", "undo b", "undo a", "last word"]
    assert here.note("last word") == "red: Refused"
    assert not here.claimed()


def test_a_change_that_fails_takes_back_the_changes_committed_with_it_and_undoes_only_what_was_committed() -> None:
    here = room(act("a"), change("b"), change("c"), c=["half"])

    here.advance()

    assert here.there() == set()
    assert here.toy.journal == ["a", "b", "c", "undo a", "last word"]


def test_what_ends_without_undoing_leaves_what_was_done_standing() -> None:
    here = room(act("a"), change("b"), act("c"), c=["end"])

    here.advance()

    assert here.operation().status is Status.FAILED
    assert here.there() == {"a", "b", "c"}
    assert here.note("last word") == "red: Refused"


def test_what_ends_without_undoing_is_closed_after_a_crash_as_well() -> None:
    here = room(act("a"), a=["end"], last_word=["crash"])
    with suppress(Crash):
        here.advance()

    assert here.advance() is None

    assert (here.operation().status, here.there()) == (Status.FAILED, {"a"})
    assert here.toy.journal == ["a", "last word", "last word"]


def test_an_undo_that_fails_is_tried_again_until_it_works() -> None:
    here = room(change("a"), act("b"), act("c"), c=["fail"], undo_b=["fail", "fail"], undo_a=["fail"])

    assert [here.advance() for _ in range(4)] == [TRY_AGAIN, TRY_AGAIN, TRY_AGAIN, None]

    assert here.toy.journal == ["a", "b", "c", "undo c", "undo b", "undo b", "undo b", "undo a", "undo a", "last word"]
    assert here.operation().status is Status.FAILED


def test_a_last_word_that_fails_is_tried_again_and_nothing_is_undone_twice() -> None:
    here = room(act("a"), a=["fail"], last_word=["fail"])

    assert [here.advance(), here.advance()] == [TRY_AGAIN, None]

    assert here.toy.journal == ["a", "undo a", "last word", "last word"]


def test_behind_the_point_of_no_return_a_failure_is_tried_again_and_never_undone() -> None:
    here = room(change("a"), act("b", insist=True), b=["fail", "half"])

    assert [here.advance() for _ in range(3)] == [TRY_AGAIN, TRY_AGAIN, None]

    assert here.operation().status is Status.SUCCEEDED
    assert "undo a" not in here.toy.journal


def test_behind_the_point_of_no_return_too_a_step_can_end_its_operation() -> None:
    here = room(act("a", insist=True), a=["fail", "end"])

    assert [here.advance(), here.advance()] == [TRY_AGAIN, None]

    assert (here.operation().status, here.there()) == (Status.FAILED, {"a"})


def test_an_act_cut_short_is_run_again_and_a_change_cut_short_never_happened() -> None:
    here = room(act("a"), change("b"), a=["late crash"], b=["late crash"])
    for _ in range(2):
        with suppress(Crash):
            here.advance()
        assert here.note("b") is None

    assert here.advance() is None

    # A change is committed with the end of the act before it: neither is known when both are cut short.
    assert here.toy.journal == ["a", "a", "b", "a", "b"]
    assert here.there() == {"a", "b"}


def test_a_failure_is_remembered_over_a_crash() -> None:
    here = room(act("a"), act("b"), b=["fail"], undo_a=["crash"])
    with suppress(Crash):
        here.advance()

    here.advance()

    assert here.toy.journal == ["a", "b", "undo b", "undo a", "undo a", "last word"]
    assert here.note("last word") == "red: Refused"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (NoRoom("2048 MiB wanted"), "AllocationFailed", "reducing the VM size"),
        (StoreFull("no room in /secret/path"), "AllocationFailed", "no space left for volumes"),
        (ToolFailed(("qemu-img", "/secret/path"), 1, "boom"), "InternalExecutionError", "internal execution error"),
        (RuntimeError("/secret/path"), "InternalExecutionError", "internal execution error"),
    ],
    ids=["no room for a machine", "no room for a volume", "a program", "a defect"],
)
def test_what_goes_wrong_inside_is_told_in_azures_words_and_shows_nothing_of_the_inside(
    error: Exception, code: str, words: str
) -> None:
    here = room(act("a"), a=[error])

    here.advance()

    end = here.operation().end
    assert end is not None
    assert end.failure is not None
    assert end.failure.code == code
    assert words in end.failure.message
    assert "secret" not in end.failure.message

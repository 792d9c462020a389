"""Any plan of changes and acts that wait, fail and crash, carried on by one process after another."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from calco.model.operation import Status
from calco.operations.plan import Act, Change
from tests.operations.toys import Bricks, Crash, Room, Toy, act, change

FORWARD = st.lists(st.sampled_from(["ok", "wait", "fail", "half", "crash", "late crash", "end"]), max_size=3)
BACK = st.lists(st.sampled_from(["fail", "half", "crash", "late crash"]), max_size=2)
Made = tuple[str, list[str], list[str]]
PLANS = st.lists(st.tuples(st.sampled_from(["act", "change", "insist"]), FORWARD, BACK), min_size=1, max_size=5)


def built(made: list[Made], last: list[str]) -> Room:
    steps: list[Change[Toy, Bricks] | Act[Toy, Bricks]] = []
    script: dict[str, list[object]] = {"last word": [*last]}
    for number, (kind, forward, back) in enumerate(made):
        name = f"{kind} {number}"
        steps.append(change(name) if kind == "change" else act(name, insist=kind == "insist"))
        script[name], script[f"undo {name}"] = [*forward], [*back]
    return Room(steps, Toy(script))


@settings(max_examples=60, deadline=None)
@given(PLANS, BACK)
def test_every_operation_ends_whole_or_not_at_all(made: list[Made], last: list[str]) -> None:
    here = built(made, last)
    ends_early = any("end" in forward for _, forward, _ in made)

    for _ in range(200):
        with suppress(Crash):
            if here.advance() is None:
                break

    ended, names = here.operation(), [step.name for step in here.steps]
    assert ended.status in (Status.SUCCEEDED, Status.FAILED)
    assert not here.claimed()
    if ended.status is Status.SUCCEEDED:
        assert here.there() == set(names)
        assert not any(each.startswith("undo") for each in here.toy.journal)
        assert here.note("last word") is None
    else:
        assert here.note("last word") == "red: Refused"
        assert here.there() == set() or ends_early
    forward = [each for each in here.toy.journal if each in names]
    assert forward == sorted(forward, key=names.index) or "crash" in str(made)
    back = [names.index(each[5:]) for each in here.toy.journal if each.startswith("undo")]
    assert back == sorted(back, reverse=True), "undone in another order than last first"

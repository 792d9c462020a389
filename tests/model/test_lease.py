"""Leases: the table of what may follow what, and that time moves a lease too."""

from itertools import product

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from calco.model import lease
from calco.model.errors import ApiError
from calco.model.lease import INFINITE, NEXT, Act, Lease, Refused, State

SECOND = 1_000_000_000
ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
AT: dict[State, Lease] = {
    State.AVAILABLE: Lease(),
    State.LEASED: Lease(ONE),
    State.BREAKING: Lease(ONE, breaks_at=10),
    State.BROKEN: Lease(ONE, breaks_at=0),
    State.EXPIRED: Lease(ONE, 15, until=0),
}


@pytest.mark.parametrize(("state", "act"), list(product(State, Act)))
def test_every_pair_of_state_and_act_leads_somewhere_or_is_refused(state: State, act: Act) -> None:
    held = AT[state]
    assert held.state_at(5) is state

    outcome = NEXT[state, act]

    if isinstance(outcome, Refused):
        with pytest.raises(ApiError) as refusal:
            lease.after(held, act, 5)
        assert (refusal.value.status, refusal.value.code) == (409, outcome.code)
    else:
        assert lease.after(held, act, 5) is outcome


def test_a_fixed_lease_expires_and_may_be_renewed_or_taken() -> None:
    held = lease.acquired(Lease(), ONE, 15, 0)

    assert held.state_at(14 * SECOND) is State.LEASED
    assert held.state_at(15 * SECOND) is State.EXPIRED
    assert lease.renewed(held, ONE, 20 * SECOND).state_at(34 * SECOND) is State.LEASED
    assert lease.acquired(held, OTHER, 15, 20 * SECOND).id == OTHER


def test_breaking_lasts_no_longer_than_what_was_left_or_was_asked_for() -> None:
    fixed, infinite = Lease(ONE, 60, until=60 * SECOND), Lease(ONE)

    assert lease.broken(fixed, None, 20 * SECOND)[1] == 40
    assert lease.broken(fixed, 10, 20 * SECOND)[1] == 10
    assert lease.broken(infinite, None, 0)[0].state_at(0) is State.BROKEN
    breaking, left = lease.broken(infinite, 30, 0)
    assert (left, breaking.state_at(29 * SECOND), breaking.state_at(30 * SECOND)) == (30, State.BREAKING, State.BROKEN)


@pytest.mark.parametrize(
    ("state", "given", "code"),
    [
        (State.AVAILABLE, None, None),
        (State.AVAILABLE, ONE, "LeaseNotPresentWithBlobOperation"),
        (State.LEASED, None, "LeaseIdMissing"),
        (State.LEASED, OTHER, "LeaseIdMismatchWithBlobOperation"),
        (State.LEASED, ONE, None),
        (State.BREAKING, None, "LeaseIdMissing"),
        (State.BROKEN, None, None),
        (State.BROKEN, ONE, "LeaseLost"),
        (State.EXPIRED, None, None),
        (State.EXPIRED, ONE, "LeaseLost"),
    ],
)
def test_who_may_write(state: State, given: str | None, code: str | None) -> None:
    if code is None:
        lease.check_write(AT[state], given, 5)
        return
    with pytest.raises(ApiError) as refusal:
        lease.check_write(AT[state], given, 5)
    assert (refusal.value.status, refusal.value.code) == (412, code)


def test_a_machines_lease_is_kept_with_its_owner() -> None:
    held = lease.of_machine("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/VM")

    assert lease.read(lease.write(held) or {}) == held
    assert held.status_at(10**20) == "locked"


class TwoClients(RuleBasedStateMachine):
    """Whatever two clients do, never do both have the right to write alone."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.now = Lease(), 0

    @rule(id=st.sampled_from([ONE, OTHER]), seconds=st.sampled_from([INFINITE, 15, 60]))
    def acquire(self, id: str, seconds: int) -> None:
        self._try(lambda: lease.acquired(self.held, id, seconds, self.now))

    @rule(id=st.sampled_from([ONE, OTHER]))
    def renew(self, id: str) -> None:
        self._try(lambda: lease.renewed(self.held, id, self.now))

    @rule(id=st.sampled_from([ONE, OTHER]), other=st.sampled_from([ONE, OTHER]))
    def change(self, id: str, other: str) -> None:
        self._try(lambda: lease.changed(self.held, id, other, self.now))

    @rule(id=st.sampled_from([ONE, OTHER]))
    def release(self, id: str) -> None:
        self._try(lambda: lease.released(self.held, id, self.now))

    @rule(seconds=st.sampled_from([None, 0, 10, 60]))
    def break_it(self, seconds: int | None) -> None:
        self._try(lambda: lease.broken(self.held, seconds, self.now)[0])

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    def _try(self, act: object) -> None:
        before = self.held
        try:
            self.held = act()  # type: ignore[operator]
        except ApiError:
            assert self.held == before

    @invariant()
    def at_most_one_writes_alone(self) -> None:
        writers = [id for id in (ONE, OTHER, None) if self._may_write(id)]
        locked = self.held.status_at(self.now) == "locked"
        assert writers == ([self.held.id] if locked else [None])

    @invariant()
    def it_is_kept_as_it_is(self) -> None:
        assert lease.read(lease.write(self.held) or {}).state_at(self.now) is self.held.state_at(self.now)

    def _may_write(self, id: str | None) -> bool:
        try:
            lease.check_write(self.held, id, self.now)
        except ApiError:
            return False
        return True


TestTwoClients = TwoClients.TestCase

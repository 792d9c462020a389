"""A toy world: acts put their name into a set, changes into a note; a script says what each attempt comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family, NewOperation, Operation
from calco.operations.engine import Engine
from calco.operations.plan import Act, Book, Change, Ended, Job, Plan, Wait
from calco.ports import Writer
from calco.storage.records import SqlRecords
from tests.standing import StandingClock

SUBJECT = ResourceId("s", "g").sibling("Toys", "bricks", "red")
REFUSED = ApiError(409, "Refused", "It is refused.", "brick")


class Crash(BaseException):
    """The process is killed."""


@dataclass(frozen=True)
class Bricks:
    colour: str


@dataclass
class Toy:
    """``script``: by step, what its attempts come to, in order; when it runs out, they go well. Outcomes: ``ok``,
    ``wait``, ``fail``, ``half`` (does its work and fails), ``end``, ``crash`` (before), ``late crash`` (after)."""

    script: dict[str, list[object]] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    journal: list[str] = field(default_factory=list)

    def outcome(self, key: str) -> object:
        self.journal.append(key)
        return self.script[key].pop(0) if self.script.get(key) else "ok"

    def attempt(self, key: str, work: "Work") -> Wait | None:
        outcome = self.outcome(key)
        if outcome == "crash":
            raise Crash
        if outcome == "fail":
            raise REFUSED
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome == "wait":
            return Wait(7)
        work()
        if outcome == "half":
            raise REFUSED
        if outcome == "late crash":
            raise Crash
        if outcome == "end":
            raise Ended(REFUSED)
        return None


class Work:
    """What a step does when it gets that far."""

    def __init__(self, there: set[str], name: str, *, undo: bool = False) -> None:
        self._there, self._name, self._undo = there, name, undo

    def __call__(self) -> None:
        (self._there.discard if self._undo else self._there.add)(self._name)


def act(name: str, *, insist: bool = False) -> Act[Toy, Bricks]:
    def do(toy: Toy, _job: Job[Bricks]) -> Wait | None:
        return toy.attempt(name, Work(toy.there, name))

    def undo(toy: Toy, _job: Job[Bricks]) -> None:
        toy.attempt(f"undo {name}", Work(toy.there, name, undo=True))

    return Act(name, do, undo, insist)


class Noting(Work):
    def __init__(self, tx: Writer, name: str, value: str | None) -> None:
        self._tx, self._name, self._value = tx, name, value

    def __call__(self) -> None:
        self._tx.put_note(self._name, self._value)


def change(name: str) -> Change[Toy, Bricks]:
    def do(toy: Toy, tx: Writer, _job: Job[Bricks]) -> Wait | None:
        return toy.attempt(name, Noting(tx, name, "there"))

    def undo(toy: Toy, tx: Writer, _job: Job[Bricks]) -> None:
        toy.attempt(f"undo {name}", Noting(tx, name, None))

    return Change(name, do, undo)


def last_word(toy: Toy, tx: Writer, job: Job[Bricks], error: ApiError) -> None:
    toy.attempt("last word", Noting(tx, "last word", f"{job.params.colour}: {error.code}"))


@dataclass
class Room:
    """Records, a clock, one plan, and an operation of it."""

    steps: Sequence[Change[Toy, Bricks] | Act[Toy, Bricks]]
    toy: Toy = field(default_factory=Toy)
    clock: StandingClock = field(default_factory=StandingClock)

    def __post_init__(self) -> None:
        self.records = SqlRecords.in_memory()
        self.plan: Plan[Toy, Bricks] = Plan("toy", Bricks, self.steps, last_word)
        with self.records.write() as tx:
            new = NewOperation(
                "op", "toy", {"colour": "red"}, SUBJECT, Family.COMPUTE, "here", self.clock.now(), (Claim(SUBJECT),)
            )
            tx.accept(new)

    def engine(self) -> Engine[Toy]:
        """A new one each time, as after a restart: nothing is remembered but the log."""
        return Engine(self.toy, self.records, Book.of(self.plan), self.clock)

    def advance(self) -> Wait | None:
        return self.engine().advance("op")

    def operation(self) -> Operation:
        with self.records.read() as view:
            operation = view.operation("op")
        assert operation is not None
        return operation

    def log(self) -> list[str]:
        with self.records.read() as view:
            return [f"{step} {event}".strip() for step, event in view.steps("op")]

    def note(self, name: str) -> str | None:
        with self.records.read() as view:
            return view.note(name)

    def there(self) -> set[str]:
        """Every effect that stands."""
        return self.toy.there | {step.name for step in self.steps if self.note(step.name)}

    def claimed(self) -> bool:
        with self.records.read() as view:
            return bool(view.claims(SUBJECT))

"""Slow work is a plan: steps in order, each with an undo, every name chosen before the first effect.

There are two kinds of step. A ``Change`` only changes records: it is committed together with its entry in the log, so
it happened or it did not. An ``Act`` changes the world outside the records (a file, a machine, a network): its start
and its end are two entries, and a crash between them leaves it half done.

Law of acts: an act may be run twice; its undo may be run twice, and after an act that did nothing, half, or all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from calco.model.errors import ApiError
from calco.model.operation import Operation
from calco.ports import Writer

W = TypeVar("W")
P = TypeVar("P")


@dataclass(frozen=True)
class Wait:
    """A step's answer when it cannot go on yet: look again when woken, or after so many seconds at the latest.

    ``queue`` names what it stands in line for: when an operation ends, the first in each line is woken. That is the one
    with the lowest ``place``: the job's sequence, where the line is one of acceptance.
    """

    seconds: float
    queue: str | None = None
    place: int = 0


@dataclass(frozen=True)
class Job(Generic[P]):
    """One operation as its steps see it."""

    id: str
    params: P
    started_at: datetime
    sequence: int = 0
    """The order of acceptance."""


@dataclass(eq=False)
class Ended(Exception):
    """Raised by a step to end the operation as failed *without* undoing what was done: the machine whose guest never
    reported stands, and Azure lets it stand."""

    error: ApiError


@dataclass(frozen=True)
class Change(Generic[W, P]):
    """A step that only changes records, atomically with the log."""

    name: str
    do: Callable[[W, Writer, Job[P]], Wait | None]
    undo: Callable[[W, Writer, Job[P]], None]


@dataclass(frozen=True)
class Act(Generic[W, P]):
    """A step that changes the world outside the records.

    ``insist``: behind the point of no return (the resource is gone already, say) a failure is not undone but tried
    again, for ever. Only ``Ended`` ends such a step. ``needed``: whether an operation has this step at all, by its
    parameters alone, so that the answer is the same after a crash; a step that is not needed costs nothing.
    """

    name: str
    do: Callable[[W, Job[P]], Wait | None]
    undo: Callable[[W, Job[P]], None]
    insist: bool = False
    needed: Callable[[Job[P]], bool] = lambda _job: True


def no_change(_world: object, _tx: Writer, _job: object) -> None:
    """The undo of a change that needs none."""


def nothing(_world: object, _job: object) -> None:
    """The undo of an act that needs none."""


def nothing_failed(_world: object, _tx: Writer, _job: object, _error: ApiError) -> None:
    """For plans whose failure leaves no mark on any resource."""


@dataclass(frozen=True)
class Plan(Generic[W, P]):
    """``name`` is stored with every operation: it is never given to another plan. Step names are stored too.

    ``failed`` is the last word of an operation that failed, in the transaction that ends it: it marks the resource.
    """

    name: str
    params: type[P]
    steps: Sequence[Change[W, P] | Act[W, P]]
    failed: Callable[[W, Writer, Job[P], ApiError], None] = nothing_failed

    def job(self, operation: Operation) -> Job[P]:
        """The operation as this plan's steps see it."""
        return Job(
            operation.id, msgspec.convert(operation.params, self.params), operation.started_at, operation.sequence
        )


@dataclass(frozen=True)
class Book(Generic[W]):
    """Every plan by name, so that an operation found after a restart finds its steps."""

    plans: Mapping[str, "Plan[W, object]"]

    def __post_init__(self) -> None:
        for plan in self.plans.values():
            names = [step.name for step in plan.steps]
            if len(set(names)) < len(names):
                raise ValueError(f"two steps of plan {plan.name} share a name")

    @classmethod
    def of(cls, *plans: "Plan[W, Any]") -> "Book[W]":
        """A book of these plans. Each checks its own parameters when it opens an operation, so their types may differ;
        this is the one place where the checker is told so."""
        return cls({plan.name: plan for plan in plans})

    def find(self, name: str) -> "Plan[W, object]":
        """Raises KeyError for a plan no version of calco knew under that name."""
        return self.plans[name]

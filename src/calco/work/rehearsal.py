"""What the API would say to everything a template names, before anything of it is made.

All of it is asked for in one transaction that is taken back: the handlers' own rules speak, each resource sees those it
depends on, and rights, locks and quotas count. Nothing is begun, no file is written, and nobody else writes meanwhile.
A resource whose dependencies would only be there after slow work cannot be judged on what it says of them: of its
refusals those count that are about its own body.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import cast

from calco import template
from calco.model import errors
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.ports import DiskStore, Reader, Writer
from calco.template import Item, Prepared
from calco.work.cloud import Cloud
from calco.work.look import Sight

log = logging.getLogger(__name__)

FORBIDDEN = 403
SOME_OTHER = frozenset({"InvalidResourceReference"})
"""Refusals with status 400 that are about another resource."""
PASSING = frozenset({"Conflict"})
"""What may be over when it comes to it."""
LASTS_SECONDS = 3
"""Nobody else writes meanwhile; what is not asked by then is found out when it is made."""


@dataclass(frozen=True)
class Refusal:
    item: Item
    error: ApiError


def refusals(cloud: Cloud, prepared: Prepared) -> list[Refusal]:
    """What would be refused, in the order of dependencies. Costs what as many PUTs cost without their fsyncs, while
    which no other write goes on."""
    with trial(cloud) as (on_trial, tx):
        return [*_Rehearsal(on_trial, tx, prepared).run()]


@contextmanager
def trial(cloud: Cloud) -> Iterator[tuple[Cloud, Writer]]:
    """The cloud in one open transaction, of which nothing is kept however it ends: for what would be answered."""
    with suppress(_TakenBack), cloud.records.write() as tx:
        yield _on_trial(cloud, tx), tx
        raise _TakenBack


class _TakenBack(Exception):
    """Ends the transaction without a trace."""


def _on_trial(cloud: Cloud, tx: Writer) -> Cloud:
    return replace(
        cloud,
        records=_OneTransaction(tx),
        disks=cast("DiskStore", _Untouched(cloud.disks)),
        accepted=_nobody_hears,
        wake=_nobody_hears,
        trial=True,
    )


def _nobody_hears(_operation: str) -> None:
    """Operations of a rehearsal are never carried out."""


@dataclass
class _OneTransaction:
    """``ports.Records`` of which every view is the same open transaction."""

    tx: Writer

    @contextmanager
    def read(self) -> Iterator[Reader]:
        yield self.tx

    @contextmanager
    def write(self) -> Iterator[Writer]:
        yield self.tx


class _Untouched:
    """``ports.DiskStore`` of which nothing changes: a platform image that would be brought in is not."""

    _LOOKS = frozenset({"path", "pools", "stamp", "used_bytes", "view", "volumes"})

    def __init__(self, disks: DiskStore) -> None:
        self._disks = disks

    def __getattr__(self, verb: str) -> object:
        return getattr(self._disks, verb) if verb in self._LOOKS else _do_nothing


def _do_nothing(*_arguments: object, **_named: object) -> None:
    """Any change of a disk."""


@dataclass(frozen=True)
class _Glimpse:
    """``template.Look`` at what is there already: what slow work would still change is not to be believed."""

    sight: Sight
    unsettled: set[str]

    def reference(self, id: ResourceId, version: str, full: bool) -> Json:
        self._check(id)
        return self.sight.reference(id, version, full)

    def list(self, id: ResourceId, verb: str, version: str, body: Document) -> Json:
        self._check(id)
        return self.sight.list(id, verb, version, body)

    def _check(self, id: ResourceId) -> None:
        if id.key in self.unsettled:
            raise errors.resource_busy(id)


@dataclass
class _Rehearsal:
    cloud: Cloud
    tx: Writer
    prepared: Prepared
    unsettled: set[str] = field(default_factory=set)
    """Items that would not be there at once, or that were refused, and what depends on them."""

    def run(self) -> Iterator[Refusal]:
        until = self.cloud.clock.monotonic() + LASTS_SECONDS
        for item in in_order(self.prepared.items):
            if self.cloud.clock.monotonic() > until:
                return
            refusal = self._ask(item)
            if refusal is not None:
                self.unsettled.add(item.id.key)
                if self._counts(item, refusal):
                    yield Refusal(item, refusal)

    def _ask(self, item: Item) -> ApiError | None:
        if not self.unsettled.isdisjoint(item.depends_on):
            self.unsettled.add(item.id.key)
        try:
            body = template.body(self.prepared, item, _Glimpse(Sight(self.cloud), self.unsettled))
        except ApiError:
            self.unsettled.add(item.id.key)  # it waits for what only a real resource tells
            return None
        try:
            submitted = self.cloud.front.put(self.cloud, item.id, item.version, body)
        except ApiError as refusal:
            return refusal
        except Exception:
            log.exception("%s could not be rehearsed", item.id)
            self.unsettled.add(item.id.key)
            return None
        if self._goes_on(submitted.operation):
            self.unsettled.add(item.id.key)
        return None

    def _goes_on(self, operation: str | None) -> bool:
        found = None if operation is None else self.tx.operation(operation)
        return found is not None and found.end is None

    def _counts(self, item: Item, refusal: ApiError) -> bool:
        if refusal.status == FORBIDDEN:
            return True
        if not self.unsettled.isdisjoint(item.depends_on):
            return refusal.status == 400 and refusal.code not in SOME_OTHER
        return refusal.code not in PASSING


def in_order(items: Sequence[Item]) -> list[Item]:
    """The items, each behind what it depends on; otherwise as they come. A prepared template has no circles."""
    left, ordered, done = list(items), list[Item](), set[str]()
    known = {each.id.key for each in items}
    while left:
        free = [each for each in left if done.issuperset(known.intersection(each.depends_on))]
        if not free:
            return [*ordered, *left]
        ordered += free
        done |= {each.id.key for each in free}
        left = [each for each in left if each.id.key not in done]
    return ordered

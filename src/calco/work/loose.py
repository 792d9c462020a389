"""Volumes between two states: about to be held by a blob, or let go by one, while no operation stands for them.

A request of the blob endpoint is answered when all is done, so it is no plan. What it is about to make or to drop is
noted first; whatever is noted and has no row when a process starts again is dropped. So a kill leaves nothing behind,
and a half-written upload is never seen.
"""

import logging
from collections.abc import Callable, Iterable

import msgspec

from calco.model.volume import Volume, VolumeId
from calco.ports import StoreFull, Writer
from calco.work import volume
from calco.work.cloud import Cloud

log = logging.getLogger(__name__)

NOTE = "volumes/loose"


def add(tx: Writer, volumes: Iterable[VolumeId]) -> None:
    """Remember them until ``forget``."""
    _keep(tx, _noted(tx) | set(volumes))


def forget(tx: Writer, volumes: Iterable[VolumeId]) -> None:
    """They are held now, or their files are gone; absent is fine."""
    _keep(tx, _noted(tx) - set(volumes))


def make(cloud: Cloud, wanted: Volume) -> None:
    """An empty volume that nobody holds yet. Raises StoreFull; then nothing is left."""
    make_by(cloud, wanted, lambda: cloud.disks.create(wanted))


def make_by(cloud: Cloud, wanted: Volume, effect: Callable[[], None]) -> None:
    """A volume made by ``effect``, which nobody holds yet. What ``effect`` raises is raised, and nothing is left."""
    with cloud.records.write() as tx:
        add(tx, [wanted.id])
    try:
        effect()
    except BaseException:
        drop(cloud, [wanted.id])
        raise


def let_go(tx: Writer, volumes: Iterable[VolumeId]) -> list[VolumeId]:
    """Forget the rows of volumes nobody uses any more, and what lies below them; answers what ``drop`` is to drop once
    this is committed."""
    below = volume.chain(tx, volumes)
    volume.forget_unused(tx, below)
    gone = [each for each in below if tx.volume(each) is None]
    if gone:
        add(tx, gone)
    return gone


def drop(cloud: Cloud, volumes: Iterable[VolumeId]) -> None:
    """Remove the files of noted volumes that have no row. What cannot be removed now is removed at the next start."""
    gone = [*volumes]
    if not gone:
        return
    try:
        volume.drop_files(cloud, gone)
    except (OSError, StoreFull):
        log.exception("volumes %s cannot be removed now", ", ".join(gone))
        return
    with cloud.records.write() as tx:
        forget(tx, gone)


def sweep(cloud: Cloud) -> None:
    """At the start of a process that takes over: drop what the one before it left between two states."""
    with cloud.records.read() as view:
        noted = _read(view.note(NOTE))
    drop(cloud, sorted(noted))


def _noted(tx: Writer) -> set[VolumeId]:
    return _read(tx.note(NOTE))


def _read(note: str | None) -> set[VolumeId]:
    return set() if note is None else set(msgspec.json.decode(note, type=list[str]))


def _keep(tx: Writer, volumes: set[VolumeId]) -> None:
    tx.put_note(NOTE, msgspec.json.encode(sorted(volumes)).decode() if volumes else None)

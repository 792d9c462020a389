"""How long does it take to make a VHD of a disk, and a disk of a VHD, beside qemu-img?

The disk is a qcow2 volume full of random bytes. Its VHD is written as calco serves it: the volume read through a view,
the footer behind it; and taken in as calco takes it: the footer checked, the pages received into a flat volume. Both
ways of both sides take turns, and each counts until it is durable.
"""

import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.capture import COPY_SECONDS, GIB, fill
from bench.durations import spell
from bench.host import cpu_of_children
from bench.report import Row
from bench.samples import median, ratio
from calco.model import vhd
from calco.model.volume import MIB, Format, Volume
from calco.ports import VolumeView
from calco.storage import flat
from calco.storage.volumes import Qcow2Store

PIECE_BYTES = MIB
PROMISED_TIMES = 1.0


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Taken:
    """Seconds, and CPU seconds of this process and its children."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


@dataclass
class Measured:
    """``ours`` and ``theirs``: by what was done, ``export`` or ``import``."""

    size_gib: int
    ours: dict[str, Taken] = field(default_factory=dict)
    theirs: dict[str, Taken] = field(default_factory=dict)


def measure(folder: Path, size_gib: int, rounds: int) -> Measured:
    """Raises ToolFailed, CalledProcessError."""
    store = Qcow2Store(folder / "volumes", _Clock())
    disk, size = str(uuid.uuid4()), size_gib * GIB
    store.create(Volume(disk, size))
    fill(store.path(disk), size)
    theirs, back = folder / "disk.vhd", folder / "disk.qcow2"
    there, made = (Volume(str(uuid.uuid4()), size + vhd.FOOTER_BYTES, format=Format.FLAT) for _ in range(2))
    fixed = ["-O", "vpc", "-o", "subformat=fixed,force_size=on"]
    measured = Measured(size_gib, {"export": Taken(), "import": Taken()}, {"export": Taken(), "import": Taken()})
    for _ in range(rounds):
        _timed(measured.theirs["export"], lambda: _qemu_img(["-f", "qcow2", *fixed], store.path(disk), theirs))
        theirs.unlink()
        _timed(measured.ours["export"], lambda: _export(store, disk, there))
        ours = store.path(there.id)
        _timed(measured.theirs["import"], partial(_qemu_img, ["-f", "vpc", "-O", "qcow2"], ours, back))
        back.unlink()
        _timed(measured.ours["import"], partial(_import, store, ours, made))
        store.delete(made.id)
        store.delete(there.id)
    return measured


def rows(measured: Measured) -> Iterator[Row]:
    """The answers."""
    questions = {"export": "a disk as a fixed VHD", "import": "a fixed VHD as a disk"}
    beside = {"export": "qemu-img convert -O vpc", "import": "qemu-img convert -f vpc"}
    for what, question in questions.items():
        ours, theirs = measured.ours[what], measured.theirs[what]
        times = ratio(theirs.seconds, ours.seconds)
        yield Row(
            f"{question}, {measured.size_gib} GiB of data, durable",
            spell(median(ours.seconds)),
            spell(median(ours.cpu_seconds)),
            f"{beside[what]} {spell(median(theirs.seconds))} (CPU {spell(median(theirs.cpu_seconds))})",
            f"≥ {PROMISED_TIMES:g} times as fast: {times:.2f}",
            times >= PROMISED_TIMES,
        )


# --- both sides ------------------------------------------------------------------------------------------------------


def _export(store: Qcow2Store, disk: str, there: Volume) -> None:
    with store.view(disk) as view:
        store.receive(there, _as_vhd(view, disk))


def _as_vhd(disk: VolumeView, name: str) -> Iterator[tuple[int, bytes]]:
    yield from _pages(disk)
    yield disk.size_bytes, vhd.footer(disk.size_bytes, name, datetime.now(UTC))


def _import(store: Qcow2Store, source: Path, volume: Volume) -> None:
    with flat.view(source) as content:
        end = content.size_bytes - vhd.FOOTER_BYTES
        vhd.guest_bytes_of(content.read(end, vhd.FOOTER_BYTES), content.size_bytes, "disk", source.name)
        store.receive(volume, _pages(content))


def _pages(content: VolumeView) -> Iterator[tuple[int, bytes]]:
    for each in content.extents(0, content.size_bytes):
        for at in range(each.offset, each.offset + each.length, PIECE_BYTES):
            yield at, content.read(at, min(PIECE_BYTES, each.offset + each.length - at))


def _qemu_img(options: list[str], source: Path, target: Path) -> None:
    subprocess.run(["qemu-img", "convert", *options, source, target], timeout=COPY_SECONDS, check=True)
    with target.open("rb") as made:
        os.fsync(made.fileno())


def _timed(taken: Taken, act: Callable[[], None]) -> None:
    cpu = time.process_time() + cpu_of_children()
    began = time.perf_counter()
    act()
    taken.seconds.append(time.perf_counter() - began)
    taken.cpu_seconds.append(time.process_time() + cpu_of_children() - cpu)

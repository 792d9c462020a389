"""How long does a durable capture take, and does it depend on how much is on the disk?

One machine for each size; its data disk is full of random bytes that really lie in the volume's file. Captures of all
sizes take turns, so that whatever else this machine does meets all of them alike, and an fsync is measured beside each.
What stands beside a capture is what one would do without calco: copy the disk. Copies too count until they are durable.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import resources
from bench.client import Client
from bench.durations import spell
from bench.host import FsyncProbe, cpu_of_children
from bench.report import Row
from bench.samples import median, quantile, ratio
from bench.service import Service

GIB = 1 << 30
PROMISED_SECONDS = 0.025
PROMISED_FSYNCS = 4
FLAT = 1.5
"""The largest disk may cost this many times the smallest: within what medians of a shared machine wander."""
SPARE_BYTES = 4 * GIB
"""What must stay free on the disk while a copy is made."""
COPY_SECONDS = 3600
RANDOM_MIB = 64


@dataclass
class Captures:
    """One size's captures: seconds until the client saw Succeeded, and CPU seconds of the service for each."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Copy:
    """A copy of the same bytes: seconds until it was durable, and CPU seconds of the program."""

    seconds: float
    cpu_seconds: float


@dataclass
class Measured:
    """All of it, by GiB of data."""

    captures: dict[int, Captures]
    fsyncs: list[float]
    copies: dict[int, Mapping[str, Copy]]
    syncs_each: float | None
    """fsyncs and fdatasyncs the service made for one capture, counted; None where strace is missing."""


def measure(service: Service, sizes_gib: Sequence[int], captures: int) -> Measured:
    """Make machines, fill their disks, capture them ``captures`` times each, copy them once by each tool."""
    client = service.client()
    resources.prepare(client)
    for size in sizes_gib:
        _machine_with_data(service, client, size)
    measured = Measured({size: Captures() for size in sizes_gib}, [], {}, None)
    _capture(service, client, sizes_gib[0], "warm-up")
    with FsyncProbe(service.data) as probe:
        for number in range(captures):
            for size in sizes_gib:
                seconds, cpu = _capture(service, client, size, str(number))
                measured.captures[size].seconds.append(seconds)
                measured.captures[size].cpu_seconds.append(cpu)
                measured.fsyncs.append(probe.seconds())
    measured.syncs_each = _count_syncs(service, client, sizes_gib[0])
    for size in sizes_gib:
        measured.copies[size] = _copies(service.volume_of(_disk(client, size), "disk"))
    client.close()
    return measured


def rows(measured: Measured) -> Iterator[Row]:
    """The answers."""
    fsync = median(measured.fsyncs)
    smallest = measured.captures[min(measured.captures)].seconds
    for size, captures in sorted(measured.captures.items()):
        p50 = median(captures.seconds)
        promised = f"≤ {spell(PROMISED_SECONDS)} or ≤ {PROMISED_FSYNCS} fsyncs ({spell(PROMISED_FSYNCS * fsync)})"
        cpu = sum(captures.cpu_seconds) / len(captures.cpu_seconds)
        yield Row(
            f"durable capture over HTTP, {size} GiB of data",
            f"p50 {spell(p50)}, p99 {spell(quantile(captures.seconds, 0.99))}",
            spell(cpu),
            ", ".join(_beside(name, copy, p50) for name, copy in measured.copies[size].items()) or "no room for copies",
            promised,
            p50 <= max(PROMISED_SECONDS, PROMISED_FSYNCS * fsync),
        )
    largest = measured.captures[max(measured.captures)].seconds
    grown = ratio(largest, smallest)
    yield Row(
        f"... of {max(measured.captures)} GiB against {min(measured.captures)} GiB",
        f"{grown:.2f} times",
        promised=f"flat (≤ {FLAT:g} times)",
        kept=grown <= FLAT,
    )
    counted = "" if measured.syncs_each is None else f"{measured.syncs_each:.1f} of them in one capture"
    yield Row("one fsync of 4 KiB on this disk", f"p50 {spell(fsync)}", beside=counted)


def _beside(name: str, copy: Copy, p50: float) -> str:
    return f"{name} {spell(copy.seconds)} (CPU {spell(copy.cpu_seconds)}, {copy.seconds / p50:,.0f} times)"


# --- machines with data ----------------------------------------------------------------------------------------------


def _name(size: int) -> str:
    return f"source{size}"


def _disk(client: Client, size: int) -> str:
    return client.path(resources.GROUP, resources.DISKS, f"{_name(size)}-0")


def _machine_with_data(service: Service, client: Client, size: int) -> None:
    name = _name(size)
    body = resources.machine(client, name, resources.PLATFORM_IMAGE, empty_disks_gb=(size,))
    resources.generalized(client, name, body)
    fill(service.volume_of(_disk(client, size), "disk"), size * GIB)


def fill(volume: Path, bytes: int) -> None:
    """Write that many random bytes, a multiple of 64 MiB, into a qcow2 file nobody has open; they are durable when it
    returns. The same 64 MiB are written again and again: neither qemu-img nor ext4 looks for repetitions that far
    apart, and 16 GiB of fresh randomness would take minutes of a core."""
    pattern = volume.with_name("random")
    pattern.write_bytes(os.urandom(RANDOM_MIB << 20))
    try:
        steps = range(0, bytes, RANDOM_MIB << 20)
        script = "".join(f"write -q -s {pattern} {offset} {RANDOM_MIB}M\n" for offset in steps) + "flush\nquit\n"
        argv = ["qemu-io", "-f", "qcow2", str(volume)]
        subprocess.run(argv, input=script.encode(), stdout=subprocess.DEVNULL, timeout=COPY_SECONDS, check=True)
    finally:
        pattern.unlink()
    if volume.stat().st_blocks * 512 < bytes:
        raise RuntimeError(f"{volume} did not take {bytes} bytes")


# --- captures --------------------------------------------------------------------------------------------------------


def _capture(service: Service, client: Client, size: int, name: str) -> tuple[float, float]:
    """Seconds until the client saw Succeeded, CPU seconds of the service."""
    path = client.path(resources.GROUP, resources.IMAGES, f"image{size}-{name}")
    body = resources.image(client, _name(size))
    before = service.cpu()
    began = time.perf_counter()
    client.do("PUT", path, body)
    seconds = time.perf_counter() - began
    return seconds, (service.cpu() - before).total


def _count_syncs(service: Service, client: Client, size: int, captures: int = 10) -> float | None:
    with _watched(service.pid, service.data / "syncs") as counted:
        if counted is None:
            return None
        for number in range(captures):
            _capture(service, client, size, f"watched{number}")
    return sum(1 for line in counted.read_text().splitlines() if "sync(" in line) / captures


@contextmanager
def _watched(pid: int, file: Path) -> Iterator[Path | None]:
    """strace writes every fsync of the process and its threads to ``file``; None where it cannot."""
    strace = shutil.which("strace")
    if strace is None:
        yield None
        return
    argv = [strace, "-f", "-q", "-e", "trace=fsync,fdatasync", "-o", str(file), "-p", str(pid)]
    watching = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield file if _is_traced(pid, watching) else None
    finally:
        watching.send_signal(signal.SIGINT)
        watching.wait(30)


def _is_traced(pid: int, watching: "subprocess.Popen[bytes]", seconds: float = 5) -> bool:
    """Wait until every thread of ``pid`` is traced. Source: proc(5), TracerPid."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline and watching.poll() is None:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        if all(f"TracerPid:\t{watching.pid}\n" in (task / "status").read_text() for task in tasks):
            return True
        time.sleep(0.02)
    return False


# --- copies ----------------------------------------------------------------------------------------------------------


def _copies(source: Path) -> dict[str, Copy]:
    """The same bytes by qemu-img and by cp; nothing where there is no room."""
    if shutil.disk_usage(source.parent).free < source.stat().st_blocks * 512 + SPARE_BYTES:
        return {}
    target = source.with_name("copy")
    convert = ["qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", str(source), str(target)]
    copy = ["cp", "--reflink=auto", "--sparse=auto", str(source), str(target)]
    return {"qemu-img convert": _timed(convert, target), "cp": _timed(copy, target)}


def _timed(argv: Sequence[str], target: Path) -> Copy:
    cpu = cpu_of_children()
    began = time.perf_counter()
    try:
        subprocess.run(argv, timeout=COPY_SECONDS, check=True)
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return Copy(time.perf_counter() - began, cpu_of_children() - cpu)
    finally:
        target.unlink(missing_ok=True)

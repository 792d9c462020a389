"""What does a look at a disk cost, beside virt-inspector?

The disk is that of a Linux machine that was used, one qcow2 file, which both sides read. Looks and runs take turns. A
look is timed twice: as the service makes one, and as the command ``calco vhd check``, which is what virt-inspector is.
CPU is counted by the kernel for everything that was started: the child that reads, and QEMU that serves it the file;
virt-inspector's virtual machine, whose every instruction is translated, as it is wherever KVM runs nothing. Its first
run builds that machine and is not counted; what it would tell of packages and icons is not asked for.

calco says more of the disk, virt-inspector knows more kinds of disks: the row compares prices, not wares.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import resources
from bench.durations import spell
from bench.host import cpu_of_children
from bench.report import Row
from bench.samples import median, ratio
from bench.service import Service
from calco import offline
from calco.disk_file import DiskFormat

PROMISED_CPU_SECONDS = 0.5
CONVERT_SECONDS = 600
PEER_SECONDS = 600
CHECK_SECONDS = 60
CHECK_STATUSES = range(6)
"""``calco vhd check`` tells what it found by its exit status."""
VIRT_INSPECTOR = "virt-inspector"


@dataclass
class Taken:
    """Seconds on the clock, and CPU seconds of this process and all it started."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


@dataclass
class Measured:
    """``disk`` says what was looked at; ``peer`` is None where virt-inspector is not installed."""

    disk: str
    look: Taken = field(default_factory=Taken)
    command: Taken = field(default_factory=Taken)
    peer: Taken | None = None


# --- the disk --------------------------------------------------------------------------------------------------------


def disk_of_a_machine(service: Service, target: Path) -> None:
    """Write the disk of a machine that was started, provisioned and stopped into ``target``. The service must run real
    machines and have its group and network. Raises ``client.Failed``, CalledProcessError."""
    client = service.client()
    machine = client.path(resources.GROUP, resources.MACHINES, "looked-at")
    client.do("PUT", machine, resources.machine(client, "looked-at", resources.PLATFORM_IMAGE))
    client.do("POST", f"{machine}/deallocate")
    disk = client.path(resources.GROUP, resources.DISKS, "looked-at-os")
    _flatten(service.volume_of(disk, "disk"), target)
    client.do("DELETE", machine)
    client.close()


def base_disk(target: Path) -> None:
    """Write the base image's disk into ``target``, where no guest may be started. It is built where there is none."""
    built = subprocess.run([sys.executable, "-m", "calco.catalog"], stdout=subprocess.PIPE, text=True, check=True)
    _flatten(Path(built.stdout.strip()), target)


def _flatten(source: Path, target: Path) -> None:
    argv = ["qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", os.fspath(source), os.fspath(target)]
    subprocess.run(argv, timeout=CONVERT_SECONDS, check=True)


# --- measuring -------------------------------------------------------------------------------------------------------


def measure(disk: Path, what: str, looks: int, runs: int) -> Measured:
    """``looks`` of each of calco's, ``runs`` of virt-inspector's; ``what`` the disk is. Raises RuntimeError when either
    side finds no system: then nothing was measured."""
    measured = Measured(what, peer=Taken() if shutil.which(VIRT_INSPECTOR) else None)
    _look(disk)
    _check(disk)
    if measured.peer is not None:
        _virt_inspector(disk)
    for number in range(max(looks, runs)):
        if number < looks:
            _timed(measured.look, lambda: _look(disk))
            _timed(measured.command, lambda: _check(disk))
        if number < runs and measured.peer is not None:
            _timed(measured.peer, lambda: _virt_inspector(disk))
    return measured


def _look(disk: Path) -> None:
    report = offline.look(disk, DiskFormat.QCOW2).report
    if report.os.type != "Linux":
        raise RuntimeError(f"no Linux was found on {disk}: {report.evidence}")


def _check(disk: Path) -> None:
    argv = [sys.executable, "-m", "calco", "vhd", "check", os.fspath(disk), "--format", "qcow2", "-o", "json"]
    # Compiled modules are kept, as they are for whoever installs calco.
    environment = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False)
    if done.returncode not in CHECK_STATUSES or '"Linux"' not in done.stdout:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _virt_inspector(disk: Path) -> None:
    argv = [VIRT_INSPECTOR, "--format=qcow2", "--no-applications", "--no-icon", "-a", os.fspath(disk)]
    # Without libvirt, and without KVM: where KVM is there and runs nothing, it would wait for ever.
    environment = {**os.environ, "LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=PEER_SECONDS, check=True)
    if "<distro>" not in done.stdout:
        raise RuntimeError(f"virt-inspector found no system on {disk}:\n{done.stdout}{done.stderr}")


def _timed(taken: Taken, act: Callable[[], None]) -> None:
    cpu = time.process_time() + cpu_of_children()
    began = time.perf_counter()
    act()
    taken.seconds.append(time.perf_counter() - began)
    taken.cpu_seconds.append(time.process_time() + cpu_of_children() - cpu)


# --- the answer ------------------------------------------------------------------------------------------------------


def rows(measured: Measured) -> Iterator[Row]:
    """The answers."""
    for question, taken, promised in (
        (f"a look at {measured.disk}, by the service", measured.look, True),
        ("... by the command `calco vhd check`", measured.command, False),
    ):
        cpu = median(taken.cpu_seconds)
        yield Row(
            question,
            spell(median(taken.seconds)),
            spell(cpu),
            _beside(measured.peer, taken),
            f"≤ {PROMISED_CPU_SECONDS:g} CPU-s" if promised else "",
            cpu <= PROMISED_CPU_SECONDS if promised else None,
        )


def _beside(peer: Taken | None, ours: Taken) -> str:
    if peer is None:
        return f"{VIRT_INSPECTOR} is not installed"
    cpu, times = median(peer.cpu_seconds), ratio(peer.cpu_seconds, ours.cpu_seconds)
    return f"{VIRT_INSPECTOR} {spell(median(peer.seconds))} (CPU {spell(cpu)}, {times:,.0f} times)"

"""Hypervisors to try, and tiny guests for the real one: boot sectors of our own instead of an operating system."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from qemu.qmp import QMPClient

from calco import process
from calco.compute.accelerator import tcg
from calco.compute.host_room import HostRoom
from calco.compute.qemu import QemuHypervisor
from calco.compute.qemu_control import Monitor
from calco.compute.simulated import SimulatedHypervisor
from calco.model.machine import Drive, Generation, Link, Machine
from calco.ports import Hypervisor
from calco.tool import run_tool

VM = "5e9ae7d2-0f62-4a52-9b2f-0d5d3a3c7b11"
OTHER = "0c8f0d34-77b1-4d0c-8a85-5f0f9e1f2a22"
MEMORY_MIB = 64
OVERHEAD_MIB = tcg("").overhead_mib

# Says U on the serial port with every tick of the clock, until somebody presses the power button; then switches itself
# off. Ports of QEMU's PIIX4: 0x600 PM1a status, 0x602 enable, 0x604 control. Source: ACPI 6.4, 4.8.3.
OBEDIENT = bytes.fromhex(
    "b0ff e6a1"  # mov al,0xff; out 0xa1,al: no interrupt but the clock's
    "ba0006 b80001 ef"  # forget that it was pressed before a reset, as kernels do
    "ba0206 b80001 ef"  # enable the power button
    "fb"  # sti
    "baf803 b055 ee"  # U
    "ba0006 ed f6c401 7503"  # was it pressed?
    "f4 ebee"  # no: wait for the next tick
    "ba0406 b80020 ef"  # yes: soft off
    "f4 ebfd"
)
# Switches itself off at once.
TIRED = bytes.fromhex("ba0406 b80020 ef f4 ebfd")
# Hears no power button: cli; hlt; and again.
DEAF = bytes.fromhex("fa f4 ebfd")
# Says what it hears on the serial port.
PARROT = bytes.fromhex(
    "bafd03 ec a801 74f8"  # has the line status register a byte? Source: 16550 UART, LSR bit 0
    "baf803 ec ee"  # take it, say it
    "ebf1"
)


def machine(
    vm_id: str = VM,
    *,
    disk: str = "empty",
    memory_mib: int = MEMORY_MIB,
    generation: Generation = Generation.V1,
    links: tuple[Link, ...] = (),
) -> Machine:
    return Machine(vm_id, "web1", generation, 1, memory_mib, (Drive(disk, None),), links, None)


class Rig(Protocol):
    """A hypervisor with what only its world can do to it."""

    hypervisor: Hypervisor
    folder: Path

    def restart_the_service(self) -> None: ...

    def volume(self, name: str, over: str | None = None, *, mib: int = 1) -> None:
        """Make an empty volume or an overlay."""

    def limit(self, machines: int) -> None:
        """Restart the service with room for that many machines."""

    def crash(self, vm_id: str) -> None: ...

    def let_the_guest_shut_down(self, vm_id: str) -> None: ...

    def incarnation(self, vm_id: str) -> object:
        """The same as long as the machine is not started anew."""


class SimulatedRig:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.booted: list[str] = []
        self.restart_the_service()

    def restart_the_service(self, capacity_mib: int = 1 << 20) -> None:
        self.simulated = SimulatedHypervisor(
            self.folder, on_boot=lambda booted: self.booted.append(booted.vm_id), capacity_mib=capacity_mib
        )
        self.hypervisor: Hypervisor = self.simulated

    def volume(self, name: str, over: str | None = None, *, mib: int = 1) -> None:
        """There are no files here."""

    def limit(self, machines: int) -> None:
        self.restart_the_service(capacity_mib=machines * MEMORY_MIB)

    def crash(self, vm_id: str) -> None:
        self.simulated.crash(vm_id)

    def let_the_guest_shut_down(self, vm_id: str) -> None:
        self.simulated.shut_down(vm_id)

    def incarnation(self, vm_id: str) -> object:
        return self.booted.count(vm_id)


class QemuRig:
    def __init__(self, folder: Path, run_dir: Path, volumes: Path) -> None:
        self.folder = folder
        self.run_dir = run_dir
        self.volumes = volumes
        self.restart_the_service()

    def restart_the_service(self, room: HostRoom | None = None, answer_seconds: float = 10) -> None:
        self.qemu = QemuHypervisor(
            self.folder,
            self.run_dir,
            self.file,
            tcg("for tests"),
            room=room,
            answer_seconds=answer_seconds,
        )
        self.hypervisor: Hypervisor = self.qemu

    def file(self, volume: str) -> Path:
        flat = self.volumes / f"{volume}.flat"
        return flat if flat.exists() else self.volumes / f"{volume}.qcow2"

    def volume(self, name: str, over: str | None = None, *, mib: int = 1) -> None:
        argv: list[str | Path] = ["qemu-img", "create", "-q", "-u", "-f", "qcow2"]
        if over is not None:
            below = self.file(over)
            argv += ["-b", below.name, "-F", "raw" if below.suffix == ".flat" else "qcow2"]
        run_tool([*argv, self.volumes / f"{name}.qcow2", f"{mib}M"], timeout_seconds=20)

    def open_files(self, vm_id: str) -> dict[str, int]:
        """The volumes the machine's process has open, and whether for writing too: ``os.O_RDWR``."""
        found = {}
        for number in Path(f"/proc/{self.pid(vm_id)}/fd").iterdir():
            # QEMU closes the monitor's last connection when it comes to it: what is gone by now is not open.
            with suppress(FileNotFoundError):
                file = number.readlink()
                if file.parent == self.volumes:
                    flags = Path(f"/proc/{self.pid(vm_id)}/fdinfo/{number.name}").read_text().split()
                    found[file.name] = int(flags[flags.index("flags:") + 1], 8) & os.O_ACCMODE
        return found

    def say(self, vm_id: str, command: str, **arguments: object) -> object:
        """Something at the monitor that is nobody's."""
        return say_to(Monitor(self.qemu.monitor_socket(vm_id), 20), command, **arguments)

    @contextmanager
    def standing_still(self, vm_id: str) -> Iterator[None]:
        """The process is stopped for a while and answers nobody."""
        os.kill(self.pid(vm_id), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid(vm_id), signal.SIGCONT)

    def io(self, vm_id: str, device: str, command: str) -> None:
        """A command of qemu-io to a disk of the running machine: what a guest would write, without a guest."""
        self.say(vm_id, "human-monitor-command", **{"command-line": f'qemu-io -d {device} "{command}"'})

    def limit(self, machines: int) -> None:
        self.restart_the_service(HostRoom(limit_mib=machines * (MEMORY_MIB + OVERHEAD_MIB)))

    def pid(self, vm_id: str) -> int:
        known = process.kept(self.folder / vm_id / "qemu.mark")
        assert known is not None
        return known.pid

    def crash(self, vm_id: str) -> None:
        descriptor = os.pidfd_open(self.pid(vm_id))
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            assert process.wait_gone(descriptor, 10)
        finally:
            os.close(descriptor)

    def let_the_guest_shut_down(self, vm_id: str) -> None:
        # The third monitor, which is nobody's: the hypervisor under test is not asked for its own test.
        self.wait_until_it_ticks(vm_id)
        assert Monitor(self.qemu.monitor_socket(vm_id), 10).press_power(10)

    def wait_until_it_ticks(self, vm_id: str) -> None:
        """Until the OBEDIENT guest has said something."""
        with socket.socket(socket.AF_UNIX) as serial:
            serial.settimeout(20)
            serial.connect(str(self.qemu.serial_socket(vm_id)))
            assert b"U" in serial.recv(1)

    def incarnation(self, vm_id: str) -> object:
        return self.pid(vm_id)


def say_to(monitor: Monitor, command: str, **arguments: object) -> object:
    async def execute(client: QMPClient) -> object:
        return await client.execute(command, arguments)

    return monitor.hold(execute)


def device_of(monitor: Monitor, lun: int | None) -> str:
    """The id of the disk's device."""
    place = "disk-os." if lun is None else f"disk-lun{lun}."
    found = say_to(monitor, "qom-list", path="/machine/peripheral")
    assert isinstance(found, list)
    (name,) = [each["name"] for each in found if each["name"].startswith(place)]
    return str(name)


def make_disk(volumes: Path, name: str, program: bytes) -> None:
    """A qcow2 volume whose boot sector is ``program``."""
    raw = volumes / f"{name}.raw"
    raw.write_bytes((program.ljust(510, b"\0") + b"\x55\xaa").ljust(1 << 20, b"\0"))
    run_tool(
        ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, volumes / f"{name}.qcow2"],
        timeout_seconds=20,
    )


@contextmanager
def qemu_rig(folder: Path) -> Iterator[QemuRig]:
    """The real thing; what still runs afterwards is ended."""
    volumes, machines = folder / "volumes", folder / "machines"
    volumes.mkdir()
    make_disk(volumes, "empty", OBEDIENT)
    make_disk(volumes, "tired", TIRED)
    make_disk(volumes, "deaf", DEAF)
    make_disk(volumes, "parrot", PARROT)
    run_dir = Path(tempfile.mkdtemp(prefix="calco-test-"))  # tmp_path is too long for Unix sockets
    rig = QemuRig(machines, run_dir, volumes)
    try:
        yield rig
    finally:
        for vm_id in rig.qemu.machines():
            rig.qemu.stop(vm_id, grace_seconds=0)
        shutil.rmtree(run_dir)

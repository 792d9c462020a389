"""Machines and networks that are not there: for testing calco's rules fast. Chosen by name, never fallen back to.

No program runs, no disk is read or written, no packet is sent. What is kept is what a real hypervisor and network would
still know after the service was restarted: files in a folder, written whole or not at all. The same conformance tests
run on these and on the real drivers, which is what makes them worth believing.
"""

import os
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import TypeVar

import msgspec

from calco.compute.qemu_command import check
from calco.compute.qemu_drives import check_drive
from calco.compute.serial_port import PretendedPort
from calco.model.ids import is_guid
from calco.model.machine import Drive, Link, Machine, MachineState
from calco.model.run_command import Ran, Script
from calco.model.subnet import Port, Subnet
from calco.model.volume import VolumeId
from calco.ports import FabricSocket, NetworkCapabilities, NoGuestAgent, NoRoom, RunLost
from calco.tool import ToolFailed

T = TypeVar("T")

_FILE = "simulated.json"
_CONSOLE_BYTES_MAX = 1 << 20


class _Simulated(msgspec.Struct, frozen=True):
    """A machine as its file has it. ``booting``: its ``on_boot`` has not returned yet."""

    machine: Machine
    state: MachineState
    booting: bool = False
    boots: int = 0
    runs: tuple[str, ...] = ()
    """Every script that was begun, by its run's id."""


class _Memory(msgspec.Struct, frozen=True):
    memory_mib: int


class _Share(msgspec.Struct, frozen=True):
    """What a machine's file says that is asked of every machine at once: by each start, and by lists."""

    machine: _Memory
    state: MachineState


def _nobody_hears(machine: Machine) -> None:
    """A guest that never reports."""


def _nothing_runs(machine: Machine, script: Script) -> Ran:
    """A script's end where there is no guest; ``hostname`` is answered, for it is what people try first."""
    if script.text.strip() == "hostname":
        return Ran(0, f"{machine.name}\n".encode(), b"")
    return Ran(0, f"simulated machine {machine.name}: the script was taken and not run\n".encode(), b"")


class SimulatedHypervisor:
    """``ports.Hypervisor`` without machines, FOR TESTING RULES: nothing boots here.

    ``machines`` is the folder of machines' folders. ``on_boot`` is called by ``start`` and ``reset``, in the caller's
    thread, once the machine counts as running: whoever wants guests that report Ready sends the report there (at once,
    later, or never). It is called at least once for each boot: a boot cut short by a crash of the service is told again
    by the next ``start``. ``on_run`` answers for scripts: each is begun once, None means it still runs, and
    NoGuestAgent is for guests without an agent. ``capacity_mib`` is the memory of all running machines together. Its
    serial consoles repeat what is typed into them, character by character and then the line (``PretendedPort``).
    """

    def __init__(
        self,
        machines: Path,
        *,
        on_boot: Callable[[Machine], None] = _nobody_hears,
        on_run: Callable[[Machine, Script], Ran | None] = _nothing_runs,
        capacity_mib: int = 1 << 20,
    ) -> None:
        self._machines = machines
        self._on_boot = on_boot
        self._on_run = on_run
        self._capacity_mib = capacity_mib
        self._lock = threading.Lock()
        self._ports: dict[str, PretendedPort] = {}

    # --- ports.Hypervisor ------------------------------------------------------------------------------------------

    def start(self, machine: Machine) -> None:
        check(machine)
        with self._lock:
            found = self._read(machine.vm_id)
            runs = found is not None and found.state is MachineState.RUNNING
            if found is not None and runs and not found.booting:
                return
            if not runs:
                self._refuse_without_room(machine)
                self._write(_Simulated(machine, MachineState.RUNNING, booting=True, boots=1))
        self._boot(machine.vm_id)

    def stop(self, vm_id: str, *, grace_seconds: float) -> None:  # noqa: ARG002 - nobody is waited for
        with self._lock:
            self._file(vm_id).unlink(missing_ok=True)
            self._hang_up(vm_id)

    def reset(self, vm_id: str) -> None:
        """Raises ToolFailed when there is nothing to reset."""
        with self._lock:
            found = self._read(vm_id)
            if found is None or found.state is MachineState.CRASHED:
                raise ToolFailed(("simulated",), None, f"machine {vm_id} has no process to reset")
            self._write(
                _Simulated(found.machine, MachineState.RUNNING, booting=True, boots=found.boots + 1, runs=found.runs)
            )
        self._boot(vm_id)

    def state(self, vm_id: str) -> MachineState:
        if not is_guid(vm_id):
            raise _no_vm_id(vm_id)
        found = _share(f"{os.fspath(self._machines)}/{vm_id}/{_FILE}")
        return found.state if found else MachineState.ABSENT

    def plug(self, vm_id: str, drive: Drive) -> None:
        check_drive(drive)
        with self._lock:
            there = self._writes(vm_id)
            if there.get(drive.lun, drive.volume) != drive.volume:
                raise ToolFailed(("simulated",), None, f"machine {vm_id} has volume {there[drive.lun]} there")
            if drive.lun not in there:
                self._rewire(vm_id, lambda drives: (*drives, drive))

    def unplug(self, vm_id: str, lun: int) -> None:
        with self._lock:
            self._rewire(vm_id, lambda drives: tuple(each for each in drives if each.lun != lun))

    def switch(self, vm_id: str, drive: Drive) -> None:
        check_drive(drive)
        with self._lock:
            self._rewire(vm_id, lambda drives: tuple(drive if each.lun == drive.lun else each for each in drives))

    def writes(self, vm_id: str) -> Mapping[int | None, VolumeId]:
        with self._lock:
            return self._writes(vm_id)

    def machines(self) -> set[str]:
        if not self._machines.exists():
            return set()
        with os.scandir(self._machines) as entries:
            return {entry.name for entry in entries if is_guid(entry.name) and entry.is_dir()}

    def forget(self, vm_id: str) -> None:
        """Raises ValueError while the machine runs or stands shut down."""
        with self._lock:
            found = self._read(vm_id)
            if found is not None and found.state is not MachineState.CRASHED:
                raise ValueError(f"machine {vm_id} has a process")
            self._file(vm_id).unlink(missing_ok=True)
            self._console(vm_id).unlink(missing_ok=True)
            _remove_if_empty(self._file(vm_id).parent)

    def guest_boot(self, vm_id: str) -> str:
        return f"00000000-0000-0000-0000-{self._living(vm_id).boots:012}"

    def run(self, vm_id: str, boot: str, script: Script) -> Ran | None:
        with self._lock:
            found = self._living(vm_id)
            if script.id not in found.runs:
                if boot != self.guest_boot(vm_id):
                    raise RunLost
                self._write(msgspec.structs.replace(found, runs=(*found.runs, script.id)))
        return self._on_run(found.machine, script)

    def forget_run(self, vm_id: str, id: str) -> None:  # noqa: ARG002 - nothing is kept of it
        self._living(vm_id)

    def console_log(self, vm_id: str) -> bytes:
        try:
            return self._console(vm_id).read_bytes()
        except FileNotFoundError:
            return b""

    def serial(self, vm_id: str) -> socket.socket:
        with self._lock:
            if self.state(vm_id) is not MachineState.RUNNING:
                raise ConnectionRefusedError(f"machine {vm_id} does not run")
            if vm_id not in self._ports:
                self._ports[vm_id] = PretendedPort(lambda printed: self._log(vm_id, printed))
            return self._ports[vm_id].line()

    def screenshot(self, vm_id: str) -> bytes | None:
        found = self._read(vm_id)
        return None if found is None or found.state is MachineState.CRASHED else _grey_png()

    # --- what guests do of their own accord ------------------------------------------------------------------------

    def shut_down(self, vm_id: str) -> None:
        """The guest switches itself off."""
        self._befall(vm_id, MachineState.SHUT_DOWN)

    def crash(self, vm_id: str) -> None:
        """The process ends without anyone having asked."""
        self._befall(vm_id, MachineState.CRASHED)

    def runs(self, vm_id: str) -> tuple[str, ...]:
        """The ids of all scripts that its guest has begun since it was switched on."""
        return self._living(vm_id).runs

    # --- inside ----------------------------------------------------------------------------------------------------

    def _living(self, vm_id: str) -> _Simulated:
        found = self._read(vm_id)
        if found is None or found.state is not MachineState.RUNNING:
            raise NoGuestAgent("the machine does not run")
        return found

    def _writes(self, vm_id: str) -> dict[int | None, VolumeId]:
        found = self._read(vm_id)
        if found is None or found.state is MachineState.CRASHED:
            return {}
        return {each.lun: each.volume for each in found.machine.drives}

    def _rewire(self, vm_id: str, change: Callable[[tuple[Drive, ...]], tuple[Drive, ...]]) -> None:
        found = self._read(vm_id)
        if found is not None and found.state is not MachineState.CRASHED:
            drives = change(found.machine.drives)
            self._write(msgspec.structs.replace(found, machine=replace(found.machine, drives=drives)))

    def _befall(self, vm_id: str, state: MachineState) -> None:
        with self._lock:
            found = self._read(vm_id)
            if found is not None:
                self._write(_Simulated(found.machine, state, boots=found.boots, runs=found.runs))
            if state is MachineState.CRASHED:
                self._hang_up(vm_id)

    def _hang_up(self, vm_id: str) -> None:
        port = self._ports.pop(vm_id, None)
        if port is not None:
            port.end()

    def _log(self, vm_id: str, printed: bytes) -> None:
        """A machine that was forgotten meanwhile has no log any more, and its folder stays gone."""
        with suppress(FileNotFoundError), self._console(vm_id).open("r+b") as log:
            log.seek(0, os.SEEK_END)
            if log.tell() < _CONSOLE_BYTES_MAX:
                log.write(printed)

    def _boot(self, vm_id: str) -> None:
        found = self._read(vm_id)
        if found is None:
            return
        said = f"simulated machine {found.machine.name}, boot {found.boots}\n".encode()
        self._console(vm_id).write_bytes(said)
        port = self._ports.get(vm_id)
        if port is not None:
            port.say(said)
        self._on_boot(found.machine)
        with self._lock:
            # Only this very boot has been told: the guest may have been reset or stopped meanwhile.
            now = self._read(vm_id)
            if now is not None and (now.boots, now.state) == (found.boots, found.state):
                self._write(msgspec.structs.replace(now, booting=False))

    def _refuse_without_room(self, machine: Machine) -> None:
        # Plain strings: every start asks every machine's file, and a hundred paths cost more than a hundred files.
        folder = os.fspath(self._machines)
        taken = sum(_given_mib(f"{folder}/{vm_id}/{_FILE}") for vm_id in self.machines() - {machine.vm_id})
        if taken + machine.memory_mib > self._capacity_mib:
            wanted = f"{machine.memory_mib} MiB wanted"
            raise NoRoom(f"{wanted}, {taken} of the {self._capacity_mib} MiB for machines are given away")

    def _read(self, vm_id: str) -> _Simulated | None:
        return _read(self._file(vm_id), _Simulated)

    def _write(self, found: _Simulated) -> None:
        file = self._file(found.machine.vm_id)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(file, found)

    def _file(self, vm_id: str) -> Path:
        if not is_guid(vm_id):
            raise _no_vm_id(vm_id)
        return self._machines / vm_id / _FILE

    def _console(self, vm_id: str) -> Path:
        return self._file(vm_id).with_name("console.log")


class _Network(msgspec.Struct, frozen=True):
    """A network as its file has it: CIDR blocks by subnet name, private addresses by NIC."""

    subnets: dict[str, str]
    ports: dict[str, str] = {}


class SimulatedNetwork:
    """``ports.VirtualNetwork`` without packets, FOR TESTING RULES: no machine reaches another one here.

    ``dial`` gives a socket that greets like an SSH server on port 22 of any NIC that is plugged in, and refuses other
    ports. ``publish`` makes an address reach nothing, and says so: its answer is empty. ``folder`` keeps the networks.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> NetworkCapabilities:
        return NetworkCapabilities(waagent=True, between_machines=False, routed_addresses=True)

    def open(self, network: str, subnets: Sequence[Subnet]) -> None:
        with self._lock:
            found = self._read(network)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            named = {subnet.name: str(subnet.prefix) for subnet in subnets}
            _write(self._file(network), _Network(named, found.ports if found else {}))

    def close(self, network: str) -> None:
        with self._lock:
            self._file(network).unlink(missing_ok=True)

    def networks(self) -> set[str]:
        if not self._folder.exists():
            return set()
        return {file.stem for file in self._folder.glob("*.json") if is_guid(file.stem)}

    def plug(self, port: Port) -> Link:
        """Raises OSError when the network is not open or has no such subnet."""
        with self._lock:
            found = self._opened(port.network)
            if IPv4Network(found.subnets.get(port.subnet.name, "0.0.0.0/32")) != port.subnet.prefix:
                raise OSError(f"network {port.network} has no subnet {port.subnet.name} {port.subnet.prefix}")
            _write(self._file(port.network), _Network(found.subnets, {**found.ports, port.nic: port.address}))
        return Link(port.mac, "user,restrict=on")

    def unplug(self, port: Port) -> None:
        with self._lock:
            found = self._read(port.network)
            if found is not None and port.nic in found.ports:
                rest = {nic: address for nic, address in found.ports.items() if nic != port.nic}
                _write(self._file(port.network), _Network(found.subnets, rest))

    def dial(self, port: Port, tcp_port: int, *, timeout_seconds: float) -> socket.socket:
        found = self._read(port.network)
        if found is None or port.nic not in found.ports:
            raise OSError(f"NIC {port.nic} is not plugged in")
        if tcp_port != 22:
            raise ConnectionRefusedError(f"nothing simulated listens at port {tcp_port}")
        near, far = socket.socketpair()
        far.sendall(b"SSH-2.0-simulated\r\n")
        far.close()
        near.settimeout(timeout_seconds)
        return near

    def publish(
        self,
        port: Port,  # noqa: ARG002
        address: str,  # noqa: ARG002
        tcp_ports: Sequence[int],  # noqa: ARG002
    ) -> Mapping[int, tuple[str, int]]:
        """Always empty: no port of a simulated machine is reached at any address."""
        return {}

    def unpublish(self, address: str) -> None:
        """There is nothing to undo."""

    def listeners(self, network: str) -> Sequence[FabricSocket]:
        """Always empty: no simulated guest asks the fabric. Raises OSError when the network is not open."""
        self._opened(network)
        return ()

    def _opened(self, network: str) -> _Network:
        found = self._read(network)
        if found is None:
            raise OSError(f"network {network} is not open")
        return found

    def _read(self, network: str) -> _Network | None:
        return _read(self._file(network), _Network)

    def _file(self, network: str) -> Path:
        if not is_guid(network):
            raise ValueError(f"not a network's GUID: {network[:100]!r}")
        return self._folder / f"{network}.json"


def _read(file: Path, type: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=type, dec_hook=_path)
    except FileNotFoundError:
        return None


def _no_vm_id(text: str) -> ValueError:
    return ValueError(f"not a vmId: {text[:100]!r}")


def _share(file: str) -> _Share | None:
    try:
        with open(file, "rb") as kept:  # noqa: PTH123
            return msgspec.json.decode(kept.read(), type=_Share)
    except FileNotFoundError:
        return None


def _given_mib(file: str) -> int:
    found = _share(file)
    return 0 if found is None or found.state is MachineState.CRASHED else found.machine.memory_mib


def _write(file: Path, value: object) -> None:
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(msgspec.json.encode(value, enc_hook=str))
    fresh.replace(file)


def _path(_: type, value: object) -> Path:
    return Path(str(value))


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # absent, or the provisioning DVD is still there: its maker removes it


def _grey_png() -> bytes:
    """One grey pixel. Source: PNG specification, third edition, 5.2 and 5.3."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")

"""Machines as QEMU processes that outlive the service.

Each machine has a folder (``machines/{vm_id}``: console log, QEMU's own log, UEFI variables, process mark) and sockets
in the run directory. The state of a machine is always asked for, from its process and from QEMU in it:

    no mark                     ABSENT       never started, or stopped by us
    mark, process gone          CRASHED      nobody asked for that
    process, run state shutdown SHUT_DOWN    the guest switched itself off; QEMU waits (-action shutdown=pause)
    process, internal-error     CRASHED      the accelerator gave up on the guest
    process, anything else      RUNNING      also when QEMU does not answer: it may write to its drives at any time

What is durable: a guest's flush is an fdatasync of its volume. ``stop`` ends QEMU by its ``quit``, which flushes every
drive, the qcow2 tables included, and fdatasyncs it; the folder that names the file is its maker's business. Only a QEMU
that does not answer is killed; a volume then has what the guest had flushed, as after a pulled plug.
"""

import logging
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from calco import process
from calco.compute import guest_script, qemu_drives, qemu_process, serial_port
from calco.compute.accelerator import Accelerator
from calco.compute.guest_agent import AgentRefused, AgentSilent, Ended, GuestAgent
from calco.compute.host_room import HostRoom, Promise
from calco.compute.locks import Locks
from calco.compute.qemu_command import Firmware, Places, check, command
from calco.compute.qemu_control import Monitor, Refused, Silent
from calco.model.ids import is_guid
from calco.model.machine import Drive, Generation, Machine, MachineState
from calco.model.run_command import Ran, Script
from calco.model.volume import MIB, VolumeId
from calco.ports import NoGuestAgent, NoRoom
from calco.process import Mark
from calco.tool import ToolFailed

log = logging.getLogger(__name__)

T = TypeVar("T")

# Where Debian, Ubuntu and Fedora put OVMF without secure boot; the pairs belong together.
UEFI = (
    Firmware(Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), Path("/usr/share/OVMF/OVMF_VARS_4M.fd")),
    Firmware(Path("/usr/share/OVMF/OVMF_CODE.fd"), Path("/usr/share/OVMF/OVMF_VARS.fd")),
    Firmware(Path("/usr/share/edk2/ovmf/OVMF_CODE.fd"), Path("/usr/share/edk2/ovmf/OVMF_VARS.fd")),
)

MEANING = MappingProxyType({
    "shutdown": MachineState.SHUT_DOWN,
    "internal-error": MachineState.CRASHED,
    "guest-panicked": MachineState.CRASHED,
})  # fmt: skip
"""QEMU's run states that are not RUNNING. Source: QAPI, RunState."""

CONSOLE_BYTES = MIB
CONSOLE_BYTES_MAX = 4 * MIB
SCREEN_BYTES_MAX = 16 * MIB
SOCKET_PATH_BYTES_MAX = 107
START_SECONDS = 30
FLUSH_SECONDS = 120
# A reset in the first 10 ms of SeaBIOS, while it copies itself into RAM, leaves a machine that hangs until it is
# switched off (seen with 1.16.2 on pc and q35). So resets keep away from starts and from each other.
FIRMWARE_SECONDS = 0.3


class QemuHypervisor:
    """``ports.Hypervisor`` on this host's QEMU.

    ``machines`` is the folder of machines' folders; ``run_dir`` holds their sockets, at most 67 bytes long; ``volume``
    says where a volume's qcow2 file is. ``answer_seconds`` is how long QEMU may take to answer.
    """

    def __init__(
        self,
        machines: Path,
        run_dir: Path,
        volume: Callable[[VolumeId], Path],
        accelerator: Accelerator,
        *,
        room: HostRoom | None = None,
        answer_seconds: float = 10,
        qemu: str = "qemu-system-x86_64",
    ) -> None:
        self._machines = machines
        self._run_dir = run_dir
        self._volume = volume
        self._accelerator = accelerator
        self._room = room or HostRoom()
        self._answer_seconds = answer_seconds
        self._qemu = qemu
        self._starting = threading.Lock()
        self._marking = threading.Lock()
        self._changing = Locks()
        self._asking = Locks()
        self._speaking = Locks()
        if len(os.fsencode(self.serial_socket("0" * 8 + "-0000-0000-0000-" + "0" * 12))) > SOCKET_PATH_BYTES_MAX:
            raise ValueError(f"too long for Unix sockets: {run_dir}")

    # --- ports.Hypervisor ------------------------------------------------------------------------------------------

    def start(self, machine: Machine) -> None:
        vm_id = machine.vm_id
        folder = self._folder(vm_id)
        with self._changing(vm_id):
            if self.state(vm_id) is MachineState.RUNNING and not self._stopping_file(vm_id).exists():
                return
            check(machine)
            with self._starting:
                self._refuse_without_room(machine)
                self._end(vm_id, grace_seconds=0)
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                known = self._spawn(machine)
            self._await_firmware(vm_id, known)

    def stop(self, vm_id: str, *, grace_seconds: float) -> None:
        with self._changing(vm_id):
            self._end(vm_id, grace_seconds=grace_seconds)

    def reset(self, vm_id: str) -> None:
        """Takes FIRMWARE_SECONDS, twice that just after a start. Raises ToolFailed when there is no process to reset,
        or it does not answer."""
        with self._changing(vm_id):
            known = self._process(vm_id)
            if known is None:
                raise ToolFailed((self._qemu,), None, f"machine {vm_id} has no process to reset")
            try:
                _let_pass(known, FIRMWARE_SECONDS - qemu_process.age_seconds(known))
                self._changer(vm_id).reset()
                _let_pass(known, FIRMWARE_SECONDS)
            except (Silent, Refused) as failed:
                raise ToolFailed((self._qemu,), None, f"machine {vm_id} was not reset: {failed}") from failed

    def state(self, vm_id: str) -> MachineState:
        known = self._process(vm_id)
        if known is None:
            return MachineState.CRASHED if self._mark_file(vm_id).exists() else MachineState.ABSENT
        try:
            with self._asking(vm_id):
                self._shorten_console(vm_id)
                status = self._asker(vm_id).status()
        except (Silent, Refused) as silent:
            if not process.is_alive(known):
                return self.state(vm_id)
            log.warning("machine %s runs as process %d but does not answer: %s", vm_id, known.pid, silent)
            return MachineState.RUNNING
        if status not in {"running", "shutdown"}:
            log.warning("machine %s is in QEMU's run state %s", vm_id, status)
        return MEANING.get(status, MachineState.RUNNING)

    def plug(self, vm_id: str, drive: Drive) -> None:
        """Raises ToolFailed also when another volume has that LUN."""

        def add(monitor: Monitor) -> None:
            there = qemu_drives.writes(monitor).get(drive.lun)
            if there is None:
                qemu_drives.plug(monitor, drive, self._volume(drive.volume))
            elif there != drive.volume:
                raise Refused(f"volume {there} is there")

        qemu_drives.check_drive(drive)
        self._tell(vm_id, f"given a disk at LUN {drive.lun}", add)

    def unplug(self, vm_id: str, lun: int) -> None:
        self._tell(vm_id, f"rid of its disk at LUN {lun}", lambda monitor: qemu_drives.unplug(monitor, lun))

    def switch(self, vm_id: str, drive: Drive) -> None:
        """A LUN without a disk is left alone as well: ``writes`` says so."""

        def put_over(monitor: Monitor) -> None:
            there = qemu_drives.writes(monitor).get(drive.lun)
            if there is not None and there != drive.volume:
                qemu_drives.flush(self._volume(there))
                qemu_drives.switch(monitor, drive, self._volume(drive.volume))

        qemu_drives.check_drive(drive)
        self._tell(vm_id, f"switched to volume {drive.volume}", put_over)

    def writes(self, vm_id: str) -> Mapping[int | None, VolumeId]:
        """Raises ToolFailed when there is a process that does not answer."""
        return self._tell(vm_id, "asked for its disks", qemu_drives.writes) or {}

    def machines(self) -> set[str]:
        if not self._machines.exists():
            return set()
        return {entry.name for entry in self._machines.iterdir() if entry.is_dir() and is_guid(entry.name)}

    def forget(self, vm_id: str) -> None:
        """Raises ValueError while the machine has a process. The provisioning DVD beside our files is left to its
        maker."""
        folder = self._folder(vm_id)
        with self._changing(vm_id):
            if self._process(vm_id) is not None:
                raise ValueError(f"machine {vm_id} has a process")
            self._clear(vm_id)
            for file in (self._console(vm_id), self._qemu_log(vm_id), self._variables(vm_id), self._screen(vm_id)):
                file.unlink(missing_ok=True)
                _fresh(file).unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()

    def guest_boot(self, vm_id: str) -> str:
        return guest_script.boot(partial(self._execute, vm_id))

    def run(self, vm_id: str, boot: str, script: Script) -> Ran | None:
        return guest_script.run(partial(self._execute, vm_id), boot, script)

    def forget_run(self, vm_id: str, id: str) -> None:
        guest_script.forget(partial(self._execute, vm_id), id)

    def console_log(self, vm_id: str) -> bytes:
        with self._asking(vm_id):
            self._shorten_console(vm_id)
            return _tail(self._console(vm_id), CONSOLE_BYTES)

    def serial(self, vm_id: str) -> socket.socket:
        if self.state(vm_id) is not MachineState.RUNNING:
            raise ConnectionRefusedError(f"machine {vm_id} does not run")
        return serial_port.line(self.serial_socket(vm_id), self._answer_seconds)

    def screenshot(self, vm_id: str) -> bytes | None:
        if self._process(vm_id) is None:
            return None
        file = self._screen(vm_id)
        with self._asking(vm_id):
            try:
                self._asker(vm_id).screenshot(file)
                return _tail(file, SCREEN_BYTES_MAX) or None
            except (Silent, Refused) as failed:
                log.warning("no screen of machine %s: %s", vm_id, failed)
                return None
            finally:
                file.unlink(missing_ok=True)

    # --- for people ------------------------------------------------------------------------------------------------

    def monitor_socket(self, vm_id: str) -> Path:
        """A QMP socket nothing here ever uses: whoever looks at a machine by hand blocks nobody."""
        return self._socket(vm_id, "m2")

    def serial_socket(self, vm_id: str) -> Path:
        """Where the guest's serial console is read and typed into."""
        return self._socket(vm_id, "serial")

    def guest_agent_socket(self, vm_id: str) -> Path:
        """Where qemu-guest-agent speaks, when the guest has one."""
        return self._socket(vm_id, "qga")

    # --- starting --------------------------------------------------------------------------------------------------

    def _refuse_without_room(self, machine: Machine) -> None:
        overhead = self._accelerator.overhead_mib
        others: list[Promise] = []
        returned = 0
        for vm_id in self.machines():
            known = self._process(vm_id)
            promise = qemu_process.promise(known, overhead_mib=overhead) if known else Promise(0, 0)
            if vm_id == machine.vm_id:
                returned = promise.resident_mib
            else:
                others.append(promise)
        shortage = self._room.shortage(machine.memory_mib + overhead, others, returned_mib=returned)
        if shortage is not None:
            raise NoRoom(shortage)

    def _spawn(self, machine: Machine) -> Mark:
        """Start QEMU. Its monitors are made here and inherited: a connection made at once waits for QEMU's answer, and
        ends when QEMU does, so that nobody has to look again and again whether a socket is there yet."""
        vm_id = machine.vm_id
        self._console(vm_id).unlink(missing_ok=True)
        self._qemu_log(vm_id).unlink(missing_ok=True)
        self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        firmware = self._firmware(machine)
        with ExitStack() as ours:
            monitors = [ours.enter_context(_listening(path)) for path in self._monitors(vm_id)]
            places = Places(
                console_log=self._console(vm_id),
                serial=self.serial_socket(vm_id),
                guest_agent=self.guest_agent_socket(vm_id),
                monitors=tuple(monitor.fileno() for monitor in monitors),
                firmware=firmware,
                volume=self._volume,
            )
            argv = command(machine, places, self._accelerator, qemu=self._qemu)
            try:
                known = process.spawn(argv, log=self._qemu_log(vm_id), pass_fds=places.monitors)
            except OSError as failed:
                raise ToolFailed(tuple(argv), None, str(failed)) from failed
            self._keep(vm_id, known)
        return known

    def _await_firmware(self, vm_id: str, known: Mark) -> None:
        """Return when QEMU answers; by then the firmware runs. Raises ToolFailed when it ended or does not answer."""
        try:
            Monitor(self._socket(vm_id, "m0"), START_SECONDS).status()
        except (Silent, Refused) as silent:
            process.end(known, grace_seconds=0)
            said = _tail(self._qemu_log(vm_id), 4000).decode(errors="replace")
            self._clear(vm_id)
            raise ToolFailed((self._qemu,), None, said or str(silent)) from silent

    def _firmware(self, machine: Machine) -> Firmware | None:
        if machine.generation is Generation.V1:
            return None
        for pair in UEFI:
            if pair.code.exists() and pair.variables.exists():
                own = self._variables(machine.vm_id)
                if not own.exists():
                    shutil.copyfile(pair.variables, _fresh(own))
                    _fresh(own).replace(own)
                return Firmware(pair.code, own)
        raise ToolFailed((self._qemu,), None, "no UEFI firmware on this host: install the package ovmf")

    # --- ending ----------------------------------------------------------------------------------------------------

    def _end(self, vm_id: str, *, grace_seconds: float) -> None:
        """Leave no process: by the guest's own doing within ``grace_seconds``, else by QEMU's ``quit``, else by a
        signal."""
        known = self._process(vm_id)
        if known is not None:
            if grace_seconds > 0:
                self._ask_guest(vm_id, grace_seconds)
            # From here on the end is wanted: should the service die now, the machine is not taken for crashed later.
            with suppress(FileNotFoundError):
                self._mark_file(vm_id).replace(self._stopping_file(vm_id))
            self._pull_plug(vm_id, known)
        self._clear(vm_id)

    def _ask_guest(self, vm_id: str, grace_seconds: float) -> None:
        try:
            if not self._changer(vm_id).press_power(grace_seconds):
                log.info("machine %s did not switch itself off in %g s", vm_id, grace_seconds)
        except (Silent, Refused) as failed:
            log.warning("machine %s was not asked to end: %s", vm_id, failed)

    def _pull_plug(self, vm_id: str, known: Mark) -> None:
        try:
            descriptor = os.pidfd_open(known.pid)
        except ProcessLookupError:
            return
        try:
            self._changer(vm_id).quit()
            process.wait_gone(descriptor, FLUSH_SECONDS)
        except (Silent, Refused) as failed:
            log.warning("machine %s is killed: %s", vm_id, failed)
        finally:
            os.close(descriptor)
        process.end(known, grace_seconds=self._answer_seconds)
        if process.is_alive(known):
            raise ToolFailed((self._qemu,), None, f"process {known.pid} of machine {vm_id} does not end")

    def _clear(self, vm_id: str) -> None:
        """Remove what only a process needs. The mark goes last: until then whoever comes after knows what to clear."""
        for path in (*self._monitors(vm_id), self.serial_socket(vm_id), self.guest_agent_socket(vm_id)):
            path.unlink(missing_ok=True)
        for file in (self._stopping_file(vm_id), self._mark_file(vm_id)):
            _fresh(file).unlink(missing_ok=True)
            file.unlink(missing_ok=True)

    # --- knowing ---------------------------------------------------------------------------------------------------

    def _process(self, vm_id: str) -> Mark | None:
        """The machine's process, if it lives; a process whose mark was lost is found and marked again."""
        folder = self._folder(vm_id)
        for file in (self._mark_file(vm_id), self._stopping_file(vm_id)):
            known = process.kept(file)
            if known is not None:
                if process.belongs_to(known, folder):
                    return known
                process.reap(known)
        found = qemu_process.find(vm_id, folder) if folder.exists() else None
        if found is not None:
            log.warning("machine %s runs as process %d without its mark", vm_id, found.pid)
            self._keep(vm_id, found)
        return found

    def _keep(self, vm_id: str, known: Mark) -> None:
        with self._marking:  # two who find the same process write the same mark, but not at the same time
            process.keep(known, self._mark_file(vm_id))

    def _asker(self, vm_id: str) -> Monitor:
        return Monitor(self._socket(vm_id, "m0"), self._answer_seconds)

    def _changer(self, vm_id: str) -> Monitor:
        """A monitor apart, so that a machine that is being stopped for minutes still answers how it is."""
        return Monitor(self._socket(vm_id, "m1"), self._answer_seconds)

    def _tell(self, vm_id: str, done: str, talk: Callable[[Monitor], T]) -> T | None:
        """Say something at the monitor for changes; None when there is no process, or not any more. What else goes
        wrong is told as ToolFailed: the machine was not ``done``."""
        with self._changing(vm_id):
            known = self._process(vm_id)
            if known is None:
                return None
            try:
                return talk(self._changer(vm_id))
            except (Silent, Refused) as failed:
                if not process.is_alive(known):
                    return None
                raise ToolFailed((self._qemu,), None, f"machine {vm_id} was not {done}: {failed}") from failed

    def _execute(self, vm_id: str, argv: Sequence[str], input: bytes) -> Ended:
        """Have the guest's agent run a program that ends soon. QEMU knows whether an agent listens; asking it first
        saves waiting for one that is not there."""
        if self._process(vm_id) is None:
            raise NoGuestAgent("the machine does not run")
        try:
            with self._speaking(vm_id):
                if not self._asker(vm_id).has_agent():
                    raise NoGuestAgent("nobody in the guest listens at the agent's port")
                return GuestAgent(self.guest_agent_socket(vm_id), self._answer_seconds).execute(argv, input)
        except (Silent, Refused, AgentSilent, AgentRefused) as why:
            raise NoGuestAgent(str(why)) from why

    def _shorten_console(self, vm_id: str) -> None:
        """Keep a guest from filling the disk through its console. QEMU appends, so cutting from outside is safe; what
        it writes between our reading and our cutting is lost."""
        file = self._console(vm_id)
        with suppress(FileNotFoundError):
            if file.stat().st_size > CONSOLE_BYTES_MAX:
                kept = _tail(file, CONSOLE_BYTES)
                with file.open("ab") as whole:
                    whole.truncate(0)
                    whole.write(kept)

    # --- places ----------------------------------------------------------------------------------------------------

    def _folder(self, vm_id: str) -> Path:
        if not is_guid(vm_id):
            raise ValueError(f"not a vmId: {vm_id[:100]!r}")
        return self._machines / vm_id

    def _mark_file(self, vm_id: str) -> Path:
        return self._folder(vm_id) / "qemu.mark"

    def _stopping_file(self, vm_id: str) -> Path:
        return self._folder(vm_id) / "qemu.stopping"

    def _console(self, vm_id: str) -> Path:
        return self._folder(vm_id) / "console.log"

    def _qemu_log(self, vm_id: str) -> Path:
        return self._folder(vm_id) / "qemu.log"

    def _variables(self, vm_id: str) -> Path:
        return self._folder(vm_id) / "firmware-variables.fd"

    def _screen(self, vm_id: str) -> Path:
        return self._folder(vm_id) / "screen.png"

    def _monitors(self, vm_id: str) -> tuple[Path, ...]:
        return (self._socket(vm_id, "m0"), self._socket(vm_id, "m1"), self.monitor_socket(vm_id))

    def _socket(self, vm_id: str, role: str) -> Path:
        return self._run_dir / f"{self._folder(vm_id).name.replace('-', '')}.{role}"


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        yield server


def _let_pass(known: Mark, seconds: float) -> None:
    """Let ``seconds`` go by, or the rest of the process's life."""
    try:
        descriptor = os.pidfd_open(known.pid)
    except ProcessLookupError:
        return
    try:
        process.wait_gone(descriptor, max(0.0, seconds))
    finally:
        os.close(descriptor)


def _fresh(file: Path) -> Path:
    """The name under which a file is made before it takes its place; the same as ``process.keep`` uses."""
    return file.with_name(f".{file.name}.new")


def _tail(file: Path, bytes_max: int) -> bytes:
    """The last ``bytes_max`` of a file; empty when it is absent."""
    try:
        with file.open("rb") as whole:
            size = whole.seek(0, os.SEEK_END)
            whole.seek(max(0, size - bytes_max))
            return whole.read(bytes_max)
    except FileNotFoundError:
        return b""

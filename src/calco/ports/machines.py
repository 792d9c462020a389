"""Machines, the networks they are in, and what their guests are given and ask."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from calco.model.disk import OsType
from calco.model.guest import Guest, Provisioning, Report
from calco.model.machine import Drive, Generation, Link, Machine, MachineState
from calco.model.run_command import Ran, Script
from calco.model.subnet import Port, Subnet
from calco.model.volume import VolumeId


class NoRoom(Exception):
    """The host cannot run another machine of that size."""


class NoGuestAgent(Exception):
    """Nothing in the guest takes commands from outside now: no agent is installed, it does not run yet or any more, or
    it does not do what it was asked. Says why."""


class RunLost(Exception):
    """A script that was handed to a guest may have run, and nobody can say how far it came."""


class Hypervisor(Protocol):
    """Runs machines. They outlive the service; nothing here relies on remembered events, only on asking.

    Every method may be repeated with the same arguments.
    """

    def start(self, machine: Machine) -> None:
        """Power on; returns when firmware runs. A machine of that vm_id that already runs is left alone, one that
        stands shut down or crashed is replaced. Raises NoRoom, ToolFailed."""

    def stop(self, vm_id: str, *, grace_seconds: float) -> None:
        """Power off: ask the guest, wait up to ``grace_seconds``, then pull the plug. When it returns the process is
        gone and its drives are closed. Absent is fine."""

    def reset(self, vm_id: str) -> None:
        """Press the reset button; a shut-down guest boots again."""

    def state(self, vm_id: str) -> MachineState: ...

    def plug(self, vm_id: str, drive: Drive) -> None:
        """Give a running machine one more data disk, at once; one that is absent or has it is left alone. Raises
        ToolFailed when QEMU refuses."""

    def unplug(self, vm_id: str, lun: int) -> None:
        """Take a data disk away from a running machine; when it returns the volume's file is closed. Absent is fine.
        Raises ToolFailed when the guest does not let go in time."""

    def switch(self, vm_id: str, drive: Drive) -> None:
        """Let the running machine write ``drive.volume`` from now on, an overlay that was made over the volume it has
        written at that LUN so far. All disks of the guest go on meanwhile; what was written before is in the old
        volume. Absent is fine. Raises ToolFailed."""

    def writes(self, vm_id: str) -> Mapping[int | None, VolumeId]:
        """Which volume each drive of a machine writes now, by LUN, asked of the machine itself; empty when absent."""

    def machines(self) -> set[str]:
        """vm_ids of every machine with a process or a run directory here."""

    def forget(self, vm_id: str) -> None:
        """Remove console log and run files of a machine that is absent; absent is fine."""

    def guest_boot(self, vm_id: str) -> str:
        """Which boot of its system a machine's guest lives in: a GUID, another one after each. Asks an agent in the
        guest: some 10 ms, seconds when nobody answers. Raises NoGuestAgent."""

    def run(self, vm_id: str, boot: str, script: Script) -> Ran | None:
        """Run the script in the guest, as root; None while it runs, so it is asked for again until it has ended. A run
        of one id is begun once, in that boot or not at all. Costs as ``guest_boot``. Raises NoGuestAgent, then it may
        have begun; RunLost."""

    def forget_run(self, vm_id: str, id: str) -> None:
        """Take away what the guest keeps of a run that has ended; absent is fine. Raises NoGuestAgent."""

    def console_log(self, vm_id: str) -> bytes:
        """What the serial console printed (the last MiB); empty when there is none."""

    def serial(self, vm_id: str) -> socket.socket:
        """A line to the serial port of a machine that runs: what it prints from now on can be read, and what is sent is
        typed. It ends with the machine, at the latest when the caller closes it; a reset leaves it. Some 10 ms; one
        line to a machine at a time, a second one is silent until the first is closed. Raises OSError when the machine
        does not run."""

    def screenshot(self, vm_id: str) -> bytes | None:
        """The screen as PNG; None when the machine has no screen now."""


@dataclass(frozen=True)
class NetworkCapabilities:
    """What one network driver can do and another cannot.

    ``waagent``: the guest gets the route and DHCP options waagent looks for; without them only cloud-init is satisfied.
    ``between_machines``: machines of one network reach each other. ``routed_addresses``: ``publish`` may be given an
    address that is not a loopback one, and then nothing is bound on this machine.
    """

    waagent: bool
    between_machines: bool
    routed_addresses: bool


@dataclass(frozen=True)
class FabricSocket:
    """A listening socket at which guests of one network ask the fabric. Whoever is given it closes it.

    ``service`` is ``imds``, ``wireserver`` or ``hostplugin``. ``caller`` is the private address of the only guest that
    can reach this socket; None when the source address of each connection says who is asking.
    """

    service: str
    socket: socket.socket
    caller: str | None


class FabricSockets(Protocol):
    """Where the fabric's services listen. Guests that ask while the service is away wait."""

    def listeners(self, network: str) -> Sequence[FabricSocket]:
        """All that there are now: ask again after each ``plug``, for a driver may have one set for each machine.
        Duplicates: closing them ends nothing. Raises OSError when the network is not open."""


class VirtualNetwork(Protocol):
    """Virtual networks as this machine can make them. They outlive the service.

    ``network`` is a virtual network's GUID. Every method may be repeated with the same arguments. All raise ToolFailed
    or OSError when this machine does not let them; what was begun is then taken back.
    """

    @property
    def capabilities(self) -> NetworkCapabilities: ...

    def open(self, network: str, subnets: Sequence[Subnet]) -> None:
        """Make the network and its subnets exist; a subnet that is new is added, one that is gone is removed."""

    def close(self, network: str) -> None:
        """End the network; absent is fine."""

    def networks(self) -> set[str]: ...

    def plug(self, port: Port) -> Link:
        """Give the NIC its place: tap, DHCP lease, guarded address. Answers how QEMU reaches it."""

    def unplug(self, port: Port) -> None:
        """Take the NIC's place away; absent is fine."""

    def dial(self, port: Port, tcp_port: int, *, timeout_seconds: float) -> socket.socket:
        """A connection from this machine to the guest's ``tcp_port``. Raises OSError."""

    def publish(self, port: Port, address: str, tcp_ports: Sequence[int]) -> Mapping[int, tuple[str, int]]:
        """Make ``address`` reach the NIC from this machine where it can; answers for each TCP port the (host, port)
        where it really answers."""

    def unpublish(self, address: str) -> None:
        """Undo ``publish``; absent is fine."""


class ProvisioningMedia(Protocol):
    """The DVD on which a guest finds its ovf-env.xml. 0600; O(1 MB)."""

    @property
    def provisions(self) -> frozenset[OsType]:
        """The systems whose guests it can set up."""

    def make(self, vm_id: str, provisioning: Provisioning) -> Path: ...

    def delete(self, vm_id: str) -> None:
        """Absent is fine."""


class GuestDirectory(Protocol):
    """Tells the metadata service who is asking, and hears what guests report. Implemented by ``work``."""

    def who(self, network: str, address: str) -> Guest | None:
        """The machine that has ``address`` in ``network``; None for a stranger."""

    def heard(self, vm_id: str, report: Report) -> None:
        """A guest reported its health. Durable when it returns."""


class BaseImages(Protocol):
    """The platform images this machine has or can build. A URN's version is ``latest`` or what ``version`` tells."""

    def names(self) -> Sequence[str]:
        """``publisher:offer:sku`` of each, in Azure's spelling."""

    def version(self, urn: str) -> str | None:
        """The version that ``latest`` stands for; None when there is none here yet, or never will be."""

    def path(self, urn: str) -> tuple[Path, str] | None:
        """File and format (``qcow2``) of ``publisher:offer:sku:version``; None when it is not built here."""

    def size_bytes(self, urn: str) -> int | None:
        """Virtual size of the image, None when the URN is unknown."""

    def generation(self, urn: str) -> Generation | None:
        """The firmware that Azure sells the image for, None when the URN is unknown."""

"""How long until a machine from an image is ready, beside QEMU alone on an overlay of the same disk?

Both sides get the same: the words of QEMU's command line are made by the same function, the network by the same driver,
the DVD by the same writer, the fabric's answers by the same listener. What plain QEMU does without is all the rest:
HTTP, records, plans, polls. Boots take turns, calco's first, and one guest runs at a time.

Two clocks. *Ready*: from the command (the PUT, or making the overlay) until cloud-init's health report is heard.
*Usable*: until the client sees Succeeded, or beside it until an SSH server greets after that report.
"""

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network
from pathlib import Path
from uuid import uuid4

import msgspec

from bench import resources
from bench.durations import spell
from bench.host import cpu_of
from bench.report import Row
from bench.samples import median, ratio
from bench.service import Service
from calco import process
from calco.compute.accelerator import Accelerator, choose_accelerator
from calco.compute.network_namespace import NamespaceNetwork
from calco.compute.qemu_command import Places, command
from calco.guest.listener import FabricListener
from calco.guest.provisioning import IsoMedia
from calco.model.document import Document
from calco.model.guest import Agent, Guest, GuestNic, Health, Provisioning, Report
from calco.model.machine import Drive, Generation, Machine
from calco.model.subnet import Port, Subnet
from calco.process import Mark
from calco.system import SystemClock

PROMISED_RATIO = 1.1
BOOT_SECONDS = 900
ADDRESS, MAC = "10.61.0.4", "00:0d:3a:00:00:01"
SUBNET = Subnet("default", IPv4Network("10.61.0.0/24"))
OPTIONS = "compat=1.1,cluster_size=128k,extended_l2=on,lazy_refcounts=off,preallocation=off"


@dataclass(frozen=True)
class Boot:
    """Seconds to Ready and to Usable; CPU seconds QEMU had spent by then."""

    ready: float
    usable: float
    cpu: float


@dataclass
class Boots:
    """Both sides', in the order they were made."""

    calco: list[Boot] = field(default_factory=list)
    plain: list[Boot] = field(default_factory=list)


def why_not() -> str | None:
    """Why guests should not be timed now; None when they may."""
    others = sum(1 for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_qemu(entry))
    if others:
        return f"{others} other QEMU processes run on this machine"
    if os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1):
        return f"the load is {os.getloadavg()[0]:.1f}"
    return None


def measure(service: Service, boots: int) -> Boots:
    """``boots`` of each, in turns. The service must run real machines and have the base image.

    Raises ``client.Failed`` when a machine fails, TimeoutError when a plain guest is never ready."""
    client = service.client()
    resources.prepare(client)
    measured = Boots()
    base: Path | None = None
    with plain_side() as plain:
        for number in range(boots):
            measured.calco.append(_calco_boot(service, f"guest{number}"))
            base = base or _base_below(service, f"guest{number}")
            client.do("DELETE", client.path(resources.GROUP, resources.MACHINES, f"guest{number}"))
            measured.plain.append(plain.boot(base))
    client.close()
    return measured


def rows(boots: Boots) -> Iterator[Row]:
    """The answers."""
    for name, ours, theirs, promised in (
        (
            "VM from an image, PUT to cloud-init's Ready",
            [each.ready for each in boots.calco],
            [each.ready for each in boots.plain],
            True,
        ),
        (
            "... to Succeeded seen by the client",
            [each.usable for each in boots.calco],
            [each.usable for each in boots.plain],
            False,
        ),
    ):
        times = ratio(ours, theirs)
        yield Row(
            name,
            f"p50 {spell(median(ours))} of {len(ours)}",
            f"QEMU {spell(median([each.cpu for each in boots.calco]))}",
            f"plain QEMU p50 {spell(median(theirs))} (CPU {spell(median([each.cpu for each in boots.plain]))}); "
            f"{times:.2f} times",
            f"≤ {PROMISED_RATIO:g} times" if promised else "",
            times <= PROMISED_RATIO if promised else None,
        )


# --- calco's side ----------------------------------------------------------------------------------------------------


def _calco_boot(service: Service, name: str) -> Boot:
    client = service.client()
    path = client.path(resources.GROUP, resources.MACHINES, name)
    began, began_at = time.perf_counter(), time.time()
    client.do("PUT", path, resources.machine(client, name, resources.PLATFORM_IMAGE))
    usable = time.perf_counter() - began
    internal = msgspec.json.decode(_one(service, "SELECT internal FROM resources WHERE key = ?", path.lower()))
    heard = datetime.fromisoformat(internal["reports"][Agent.CLOUD_INIT.value]["at"])
    qemu = next(entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _runs(entry, internal["vmId"]))
    client.close()
    return Boot(heard.timestamp() - began_at, usable, cpu_of(int(qemu.name)).own)


def _base_below(service: Service, name: str) -> Path:
    """The volume of the platform image, under the machine's OS disk."""
    client = service.client()
    holder = client.path(resources.GROUP, resources.DISKS, f"{name}-os").lower()
    wanted = "SELECT backing FROM volumes JOIN holds ON volumes.id = holds.volume WHERE holder = ?"
    base = service.data / "volumes" / f"{_one(service, wanted, holder)}.qcow2"
    kept = service.data / "plain-base.qcow2"
    os.link(base, kept)  # it goes with its last machine
    client.close()
    return kept


def _one(service: Service, query: str, key: str) -> str:
    file = service.data / "calco.db"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as records:
        return str(records.execute(query, (key,)).fetchone()[0])


# --- the plain side --------------------------------------------------------------------------------------------------


class _Ears:
    """A guest directory that knows one guest and when it said that it is ready."""

    def __init__(self) -> None:
        self.guest: Guest | None = None
        self.ready = threading.Event()
        self.ready_at = 0.0

    def who(self, network: str, address: str) -> Guest | None:  # noqa: ARG002 - there is one network
        return self.guest if address == ADDRESS else None

    def heard(self, vm_id: str, report: Report) -> None:
        ours = self.guest is not None and self.guest.vm_id == vm_id
        if ours and (report.agent, report.health) == (Agent.CLOUD_INIT, Health.READY):
            self.ready_at = time.perf_counter()
            self.ready.set()


@dataclass(frozen=True)
class PlainQemu:
    """Guests without calco, in a network of the benchmark's own, one after the other."""

    folder: Path
    run_dir: Path
    network: str
    networks: NamespaceNetwork
    accelerator: Accelerator
    ears: _Ears

    def boot(self, base: Path) -> Boot:
        """One guest on a new overlay of ``base``; it is ended when it has been timed."""
        vm_id = str(uuid4())
        port = Port(str(uuid4()), self.network, SUBNET, MAC, ADDRESS)
        nic = GuestNic(MAC.replace(":", "").upper(), ADDRESS, None, str(SUBNET.prefix))
        self.ears.guest = Guest(vm_id, 1, _compute(vm_id), (nic,))
        self.ears.ready.clear()
        began = time.perf_counter()
        known = self._start(vm_id, port, base)
        try:
            if not self.ears.ready.wait(BOOT_SECONDS):
                raise TimeoutError(f"the plain guest was not ready after {BOOT_SECONDS} s")
            ready = self.ears.ready_at - began
            self._await_ssh(port)
            return Boot(ready, time.perf_counter() - began, cpu_of(known.pid).own)
        finally:
            process.end(known, grace_seconds=5)
            self.networks.unplug(port)
            (self.folder / "overlay.qcow2").unlink(missing_ok=True)

    def _start(self, vm_id: str, port: Port, base: Path) -> Mark:
        overlay = self.folder / "overlay.qcow2"
        create = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", OPTIONS, "-b", str(base), "-F", "qcow2"]
        subprocess.run([*create, str(overlay)], timeout=60, check=True)
        media = IsoMedia(self.folder).make(
            vm_id,
            Provisioning("plain", "bench", admin_password="Only-for-1-bench", disable_password_authentication=False),
        )
        link = self.networks.plug(port)
        machine = Machine(vm_id, "plain", Generation.V1, 1, 1024, (Drive(vm_id, None),), (link,), media)
        places = Places(
            console_log=self.folder / "console.log",
            serial=self.run_dir / "serial",
            guest_agent=self.run_dir / "agent",
            monitors=(),
            firmware=None,
            volume=lambda _: overlay,
        )
        return process.spawn(command(machine, places, self.accelerator), log=self.folder / "qemu.log")

    def _await_ssh(self, port: Port) -> None:
        deadline = time.perf_counter() + BOOT_SECONDS
        while time.perf_counter() < deadline:
            with suppress(OSError), self.networks.dial(port, 22, timeout_seconds=2) as connection:
                connection.settimeout(2)
                if connection.recv(4, socket.MSG_WAITALL) == b"SSH-":
                    return
            time.sleep(0.2)
        raise TimeoutError("no SSH server greeted")


@contextmanager
def plain_side() -> Iterator[PlainQemu]:
    """A network with its fabric, gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="calco-bench-"))
    with contextlib.ExitStack() as ours:
        ours.callback(shutil.rmtree, folder, ignore_errors=True)
        ears, clock, network = _Ears(), SystemClock(), str(uuid4())
        networks = NamespaceNetwork(folder / "networks", folder, clock)
        (folder / "networks").mkdir()
        fabric = FabricListener(ears, clock=clock)
        ours.callback(fabric.stop)
        networks.open(network, [SUBNET])
        ours.callback(networks.close, network)
        fabric.serve(network, {each.service: each.socket for each in networks.listeners(network)})
        # Before any clock runs: the service has looked for its own by now too.
        accelerator = choose_accelerator(folder / "accelerator.json")
        yield PlainQemu(folder, folder, network, networks, accelerator, ears)


def _compute(vm_id: str) -> Document:
    """As much of IMDS's ``compute`` as cloud-init reads."""
    return {
        "name": "plain",
        "location": resources.LOCATION,
        "vmId": vm_id,
        "vmSize": "Standard_B1s",
        "osType": "Linux",
        "resourceGroupName": resources.GROUP,
        "osProfile": {"adminUsername": "bench", "computerName": "plain", "disablePasswordAuthentication": "false"},
        "publicKeys": [],
        "storageProfile": {"dataDisks": []},
        "tags": "",
    }


# --- processes -------------------------------------------------------------------------------------------------------


def _is_qemu(entry: Path) -> bool:
    with suppress(OSError):
        return (entry / "comm").read_text().startswith("qemu-system")
    return False


def _runs(entry: Path, vm_id: str) -> bool:
    with suppress(OSError):
        return _is_qemu(entry) and vm_id.encode() in (entry / "cmdline").read_bytes()
    return False

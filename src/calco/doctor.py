"""What this machine can and cannot do for calco: each check tells what was seen, what it costs, and what mends it.

The checks are the drivers' own probes, so that what is told here is what the service will meet.
"""

import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from calco.compute.accelerator import Accelerator, choose_accelerator
from calco.compute.network_probe import NetworkFinding, probe_networks
from calco.inspection.inspector import ChildInspector
from calco.model.host import Examination, HostWarning
from calco.model.network_security_group import NOT_ENFORCED
from calco.ports import Clock, Extent, Inspector
from calco.tool import ToolFailed, run_tool

log = logging.getLogger(__name__)

MEMORY_WANTED_MIB = 4096
DISK_WANTED_GIB = 20


class Verdict(StrEnum):
    """``SLOWER``: it works, at the cost that is told. ``MISSING``: something does not work without it."""

    FINE = "fine"
    SLOWER = "limited"
    MISSING = "missing"


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``cost`` is what is lost while it is not fine; ``mend`` the command that would change it,
    empty when none is known. ``arguments`` are what of this differs from host to host, for who has words of their own:
    numbers, a ``state`` where several things may be wrong, ``said`` by whatever failed."""

    name: str
    verdict: Verdict
    seen: str
    cost: str = ""
    mend: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Its name in letters, digits and hyphens: ``network-slirp``."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class Tool:
    """A program, the package it comes in and what is lost without it."""

    program: str
    package: str
    cost: str


TOOLS = (
    Tool("qemu-system-x86_64", "qemu-system-x86", "no real machines; only --hypervisor simulated works"),
    Tool("qemu-img", "qemu-utils", "no disks"),
    Tool("qemu-io", "qemu-utils", "disks made from VHDs cannot be larger than those"),
    Tool("qemu-storage-daemon", "qemu-system-common", "disks and snapshots cannot be read through a signed URL"),
    Tool("mmdebstrap", "mmdebstrap", "the Debian base image cannot be built"),
    Tool("sgdisk", "gdisk", "the Debian base image cannot be built"),
    Tool("mke2fs", "e2fsprogs", "the Debian base image cannot be built"),
    Tool("mcopy", "mtools", "the Debian base image cannot be built"),
    Tool("mkfs.vfat", "dosfstools", "the Debian base image cannot be built"),
    Tool("grub-mkimage", "grub-common", "the Debian base image cannot be built"),
    Tool("genisoimage", "genisoimage", "guests find no provisioning DVD"),
    Tool("ssh", "openssh-client", "calco vm ssh does not work"),
)
FIRMWARE = (Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), Path("/usr/share/OVMF/OVMF_CODE.fd"))


def examine(data_dir: Path, environ_path: str | None = None, *, boots: bool = True) -> Iterator[Check]:
    """All checks, one after the other; some take seconds. ``environ_path`` is PATH, when it is not this process's.
    Where nothing ``boots``, for machines are simulated, it does not matter what would run them."""
    path = f"{environ_path or os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    tools = [tool(each, path) for each in TOOLS]
    yield from tools
    yield firmware(FIRMWARE)
    if boots and tools[0].verdict is Verdict.FINE:
        yield acceleration(data_dir)
        yield from networks()
    yield inspection(ChildInspector())
    yield tun(Path("/dev/net/tun"))
    yield memory(Path("/proc/meminfo"))
    yield disk(data_dir)
    yield security_groups()


def tool(wanted: Tool, path: str, run: Callable[[list[str]], bytes] | None = None) -> Check:
    """Whether a program is there, and which version of it where that is told."""
    found = shutil.which(wanted.program, path=path)
    if found is None:
        return Check(
            wanted.program, Verdict.MISSING, "not found", wanted.cost, f"sudo apt-get install {wanted.package}"
        )
    if not wanted.program.startswith("qemu"):
        return Check(wanted.program, Verdict.FINE, found)
    try:
        said = (run or _run)([found, "--version"]).decode(errors="replace").splitlines()
    except ToolFailed as failed:
        mend = f"sudo apt-get install --reinstall {wanted.package}"
        return Check(wanted.program, Verdict.MISSING, str(failed), wanted.cost, mend, {"said": str(failed)})
    return Check(wanted.program, Verdict.FINE, said[0] if said else found)


def firmware(places: tuple[Path, ...]) -> Check:
    """Whether UEFI firmware for guests is there."""
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        cost = "no machines of generation V2; V1 works"
        return Check("UEFI firmware", Verdict.MISSING, "not found", cost, "sudo apt-get install ovmf")
    return Check("UEFI firmware", Verdict.FINE, str(found))


def acceleration(data_dir: Path) -> Check:
    """Whether KVM runs a kernel here, found out by running one."""
    with tempfile.TemporaryDirectory() as scratch:
        # The service's own answer when it has one, for a probe that hangs costs its whole time limit; but looking makes
        # no data directory.
        chosen = choose_accelerator((data_dir if data_dir.is_dir() else Path(scratch)) / "accelerator.json")
    return kvm(chosen, Path("/dev/kvm"))


def kvm(chosen: Accelerator, device: Path) -> Check:
    """Whether what was chosen is KVM, and what keeps it from being that."""
    if chosen.name == "kvm":
        return Check("KVM", Verdict.FINE, chosen.reason)
    if device.exists() and not os.access(device, os.R_OK | os.W_OK):
        state, mend = "shut", "sudo usermod -aG kvm $USER, then log in anew"
    elif not device.exists():
        mend = "sudo modprobe kvm_intel || sudo modprobe kvm_amd (and virtualization switched on in the firmware)"
        state = "absent"
    else:
        state, mend = "broken", ""
    cost = "guests are translated by QEMU: a minute or more from power-on to ready"
    return Check("KVM", Verdict.SLOWER, chosen.reason, cost, mend, {"state": state, "said": chosen.reason})


_NETWORK_COSTS = {
    "namespace": "slirp is used: cloud-init only, machines do not see each other",
    "slirp": "no network where namespaces do not work either",
}


def networks() -> Iterator[Check]:
    """Which network drivers work."""
    yield from map(network, probe_networks())


def network(found: NetworkFinding) -> Check:
    name = f"network: {found.driver}"
    if found.works:
        return Check(name, Verdict.FINE, found.reason, mend=found.mend or "")
    verdict = Verdict.SLOWER if found.driver == "namespace" else Verdict.MISSING
    cost = _NETWORK_COSTS.get(found.driver, "")
    return Check(name, verdict, found.reason, cost, found.mend or "", {"said": found.reason})


@dataclass
class _EmptyDisk:
    """``ports.VolumeView`` of nothing but zeros."""

    size_bytes: int = 1024 * 1024

    def read(self, offset: int, length: int) -> bytes:  # noqa: ARG002 - as the port has it
        return bytes(length)

    def extents(self, offset: int, length: int) -> Iterator[Extent]:  # noqa: ARG002
        return iter(())


def inspection(inspector: Inspector) -> Check:
    """Whether disks can be looked at, found out by looking at an empty one."""
    name, report = "inspection of disks", inspector.inspect(_EmptyDisk())
    if report.ended:
        return Check(name, Verdict.FINE, "a confined process reads them")
    cost = "whether a disk is generalized is never known; every capture warns of that"
    said = "; ".join(report.evidence)
    return Check(name, Verdict.MISSING, said, cost, arguments={"said": said})


def tun(device: Path) -> Check:
    """Whether taps can be made at all."""
    if device.exists() and os.access(device, os.R_OK | os.W_OK):
        return Check(str(device), Verdict.FINE, "may be opened")
    seen, mend = (
        ("may not be opened", f"sudo chmod 0666 {device}") if device.exists() else ("absent", "sudo modprobe tun")
    )
    return Check(str(device), Verdict.SLOWER, seen, "slirp is used: cloud-init only", mend)


def memory(meminfo: Path) -> Check:
    """Whether a few machines fit into what is free."""
    lines = (line.split() for line in meminfo.read_text().splitlines())
    available = next((int(words[1]) // 1024 for words in lines if words and words[0] == "MemAvailable:"), 0)
    seen = f"{available} MiB available"
    if available >= MEMORY_WANTED_MIB:
        return Check("memory", Verdict.FINE, seen)
    cost = f"fewer than four small machines at once ({MEMORY_WANTED_MIB} MiB); more are AllocationFailed"
    mend = "calco up --guest-memory-mib-max 1024"
    numbers = {"available": str(available), "wanted": str(MEMORY_WANTED_MIB)}
    return Check("memory", Verdict.SLOWER, seen, cost, mend, numbers)


def disk(data_dir: Path, wanted_gib: int = DISK_WANTED_GIB) -> Check:
    """Whether base images and disks fit beside what is there."""
    there = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    free = shutil.disk_usage(there).free // 1024**3
    seen = f"{free} GiB free in {there}"
    if free >= wanted_gib:
        return Check("disk", Verdict.FINE, seen)
    cost = f"less than {wanted_gib} GiB: captures and builds may find no room"
    numbers = {"free": str(free), "wanted": str(wanted_gib), "folder": str(there)}
    return Check("disk", Verdict.SLOWER, seen, cost, "calco up --data-dir DIR on a larger disk", numbers)


def security_groups() -> Check:
    """What whoever trusts a rule has to know; the same on every machine."""
    mend = "none yet: guests are reached from this machine alone, whatever the rules say (docs/networks.md)"
    return Check("network security groups", Verdict.SLOWER, "no filter yet", NOT_ENFORCED, mend)


def _run(argv: list[str]) -> bytes:
    return run_tool(argv, timeout_seconds=20)


# --- for a service that is asked again and again ---------------------------------------------------------------------

KEPT_SECONDS = 60.0
PATIENCE_SECONDS = 1.0


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="doctor", daemon=True).start()


class Doctor:
    """What is not fine, found out again when it is asked for and older than a minute. A probe of KVM may take 5 s: so
    another thread looks, and who asks is told what was found before; only the first waits, and not for long."""

    def __init__(
        self,
        look: Callable[[], Iterable[Check]],
        clock: Clock,
        *,
        aside: Callable[[Callable[[], None]], None] = _in_a_thread,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._look = look
        self._clock = clock
        self._aside = aside
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._looking = False
        self._ended = threading.Event()
        self._last: Examination | None = None
        self._old_at = clock.monotonic()

    def examination(self) -> Examination | None:
        """The last one; None when there is none yet."""
        with self._lock:
            begins = not self._looking and self._clock.monotonic() >= self._old_at
            self._looking = self._looking or begins
        if begins:
            self._aside(self._examine)
        self._ended.wait(self._patience_seconds)
        return self._last

    def _examine(self) -> None:
        try:
            self._last = Examination(self._clock.now(), tuple(warnings(self._look())))
        except Exception:  # a check that breaks is no reason to show nothing of the host
            log.exception("this machine could not be examined")
        finally:
            with self._lock:
                self._old_at = self._clock.monotonic() + KEPT_SECONDS
                self._looking = False
            self._ended.set()


def warnings(checks: Iterable[Check]) -> Iterator[HostWarning]:
    """What is not fine."""
    for each in checks:
        if each.verdict is not Verdict.FINE:
            message = f"{each.name}: {each.seen}; {each.cost}" if each.cost else f"{each.name}: {each.seen}"
            yield HostWarning(each.code, each.verdict.value, message, each.mend, each.arguments)

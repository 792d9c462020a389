"""Whether this host's KVM runs a kernel, found out by running something, not by asking.

An open /dev/kvm proves nothing: there are hosts on which it opens, makes machines and runs SeaBIOS, and on which every
stock kernel then hangs or dies. So the probe boots a program of our own (``probe_program``) that does what kernels do
first, under the very arguments machines are to get, in a child with a time limit. What it proves: the host can enter
long mode, page, exchange 16 bytes, save and restore SSE state, take a trap, and run code at more than the pace of an
interpreter. What it does not prove: that every kernel boots. A machine that KVM gives up on later is seen as crashed
(``internal-error``), and its log says so.

A failed probe costs its whole time limit (5 s), a good one well under a second, so the answer is kept in a file, for
as long as kernel, QEMU and CPU stay what they were. Whether /dev/kvm may be opened is looked at each time: it costs
nothing and changes when somebody joins the group kvm.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from calco.compute.probe_program import PASSED, probe_disk
from calco.tool import ToolFailed, run_tool


@dataclass(frozen=True)
class Accelerator:
    """How machines are run. ``arguments`` go on QEMU's command line; ``reason`` is for people (``calco doctor``)."""

    name: Literal["kvm", "tcg"]
    arguments: tuple[str, ...]
    reason: str
    overhead_mib: int
    """Host memory a machine takes beside its own. An estimate above what was seen (TCG: 70 MiB beside 384)."""


# tcg-cpuid=off and kvm=off leave the hypervisor bit and take its signature away, so that systemd-detect-virt goes by
# SMBIOS and says ``microsoft``, without which Debian's waagent does not start. la57=off saves a level of page walks;
# tb-size (MiB) would else be 1 GiB a machine. The KVM line was never seen with a booted guest: no host to try it on.
TCG_ARGUMENTS = ("-accel", "tcg,thread=multi,tb-size=128", "-cpu", "max,la57=off,tcg-cpuid=off")
KVM_ARGUMENTS = ("-accel", "kvm", "-cpu", "host,kvm=off")


def tcg(reason: str) -> Accelerator:
    """QEMU's own translator: slow, and works everywhere."""
    return Accelerator("tcg", TCG_ARGUMENTS, reason, overhead_mib=192)


def kvm(reason: str) -> Accelerator:
    """The processor itself."""
    return Accelerator("kvm", KVM_ARGUMENTS, reason, overhead_mib=64)


def choose_accelerator(
    cache: Path,
    *,
    qemu: str = "qemu-system-x86_64",
    device: Path = Path("/dev/kvm"),
    timeout_seconds: float = 5,
) -> Accelerator:
    """KVM where it was seen to work, else TCG with the reason why not. ``cache`` is a file of ours; a damaged or
    outdated one is written anew.

    Raises ToolFailed when QEMU itself is missing or cannot say its version.
    """
    host = _this_host(qemu)
    if not device.exists():
        return tcg(f"{device} does not exist")
    if not os.access(device, os.R_OK | os.W_OK):
        return tcg(f"{device} may not be opened; joining the group kvm may help")
    finding = _remembered(cache, host)
    if finding is None:
        finding = _Finding(host, _shortfall(KVM_ARGUMENTS, qemu=qemu, timeout_seconds=timeout_seconds))
        _remember(cache, finding)
    if finding.shortfall is None:
        return kvm("the probe ran under KVM to its end")
    return tcg(f"KVM is here but does not work: {finding.shortfall}")


def probe(accelerator: Accelerator, *, qemu: str = "qemu-system-x86_64", timeout_seconds: float = 5) -> str | None:
    """Boot the probe program; None when it came to its end, else how far it came. Not cached."""
    return _shortfall(accelerator.arguments, qemu=qemu, timeout_seconds=timeout_seconds)


class _Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the finding depends on. The probe's own program is part of it."""

    kernel: str
    qemu: str
    cpu: str
    program: str


class _Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: _Host
    shortfall: str | None


def _this_host(qemu: str) -> _Host:
    version = run_tool([qemu, "--version"], timeout_seconds=10).decode(errors="replace").partition("\n")[0]
    described = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    model = next((line.partition(":")[2].strip() for line in described if line.startswith("model name")), "unknown")
    return _Host(os.uname().release, version, model, f"{PASSED.decode()} {' '.join(KVM_ARGUMENTS)}")


def _remembered(cache: Path, host: _Host) -> _Finding | None:
    try:
        finding = msgspec.json.decode(cache.read_bytes(), type=_Finding)
    except (OSError, msgspec.MsgspecError):
        return None
    return finding if finding.host == host else None


def _remember(cache: Path, finding: _Finding) -> None:
    fresh = cache.with_name(f".{cache.name}.new")
    fresh.write_bytes(msgspec.json.encode(finding))
    fresh.replace(cache)


def _shortfall(arguments: tuple[str, ...], *, qemu: str, timeout_seconds: float) -> str | None:
    with tempfile.TemporaryDirectory(prefix="calco-probe-") as name:
        folder = Path(name)
        disk, said = folder / "probe.raw", folder / "said"
        disk.write_bytes(probe_disk())
        try:
            run_tool(_command(qemu, arguments, disk, said), timeout_seconds=timeout_seconds)
            trouble = "reset"
        except ToolFailed as failed:
            trouble = failed.stderr.strip().partition("\n")[0] or f"QEMU ended with {failed.status}"
        letters = said.read_bytes()[:64] if said.exists() else b""
    if letters == PASSED:
        return None
    return f"it came through {len(letters)} of the {len(PASSED)} things that a kernel does first, then {trouble}"


def _command(qemu: str, arguments: tuple[str, ...], disk: Path, said: Path) -> list[str]:
    def escaped(path: Path) -> str:
        return str(path).replace(",", ",,")

    return [
        qemu, *arguments,
        "-machine", "pc", "-m", "32", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-boot", "strict=on",
        "-chardev", f"file,id=said,path={escaped(said)}", "-serial", "chardev:said",
        "-blockdev", f"driver=raw,node-name=disk,read-only=on,file.driver=file,file.filename={escaped(disk)}",
        "-device", "virtio-blk-pci,drive=disk,bootindex=1",
    ]  # fmt: skip

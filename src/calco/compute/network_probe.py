"""Which network drivers work on this machine, found by doing what they do, and the command that mends what does not.

A user namespace alone proves nothing: Ubuntu 24.04 lets everyone make one and takes its capabilities away (AppArmor),
so the probe makes a bridge and a tap in it. Both probes together take some tenths of a second.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from calco.tool import ToolFailed, run_tool

_INSIDE = ("unshare", "--user", "--map-root-user", "--net")
_PACKAGES = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "bridge": "iproute2",
    "dnsmasq": "dnsmasq-base",
}


@dataclass(frozen=True)
class NetworkFinding:
    """Whether ``driver`` (``namespace``, ``slirp``, ``public addresses``) works here.

    ``reason`` is what was seen; ``mend`` the command that would make it work, None when nothing is wrong or nothing
    is known to help.
    """

    driver: str
    works: bool
    reason: str
    mend: str | None = None


def probe_networks(qemu: str = "qemu-system-x86_64") -> tuple[NetworkFinding, ...]:
    """What each driver can do here, the better one first."""
    return probe_namespace(), probe_slirp(qemu)


def probe_namespace(
    tries: Callable[[tuple[str, ...]], str | None] | None = None, proc: Path = Path("/proc/sys")
) -> NetworkFinding:
    """Whether bridge and tap can be made in a namespace of one's own. ``tries`` runs an argv and answers what went
    wrong; ``proc`` is where the kernel's settings are."""
    attempt = tries or _what_goes_wrong
    missing = [name for name in _PACKAGES if shutil.which(name) is None]
    if missing:
        packages = " ".join(sorted({_PACKAGES[name] for name in missing}))
        return NetworkFinding(
            "namespace", False, f"not installed: {', '.join(missing)}", f"sudo apt-get install {packages}"
        )
    if wrong := attempt((*_INSIDE, "ip", "link", "add", "br0", "type", "bridge")):
        return NetworkFinding("namespace", False, f"no bridge in a namespace: {wrong}", _why_no_bridge(proc))
    if wrong := attempt((*_INSIDE, "ip", "tuntap", "add", "tap0", "mode", "tap")):
        return NetworkFinding("namespace", False, f"no tap in a namespace: {wrong}", _why_no_tap(Path("/dev/net/tun")))
    if shutil.which("nft") is None:
        reason = "bridge and tap can be made; without nft public addresses are relayed, frames of guests not filtered"
        return NetworkFinding("namespace", True, reason, "sudo apt-get install nftables")
    return NetworkFinding("namespace", True, "bridge and tap can be made in a namespace")


def probe_slirp(qemu: str = "qemu-system-x86_64") -> NetworkFinding:
    """Whether QEMU has its user network."""
    try:
        said = run_tool([qemu, "-machine", "none", "-netdev", "help"], timeout_seconds=20).decode(errors="replace")
    except ToolFailed as failed:
        return NetworkFinding("slirp", False, str(failed), "sudo apt-get install qemu-system-x86")
    if "user" not in said.split():
        return NetworkFinding("slirp", False, f"{qemu} is built without its user network")
    return NetworkFinding("slirp", True, "works, with cloud-init only and without traffic between machines")


def _what_goes_wrong(argv: tuple[str, ...]) -> str | None:
    try:
        run_tool(argv, timeout_seconds=10)
    except ToolFailed as failed:
        return str(failed)
    return None


def _why_no_bridge(proc: Path) -> str | None:
    if _setting(proc / "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    if _setting(proc / "kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting(proc / "user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=10000"
    return None


def _why_no_tap(device: Path) -> str:
    return "sudo chmod 0666 /dev/net/tun" if device.exists() else "sudo modprobe tun"


def _setting(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        return None

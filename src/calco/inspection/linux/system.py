"""What a Linux calls itself, and what it is made of: release, architecture, kernels and agents."""

import re
import struct
from collections.abc import Callable

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import FileSystem
from calco.inspection.linux.boot import kernels
from calco.inspection.linux.files import matching, named, setting, text
from calco.inspection.linux.root import Linux
from calco.model.inspection import OperatingSystem

PROGRAMS = ("/bin/sh", "/usr/bin/env", "/sbin/init", "/usr/lib/systemd/systemd", "/bin/busybox")
MACHINES = {62: "x64", 183: "Arm64", 3: "x86", 40: "Arm", 243: "RiscV64", 21: "ppc64", 22: "s390x"}
"""As Azure names them where it has them. Source: ELF specification, ``e_machine``."""

_PYTHONS = "/usr/lib/python3*/*-packages"
_CLOUD_INIT = re.compile(r"""^__VERSION__ = ["']([\w.~+-]{1,40})["']""", re.MULTILINE)
_PACKAGED = re.compile(r"""^_PACKAGED_VERSION = ["']([\w.~+:-]{1,60})["']""", re.MULTILINE)
_WAAGENT = re.compile(r"""^AGENT_VERSION = ["']([\w.~+-]{1,40})["']""", re.MULTILINE)


def described(system: Linux) -> OperatingSystem:
    """Everything that can be read of it; what cannot stays empty."""
    files = system.files
    name, version = _named(files)
    return OperatingSystem(
        type="Linux",
        name=name[:200],
        version=version[:60],
        architecture=_quiet(architecture, files),
        details={
            key: value[:300]
            for key, value in (
                ("kernel", _quiet(lambda each: named(kernels(each)), files)),
                ("cloudInit", _quiet(cloud_init_version, files)),
                ("waagent", _quiet(waagent_version, files)),
                ("firmware", _firmware(system)),
            )
            if value
        },
    )


def _quiet(look: Callable[[FileSystem], str], files: FileSystem) -> str:
    try:
        return look(files)
    except Unreadable:
        return ""


def release(files: FileSystem, name: str) -> str:
    """A value of os-release, or empty. Raises Unreadable. Source: os-release(5)."""
    content = text(files, "/etc/os-release") or text(files, "/usr/lib/os-release") or ""
    return setting(content.split("\n"), name) or ""


def _named(files: FileSystem) -> tuple[str, str]:
    try:
        return release(files, "PRETTY_NAME") or release(files, "NAME"), release(files, "VERSION_ID")
    except Unreadable:
        return "", ""


def architecture(files: FileSystem) -> str:
    """Of its programs; empty when none of them was found. Raises Unreadable."""
    for path in PROGRAMS:
        header = files.read(path, 20) or b""
        if len(header) == 20 and header.startswith(b"\x7fELF"):
            (machine,) = struct.unpack_from("<H" if header[5] == 1 else ">H", header, 18)
            return MACHINES.get(machine, f"ELF machine {machine}")
    return ""


def cloud_init_version(files: FileSystem) -> str:
    """Empty when it is not installed, ``installed`` when its version does not show. Raises Unreadable."""
    for path, _ in matching(files, f"{_PYTHONS}/cloudinit/version.py"):
        content = text(files, path) or ""
        found = _PACKAGED.search(content) or _CLOUD_INIT.search(content)
        return found[1] if found else "installed"
    return "installed" if files.entry("/usr/bin/cloud-init") else ""


def waagent_version(files: FileSystem) -> str:
    """As ``cloud_init_version``."""
    for path, _ in matching(files, f"{_PYTHONS}/azurelinuxagent/common/version.py"):
        found = _WAAGENT.search(text(files, path) or "")
        return found[1] if found else "installed"
    programs = ("/usr/sbin/waagent", "/usr/bin/waagent", "/usr/share/oem/bin/waagent")
    return "installed" if any(files.entry(each) for each in programs) else ""


def _firmware(system: Linux) -> str:
    """What the disk is prepared to boot from: Azure's generation 1 is BIOS, generation 2 UEFI."""
    found = []
    try:
        if any(system.disk.blocks.read(0, 440)):
            found.append("BIOS")
        if any(each.content == "fat" and each.files and each.files.entry("/EFI") for each in system.disk.volumes):
            found.append("UEFI")
    except Unreadable:
        return ""
    return ", ".join(found)

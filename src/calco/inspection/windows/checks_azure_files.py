"""Drivers, agent and binaries of a Windows system, as Azure wants them: those of Hyper-V, and none too old.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Install Windows updates" and "Complete the
recommended configurations".
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from calco.inspection.blocks import Unreadable
from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.windows.minimum_versions import BINARIES, BUILDS, Binary, Component, too_old
from calco.inspection.windows.pe_version import Version, pe_version
from calco.inspection.windows.registry_setting import (
    PAGE,
    Start,
    keys_of,
    service_key,
    start,
    text_of,
    value_of,
)
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

SYSTEM32 = "/Windows/System32"
BINARY_BYTES_MAX = 16 << 20
"""The largest in the table, ntoskrnl.exe, has 7 to 12 MiB; its resources lie at the end."""

DRIVER_PATH = re.compile(r"(?:\\systemroot\\)?system32\\drivers\\([\w.-]{1,60}\.sys)", re.IGNORECASE)
"""Of a driver's ``ImagePath``."""
PROGRAM_PATH = re.compile(r'"?c:((?:\\[\w. -]{1,100}){1,10}\.exe)"?(?:\s.*)?', re.IGNORECASE)
"""Of a service's."""

# ----- drivers of Hyper-V


@dataclass(frozen=True)
class Driver:
    """``without``: what becomes of a machine without it."""

    service: str
    starts: int
    also: tuple[int, ...]
    what: str
    without: str

    @property
    def checks(self) -> tuple[Check[Windows], Check[Windows]]:
        return (
            Check(
                f"windows.driver-{self.service}",
                Severity.BLOCKS_BOOT,
                f"Driver {self.service}",
                "installed",
                f"Hyper-V's driver for {self.what} is missing: {self.without}.",
                "sfc /scannow",
                f"{PAGE} (Hyper-V integration components)",
                self.look,
            ),
            start(
                f"windows.driver-{self.service}-start",
                Severity.BLOCKS_BOOT,
                f"Start of the driver {self.service}",
                Start(self.service, self.starts, self.also, if_there=True),
                f"Hyper-V's driver for {self.what} does not start when it has to: {self.without}.",
                source=f'{PAGE}; Azure Site Recovery, "About on-premises disaster recovery failover" (boot drivers)',
            ),
        )

    def look(self, windows: Windows, /) -> Found:
        """A driver of an older Windows has the number of its version in its file's name: netvsc63.sys."""
        if keys_of(windows, service_key(self.service)) is None:
            return failed(f"no driver {self.service} is installed")
        named = _image(windows, self.service, DRIVER_PATH)
        file = named or f"{self.service}.sys"
        there = windows.files.entry(f"{SYSTEM32}/drivers/{file}")
        return failed(f"{file} is not there") if there is None else passed(file)


DRIVERS: tuple[Driver, ...] = (
    Driver("vmbus", 0, (), "its bus", "it sees neither disks nor network, and does not boot"),
    Driver("storvsc", 0, (), "disks", "the machine does not find its disk, and does not boot"),
    Driver("netvsc", 3, (0, 1, 2), "network adapters", "the machine has no network, and nobody reaches it"),
)

# ----- Azure's agent


def _agent(windows: Windows) -> Found:
    missing = [each for each in ("WindowsAzureGuestAgent", "RdAgent") if not _is_there(windows, each)]
    return failed(f"not installed: {', '.join(missing)}") if missing else passed("WindowsAzureGuestAgent, RdAgent")


def _is_there(windows: Windows, service: str) -> bool:
    """Whether the service and, where its path can be told, its program are there."""
    if keys_of(windows, service_key(service)) is None:
        return False
    named = _image(windows, service, PROGRAM_PATH)
    return named is None or windows.files.entry(named.replace("\\", "/")) is not None


def _image(windows: Windows, service: str, path: re.Pattern[str]) -> str | None:
    """What a service runs; None where it does not say, or not in that form."""
    value = value_of(windows, service_key(service), "ImagePath")
    match = path.fullmatch(text_of(value)) if value else None
    return match[1] if match else None


def _extensions(windows: Windows) -> Found:
    names = [each.name for each in windows.files.list("/Packages/Plugins") or []]
    return failed(", ".join(names[:10])) if names else passed("none")


AGENT: tuple[Check[Windows], ...] = (
    Check(
        "windows.guest-agent",
        Severity.ADVICE,
        "Azure's agent",
        "WindowsAzureGuestAgent and RdAgent are installed",
        "Without Azure's agent there are no extensions: no reset of a password, nothing run from outside.",
        "Invoke-WebRequest -UseBasicParsing 'https://go.microsoft.com/fwlink/?LinkID=394789' -OutFile C:\\VMAgent.msi\n"
        "Start-Process -Wait msiexec.exe '/i C:\\VMAgent.msi /quiet'; Remove-Item C:\\VMAgent.msi",
        f'{PAGE}; Azure, "Azure Virtual Machine Agent overview"',
        _agent,
    ),
    *(
        start(
            f"windows.service-{each.lower()}",
            Severity.ADVICE,
            f"Service {each}",
            Start(each, 2, if_there=True),
            "Azure's agent does not start by itself: there are no extensions.",
            source=f'{PAGE}; Azure, "Azure Virtual Machine Agent overview"',
        )
        for each in ("WindowsAzureGuestAgent", "RdAgent")
    ),
    Check(
        "windows.extensions",
        Severity.ADVICE,
        "Extensions of Azure",
        "removed before the system is generalized (az vm extension delete)",
        "Extensions of the machine that this was are left over, with their settings and logs.",
        "Remove-Item -Recurse -Force C:\\Packages\\Plugins\\*",
        PAGE,
        _extensions,
    ),
)

# ----- versions of binaries


def _versions(component: Component) -> Callable[[Windows], Found]:
    def look(windows: Windows) -> Found:
        if not windows.release.build:
            raise Unreadable(windows.release.why)
        if windows.release.build not in BUILDS:
            return passed(f"none is listed for build {windows.release.build}")
        binaries = [each for each in BINARIES if each.component is component]
        old = list(_old(windows, binaries))
        return failed("; ".join(old)) if old else passed("all recent enough")

    return look


def _old(windows: Windows, binaries: list[Binary]) -> Iterator[str]:
    """Not every system has every binary: those of roles and features that are not installed are absent."""
    for binary in binaries:
        wanted = binary.least(windows.release.build)
        found = _version(windows, binary) if wanted else None
        if wanted and found and (least := too_old(found, wanted)):
            yield f"{binary.file} {_dotted(found)} (at least {least})"


def _version(windows: Windows, binary: Binary) -> Version | None:
    content = windows.files.read(f"{SYSTEM32}/{binary.path}", BINARY_BYTES_MAX)
    if content is None:
        return None
    try:
        return pe_version(content)
    except Unreadable as why:
        raise Unreadable(f"{binary.file}: {why}") from why


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


VERSIONS: tuple[Check[Windows], ...] = tuple(
    Check(
        f"windows.old-{component.value}",
        Severity.ADVICE,
        f"Versions of {component.words}",
        "at least those that Azure lists for this Windows",
        f"Binaries of {component.words} are older than Azure works with: known faults of them are not mended.",
        "control /name Microsoft.WindowsUpdate   # on Server Core: sconfig",
        PAGE,
        _versions(component),
    )
    for component in Component
)

CHECKS: tuple[Check[Windows], ...] = (
    *(check for driver in DRIVERS for check in driver.checks),
    *AGENT,
    *VERSIONS,
)

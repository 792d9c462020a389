"""What sysprep wrote down of its last run, and what the errors it is known to end with mean.

Its logs name an error's number and place, seldom its cause: the causes stand here, as rows. A run that succeeded logs
errors too, of parts that may fail: they say nothing then. The logs grow with every run and every boot: only their ends
are read.

Sources: with each row, which says what of it nobody has confirmed; how a run begins, succeeds and fails in the log:
MicrosoftDocs/azure-docs#80346, GoogleCloudPlatform/compute-image-windows#156, canonical/packer-maas#335.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from calco.inspection.text import text_of_tail
from calco.inspection.windows.system import Windows

FOLDER = "/Windows/System32/Sysprep/Panther"
TAIL_BYTES = 512 << 10
LINE_CHARACTERS = 1000
SHOWN = 3
"""Lines of a log that are shown."""

BEGINS = "Beginning of a new sysprep run"
SUCCEEDED = "Successfully created tag file"

_FATAL = re.compile("Failure occurred|Hit failure|halting sysprep|Not running DLLs")
_ERROR = re.compile(rf",\s+Error\s|{_FATAL.pattern}")
_BARE = re.compile(r"^.*?SYSPRP\s+")


@dataclass(frozen=True)
class Cause:
    """``pattern`` finds it in an error's line. ``name`` ends the code of its check. ``words``: sysprep failed,
    because ...; ``fix``: what mends it, before sysprep runs again."""

    name: str
    title: str
    pattern: re.Pattern[str]
    words: str
    fix: str
    source: str


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


REMOVE_APPS = (
    "$kept = (Get-AppxProvisionedPackage -Online).DisplayName\n"
    "Get-AppxPackage -AllUsers | Where-Object { -not $_.IsFramework -and -not $_.NonRemovable -and "
    "$_.Name -notin $kept } | Remove-AppxPackage -AllUsers"
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "store-apps",
        "Sysprep and Store apps",
        _any("not provisioned for all users", r"0x(8007)?3cf2\b"),
        "an app from the Store was installed or updated for one user and not for all",
        REMOVE_APPS,
        'Microsoft, "Sysprep fails after you remove or update Microsoft Store apps" (KB 2769827)',
    ),
    Cause(
        "rearm",
        "Sysprep and the licence",
        _any("0xc004d307", "-1073425657", "SLReArmWindows"),
        "the licence has been reset as often as this image allows",
        "# make the image anew from where Windows was installed",
        'Microsoft, "A fatal error occurred while trying to Sysprep the machine" (KB 929828)',
    ),
    Cause(
        "bitlocker",
        "Sysprep and BitLocker",
        _any("0x80310039", "BitLocker is on for the OS volume"),
        "BitLocker is on for the system's volume, or is not yet off to the end",
        "manage-bde -off C:\n"
        "while ((Get-BitLockerVolume C:).VolumeStatus -ne 'FullyDecrypted') { Start-Sleep -Seconds 10 }",
        "MicrosoftDocs/azure-docs#58134, canonical/packer-maas#341",
    ),
    Cause(
        "updates",
        "Sysprep and updates",
        _any("0x800f0975", "reserved storage", "active scenario", "pending CBS operations", "require a reboot"),
        "updates were being installed, or were waiting for a restart",
        "dism /online /Cleanup-Image /StartComponentCleanup\nshutdown /r /t 0",
        'Microsoft, "Errors when capturing Windows 11 image by using capture media in Configuration Manager"',
    ),
    Cause(
        "upgrade",
        "Sysprep and upgrades",
        _any("on an upgraded OS"),
        "this Windows was upgraded from an older one, which this release's sysprep refuses",
        'reg delete "HKLM\\SYSTEM\\Setup" /v Upgrade /f',
        'Microsoft, "Unsupported Sysprep scenarios" (KB 828287); unconfirmed: the words in the log, and that they end '
        "with the value",
    ),
    Cause(
        "defender",
        "Sysprep and Defender for Endpoint",
        _any("senseGuid", "SenseClient"),
        "Defender for Endpoint, which the machine reports to, guards its identity against it",
        "# in the Defender portal, Settings, Endpoints, Offboarding: run the script for this machine; then\n"
        "shutdown /r /t 0",
        "actions/runner-images#9659",
    ),
    Cause(
        "transactions",
        "Sysprep and the transaction coordinator",
        _any(r"msdtcprx\.dll", "SysPrepDtc"),
        "the Distributed Transaction Coordinator could not be reset",
        "msdtc -uninstall\nmsdtc -install",
        'msdtcprx.dll exports SysPrepDtcGeneralize; Microsoft, "How to reinstall Microsoft Distributed Transaction '
        'Coordinator" (KB 891801); unconfirmed: that reinstalling mends it',
    ),
    Cause(
        "media-sharing",
        "Sysprep and media sharing",
        _any(r"drmv2clt\.dll", "WMPNetworkSvc"),
        "probably Windows Media Player's network sharing was running",
        "sc.exe stop WMPNetworkSvc\nsc.exe config WMPNetworkSvc start= disabled",
        "drmv2clt.dll exports Sysprep; unconfirmed, from a forum of Microsoft's (w7itproinstall): that the service is "
        "why it fails",
    ),
    Cause(
        "services",
        "Sysprep and stopped services",
        _any("0x80070422", r"dwRet = 0x422\b", r"0x80080005"),
        "a service that it asks is disabled or does not start",
        "Get-Service tiledatamodelsvc, AppReadiness, wuauserv, TrustedInstaller, winmgmt -ErrorAction Ignore | "
        "Where-Object StartType -eq Disabled | Set-Service -StartupType Manual",
        "GoogleCloudPlatform/compute-image-windows#156 (0x80080005); winerror.h, ERROR_SERVICE_DISABLED; unconfirmed: "
        "0x80070422 in a log of sysprep's",
    ),
    Cause(
        "state",
        "Sysprep after a failed run",
        _any("machine is in an invalid state", r"0x8007001f\b"),
        "an earlier run broke off half-way, and it cannot go on from there",
        "# begin again with a disk or snapshot from before the first run",
        'Microsoft, "System Preparation tool error: A fatal error occurred while trying to sysprep the machine"',
    ),
)


@dataclass(frozen=True)
class Run:
    """``failed``: sysprep gave up. Neither, when the machine was switched off meanwhile, and for the run that sets a
    clone up. ``errors``: lines, without time and level."""

    succeeded: bool
    errors: Sequence[str]

    @property
    def failed(self) -> bool:
        return not self.succeeded and any(_FATAL.search(each) for each in self.errors)

    @property
    def cause(self) -> Cause | None:
        """The first that is known of, in the order of the log: what follows is what came of it."""
        if not self.failed:
            return None
        found = (cause for line in self.errors for cause in CAUSES if cause.pattern.search(line))
        return next(found, None)

    def lines_of(self, cause: Cause) -> list[str]:
        return [each for each in self.errors if cause.pattern.search(each)]


def last_run(windows: Windows) -> Run | None:
    """None when sysprep left no logs. Raises Unreadable."""
    activity = windows.files.tail(f"{FOLDER}/setupact.log", TAIL_BYTES)
    errors = windows.files.tail(f"{FOLDER}/setuperr.log", TAIL_BYTES)
    if not activity and not errors:
        return None
    lines = _of_last_run(_lines(activity or b""))
    failures = [each for each in lines if _ERROR.search(each)] or [each for each in _lines(errors or b"") if not lines]
    return Run(
        succeeded=any(SUCCEEDED in each for each in lines),
        errors=[_bare(each) for each in failures],
    )


def _of_last_run(lines: list[str]) -> list[str]:
    begins = [index for index, each in enumerate(lines) if BEGINS in each]
    return lines[begins[-1] + 1 :] if begins else lines


def _lines(content: bytes) -> list[str]:
    return [each[:LINE_CHARACTERS] for each in text_of_tail(content).splitlines() if each.strip(" =\0")]


def _bare(line: str) -> str:
    return _BARE.sub("", line).strip()

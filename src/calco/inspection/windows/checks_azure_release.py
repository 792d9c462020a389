"""Which Windows it is, and what of it waits for a restart, as Azure wants it.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", its first note and "Install Windows updates". Where
Windows keeps what waits is no part of that page.
"""

from calco.inspection.check import Check, Found, failed, not_read, passed
from calco.inspection.windows.registry_setting import PAGE, keys_of, text_of, value_of
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

SERVICING = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing"
UPDATE = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update"
SESSIONS = "SYSTEM\\CurrentControlSet\\Control\\Session Manager"


def _servicing(windows: Windows) -> Found:
    """The servicing stack keeps these until the restart."""
    waiting = [
        each
        for each in ("RebootPending", "RebootInProgress", "PackagesPending")
        if keys_of(windows, f"{SERVICING}\\{each}") is not None
    ]
    if windows.files.entry("/Windows/WinSxS/pending.xml") is not None:
        waiting.append("Windows\\WinSxS\\pending.xml")
    return failed(", ".join(waiting)) if waiting else passed("nothing waits")


def _restart(windows: Windows) -> Found:
    waiting: list[str] = []
    if keys_of(windows, f"{UPDATE}\\RebootRequired") is not None:
        waiting.append("Windows Update wants a restart")
    renames = value_of(windows, SESSIONS, "PendingFileRenameOperations")
    if renames is not None and renames.data:
        count = len(renames.data) // 2 if isinstance(renames.data, tuple) else 1
        waiting.append(f"files are replaced at the next start: {max(1, count)}")
    return failed("; ".join(waiting)) if waiting else passed("nothing waits")


def _architecture(windows: Windows) -> Found:
    value = value_of(windows, f"{SESSIONS}\\Environment", "PROCESSOR_ARCHITECTURE")
    if value is None:
        return not_read("PROCESSOR_ARCHITECTURE is absent")
    return (passed if text_of(value).upper() in {"AMD64", "ARM64"} else failed)(text_of(value))


def _release(windows: Windows) -> Found:
    if windows.release.why:
        return not_read(windows.release.why)
    words = f"{windows.release.name} (build {windows.release.build})"
    return (passed if windows.release.build >= WINDOWS_7 else failed)(words)


WINDOWS_7 = 7600
"""And Server 2008 R2: their first build."""

RESTARTS: tuple[Check[Windows], ...] = (
    Check(
        "windows.pending-servicing",
        Severity.BLOCKS_BOOT,
        "Updates that are half installed",
        "none",
        "Updates are half installed: they go on at the first start of a new machine, and sysprep refuses meanwhile.",
        "shutdown /r /t 0",
        PAGE,
        _servicing,
    ),
    Check(
        "windows.pending-restart",
        Severity.ADVICE,
        "A restart that is due",
        "none",
        "A restart is due: a new machine may make it in the middle of its setup.",
        "shutdown /r /t 0",
        PAGE,
        _restart,
    ),
)

RELEASE: tuple[Check[Windows], ...] = (
    Check(
        "windows.64-bit",
        Severity.ADVICE,
        "Architecture",
        "64 bit",
        "Azure asks for a Windows of 64 bit, and gives one of 32 little support.",
        "# no command mends this: move to a Windows of 64 bit",
        f'{PAGE}; Microsoft, "Support for 32-bit operating systems in Azure virtual machines"',
        _architecture,
    ),
    Check(
        "windows.release",
        Severity.ADVICE,
        "Release of Windows",
        "Windows 7, Windows Server 2008 R2, or later",
        "Azure does not support this Windows.",
        "# no command mends this: move to a later Windows (setup.exe)",
        PAGE,
        _release,
    ),
)

CHECKS: tuple[Check[Windows], ...] = (*RELEASE, *RESTARTS)

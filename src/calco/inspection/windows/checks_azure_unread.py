"""What Azure asks of a Windows system and no disk tells: it takes the system running, and stands in the checklist with
the command that answers it. Never a finding.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Verify the VM".
"""

from calco.inspection.check import Check, Found, not_read
from calco.inspection.windows.registry_setting import PAGE
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity


def _unread(code: str, title: str, expected: str, message: str, command: str) -> Check[Windows]:
    def look(_: Windows) -> Found:
        return not_read(f"no disk tells; ask on the machine: {command}")

    return Check(code, Severity.ADVICE, title, expected, message, command, PAGE, look)


UNREAD: tuple[Check[Windows], ...] = (
    _unread(
        "windows.sfc",
        "System files",
        "no integrity violations",
        "Windows' own files are damaged.",
        "sfc /scannow",
    ),
    _unread(
        "windows.chkdsk",
        "File system",
        "clean",
        "The file system has faults.",
        "chkdsk /f",
    ),
    _unread(
        "windows.wmi",
        "WMI repository",
        "consistent",
        "The repository of Windows' management is damaged.",
        "winmgmt /verifyrepository",
    ),
    _unread(
        "windows.rdp-port-owner",
        "Owner of port 3389",
        "TermService",
        "Another program has the port of Remote Desktop.",
        "netstat -anob",
    ),
    _unread(
        "windows.group-policy",
        "Group policies",
        "none that turns Remote Desktop or the firewall's rules off, or keeps accounts from signing in",
        "Policies of the domain take the settings back.",
        "gpresult /h policies.html",
    ),
)

CHECKS: tuple[Check[Windows], ...] = UNREAD

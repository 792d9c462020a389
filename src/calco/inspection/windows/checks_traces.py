"""What an image of a Windows must not carry: people, passwords, keys."""

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.files.file_system import Kind
from calco.inspection.windows.answer_file import answer_files
from calco.inspection.windows.people import accounts, homes, people
from calco.inspection.windows.system import VERSION, Windows
from calco.model.inspection import Severity

WINLOGON = rf"{VERSION}\Winlogon"
PROTECTION = rf"{VERSION}\SoftwareProtectionPlatform"
SSH = "/ProgramData/ssh"
HISTORY = "AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt"
SHOWN = 8

REMOVE_ANSWERS = (
    "Remove-Item -Force -ErrorAction Ignore C:\\unattend.xml, C:\\autounattend.xml, "
    "C:\\Windows\\System32\\Sysprep\\*unattend.xml, C:\\Windows\\System32\\Sysprep\\Panther\\unattend*, "
    "C:\\Windows\\Panther\\*unattend*"
)


def _listed(names: list[str], nothing: str = "none") -> Found:
    if not names:
        return passed(nothing)
    rest = len(names) - SHOWN
    return failed(", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else ""))


def _accounts(windows: Windows) -> Found | None:
    found = accounts(windows)
    return None if found is None else _listed(found, "only those that Windows makes itself")


def _profiles(windows: Windows) -> Found | None:
    return _listed(people(windows))


def _histories(windows: Windows) -> Found | None:
    return _listed(_in_homes(windows, HISTORY))


def _authorized_keys(windows: Windows) -> Found | None:
    found = _in_homes(windows, ".ssh/authorized_keys")
    of_all = windows.files.entry(f"{SSH}/administrators_authorized_keys")
    if of_all is not None and of_all.size_bytes:
        found = [r"C:\ProgramData\ssh\administrators_authorized_keys", *found]
    return _listed(found)


def _in_homes(windows: Windows, file: str) -> list[str]:
    """Where a file that holds something is in somebody's folder."""
    paths = (f"/Users/{home.name}/{file}" for home in homes(windows))
    found = ((path, windows.files.entry(path)) for path in paths)
    return ["C:" + path.replace("/", "\\") for path, entry in found if entry is not None and entry.size_bytes]


def _host_keys(windows: Windows) -> Found | None:
    entries = windows.files.list(SSH) or []
    return _listed([each.name for each in entries if each.kind is Kind.FILE and each.name.startswith("ssh_host_")])


def _answer_files(windows: Windows) -> Found | None:
    """Those with passwords have a check of their own."""
    found = [each.path for each in answer_files(windows) if not each.passwords]
    named = windows.system.value("Setup", "UnattendFile")
    if named is not None and named.data:
        found.append(r"one that HKLM\SYSTEM\Setup names")
    return _listed(found)


def _answers_with_passwords(windows: Windows) -> Found | None:
    found = [each for each in answer_files(windows) if each.passwords]
    return _listed([f"{each.path} ({', '.join(each.passwords)})" for each in found])


def _logon_password(windows: Windows) -> Found | None:
    value = windows.software.value(WINLOGON, "DefaultPassword")
    return passed("none") if value is None or not value.data else failed("DefaultPassword is set")


def _logon(windows: Windows) -> Found | None:
    value = windows.software.value(WINLOGON, "AutoAdminLogon")
    is_on = value is not None and value.data in {1, "1"}
    return failed("AutoAdminLogon is 1") if is_on else passed("off")


def _panther(windows: Windows) -> Found | None:
    """The folder in which setup works, apart from the answer files that are told of elsewhere."""
    entries = windows.files.list("/Windows/Panther")
    if entries is None:
        return passed("not there")
    others = [
        each.name for each in entries if each.name.lower() not in {"unattend", "unattend.xml", "autounattend.xml"}
    ]
    return _listed(others, "empty")


def _rearm(windows: Windows) -> Found | None:
    value = windows.software.value(PROTECTION, "SkipRearm")
    return failed("SkipRearm is 1") if value is not None and value.data == 1 else passed("the licence is reset")


AZURE = 'Azure, "Remove machine specific information by generalizing a VM before creating an image"'

CHECKS: tuple[Check[Windows], ...] = (
    Check(
        "windows.accounts",
        Severity.LEAKS,
        "Accounts",
        "only those that Windows makes itself",
        "Accounts that people made are on every clone, with the password they have here; they are deleted, your own "
        "too: sign in as the built-in administrator.",
        "Get-LocalUser | Where-Object { $_.SID.Value -notmatch '-50\\d$' } | Remove-LocalUser",
        'Microsoft, "Security identifiers"',
        _accounts,
    ),
    Check(
        "windows.profiles",
        Severity.LEAKS,
        "Profiles",
        "none but the built-in administrator's",
        "Folders of people are on every clone, with what they hold; they are deleted, but for those in use.",
        "Get-CimInstance Win32_UserProfile | Where-Object { -not $_.Special -and -not $_.Loaded } | Remove-CimInstance",
        'Microsoft, "Win32_UserProfile class"',
        _profiles,
    ),
    Check(
        "windows.powershell-history",
        Severity.LEAKS,
        "PowerShell histories",
        "none",
        "What was typed into PowerShell is on every clone; passwords often stand in it.",
        f"Remove-Item -Force -ErrorAction Ignore C:\\Users\\*\\{HISTORY.replace('/', chr(92))}",
        'Microsoft, "about_PSReadLine"',
        _histories,
    ),
    Check(
        "windows.authorized-keys",
        Severity.LEAKS,
        "Authorized SSH keys",
        "none",
        "Whoever holds these keys can log on to every clone.",
        "Remove-Item -Force -ErrorAction Ignore C:\\ProgramData\\ssh\\administrators_authorized_keys, "
        "C:\\Users\\*\\.ssh\\authorized_keys",
        'Microsoft, "Key-based authentication in OpenSSH for Windows"',
        _authorized_keys,
    ),
    Check(
        "windows.ssh-host-keys",
        Severity.LEAKS,
        "SSH host keys",
        "none",
        "Every clone would prove itself with the same key; the server makes new ones when it starts without.",
        "Remove-Item -Force C:\\ProgramData\\ssh\\ssh_host_*",
        'Microsoft, "Key-based authentication in OpenSSH for Windows"',
        _host_keys,
    ),
    Check(
        "windows.answer-file",
        Severity.ADVICE,
        "Answer files",
        "none",
        "Setup on a clone takes an answer file that lies here before the one that Azure gives it.",
        f'{REMOVE_ANSWERS}\nreg delete "HKLM\\SYSTEM\\Setup" /v UnattendFile /f',
        f'{AZURE}; Microsoft, "Windows Setup Automation Overview"',
        _answer_files,
    ),
    Check(
        "windows.answer-file-passwords",
        Severity.LEAKS,
        "Passwords in answer files",
        "none",
        "A password stands in an answer file, readable by anybody who has the disk.",
        REMOVE_ANSWERS,
        'Microsoft, "Windows Setup Automation Overview"',
        _answers_with_passwords,
    ),
    Check(
        "windows.logon-password",
        Severity.LEAKS,
        "Password for logging on by itself",
        "none",
        "A password stands readable in the registry.",
        f'reg delete "HKLM\\SOFTWARE\\{WINLOGON}" /v DefaultPassword /f',
        'Microsoft, "Configure Windows to automate logon"',
        _logon_password,
    ),
    Check(
        "windows.logon",
        Severity.ADVICE,
        "Logging on by itself",
        "off",
        "Every clone logs somebody on at its console without asking.",
        f'reg add "HKLM\\SOFTWARE\\{WINLOGON}" /v AutoAdminLogon /t REG_SZ /d 0 /f',
        'Microsoft, "Configure Windows to automate logon"',
        _logon,
    ),
    Check(
        "windows.panther",
        Severity.ADVICE,
        "Setup's working folder",
        "not there",
        "Windows\\Panther is left from an earlier setup; Azure's guide has it deleted before sysprep runs.",
        "Remove-Item -Recurse -Force C:\\Windows\\Panther",
        AZURE,
        _panther,
    ),
    Check(
        "windows.licence-identity",
        Severity.LEAKS,
        "Licence",
        "reset by generalize",
        "Sysprep was told not to reset the licence: clones share an identity, and a key server counts them as one.",
        f'reg add "HKLM\\SOFTWARE\\{PROTECTION}" /v SkipRearm /t REG_DWORD /d 0 /f',
        'Microsoft, "A fatal error occurred while trying to Sysprep the machine" (KB 929828)',
        _rearm,
    ),
)

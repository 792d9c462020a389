"""A Windows looked at: each check raised by a disk of its own, and by nothing once the fix that is shown was run."""

from collections.abc import Callable

import pytest

from calco.inspection.catalogue import by_code
from calco.inspection.windows.checks import CHECKS
from calco.inspection.windows.hive import Data
from calco.inspection.windows.sysprep_log import CAUSES
from calco.model.inspection import Result
from tests.inspection.windows.disk import (
    APPS,
    BEGINS,
    IMAGE_STATE,
    NAMES,
    PANTHER,
    PROFILES,
    SYSPREP_STATUS,
    VERSION,
    WindowsDisk,
    log,
    ready_windows,
)
from tests.inspection.windows.hives import open_after
from tests.inspection.windows.registry_data import Expand, Identifier

pytestmark = pytest.mark.slow

Step = Callable[[WindowsDisk], None]

POLICY = r"Policies\Microsoft\Windows\RemovableStorageDevices"
ROLES = r"Microsoft\ServerManager\ServicingStorage\ServerComponentCache"
SECRET = "hunter2-secret"


def put(key: str, name: str, data: Data) -> Step:
    return lambda disk: disk.system.setdefault(key, {}).update({name: data})


def put_software(key: str, name: str, data: Data) -> Step:
    return lambda disk: disk.software.setdefault(key, {}).update({name: data})


def lay(path: str, content: bytes) -> Step:
    return lambda disk: disk.files.update({path: content})


def gone(path: str) -> Step:
    def do(disk: WindowsDisk) -> None:
        del disk.files[path]

    return do


def both(*steps: Step) -> Step:
    def do(disk: WindowsDisk) -> None:
        for each in steps:
            each(disk)

    return do


def ended(*errors: str) -> Step:
    """A last run of sysprep that gave up with those lines."""
    gave_up = "RunDlls:An error occurred while running registry sysprep DLLs, halting sysprep execution."
    lines = [f"Error      [0x0f0070] SYSPRP {each}" for each in (*errors, gave_up)]
    return both(
        lay(f"{PANTHER}/setupact.log", log(f"Info                  {BEGINS}", *lines)),
        lay(f"{PANTHER}/setuperr.log", log(*lines)),
    )


def run_of(*lines: str) -> Step:
    """A last run of sysprep with those lines."""
    return lay(f"{PANTHER}/setupact.log", log(f"Info {BEGINS}", *lines))


def not_closed(disk: WindowsDisk) -> None:
    content = disk.tree()["/Windows/System32/config/SYSTEM"]
    assert isinstance(content, bytes)
    disk.raw["SYSTEM"] = open_after(content)


def profile(relative: int, name: str) -> Step:
    return put_software(rf"{PROFILES}\S-1-5-21-1-2-3-{relative}", "ProfileImagePath", Expand(rf"C:\Users\{name}"))


def account(disk: WindowsDisk) -> None:
    disk.hives["SAM"][rf"{NAMES}\deploy"] = {"": Identifier(1001)}


def application(disk: WindowsDisk) -> None:
    disk.software[rf"{APPS}\S-1-5-21-1-2-3-1001\Contoso.App_1.0.0.0_x64__abc"] = {}


def answer(password: str) -> bytes:
    """As Windows System Image Manager writes it."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend"><settings pass="oobeSystem">
<component name="Microsoft-Windows-Shell-Setup"><UserAccounts><AdministratorPassword>
  <Value>{password}</Value><PlainText>true</PlainText></AdministratorPassword></UserAccounts>
</component></settings></unattend>""".encode()


APP = "Package Contoso.App_1_neutral__8wekyb3d8bbwe was installed for a user, but not provisioned for all users."
"""Lines below are sysprep's as the sources of the causes have them, but for names of packages and libraries."""

CONSTRUCTED: dict[str, Step] = {
    "windows.sysprep-upgrade": ended("spopk.dll:: Sysprep will not run on an upgraded OS."),
    "windows.sysprep-transactions": ended(
        r"LaunchDll:Failure occurred while executing 'C:\Windows\System32\msdtcprx.dll,SysPrepDtcGeneralize', returned "
        "error code -2146434815"
    ),
    "windows.sysprep-media-sharing": ended(
        r"LaunchDll:Failure occurred while executing 'drmv2clt.dll,Sysprep', returned error code -2147467259"
    ),
    "windows.sysprep-services": ended("spopk.dll:: Failed to query a service; hr = 0x80070422"),
}
"""Lines that we wrote as sysprep would: what their causes' sources call unconfirmed."""

RAISED: dict[str, Step] = {
    **CONSTRUCTED,
    "windows.image-state": put_software(IMAGE_STATE, "ImageState", "IMAGE_STATE_COMPLETE"),
    "windows.image-state-file": lay(
        "/Windows/Setup/State/State.ini", b"\xff\xfe" + "[State]\r\nImageState=IMAGE_STATE_COMPLETE".encode("utf-16-le")
    ),
    "windows.sysprep-phase": put(SYSPREP_STATUS, "GeneralizationState", 7),
    "windows.sysprep-tag": gone("/Windows/System32/Sysprep/Sysprep_succeeded.tag"),
    "windows.setup-pending": put("Setup", "CmdLine", ""),
    "windows.sysprep-run": ended(r"LaunchDll: Failure occurred while executing 'C:\Windows\System32\x.dll,Clean'"),
    "windows.sysprep-store-apps": ended(APP, "RunDlls:An error occurred, halting sysprep execution. dwRet = 0x3cf2"),
    "windows.sysprep-rearm": ended(
        r"LaunchDll: Failure occurred while executing 'C:\Windows\System32\slc.dll, SLReArmWindows', returned error "
        "code -1073425657",
        "WinMain: Hit failure while processing sysprep generalize providers; hr = 0xc004d307",
        "RunExternalDlls:Not running DLLs; either the machine is in an invalid state or we couldn't update the "
        "recorded state, dwRet = 31",
    ),
    "windows.sysprep-bitlocker": ended(
        "BitLocker-Sysprep: BitLocker is on for the OS volume. Turn BitLocker off to run Sysprep. (0x80310039)"
    ),
    "windows.sysprep-updates": ended(
        "Sysprep_Clean_Validate_Opk: Audit mode cannot be turned on if reserved storage is in use. An update or "
        "servicing operation may be using reserved storage.; hr = 0x800F0975"
    ),
    "windows.sysprep-defender": ended(
        r"ActionPlatform::DeleteValue: Error from RegDeleteValueW for value senseGuid under key "
        r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows Advanced Threat Protection; dwRet = 0x5"
    ),
    "windows.sysprep-state": ended(
        "RunExternalDlls:Not running DLLs; either the machine is in an invalid state or we couldn't update the "
        "recorded state, dwRet = 31"
    ),
    "windows.registry-closed": not_closed,
    "windows.domain-controller": put(r"Current\Services\NTDS", "Start", 2),
    "windows.roles": put_software(rf"{ROLES}\DHCP", "InstallState", 1),
    "windows.domain-member": both(
        put(r"Current\Services\Tcpip\Parameters", "Domain", "corp.example"),
        put_software(
            r"Microsoft\Windows\CurrentVersion\Group Policy\State\Machine", "Distinguished-Name", "CN=X,DC=corp"
        ),
    ),
    "windows.upgraded": put("Setup", "Upgrade", 1),
    "windows.store-apps": application,
    "windows.dvd": put(r"Current\Services\cdrom", "Start", 4),
    "windows.dvd-policy": put_software(POLICY, "Deny_All", 1),
    "windows.accounts": account,
    "windows.profiles": profile(1001, "deploy"),
    "windows.powershell-history": lay(
        "/Users/Administrator/AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt",
        f"net user x {SECRET}".encode(),
    ),
    "windows.authorized-keys": lay("/ProgramData/ssh/administrators_authorized_keys", b"ssh-ed25519 AAAA me"),
    "windows.ssh-host-keys": lay("/ProgramData/ssh/ssh_host_ed25519_key", SECRET.encode()),
    "windows.answer-file": lay("/Unattend.xml", answer("*SENSITIVE*DATA*DELETED*")),
    "windows.answer-file-passwords": lay("/Windows/Panther/unattend.xml", answer(SECRET)),
    "windows.logon-password": put_software(rf"{VERSION}\Winlogon", "DefaultPassword", SECRET),
    "windows.logon": put_software(rf"{VERSION}\Winlogon", "AutoAdminLogon", "1"),
    "windows.panther": lay("/Windows/Panther/setupact.log", b"x"),
    "windows.licence-identity": put_software(rf"{VERSION}\SoftwareProtectionPlatform", "SkipRearm", 1),
}
ALSO = {"windows.single"}
"""Raised by what no single Windows holds; see below."""


def test_every_check_has_its_row() -> None:
    assert {*RAISED} | ALSO == {each.code for each in CHECKS}


@pytest.mark.parametrize("code", RAISED)
def test_a_disk_raises_a_check_and_no_other_and_mended_by_its_fix_raises_none(code: str) -> None:
    disk = ready_windows()
    RAISED[code](disk)

    raised = {each.code: each for each in disk.seen().seen if each.result is Result.FAILED}
    assert {*raised} == {code}
    assert SECRET not in raised[code].found

    disk.mend(by_code()[code].fix)
    assert disk.failing() == set()


def test_no_secret_is_in_anything_that_is_told() -> None:
    disk = ready_windows()
    for step in RAISED.values():
        step(disk)
    disk.raw.clear()

    assert SECRET not in repr(disk.seen())


# ----- places and kinds that share a check


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("windows.profiles", lay("/Users/deploy/NTUSER.DAT", b"regf")),
        ("windows.authorized-keys", lay("/Users/Administrator/.ssh/authorized_keys", b"ssh-ed25519 AAAA me")),
        ("windows.answer-file", lay("/Windows/System32/Sysprep/unattend.xml", b"<unattend/>")),
        ("windows.answer-file", lay("/Windows/Panther/Unattend/Autounattend.xml", b"<unattend/>")),
        ("windows.answer-file", put("Setup", "UnattendFile", r"C:\deploy\answers.xml")),
        ("windows.answer-file-passwords", lay("/Autounattend.xml", b"<Password>plain</Password>")),
        (
            "windows.answer-file-passwords",
            lay("/Windows/System32/Sysprep/Unattend.xml", b"\xff\xfe" + answer(SECRET).decode().encode("utf-16-le")),
        ),
        ("windows.dvd-policy", put_software(POLICY + r"\{53f56308-b6bf-11d0-94f2-00a0c91efb8b}", "Deny_Read", 1)),
        ("windows.roles", put(r"Current\Services\CertSvc", "Start", 2)),
        ("windows.domain-controller", put_software(rf"{ROLES}\AD-Domain-Services", "InstallState", 1)),
        ("windows.setup-pending", put("Setup", "SetupType", 0)),
        ("windows.sysprep-phase", lambda disk: disk.system[SYSPREP_STATUS].clear()),
        ("windows.image-state", lambda disk: disk.software[IMAGE_STATE].clear()),
    ],
)
def test_the_same_is_raised_elsewhere_and_mended_alike(code: str, step: Step) -> None:
    disk = ready_windows()
    step(disk)
    assert disk.failing() == {code}

    disk.mend(by_code()[code].fix)
    assert disk.failing() == set()


@pytest.mark.parametrize(
    "step",
    [
        profile(500, "Administrator"),
        put(r"Current\Services\Tcpip\Parameters", "Domain", "example.com"),
        put(r"Current\Services\DHCPServer", "Start", 4),
        put_software(rf"{ROLES}\Web-Server", "InstallState", 1),
        put_software(rf"{APPS}\S-1-5-21-1-2-3-500\Microsoft.VCLibs.140.00_14.0_x64__8wekyb3d8bbwe", "x", 1),
        put_software(rf"{VERSION}\Winlogon", "AutoAdminLogon", "0"),
        put_software(rf"{VERSION}\Winlogon", "DefaultPassword", ""),
        lay("/Users/Administrator/.ssh/authorized_keys", b""),
        lay("/ProgramData/ssh/sshd_config", b"Port 22"),
        run_of(
            "Error SYSPRP LaunchModule: Failure occurred while executing a part that may fail; dwRet = 0x422",
            "Info SYSPRP FCreateTagFile:Successfully created tag file x",
        ),
        run_of(
            "Info SYSPRP ParseCommands:Found supported command line option 'RESPECIALIZE'", "Error SYSPRP 0x80070422"
        ),
        lambda disk: [disk.files.pop(f"{PANTHER}/{name}") for name in ("setupact.log", "setuperr.log")] and None,
    ],
)
def test_these_are_no_findings(step: Step) -> None:
    disk = ready_windows()
    step(disk)

    assert disk.failing() == set()


def test_roles_of_a_server_are_not_asked_of_a_client() -> None:
    disk = ready_windows()
    disk.software[VERSION].update({"ProductName": "Windows 10 Pro", "InstallationType": "Client"})
    put(r"Current\Services\NTDS", "Start", 2)(disk)

    assert not {"windows.roles", "windows.domain-controller"} & {each.code for each in disk.seen().seen}


# ----- the log


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_log_is_read_in_whatever_windows_wrote_it(encoding: str) -> None:
    disk = ready_windows()
    ended(APP)(disk)
    for name in ("setupact.log", "setuperr.log"):
        content = disk.files[f"{PANTHER}/{name}"]
        assert isinstance(content, bytes)
        disk.files[f"{PANTHER}/{name}"] = content.decode().encode(encoding)

    assert disk.failing() == {"windows.sysprep-store-apps"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("odd", [0, 1])
def test_of_a_huge_log_only_the_end_is_read(encoding: str, odd: int) -> None:
    disk = ready_windows()
    earlier = "2026-01-01 00:00:00, Error SYSPRP Package x not provisioned for all users\r\n" * 20_000
    last = f"x, Info {BEGINS}\r\nx, Error SYSPRP halting sysprep execution, dwRet = 0x80310039\r\n"
    disk.files[f"{PANTHER}/setupact.log"] = (earlier + last).encode(encoding) + bytes(odd)

    assert disk.failing() == {"windows.sysprep-bitlocker"}


def test_why_sysprep_failed_stands_with_the_verdict() -> None:
    disk = ready_windows()
    ended(APP)(disk)

    assert (
        disk.seen()
        .evidence[-1]
        .startswith("Sysprep failed when it ran last, because an app from the Store was installed")
    )


def test_an_error_that_nobody_knows_is_shown_as_it_stands() -> None:
    disk = ready_windows()
    ended("x.dll: it went wrong; hr = 0x80041234")(disk)

    assert disk.seen().evidence[-1].endswith("Its log: x.dll: it went wrong; hr = 0x80041234")


def test_without_the_log_of_what_it_did_its_errors_are_enough() -> None:
    disk = ready_windows()
    ended(APP)(disk)
    del disk.files[f"{PANTHER}/setupact.log"]

    assert disk.failing() == {"windows.sysprep-store-apps"}


def test_the_first_cause_in_the_log_is_the_one_that_counts() -> None:
    disk = ready_windows()
    ended("the machine is in an invalid state", "something else, 0x80310039")(disk)

    assert disk.failing() == {"windows.sysprep-state"}


def test_every_cause_ends_with_running_sysprep_again() -> None:
    for cause in CAUSES:
        fix = by_code()[f"windows.sysprep-{cause.name}"].fix
        assert fix.splitlines()[-1].endswith(r"sysprep.exe /generalize /oobe /shutdown")

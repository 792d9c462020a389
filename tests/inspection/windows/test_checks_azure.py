"""A Windows looked at for Azure: each check raised by a disk of its own, and by nothing once its fix was run."""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest

from calco.inspection.catalogue import by_code
from calco.inspection.check import run
from calco.inspection.files.partitions import volumes_of
from calco.inspection.windows.boot_store import BOOT_MANAGER, EMS_SETTINGS, Element
from calco.inspection.windows.checks_azure import CHECKS
from calco.inspection.windows.checks_azure_unread import UNREAD
from calco.inspection.windows.hive import Data
from calco.inspection.windows.look import find
from calco.inspection.windows.registry import open_hive
from calco.model.inspection import Result, Severity
from tests.inspection.disks import Memory
from tests.inspection.samples import system_hive
from tests.inspection.windows.azure_ready import LISTENER, LOADER, RULES, element, files, firewall_rule, number, system
from tests.inspection.windows.binary import binary
from tests.inspection.windows.disk import VERSION, WindowsDisk, ready_windows
from tests.inspection.windows.registry_data import Expand
from tests.shared import SHARED, needs_shared

Step = Callable[[WindowsDisk], None]

SESSIONS = r"Current\Control\Session Manager"
POLICY = r"Policies\Microsoft\Windows NT\Terminal Services"
PROXY = r"Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
DUMPS = r"Microsoft\Windows\Windows Error Reporting\LocalDumps"
FIREWALL = r"Current\Services\SharedAccess\Parameters\FirewallPolicy"


def put(key: str, name: str, data: Data) -> Step:
    """A value of SYSTEM."""
    return lambda disk: disk.system.setdefault(key, {}).update({name: data})


def put_software(key: str, name: str, data: Data) -> Step:
    return lambda disk: disk.software.setdefault(key, {}).update({name: data})


def start(service: str, how: int) -> Step:
    return put(rf"Current\Services\{service}", "Start", how)


def gone(key: str) -> Step:
    def do(disk: WindowsDisk) -> None:
        del disk.system[key]

    return do


def without(file: str) -> Step:
    def do(disk: WindowsDisk) -> None:
        del disk.files[file]

    return do


def boot(object: str, what: Element, data: Data | None) -> Step:
    def do(disk: WindowsDisk) -> None:
        if data is None:
            del disk.boot[element(object, what)]
        else:
            disk.boot[element(object, what)] = {"Element": data}

    return do


def old(path: str) -> Step:
    """Windows 8.1 as it came out, with one binary that is listed."""

    def do(disk: WindowsDisk) -> None:
        disk.software[VERSION].update({"CurrentBuild": "9600", "CurrentBuildNumber": "9600"})
        disk.files[f"/Windows/System32/{path}"] = binary("6.3.9600.16384")

    return do


def of_release(build: str) -> Step:
    return lambda disk: disk.software[VERSION].update({"CurrentBuild": build, "CurrentBuildNumber": build})


def proxy(server: str, bypass: str) -> bytes:
    parts = [each.encode() for each in (server, bypass)]
    return bytes.fromhex("180000000000000003000000") + b"".join(
        len(each).to_bytes(4, "little") + each for each in parts
    )


BROKEN: dict[str, Step] = {
    "windows.clock-utc": gone(r"Current\Control\TimeZoneInformation"),
    "windows.time-service": start("w32time", 3),
    "windows.persistent-routes": put(
        r"Current\Services\Tcpip\Parameters\PersistentRoutes", "10.0.0.0,255.0.0.0,10.1.1.1,1", ""
    ),
    "windows.winhttp-proxy": put_software(PROXY, "WinHttpSettings", proxy("proxy:8080", "<local>;10.*")),
    "windows.san-policy": put(r"Current\Services\partmgr\Parameters", "SanPolicy", 2),
    "windows.power-plan": put(
        r"Current\Control\Power\User\PowerSchemes", "ActivePowerScheme", "381b4222-f694-41f0-9685-ff5bb260df2e"
    ),
    "windows.temp-folder": put(rf"{SESSIONS}\Environment", "TEMP", Expand(r"E:\TEMP")),
    "windows.tmp-folder": put(rf"{SESSIONS}\Environment", "TMP", r"%SystemRoot%\TEMP"),
    "windows.service-bfe": start("BFE", 4),
    "windows.service-dhcp": start("Dhcp", 4),
    "windows.service-dnscache": start("Dnscache", 3),
    "windows.service-ikeext": start("IKEEXT", 3),
    "windows.service-iphlpsvc": start("iphlpsvc", 4),
    "windows.service-nsi": start("nsi", 4),
    "windows.service-mpssvc": start("mpssvc", 4),
    "windows.service-remoteregistry": start("RemoteRegistry", 4),
    "windows.service-netlogon": start("Netlogon", 4),
    "windows.service-netman": start("Netman", 4),
    "windows.service-termservice": start("TermService", 4),
    "windows.crash-dump": put(r"Current\Control\CrashControl", "CrashDumpEnabled", 7),
    "windows.crash-dump-file": put(r"Current\Control\CrashControl", "DumpFile", Expand(r"E:\MEMORY.DMP")),
    "windows.nmi-dump": put(r"Current\Control\CrashControl", "NMICrashDump", 0),
    "windows.user-dump-folder": put_software(DUMPS, "DumpFolder", Expand(r"E:\CrashDumps")),
    "windows.user-dump-count": put_software(DUMPS, "CrashCount", 1),
    "windows.user-dump-type": put_software(DUMPS, "DumpType", 1),
    "windows.service-wersvc": start("WerSvc", 4),
    "windows.page-file": put(rf"{SESSIONS}\Memory Management", "PagingFiles", (r"E:\pagefile.sys 0 0",)),
    "windows.rdp-on": put(r"Current\Control\Terminal Server", "fDenyTSConnections", 1),
    "windows.rdp-on-policy": put_software(POLICY, "fDenyTSConnections", 1),
    "windows.rdp-port": put(LISTENER, "PortNumber", 3390),
    "windows.rdp-adapters": put(LISTENER, "LanAdapter", 2),
    "windows.rdp-nla": put(LISTENER, "UserAuthentication", 0),
    "windows.rdp-keep-alive-policy": put_software(POLICY, "KeepAliveEnable", 0),
    "windows.rdp-keep-alive-interval-policy": put_software(POLICY, "KeepAliveInterval", 10),
    "windows.rdp-keep-alive": put(LISTENER, "KeepAliveTimeout", 0),
    "windows.rdp-auto-reconnect-policy": put_software(POLICY, "fDisableAutoReconnect", 1),
    "windows.rdp-inherit-reconnect": put(LISTENER, "fInheritReconnectSame", 0),
    "windows.rdp-reconnect": put(LISTENER, "fReconnectSame", 1),
    "windows.rdp-connections": put(LISTENER, "MaxInstanceCount", 2),
    "windows.rdp-certificate": put(LISTENER, "SSLCertificateSHA1Hash", bytes(20)),
    "windows.firewall-domain": put(rf"{FIREWALL}\DomainProfile", "EnableFirewall", 0),
    "windows.firewall-private": put(rf"{FIREWALL}\StandardProfile", "EnableFirewall", 0),
    "windows.firewall-public": put(rf"{FIREWALL}\PublicProfile", "EnableFirewall", 0),
    "windows.firewall-exceptions": put(rf"{FIREWALL}\PublicProfile", "DoNotAllowExceptions", 1),
    "windows.firewall-rdp": put(
        RULES, "RemoteDesktop-UserMode-In-TCP", firewall_rule("Profile=Domain", "LPort=3389", "RA4=10.0.0.0/255.0.0.0")
    ),
    "windows.firewall-rdp-blocked": put(RULES, "{shut}", firewall_rule("LPort=3389", action="Block")),
    "windows.firewall-ping": put(RULES, "FPS-ICMP4-ERQ-In", "v2.31|Action=Allow|Active=FALSE|Dir=In|Protocol=1|"),
    "windows.firewall-platform-in": put(RULES, "{b9e4d3f0-1}", "v2.31|Action=Allow|Active=TRUE|Dir=In|RA4=10.0.0.1|"),
    "windows.firewall-platform-out": put(
        RULES, "{b9e4d3f0-2}", "v2.31|Action=Allow|Active=FALSE|Dir=Out|RA4=168.63.129.16|"
    ),
    "windows.firewall-winrm": put(RULES, "WINRM-HTTP-In-TCP", firewall_rule("LPort=5985", active="FALSE")),
    "windows.bcd-device": boot(LOADER, Element.DEVICE, None),
    "windows.bcd-osdevice": boot(LOADER, Element.OS_DEVICE, None),
    "windows.bcd-bootmgr-integrity": boot(BOOT_MANAGER, Element.INTEGRITY_SERVICES, number(2)),
    "windows.bcd-integrity": boot(LOADER, Element.INTEGRITY_SERVICES, None),
    "windows.bcd-recovery": boot(LOADER, Element.RECOVERY_ENABLED, b"\1"),
    "windows.bcd-boot-status": boot(LOADER, Element.BOOT_STATUS_POLICY, number(0)),
    "windows.bcd-boot-menu": boot(BOOT_MANAGER, Element.DISPLAY_BOOT_MENU, b"\0"),
    "windows.bcd-timeout": boot(BOOT_MANAGER, Element.TIMEOUT, number(30)),
    "windows.bcd-boot-ems": boot(BOOT_MANAGER, Element.BOOT_EMS, None),
    "windows.bcd-ems": boot(LOADER, Element.EMS, b"\0"),
    "windows.bcd-ems-port": boot(EMS_SETTINGS, Element.EMS_PORT, number(2)),
    "windows.bcd-ems-speed": boot(EMS_SETTINGS, Element.EMS_BAUD_RATE, number(9600)),
    "windows.sac": start("sacsvr", 3),
    "windows.driver-vmbus": without("/Windows/System32/drivers/vmbus.sys"),
    "windows.driver-vmbus-start": start("vmbus", 3),
    "windows.driver-storvsc": gone(r"Current\Services\storvsc"),
    "windows.driver-storvsc-start": start("storvsc", 4),
    "windows.driver-netvsc": without("/Windows/System32/drivers/netvsc63.sys"),
    "windows.driver-netvsc-start": start("netvsc", 4),
    "windows.guest-agent": gone(r"Current\Services\RdAgent"),
    "windows.service-windowsazureguestagent": start("WindowsAzureGuestAgent", 4),
    "windows.service-rdagent": start("RdAgent", 3),
    "windows.extensions": lambda disk: disk.files.update({"/Packages/Plugins/Microsoft.CPlat.Core/1.0/x.json": b"{}"}),
    "windows.old-storage": old("drivers/disk.sys"),
    "windows.old-network": old("drivers/tcpip.sys"),
    "windows.old-kernel": old("ntoskrnl.exe"),
    "windows.old-remote-desktop": old("termsrv.dll"),
    "windows.64-bit": put(rf"{SESSIONS}\Environment", "PROCESSOR_ARCHITECTURE", "x86"),
    "windows.release": of_release("6003"),
    "windows.pending-servicing": lambda disk: disk.files.update({"/Windows/WinSxS/pending.xml": b"<p/>"}),
    "windows.pending-restart": put(SESSIONS, "PendingFileRenameOperations", (r"\??\C:\a", r"\??\C:\b")),
}


@pytest.mark.slow
@pytest.mark.parametrize("code", BROKEN)
def test_a_disk_that_breaks_one_rule_raises_its_check_and_no_other_until_the_shown_fix_was_run(code: str) -> None:
    machine = ready_windows()
    BROKEN[code](machine)
    assert machine.failing() == {code}

    mend(machine, code)
    assert machine.failing() == set()


def test_every_check_that_a_disk_can_raise_is_raised_above() -> None:
    assert set(BROKEN) == {each.code for each in CHECKS} - {each.code for each in UNREAD}


def test_a_windows_that_is_ready_for_azure_raises_nothing_and_what_no_disk_tells_is_said_to_be_unread() -> None:
    seen = {each.code: each for each in ready_windows().seen().seen}

    assert {code for code in BROKEN if seen[code].result is not Result.PASSED} == set()
    assert {seen[each.code].result for each in UNREAD} == {Result.NOT_READ}
    assert all(each.fix in seen[each.code].found for each in UNREAD)


@pytest.mark.slow
def test_of_a_real_windows_that_nobody_prepared_is_found_what_is_not_as_azure_wants_it() -> None:
    """Its SYSTEM is a client's from another hypervisor, with its 455 rules of the firewall."""
    machine = ready_windows()
    machine.files["/Windows/System32/drivers/netvsc.sys"] = b"MZ"
    machine.software[VERSION].update({"ProductName": "Windows 10 Pro", "InstallationType": "Client"})
    ready = find(volumes_of(Memory(machine.bare())), open_hive)
    assert ready is not None
    real = replace(ready, system=open_hive(system_hive(), []))

    seen = {each.code.removeprefix("windows."): each for each in run(CHECKS, real)}

    assert {code for code, each in seen.items() if each.result is Result.FAILED} == {
        *("clock-utc", "time-service", "service-ikeext", "service-remoteregistry", "crash-dump", "nmi-dump"),
        *("rdp-on", "rdp-keep-alive", "guest-agent"),
        *(f"firewall-{each}" for each in ("rdp", "ping", "platform-in", "platform-out", "winrm")),
    }
    assert "sac" not in seen
    assert {f"windows.{code}" for code, each in seen.items() if each.result is Result.NOT_READ} == {
        each.code for each in UNREAD
    }


# ----- what a fix does


def mend(disk: WindowsDisk, code: str) -> None:
    """What the shown fix says, done to the disk: most by their words, of the others the effect."""
    fix = by_code()[code].fix
    if fix.startswith(("reg ", "Remove-Item ")):
        disk.mend(fix)
    elif fix.startswith("bcdedit "):
        bcdedit(disk, shlex.split(fix)[1:])
    else:
        (effect,) = [does for words, does in EFFECTS.items() if fix.startswith(words)]
        effect(disk)


BCDEDIT: dict[str, tuple[Element, dict[str, Data]]] = {
    "device": (Element.DEVICE, {"partition=C:": bytes(16) + (6).to_bytes(4, "little") + bytes(60)}),
    "osdevice": (Element.OS_DEVICE, {"partition=C:": bytes(16) + (6).to_bytes(4, "little") + bytes(60)}),
    "integrityservices": (Element.INTEGRITY_SERVICES, {"enable": number(1)}),
    "recoveryenabled": (Element.RECOVERY_ENABLED, {"Off": b"\0"}),
    "bootstatuspolicy": (Element.BOOT_STATUS_POLICY, {"IgnoreAllFailures": number(1)}),
    "displaybootmenu": (Element.DISPLAY_BOOT_MENU, {"yes": b"\1"}),
    "timeout": (Element.TIMEOUT, {"5": number(5)}),
    "bootems": (Element.BOOT_EMS, {"yes": b"\1"}),
}
OBJECTS = {"{bootmgr}": BOOT_MANAGER, "{default}": LOADER}


def bcdedit(disk: WindowsDisk, words: list[str]) -> None:
    match words:
        case ["/set", object, name, data]:
            what, encoded = BCDEDIT[name]
            boot(OBJECTS[object], what, encoded[data])(disk)
        case ["/ems", object, "ON"]:
            boot(OBJECTS[object], Element.EMS, b"\1")(disk)
        case ["/emssettings", port, speed]:
            boot(EMS_SETTINGS, Element.EMS_PORT, number(int(port.removeprefix("EMSPORT:"))))(disk)
            boot(EMS_SETTINGS, Element.EMS_BAUD_RATE, number(int(speed.removeprefix("EMSBAUDRATE:"))))(disk)
        case _:
            raise AssertionError(words)


def rule(name: str, text: str) -> Step:
    return put(RULES, name, text)


def restarted(disk: WindowsDisk) -> None:
    disk.files.pop("/Windows/WinSxS/pending.xml", None)
    disk.system.get(SESSIONS, {}).pop("PendingFileRenameOperations", None)


def put_back(disk: WindowsDisk) -> None:
    """Drivers and services that ship with Windows, or come with an installer."""
    disk.files.update(files())
    disk.system.update({key: values for key, values in system().items() if key not in disk.system})


def updated(disk: WindowsDisk) -> None:
    for path, content in disk.files.items():
        if isinstance(content, bytes) and content[:2] == b"MZ" and len(content) > 2:
            disk.files[path] = binary("6.3.9600.20000")


EFFECTS: dict[str, Step] = {
    "netsh winhttp reset proxy": put_software(PROXY, "WinHttpSettings", bytes.fromhex(f"18{'0' * 14}01{'0' * 22}")),
    "powercfg /setactive 8c5e7fda-e8bf-4a96-9a85-a6e23a8c635c": put(
        r"Current\Control\Power\User\PowerSchemes", "ActivePowerScheme", "8c5e7fda-e8bf-4a96-9a85-a6e23a8c635c"
    ),
    "Set-NetFirewallProfile -Profile Domain -Enabled True": put(rf"{FIREWALL}\DomainProfile", "EnableFirewall", 1),
    "Set-NetFirewallProfile -Profile Private -Enabled True": put(rf"{FIREWALL}\StandardProfile", "EnableFirewall", 1),
    "Set-NetFirewallProfile -Profile Public -Enabled True": put(rf"{FIREWALL}\PublicProfile", "EnableFirewall", 1),
    "Set-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -Enabled True -Profile Any -RemoteAddress Any": rule(
        "RemoteDesktop-UserMode-In-TCP", firewall_rule("LPort=3389")
    ),
    "Disable-NetFirewallRule -Name ": rule("{shut}", firewall_rule("LPort=3389", action="Block", active="FALSE")),
    "Set-NetFirewallRule -Name FPS-ICMP4-ERQ-In -Enabled True": rule(
        "FPS-ICMP4-ERQ-In", "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=1|"
    ),
    "New-NetFirewallRule -DisplayName AzurePlatform -Direction Inbound -RemoteAddress 168.63.129.16": rule(
        "{new}", "v2.31|Action=Allow|Active=TRUE|Dir=In|RA4=168.63.129.16/255.255.255.255|"
    ),
    "New-NetFirewallRule -DisplayName AzurePlatform -Direction Outbound -RemoteAddress 168.63.129.16": rule(
        "{new}", "v2.31|Action=Allow|Active=TRUE|Dir=Out|RA4=168.63.129.16-168.63.129.16|"
    ),
    "Enable-PSRemoting -Force": rule("WINRM-HTTP-In-TCP", firewall_rule("LPort=5985")),
    "sfc /scannow": put_back,
    "Invoke-WebRequest -UseBasicParsing 'https://go.microsoft.com/": put_back,
    "control /name Microsoft.WindowsUpdate": updated,
    "# no command mends this: move to a Windows of 64 bit": put(
        rf"{SESSIONS}\Environment", "PROCESSOR_ARCHITECTURE", "AMD64"
    ),
    "# no command mends this: move to a later Windows": of_release("20348"),
    "shutdown /r": restarted,
}

# ----- the whole of Azure's list

ROWS: dict[str, str] = {
    "BIOS clock in UTC": "clock-utc",
    "time service": "time-service",
    "persistent routes": "persistent-routes",
    "WinHTTP proxy": "winhttp-proxy",
    "SAN policy onlineall": "san-policy",
    "power plan high performance": "power-plan",
    "TEMP, TMP": "(temp|tmp)-folder",
    "services automatic": "service-(bfe|dhcp|dnscache|ikeext|iphlpsvc|nsi|mpssvc|remoteregistry)",
    "services manual": "service-(netlogon|netman|termservice)",
    "RDP on": "rdp-on(-policy)?",
    "RDP port": "rdp-port",
    "RDP all NICs": "rdp-adapters",
    "NLA": "rdp-nla",
    "keep-alive": "rdp-keep-alive(-policy|-interval-policy)?",
    "reconnect": "rdp-(auto-reconnect-policy|inherit-reconnect|reconnect)",
    "connections": "rdp-connections",
    "self-signed cert": "rdp-certificate",
    "firewall profiles on": "firewall-(domain|private|public)",
    "firewall rules": "firewall-(exceptions|rdp|rdp-blocked|ping|platform-in|platform-out|winrm)",
    "dump": "(crash-dump|crash-dump-file|nmi-dump)",
    "user dumps": "(user-dump-folder|user-dump-count|user-dump-type|service-wersvc)",
    "BCD": "bcd-.*",
    "SAC": "sac",
    "page file": "page-file",
    "pending updates/reboot": "pending-(servicing|restart)",
    "Hyper-V drivers present": "driver-(vmbus|storvsc|netvsc)(-start)?",
    "guest agent": "(guest-agent|service-windowsazureguestagent|service-rdagent)",
    "driver/file minimum versions": "old-(storage|network|kernel|remote-desktop)",
    "ADE / extensions": "extensions",
    "32/64 bit": "(64-bit|release)",
    "not readable offline": "(sfc|chkdsk|wmi|rdp-port-owner|group-policy)",
}
"""What each row of the list is looked at by, below ``windows.``."""

ELSEWHERE = {"BitLocker": "disk.bitlocker", "VHD": "container.dynamic-vhd"}
"""Rows about the disk and about its file, and a check of each."""


@needs_shared
def test_every_row_of_azures_list_is_looked_at_and_nothing_else_is() -> None:
    text = (SHARED / "azure" / "guest.md").read_text().split("### H.1 ")[1].split("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")][2:]
    assert set(rows) == {*ROWS, *ELSEWHERE}
    assert set(ELSEWHERE.values()) <= set(by_code())

    codes = {each.code.removeprefix("windows.") for each in CHECKS}
    assert {row for row, pattern in ROWS.items() if not any(re.fullmatch(pattern, each) for each in codes)} == set()
    assert {each for each in codes if not any(re.fullmatch(pattern, each) for pattern in ROWS.values())} == set()


def test_only_what_keeps_a_machine_from_booting_or_being_reached_blocks() -> None:
    blocking = {each.code.removeprefix("windows.") for each in CHECKS if each.severity is Severity.BLOCKS_BOOT}

    assert blocking == {
        "winhttp-proxy",
        *(f"service-{each}" for each in ("bfe", "dhcp", "nsi", "mpssvc", "termservice")),
        *("rdp-on", "rdp-on-policy", "rdp-port", "rdp-adapters", "rdp-certificate"),
        *(
            "firewall-exceptions",
            "firewall-rdp",
            "firewall-rdp-blocked",
            "bcd-device",
            "bcd-osdevice",
            "pending-servicing",
        ),
        *(f"driver-{each}{which}" for each in ("vmbus", "storvsc", "netvsc") for which in ("", "-start")),
    }

"""Ways of being ready for Azure that are not the usual one, and of not being so."""

import pytest

from calco.inspection.windows.checks_azure import CHECKS
from calco.inspection.windows.hive import Data
from tests.inspection.windows.azure_ready import LISTENER, RULES, firewall_rule
from tests.inspection.windows.disk import VERSION, WindowsDisk, ready_windows
from tests.inspection.windows.registry_data import Expand

pytestmark = pytest.mark.slow

SESSIONS = r"Current\Control\Session Manager"
SERVICING = r"Microsoft\Windows\CurrentVersion\Component Based Servicing"
CONNECTIONS = r"Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
POLICY = r"Policies\Microsoft\Windows NT\Terminal Services"
PROXY = bytes.fromhex("180000000000000003000000050000007078793a31")
"""By ``pxy:1``; what goes without it follows."""


def put(machine: WindowsDisk, key: str, name: str, data: Data) -> None:
    """``SOFTWARE`` before keys of the other hive."""
    hive = machine.software if key.startswith(("Microsoft", "Policies")) else machine.system
    hive.setdefault(key, {})[name] = data


@pytest.mark.parametrize(
    ("key", "name", "data"),
    [
        (r"Current\Services\TermService", "Start", 2),
        (r"Current\Services\Netlogon", "Start", 2),
        (r"Current\Services\netvsc", "Start", 0),
        (rf"{SESSIONS}\Environment", "TEMP", r"C:\Windows\Temp"),
        (rf"{SESSIONS}\Environment", "TMP", Expand(r"%windir%\temp")),
        (rf"{SESSIONS}\Memory Management", "PagingFiles", (r"D:\pagefile.sys",)),
        (rf"{SESSIONS}\Memory Management", "PagingFiles", (r"c:\pagefile.sys 0 0", "")),
        (rf"{SESSIONS}\Memory Management", "PagingFiles", ("",)),
        (SESSIONS, "PendingFileRenameOperations", ()),
        (POLICY, "fDenyTSConnections", 0),
        (POLICY, "KeepAliveEnable", 1),
        (CONNECTIONS, "WinHttpSettings", PROXY + b"\x11\0\0\0a.b;168.63.129.16"),
        (CONNECTIONS, "WinHttpSettings", PROXY + b"\x08\0\0\x00168.63.*"),
        (r"Current\Control\Power\User\PowerSchemes", "ActivePowerScheme", "8C5E7FDA-E8BF-4A96-9A85-A6E23A8C635C"),
        (r"Current\Services\vmbus", "ImagePath", Expand(r"\SystemRoot\SYSTEM32\DRIVERS\vmbus.sys")),
        (r"Current\Services\RdAgent", "ImagePath", r'"C:\WindowsAzure\Packages\WaAppAgent.exe" /service'),
        (RULES, "{shut}", firewall_rule("LPort=3389", "RA4=10.0.0.0/255.0.0.0", action="Block")),
        (RULES, "{shut}", firewall_rule("LPort=3389", action="Block", active="FALSE")),
        (RULES, "{shut}", firewall_rule("LPort=3390", action="Block")),
    ],
)
def test_what_does_as_well_raises_nothing(key: str, name: str, data: Data) -> None:
    machine = ready_windows()
    put(machine, key, name, data)

    assert machine.failing() == set()


@pytest.mark.parametrize(
    ("key", "name", "data", "code"),
    [
        (LISTENER, "PortNumber", "3389", "rdp-port"),
        (LISTENER, "PortNumber", 3389 | 1 << 40, "rdp-port"),
        (rf"{SERVICING}\RebootPending", "x", 1, "pending-servicing"),
        (rf"{SERVICING}\RebootInProgress", "x", 1, "pending-servicing"),
        (r"Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired", "x", 1, "pending-restart"),
        (rf"{SESSIONS}\Memory Management", "PagingFiles", (r"?:\pagefile.sys", r"F:\pagefile.sys"), "page-file"),
        (r"Current\Services\RdAgent", "ImagePath", r"C:\WindowsAzure\Packages\Gone.exe", "guest-agent"),
        (CONNECTIONS, "WinHttpSettings", PROXY + b"\0\0\0\0", "winhttp-proxy"),
        (r"Current\Services\vmbus", "ImagePath", r"System32\drivers\other.sys", "driver-vmbus"),
        (RULES, "{shut}", firewall_rule(action="Block"), "firewall-rdp-blocked"),
    ],
)
def test_what_does_not_do_is_raised(key: str, name: str, data: Data, code: str) -> None:
    machine = ready_windows()
    put(machine, key, name, data)

    assert machine.failing() == {f"windows.{code}"}


@pytest.mark.parametrize(
    ("key", "name", "data", "codes"),
    [
        (CONNECTIONS, "WinHttpSettings", "proxy:8080", {"winhttp-proxy"}),
        (r"Current\Services\vmbus", "ImagePath", 7, {"driver-vmbus"}),
    ],
)
def test_a_value_of_another_kind_than_it_has_to_be_is_unread(key: str, name: str, data: Data, codes: set[str]) -> None:
    machine = ready_windows()
    put(machine, key, name, data)

    assert {each.code for each in machine.seen().seen if "not binary" in each.found or "not text" in each.found} == {
        f"windows.{each}" for each in codes
    }


def test_without_azures_agent_nothing_is_said_of_how_it_starts() -> None:
    machine = ready_windows()
    for service in ("RdAgent", "WindowsAzureGuestAgent"):
        del machine.system[rf"Current\Services\{service}"]

    assert machine.failing() == {"windows.guest-agent"}
    assert {each.code for each in machine.seen().seen} & {
        "windows.service-rdagent",
        "windows.service-windowsazureguestagent",
    } == set()


def test_a_client_needs_no_administration_console_but_one_that_has_it_starts_it() -> None:
    machine = ready_windows()
    machine.software[VERSION].update({"ProductName": "Windows 10 Pro", "InstallationType": "Client"})
    machine.system[r"Current\Services\sacsvr"]["Start"] = 3
    assert machine.failing() == {"windows.sac"}

    del machine.system[r"Current\Services\sacsvr"]
    assert machine.failing() == set()


def test_a_server_without_its_administration_console_is_told_so() -> None:
    machine = ready_windows()
    del machine.system[r"Current\Services\sacsvr"]

    assert machine.failing() == {"windows.sac"}


def test_the_control_set_that_counts_is_the_current_one() -> None:
    machine = ready_windows()
    machine.system[r"ControlSet002\Control\Terminal Server"] = {"fDenyTSConnections": 1}

    assert machine.failing() == set()


def test_a_system_hive_that_cannot_be_read_leaves_every_row_of_it_unread_and_raises_none() -> None:
    machine = ready_windows()
    machine.raw["SYSTEM"] = b"regf" + bytes(8188)
    rows = {each.code: each for each in CHECKS}
    seen = {each.code: each for each in machine.seen().seen if each.code in rows}

    told = {code for code, each in seen.items() if each.result.value != "notRead"}
    assert {code for code in told if "HKLM\\SYSTEM" in rows[code].fix} == set()
    assert {code for code in told if seen[code].result.value == "failed"} == set()

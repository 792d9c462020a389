"""Windows' firewall as Azure wants it: on, and open for Remote Desktop, ping, WinRM and Azure's platform.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Configure Windows Firewall rules". A new machine's
network is a public one: a rule that leaves that profile out does not hold.
"""

from collections.abc import Callable
from ipaddress import IPv4Address

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.windows.checks_azure_system import WIRESERVER
from calco.inspection.windows.firewall_rules import TCP, Rule, rules_of
from calco.inspection.windows.registry_setting import PAGE, Setting, setting
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

POLICY = "SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
RDP_PORT = 3389
RDP_GROUP = "@FirewallAPI.dll,-28752"
"""The rules' group in every language. Source: Microsoft, unattend reference, Networking-MPSSVC-Svc FirewallGroup."""
SHOWN_RULES = 5


def _profile(name: str, key: str) -> Check[Windows]:
    return setting(
        f"windows.firewall-{name.lower()}",
        Severity.ADVICE,
        f"Firewall in {name.lower()} networks",
        Setting(f"{POLICY}\\{key}", "EnableFirewall", 1),
        f"The firewall is off in {name.lower()} networks.",
        fix=f"Set-NetFirewallProfile -Profile {name} -Enabled True",
    )


def _is_for_rdp(rule: Rule) -> bool:
    """Whether its program and service, where it names any, are Remote Desktop's: up to Server 2008 R2 the system
    itself, whose other rules name other ports or none."""
    programs = {each.lower().rsplit("\\", 1)[-1] for each in rule.all("app")}
    own = {"svchost.exe", "system"} if rule.ports else {"svchost.exe"}
    return programs <= own and rule.may_be("svc", "termservice", "*")


def _rdp_rules(windows: Windows, action: str) -> list[Rule]:
    return [
        each
        for each in rules_of(windows)
        if each.does(action, "In")
        and each.covers(TCP, RDP_PORT)
        and each.is_of("public")
        and not each.has_conditions
        and _is_for_rdp(each)
    ]


def _names(rules: list[Rule]) -> str:
    return ", ".join(each.name for each in rules[:SHOWN_RULES])


def _rdp(windows: Windows) -> Found:
    rules = _rdp_rules(windows, "Allow")
    return passed(_names(rules)) if rules else failed(f"no active rule lets anybody in on port {RDP_PORT}")


def _rdp_blocked(windows: Windows) -> Found:
    rules = _rdp_rules(windows, "Block")
    return failed(_names(rules)) if rules else passed("none")


def _ping(windows: Windows) -> Found:
    return _any(windows, lambda rule: rule.name.lower() == "fps-icmp4-erq-in" and rule.does("Allow", "In"))


def _winrm(windows: Windows) -> Found:
    return _any(windows, lambda rule: rule.name.lower().startswith("winrm-http-in-tcp") and rule.does("Allow", "In"))


def _platform(direction: str) -> Callable[[Windows], Found]:
    platform = IPv4Address(WIRESERVER)
    return lambda windows: _any(windows, lambda rule: rule.does("Allow", direction) and rule.names_remote(platform))


def _any(windows: Windows, is_it: Callable[[Rule], bool]) -> Found:
    rules = [each for each in rules_of(windows) if is_it(each)]
    return passed(_names(rules)) if rules else failed("no such rule is active")


CHECKS: tuple[Check[Windows], ...] = (
    _profile("Domain", "DomainProfile"),
    _profile("Private", "StandardProfile"),
    _profile("Public", "PublicProfile"),
    setting(
        "windows.firewall-exceptions",
        Severity.BLOCKS_BOOT,
        "Firewall heeds its rules in public networks",
        Setting(f"{POLICY}\\PublicProfile", "DoNotAllowExceptions", 0, or_absent=True),
        "The firewall shuts everybody out of public networks, whatever its rules let in: nobody reaches the machine.",
        source=f'{PAGE}; Microsoft, MS-GPFAS, "Shield Up Mode"',
    ),
    Check(
        "windows.firewall-rdp",
        Severity.BLOCKS_BOOT,
        "Firewall lets Remote Desktop in",
        f"an active rule for TCP port {RDP_PORT} in public networks, from any address",
        "The firewall lets no Remote Desktop in: nobody can sign in to the machine.",
        f"Set-NetFirewallRule -Group '{RDP_GROUP}' -Enabled True -Profile Any -RemoteAddress Any",
        PAGE,
        _rdp,
    ),
    Check(
        "windows.firewall-rdp-blocked",
        Severity.BLOCKS_BOOT,
        "Firewall does not block Remote Desktop",
        f"no active rule that blocks TCP port {RDP_PORT}",
        "A rule of the firewall blocks Remote Desktop, whatever others let in.",
        "Disable-NetFirewallRule -Name 'NAME'   # for every NAME that was found",
        PAGE,
        _rdp_blocked,
    ),
    Check(
        "windows.firewall-ping",
        Severity.ADVICE,
        "Firewall lets ping in",
        "the rule FPS-ICMP4-ERQ-In is active",
        "The machine does not answer ping from its own virtual network.",
        "Set-NetFirewallRule -Name FPS-ICMP4-ERQ-In -Enabled True",
        PAGE,
        _ping,
    ),
    Check(
        "windows.firewall-platform-in",
        Severity.ADVICE,
        "Firewall lets Azure's platform in",
        f"an active rule that allows {WIRESERVER} in",
        f"No rule lets Azure's platform ({WIRESERVER}) in, which asks whether the machine is well.",
        f"New-NetFirewallRule -DisplayName AzurePlatform -Direction Inbound -RemoteAddress {WIRESERVER} -Profile Any"
        " -Action Allow -EdgeTraversalPolicy Allow",
        PAGE,
        _platform("In"),
    ),
    Check(
        "windows.firewall-platform-out",
        Severity.ADVICE,
        "Firewall lets the machine reach Azure's platform",
        f"an active rule that allows {WIRESERVER} out",
        f"No rule makes sure that the machine reaches Azure's platform ({WIRESERVER}).",
        f"New-NetFirewallRule -DisplayName AzurePlatform -Direction Outbound -RemoteAddress {WIRESERVER} -Profile Any"
        " -Action Allow",
        PAGE,
        _platform("Out"),
    ),
    Check(
        "windows.firewall-winrm",
        Severity.ADVICE,
        "Firewall lets WinRM in",
        "the rule WINRM-HTTP-In-TCP is active",
        "The firewall lets no remote PowerShell in.",
        "Enable-PSRemoting -Force -SkipNetworkProfileCheck",
        PAGE,
        _winrm,
    ),
)

"""Remote Desktop of a Windows system, as Azure wants it: the way in for most.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Update remote desktop registry settings". Policies
(below ``SOFTWARE\\Policies``) win over the machine's own settings where they are set, and need not be.
"""

from calco.inspection.check import Check
from calco.inspection.windows.registry_setting import Absent, Setting, setting
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

SERVER = "SYSTEM\\CurrentControlSet\\Control\\Terminal Server"
LISTENER = f"{SERVER}\\Winstations\\RDP-Tcp"
POLICY = "SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"


def _policy(name: str, data: int) -> Setting:
    return Setting(POLICY, name, data, or_absent=True)


def _listener(name: str, data: int) -> Setting:
    return Setting(LISTENER, name, data)


CHECKS: tuple[Check[Windows], ...] = (
    setting(
        "windows.rdp-on",
        Severity.BLOCKS_BOOT,
        "Remote Desktop is on",
        Setting(SERVER, "fDenyTSConnections", 0),
        "Remote Desktop is off: nobody can sign in to the machine.",
    ),
    setting(
        "windows.rdp-on-policy",
        Severity.BLOCKS_BOOT,
        "Policy: Remote Desktop is on",
        _policy("fDenyTSConnections", 0),
        "A policy turns Remote Desktop off: nobody can sign in to the machine.",
    ),
    setting(
        "windows.rdp-port",
        Severity.BLOCKS_BOOT,
        "Port of Remote Desktop",
        _listener("PortNumber", 3389),
        "Remote Desktop listens on another port than the one that Azure's rules let in.",
    ),
    setting(
        "windows.rdp-adapters",
        Severity.BLOCKS_BOOT,
        "Remote Desktop on every adapter",
        _listener("LanAdapter", 0),
        "Remote Desktop listens on one network adapter only, which a new machine does not have.",
    ),
    setting(
        "windows.rdp-nla",
        Severity.ADVICE,
        "Network level authentication",
        _listener("UserAuthentication", 1),
        "Whoever connects gets a sign-in screen before having signed in.",
    ),
    setting(
        "windows.rdp-keep-alive-policy",
        Severity.ADVICE,
        "Policy: connections are kept alive",
        _policy("KeepAliveEnable", 1),
        "Connections that are idle break off unnoticed.",
    ),
    setting(
        "windows.rdp-keep-alive-interval-policy",
        Severity.ADVICE,
        "Policy: how often connections are kept alive",
        _policy("KeepAliveInterval", 1),
        "Connections that are idle are looked after too seldom.",
    ),
    setting(
        "windows.rdp-keep-alive",
        Severity.ADVICE,
        "Connections are kept alive",
        _listener("KeepAliveTimeout", 1),
        "Connections that are idle break off unnoticed.",
    ),
    setting(
        "windows.rdp-auto-reconnect-policy",
        Severity.ADVICE,
        "Policy: clients may reconnect by themselves",
        _policy("fDisableAutoReconnect", 0),
        "A connection that broke off is not taken up again.",
    ),
    setting(
        "windows.rdp-inherit-reconnect",
        Severity.ADVICE,
        "Reconnecting follows the user's setting",
        _listener("fInheritReconnectSame", 1),
        "The listener has a rule of its own for connections that are taken up again.",
    ),
    setting(
        "windows.rdp-reconnect",
        Severity.ADVICE,
        "Reconnecting from any client",
        _listener("fReconnectSame", 0),
        "A session may be taken up again from the client that began it only.",
    ),
    setting(
        "windows.rdp-connections",
        Severity.ADVICE,
        "Number of connections",
        _listener("MaxInstanceCount", 0xFFFFFFFF),
        "The listener limits how many may connect at once.",
    ),
    setting(
        "windows.rdp-certificate",
        Severity.BLOCKS_BOOT,
        "Certificate of the listener",
        Absent(LISTENER, "SSLCertificateSHA1Hash"),
        "The listener is tied to a certificate whose key a generalized machine no longer has: connections fail.",
    ),
)

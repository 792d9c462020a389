"""Roles of Windows Server that sysprep's generalize does not carry over.

Server Manager keeps what is installed in ServerComponentCache. Source: Microsoft, "Sysprep Support for Server Roles",
its column for the newest Windows Server.
"""

from dataclasses import dataclass

from calco.inspection.blocks import Unreadable
from calco.inspection.windows.system import Windows

CACHE = r"Microsoft\ServerManager\ServicingStorage\ServerComponentCache"
INSTALLED = 1


@dataclass(frozen=True)
class Role:
    """``feature`` as Get-WindowsFeature names it; ``service`` is there only with the role, empty where none is."""

    name: str
    feature: str
    service: str


UNSUPPORTED = (
    Role("Active Directory Certificate Services", "AD-Certificate", "CertSvc"),
    Role("Active Directory Federation Services", "ADFS-Federation", "adfssrv"),
    Role("Active Directory Lightweight Directory Services", "ADLDS", ""),
    Role("Active Directory Rights Management Services", "ADRMS", ""),
    Role("DHCP Server", "DHCP", "DHCPServer"),
    Role("Fax Server", "Fax", ""),
)
DOMAIN_CONTROLLER = Role("Active Directory Domain Services", "AD-Domain-Services", "NTDS")


def is_installed(windows: Windows, role: Role) -> bool:
    """By Server Manager's record, or by the service, which Server Core without Server Manager has too."""
    try:
        state = windows.software.value(rf"{CACHE}\{role.feature}", "InstallState")
    except Unreadable:
        if not _has_service(windows, role):
            raise
        return True
    return (state is not None and state.data == INSTALLED) or _has_service(windows, role)


def _has_service(windows: Windows, role: Role) -> bool:
    """Some are listed disabled where the role is not."""
    if not role.service:
        return False
    start = windows.system.value(windows.current(rf"Services\{role.service}"), "Start")
    return start is not None and start.data in {2, 3}

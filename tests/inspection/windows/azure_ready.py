"""What a Windows holds that is ready for Azure: every row of "Prepare a Windows VHD or VHDX to upload to Azure"."""

from calco.inspection.windows.boot_store import BOOT_MANAGER, EMS_SETTINGS, Element
from tests.inspection.windows.registry_data import Expand, Keys

LOADER = "{b2721d73-1db4-4c62-bf78-c548a880142d}"
"""The default entry of the boot configuration."""
RULES = r"Current\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
LISTENER = r"Current\Control\Terminal Server\WinStations\RDP-Tcp"


def system() -> Keys:
    automatic = [
        "BFE",
        "Dhcp",
        "Dnscache",
        "IKEEXT",
        "iphlpsvc",
        "nsi",
        "mpssvc",
        "RemoteRegistry",
        "w32time",
        "sacsvr",
    ]
    manual = ["Netlogon", "Netman", "TermService", "WerSvc"]
    profiles = ["DomainProfile", "StandardProfile", "PublicProfile"]
    return {
        r"Current\Control\TimeZoneInformation": {"RealTimeIsUniversal": 1},
        r"Current\Control\Power\User\PowerSchemes": {"ActivePowerScheme": "8c5e7fda-e8bf-4a96-9a85-a6e23a8c635c"},
        r"Current\Control\Session Manager\Environment": {
            "TEMP": Expand(r"%SystemRoot%\TEMP"),
            "TMP": Expand(r"%SystemRoot%\TEMP"),
        },
        r"Current\Control\Session Manager\Memory Management": {"PagingFiles": (r"?:\pagefile.sys",)},
        r"Current\Control\CrashControl": {
            "CrashDumpEnabled": 2,
            "DumpFile": Expand(r"%SystemRoot%\MEMORY.DMP"),
            "NMICrashDump": 1,
        },
        r"Current\Control\Terminal Server": {"fDenyTSConnections": 0},
        LISTENER: {
            "PortNumber": 3389,
            "LanAdapter": 0,
            "UserAuthentication": 1,
            "KeepAliveTimeout": 1,
            "fInheritReconnectSame": 1,
            "fReconnectSame": 0,
            "MaxInstanceCount": 0xFFFFFFFF,
        },
        r"Current\Services\partmgr\Parameters": {"SanPolicy": 1},
        r"Current\Services\Tcpip\Parameters\PersistentRoutes": {},
        **{rf"Current\Services\{each}": {"Start": 2} for each in automatic},
        **{rf"Current\Services\{each}": {"Start": 3} for each in manual},
        **{
            rf"Current\Services\SharedAccess\Parameters\FirewallPolicy\{each}": {"EnableFirewall": 1}
            for each in profiles
        },
        RULES: {
            "RemoteDesktop-UserMode-In-TCP": firewall_rule("LPort=3389", r"App=%SystemRoot%\system32\svchost.exe"),
            "FPS-ICMP4-ERQ-In": "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|",
            "WINRM-HTTP-In-TCP": firewall_rule("LPort=5985", "App=System"),
            "{b9e4d3f0-1}": "v2.31|Action=Allow|Active=TRUE|Dir=In|RA4=168.63.129.16|Name=AzurePlatform|Edge=TRUE|",
            "{b9e4d3f0-2}": "v2.31|Action=Allow|Active=TRUE|Dir=Out|RA4=168.63.129.16|Name=AzurePlatform|",
        },
        r"Current\Services\vmbus": {"Start": 0, "ImagePath": Expand(r"System32\drivers\vmbus.sys")},
        r"Current\Services\storvsc": {"Start": 0, "ImagePath": Expand(r"\SystemRoot\System32\drivers\storvsc.sys")},
        r"Current\Services\netvsc": {"Start": 3, "ImagePath": Expand(r"System32\drivers\netvsc63.sys")},
        r"Current\Services\RdAgent": {"Start": 2, "ImagePath": Expand(r"C:\WindowsAzure\Packages\WaAppAgent.exe")},
        r"Current\Services\WindowsAzureGuestAgent": {
            "Start": 2,
            "ImagePath": Expand(r"C:\WindowsAzure\Packages\GuestAgent\WindowsAzureGuestAgent.exe"),
        },
    }


def firewall_rule(*fields: str, action: str = "Allow", active: str = "TRUE") -> str:
    """A rule that lets TCP in."""
    return "|".join(["v2.31", f"Action={action}", f"Active={active}", "Dir=In", "Protocol=6", *fields, ""])


def software() -> Keys:
    return {
        r"Microsoft\Windows\Windows Error Reporting\LocalDumps": {
            "DumpFolder": Expand(r"C:\CrashDumps"),
            "CrashCount": 10,
            "DumpType": 2,
        },
        r"Microsoft\Windows\CurrentVersion\Internet Settings\Connections": {
            "WinHttpSettings": bytes.fromhex("1800000000000000010000000000000000000000"),
        },
    }


def files() -> dict[str, bytes]:
    drivers = ("vmbus.sys", "storvsc.sys", "netvsc63.sys")
    return {
        **{f"/Windows/System32/drivers/{each}": b"MZ" for each in drivers},
        "/WindowsAzure/Packages/WaAppAgent.exe": b"MZ",
        "/WindowsAzure/Packages/GuestAgent/WindowsAzureGuestAgent.exe": b"MZ",
    }


def boot() -> Keys:
    """Generalized, the entry looks for whatever partition holds Windows."""
    locate = bytes(16) + (8).to_bytes(4, "little") + bytes(12)
    return {
        element(BOOT_MANAGER, Element.DEFAULT_OBJECT): {"Element": LOADER},
        element(BOOT_MANAGER, Element.TIMEOUT): {"Element": number(5)},
        element(BOOT_MANAGER, Element.DISPLAY_BOOT_MENU): {"Element": b"\1"},
        element(BOOT_MANAGER, Element.BOOT_EMS): {"Element": b"\1"},
        element(BOOT_MANAGER, Element.INTEGRITY_SERVICES): {"Element": number(1)},
        element(LOADER, Element.DEVICE): {"Element": locate},
        element(LOADER, Element.OS_DEVICE): {"Element": locate},
        element(LOADER, Element.INTEGRITY_SERVICES): {"Element": number(1)},
        element(LOADER, Element.RECOVERY_ENABLED): {"Element": b"\0"},
        element(LOADER, Element.BOOT_STATUS_POLICY): {"Element": number(1)},
        element(LOADER, Element.EMS): {"Element": b"\1"},
        element(EMS_SETTINGS, Element.EMS_PORT): {"Element": number(1)},
        element(EMS_SETTINGS, Element.EMS_BAUD_RATE): {"Element": number(115200)},
    }


def element(object: str, element: Element) -> str:
    return rf"Objects\{object}\Elements\{element:08x}"


def number(value: int) -> bytes:
    return value.to_bytes(8, "little")

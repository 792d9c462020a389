"""Clock, routes, proxy, disks, power, folders and services of a Windows system, as Azure wants them.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Set Windows configurations for Azure" and "Check the
Windows services". Where a command of that page leaves its setting in the registry is each row's own source.
"""

from fnmatch import fnmatchcase

from calco.inspection.blocks import Unreadable
from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.windows import winhttp_proxy
from calco.inspection.windows.registry_setting import (
    PAGE,
    Setting,
    Start,
    setting,
    start,
    value_of,
    values_of,
)
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

WIRESERVER = "168.63.129.16"
"""Where Azure's platform answers every machine. Source: Azure, "What is IP address 168.63.129.16"."""

HIGH_PERFORMANCE = "8c5e7fda-e8bf-4a96-9a85-a6e23a8c635c"
"""SCHEME_MIN: saves the least. Source: Microsoft, "Power Policy Settings", GUID_MIN_POWER_SAVINGS."""

ROUTES = "SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\PersistentRoutes"
PROXY = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections"
ENVIRONMENT = "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"

SHOWN_ROUTES = 5


def _routes(windows: Windows) -> Found:
    routes = values_of(windows, ROUTES) or ()
    if not routes:
        return passed("none")
    names = ", ".join(each.name for each in routes[:SHOWN_ROUTES])
    return failed(f"{len(routes)} (destination, mask, gateway, metric): {names}")


def _proxy(windows: Windows) -> Found:
    value = value_of(windows, PROXY, "WinHttpSettings")
    if value is None:
        return passed("none is set")
    if not isinstance(value.data, bytes):
        raise Unreadable(f"WinHttpSettings is {value.type}, not binary")
    proxy = winhttp_proxy.parse(value.data)
    if proxy is None:
        return passed("direct access")
    reached = any(fnmatchcase(WIRESERVER, each) for each in proxy.bypass)
    return (passed if reached else failed)(f"{proxy.server}, not for {'; '.join(proxy.bypass) or 'nothing'}")


def _temporary(code: str, name: str) -> Check[Windows]:
    return setting(
        code,
        Severity.ADVICE,
        f"{name} of the system",
        Setting(ENVIRONMENT, name, "%SystemRoot%\\TEMP", "REG_EXPAND_SZ"),
        f"{name} is not the folder that Windows has for it, and what sets up a machine may write to one that is gone.",
    )


def _service(name: str, automatic: bool, severity: Severity, without: str) -> Check[Windows]:
    """A service that starts by itself is as good as one that is started when it is asked for."""
    return start(
        f"windows.service-{name.lower()}",
        severity,
        f"Service {name}",
        Start(name, 2) if automatic else Start(name, 3, also=(2,)),
        f"The service {name} does not start as Windows has it: {without}.",
    )


SETTINGS: tuple[Check[Windows], ...] = (
    setting(
        "windows.clock-utc",
        Severity.ADVICE,
        "Hardware clock in UTC",
        Setting("SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation", "RealTimeIsUniversal", 1),
        "Windows takes the hardware clock for local time, and Azure's shows UTC: the machine starts with a wrong time.",
    ),
    start(
        "windows.time-service",
        Severity.ADVICE,
        "Time service",
        Start("w32time", 2),
        "The time service does not start by itself, and nothing sets the clock.",
    ),
    Check(
        "windows.persistent-routes",
        Severity.ADVICE,
        "Persistent routes",
        "none",
        "Routes of another network are kept, and may lead the machine's traffic away from Azure's.",
        f'reg delete "HKLM\\{ROUTES}" /va /f',
        f"{PAGE} (route.exe print); Microsoft, route command: -p keeps routes under that key",
        _routes,
    ),
    Check(
        "windows.winhttp-proxy",
        Severity.BLOCKS_BOOT,
        "WinHTTP proxy",
        f"none, or one that {WIRESERVER} is not asked through",
        f"Services ask {WIRESERVER} through a proxy that Azure's network does not have: the machine never gets ready.",
        "netsh winhttp reset proxy",
        f'{PAGE}; Microsoft, "Use Group Policy to apply WinHTTP proxy settings"',
        _proxy,
    ),
    setting(
        "windows.san-policy",
        Severity.ADVICE,
        "Policy for new disks",
        Setting("SYSTEM\\CurrentControlSet\\Services\\partmgr\\Parameters", "SanPolicy", 1),
        "Windows leaves data disks that are attached offline.",
        expected="SanPolicy is 1 (all online)",
        source=f"{PAGE} (diskpart: san policy=onlineall); Microsoft, SanPolicy of Microsoft-Windows-PartitionManager",
    ),
    setting(
        "windows.power-plan",
        Severity.ADVICE,
        "Power plan",
        Setting(
            "SYSTEM\\CurrentControlSet\\Control\\Power\\User\\PowerSchemes",
            "ActivePowerScheme",
            HIGH_PERFORMANCE,
            "REG_SZ",
        ),
        "A plan that saves power is active, which a virtual machine only loses speed by.",
        expected=f"high performance ({HIGH_PERFORMANCE})",
        fix=f"powercfg /setactive {HIGH_PERFORMANCE}",
        source=f"{PAGE} (powercfg /setactive SCHEME_MIN)",
    ),
    _temporary("windows.temp-folder", "TEMP"),
    _temporary("windows.tmp-folder", "TMP"),
)

SERVICES: tuple[Check[Windows], ...] = (
    _service("BFE", True, Severity.BLOCKS_BOOT, "without it the firewall does not work, which may shut everybody out"),
    _service("Dhcp", True, Severity.BLOCKS_BOOT, "without it the machine gets no address in Azure's network"),
    _service("Dnscache", True, Severity.ADVICE, "without it names are not resolved as what relies on it expects"),
    _service("IKEEXT", True, Severity.ADVICE, "without it there is no IPsec"),
    _service("iphlpsvc", True, Severity.ADVICE, "without it there is no IPv6 over IPv4, nor a proxy of ports"),
    _service("nsi", True, Severity.BLOCKS_BOOT, "without it no service of the network starts"),
    _service("mpssvc", True, Severity.BLOCKS_BOOT, "without the firewall's service nobody is let in"),
    _service("RemoteRegistry", True, Severity.ADVICE, "without it nobody mends the registry from outside"),
    _service("Netlogon", False, Severity.ADVICE, "without it the machine cannot join a domain"),
    _service("Netman", False, Severity.ADVICE, "without it network connections cannot be managed"),
    _service("TermService", False, Severity.BLOCKS_BOOT, "without it there is no Remote Desktop"),
)

DUMPS = "SOFTWARE\\Microsoft\\Windows\\Windows Error Reporting\\LocalDumps"
CRASHES = "SYSTEM\\CurrentControlSet\\Control\\CrashControl"
PAGING = "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management"


def _dump(code: str, title: str, row: Setting, message: str) -> Check[Windows]:
    return setting(code, Severity.ADVICE, title, row, message)


CRASH_DUMPS: tuple[Check[Windows], ...] = (
    _dump(
        "windows.crash-dump",
        "Dump of a crash",
        Setting(CRASHES, "CrashDumpEnabled", 2),
        "A crash leaves no dump of the kernel that somebody could read.",
    ),
    _dump(
        "windows.crash-dump-file",
        "Where the dump of a crash goes",
        Setting(CRASHES, "DumpFile", "%SystemRoot%\\MEMORY.DMP", "REG_EXPAND_SZ"),
        "The dump of a crash goes where nobody looks for it, or nowhere.",
    ),
    _dump(
        "windows.nmi-dump",
        "Dump on request",
        Setting(CRASHES, "NMICrashDump", 1),
        "A machine that hangs cannot be made to write a dump (az serial-console send nmi).",
    ),
    _dump(
        "windows.user-dump-folder",
        "Where dumps of services go",
        Setting(DUMPS, "DumpFolder", "C:\\CrashDumps", "REG_EXPAND_SZ"),
        "A service that crashes leaves no dump.",
    ),
    _dump(
        "windows.user-dump-count",
        "How many dumps of services are kept",
        Setting(DUMPS, "CrashCount", 10),
        "How many dumps of services are kept is not what Azure's support expects.",
    ),
    _dump(
        "windows.user-dump-type",
        "Dumps of services are full",
        Setting(DUMPS, "DumpType", 2),
        "A dump of a service holds too little to find the cause.",
    ),
    _service("WerSvc", False, Severity.ADVICE, "without it a service that crashes leaves no dump"),
)


def _page_file(windows: Windows) -> Found:
    """``C`` is the system's own; Azure's temporary disk is ``D``; with ``?`` Windows chooses."""
    value = value_of(windows, PAGING, "PagingFiles")
    if value is None:
        return passed("no page file")
    entries = value.data if isinstance(value.data, tuple) else (str(value.data),)
    files = [each for each in entries if each.strip()]
    away = [each for each in files if each.strip()[:2].upper() not in {"C:", "D:", "?:"}]
    return failed(f"on another disk: {', '.join(away)}") if away else passed(", ".join(files) or "no page file")


PAGE_FILE: Check[Windows] = Check(
    "windows.page-file",
    Severity.ADVICE,
    "Page file",
    "on the system's disk; once the machine runs in Azure, on the temporary disk (D:\\pagefile.sys)",
    "The page file lies on a data disk, which a machine made of the image does not have.",
    f'reg add "HKLM\\{PAGING}" /v PagingFiles /t REG_MULTI_SZ /d "?:\\pagefile.sys" /f',
    PAGE,
    _page_file,
)

CHECKS: tuple[Check[Windows], ...] = (*SETTINGS, *SERVICES, *CRASH_DUMPS, PAGE_FILE)

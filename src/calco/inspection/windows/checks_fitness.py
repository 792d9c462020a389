"""Whether a Windows may be generalized at all, and a clone of it can be set up."""

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.windows.server_roles import DOMAIN_CONTROLLER, UNSUPPORTED, is_installed
from calco.inspection.windows.sysprep_log import REMOVE_APPS
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

REMOVABLE = r"Policies\Microsoft\Windows\RemovableStorageDevices"
CD = "{53f56308-b6bf-11d0-94f2-00a0c91efb8b}"
"""The class of CD and DVD drives. Source: Microsoft, ADMX RemovableStorage."""

GROUP_POLICY = r"Microsoft\Windows\CurrentVersion\Group Policy\State\Machine"
TCPIP = r"Services\Tcpip\Parameters"
APPS = r"Microsoft\Windows\CurrentVersion\Appx\AppxAllUserStore"
FRAMEWORKS = ("Microsoft.VCLibs.", "Microsoft.NET.", "Microsoft.UI.Xaml.", "Microsoft.WindowsAppRuntime.")
"""Libraries of apps, which sysprep does not ask for."""
SHOWN = 5

PROVISIONING = 'Azure, "Troubleshoot Windows VM OS boot issues": provisioning reads the DVD that Azure attaches'


def _several(windows: Windows) -> Found | None:
    return failed(f"another is in {', '.join(windows.others)}") if windows.others else passed("one")


def _domain_controller(windows: Windows) -> Found | None:
    if not windows.release.is_server:
        return None
    return failed(DOMAIN_CONTROLLER.name) if is_installed(windows, DOMAIN_CONTROLLER) else passed("no")


def _roles(windows: Windows) -> Found | None:
    if not windows.release.is_server:
        return None
    found = [each.name for each in UNSUPPORTED if is_installed(windows, each)]
    return failed(", ".join(found)) if found else passed("none of those that sysprep does not support")


def _domain(windows: Windows) -> Found | None:
    """A member has its domain as DNS suffix and got policies as somebody; a suffix alone may be set by hand."""
    suffixes = (windows.system.value(windows.current(TCPIP), each) for each in ("NV Domain", "Domain"))
    found = (each.data for each in suffixes if each is not None)
    suffix = next((each for each in found if isinstance(each, str) and each), "")
    name = windows.software.value(GROUP_POLICY, "Distinguished-Name")
    is_member = bool(suffix) and name is not None and bool(name.data)
    return failed(f"member of {suffix}") if is_member else passed("none")


def _upgraded(windows: Windows) -> Found | None:
    value = windows.system.value("Setup", "Upgrade")
    return passed("installed anew") if value is None else failed("SYSTEM\\Setup has an Upgrade")


def _dvd(windows: Windows) -> Found | None:
    value = windows.system.value(windows.current(r"Services\cdrom"), "Start")
    if value is None:
        return failed("no driver cdrom is installed")
    return passed("Start is 1") if value.data == 1 else failed(f"Start is {value.data!r}")


def _dvd_policy(windows: Windows) -> Found | None:
    rules = {
        "Deny_All": windows.software.value(REMOVABLE, "Deny_All"),
        "Deny_Read of CD and DVD": windows.software.value(rf"{REMOVABLE}\{CD}", "Deny_Read"),
    }
    found = [name for name, value in rules.items() if value is not None and value.data == 1]
    return failed(f"denied by {', '.join(found)}") if found else passed("allowed")


def _apps(windows: Windows) -> Found | None:
    """Packages that an account has and the image does not give to all. None where Windows has no apps."""
    owners = windows.software.keys(APPS)
    if owners is None:
        return None
    given = {_app(each) for store in ("Applications", "InboxApplications") for each in _packages(windows, store)}
    own = {
        each
        for owner in owners
        if owner.startswith("S-1-5-21-")
        for each in _packages(windows, owner)
        if not each.startswith(FRAMEWORKS) and _app(each) not in given
    }
    shown = sorted(own)
    return failed(f"{len(shown)}: {', '.join(shown[:SHOWN])}") if shown else passed("all are given to everybody")


def _packages(windows: Windows, store: str) -> list[str]:
    return [*(windows.software.keys(rf"{APPS}\{store}") or ())]


def _app(package: str) -> str:
    """A package's name and publisher, whatever its version: ``Microsoft.Paint_11.2_x64__8wekyb3d8bbwe``."""
    return f"{package.partition('_')[0]}_{package.rpartition('_')[2]}".lower()


ROLES = 'Microsoft, "Sysprep Support for Server Roles"'

CHECKS: tuple[Check[Windows], ...] = (
    Check(
        "windows.single",
        Severity.ADVICE,
        "Windows on the disk",
        "one",
        "More than one Windows is on the disk: sysprep generalizes the one it runs on, and no other.",
        "# take each Windows to a disk of its own",
        'Microsoft, "Sysprep (Generalize) a Windows installation"',
        _several,
    ),
    Check(
        "windows.domain-controller",
        Severity.BLOCKS_BOOT,
        "Domain controller",
        "no",
        "The machine is a domain controller: clones of it cannot start as one, and its directory is on the disk; "
        "demoted, it is none any more, and the domain ends with its last one.",
        "Uninstall-ADDSDomainController\n# after the restart: Uninstall-WindowsFeature AD-Domain-Services",
        ROLES,
        _domain_controller,
    ),
    Check(
        "windows.roles",
        Severity.ADVICE,
        "Server roles",
        "none that sysprep does not support",
        "Roles are installed that may not work on clones: remove them here, with what they serve, and install them "
        "there.",
        "Uninstall-WindowsFeature " + ", ".join(each.feature for each in UNSUPPORTED),
        ROLES,
        _roles,
    ),
    Check(
        "windows.domain-member",
        Severity.ADVICE,
        "Domain",
        "none",
        "The machine is in a domain: sysprep takes it out, and what the domain's policies set stays on clones; "
        "afterwards only local accounts sign in.",
        "Remove-Computer -WorkgroupName WORKGROUP -Force -Restart",
        'Microsoft, "Sysprep (System Preparation) Overview"',
        _domain,
    ),
    Check(
        "windows.upgraded",
        Severity.ADVICE,
        "Upgrade",
        "installed anew",
        "This Windows was upgraded in place, which some releases' sysprep refuses.",
        'reg delete "HKLM\\SYSTEM\\Setup" /v Upgrade /f',
        'Microsoft, "Unsupported Sysprep scenarios" (KB 828287); unconfirmed: that this value is what tells it',
        _upgraded,
    ),
    Check(
        "windows.store-apps",
        Severity.ADVICE,
        "Store apps",
        "all are given to everybody",
        "Apps are installed for one account only: sysprep's generalize refuses most of those.",
        REMOVE_APPS,
        'Microsoft, "Sysprep fails after you remove or update Microsoft Store apps" (KB 2769827)',
        _apps,
    ),
    Check(
        "windows.dvd",
        Severity.BLOCKS_BOOT,
        "DVD drive",
        "Start is 1",
        "The driver of DVD drives does not start: a clone cannot read what Azure tells it, and never reports.",
        'reg add "HKLM\\SYSTEM\\CurrentControlSet\\Services\\cdrom" /v Start /t REG_DWORD /d 1 /f',
        PROVISIONING,
        _dvd,
    ),
    Check(
        "windows.dvd-policy",
        Severity.BLOCKS_BOOT,
        "Policy for removable storage",
        "allowed",
        "A policy keeps everybody from DVDs: a clone cannot read what Azure tells it, and never reports.",
        f'reg add "HKLM\\SOFTWARE\\{REMOVABLE}" /v Deny_All /t REG_DWORD /d 0 /f\n'
        f'reg add "HKLM\\SOFTWARE\\{REMOVABLE}\\{CD}" /v Deny_Read /t REG_DWORD /d 0 /f',
        PROVISIONING,
        _dvd_policy,
    ),
)

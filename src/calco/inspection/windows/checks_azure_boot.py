"""How a Windows system boots, as Azure wants it: from its own partition, without waiting for somebody at a keyboard,
and with a serial console.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Verify the VM". ``boot_store`` says which element of
the boot configuration is which.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from calco.inspection.check import Check, Found, failed, not_read, passed
from calco.inspection.windows.boot_store import (
    BOOT_DEVICE,
    BOOT_MANAGER,
    EMS_SETTINGS,
    LOCATE,
    PARTITION,
    BootStore,
    Device,
    Element,
)
from calco.inspection.windows.registry_setting import PAGE, Start, start
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

DEFAULT = "{default}"
NONE = "no boot configuration was found"


def _set(object: str, name: str, data: str) -> str:
    return f'bcdedit /set "{object}" {name} {data}'


def _store(windows: Windows) -> BootStore | None:
    return None if windows.boot is None else BootStore(windows.boot)


def _element(object: str, element: Element, wanted: int) -> Callable[[Windows], Found]:
    """A number or truth of the boot manager, the default entry, or the settings of the serial console."""

    def look(windows: Windows) -> Found:
        store = _store(windows)
        if store is None:
            return not_read(NONE)
        named = store.default() if object == DEFAULT else object
        if named is None:
            return not_read("the boot manager names no default entry")
        number = store.number(named, element)
        return (passed if number == wanted else failed)("not set" if number is None else str(number))

    return look


def _device(element: Element) -> Callable[[Windows], Found]:
    def look(windows: Windows) -> Found:
        store = _store(windows)
        if store is None:
            return failed(NONE)
        default = store.default()
        if default is None:
            return failed("the boot manager names no default entry")
        device = store.device(default, element)
        return failed("not set") if device is None else _placed(windows, device)

    return look


def _placed(windows: Windows, device: Device) -> Found:
    """Generalized, an entry names no partition but what to look for."""
    if device.kind in {BOOT_DEVICE, LOCATE}:
        return passed("the partition it boots from" if device.kind == BOOT_DEVICE else "whichever holds the system")
    if device.kind != PARTITION:
        return failed(f"a device of kind {device.kind}")
    volume = windows.volume
    if volume.uuid and device.partition:
        return (passed if device.partition == volume.uuid else failed)(f"partition {device.partition}")
    if windows.disk.table == "mbr" and device.offset is not None:
        return (passed if device.offset == volume.offset else failed)(f"the partition at byte {device.offset}")
    return passed("a partition")


class Row(NamedTuple):
    """A setting as bcdedit takes it, and as its element holds it."""

    object: str
    name: str
    data: str
    element: Element
    wanted: int


def _entry(code: str, title: str, row: Row, message: str) -> Check[Windows]:
    return Check(
        code,
        Severity.ADVICE,
        title,
        f"{row.name} is {row.data}",
        message,
        _set(row.object, row.name, row.data),
        f"{PAGE}; element {row.element:08x}",
        _element(BOOT_MANAGER if row.object == "{bootmgr}" else DEFAULT, row.element, row.wanted),
    )


def _where(code: str, title: str, element: Element, name: str, message: str) -> Check[Windows]:
    return Check(
        code,
        Severity.BLOCKS_BOOT,
        title,
        f"{name} is the system's own partition (partition=C:)",
        message,
        _set(DEFAULT, name, "partition=C:"),
        f"{PAGE}; element {element:08x}",
        _device(element),
    )


def _console(code: str, title: str, element: Element, wanted: int, message: str) -> Check[Windows]:
    return Check(
        code,
        Severity.ADVICE,
        title,
        str(wanted),
        message,
        "bcdedit /emssettings EMSPORT:1 EMSBAUDRATE:115200",
        f"{PAGE}; element {element:08x}",
        _element(EMS_SETTINGS, element, wanted),
    )


ENTRIES: tuple[Check[Windows], ...] = (
    _where(
        "windows.bcd-device",
        "Where the boot loader is looked for",
        Element.DEVICE,
        "device",
        "The boot configuration looks for Windows' loader on another partition: the machine does not boot.",
    ),
    _where(
        "windows.bcd-osdevice",
        "Where Windows is looked for",
        Element.OS_DEVICE,
        "osdevice",
        "The boot configuration looks for Windows on another partition: the machine does not boot.",
    ),
    _entry(
        "windows.bcd-bootmgr-integrity",
        "Integrity services of the boot manager",
        Row("{bootmgr}", "integrityservices", "enable", Element.INTEGRITY_SERVICES, 1),
        "The boot manager does not look whether what it starts was changed.",
    ),
    _entry(
        "windows.bcd-integrity",
        "Integrity services of the loader",
        Row(DEFAULT, "integrityservices", "enable", Element.INTEGRITY_SERVICES, 1),
        "The loader does not look whether what it starts was changed.",
    ),
    _entry(
        "windows.bcd-recovery",
        "Automatic recovery",
        Row(DEFAULT, "recoveryenabled", "Off", Element.RECOVERY_ENABLED, 0),
        "After a boot that failed the machine starts the recovery console, where nobody reaches it.",
    ),
    _entry(
        "windows.bcd-boot-status",
        "Boots that failed are passed over",
        Row(DEFAULT, "bootstatuspolicy", "IgnoreAllFailures", Element.BOOT_STATUS_POLICY, 1),
        "After a boot that failed the machine waits for somebody to choose how to go on.",
    ),
    _entry(
        "windows.bcd-boot-menu",
        "Boot menu",
        Row("{bootmgr}", "displaybootmenu", "yes", Element.DISPLAY_BOOT_MENU, 1),
        "The serial console shows no boot menu.",
    ),
    _entry(
        "windows.bcd-timeout",
        "How long the boot menu waits",
        Row("{bootmgr}", "timeout", "5", Element.TIMEOUT, 5),
        "The boot menu waits too short a time for the serial console, or holds up every boot.",
    ),
    _entry(
        "windows.bcd-boot-ems",
        "Boot menu on the serial console",
        Row("{bootmgr}", "bootems", "yes", Element.BOOT_EMS, 1),
        "The boot menu does not come on the serial console.",
    ),
    Check(
        "windows.bcd-ems",
        Severity.ADVICE,
        "Windows on the serial console",
        "ems is on",
        "Windows does not speak on the serial console (emergency management services are off).",
        'bcdedit /ems "{default}" ON',
        f"{PAGE}; element {Element.EMS:08x}",
        _element(DEFAULT, Element.EMS, 1),
    ),
    _console(
        "windows.bcd-ems-port",
        "Port of the serial console",
        Element.EMS_PORT,
        1,
        "Windows speaks on another serial port than Azure's serial console hears.",
    ),
    _console(
        "windows.bcd-ems-speed",
        "Speed of the serial console",
        Element.EMS_BAUD_RATE,
        115200,
        "Windows speaks at another speed than Azure's serial console hears.",
    ),
)


def _sac(windows: Windows) -> Found | None:
    """Clients do not come with it."""
    return replace(CONSOLE, if_there=not windows.release.is_server).look(windows)


CONSOLE = Start("sacsvr", 2)

SAC: Check[Windows] = replace(
    start(
        "windows.sac",
        Severity.ADVICE,
        "Special administration console",
        CONSOLE,
        "The serial console gives no prompt: the special administration console's helper does not start by itself.",
    ),
    look=_sac,
)

CHECKS: tuple[Check[Windows], ...] = (*ENTRIES, SAC)

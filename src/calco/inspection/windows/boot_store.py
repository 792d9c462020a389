"""Windows' boot configuration (BCD) as its hive holds it: objects by GUID, their elements by number.

``Objects\\{guid}\\Elements\\25000004`` has a value ``Element``: a number of 8 bytes, a truth of one byte, a GUID as
text. Numbers of elements: Microsoft, BCD WMI provider, BcdBootMgrElementTypes, BcdLibraryElementTypes and
BcdOSLoaderElementTypes. Not in Microsoft's pages: which of them bcdedit calls ``bootems`` and ``integrityservices``,
and the layout of a device; for those: G. Chappell, "BCD Elements"; ReactOS, boot/environ/include/bl.h.
"""

import struct
import uuid
from dataclasses import dataclass
from enum import IntEnum

from calco.inspection.blocks import Unreadable
from calco.inspection.windows.hive import Hive

BOOT_MANAGER = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
EMS_SETTINGS = "{0ce4991b-e6b3-4b16-b23c-5e0d9250e5d9}"
"""Source: Microsoft, BcdObject, well-known objects."""


class Element(IntEnum):
    DEVICE = 0x11000001
    """BcdLibraryDevice_ApplicationDevice."""
    RECOVERY_ENABLED = 0x16000009
    """BcdLibraryBoolean_AutoRecoveryEnabled."""
    BOOT_EMS = 0x16000020
    """BcdLibraryBoolean_EmsEnabled; bcdedit's ``bootems``."""
    EMS_PORT = 0x15000022
    EMS_BAUD_RATE = 0x15000023
    INTEGRITY_SERVICES = 0x1500004B
    """BcdLibraryInteger_SiPolicy; bcdedit's ``integrityservices``: 0 default, 1 enable, 2 disable."""
    OS_DEVICE = 0x21000001
    DEFAULT_OBJECT = 0x23000003
    TIMEOUT = 0x25000004
    """In seconds."""
    BOOT_STATUS_POLICY = 0x250000E0
    DISPLAY_BOOT_MENU = 0x26000020
    EMS = 0x260000B0
    """BcdOSLoaderBoolean_EmsEnabled."""


BOOT_DEVICE, PARTITION, LOCATE = 5, 6, 8
"""Kinds of devices: where the boot manager lies; one partition; whichever holds a named file."""
GPT, MBR = 0, 1


@dataclass(frozen=True)
class Device:
    """``partition`` is its GUID (GPT), ``offset`` where it begins (MBR), both only where the kind is PARTITION."""

    kind: int
    partition: str = ""
    offset: int | None = None


@dataclass(frozen=True)
class BootStore:
    hive: Hive

    def default(self) -> str | None:
        """The entry that starts by itself: its GUID."""
        content = self._element(BOOT_MANAGER, Element.DEFAULT_OBJECT)
        if content is not None and not isinstance(content, str):
            raise Unreadable("the boot manager's default entry is no text")
        return content

    def number(self, object: str, element: Element) -> int | None:
        """A number, or a truth as 0 or 1. None when it is not set."""
        content = self._element(object, element)
        if content is None or isinstance(content, int):
            return content
        if not isinstance(content, bytes) or not 1 <= len(content) <= 8:
            raise Unreadable(f"element {element:08x} of the boot configuration is no number")
        return int.from_bytes(content, "little")

    def device(self, object: str, element: Element) -> Device | None:
        content = self._element(object, element)
        if content is None:
            return None
        if not isinstance(content, bytes):
            raise Unreadable(f"element {element:08x} of the boot configuration is no device")
        return device_of(content)

    def _element(self, object: str, element: Element) -> object:
        value = self.hive.value(f"Objects\\{object}\\Elements\\{element:08x}", "Element")
        return None if value is None else value.data


def device_of(content: bytes) -> Device:
    """Raises Unreadable. Source: ReactOS, BCD_DEVICE_OPTION and BL_DEVICE_DESCRIPTOR."""
    try:
        (kind,) = struct.unpack_from("<I", content, 16)
        place, table = struct.unpack_from("<16s4xI", content, 32) if kind == PARTITION else (b"", None)
    except struct.error as cut:
        raise Unreadable("a device of the boot configuration ends too early") from cut
    if table == GPT:
        return Device(kind, partition=str(uuid.UUID(bytes_le=place)))
    if table == MBR:
        return Device(kind, offset=int.from_bytes(place[:8], "little"))
    return Device(kind)

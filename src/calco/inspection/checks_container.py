"""Checks of the file that a disk came in: what Azure takes as a VHD. Made by the parent, which knows the file.

That there is a footer with its cookie, and that it is whole, is asked when the file is opened: what lacks it is no VHD.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Convert the virtual disk to a fixed size VHD"; VHD
specification 1.0, "Fixed Hard Disk Image".
"""

from collections.abc import Callable
from dataclasses import dataclass

from calco.inspection.check import Check, Found, failed, passed
from calco.model.inspection import Container, Severity

MIB = 1 << 20
GIB = 1 << 30
FOOTER_BYTES = 512
OS_DISK_MAX = 4095 * GIB
FIRST_GENERATION_MAX = 2048 * GIB
"""Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure"."""

_SOURCE = 'Azure, "Prepare a Windows VHD or VHDX to upload to Azure"'
_FORMATS = {"qcow2": "a qcow2 image", "vhdx": "a VHDX", "raw": "a raw image"}


@dataclass(frozen=True)
class DiskFile:
    """``size_bytes`` is what the guest sees."""

    container: Container
    size_bytes: int


def _as_fixed_vhd(format: str, file: str) -> str:
    """By way of a raw copy, for there its size can be made a whole number of MiB; QEMU converts no file into itself."""
    return (
        f"qemu-img convert -f {format} -O raw {file} whole.raw && truncate --size=%1M whole.raw && "
        "qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on whole.raw fixed.vhd"
    )


def _is_not(format: str) -> Callable[[DiskFile], Found | None]:
    def look(file: DiskFile) -> Found | None:
        return failed(f"it is {_FORMATS[format]}") if file.container.format == format else None

    return look


def _fixed(file: DiskFile) -> Found | None:
    if file.container.format != "vpc":
        return None
    return passed("fixed") if file.container.is_fixed else failed("a dynamic or differencing VHD")


def _whole(file: DiskFile) -> Found | None:
    """Whatever else has to be converted is made whole by that."""
    if file.container.format != "vpc":
        return None
    rest = file.size_bytes % MIB
    words = f"{file.size_bytes} bytes"
    return failed(f"{words}: {rest} too many for whole MiB") if rest or not file.size_bytes else passed(words)


def _length(file: DiskFile) -> Found | None:
    if not file.container.is_fixed:
        return None
    wanted, found = file.size_bytes + FOOTER_BYTES, file.container.file_bytes
    words = f"a file of {found} bytes for a disk of {file.size_bytes}"
    return passed(words) if found == wanted else failed(words)


def _size(file: DiskFile) -> Found:
    words = f"{file.size_bytes / GIB:,.2f} GiB"
    return failed(words) if file.size_bytes > OS_DISK_MAX else passed(words)


def _first_generation(file: DiskFile) -> Found:
    words = f"{file.size_bytes / GIB:,.2f} GiB"
    return failed(words) if file.size_bytes > FIRST_GENERATION_MAX else passed(words)


CHECKS: tuple[Check[DiskFile], ...] = (
    *(
        Check(
            f"container.{format}",
            Severity.ADVICE,  # the disk in it may be in order: an upload says so at once, and calco takes it as it is
            f"Format of the file: {format}",
            "a fixed VHD",
            f"Azure takes fixed VHDs only, and this is {name}: convert it before it is uploaded.",
            _as_fixed_vhd(format, f"disk.{format}"),
            _SOURCE,
            _is_not(format),
        )
        for format, name in _FORMATS.items()
    ),
    Check(
        "container.dynamic-vhd",
        Severity.BLOCKS_BOOT,
        "Kind of VHD",
        "fixed",
        "Azure takes fixed VHDs only; a dynamic or differencing one is refused, or taken for a broken disk.",
        _as_fixed_vhd("vpc", "disk.vhd"),
        _SOURCE,
        _fixed,
    ),
    Check(
        "container.whole-mib",
        Severity.BLOCKS_BOOT,
        "Size of the disk in whole MiB",
        "a whole number of MiB",
        "The disk's size is no whole number of MiB, and Azure makes no disk of it.",
        _as_fixed_vhd("vpc", "disk.vhd"),
        _SOURCE,
        _whole,
    ),
    Check(
        "container.file-size",
        Severity.BLOCKS_BOOT,
        "Length of a fixed VHD",
        "the disk's size and a footer of 512 bytes",
        "The file is not as long as its disk and its footer: it was cut, or something was put in; copy it again if it "
        "was longer where it comes from.",
        _as_fixed_vhd("vpc", "disk.vhd"),
        _SOURCE + "; VHD specification 1.0",
        _length,
    ),
    Check(
        "container.os-disk-size",
        Severity.BLOCKS_BOOT,
        "Size of an OS disk",
        "at most 4,095 GiB",
        "The disk is larger than any OS disk may be in Azure.",
        "# shrink its file systems and partitions to less than 4,095 GiB first: what lies behind is cut off\n"
        "qemu-img resize -f raw --shrink disk.raw 4095G",
        'Azure, "Scalability targets for VM disks"',
        _size,
    ),
    Check(
        "container.first-generation-size",
        Severity.ADVICE,
        "Size of a generation 1 OS disk",
        "at most 2,048 GiB",
        "A generation 1 machine boots from no disk this large; a generation 2 machine does.",
        "# if the disk boots by UEFI, create the image with --hyper-v-generation V2; else shrink its file systems and\n"
        "# partitions to less than 2,048 GiB first: what lies behind is cut off\n"
        "qemu-img resize -f raw --shrink disk.raw 2048G",
        _SOURCE,
        _first_generation,
    ),
)

"""Disk files of people's own, outside the data directory: what is in one, and writing one.

The format is always told, never guessed. Before QEMU opens a file, something that only reads bytes has seen that it
names no other file: a backing file, a data file or a parent of somebody's choosing is refused by its name. Sources:
VHD specification 1.0; QEMU, docs/interop/qcow2.rst; [MS-VHDX] 2.2.1.
"""

import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from calco.model.inspection import Container
from calco.model.vhd import FOOTER_BYTES, Footer, Kind, read_footer
from calco.ports import Beginning, Extent
from calco.storage import flat
from calco.storage.qcow2_header import read_qcow2_header
from calco.storage.qemu_block import Layer, QemuBlock
from calco.tool import ToolFailed


class DiskFormat(StrEnum):
    """As qemu-img calls them."""

    VPC = "vpc"
    VHDX = "vhdx"
    QCOW2 = "qcow2"
    RAW = "raw"


class WrongDiskFile(Exception):
    """The file is not what it was said to be, or lies over another; the sentence says so and what mends it."""


class Content(Protocol):
    """What a guest would see of the disk."""

    size_bytes: int

    def read(self, offset: int, length: int) -> bytes: ...

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Where there is data; the rest reads as zeros."""


_ALONE = "Merge them with `qemu-img convert` first, on the machine where the file was made."
_DYNAMIC_HEADER = struct.Struct(">8sQQIIII16sII512s")
_QEMU = QemuBlock()
CONVERT_OPTIONS = {
    DiskFormat.QCOW2: ("-O", "qcow2"),
    DiskFormat.VHDX: ("-O", "vhdx", "-o", "subformat=dynamic"),
}


@contextmanager
def opened(file: Path, format: DiskFormat) -> Iterator[Content]:
    """Read the disk in ``file``. Raises WrongDiskFile, and OSError when the file cannot be read."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise WrongDiskFile(f"{file} is no regular file.")
    match format:
        case DiskFormat.RAW:
            with _file(file) as content:
                yield content
        case DiskFormat.VPC:
            with _vhd(file) as content:
                yield content
        case DiskFormat.QCOW2:
            _check_qcow2(file)
            with _served(file, Layer(file, None)) as content:
                yield content
        case DiskFormat.VHDX:
            _check_vhdx(file)
            with _served(file, Layer(file, None, "vhdx")) as content:
                yield content


def container(file: Path, format: DiskFormat) -> Container:
    """The file itself. Raises WrongDiskFile, and OSError when it cannot be read."""
    size = file.stat().st_size
    if format is not DiskFormat.VPC:
        return Container(format.value, size)
    with _file(file) as whole:
        return Container(format.value, size, _footer(file, whole).kind == Kind.FIXED)


def _file(file: Path) -> AbstractContextManager[flat.FlatView]:
    """Of people's own files links are followed, as QEMU follows them."""
    return flat.view(file.resolve(strict=True))


@contextmanager
def _served(file: Path, layer: Layer) -> Iterator[Content]:
    try:
        with _QEMU.view([layer]) as content:
            yield content
    except ToolFailed as failed:
        said = failed.stderr.strip().splitlines()
        raise WrongDiskFile(f"QEMU cannot read {file}: {said[-1] if said else failed}") from failed


# --- VHD -------------------------------------------------------------------------------------------------------------


@contextmanager
def _vhd(file: Path) -> Iterator[Content]:
    with _file(file) as whole:
        footer = _footer(file, whole)
        if footer.kind == Kind.FIXED:
            if footer.guest_bytes + FOOTER_BYTES != whole.size_bytes:
                raise WrongDiskFile(
                    f"{file} has {whole.size_bytes} bytes, but its footer tells of {footer.guest_bytes} and the footer "
                    "itself. It was cut short or something was put behind it: copy it again."
                )
            yield Beginning(whole, footer.guest_bytes)
            return
        if footer.kind != Kind.DYNAMIC:
            raise WrongDiskFile(f"{file} is a differencing VHD over {_parent(whole)!r}. {_ALONE}")
    with _served(file, Layer(file, None, "vpc")) as content:
        if content.size_bytes != footer.guest_bytes:
            raise WrongDiskFile(
                f"QEMU reads {content.size_bytes} bytes of {file} where its footer tells of {footer.guest_bytes}. Make "
                "it a fixed VHD with the program it was made with."
            )
        yield content


def _footer(file: Path, whole: flat.FlatView) -> Footer:
    if whole.size_bytes < FOOTER_BYTES:
        raise WrongDiskFile(f"{file} is no VHD: it is shorter than a footer.")
    try:
        return read_footer(whole.read(whole.size_bytes - FOOTER_BYTES, FOOTER_BYTES))
    except ValueError as foreign:
        raise WrongDiskFile(f"{file} is no VHD: its last 512 bytes are {foreign}. Name its real format.") from foreign


def _parent(whole: flat.FlatView) -> str:
    """The name a differencing VHD gives its parent, as far as it can be read."""
    if whole.size_bytes < 2 * FOOTER_BYTES + _DYNAMIC_HEADER.size:
        return "a file"
    *_, name = _DYNAMIC_HEADER.unpack(whole.read(FOOTER_BYTES, _DYNAMIC_HEADER.size))
    return bytes(name).decode("utf-16-be", errors="replace").partition("\0")[0] or "a file"


# --- the others ------------------------------------------------------------------------------------------------------


def _check_qcow2(file: Path) -> None:
    try:
        header = read_qcow2_header(file)
    except ValueError as foreign:
        raise WrongDiskFile(f"{file} is no qcow2 file: {foreign}. Name its real format.") from foreign
    if header.backing is not None:
        raise WrongDiskFile(f"{file} lies over {header.backing!r}, which was not read. {_ALONE}")
    if header.has_data_file:
        raise WrongDiskFile(f"{file} keeps its data in another file, which was not read. {_ALONE}")
    if header.is_encrypted:
        raise WrongDiskFile(f"{file} is encrypted. Decrypt it first: qemu-img convert with --object secret.")


def _check_vhdx(file: Path) -> None:
    """A parent is QEMU's to refuse: its driver knows none and opens none. Source: QEMU, block/vhdx.c."""
    with file.open("rb") as opened_file:
        if opened_file.read(8) != b"vhdxfile":
            raise WrongDiskFile(f"{file} is no VHDX file. Name its real format.")


# --- writing ---------------------------------------------------------------------------------------------------------


def convert(raw: Path, target: Path, format: DiskFormat, moved: Callable[[int, int], None]) -> None:
    """Write the raw disk in ``raw`` as a ``format`` other than raw and VHD into ``target``, which must not be there.
    Raises WrongDiskFile."""
    if target.exists():
        raise WrongDiskFile(f"{target} is there already.")
    layer = Layer(raw, raw.stat().st_size)
    try:
        _QEMU.convert([layer], target, CONVERT_OPTIONS[format], moved)
    except ToolFailed as failed:
        target.unlink(missing_ok=True)
        raise WrongDiskFile(f"QEMU cannot write {target}: {failed}") from failed

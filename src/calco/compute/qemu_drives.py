"""A machine's drives: how QEMU is told of them when it starts, and what is said of them to one that runs.

A drive hangs on its LUN. Its device is ``disk-lun3.{volume}`` (``disk-os.{volume}``) after the volume it was opened
with, its nodes are ``lun3.{volume}``: that first one, which is ours to close, and those that were put over it, which go
with the device. So whoever comes after a crash of the service finds by the LUN alone what there is, and by the node of
the device which volume the guest writes. All that is asked of the device: QEMU's lists of all nodes take seconds, in
which no guest goes on, when a disk lies over some hundred volumes.

A live switch opens the overlay (without what it lies over, for QEMU has that open) and puts it over the drive's node:
what is under way ends, is flushed, and from then on QEMU has the old volume open for reading only. The guest notices
nothing but the flush, and most of that is done before by ``flush``, while the guest goes on.
Source: QEMU, docs/interop/live-block-operations; QAPI, block-core.
"""

import asyncio
import json
import os
import string
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

import msgspec
from qemu.qmp import ExecuteError, QMPClient

from calco.compute.qemu_control import Monitor, Refused, Silent
from calco.model.ids import is_guid
from calco.model.machine import Drive
from calco.model.volume import Format, VolumeId

T = TypeVar("T")
Words = dict[str, object]

LUN_MAX = 63
_CACHE = {"direct": False, "no-flush": False}
_DEVICES = "/machine/peripheral"
_DISK = "disk-"
_DIGITS = string.digits + string.ascii_lowercase
_GUID_DIGITS = 25
_LET_GO_SECONDS = 0.5


def arguments(drive: Drive, file: Path) -> list[str]:
    """The drive on a command line."""
    device = ",".join(f"{name}={value}" for name, value in _device(drive).items() if name != "driver")
    return ["-blockdev", json.dumps(_blocks(drive, file)), "-device", f"{_device(drive)['driver']},{device}"]


# --- conversations: all raise Silent and Refused ---------------------------------------------------------------------


def writes(monitor: Monitor) -> Mapping[int | None, VolumeId]:
    """The volume that each drive writes, by LUN."""

    async def ask(client: QMPClient) -> Mapping[int | None, VolumeId]:
        return {lun: await _volume_of(client, disk.top) for lun, disk in (await _disks(client)).items()}

    return monitor.hold(ask)


def plug(monitor: Monitor, drive: Drive, file: Path) -> None:
    """Give the machine a drive that it does not have yet."""

    async def add(client: QMPClient) -> None:
        try:
            await client.execute("blockdev-add", _blocks(drive, file))
        except ExecuteError as refused:
            if "Duplicate nodes" not in str(refused):  # an attempt that was cut short has opened it
                raise
        try:
            await client.execute("device_add", _device(drive))
        except ExecuteError:
            await _close(client, _node(drive))
            raise

    monitor.hold(add)


def unplug(monitor: Monitor, lun: int) -> None:
    """Take the drive away and close its files; what is left of an earlier attempt too."""

    async def remove(client: QMPClient) -> None:
        with client.listener("DEVICE_DELETED") as gone:
            disk = (await _disks(client)).get(lun)
            if disk is not None:
                with suppress(ExecuteError):  # it was asked before, and is on its way out
                    await client.execute("device_del", {"id": disk.device})
            # The device disappears from sight before it lets go of its node, and says so when it has.
            while not (await _close(client, disk.first) if disk else await _close_all(client, lun)):
                with suppress(TimeoutError):
                    await asyncio.wait_for(gone.get(), _LET_GO_SECONDS)

    monitor.hold(remove)


def flush(file: Path) -> None:
    """Have the host write to its disk what QEMU has written to ``file`` so far. The guest goes on meanwhile."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def switch(monitor: Monitor, drive: Drive, file: Path) -> None:
    """Put the overlay in ``file`` over what the drive writes now. It is opened as that is: cache, discard, locks."""

    async def put_over(client: QMPClient) -> None:
        disk = (await _disks(client)).get(drive.lun)
        if disk is None:
            raise Refused(f"there is no disk at LUN {drive.lun}")
        overlay = {"snapshot-file": str(file), "format": "qcow2", "mode": "existing"}
        names = {"node-name": disk.top, "snapshot-node-name": _node(drive)}
        await client.execute("blockdev-snapshot-sync", {**overlay, **names})

    monitor.hold(put_over)


def check_drive(drive: Drive) -> None:
    """Raises ValueError on a drive that cannot be."""
    if drive.lun is not None and not 0 <= drive.lun <= LUN_MAX:
        raise ValueError(f"LUNs lie in 0..{LUN_MAX}: {drive.lun}")
    if drive.format is Format.FLAT and drive.size_bytes is None:
        raise ValueError("how much the guest sees of a flat volume has to be said")


# --- words -----------------------------------------------------------------------------------------------------------


def _place(lun: int | None) -> str:
    return "os" if lun is None else f"lun{lun}"


def _old_place(lun: int | None) -> str:
    """As the first versions called it, with no volume behind it: their machines may still run."""
    return "os" if lun is None else f"data{lun}"


_LUNS: Mapping[str, int | None] = MappingProxyType(
    {place: lun for lun in (None, *range(LUN_MAX + 1)) for place in (_place(lun), _old_place(lun))}
)


def _node(drive: Drive) -> str:
    return f"{_place(drive.lun)}.{_short(drive.volume)}"


def _short(volume: VolumeId) -> str:
    """A node's name has at most 31 bytes (QAPI, BlockNodeName), so a GUID is written in base 36."""
    if not is_guid(volume):
        return volume
    number, digits = UUID(volume).int, ""
    for _ in range(_GUID_DIGITS):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def _long(short: str) -> VolumeId:
    return str(UUID(int=int(short, len(_DIGITS)))) if len(short) == _GUID_DIGITS else short


def _blocks(drive: Drive, file: Path) -> Words:
    # Of a flat file only what the guest sees: the footer behind it stays out of reach.
    window = {"offset": 0, "size": drive.size_bytes} if drive.format is Format.FLAT else {}
    return {
        "driver": "raw" if drive.format is Format.FLAT else "qcow2",
        "node-name": _node(drive),
        # Through the host's page cache: clones share the pages of the image they lie over. Durable all the same: the
        # device tells the guest of a volatile write cache, and the guest's flush becomes an fdatasync (no-flush off).
        "cache": _CACHE,
        "discard": "unmap",
        **window,
        "file": {
            "driver": "file",
            "filename": str(file),
            "locking": "on",
            "cache": _CACHE,
            "discard": "unmap",
        },
    }


def _device(drive: Drive) -> Words:
    bus: Words = {"bus": "scsi0.0", "scsi-id": 0, "lun": 0, "bootindex": 1}
    if drive.lun is not None:
        bus = {"bus": "scsi1.0", "scsi-id": 0, "lun": drive.lun}
    return {
        "driver": "scsi-hd",
        "drive": _node(drive),
        "id": _DISK + _node(drive),
        **bus,
        "write-cache": "on",
    }


# --- asking ----------------------------------------------------------------------------------------------------------


class _Node(msgspec.Struct, frozen=True):
    """Source: QAPI, BlockDeviceInfo."""

    name: str = msgspec.field(name="node-name")
    file: str


class _Child(msgspec.Struct, frozen=True):
    """Source: QAPI, ObjectPropertyInfo."""

    name: str


@dataclass(frozen=True)
class _Disk:
    """``device``: its id; ``first``: the node it was opened with; ``top``: the one it reads and writes now."""

    device: str
    first: str
    top: str


async def _disks(client: QMPClient) -> dict[int | None, _Disk]:
    """The machine's disks by LUN."""
    disks: dict[int | None, _Disk] = {}
    for each in _read(await client.execute("qom-list", {"path": _DEVICES}), list[_Child]):
        first = each.name.removeprefix(_DISK)
        place = first.partition(".")[0]
        if each.name != first and place in _LUNS:
            with suppress(ExecuteError):  # it has gone just now
                asked = {"path": f"{_DEVICES}/{each.name}", "property": "drive"}
                disks[_LUNS[place]] = _Disk(each.name, first, _read(await client.execute("qom-get", asked), str))
    return disks


async def _volume_of(client: QMPClient, node: str) -> VolumeId:
    place, _, short = node.partition(".")
    if short:
        return _long(short)
    nodes = _read(await client.execute("query-named-block-nodes", {"flat": True}), list[_Node])
    return next((Path(each.file).stem for each in nodes if each.name == place), place)


def _read(answer: object, type: type[T]) -> T:
    try:
        return msgspec.convert(answer, type)
    except msgspec.ValidationError as strange:
        raise Silent(f"not an answer: {strange}") from strange


async def _close_all(client: QMPClient, lun: int) -> bool:
    """Whether every node of that LUN is closed now. The newest come first, so that nobody uses one when its turn
    comes."""
    nodes = _read(await client.execute("query-named-block-nodes", {"flat": True}), list[_Node])
    places = (_place(lun), _old_place(lun))
    return all([await _close(client, each.name) for each in nodes if each.name.partition(".")[0] in places])


async def _close(client: QMPClient, node: str) -> bool:
    """Whether the node is closed now; one that somebody uses is not."""
    try:
        await client.execute("blockdev-del", {"node-name": node})
    except ExecuteError:
        return False
    return True

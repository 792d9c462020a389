"""A machine's drives: how QEMU is told of them when it starts, and what is said of them to one that runs.

A drive hangs on its LUN: its device is ``disk-data3`` (``disk-os``), its nodes are ``data3.{volume}`` for the format
and ``data3.{volume}-file`` for the file below. So whoever comes after a crash of the service finds by the LUN alone
what a conversation that was cut short has left, and by the file which volume the guest writes.

A live switch: the overlay is opened beside the drive (without what it lies over, for QEMU has that open), then put over
the drive's node. QEMU lets what is under way end, flushes, and from then on has the old volume open for reading only.
The guest notices nothing but the flush, and most of that is done before by ``flush``, while the guest goes on.
Source: QEMU, docs/interop/live-block-operations; QAPI, block-core.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec
from qemu.qmp import ExecuteError, QMPClient

from calco.compute.qemu_control import Monitor, Refused, Silent
from calco.model.machine import Drive
from calco.model.volume import Format

T = TypeVar("T")
Words = dict[str, object]

LUN_MAX = 63
_CACHE = {"direct": False, "no-flush": False}
_FILE = "-file"
# A node's name has at most 31 bytes (QAPI, BlockNodeName): "data63.", "-file", and what is left of a GUID in hex.
_VOLUME_CHARACTERS = 19
_LET_GO_SECONDS = 0.5


def arguments(drive: Drive, file: Path) -> list[str]:
    """The drive on a command line."""
    device = ",".join(f"{name}={value}" for name, value in _device(drive).items() if name != "driver")
    return ["-blockdev", json.dumps(_blocks(drive, file)), "-device", f"{_device(drive)['driver']},{device}"]


# --- conversations: all raise Silent and Refused ---------------------------------------------------------------------


def writes(monitor: Monitor) -> Mapping[int | None, Path]:
    """The file that each drive writes, by LUN."""

    async def ask(client: QMPClient) -> Mapping[int | None, Path]:
        files = {node.name: node.file for node in await _nodes(client)}
        return {lun: Path(files.get(top + _FILE) or files[top]) for lun, top in (await _tops(client)).items()}

    return monitor.hold(ask)


def plug(monitor: Monitor, drive: Drive, file: Path) -> None:
    """Give the machine a drive that it does not have yet."""

    async def add(client: QMPClient) -> None:
        await _add_node(client, drive, _blocks(drive, file))
        try:
            await client.execute("device_add", {**_device(drive)})
        except ExecuteError:
            await _drop_nodes(client, drive.lun)
            raise

    monitor.hold(add)


def unplug(monitor: Monitor, lun: int) -> None:
    """Take the drive away and close its files; whatever is left of an earlier attempt too."""

    async def remove(client: QMPClient) -> None:
        with client.listener("DEVICE_DELETED") as gone:
            if lun in await _tops(client):
                with suppress(ExecuteError):  # asked before, and on its way out
                    await client.execute("device_del", {"id": _device_id(lun)})
            while lun in await _tops(client):
                with suppress(TimeoutError):
                    await asyncio.wait_for(gone.get(), _LET_GO_SECONDS)
        if left := await _drop_nodes(client, lun):
            raise Refused(f"still in use: {', '.join(left)}")

    monitor.hold(remove)


def flush(file: Path) -> None:
    """Have the host write to its disk what QEMU has written to ``file`` so far. The guest goes on meanwhile."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def switch(monitor: Monitor, drive: Drive, file: Path) -> None:
    """Put the overlay in ``file`` over what the drive writes now."""

    async def put_over(client: QMPClient) -> None:
        top = (await _tops(client))[drive.lun]
        await _add_node(client, drive, {**_blocks(drive, file), "backing": None})
        try:
            await client.execute("blockdev-snapshot", {"node": top, "overlay": _node(drive)})
        except ExecuteError:
            await _drop_nodes(client, drive.lun)
            raise

    monitor.hold(put_over)


def check_drive(drive: Drive) -> None:
    """Raises ValueError on a drive that cannot be."""
    if drive.lun is not None and not 0 <= drive.lun <= LUN_MAX:
        raise ValueError(f"LUNs lie in 0..{LUN_MAX}: {drive.lun}")
    if drive.format is Format.FLAT and drive.size_bytes is None:
        raise ValueError("how much the guest sees of a flat volume has to be said")


# --- words -----------------------------------------------------------------------------------------------------------


def _place(lun: int | None) -> str:
    return "os" if lun is None else f"data{lun}"


def _device_id(lun: int | None) -> str:
    return f"disk-{_place(lun)}"


_LUNS: Mapping[str, int | None] = MappingProxyType({_device_id(lun): lun for lun in (None, *range(LUN_MAX + 1))})


def _node(drive: Drive) -> str:
    return f"{_place(drive.lun)}.{drive.volume.replace('-', '')[:_VOLUME_CHARACTERS]}"


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
            "node-name": _node(drive) + _FILE,
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
        "id": _device_id(drive.lun),
        **bus,
        "write-cache": "on",
    }


# --- asking ----------------------------------------------------------------------------------------------------------


class _Node(msgspec.Struct, frozen=True):
    """Source: QAPI, BlockDeviceInfo."""

    name: str = msgspec.field(name="node-name")
    file: str


class _Block(msgspec.Struct, frozen=True):
    """Source: QAPI, BlockInfo. ``qdev`` is the id of the device."""

    qdev: str = ""
    inserted: _Node | None = None


async def _nodes(client: QMPClient) -> list[_Node]:
    """Every node, the newest first."""
    return _read(await client.execute("query-named-block-nodes", {"flat": True}), list[_Node])


async def _tops(client: QMPClient) -> dict[int | None, str]:
    """The node that each drive reads and writes, by LUN."""
    blocks = _read(await client.execute("query-block"), list[_Block])
    return {_LUNS[each.qdev]: each.inserted.name for each in blocks if each.inserted and each.qdev in _LUNS}


def _read(answer: object, type: type[T]) -> T:
    try:
        return msgspec.convert(answer, type)
    except msgspec.ValidationError as strange:
        raise Silent(f"not an answer: {strange}") from strange


async def _add_node(client: QMPClient, drive: Drive, blocks: Words) -> None:
    """Open the drive's file; what earlier attempts at that LUN have left open is closed, or is this very node."""
    await _drop_nodes(client, drive.lun, but=_node(drive))
    if _node(drive) not in {node.name for node in await _nodes(client)}:
        await client.execute("blockdev-add", blocks)


async def _drop_nodes(client: QMPClient, lun: int | None, *, but: str = "") -> list[str]:
    """Close every node of that LUN that nobody uses; answers those that are in use."""
    kept = []
    for node in await _nodes(client):
        place, _, rest = node.name.partition(".")
        if place == _place(lun) and not rest.endswith(_FILE) and node.name != but:
            try:
                await client.execute("blockdev-del", {"node-name": node.name})
            except ExecuteError:
                kept.append(node.name)
    return kept

"""The blob endpoint's process from within: it is told on its standard input what to do, and ends when that does.

``blob_process`` is the other side, which the service imports; this is not imported by it, for who never uses blobs
should not pay for them.
"""

import asyncio
import logging
import os
import socket
import threading
from pathlib import Path
from typing import cast

import msgspec

from calco import service
from calco.blob.app import BlobEdge
from calco.blob_process import Orders, locked
from calco.data_dir import DataDir
from calco.ports import BaseImages, Clock, Hypervisor, ProvisioningMedia, Sealer, VirtualNetwork
from calco.server import Server
from calco.storage.migrations import open_records
from calco.storage.volumes import Qcow2Store
from calco.system import SystemChance, SystemClock
from calco.work import loose
from calco.work.cloud import Cloud

log = logging.getLogger(__name__)


class _Absent:
    """Stands for the ports that the endpoint never touches: it moves bytes, it runs nothing."""

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError(f"the blob process has no {name}")


def _cloud(orders: Orders, clock: Clock) -> Cloud:
    nothing = _Absent()
    return Cloud(
        records=open_records(orders.data_dir),
        disks=Qcow2Store(orders.data_dir / "volumes", clock),
        hypervisor=cast("Hypervisor", nothing),
        networks=cast("VirtualNetwork", nothing),
        media=cast("ProvisioningMedia", nothing),
        base_images=cast("BaseImages", nothing),
        sealer=cast("Sealer", nothing),
        clock=clock,
        chance=SystemChance(),
        rules=orders.rules,
        accepted=lambda _: None,
        wake=lambda _: None,
    )


def _read_orders() -> tuple[Orders, int]:
    """What standard input says, and a descriptor that ends when the service does. Raises ValueError."""
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(0, 65536)
        if not more:
            raise ValueError("the service ended before it had said what to do")
        line += more
    return msgspec.json.decode(line, type=Orders, dec_hook=lambda _type, text: Path(str(text))), 0


def _end_with(descriptor: int) -> None:
    """End this process at once when the other end of the pipe closes: whoever would wait for us is gone."""
    os.read(descriptor, 1)
    os._exit(0)


def main() -> None:
    orders, pipe = _read_orders()
    # From here on a kill of the service is a kill of this process.
    threading.Thread(target=_end_with, args=(pipe,), name="service", daemon=True).start()
    clock = SystemClock()
    service.log_to(DataDir(orders.data_dir), orders.log_level, also_stderr=False, name="blob.log")
    with locked(orders.data_dir, clock):
        cloud = _cloud(orders, clock)
        loose.sweep(cloud)
        log.info("the blob endpoint answers at %s", orders.rules.blob_url)
        sockets = [socket.socket(fileno=each) for each in orders.descriptors]
        server = Server(
            BlobEdge(cloud),
            certificate=orders.certificate,
            key=orders.key,
            on_ready=lambda: None,
            on_stopping=lambda: None,
        )
        asyncio.run(server.serve(sockets))


if __name__ == "__main__":
    main()

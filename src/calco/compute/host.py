"""``ports.Host``: this machine, as the kernel tells of it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from calco.compute.host_room import meminfo_kib
from calco.model.host import Accelerator, Examination, HostView, Room


class LocalHost:
    """``folder`` is on the file system of the volumes; ``examined`` answers what was found out last, at once or nearly
    so."""

    def __init__(
        self, folder: Path, hypervisor: str, accelerator: Accelerator, examined: Callable[[], Examination | None]
    ) -> None:
        self._folder = folder
        self._hypervisor = hypervisor
        self._accelerator = accelerator
        self._examined = examined

    def look(self) -> HostView:
        return HostView(self._hypervisor, self._accelerator, self._room(), self._examined())

    def _room(self) -> Room:
        disk = shutil.disk_usage(self._folder)
        return Room(
            cpus=len(os.sched_getaffinity(0)),
            load=os.getloadavg(),
            memory_bytes=1024 * meminfo_kib("MemTotal"),
            memory_available_bytes=1024 * meminfo_kib("MemAvailable"),
            disk_bytes=disk.total,
            disk_free_bytes=disk.free,
        )

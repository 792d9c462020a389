"""This machine, as the kernel tells of it."""

import os
from datetime import UTC, datetime
from pathlib import Path

from calco.compute.host import LocalHost
from calco.model.host import Accelerator, Examination

TCG = Accelerator("tcg", "no KVM")


def test_this_machine_has_as_much_as_the_kernel_says(tmp_path: Path) -> None:
    found = Examination(datetime(2026, 11, 22, tzinfo=UTC))

    seen = LocalHost(tmp_path, "qemu", TCG, lambda: found).look()

    assert (seen.hypervisor, seen.accelerator, seen.examination) == ("qemu", TCG, found)
    room = seen.room
    assert room.cpus == len(os.sched_getaffinity(0))
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert room.memory_bytes == pages
    assert 0 < room.memory_available_bytes < room.memory_bytes
    there = os.statvfs(tmp_path)
    assert room.disk_bytes == there.f_blocks * there.f_frsize
    assert 0 <= room.disk_free_bytes <= room.disk_bytes
    assert len(room.load) == 3

"""Every disk store with what a test needs to see or to break behind its back."""

import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Protocol

from calco.model.volume import MIB, VolumeId
from calco.ports import DiskStore
from calco.storage.simulated import SimulatedDiskStore
from calco.storage.volumes import Qcow2Store

BASE, COPY, OTHER, NEW = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "1234")
ZONE, ELSEWHERE = "eastus-1", "eastus-2"


class HandClock(Protocol):
    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def pass_days(self, days: float) -> None: ...


class World(Protocol):
    store: DiskStore

    def fill(self) -> None:
        """From now on there is no room for a qcow2 file."""

    def make_room(self) -> None: ...
    def size_bytes(self, volume: VolumeId) -> int: ...

    def guest_writes(self, volume: VolumeId, offset: int, data: bytes) -> None:
        """As a machine that has the volume for a disk; whole KiB of one byte."""

    def lose_pool(self, pool: str) -> None: ...
    def bring_back_pool(self, pool: str) -> None: ...


class Simulated:
    def __init__(self, tmp_path: Path, clock: HandClock) -> None:
        self._store = SimulatedDiskStore(tmp_path / "volumes", clock)
        self.store: DiskStore = self._store
        self.size_bytes = self._store.size_bytes
        self.guest_writes = self._store.guest_writes
        self.lose_pool = self._store.lose_pool
        self.bring_back_pool = self._store.bring_back_pool

    def fill(self) -> None:
        self._store.room = 0

    def make_room(self) -> None:
        self._store.room = None


class OnFiles:
    """Files; while it is full, a script stands in for qemu-img that says what qemu-img says then."""

    def __init__(self, tmp_path: Path, clock: HandClock) -> None:
        self.folder = tmp_path / "volumes"
        self._full = tmp_path / "full"
        qemu_img = tmp_path / "qemu-img"
        qemu_img.write_text(
            "#!/bin/sh\n"
            f'test -e {self._full} || exec qemu-img "$@"\n'
            "echo 'qemu-img: x: Could not write header: No space left on device' >&2; exit 1\n"
        )
        qemu_img.chmod(0o700)
        self._store = Qcow2Store(self.folder, clock, qemu_img=os.fspath(qemu_img))
        self.store: DiskStore = self._store

    def fill(self) -> None:
        self._full.touch()

    def make_room(self) -> None:
        self._full.unlink()

    def size_bytes(self, volume: VolumeId) -> int:
        file = self._store.path(volume)
        return file.stat().st_size if file.suffix == ".flat" else self._store.inspect(volume).virtual_bytes

    def guest_writes(self, volume: VolumeId, offset: int, data: bytes) -> None:
        assert len(set(data)) == 1
        file = self._store.path(volume)
        if file.suffix == ".flat":
            with file.open("r+b") as opened:
                opened.seek(offset)
                opened.write(data)
        else:
            qemu_io(file, f"write -P {data[0]} {offset} {len(data)}")

    def lose_pool(self, pool: str) -> None:
        (self.folder / pool).rename(self.folder.parent / f"lost-{pool}")

    def bring_back_pool(self, pool: str) -> None:
        (self.folder.parent / f"lost-{pool}").rename(self.folder / pool)


def holds(file: Path, *reads: str) -> bool:
    return io(file, *reads).returncode == 0


def qemu_io(file: Path, *commands: str) -> None:
    io(file, *commands).check_returncode()


def io(file: Path, *commands: str) -> subprocess.CompletedProcess[bytes]:
    words = [word for each in commands for word in ("-c", each)]
    return subprocess.run(["qemu-io", "-f", "qcow2", *words, os.fspath(file)], check=False, capture_output=True)


def an_image(file: Path, size_bytes: int = 4 * MIB, *options: str) -> Path:
    run("qemu-img", "create", "-q", "-f", "qcow2", *options, os.fspath(file), str(size_bytes))
    return file


def run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def nothing(_done: int, _total: int) -> None:
    """Hears how far a copy is, and does not care."""


def read(store: DiskStore, volume: VolumeId, offset: int, length: int) -> bytes:
    with store.view(volume) as view:
        return view.read(offset, length)

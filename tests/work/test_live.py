"""A running guest's disk frozen under it, with QEMU and real files. There is no guest: what one would write is written
by QEMU's own qemu-io."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from calco.compute.accelerator import tcg
from calco.compute.qemu import QemuHypervisor
from calco.compute.qemu_control import Monitor
from calco.model.disk import CreateOption, NewDisk
from calco.model.ids import ResourceId
from calco.model.machine import Drive, Machine
from calco.model.snapshot import NewSnapshot
from calco.model.virtual_machine import Act
from calco.model.volume import MIB
from calco.storage.volumes import Qcow2Store
from calco.tool import run_tool
from calco.work import disk, snapshot, virtual_machine
from calco.work.cloud import Cloud, Rules
from calco.work.guest_directory import Directory
from calco.work.volume import DISK_SLOT
from tests.compute.machines import device_of, say_to
from tests.crash.fuse import Crash
from tests.world import GROUP, LOCATION, SUBSCRIPTION, World, ready_guest

PLACE = 64 * MIB


class Host(QemuHypervisor):
    """Real machines, whose guests report themselves ready without being there. ``dies`` is for a service that is killed
    behind the switch."""

    on_boot: Callable[[Machine], None]
    dies = False

    def start(self, machine: Machine) -> None:
        super().start(machine)
        self.on_boot(machine)

    def switch(self, vm_id: str, drive: Drive) -> None:
        super().switch(vm_id, drive)
        if self.dies:
            raise Crash


class Real:
    """A world whose machines and volumes are real."""

    def __init__(self, folder: Path, run_dir: Path) -> None:
        # Nobody is there who would hear the power button.
        self.world = World(folder, Rules(subscription=SUBSCRIPTION, power_off_grace_seconds=0)).with_network()
        self.disks = Qcow2Store(folder / "real", self.world.clock)
        self.host = Host(folder / "machines", run_dir, self.disks.path, tcg("for tests"))
        self.cloud: Cloud = replace(self.world.cloud, disks=self.disks, hypervisor=self.host)
        self.world.cloud = self.cloud
        self.host.on_boot = ready_guest(Directory(self.cloud).heard)
        self.web1 = self.world.running_machine("web1")
        self.vm_id = str(self.world.resource(self.web1).internal["vmId"])

    def write(self, pattern: int) -> None:
        """What the guest would write to its OS disk."""
        monitor = Monitor(self.host.monitor_socket(self.vm_id), 20)
        line = f'qemu-io -d {device_of(monitor, None)} "write -P {pattern} {PLACE} 1M"'
        say_to(monitor, "human-monitor-command", **{"command-line": line})

    def os_disk(self) -> ResourceId:
        (id,) = [each.id for each in disk.list(self.cloud, GROUP) if "OsDisk" in each.id.name]
        return id

    def volume_of(self, id: ResourceId) -> str:
        with self.world.records.read() as view:
            return view.held(id)[DISK_SLOT]

    def content(self, id: ResourceId) -> int:
        """The byte that is all over the place that was written to."""
        with self.disks.view(self.volume_of(id)) as view:
            (byte,) = set(view.read(PLACE, MIB))
        return byte

    def snapshot(self) -> NewSnapshot:
        id = self.world.id("snapshots", "snap")
        return NewSnapshot(
            id, LOCATION, None, CreateOption.COPY, None, None, None, None, self.os_disk(), None, False, {}
        )


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    run_dir = Path(tempfile.mkdtemp(prefix="calco-test-"))  # tmp_path is too long for Unix sockets
    made = Real(tmp_path, run_dir)
    try:
        yield made
    finally:
        made.host.stop(made.vm_id, grace_seconds=0)
        shutil.rmtree(run_dir)


def test_a_snapshot_has_what_was_written_before_and_the_guests_disk_what_came_after(real: Real) -> None:
    real.write(0x11)
    wanted = real.snapshot()

    real.world.done(snapshot.put(real.cloud, wanted))
    real.write(0x22)

    assert real.content(wanted.id) == 0x11
    below = real.disks.path(real.volume_of(wanted.id))
    assert stat.S_IMODE(below.stat().st_mode) == 0o400
    assert dict(real.host.writes(real.vm_id))[None] == real.volume_of(real.os_disk())
    copy = NewDisk(real.world.id("disks", "copy"), LOCATION, None, CreateOption.COPY, None, None, None, wanted.id, {})
    real.world.done(disk.put(real.cloud, copy))
    assert real.content(copy.id) == 0x11
    real.world.done(virtual_machine.act(real.cloud, real.web1, Act.DEALLOCATE))
    assert real.content(real.os_disk()) == 0x22
    for each in real.disks.volumes():
        run_tool(["qemu-img", "check", "-q", "-f", "qcow2", real.disks.path(each)], timeout_seconds=20)
    real.world.done(virtual_machine.act(real.cloud, real.web1, Act.START))
    assert dict(real.host.writes(real.vm_id))[None] == real.volume_of(real.os_disk())
    assert real.content(wanted.id) == 0x11


def test_a_service_that_is_killed_behind_the_switch_settles_it_at_its_next_start(real: Real) -> None:
    real.write(0x11)
    before = real.volume_of(real.os_disk())
    wanted = real.snapshot()
    real.host.dies = True
    with suppress(Crash):
        snapshot.put(real.cloud, wanted)
        real.world.drive()
    written = real.host.writes(real.vm_id)[None]
    assert written != before == real.volume_of(real.os_disk())  # QEMU knows more than the records
    real.write(0x22)

    real.host.dies = False
    real.world.restart()

    assert real.world.state(wanted.id) == "Succeeded"
    assert (real.volume_of(wanted.id), real.volume_of(real.os_disk())) == (before, written)
    assert real.content(wanted.id) == 0x11
    real.world.done(virtual_machine.act(real.cloud, real.web1, Act.DEALLOCATE))
    assert real.content(real.os_disk()) == 0x22


def test_a_guest_that_dies_behind_the_switch_loses_nothing_either(real: Real) -> None:
    real.write(0x11)
    wanted = real.snapshot()
    real.host.dies = True
    with suppress(Crash):
        snapshot.put(real.cloud, wanted)
        real.world.drive()
    real.write(0x22)
    real.host.stop(real.vm_id, grace_seconds=0)

    real.host.dies = False
    real.world.restart()

    assert real.world.state(wanted.id) == "Succeeded"
    assert (real.content(wanted.id), real.content(real.os_disk())) == (0x11, 0x22)
    assert os.access(real.disks.path(real.volume_of(real.os_disk())), os.W_OK)

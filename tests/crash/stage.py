"""A world that can be put back to where it was: building one for each of a few thousand crashes would take minutes."""

import copy
import sqlite3
from collections import Counter
from pathlib import Path

from calco.model.machine import MachineState
from calco.work.guest_directory import Directory
from tests.world import World

ABSENT = MachineState.ABSENT


class Stage:
    """One world and what it was like when ``keep`` was called."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        database = self.world.records._writer.raw_connection().driver_connection
        assert isinstance(database, sqlite3.Connection)
        self._database = database
        self._disks = ("_files", "_durable", "_trash")

    def keep(self) -> None:
        world = self.world
        self._rows = self._database.serialize()
        self._before = {name: copy.copy(getattr(world.disks, name)) for name in self._disks}
        self._kept = {file: file.read_bytes() for file in self._small_files()}
        self._moment, self._random = world.clock.moment, world.chance.source.getstate()
        self._counted = Counter(self._operations())

    def back(self) -> World:
        world = self.world
        self._database.deserialize(self._rows)
        for name, value in self._before.items():
            setattr(world.disks, name, copy.copy(value))
        for file in self._small_files() - self._kept.keys():
            file.unlink()
        for file, content in self._kept.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        for folder in (world.folder / "machines").iterdir():
            if not any(folder.iterdir()):
                folder.rmdir()
        world.clock.moment = self._moment
        world.chance.source.setstate(self._random)
        world.directory = Directory(world.cloud)
        world.told.clear()
        return world

    def _small_files(self) -> set[Path]:
        folders = (self.world.folder / "machines", self.world.folder / "networks")
        return {file for folder in folders for file in folder.rglob("*") if file.is_file()}

    def _operations(self) -> list[tuple[str, str, str]]:
        return list(self._database.execute("SELECT plan, subject, status FROM operations WHERE plan != ''"))

    def new_operations(self) -> list[tuple[str, str, str]]:
        """(plan, subject, status) of every slow operation since ``keep``."""
        return list((Counter(self._operations()) - self._counted).elements())

    def text(self) -> str:
        """Every row of the database."""
        return "\n".join(self._database.iterdump())

    def footprint(self) -> dict[str, object]:
        """What the world holds outside of resources' documents: files, rows of volumes and who holds them, machines,
        plugged NICs, DVDs. Not whether a volume is frozen: that may stay, for a disk on a frozen one is as good."""
        world = self.world
        with world.records.read() as view:
            rows = view.volumes()
            holders = {row.id: view.holders(row.id) for row in rows}
        machines = world.hypervisor.machines()
        return {
            "files": world.disks.volumes(),
            "rows": {(row.id, row.size_bytes, row.backing) for row in rows},
            "holders": holders,
            "machines": {each: state for each in machines if (state := world.hypervisor.state(each)) is not ABSENT},
            "plugs": [file.read_text() for file in sorted(self._networks()) if '"ports":{}' not in file.read_text()],
            "media": sorted((world.folder / "machines").rglob("provisioning.iso")),
        }

    def _networks(self) -> list[Path]:
        return list((self.world.folder / "networks").glob("*.json"))

    def broken_promises(self) -> list[str]:
        """What must hold at every moment, a crash included: whatever the records name is there, and what several use
        is never written to."""
        world = self.world
        with world.records.read() as view:
            rows = {row.id: row for row in view.volumes()}
            shared = {row.backing for row in rows.values() if row.backing is not None}
            shared |= {each for each in rows if len(view.holders(each)) > 1}
            for found in view.resources("Microsoft.Compute/images"):
                if found.properties["provisioningState"] == "Succeeded":
                    shared |= set(view.held(found.id).values())
        written = {each for vm_id in world.hypervisor.machines() for each in world.hypervisor.writes(vm_id).values()}
        return [
            *(f"row without a file: {each}" for each in rows.keys() - world.disks.volumes()),
            *(f"shared but not frozen: {each}" for each in shared if not rows[each].frozen),
            *(f"written but frozen: {each}" for each in written if each in rows and rows[each].frozen),
        ]

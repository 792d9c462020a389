"""Copies of blobs that share their bytes: what is written to one afterwards is never seen in the other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from calco.model.blob import BlobType
from calco.model.conditions import NONE
from calco.model.errors import ApiError
from calco.model.volume import MIB, VolumeId
from calco.storage.simulated import SimulatedDiskStore
from calco.work import blob_copy, page_blob, stored_blob
from calco.work.cloud import Cloud
from calco.work.page_blob import Pages, SequenceRule
from calco.work.stored_blob import Content, Target
from calco.work.turns import Turns
from tests.crash.test_blobs import COPY, DISK, an_account
from tests.world import World

OLD, NEW = b"o" * 512, b"n" * 512


class Interrupted(SimulatedDiskStore):
    """A store after whose first freeze somebody else's request comes in between."""

    between: Callable[[], object] | None = None

    def freeze(self, volume: VolumeId) -> None:
        super().freeze(volume)
        between, self.between = self.between, None
        if between is not None:
            between()


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    an_account(world)
    world.disks = Interrupted(tmp_path / "interrupted", world.clock)
    world.cloud = replace(world.cloud, disks=world.disks)
    page_blob.create(world.cloud, DISK, 4 * MIB, Content(BlobType.PAGE), NONE)
    return world


def interrupt(world: World, between: Callable[[], object]) -> None:
    assert isinstance(world.disks, Interrupted)
    world.disks.between = between


def write(cloud: Cloud, target: Target, data: bytes) -> None:
    pages = Pages(0, len(data))
    found = page_blob.check(cloud, target, pages, NONE, SequenceRule())
    page_blob.write(cloud, Turns(), found, pages, memoryview(data))


def share(cloud: Cloud) -> None:
    with cloud.records.read() as view:
        source = stored_blob.get(cloud, view, DISK)
    blob_copy.share(cloud, source, COPY, NONE, Content(BlobType.PAGE))


def first_page(cloud: Cloud, target: Target) -> bytes:
    with cloud.records.read() as view:
        found = stored_blob.get(cloud, view, target)
    with cloud.disks.view(found.volume.id) as content:
        return content.read(0, 512)


def test_a_write_in_the_middle_of_a_copy_does_not_leave_the_copy_open_to_the_next_one(world: World) -> None:
    interrupt(world, lambda: write(world.cloud, DISK, OLD))

    share(world.cloud)
    write(world.cloud, DISK, NEW)

    assert first_page(world.cloud, COPY) == OLD
    assert first_page(world.cloud, DISK) == NEW


def test_a_source_that_becomes_longer_in_the_middle_of_a_copy_is_not_copied_short(world: World) -> None:
    interrupt(world, lambda: page_blob.resize(world.cloud, Turns(), DISK, 8 * MIB, NONE))

    with pytest.raises(ApiError, match="Please retry"):
        share(world.cloud)

    with world.records.read() as view:
        assert stored_blob.get(world.cloud, view, DISK).length == 8 * MIB
        assert stored_blob.find(world.cloud, view, COPY) is None

"""Disks and snapshots imported from a blob of another host that may be read: its pages are brought here, and said."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from calco.model.ids import ResourceId
from calco.model.volume import GIB, MIB
from calco.ports import BlobUnreadable
from calco.work import disk, snapshot
from calco.work.cloud import Accepted
from calco.work.volume import DISK_SLOT
from tests.crash.scenes_disk import wish as disk_wish
from tests.crash.scenes_snapshot import wish as snapshot_wish
from tests.work.hosts import HOST, OneHost, far_blob
from tests.work.looking import failure
from tests.world import World


@pytest.fixture
def host(world: World) -> OneHost:
    there = OneHost()
    world.cloud = replace(world.cloud, remote_blobs=there)
    return there


@dataclass(frozen=True)
class Noun:
    id: Callable[[World], ResourceId]
    put: Callable[[World, str], Accepted]


DISK = Noun(lambda world: world.id("disks", "copy"), lambda world, uri: disk.put(world.cloud, disk_wish(world, uri)))
SNAPSHOT = Noun(
    lambda world: world.id("snapshots", "snap"),
    lambda world, uri: snapshot.put(world.cloud, snapshot_wish(world, uri)),
)
each_noun = pytest.mark.parametrize("noun", [DISK, SNAPSHOT], ids=["disk", "snapshot"])


def held(world: World, id: ResourceId) -> dict[str, str]:
    with world.records.read() as view:
        return view.held(id)


@each_noun
def test_a_far_blob_becomes_the_volume_of_what_is_made(world: World, host: OneHost, noun: Noun) -> None:
    uri = far_blob(world, host, "far.vhd", guest_bytes=3 * GIB)
    signed = f"{uri}?sig=secret"
    host.blobs[signed] = host.blobs[uri]

    ended = world.done(noun.put(world, signed))

    (volume,) = held(world, noun.id(world)).values()
    with world.disks.view(volume) as content:
        assert content.read(0, 3) == b"far"
    with world.records.read() as view:
        row = view.volume(volume)
    assert row is not None
    assert row.frozen
    shown = world.resource(noun.id(world)).properties
    assert (shown["diskSizeBytes"], shown["diskSizeGB"]) == (3 * GIB, 3)
    assert host.read == 2
    assert f"Reading {HOST}" in str(ended.progress["says"])
    assert "secret" not in str(ended.progress)


@each_noun
def test_a_far_blob_that_is_no_vhd_leaves_a_failed_name_and_no_file(world: World, host: OneHost, noun: Noun) -> None:
    uri = far_blob(world, host, "far.vhd", footer=bytes(512))

    ended = world.ended(noun.put(world, f"{uri}"))

    assert failure(ended)[0] == "InvalidVhd"
    assert host.read == 0
    assert world.state(noun.id(world)) == "Failed"
    assert held(world, noun.id(world)) == {}
    assert world.disks.volumes() == set()


@each_noun
def test_trouble_with_the_host_fails_the_operation_without_a_signature(world: World, host: OneHost, noun: Noun) -> None:
    host.trouble = BlobUnreadable("it closed the connection")

    ended = world.ended(noun.put(world, f"{far_blob(world, host, 'far.vhd')}?sig=secret"))

    assert failure(ended)[0] == "DiskBlobNotReadable"
    assert "secret" not in failure(ended)[1]
    assert world.disks.volumes() == set()


def test_a_disk_may_be_larger_than_its_far_blob_but_not_smaller(world: World, host: OneHost) -> None:
    uri = far_blob(world, host, "far.vhd", guest_bytes=3 * GIB)
    larger = replace(disk_wish(world, uri), size_gb=5)
    smaller = replace(larger, id=world.id("disks", "small"), size_gb=2)

    world.done(disk.put(world.cloud, larger))
    ended = world.ended(disk.put(world.cloud, smaller))

    assert world.resource(larger.id).properties["diskSizeBytes"] == 5 * GIB
    assert failure(ended) == ("InvalidParameter", "Disks or snapshot cannot be resized down.")
    assert world.disks.volumes() == {held(world, larger.id)[DISK_SLOT]}


def test_an_unaligned_far_blob_is_refused(world: World, host: OneHost) -> None:
    ended = world.ended(disk.put(world.cloud, disk_wish(world, far_blob(world, host, "far.vhd", MIB + 512))))

    assert failure(ended)[0] == "InvalidParameter"
    assert "qemu-img resize" in failure(ended)[1]

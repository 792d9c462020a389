"""Requests to the blob endpoint are no plans: they are done when they are answered. Killed or failing at any point of
one, a blob is as it was or as it was to be, and after the next start nothing lies about that nobody holds."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from calco.model import errors
from calco.model.blob import BlobType
from calco.model.conditions import NONE
from calco.model.errors import ApiError
from calco.model.storage_account import Kind, NewStorageAccount, Sku
from calco.model.volume import MIB, Volume
from calco.ports import StoreFull
from calco.work import blob_copy, block_blob, container, loose, page_blob, storage_account, stored_blob
from calco.work.block_blob import From
from calco.work.cloud import Cloud
from calco.work.page_blob import Pages, SequenceRule
from calco.work.stored_blob import Content, Target
from calco.work.turns import Turns
from tests.crash.fuse import Broken, Crash, Fuse, with_fuse
from tests.crash.stage import Stage
from tests.world import GROUP, LOCATION, World

pytestmark = pytest.mark.slow

ACCOUNT = GROUP.sibling("Microsoft.Storage", "storageAccounts", "labstore")
DISK = Target(ACCOUNT, "vhds", "disk.vhd")
LOG = Target(ACCOUNT, "vhds", "a.log")
COPY = Target(ACCOUNT, "vhds", "copy.vhd")
LENGTH = 4 * MIB
OLD, NEW = b"o" * 512, b"n" * 512

Do = Callable[[Cloud], None]


@dataclass(frozen=True)
class Scene:
    """``begin`` makes what is there before; ``do`` is the request; ``seen`` is what anybody sees, before or after."""

    name: str
    begin: Callable[[World], None]
    do: Do
    seen: Callable[[World], object]
    calls: int


def an_account(world: World) -> None:
    world.with_group()
    wanted = NewStorageAccount(ACCOUNT, LOCATION, None, Sku.STANDARD_LRS, Kind.STORAGE_V2)
    storage_account.put(world.cloud, wanted)
    container.create(world.cloud, ACCOUNT, "vhds", {})


def a_disk(world: World) -> None:
    an_account(world)
    page_blob.create(world.cloud, DISK, LENGTH, Content(BlobType.PAGE), NONE)
    write(DISK, OLD)(world.cloud)


def a_copied_disk(world: World) -> None:
    a_disk(world)
    copy(world.cloud)


def a_log(world: World) -> None:
    an_account(world)
    put_log(OLD)(world.cloud)


def two_blocks(world: World) -> None:
    a_log(world)
    for id in ("YQ==", "Yg=="):
        stage(id)(world.cloud)


def write(target: Target, data: bytes) -> Do:
    def do(cloud: Cloud) -> None:
        pages = Pages(0, len(data))
        found = page_blob.check(cloud, target, pages, NONE, SequenceRule())
        page_blob.write(cloud, Turns(), found, pages, memoryview(data))

    return do


def create(cloud: Cloud) -> None:
    page_blob.create(cloud, DISK, LENGTH, Content(BlobType.PAGE), NONE)


def received(cloud: Cloud, data: bytes, keep: Callable[[Volume], object]) -> None:
    """As the endpoint does it: what does not end well is dropped at once."""
    row = block_blob.receive(cloud, len(data))
    try:
        cloud.disks.write(row.id, 0, data)
        keep(row)
    except Exception:
        loose.drop(cloud, [row.id])
        raise


def put_log(data: bytes) -> Do:
    def do(cloud: Cloud) -> None:
        received(cloud, data, lambda row: block_blob.put(cloud, LOG, row, Content(BlobType.BLOCK), NONE))

    return do


def stage(id: str) -> Do:
    def do(cloud: Cloud) -> None:
        received(cloud, NEW, lambda row: block_blob.stage(cloud, LOG, id, row, NONE))

    return do


def commit(cloud: Cloud) -> None:
    wanted = [(From.LATEST, "YQ=="), (From.UNCOMMITTED, "Yg==")]
    block_blob.commit(cloud, LOG, wanted, Content(BlobType.BLOCK), NONE)


def copy(cloud: Cloud) -> None:
    with cloud.records.read() as view:
        source = stored_blob.get(cloud, view, DISK)
    content = Content(BlobType.PAGE, more={"copy": {"id": "1", "source": "disk.vhd"}})
    blob_copy.share(cloud, source, COPY, NONE, content)


def shorten(cloud: Cloud) -> None:
    page_blob.resize(cloud, Turns(), DISK, LENGTH // 2, NONE)


def lengthen(cloud: Cloud) -> None:
    page_blob.resize(cloud, Turns(), DISK, LENGTH * 2, NONE)


def delete_account(cloud: Cloud) -> None:
    storage_account.delete(cloud, ACCOUNT)


def content_of(world: World, target: Target) -> object:
    """Length and first page; None when there is no such blob."""
    with world.records.read() as view:
        found = None if view.resource(ACCOUNT) is None else stored_blob.find(world.cloud, view, target)
    if found is None:
        return None
    with world.disks.view(found.volume.id) as bytes_of:
        assert bytes_of.size_bytes >= found.length
        return found.length, bytes_of.read(0, 512)


def disk_seen(world: World) -> object:
    return content_of(world, DISK)


def log_seen(world: World) -> object:
    return content_of(world, LOG)


def both_seen(world: World) -> object:
    """The original must never change by what happens to its copy."""
    assert content_of(world, DISK) == (LENGTH, OLD)
    return content_of(world, COPY)


def blocks_seen(world: World) -> object:
    with world.records.read() as view:
        return log_seen(world), [each.id for each in block_blob.waiting(view, LOG)]


SCENES: Sequence[Scene] = (
    Scene("new page blob", an_account, create, disk_seen, 9),
    Scene("page blob over another", a_disk, create, disk_seen, 13),
    Scene("new block blob", an_account, put_log(NEW), log_seen, 11),
    Scene("block blob over another", a_log, put_log(NEW), log_seen, 15),
    Scene("a block", a_log, stage("YQ=="), blocks_seen, 11),
    Scene("blocks put together", two_blocks, commit, blocks_seen, 19),
    Scene("a copy", a_disk, copy, both_seen, 5),
    Scene("a page of a copy", a_copied_disk, write(COPY, NEW), both_seen, 15),
    Scene("shorter", a_disk, shorten, disk_seen, 15),
    Scene("longer", a_disk, lengthen, disk_seen, 5),
    Scene("delete a blob", a_disk, lambda cloud: stored_blob.delete(cloud, DISK, NONE), disk_seen, 7),
    Scene(
        "delete a container",
        a_disk,
        lambda cloud: container.delete(cloud, ACCOUNT, "vhds", errors.resource_busy),
        disk_seen,
        7,
    ),
    Scene("delete an account", a_disk, delete_account, disk_seen, 7),
)

every_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


def on_stage(scene: Scene, folder: Path) -> tuple[Stage, object, object]:
    """The stage, and what is seen before and after."""
    stage = Stage(folder)
    scene.begin(stage.world)
    stage.keep()
    before = scene.seen(stage.world)
    scene.do(stage.world.cloud)
    after = scene.seen(stage.world)
    assert before != after
    return stage, before, after


def start_again(world: World, *, power_cut: bool = False) -> None:
    """What the next process does first. A power cut may bring back a file that was removed: that goes to the trash."""
    loose.sweep(world.cloud)
    assert power_cut or world.leftovers() == []
    world.restart()
    assert world.leftovers() == []


def do_again(world: World, scene: Scene) -> None:
    """Who got no answer asks once more; that it was done already is an answer too."""
    with suppress(ApiError):
        scene.do(world.cloud)


@every_scene
@pytest.mark.parametrize("power_cut", [False, True], ids=["killed", "power cut"])
def test_a_crash_at_any_point_leaves_the_blob_as_it_was_or_is_to_be(
    scene: Scene, power_cut: bool, tmp_path: Path
) -> None:
    stage, before, after = on_stage(scene, tmp_path)
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, Crash)
        with suppress(Crash):
            scene.do(with_fuse(world, fuse, records=True))
        if power_cut:
            world.disks.power_cut()
        assert stage.broken_promises() == [], fuse.where
        assert scene.seen(world) in (before, after), fuse.where
        start_again(world, power_cut=power_cut)
        assert scene.seen(world) in (before, after), fuse.where
        do_again(world, scene)
        assert scene.seen(world) == after, fuse.where
        assert world.leftovers() == [], fuse.where
        if not fuse.blown:
            break
    assert point > scene.calls, "the fuse never reached the later steps"


@every_scene
@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("trouble", [Broken, StoreFull])
def test_a_failure_at_any_point_changes_nothing_or_all(
    scene: Scene, trouble: type[Exception], forever: bool, tmp_path: Path
) -> None:
    stage, before, after = on_stage(scene, tmp_path)
    for point in count(1):
        world, fuse = stage.back(), Fuse(point, trouble, forever)
        with suppress(Broken, StoreFull, ApiError):
            scene.do(with_fuse(world, fuse, records=False))
        fuse.mended = True
        assert scene.seen(world) in (before, after), fuse.where
        start_again(world)
        do_again(world, scene)
        assert scene.seen(world) == after, fuse.where
        assert world.leftovers() == [], fuse.where
        if not fuse.blown:
            break
    assert point > 1

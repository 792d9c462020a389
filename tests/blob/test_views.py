"""Views that are kept between the pieces of one download, and no longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from calco.blob.views import IDLE_SECONDS, Views
from calco.model.volume import MIB, Volume, VolumeId
from calco.ports import VolumeView
from calco.storage.volumes import Qcow2Store
from calco.system import SystemClock
from calco.tool import run_tool

DISK = "11111111-aaaa-4aaa-8aaa-111111111111"


@dataclass
class Store:
    """Real files; counts what is opened and closed."""

    files: Qcow2Store
    opened: int = 0
    closed: int = 0
    clock: SystemClock = field(default_factory=SystemClock)

    @contextmanager
    def view(self, volume: VolumeId) -> Iterator[VolumeView]:
        self.opened += 1
        with self.files.view(volume) as view:
            yield view
        self.closed += 1


@pytest.fixture
def store(tmp_path: Path) -> Store:
    files = Qcow2Store(tmp_path, SystemClock())
    files.create(Volume(DISK, MIB))
    return Store(files)


def first_page(views: Views, grant: str) -> bytes:
    with views.during(grant)(DISK) as view:
        return view.read(0, 512)


def test_a_download_opens_its_disk_once(store: Store) -> None:
    views = Views(store.view, store.clock)

    for _ in range(3):
        first_page(views, "one")

    assert (store.opened, store.closed) == (1, 0)
    views.close_idle(IDLE_SECONDS)
    assert store.closed == 0
    views.close_idle(0)
    assert store.closed == 1


def test_another_grant_shows_what_was_written_since_the_last(store: Store) -> None:
    """The disk's machine may have run in between, for a kept view is not in its way."""
    views = Views(store.view, store.clock)
    assert first_page(views, "one") == bytes(512)

    run_tool(["qemu-io", "-f", "qcow2", "-c", "write -P 7 0 512", store.files.path(DISK)], timeout_seconds=20)

    assert first_page(views, "two") == bytes([7]) * 512
    views.close_idle(0)
    assert store.opened == store.closed == 2

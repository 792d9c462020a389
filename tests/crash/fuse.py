"""A fuse in front of every port and of the records: it counts both sides of each call and blows at a chosen one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from calco.ports import DiskStore, Hypervisor, ProvisioningMedia, Reader, Records, RemoteBlobs, VirtualNetwork, Writer
from calco.work.cloud import Cloud
from tests.world import World


class Crash(BaseException):
    """The service is killed: no handler runs, for handlers catch Exception."""


class Broken(OSError):
    """A port does not do what it was asked."""


@dataclass
class Fuse:
    """``point`` is the call side at which it blows, counted from 1; ``forever``: and at every later one too."""

    point: int
    blow: Callable[[], BaseException]
    forever: bool = False
    journal: list[str] = field(default_factory=list)
    mended: bool = False

    @property
    def blown(self) -> bool:
        return len(self.journal) >= self.point

    @property
    def where(self) -> str:
        return f"point {self.point}, {self.journal[self.point - 1] if self.blown else 'never reached'}"

    def touch(self, side: str) -> None:
        self.journal.append(side)
        count = len(self.journal)
        if not self.mended and (count == self.point or (self.forever and count > self.point)):
            raise self.blow()


class Fused:
    """Any port behind a fuse. Untyped on purpose: it stands for five protocols, and is cast to one of them below."""

    def __init__(self, port: object, name: str, fuse: Fuse) -> None:
        self._port = port
        self._name = name
        self._fuse = fuse

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._port, verb)
        if not callable(method):  # a fact about the port, not a call to it
            return method

        def call(*arguments: object, **named: object) -> object:
            self._fuse.touch(f"before {self._name}.{verb}")
            answer: object = method(*arguments, **named)
            self._fuse.touch(f"after {self._name}.{verb}")
            return answer

        return call


class FusedRecords:
    """The records behind a fuse: what can happen to a transaction from outside. A read changes nothing, so a crash
    before it is a crash after what came before it."""

    def __init__(self, records: Records, fuse: Fuse) -> None:
        self._records = records
        self._fuse = fuse

    def read(self) -> AbstractContextManager[Reader]:
        return self._records.read()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        self._fuse.touch("before begin")
        with self._records.write() as tx:
            yield tx
            self._fuse.touch("before commit")
        self._fuse.touch("after commit")


def with_fuse(world: World, fuse: Fuse, *, records: bool) -> Cloud:
    """The world's cloud behind a fuse; ``records``: the transactions count too."""
    cloud = world.cloud
    return replace(
        cloud,
        records=FusedRecords(cloud.records, fuse) if records else cloud.records,
        disks=cast("DiskStore", Fused(cloud.disks, "disks", fuse)),
        hypervisor=cast("Hypervisor", Fused(cloud.hypervisor, "hypervisor", fuse)),
        networks=cast("VirtualNetwork", Fused(cloud.networks, "networks", fuse)),
        media=cast("ProvisioningMedia", Fused(cloud.media, "media", fuse)),
        remote_blobs=cast("RemoteBlobs", Fused(cloud.remote_blobs, "remote blobs", fuse)),
    )

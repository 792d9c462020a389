"""One request as the handlers see it, and what they answer. Nothing here knows the HTTP library."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from calco.blob.access import Allowed, Asked
from calco.blob.address import Address
from calco.blob.views import Views
from calco.model.ids import ResourceId
from calco.model.volume import Volume
from calco.ports import VolumeView
from calco.work.blob_copy import Copies
from calco.work.cloud import Cloud
from calco.work.shared_disk import SharedDisk
from calco.work.stored_blob import State, Target
from calco.work.turns import Turns


@dataclass(frozen=True)
class Tools:
    """What handlers work with beside the cloud, for as long as the process lives."""

    turns: Turns
    views: Views
    copies: Copies


@dataclass(frozen=True)
class Call:
    """A request whose signature was good. Header and query names are in lower case."""

    cloud: Cloud
    tools: Tools
    asked: Asked
    allowed: Allowed

    @property
    def address(self) -> Address:
        return self.asked.address

    @property
    def headers(self) -> Mapping[str, str]:
        return self.asked.headers

    @property
    def query(self) -> Mapping[str, str]:
        return self.asked.query

    @property
    def disk(self) -> SharedDisk | None:
        """The disk or snapshot whose bytes are asked for; None when it is a storage account's blob."""
        return self.allowed.disk

    @property
    def home(self) -> ResourceId:
        """The account. Only routes that are never a disk's may ask."""
        assert self.allowed.account is not None, "this route is a storage account's"
        return self.allowed.account

    @property
    def target(self) -> Target:
        return Target(self.home, self.address.container, self.address.blob)


Prepared = State | SharedDisk | None
"""What a route found before it read a body."""


@dataclass(frozen=True)
class Body:
    """What came with a request: read into memory, or received into a volume that nobody holds yet. ``md5`` is of a
    volume's bytes."""

    data: memoryview = field(default_factory=lambda: memoryview(b""))
    volume: Volume | None = None
    md5: bytes = b""
    prepared: Prepared = None


@dataclass(frozen=True)
class Slice:
    """Bytes of a view that are sent piece by piece; ``opened`` is entered, and left when they are sent."""

    opened: AbstractContextManager[VolumeView]
    offset: int
    length: int


@dataclass(frozen=True)
class Answer:
    """Status, headers, and a body in memory or a slice. For HEAD the headers say Content-Length themselves."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Slice = b""

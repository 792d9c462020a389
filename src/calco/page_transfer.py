"""The bytes of a disk over its signed URL, as any client of Azure moves them: pages up, ranges down, several at a time.

Only blocks that hold something travel. A disk's digest is the SHA-256 of those blocks in order, each behind its offset
and length: the same for the same content in every file format, and as cheap for 127 GiB of nothing as for 20 MiB.
"""

import base64
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar
from xml.etree import ElementTree

from calco.signed_url import BlobFailure, Resource

if TYPE_CHECKING:
    from concurrent.futures import Future

BLOCK = 4 * 1024 * 1024
"""What one Put Page may carry. Source: Azure, "Put Page"."""
SECTOR = 512
CONNECTIONS = 4

T = TypeVar("T")
Block = tuple[int, bytes]
"""Offset and data, without the zeros at its end."""
Said = Callable[[int], None]
"""Hears how many bytes of the disk lie behind us."""


class Extent(Protocol):
    @property
    def offset(self) -> int: ...

    @property
    def length(self) -> int: ...


class Content(Protocol):
    """A disk that can be read: a file of somebody's own."""

    @property
    def size_bytes(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes: ...

    def extents(self, offset: int, length: int) -> Iterable[Extent]: ...


@dataclass
class Digest:
    """Hears blocks in order. ``sent_bytes``: how many bytes they had."""

    sent_bytes: int = 0
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, block: Block) -> None:
        offset, data = block
        self._hash.update(offset.to_bytes(8) + len(data).to_bytes(8))
        self._hash.update(data)
        self.sent_bytes += len(data)

    def hex(self) -> str:
        return self._hash.hexdigest()


def starts(extents: Iterable[Extent], size_bytes: int) -> Iterator[tuple[int, int]]:
    """Offset and length of every block that an extent touches, in order, each once."""
    following = 0
    for extent in extents:
        at = max(following, extent.offset // BLOCK * BLOCK)
        while at < min(extent.offset + extent.length, size_bytes):
            yield at, min(BLOCK, size_bytes - at)
            at += BLOCK
        following = max(following, at)


def blocks(content: Content) -> Iterator[Block]:
    """The blocks of a disk that hold something."""
    for offset, length in starts(content.extents(0, content.size_bytes), content.size_bytes):
        data = content.read(offset, length).rstrip(b"\0")
        if data:
            yield offset, data


def digest_of(content: Content) -> str:
    digest = Digest()
    for each in blocks(content):
        digest.add(each)
    return digest.hex()


class PageBlob:
    """The pages of a blob or disk. Raises BlobFailure."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def close(self) -> None:
        self._resource.close()

    def create(self, length: int) -> None:
        """Make it anew, empty; in place of one that is there. Not for a disk, whose pages are there."""
        headers = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(length)}
        self._resource.ask("PUT", "", headers, b"")

    def put(self, offset: int, data: bytes) -> None:
        """Write pages; ``data`` is filled up to a whole sector."""
        data += bytes(-len(data) % SECTOR)
        headers = {
            "x-ms-page-write": "update",
            "x-ms-range": f"bytes={offset}-{offset + len(data) - 1}",
            "Content-MD5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
        }
        self._resource.ask("PUT", "&comp=page", headers, data)

    def get(self, offset: int, length: int) -> bytes:
        answer = self._resource.ask("GET", "", {"x-ms-range": f"bytes={offset}-{offset + length - 1}"})
        if len(answer.content) != length:
            raise BlobFailure(f"the service sent {len(answer.content)} bytes where {length} were asked for")
        return answer.content

    def length(self) -> int:
        return int(self._resource.ask("HEAD").headers.get("content-length") or 0)

    def ranges(self) -> list["Range"]:
        """Where there are pages."""
        answer = self._resource.ask("GET", "&comp=pagelist")
        found = []
        for each in ElementTree.fromstring(answer.content).iter("PageRange"):  # noqa: S314 our own service's
            start, end = int(each.findtext("Start", "0")), int(each.findtext("End", "0"))
            found.append(Range(start, end + 1 - start))
        return found


@dataclass(frozen=True)
class Range:
    offset: int
    length: int


def upload(blob: PageBlob, content: Content, said: Said) -> Digest:
    """Write every block of ``content`` that holds something."""
    digest = Digest()

    def send(block: Block) -> Block:
        blob.put(*block)
        return block

    for offset, data in _side_by_side(send, blocks(content)):
        digest.add((offset, data))
        said(offset + len(data))
    return digest


def download(blob: PageBlob, guest_bytes: int, keep: Callable[[int, bytes], None], said: Said) -> Digest:
    """Read every block of the disk that holds something, in order; ``keep`` hears offset and data."""
    digest = Digest()

    def fetch(place: tuple[int, int]) -> Block:
        offset, length = place
        return offset, blob.get(offset, length).rstrip(b"\0")

    for offset, data in _side_by_side(fetch, starts(blob.ranges(), guest_bytes)):
        if data:
            keep(offset, data)
            digest.add((offset, data))
        said(offset + len(data))
    return digest


def _side_by_side(work: Callable[[T], Block], items: Iterable[T]) -> Iterator[Block]:
    """``work`` of every item on several connections; what it answers in the items' order, a few ahead at most."""
    from concurrent.futures import ThreadPoolExecutor

    ahead: deque[Future[Block]] = deque()
    pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="pages")
    try:
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > 2 * CONNECTIONS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

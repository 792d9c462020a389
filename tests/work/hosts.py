"""A host of page blobs, in memory: what ``storage.remote_blob`` reads over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from calco.model import vhd
from calco.model.volume import MIB
from calco.ports import BlobAbsent, BlobUnreadable, HostRefused, NoRemoteBlob, RemoteBlob
from tests.world import World

HOST = "https://far.example:10000"


@dataclass
class OneHost:
    """``ports.RemoteBlobs`` with ``HOST`` on its list. ``blobs``: pages by URI, the footer among them. ``read`` counts
    the pages that were transferred; ``trouble`` is raised at every look when it is set."""

    blobs: dict[str, tuple[int, dict[int, bytes]]] = field(default_factory=dict)
    read: int = 0
    trouble: NoRemoteBlob | None = None

    def lists(self, uri: str) -> bool:
        return uri.startswith(f"{HOST}/")

    def look(self, uri: str) -> RemoteBlob:
        if not self.lists(uri):
            raise HostRefused("it is not on the list")
        if self.trouble is not None:
            raise self.trouble
        if uri not in self.blobs:
            raise BlobAbsent("it has no such blob")
        length, pages = self.blobs[uri]
        return RemoteBlob(uri, length, "etag", pages.get(length - vhd.FOOTER_BYTES, b""))

    def pages(self, blob: RemoteBlob) -> tuple[int, Iterator[tuple[int, bytes]]]:
        if blob.uri not in self.blobs:
            raise BlobUnreadable("it changed")
        _, pages = self.blobs[blob.uri]
        return sum(map(len, pages.values())), self._pages(pages)

    def _pages(self, pages: dict[int, bytes]) -> Iterator[tuple[int, bytes]]:
        for each in sorted(pages.items()):
            self.read += 1
            yield each


def far_blob(world: World, host: OneHost, name: str, guest_bytes: int = 64 * MIB, footer: bytes | None = None) -> str:
    """A VHD on the far host with something in its first page."""
    uri = f"{HOST}/vhds/{name}"
    right = vhd.footer(guest_bytes, world.chance.guid(), world.clock.now())
    pages = {0: b"far".ljust(512), guest_bytes: right if footer is None else footer}
    host.blobs[uri] = (guest_bytes + vhd.FOOTER_BYTES, pages)
    return uri

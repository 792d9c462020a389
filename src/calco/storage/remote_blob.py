"""Page blobs of other hosts, for images and disks whose ``blobUri`` leads away from this service.

A URI comes from a request, so it may ask this machine to fetch what its sender cannot reach. Hence: nothing is read
unless the settings list the host and port; the name is resolved once, an address that is not a public one is refused
unless the list has that very address, and the connection goes to the address that was looked at; redirects are not
followed, proxies not asked; every answer has its limit. Of the blob only its page ranges are transferred.

Sources: Azure, "Get Blob Properties", "Get Page Ranges", "Get Blob" (Blob service REST API).
"""

import http.client
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from calco.model.blob_host import Host
from calco.model.vhd import DATA_DISK_MAX_BYTES, FOOTER_BYTES
from calco.model.volume import GIB, MIB
from calco.ports import BlobAbsent, BlobOfOtherType, BlobUnreadable, HostRefused, RemoteBlob

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]
"""Addresses of a name, as text. Raises OSError."""

VERSION = "2021-08-06"
"""``x-ms-version``: since 2020-10-02 page ranges may come in parts."""
ANSWER_SECONDS = 60
_RANGES_MAX = 1_000_000
"""Of 64 GiB; Azure's own lists have some ten thousand to a part."""
_LIST_BYTES = 64 * MIB
"""The most of one list of page ranges: about a million of them."""
_LIST_WINDOW = 64 * GIB
"""Of how much of a blob page ranges are asked at once: Azure gives up on long lists."""
_PIECE_BYTES = 4 * MIB
_MAX_BYTES = DATA_DISK_MAX_BYTES + FOOTER_BYTES
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_RANGE = re.compile(rb"<PageRange>\s*<Start>(\d{1,19})</Start>\s*<End>(\d{1,19})</End>\s*</PageRange>")


@dataclass(frozen=True)
class _Target:
    """A URI taken apart. ``path`` has the query with it, which may be a signature: it is never shown."""

    scheme: str
    host: str
    port: int
    netloc: str
    path: str

    def with_query(self, more: str) -> str:
        return f"{self.path}{'&' if '?' in self.path else '?'}{more}"


def _read_uri(uri: str) -> _Target:
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as malformed:
        raise HostRefused("the URI cannot be read") from malformed
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or len(uri) > 8192:
        raise HostRefused("the URI is no http or https address of a blob")
    # Quoting what may not stand in a request line also takes line breaks away.
    path = quote(parts.path, safe="/%!$&'()*+,;=:@~-._") or "/"
    query = f"?{quote(parts.query, safe='/?%!$&()*+,;=:@~-._')}" if parts.query else ""
    return _Target(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], parts.netloc, path + query)


class _Checked(http.client.HTTPConnection):
    """Connects as we say, also when the host hangs up between two requests and one connects again."""

    def __init__(self, target: _Target, open: Callable[[], socket.socket]) -> None:
        super().__init__(target.host, target.port)
        self._open = open

    def connect(self) -> None:
        self.sock = self._open()


class ListedBlobs:
    """``ports.RemoteBlobs`` for the hosts of a list."""

    def __init__(
        self, hosts: Iterable[Host], *, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        """``trust``: whom to believe over TLS; by default whom the system believes."""
        self._hosts = frozenset(hosts)
        self._resolve = resolve or _resolve
        self._trust = trust

    def lists(self, uri: str) -> bool:
        try:
            return self._is_listed(_read_uri(uri))
        except HostRefused:
            return False

    def look(self, uri: str) -> RemoteBlob:
        target = _read_uri(uri)
        with self._connected(target) as connection:
            head = _ask(connection, target, "HEAD", target.path, {})
            head.read()  # there is nothing, and only then may one ask again
            type = head.getheader("x-ms-blob-type") or "unknown"
            if type != "PageBlob":
                raise BlobOfOtherType(type)
            length, etag = _number(head.getheader("Content-Length")), head.getheader("ETag")
            if length is None or length > _MAX_BYTES or not etag:
                raise BlobUnreadable(f"{target.netloc} does not tell the blob's length and ETag, or it is too long")
            seen = RemoteBlob(uri, length, etag, b"")
            last = min(FOOTER_BYTES, length)
            footer = _read_range(connection, target, seen, length - last, last) if last else b""
        return RemoteBlob(uri, length, etag, footer)

    def pages(self, blob: RemoteBlob) -> tuple[int, Iterator[tuple[int, bytes]]]:
        target = _read_uri(blob.uri)
        with self._connected(target) as connection:
            ranges = [
                each
                for start in range(0, blob.length, _LIST_WINDOW)
                for each in _ranges(connection, target, blob, start, min(start + _LIST_WINDOW, blob.length))
            ]
        return sum(length for _, length in ranges), self._transfer(target, blob, ranges)

    def _transfer(
        self, target: _Target, blob: RemoteBlob, ranges: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[int, bytes]]:
        with self._connected(target) as connection:
            for start, length in ranges:
                for at in range(start, start + length, _PIECE_BYTES):
                    piece = min(_PIECE_BYTES, start + length - at)
                    yield at, _read_range(connection, target, blob, at, piece)

    # --- who may be asked ---

    def _is_listed(self, target: _Target) -> bool:
        own = _DEFAULT_PORTS[target.scheme]
        return any(each.name == target.host and (each.port or own) == target.port for each in self._hosts)

    @contextmanager
    def _connected(self, target: _Target) -> Iterator[http.client.HTTPConnection]:
        """A connection to an address of the host that was looked at. What goes wrong with it is BlobUnreadable."""
        if not self._is_listed(target):
            raise HostRefused(f"the host {target.netloc} is not on the list of hosts that blobs are read from")
        connection = _Checked(target, lambda: self._open(target, self._address(target)))
        try:
            yield connection
        except (OSError, http.client.HTTPException) as error:
            raise BlobUnreadable(f"{target.netloc} did not answer as it should: {error}") from error
        finally:
            connection.close()

    def _address(self, target: _Target) -> str:
        """The first address of the host that may be connected to."""
        found = list(self._resolve(target.host, target.port))
        for text in found:
            if self._may_reach(ipaddress.ip_address(text), target):
                return text
        said = ", ".join(found) or "nothing"
        raise HostRefused(
            f"the host {target.netloc} is at {said}, which is no public address and is not itself on the list"
        )

    def _may_reach(self, address: Address, target: _Target) -> bool:
        """A name on the list opens public addresses only; any other must be listed as the address it is."""
        if is_public(address):
            return True
        own = _DEFAULT_PORTS[target.scheme]
        listed = {each.name for each in self._hosts if (each.port or own) == target.port}
        return str(address) in listed

    def _open(self, target: _Target, address: str) -> socket.socket:
        opened = socket.create_connection((address, target.port), timeout=ANSWER_SECONDS)
        if target.scheme == "http":
            return opened
        try:
            # The certificate is the name's, whatever address it was found at.
            return (self._trust or ssl.create_default_context()).wrap_socket(opened, server_hostname=target.host)
        except BaseException:
            opened.close()
            raise


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for *_, address in found]


def is_public(address: Address) -> bool:
    """Whether an address is one of the Internet's, also when it carries another one within it."""
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if within is None and address in _NAT64:
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return is_public(within)
    return address.is_global and not address.is_multicast


# --- what is asked ---------------------------------------------------------------------------------------------------


def _ask(
    connection: http.client.HTTPConnection, target: _Target, method: str, path: str, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """The answer to one request, if it is a good one. Raises BlobAbsent, BlobUnreadable."""
    words = {"Host": target.netloc, "x-ms-version": VERSION, "Accept-Encoding": "identity", **headers}
    try:
        connection.request(method, path, headers=words)
        answer = connection.getresponse()
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        connection.close()  # it was kept for us, and the host had enough of that
        connection.request(method, path, headers=words)
        answer = connection.getresponse()
    if answer.status in {200, 206}:
        return answer
    if answer.status == 404:
        raise BlobAbsent(f"{target.netloc} has no such blob")
    if 300 <= answer.status < 400:
        raise BlobUnreadable(f"{target.netloc} sends us elsewhere ({answer.status}), and redirects are not followed")
    if answer.status in {401, 403}:
        raise BlobUnreadable(f"{target.netloc} does not let us read the blob ({answer.status}): use a URI with a SAS")
    if answer.status == 412:
        raise BlobUnreadable(f"the blob at {target.netloc} was changed while it was read")
    raise BlobUnreadable(f"{target.netloc} answered with status {answer.status}")


def _ranges(
    connection: http.client.HTTPConnection, target: _Target, blob: RemoteBlob, start: int, end: int
) -> list[tuple[int, int]]:
    """Offsets and lengths of what that part of the blob holds, in order."""
    found: list[tuple[int, int]] = []
    marker = b""
    while True:
        query = "comp=pagelist" + (f"&marker={quote(marker, safe='')}" if marker else "")
        headers = {"x-ms-range": f"bytes={start}-{end - 1}", "If-Match": blob.etag}
        answer = _ask(connection, target, "GET", target.with_query(query), headers)
        text = answer.read(_LIST_BYTES + 1)
        if len(text) > _LIST_BYTES or b"<PageList" not in text[:200]:
            raise BlobUnreadable(f"{target.netloc} did not answer with a list of page ranges")
        known = len(found)
        for each in _RANGE.finditer(text):
            first, last = int(each[1]), int(each[2])
            # A range that reaches over the window's end comes whole, once in each.
            begin, length = max(first, start), min(last + 1, end) - max(first, start)
            if length <= 0 or (found and begin < sum(found[-1])) or last >= blob.length:
                raise BlobUnreadable(f"{target.netloc} answered with page ranges that cannot be")
            found.append((begin, length))
        next = re.search(rb"<NextMarker>([^<]{1,2048})</NextMarker>", text)
        if next is None or next[1] == marker:
            return found
        if len(found) == known or len(found) > _RANGES_MAX:
            raise BlobUnreadable(f"{target.netloc} goes on and on about the blob's page ranges")
        marker = next[1]


def _read_range(
    connection: http.client.HTTPConnection, target: _Target, blob: RemoteBlob, at: int, length: int
) -> bytes:
    headers = {"x-ms-range": f"bytes={at}-{at + length - 1}", "If-Match": blob.etag}
    answer = _ask(connection, target, "GET", target.path, headers)
    told = answer.getheader("Content-Range")
    if answer.status != 206 or told != f"bytes {at}-{at + length - 1}/{blob.length}":
        raise BlobUnreadable(f"{target.netloc} did not answer with the range that was asked for")
    data = answer.read(length + 1)
    if len(data) != length:
        raise BlobUnreadable(f"{target.netloc} answered with {len(data)} bytes where {length} were asked for")
    return data


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,19}", text) else None

"""Reading other hosts' blobs: who may be asked at all, and what is made of their answers."""

import ipaddress
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.blob_host import Host, read_hosts
from calco.model.volume import GIB, MIB
from calco.ports import BlobAbsent, BlobOfOtherType, BlobUnreadable, HostRefused, NoRemoteBlob
from calco.storage.remote_blob import ListedBlobs, is_public

SIZE = 4 * MIB + 512
SAS = "sv=2021-08-06&sig=secret%2Bsecret%3D"


@dataclass
class Endpoint:
    """A blob endpoint as simple as can be, and what it was asked. ``spoil`` changes an answer."""

    content: bytes = b"a" * 4096 + bytes(MIB) + b"b" * 512 + bytes(3 * MIB - 4096 - 512) + b"f" * 512
    type: str = "PageBlob"
    ranges: Sequence[tuple[int, int]] = ((0, 4096), (4096 + MIB, 512), (4 * MIB, 512))
    etag: str = '"0x1"'
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    spoil: Callable[[str, int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]] | None = None

    def answer(self, method: str, path: str, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        self.asked.append((method, path, wanted))
        headers = {"ETag": self.etag, "x-ms-blob-type": self.type}
        name, _, query = path.partition("?")
        if name != "/account/vhds/a.vhd":
            return 404, {}, b"<Error/>"
        start, end = [int(each) for each in wanted.removeprefix("bytes=").split("-")] if wanted else (0, 0)
        if method == "HEAD":
            status, body = 200, b""
            headers["Content-Length"] = str(len(self.content))
        elif "comp=pagelist" in query:
            inside = [(at, at + n - 1) for at, n in self.ranges if at <= end and at + n > start]
            words = "".join(f"<PageRange><Start>{a}</Start><End>{b}</End></PageRange>" for a, b in inside)
            status, body = 200, f'<?xml version="1.0"?><PageList>{words}</PageList>'.encode()
        else:
            status, body = 206, self.content[start : end + 1]
            headers["Content-Range"] = f"bytes {start}-{end}/{len(self.content)}"
        return self.spoil(path, status, headers, body) if self.spoil else (status, headers, body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    endpoint: Endpoint

    def do_HEAD(self) -> None:
        self.serve()

    def do_GET(self) -> None:
        self.serve()

    def serve(self) -> None:
        status, headers, body = self.endpoint.answer(self.command, self.path, self.headers.get("x-ms-range"))
        if self.headers.get("If-Match", self.endpoint.etag) != self.endpoint.etag:
            status, headers, body = 412, {}, b"<Error/>"
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = None, size: object = None) -> None:
        del code, size


@dataclass
class Served:
    endpoint: Endpoint
    port: int

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}/account/vhds/a.vhd"

    def blobs(self) -> ListedBlobs:
        return ListedBlobs(read_hosts([f"127.0.0.1:{self.port}"]))


@pytest.fixture
def served() -> Iterator[Served]:
    endpoint = Endpoint()
    handler = type("OfTest", (Handler,), {"endpoint": endpoint})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Served(endpoint, server.server_address[1])
        server.shutdown()
        thread.join()


# --- who may be asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("Account.blob.core.windows.net", Host("account.blob.core.windows.net", None)),
        (" storage.lab:10000", Host("storage.lab", 10000)),
        ("127.0.0.1:10000", Host("127.0.0.1", 10000)),
        ("[::1]:10000", Host("::1", 10000)),
    ],
)
def test_a_host_is_listed_with_or_without_a_port(entry: str, host: Host) -> None:
    assert read_hosts([entry]) == (host,)


@pytest.mark.parametrize(
    "entry",
    ["", "https://host", "host/path", "user@host", "host:port", "host:99999", "*.host", "a b", "host?x", "[::1"],
)
def test_what_is_no_host_is_not_listed(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        read_hosts([entry])


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/a/b/c",
        "http://127.0.0.1:1/a/b/c",
        "https://localhost:{port}/a/b/c",
        "http://127.0.0.2:{port}/a/b/c",
        "http://[::ffff:127.0.0.1]:{port}/a/b/c",
        "http://2130706433:{port}/a/b/c",
        "http://127.0.0.1:{port}@elsewhere/a/b/c",
        "http://user:word@127.0.0.1:{port}/a/b/c",
        "ftp://127.0.0.1:{port}/a/b/c",
        "file:///etc/passwd",
        "http://127.0.0.1:{port}x/a",
        "nothing",
        "http://[::1/a",
    ],
)
def test_nobody_is_asked_who_is_not_listed(served: Served, uri: str) -> None:
    uri = uri.format(port=served.port)

    for attempt in (served.blobs().look, ListedBlobs([]).look):
        with pytest.raises(HostRefused):
            attempt(uri)

    assert not served.blobs().lists(uri)
    assert served.endpoint.asked == []


ADDRESSES = (
    "0.0.0.0",  # noqa: S104 - nobody binds to it
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_listed_name_does_not_open_an_address_that_is_not_public(served: Served, address: str) -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [address]

    blobs = ListedBlobs(read_hosts(["blobs.example", f"blobs.example:{served.port}"]), resolve=resolve)

    with pytest.raises(HostRefused, match="public"):
        blobs.look(f"http://blobs.example:{served.port}/account/vhds/a.vhd?{SAS}")

    assert asked == ["blobs.example"]
    assert served.endpoint.asked == []


@pytest.mark.parametrize("address", ["20.60.1.1", "8.8.8.8", "2603:1030::1", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_the_internet_s_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_name_opens_an_address_that_is_listed_itself_and_is_looked_up_once(served: Served) -> None:
    answers = iter([["10.0.0.9", "127.0.0.1"]])
    blobs = ListedBlobs(
        read_hosts([f"blobs.example:{served.port}", f"127.0.0.1:{served.port}"]),
        resolve=lambda *_: next(answers),  # a second look-up would fail, and could have lied
    )

    blob = blobs.look(f"http://blobs.example:{served.port}/account/vhds/a.vhd")

    assert blob.length == SIZE


def test_an_address_that_is_listed_for_one_port_is_closed_at_others(served: Served) -> None:
    blobs = ListedBlobs(read_hosts([f"blobs.example:{served.port}", "127.0.0.1:1"]), resolve=lambda *_: ["127.0.0.1"])

    with pytest.raises(HostRefused):
        blobs.look(f"http://blobs.example:{served.port}/account/vhds/a.vhd")

    assert served.endpoint.asked == []


@given(st.text(max_size=60))
def test_any_text_is_refused_or_listed(text: str) -> None:
    blobs = ListedBlobs([Host("host", None)])

    assert blobs.lists(text) in {True, False}
    assert not blobs.lists(f"http://{text}@other/")


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_only_the_pages_that_hold_anything_are_transferred(served: Served) -> None:
    blobs = served.blobs()
    assert blobs.lists(served.uri)

    blob = blobs.look(f"{served.uri}?{SAS}")
    total, pages = blobs.pages(blob)
    received = list(pages)

    assert (blob.length, blob.etag, blob.footer) == (SIZE, '"0x1"', b"f" * 512)
    assert total == 4096 + 512 + 512
    assert received == [(0, b"a" * 4096), (4096 + MIB, b"b" * 512), (4 * MIB, b"f" * 512)]
    path = f"/account/vhds/a.vhd?{SAS}"
    assert served.endpoint.asked == [
        ("HEAD", path, None),
        ("GET", path, f"bytes={4 * MIB}-{SIZE - 1}"),
        ("GET", f"{path}&comp=pagelist", f"bytes=0-{SIZE - 1}"),
        ("GET", path, "bytes=0-4095"),
        ("GET", path, f"bytes={4096 + MIB}-{4096 + MIB + 511}"),
        ("GET", path, f"bytes={4 * MIB}-{SIZE - 1}"),
    ]


def test_large_ranges_come_in_pieces(served: Served) -> None:
    served.endpoint.content = bytes(range(256)) * (36 * 1024)
    served.endpoint.ranges = [(512, 9 * MIB - 512)]
    blobs = served.blobs()

    total, pages = blobs.pages(blobs.look(served.uri))
    received = dict(pages)

    assert total == 9 * MIB - 512
    assert b"".join(received.values()) == served.endpoint.content[512:]
    assert [len(each) for each in received.values()] == [4 * MIB, 4 * MIB, MIB - 512]


def test_a_blob_of_other_type_is_not_read(served: Served) -> None:
    served.endpoint.type = "BlockBlob"

    with pytest.raises(BlobOfOtherType, match="BlockBlob"):
        served.blobs().look(served.uri)

    assert len(served.endpoint.asked) == 1


def test_a_blob_that_is_not_there_is_absent(served: Served) -> None:
    with pytest.raises(BlobAbsent):
        served.blobs().look(served.uri + "x")


def test_a_host_that_is_not_there_is_unreadable(served: Served) -> None:
    port = served.port ^ 1
    with pytest.raises(NoRemoteBlob):
        ListedBlobs(read_hosts([f"127.0.0.1:{port}"])).look(f"http://127.0.0.1:{port}/a/b/c?{SAS}")


def test_line_breaks_in_a_uri_do_not_become_headers(served: Served) -> None:
    with pytest.raises(NoRemoteBlob):
        served.blobs().look(f"http://127.0.0.1:{served.port}/a\r\nX-Evil: 1\r\n\r\n?x=\r\nX-Evil: 2")

    assert all("\r" not in path and " " not in path for _, path, _ in served.endpoint.asked)


Answer = tuple[int, dict[str, str], bytes]
ELSEWHERE = {"Location": "http://127.0.0.1:1/"}


@pytest.mark.parametrize(
    ("status", "changed", "words"),
    [
        (302, ELSEWHERE, "redirects are not followed"),
        (307, ELSEWHERE, "redirects are not followed"),
        (403, {}, "use a URI with a SAS"),
        (412, {}, "was changed"),
        (500, {}, "status 500"),
        (200, {"Content-Length": str(40000 * GIB)}, "too long"),
        (200, {"Content-Length": "-1"}, "length"),
        (200, {"ETag": ""}, "ETag"),
    ],
)
def test_an_answer_that_is_none_is_unreadable(served: Served, status: int, changed: dict[str, str], words: str) -> None:
    served.endpoint.spoil = lambda _path, _status, headers, body: (status, headers | changed, body)

    with pytest.raises(BlobUnreadable, match=words) as refused:
        served.blobs().look(f"{served.uri}?{SAS}")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("read", [0, 1], ids=["before its ranges are listed", "in the middle"])
def test_a_blob_that_is_changed_while_it_is_read_is_unreadable(served: Served, read: int) -> None:
    blobs = served.blobs()
    found = blobs.look(served.uri)

    def all_pages() -> None:
        if not read:
            served.endpoint.etag = '"0x2"'
        _, pages = blobs.pages(found)
        next(pages)
        served.endpoint.etag = '"0x2"'
        list(pages)

    with pytest.raises(BlobUnreadable, match="was changed"):
        all_pages()


@pytest.mark.parametrize(
    "ranges",
    [
        b"<PageRange><Start>512</Start><End>1023</End></PageRange><PageRange><Start>0</Start><End>511</End></PageRange>",
        b"<PageRange><Start>0</Start><End>1023</End></PageRange><PageRange><Start>512</Start><End>2047</End></PageRange>",
        b"<PageRange><Start>0</Start><End>%d</End></PageRange>" % SIZE,
        b"<PageRange><Start>1024</Start><End>511</End></PageRange>",
        b"<PageRange><Start>%d</Start><End>%d</End></PageRange>" % (2**63, 2**63 + 511),
    ],
    ids=["out of order", "overlapping", "beyond the end", "backwards", "far away"],
)
def test_page_ranges_that_cannot_be_are_unreadable(served: Served, ranges: bytes) -> None:
    blobs = served.blobs()
    blob = blobs.look(served.uri)
    served.endpoint.spoil = lambda _path, status, headers, _body: (status, headers, b"<PageList>" + ranges)

    with pytest.raises(BlobUnreadable, match="cannot be"):
        blobs.pages(blob)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _path, _status, headers, body: (200, headers, body),
        lambda _path, status, headers, body: (status, {**headers, "Content-Range": "bytes 0-511/512"}, body),
        lambda _path, status, headers, body: (status, headers, body[:-1]),
        lambda _path, status, headers, body: (status, headers, body + b"x"),
        lambda _path, _status, headers, body: (412, headers, body),
    ],
    ids=["not partial", "another range", "too few bytes", "too many bytes", "changed meanwhile"],
)
def test_pages_are_what_was_asked_for_or_unreadable(
    served: Served, spoil: Callable[[str, int, dict[str, str], bytes], Answer]
) -> None:
    blobs = served.blobs()
    _, pages = blobs.pages(blobs.look(served.uri))
    served.endpoint.spoil = spoil

    with pytest.raises(BlobUnreadable):
        list(pages)


def test_a_list_in_parts_is_followed_to_its_end(served: Served) -> None:
    blobs = served.blobs()
    blob = blobs.look(served.uri)

    def in_parts(path: str, status: int, headers: dict[str, str], body: bytes) -> Answer:
        if "comp=pagelist" not in path:
            return status, headers, body
        if "marker=next%2Fone" in path:
            return status, headers, b"<PageList><PageRange><Start>1024</Start><End>1535</End></PageRange></PageList>"
        first = b"<PageRange><Start>0</Start><End>511</End></PageRange><NextMarker>next/one</NextMarker>"
        return status, headers, b"<PageList>" + first + b"</PageList>"

    served.endpoint.spoil = in_parts

    total, pages = blobs.pages(blob)

    assert total == 1024
    assert [at for at, _ in pages] == [0, 1024]


def test_a_list_of_page_ranges_that_never_ends_is_not_followed(served: Served) -> None:
    blobs = served.blobs()
    blob = blobs.look(served.uri)
    turns = iter(range(1_000))

    def endless(path: str, status: int, headers: dict[str, str], body: bytes) -> Answer:
        marker = f"<NextMarker>{next(turns)}</NextMarker>".encode()
        return status, headers, b"<PageList>" + marker + b"</PageList>"

    served.endpoint.spoil = endless

    with pytest.raises(BlobUnreadable, match="on and on"):
        blobs.pages(blob)
    assert next(turns) < 5


def test_a_host_that_hangs_up_between_two_requests_is_asked_again(served: Served) -> None:
    served.endpoint.spoil = lambda _path, status, headers, body: (status, {**headers, "Connection": "close"}, body)
    blobs = served.blobs()

    _, pages = blobs.pages(blobs.look(served.uri))

    assert len(list(pages)) == 3

"""The fabric listens on sockets it is handed, knows guests by where they are, and survives all of them."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from calco.guest.limits import Heard, Limits, Rate
from calco.guest.listener import FabricListener
from calco.model.guest import Agent, Guest, Health, Report, Subject
from tests.guest.guests import ADDRESS, NETWORK, VM_ID, WEB1, Directory, StandingClock, health
from tests.guest.test_wireserver import CLOUD_INIT, STATUS, WAAGENT, upload

SERVICES = ("imds", "wireserver", "hostplugin")
LOOPBACK = "127.0.0.1"


class Fabric:
    """A listener on loopback, where the caller is 127.0.0.1 of NETWORK, and how a guest speaks to it."""

    def __init__(self, directory: Directory, limits: Limits | None = None) -> None:
        self.directory = directory
        self.clock = StandingClock()
        self.listener = FabricListener(directory, clock=self.clock, limits=limits)
        sockets = {service: socket.create_server((LOOPBACK, 0)) for service in SERVICES}
        self.ports = {service: int(each.getsockname()[1]) for service, each in sockets.items()}
        self.listener.serve(NETWORK, sockets)

    def dial(self, service: str) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(LOOPBACK, self.ports[service], timeout=10)

    def connect(self, service: str) -> socket.socket:
        return socket.create_connection((LOOPBACK, self.ports[service]), timeout=10)

    def ask(
        self, service: str, method: str, target: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        with closing(self.dial(service)) as guest:
            guest.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = guest.getresponse()
            return answer.status, answer.read()

    def metadata(self) -> tuple[int, bytes]:
        return self.ask("imds", "GET", "/metadata/instance?api-version=2021-08-01", Metadata="true")

    def raw(self, service: str, sent: bytes) -> bytes:
        """What comes back for raw bytes until the fabric hangs up."""
        with self.connect(service) as guest:
            with suppress(OSError):  # it may hang up before all is sent
                guest.sendall(sent)
                guest.shutdown(socket.SHUT_WR)
            received = b""
            with suppress(ConnectionResetError):
                while chunk := guest.recv(65536):
                    received += chunk
            return received


@contextmanager
def running(directory: Directory | None = None, limits: Limits | None = None) -> Iterator[Fabric]:
    fabric = Fabric(directory or Directory({(NETWORK, LOOPBACK): WEB1}), limits)
    try:
        yield fabric
    finally:
        fabric.listener.stop()


@pytest.fixture
def fabric() -> Iterator[Fabric]:
    with running() as fabric:
        yield fabric


def test_the_way_of_cloud_init_to_ready(fabric: Fabric) -> None:
    status, body = fabric.ask(
        "imds", "GET", "/metadata/instance?api-version=2021-08-01&extended=true", Metadata="true", User_Agent=CLOUD_INIT
    )
    assert (status, json.loads(body)["compute"]["vmId"]) == (200, VM_ID)
    assert fabric.ask("wireserver", "GET", "/machine/?comp=goalstate")[0] == 200

    posted = fabric.ask("wireserver", "POST", "/machine?comp=health", health(), User_Agent=CLOUD_INIT)

    assert posted == (200, b"")
    assert fabric.directory.reports == [
        (VM_ID, Report(Agent.CLOUD_INIT, Health.READY, agent_version="22.4.2-1+deb12u4"))
    ]


def test_one_connection_carries_many_requests(fabric: Fabric) -> None:
    with closing(fabric.dial("wireserver")) as guest:
        for _ in range(5):
            guest.request("GET", "/?comp=versions")
            answer = guest.getresponse()
            assert answer.status == 200
            assert answer.getheader("Date") == "Sat, 14 Mar 2026 12:00:00 GMT"
            assert b"2012-11-30" in answer.read()


def test_a_stranger_is_told_nothing() -> None:
    with running(Directory()) as fabric:  # which knows 10.0.0.4 only, not 127.0.0.1
        assert fabric.metadata()[0] == 404
        assert fabric.ask("wireserver", "GET", "/machine?comp=goalstate")[0] == 404
        assert fabric.ask("wireserver", "POST", "/machine?comp=health", health())[0] == 404

        assert fabric.directory.reports == []


def test_on_its_own_unix_sockets_a_machine_is_known_by_them(tmp_path: Path) -> None:
    # given two machines by slirp
    other = Guest("7d1b4f0e-0b0e-4a55-9d3c-3f7b6a1c2e02", 1, {"name": "web2"}, ())
    directory = Directory({(NETWORK, ADDRESS): WEB1, (NETWORK, "10.0.0.5"): other})
    with running(directory) as fabric:
        for address in (ADDRESS, "10.0.0.5"):
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(tmp_path / address))
            listening.listen()
            fabric.listener.serve_unix(NETWORK, address, {"wireserver": listening})

        assert b"._web1<" in goal_state(tmp_path / ADDRESS)
        assert b"._web2<" in goal_state(tmp_path / "10.0.0.5")

        # when one is closed, then the other goes on
        fabric.listener.close_unix(NETWORK, ADDRESS)
        with pytest.raises(ConnectionRefusedError):
            goal_state(tmp_path / ADDRESS)
        assert b"._web2<" in goal_state(tmp_path / "10.0.0.5")

        fabric.listener.close(NETWORK)
        with pytest.raises(ConnectionRefusedError):
            goal_state(tmp_path / "10.0.0.5")


def goal_state(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as guest:
        guest.settimeout(10)
        guest.connect(str(path))
        guest.sendall(b"GET /machine/?comp=goalstate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: guest.recv(65536), b""))


def test_closing_a_network_closes_its_sockets_and_its_conversations() -> None:
    patient = Limits(request_seconds=3600)
    with running(limits=patient) as fabric, closing(fabric.dial("wireserver")) as guest:
        guest.request("GET", "/?comp=versions")
        guest.getresponse().read()

        fabric.listener.close("another network")
        fabric.listener.close(NETWORK)
        fabric.listener.close(NETWORK)

        with pytest.raises((ConnectionError, http.client.HTTPException)):
            talk_on(guest)
        with pytest.raises(ConnectionRefusedError):
            fabric.metadata()


def talk_on(guest: http.client.HTTPConnection) -> None:
    guest.request("GET", "/?comp=versions")
    guest.getresponse()


def test_a_network_served_again_answers_on_its_new_sockets(fabric: Fabric) -> None:
    fresh = socket.create_server((LOOPBACK, 0))
    old, fabric.ports["imds"] = fabric.ports["imds"], int(fresh.getsockname()[1])

    fabric.listener.serve(NETWORK, {"imds": fresh})

    assert fabric.metadata()[0] == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, old), timeout=10)


def test_an_unknown_service_is_refused_before_anything_is_served() -> None:
    listener = FabricListener(Directory(), clock=StandingClock())
    with pytest.raises(ValueError, match="ftp"):
        listener.serve(NETWORK, {"ftp": None})  # type: ignore[dict-item]
    listener.close(NETWORK)
    listener.stop()


def test_a_sixth_question_in_a_second_is_one_too_many_and_the_wireserver_does_not_mind(fabric: Fabric) -> None:
    assert [fabric.metadata()[0] for _ in range(6)] == [200] * 5 + [429]
    assert fabric.ask("wireserver", "GET", "/?comp=versions")[0] == 200

    fabric.clock.seconds += 0.2
    assert [fabric.metadata()[0] for _ in range(2)] == [200, 429]


def test_reports_beyond_the_rate_are_refused_and_not_passed_on() -> None:
    with running(limits=Limits(reports_per_second=1, reports_at_once=3)) as fabric:

        def report() -> int:
            return fabric.ask("wireserver", "POST", "/machine?comp=health", health())[0]

        assert [report() for _ in range(5)] == [200, 200, 200, 429, 429]
        assert len(fabric.directory.reports) == 3

        fabric.clock.seconds += 1
        assert [report() for _ in range(2)] == [200, 429]


def test_an_agent_that_repeats_itself_is_passed_on_once_a_minute(fabric: Fabric) -> None:
    for _ in range(25):  # every six seconds for two and a half minutes
        assert fabric.ask("hostplugin", "PUT", "/status", upload(STATUS), User_Agent=WAAGENT)[0] == 200
        fabric.clock.seconds += 6

    assert len(fabric.directory.reports) == 3
    assert {report.subject for _, report in fabric.directory.reports} == {Subject.AGENT}


class BrokenDirectory(Directory):
    """Knows everyone, and breaks when it has to remember."""

    def heard(self, vm_id: str, report: Report) -> None:  # noqa: ARG002
        raise RuntimeError("disk on fire")


def test_a_failure_in_here_is_a_500_and_the_next_request_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    with running(BrokenDirectory({(NETWORK, LOOPBACK): WEB1})) as fabric:
        status, body = fabric.ask("wireserver", "POST", "/machine?comp=health", health())

        assert status == 500
        assert b"fire" not in body
        assert "disk on fire" in caplog.text
        assert "<State>" not in caplog.text
        assert fabric.metadata()[0] == 200


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"", {b""}),
        (b"\r\n\r\n\r\n", {b"400"}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {b"", b"400"}),
        (b"BREW /coffee HTCPCP/1.0\r\n\r\n", {b"400"}),
        (b"GET / HTTP/1.1\r\n\r\n", {b"400"}),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", {b"400"}),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", {b"400"}),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", {b"400"}),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", {b"400"}),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", {b"501"}),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {b"431", b""}),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", {b"431", b""}),
        (b"POST /machine?comp=health HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nshort", {b"", b"400"}),
        (b"HEAD /metadata/versions HTTP/1.1\r\nHost: x\r\nMetadata: true\r\n\r\n", {b"405", b"404"}),
        (b"GET /metadata/\xff HTTP/1.1\r\nHost: x\r\n\r\n", {b"400"}),
        (b"GET / HTTP/1.0\r\n\r\n", {b"400", b"404"}),
    ],
)
def test_what_is_no_request_is_refused_and_the_listener_goes_on(
    sent: bytes, statuses: set[bytes], fabric: Fabric
) -> None:
    for service in SERVICES:
        received = fabric.raw(service, sent)
        assert received == b"" or received.startswith(b"HTTP/1.1 ")
        assert received[9:12] in statuses

    assert fabric.directory.reports == []
    assert fabric.metadata()[0] == 200


def test_a_body_too_long_is_not_read_to_its_end() -> None:
    with running(limits=Limits(body_bytes=1000)) as fabric:
        head = b"POST /machine?comp=health HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n"
        assert fabric.raw("wireserver", head + b"x" * 1500)[9:12] == b"413"

        assert fabric.directory.reports == []


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(fabric: Fabric) -> None:
    body = health()
    head = b"POST /machine?comp=health HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with fabric.connect("wireserver") as guest:
        guest.sendall(head % len(body))
        assert guest.recv(1024).startswith(b"HTTP/1.1 100 ")
        guest.sendall(body)
        assert guest.recv(1024).startswith(b"HTTP/1.1 200 ")


def test_a_guest_that_dawdles_loses_its_connection() -> None:
    with running(limits=Limits(request_seconds=0.2)) as fabric:
        for begun in (b"", b"GET /?comp=versions HT"):
            # On a busy machine it has hung up before that is sent: then the connection breaks.
            with fabric.connect("wireserver") as guest, suppress(ConnectionError):
                guest.sendall(begun)
                assert guest.recv(1024) == b""


def test_a_guest_that_does_not_read_loses_its_connection() -> None:
    with running(limits=Limits(answer_seconds=0.2, others_per_second=100_000)) as fabric:
        with socket.socket() as guest:
            guest.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            guest.settimeout(10)
            guest.connect((LOOPBACK, fabric.ports["wireserver"]))
            with pytest.raises(ConnectionError):
                ask_without_end(guest)

        assert fabric.metadata()[0] == 200


def ask_without_end(guest: socket.socket) -> None:
    """Send questions and read no answer, until cut off."""
    while True:
        guest.sendall(b"GET /machine?comp=goalstate HTTP/1.1\r\nHost: x\r\n\r\n" * 100)


def test_a_guest_has_so_many_connections_and_no_more() -> None:
    with running(limits=Limits(connections_per_guest=2)) as fabric:
        with ExitStack() as held:
            guests = [held.enter_context(fabric.connect("wireserver")) for _ in range(2)]
            for guest in guests:  # answered, so surely let in
                guest.sendall(b"GET /?comp=versions HTTP/1.1\r\nHost: x\r\n\r\n")
                assert guest.recv(4096).startswith(b"HTTP/1.1 200 ")

            assert fabric.raw("imds", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""

            for guest in guests:
                guest.shutdown(socket.SHUT_WR)
                assert guest.recv(4096) == b""  # the fabric has left too
        assert fabric.metadata()[0] == 200


def test_many_guests_at_once_are_all_answered() -> None:
    directory = Directory({(f"network {n}", ADDRESS): WEB1 for n in range(20)})
    with running(directory) as fabric:
        ports: list[int] = []
        for n in range(20):
            listening = socket.create_server((LOOPBACK, 0))
            ports.append(listening.getsockname()[1])
            fabric.listener.serve_unix(f"network {n}", ADDRESS, {"wireserver": listening})
        seen: list[int] = []

        def talk(port: int) -> None:
            with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=30)) as guest:
                for _ in range(10):
                    guest.request("GET", "/machine?comp=goalstate")
                    answer = guest.getresponse()
                    answer.read()
                    seen.append(answer.status)

        threads = [threading.Thread(target=talk, args=[port]) for port in ports]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert seen == [200] * 200


def test_a_rate_forgets_callers_rather_than_grow_without_end() -> None:
    rate = Rate(StandingClock(), per_second=1)

    for n in range(10_000):
        assert rate.allows((NETWORK, str(n)))
    assert not rate.allows((NETWORK, "9999"))


def test_news_of_an_agent_is_passed_on_at_once_and_provisioning_always() -> None:
    clock = StandingClock()
    heard = Heard(clock, status_seconds=60)
    ready = Report(Agent.WAAGENT, Health.READY, subject=Subject.AGENT)
    assert heard.is_news(VM_ID, ready)
    assert heard.is_news(VM_ID, ready)  # not passed on yet: the write may have failed
    heard.passed_on(VM_ID, ready)

    assert not heard.is_news(VM_ID, ready)
    assert heard.is_news(VM_ID, Report(Agent.WAAGENT, Health.NOT_READY, subject=Subject.AGENT))
    assert heard.is_news("another", ready)
    for _ in range(2):
        assert heard.is_news(VM_ID, Report(Agent.WAAGENT, Health.READY))
        heard.passed_on(VM_ID, Report(Agent.WAAGENT, Health.READY))
    clock.seconds += 60
    assert heard.is_news(VM_ID, ready)

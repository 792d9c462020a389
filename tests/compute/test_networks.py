"""Every network driver keeps the same promises; what only one can promise is at the end.

Longer than other files: both parts stand on one laboratory, which would have to be shared through a third file.
"""

import fcntl
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Protocol
from uuid import NAMESPACE_OID, uuid5

import pytest

from calco import process
from calco.compute import holder_protocol as protocol
from calco.compute import uplink
from calco.compute.network_namespace import NamespaceNetwork
from calco.compute.network_probe import probe_namespace, probe_slirp
from calco.compute.slirp import SlirpNetwork
from calco.model.machine import Link
from calco.model.subnet import METADATA, WIRESERVER, Port, Subnet
from calco.ports import FabricSockets, VirtualNetwork
from calco.tool import ToolFailed

from .guests import Guest

pytestmark = pytest.mark.slow

# Names and addresses of the machine itself are in these; so that tests may run side by side, each process has its own.
NETWORK = str(uuid5(NAMESPACE_OID, f"calco test {os.getpid()}"))
OTHER_NETWORK = str(uuid5(NAMESPACE_OID, f"calco test {os.getpid()}, other"))
_TAIL = f"{64 + (os.getpid() >> 16) % 64}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
ADDRESSES = {"routed": f"100.{_TAIL}", "loopback": f"127.{_TAIL}"}
DEFAULT = Subnet("default", IPv4Network("10.0.0.0/24"))
BACK = Subnet("back", IPv4Network("10.0.1.0/24"))
WEB = Port("aaaaaaaa-0000-4000-8000-000000000001", NETWORK, DEFAULT, "00:0d:3a:00:00:01", "10.0.0.4")
DB = Port("bbbbbbbb-0000-4000-8000-000000000002", NETWORK, DEFAULT, "00:0d:3a:00:00:02", "10.0.0.5")
INNER = Port("cccccccc-0000-4000-8000-000000000003", NETWORK, BACK, "00:0d:3a:00:00:03", "10.0.1.4")


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class Driver(VirtualNetwork, FabricSockets, Protocol):
    """What every driver here is."""

    def detach(self) -> None: ...


class Lab:
    """One driver on this machine. ``service`` is the driver as the running service has it."""

    def __init__(self, make: Callable[[Path, Path], Driver], scratch: Path, where: Sequence[str]) -> None:
        self.folder, self.run_dir, self.scratch = scratch / "networks", scratch / "run", scratch
        self.folder.mkdir()
        self.run_dir.mkdir()
        self.where = where
        self._make = make
        self.service = self._make(self.folder, self.run_dir)
        self._stack = ExitStack()

    def restart(self) -> Driver:
        """The service ends and starts again: what it knew is gone."""
        self.service.detach()
        self.service = self._make(self.folder, self.run_dir)
        return self.service

    def guest(self, port: Port, link: Link | None = None) -> Guest:
        """A guest that is what its port says."""
        guest = self._stack.enter_context(Guest(link or self.service.plug(port), self.scratch))
        if self.where:
            guest.configure(port.mac, *self.where)
        else:
            guest.configure(port.mac, f"{port.address}/{port.subnet.prefix.prefixlen}", port.subnet.gateway)
        return guest

    def power_off(self) -> None:
        self._stack.close()

    def end(self) -> None:
        self.power_off()
        for network in self.service.networks():
            self.service.close(network)
        self.service.detach()

    def left_over(self) -> list[str]:
        """Files, processes and interfaces that are still there."""
        files = [os.fspath(file) for place in (self.folder, self.run_dir) for file in place.rglob("*")]
        links = [name for _, name in socket.if_nameindex() if name in map(uplink.link_of, (NETWORK, OTHER_NETWORK))]
        return files + links + [argv for _, argv in processes_of(self.scratch)]


def processes_of(folder: Path) -> list[tuple[int, str]]:
    """(pid, command line) of every process whose command line names ``folder``."""
    found, name = [], re.compile(rf"{re.escape(os.fspath(folder))}(?![\w.-])")  # not a part of another process's folder
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                argv = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if name.search(argv) and process.mark(int(entry.name)) is not None:
                found.append((int(entry.name), argv))
    return found


@dataclass(frozen=True)
class Way:
    """How one driver is tested. ``where``: address and gateway a guest has, when the driver gives all the same."""

    make: Callable[[Path, Path], Driver]
    works: Callable[[], bool]
    where: tuple[str, ...] = ()


@functools.cache
def namespaces_work() -> bool:
    return probe_namespace().works


@functools.cache
def slirp_works() -> bool:
    return probe_slirp().works and namespaces_work()  # the stand-in guest lives in one


WAYS = {
    "namespace": Way(lambda folder, run_dir: NamespaceNetwork(folder, run_dir, RealClock()), namespaces_work),
    "slirp": Way(SlirpNetwork, slirp_works, ("168.0.0.4/7", "168.0.0.1")),
}


@contextmanager
def opened_lab(way: Way, folder: Path) -> Iterator[Lab]:
    if not way.works():
        pytest.skip("this machine does not let this driver work; see `calco doctor`")
    lab = Lab(way.make, folder, way.where)
    try:
        lab.service.open(NETWORK, [DEFAULT])
        yield lab
    finally:
        lab.end()


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Unix sockets have short names: pytest's own folders are too deep."""
    folder = Path(os.path.realpath(tmp_path_factory.getbasetemp().parent)) / f"n{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=list(WAYS))
def lab(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[Lab]:
    with opened_lab(WAYS[request.param], short_folder) as lab:
        yield lab


@pytest.fixture
def spaces(short_folder: Path) -> Iterator[Lab]:
    """The namespace driver, for what only it promises."""
    with opened_lab(WAYS["namespace"], short_folder) as lab:
        yield lab


@contextmanager
def fabric(driver: Driver, network: str = NETWORK) -> Iterator[list[tuple[str, str]]]:
    """Answers every guest with the service's name; what it heard: (service, who asked)."""
    heard: list[tuple[str, str]] = []
    with ExitStack() as stack:
        for one in driver.listeners(network):
            listener = stack.enter_context(one.socket)
            stack.callback(_stop, listener, _answering(listener, one.service, one.caller, heard))
        yield heard


def _answering(
    listener: socket.socket, service: str, caller: str | None, heard: list[tuple[str, str]]
) -> threading.Thread:
    # A time-out instead of a shutdown: the socket is the holder's too and must go on listening.
    listener.settimeout(0.05)
    going = threading.Event()

    def answer() -> None:
        while not going.is_set():
            try:
                connection, peer = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(30)
                with connection.makefile("rb") as question:
                    question.read()
                heard.append((service, caller or peer[0]))
                connection.sendall(service.encode())

    thread = threading.Thread(target=answer, daemon=True)
    thread.going = going  # type: ignore[attr-defined]
    thread.start()
    return thread


def _stop(listener: socket.socket, thread: threading.Thread) -> None:
    thread.going.set()  # type: ignore[attr-defined]
    thread.join()


def said_by(connection: socket.socket, text: str) -> str:
    """What the other end says once it was told ``text`` and that this was all."""
    with connection:
        connection.settimeout(connection.gettimeout() or 10)
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return answer.read().decode()


def answer_at(place: tuple[str, int]) -> str:
    """What is said there, if anything: an address that is nobody's here may be somebody's on the internet."""
    try:
        connection = socket.create_connection(place, timeout=0.5)
        connection.settimeout(0.5)
        return said_by(connection, "hello")
    except OSError:
        return ""


# --- what every driver promises --------------------------------------------------------------------------------------


def test_opening_twice_is_opening_once(lab: Lab) -> None:
    before = processes_of(lab.scratch)

    lab.service.open(NETWORK, [DEFAULT])

    assert lab.service.networks() == {NETWORK}
    assert processes_of(lab.scratch) == before


def test_a_closed_network_leaves_nothing(lab: Lab) -> None:
    lab.service.plug(WEB)
    lab.service.publish(WEB, ADDRESSES["routed"], [22])

    lab.service.close(NETWORK)
    lab.service.close(NETWORK)

    assert lab.service.networks() == set()
    assert lab.left_over() == []


def test_plugging_twice_gives_the_same_place(lab: Lab) -> None:
    assert lab.service.plug(WEB) == lab.service.plug(WEB)
    assert lab.service.plug(WEB) != lab.service.plug(DB)


def test_a_nic_has_no_place_in_a_network_that_is_not_open(lab: Lab) -> None:
    stray = Port(WEB.nic, OTHER_NETWORK, DEFAULT, WEB.mac, WEB.address)

    with pytest.raises((OSError, ToolFailed)):
        lab.service.plug(stray)

    assert lab.service.networks() == {NETWORK}


def test_a_nic_has_no_place_in_a_subnet_that_is_gone(lab: Lab) -> None:
    lab.service.open(NETWORK, [DEFAULT, BACK])
    lab.service.plug(INNER)

    lab.service.open(NETWORK, [DEFAULT])

    with pytest.raises((OSError, ToolFailed)):
        lab.service.plug(INNER)


def test_what_is_absent_may_be_taken_away(lab: Lab) -> None:
    lab.service.unplug(WEB)
    lab.service.unpublish(ADDRESSES["routed"])
    lab.service.close(OTHER_NETWORK)
    lab.service.unplug(Port(WEB.nic, OTHER_NETWORK, DEFAULT, WEB.mac, WEB.address))

    assert lab.service.networks() == {NETWORK}


def test_no_name_leads_out_of_the_folder(lab: Lab) -> None:
    with pytest.raises(ValueError, match="GUID"):
        lab.service.open("../../elsewhere", [DEFAULT])

    assert lab.service.networks() == {NETWORK}


def test_a_guest_reaches_the_fabric_and_is_known_by_its_address(lab: Lab) -> None:
    guest = lab.guest(WEB)

    with fabric(lab.service) as heard:
        answers = [guest.ask(METADATA, 80, "?"), guest.ask(WIRESERVER, 80, "?"), guest.ask(WIRESERVER, 32526, "?")]

    assert answers == ["imds", "wireserver", "hostplugin"]
    assert heard == [("imds", WEB.address), ("wireserver", WEB.address), ("hostplugin", WEB.address)]


def test_handing_listeners_out_again_does_not_make_the_first_ones_block(lab: Lab) -> None:
    lab.service.plug(WEB)
    first = lab.service.listeners(NETWORK)

    second = lab.service.listeners(NETWORK)

    assert first
    for one in first:
        assert fcntl.fcntl(one.socket, fcntl.F_GETFL) & os.O_NONBLOCK, f"{one.service} would stall who serves it"
    for one in (*first, *second):
        one.socket.close()


def test_a_guest_that_asks_while_nobody_listens_waits(lab: Lab) -> None:
    guest = lab.guest(WEB)

    guest.begin_ask(METADATA, 80, "?")
    with fabric(lab.service):
        assert guest.end_ask() == "imds"


def test_a_guest_can_be_dialled(lab: Lab) -> None:
    lab.guest(WEB).serve(22, "web ")

    with lab.service.dial(WEB, 22, timeout_seconds=10) as connection:
        assert said_by(connection, "hello") == "web hello"


def test_a_service_that_starts_again_finds_its_networks(lab: Lab) -> None:
    link = lab.service.plug(WEB)
    guest = lab.guest(WEB, link)
    guest.serve(22, "web ")

    service = lab.restart()

    assert service.networks() == {NETWORK}
    assert service.plug(WEB) == link
    assert said_by(service.dial(WEB, 22, timeout_seconds=10), "hello") == "web hello"
    with fabric(service) as heard:
        assert guest.ask(METADATA, 80, "?") == "imds"
    assert heard == [("imds", WEB.address)]


@pytest.mark.parametrize("kind", list(ADDRESSES))
def test_a_published_address_answers_where_it_is_said_to(lab: Lab, kind: str) -> None:
    lab.guest(WEB).serve(22, "web ")

    places = lab.service.publish(WEB, ADDRESSES[kind], [22])

    assert set(places) == {22}
    assert said_by(socket.create_connection(places[22], timeout=10), "hello") == "web hello"


@pytest.mark.parametrize("kind", list(ADDRESSES))
def test_a_published_address_is_the_same_after_a_restart(lab: Lab, kind: str) -> None:
    lab.guest(WEB).serve(22, "web ")
    before = lab.service.publish(WEB, ADDRESSES[kind], [22])

    again = lab.restart().publish(WEB, ADDRESSES[kind], [22])

    assert again == before
    assert said_by(socket.create_connection(again[22], timeout=10), "hello") == "web hello"


@pytest.mark.parametrize("kind", list(ADDRESSES))
def test_an_address_that_is_taken_back_answers_no_more(lab: Lab, kind: str) -> None:
    lab.guest(WEB).serve(22, "web ")
    places = lab.service.publish(WEB, ADDRESSES[kind], [22])

    lab.service.unpublish(ADDRESSES[kind])
    lab.service.unpublish(ADDRESSES[kind])

    assert "web" not in answer_at(places[22])


def test_a_port_that_cannot_be_bound_is_stood_for_by_a_high_one(lab: Lab) -> None:
    lab.guest(WEB).serve(22, "web ")
    wanted = ADDRESSES["loopback"], 22
    with ExitStack() as stack:
        with suppress(PermissionError):  # then a plain user runs this, and it cannot be bound either
            stack.enter_context(socket.create_server(wanted))

        places = lab.service.publish(WEB, wanted[0], [22])

        assert places[22] != wanted
        assert said_by(socket.create_connection(places[22], timeout=10), "hello") == "web hello"


def test_a_nic_that_was_unplugged_is_reached_no_more(lab: Lab) -> None:
    lab.guest(WEB).serve(22, "web ")
    lab.power_off()

    lab.service.unplug(WEB)

    with pytest.raises(OSError):  # noqa: PT011 refused, unreachable or silent: each is no answer
        lab.service.dial(WEB, 22, timeout_seconds=0.3).close()


# --- what machines of one network promise each other, where there is more than one ------------------------------------


def test_machines_of_one_network_reach_each_other_where_the_driver_says_so(lab: Lab) -> None:
    lab.service.open(NETWORK, [DEFAULT, BACK])
    web = lab.guest(WEB)
    lab.guest(DB).serve(5432, "db ")
    lab.guest(INNER).serve(5432, "inner ")

    together = lab.service.capabilities.between_machines
    answers = [web.ask(port.address, 5432, "?", seconds=10 if together else 1) for port in (DB, INNER)]

    assert answers == (["db ?", "inner ?"] if together else [None, None])


def test_networks_with_the_same_addresses_do_not_meet(lab: Lab) -> None:
    twin = Port("dddddddd-0000-4000-8000-000000000004", OTHER_NETWORK, DEFAULT, DB.mac, DB.address)
    lab.service.open(OTHER_NETWORK, [DEFAULT])
    web = lab.guest(WEB)
    lab.guest(twin).serve(22, "twin ")

    assert web.ask(DB.address, 22, "?", seconds=0.3) is None
    assert said_by(lab.service.dial(twin, 22, timeout_seconds=10), "?") == "twin ?"


# --- the namespace driver --------------------------------------------------------------------------------------------


def inside(link: Link, *argv: str) -> str:
    """What a program says that runs where the guest's QEMU would."""
    return subprocess.run([*link.enter, *argv], check=True, capture_output=True, text=True, timeout=10).stdout


def test_a_guest_is_given_its_address_and_azures_own_options(spaces: Lab) -> None:
    guest = Guest(spaces.service.plug(WEB), spaces.scratch)

    with guest:
        offer = guest.dhcp(WEB.mac)

    hop = "0a000001"
    routes = f"00{hop}" + f"20a83f8110{hop}" + f"20a9fea9fe{hop}"
    assert offer["address"] == WEB.address
    assert offer["options"] == {**dict(offer["options"]), "3": hop, "121": routes, "245": "a83f8110"}  # type: ignore[call-overload]


def test_a_stranger_is_given_no_address(spaces: Lab) -> None:
    with Guest(spaces.service.plug(WEB), spaces.scratch) as guest:
        inside(spaces.service.plug(WEB), "nft", "flush", "ruleset")
        assert guest.dhcp("00:0d:3a:99:99:99", seconds=1) == {}


def test_an_address_may_change_hands(spaces: Lab) -> None:
    with Guest(spaces.service.plug(WEB), spaces.scratch) as guest:
        assert guest.dhcp(WEB.mac)["address"] == WEB.address
    spaces.service.unplug(WEB)
    heir = Port(DB.nic, NETWORK, DEFAULT, DB.mac, WEB.address)

    with Guest(spaces.service.plug(heir), spaces.scratch) as guest:
        assert guest.dhcp(heir.mac)["address"] == WEB.address


def test_two_nics_never_have_one_address(spaces: Lab) -> None:
    spaces.service.plug(WEB)

    with pytest.raises(ToolFailed, match="another NIC's"):
        spaces.service.plug(Port(DB.nic, NETWORK, DEFAULT, DB.mac, WEB.address))


@pytest.mark.parametrize("filtered", [True, False], ids=["with the filter", "by the tables alone"])
@pytest.mark.parametrize(
    ("liar", "mac"),
    [(DB, WEB.mac), (DB, DB.mac), (INNER, INNER.mac)],
    ids=["with its MAC", "with one's own MAC", "from another subnet"],
)
def test_a_guest_cannot_pass_for_another(spaces: Lab, liar: Port, mac: str, filtered: bool) -> None:
    spaces.service.open(NETWORK, [DEFAULT, BACK])
    web, spoofer = spaces.guest(WEB), spaces.guest(liar)
    if not filtered:
        inside(spaces.service.plug(liar), "nft", "flush", "ruleset")
    spoofer.configure(mac, f"{WEB.address}/16", liar.subnet.gateway)
    spoofer.announce(mac, WEB.address)

    with fabric(spaces.service) as heard:
        stolen = spoofer.ask(METADATA, 80, "?", seconds=0.3)
        assert web.ask(METADATA, 80, "?") == "imds"

    assert stolen is None
    assert heard == [("imds", WEB.address)]


def test_a_guest_cannot_pass_for_the_gateway(spaces: Lab) -> None:
    web, liar = spaces.guest(WEB), spaces.guest(DB)
    web.serve(22, "web ")

    with fabric(spaces.service):
        assert web.ask(METADATA, 80, "?") == "imds"
        liar.announce(DB.mac, DEFAULT.gateway)
        assert liar.ask(WEB.address, 22, "?") == "web ?"  # what was sent before this has arrived
        assert web.ask(METADATA, 80, "?") == "imds"


def test_dhcp_leaves_the_guarded_address_alone(spaces: Lab) -> None:
    link = spaces.service.plug(WEB)
    with Guest(link, spaces.scratch) as guest:
        guest.dhcp(WEB.mac)

    assert f"{WEB.address} " in inside(link, "ip", "neigh", "show", "nud", "permanent")


def test_a_guest_reaches_nothing_of_this_machine(spaces: Lab) -> None:
    web = spaces.guest(WEB)
    spaces.service.publish(WEB, ADDRESSES["routed"], [22])
    with (
        socket.create_server(("0.0.0.0", 0)) as server,  # noqa: S104 that is the question
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as post,
    ):
        number = server.getsockname()[1]
        post.bind(("0.0.0.0", 0))  # noqa: S104
        letters = post.getsockname()[1]
        for place in ("127.0.0.1", "169.254.0.1", "10.0.0.1", "169.254.0.2"):
            assert web.ask(place, number, "?", seconds=0.2) is None
            web.tell(place, letters)

        for one in (server, post):
            one.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
        with pytest.raises(TimeoutError):
            post.recv(10)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.compute.test_networks import *
folder, run_dir, network = sys.argv[1:]
driver = NamespaceNetwork(Path(folder), Path(run_dir), RealClock())
driver.open(network, [DEFAULT])
driver.plug(Port(WEB.nic, network, DEFAULT, WEB.mac, WEB.address))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_network_outlives_a_service_that_is_killed(spaces: Lab) -> None:
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", KILLED, os.fspath(spaces.folder), os.fspath(spaces.run_dir), OTHER_NETWORK]
    killed = subprocess.run(argv, cwd=root, timeout=30, check=False)
    assert killed.returncode == -signal.SIGKILL
    before = processes_of(spaces.folder / OTHER_NETWORK)

    port = Port(WEB.nic, OTHER_NETWORK, DEFAULT, WEB.mac, WEB.address)
    spaces.service.open(OTHER_NETWORK, [DEFAULT])
    spaces.guest(port).serve(22, "web ")

    assert said_by(spaces.service.dial(port, 22, timeout_seconds=10), "?") == "web ?"
    assert processes_of(spaces.folder / OTHER_NETWORK) == before
    spaces.power_off()
    spaces.service.close(OTHER_NETWORK)
    assert processes_of(spaces.folder / OTHER_NETWORK) == []


def holder_of(lab: Lab) -> process.Mark:
    known = process.kept(lab.folder / NETWORK / "holder.json")
    assert known is not None
    return known


def wait_until_gone(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert process.wait_gone(descriptor, 10)
    os.close(descriptor)


def test_a_holder_that_is_killed_takes_dnsmasq_along_and_is_replaced(spaces: Lab) -> None:
    holder = holder_of(spaces)
    (dnsmasq,) = [pid for pid, argv in processes_of(spaces.folder) if argv.startswith("dnsmasq")]

    os.kill(holder.pid, signal.SIGKILL)
    wait_until_gone(dnsmasq)
    spaces.service.open(NETWORK, [DEFAULT])

    assert holder_of(spaces) != holder
    spaces.guest(WEB).serve(22, "web ")
    assert said_by(spaces.service.dial(WEB, 22, timeout_seconds=10), "?") == "web ?"


def test_dnsmasq_is_started_again_when_it_died(spaces: Lab) -> None:
    (dnsmasq,) = [pid for pid, argv in processes_of(spaces.folder) if argv.startswith("dnsmasq")]
    os.kill(dnsmasq, signal.SIGKILL)

    with Guest(spaces.service.plug(WEB), spaces.scratch) as guest:
        assert guest.dhcp(WEB.mac)["address"] == WEB.address


def test_a_network_that_cannot_be_made_leaves_nothing(spaces: Lab) -> None:
    tiny = Subnet("tiny", IPv4Network("10.0.2.0/30"))

    with pytest.raises(ToolFailed, match="no room"):
        spaces.service.open(OTHER_NETWORK, [DEFAULT, tiny])

    assert spaces.service.networks() == {NETWORK}
    assert processes_of(spaces.folder / OTHER_NETWORK) == []


def test_a_nic_that_cannot_be_plugged_leaves_nothing(spaces: Lab) -> None:
    link = spaces.service.plug(WEB)
    inside(link, "nft", "flush", "ruleset")
    before = inside(link, "ip", "-br", "link"), inside(link, "ip", "neigh")

    with pytest.raises(ToolFailed, match="nft"):
        spaces.service.plug(DB)

    assert (inside(link, "ip", "-br", "link"), inside(link, "ip", "neigh")) == before


def test_a_holder_refuses_what_it_does_not_understand_and_lives_on(spaces: Lab) -> None:
    for record in (b"{", b"\xff" * 100, b"[]", b'{"type":"Plug"}', b'{"type":"Unplug","nic":"x;y"}', b"x" * 140_000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(os.fspath(spaces.run_dir / f"{NETWORK}.net"))
            connection.send(record)
            answer = connection.recv(protocol.RECORD_BYTES)
        assert b"not a command" in answer

    assert spaces.service.plug(WEB).mac == WEB.mac


def test_silent_callers_keep_nobody_waiting(spaces: Lab) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            silent = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            silent.connect(os.fspath(spaces.run_dir / f"{NETWORK}.net"))

        assert spaces.service.plug(WEB).mac == WEB.mac

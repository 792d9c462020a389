import socket
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from calco.compute.relay import Relay

KEY = ("127.77.0.1", 22)


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay(most_connections=2)
    yield relay
    relay.stop()


@pytest.fixture
def guest() -> Iterator[socket.socket]:
    """Where the relay carries connections to; accepts only when the test does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def serve(relay: Relay, guest: socket.socket) -> tuple[str, int]:
    relay.serve(KEY, socket.create_server(("127.0.0.1", 0)), partial(socket.create_connection, guest.getsockname()))
    place = relay.place(KEY)
    assert place is not None
    return place


def dial(place: tuple[str, int]) -> socket.socket:
    return socket.create_connection(place, timeout=10)


def test_one_side_may_go_on_when_the_other_has_said_all(relay: Relay, guest: socket.socket) -> None:
    with dial(serve(relay, guest)) as client, guest.accept()[0] as inner:
        inner.sendall(b"hello")
        inner.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").read() == b"hello"

        client.sendall(b"still here")
        client.shutdown(socket.SHUT_WR)
        assert inner.makefile("rb").read() == b"still here"


def test_much_is_carried_whole(relay: Relay, guest: socket.socket) -> None:
    much = bytes(range(256)) * 8192
    with dial(serve(relay, guest)) as client, guest.accept()[0] as inner:
        sender = threading.Thread(target=client.sendall, args=(much,))
        sender.start()
        assert inner.recv(len(much), socket.MSG_WAITALL) == much
        sender.join()


def test_a_guest_that_hangs_up_ends_the_connection(relay: Relay, guest: socket.socket) -> None:
    with dial(serve(relay, guest)) as client:
        guest.accept()[0].close()

        assert client.recv(1) == b""


def test_a_guest_that_cannot_be_reached_ends_the_connection(relay: Relay, guest: socket.socket) -> None:
    place = serve(relay, guest)
    guest.close()

    with dial(place) as client:
        assert client.recv(1) == b""


def test_more_connections_than_allowed_are_ended_and_the_others_go_on(relay: Relay, guest: socket.socket) -> None:
    place = serve(relay, guest)
    with dial(place) as first, guest.accept()[0] as inner, dial(place), guest.accept()[0], dial(place) as third:
        assert third.recv(1) == b""

        inner.sendall(b"x")
        assert first.recv(1) == b"x"


def test_what_is_served_no_more_is_not_reached_and_its_connections_end(relay: Relay, guest: socket.socket) -> None:
    place = serve(relay, guest)
    with dial(place) as client, guest.accept()[0] as inner:
        relay.end(KEY)
        relay.end(KEY)

        assert client.recv(1) == b""
        assert inner.recv(1) == b""
    assert relay.place(KEY) is None
    with pytest.raises(ConnectionRefusedError):
        dial(place)


def test_a_relay_that_was_stopped_can_serve_again(relay: Relay, guest: socket.socket) -> None:
    serve(relay, guest)
    relay.stop()
    relay.stop()
    assert relay.place(KEY) is None

    with dial(serve(relay, guest)) as client, guest.accept()[0] as inner:
        inner.sendall(b"x")
        assert client.recv(1) == b"x"

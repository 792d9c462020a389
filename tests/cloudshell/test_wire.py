"""What goes between a shell and its parent."""

import signal
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from calco.cloudshell.wire import LENGTHS, Answered, ParentTransport, frame

BIG = b"x" * (4 << 20)
"""More than fits into a socket that nobody reads."""


@pytest.fixture
def given_up() -> Iterator[threading.Event]:
    """SIGINT as a shell has it, for its first time, which this is set by."""
    came = threading.Event()

    def once(*_: object) -> None:
        if not came.is_set():
            came.set()
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, once)
    yield came
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_a_request_that_ctrl_c_gives_up_leaves_the_line_whole_for_the_next(given_up: threading.Event) -> None:
    here, there = socket.socketpair()
    bodies: list[int] = []

    def parent() -> None:
        with there, there.makefile("rb") as line:
            line.peek(1)
            while not given_up.wait(0.01):  # a signal that comes just before its thread waits does not wake it
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            for _ in range(2):
                head, body = LENGTHS.unpack(line.read(LENGTHS.size))
                line.read(head)
                bodies.append(len(line.read(body)))
            there.sendall(frame(Answered(2, 200, {}), b"{}"))

    beside = threading.Thread(target=parent, daemon=True)
    beside.start()
    transport = ParentTransport(here)
    transport.start()
    with here, httpx.Client(transport=transport, base_url="https://localhost") as http:
        with pytest.raises(KeyboardInterrupt):
            http.put("/subscriptions/1", content=BIG)
        assert http.get("/subscriptions/2").status_code == 200
        beside.join()

    assert bodies == [len(BIG), 0]

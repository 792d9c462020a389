"""A port that nobody else is given while a test hands it to a program."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A free port of 127.0.0.1, kept from everybody who asks for just any; a program that names it may listen on it.

    Both must say SO_REUSEADDR and only one may listen. Source: Linux, socket(7).
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]

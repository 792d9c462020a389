"""The caller's side of the service's door (``calco.compute.door`` has the language)."""

import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from calco.cli.common import Failure

ANSWER_BYTES_MAX = 64 * 1024
PIECE_BYTES = 64 * 1024
KNOCK_SECONDS = 30
"""How long the service may take to answer: it may be dialling the guest."""


def knock(door: Path, request: dict[str, str | int]) -> tuple[socket.socket, bytes]:
    """Ask for something; the open connection and what came after the answer's line. Raises Failure."""
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        caller.settimeout(KNOCK_SECONDS)
        caller.connect(os.fspath(door))
        caller.sendall(json.dumps(request).encode() + b"\n")
        line, rest = _first_line(caller)
        answer = json.loads(line)
        caller.settimeout(None)
    except (OSError, ValueError) as why:
        caller.close()
        raise Failure(f"the service's door {door} does not open: {why}", "See whether it runs: calco status") from why
    if not isinstance(answer, dict) or "error" in answer:
        caller.close()
        raise Failure(str(answer["error"] if isinstance(answer, dict) else answer))
    return caller, rest


def fetch(door: Path, request: dict[str, str | int]) -> bytes:
    """All that a request answers. Raises Failure."""
    caller, rest = knock(door, request)
    with caller:
        pieces = [rest]
        while piece := caller.recv(PIECE_BYTES):
            pieces.append(piece)
    return b"".join(pieces)


def join(caller: socket.socket, first: bytes, source: int, sink: int) -> None:
    """Carry bytes between ``caller`` and two file descriptors until the far side has said all.

    ``first`` came already and goes out first. The end of ``source`` is passed on; what comes back is still carried.
    """
    # A thread, for ``source`` may be anything, plain files included, and those cannot be waited for together.
    threading.Thread(target=_pour, args=(source, caller), daemon=True).start()
    write = _writer(sink)
    with caller:
        write(first)
        while piece := caller.recv(PIECE_BYTES):
            write(piece)


def _pour(source: int, caller: socket.socket) -> None:
    with suppress(OSError):  # the far side may hang up first
        while piece := os.read(source, PIECE_BYTES):
            caller.sendall(piece)
        caller.shutdown(socket.SHUT_WR)


def _writer(sink: int) -> Callable[[bytes], None]:
    def write(piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            left = left[os.write(sink, left) :]

    return write


def _first_line(caller: socket.socket) -> tuple[bytes, bytes]:
    seen = bytearray()
    while b"\n" not in seen:
        piece = caller.recv(PIECE_BYTES)
        if not piece or len(seen) > ANSWER_BYTES_MAX:
            raise ValueError("no answer")
        seen += piece
    line, _, rest = bytes(seen).partition(b"\n")
    return line, rest

"""The small program QEMU's user network starts for each connection of a guest to the fabric: it carries standard input
and output to a Unix socket and back. Only what it needs is imported: it starts with every request of a booting guest.

Usage: python -m calco.compute.slirp_relay SOCKET
"""

import os
import select
import socket
import sys

_PIECE_BYTES = 64 * 1024


def carry(guest_in: int, guest_out: int, fabric: socket.socket) -> None:
    """Carry both ways until both sides have said all, or one breaks.

    When the guest has said all, the fabric is told so, and goes on to answer.
    """
    sources = [guest_in, fabric.fileno()]
    while sources:
        for source in select.select(sources, [], [])[0]:
            piece = os.read(source, _PIECE_BYTES)
            if source == guest_in:
                fabric.sendall(piece)
            else:
                _write_all(guest_out, piece)
            if not piece:
                sources.remove(source)
                if source != guest_in:
                    return  # after the answer there is nothing left to carry
                fabric.shutdown(socket.SHUT_WR)


def _write_all(descriptor: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def main() -> None:
    """Ends with 1 when the fabric is not there."""
    try:
        with socket.socket(socket.AF_UNIX) as fabric:
            fabric.connect(sys.argv[1])
            carry(0, 1, fabric)
    except OSError:
        sys.exit(1)


if __name__ == "__main__":
    main()

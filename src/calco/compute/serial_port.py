"""A machine's serial port from outside: the real one behind QEMU's socket, and a pretended one to try things on.

QEMU's socket serves one client at a time; whoever comes second waits in the queue of connections. What is printed goes
to the console's log too, whether or not somebody listens. Source: QEMU, "Character device options", ``socket``.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LINE_BYTES_MAX = 1024
"""So much of a line the pretended console keeps to say again."""


def line(path: Path, seconds: float) -> socket.socket:
    """A connection to QEMU's socket at ``path``, made within ``seconds``. Raises OSError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(seconds)
        made.connect(str(path))
        made.settimeout(None)
    except OSError:
        made.close()
        raise
    return made


class PretendedPort:
    """The serial port of a machine that is not there: shows what is typed as it is typed, as a terminal does, and says
    each line again when it ends. ``printed`` is told everything that it prints, for the console's log.

    Like QEMU's it serves one line at a time; here a second one takes the first one's place.
    """

    def __init__(self, printed: Callable[[bytes], None]) -> None:
        self._printed = printed
        self._lock = threading.Lock()
        self._far: socket.socket | None = None

    def line(self) -> socket.socket:
        near, far = socket.socketpair()
        with self._lock:
            self._hang_up()
            self._far = far
        threading.Thread(target=self._serve, args=(far,), name="pretended console", daemon=True).start()
        return near

    def say(self, what: bytes) -> None:
        """Print to whoever listens now; nobody may. What is printed before anybody listens is in the log alone."""
        with self._lock:
            if self._far is not None:
                with suppress(OSError):
                    self._far.send(what, socket.MSG_DONTWAIT)

    def end(self) -> None:
        """The machine is gone."""
        with self._lock:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._far is not None:
            with suppress(OSError):
                self._far.shutdown(socket.SHUT_RDWR)
            self._far = None

    def _serve(self, far: socket.socket) -> None:
        typed = b""
        with far, suppress(OSError):
            while piece := far.recv(4096):
                answer = b""
                for each in piece:
                    key = bytes((each,))
                    if key in b"\r\n":
                        answer += b"\r\n" + (typed + b"\r\n" if typed else b"")
                        typed = b""
                    else:
                        answer += key
                        typed = (typed + key)[:LINE_BYTES_MAX]
                self._printed(answer)
                far.sendall(answer)

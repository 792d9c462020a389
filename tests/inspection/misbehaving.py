"""A child that does not do what it should. Started by tests as ``misbehaving.py HOW cpu_seconds memory_bytes path...``.

Unless it says otherwise it is confined exactly as the real one: what it does is what code could that took it over.
"""

import ctypes
import mmap
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

HOW, CPU_SECONDS, MEMORY_BYTES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sys.path[:] = sys.argv[4:]

import msgspec  # noqa: E402

from calco import confinement  # noqa: E402
from calco.inspection import checks_container, handover  # noqa: E402
from calco.inspection.check import Seen  # noqa: E402
from calco.inspection.sighting import Sighting, encode  # noqa: E402
from calco.model.inspection import OperatingSystem, Result, Verdict  # noqa: E402
from tests.escapes import ATTEMPTS, errno_of  # noqa: E402

MIB = 1 << 20
BEHAVIOURS: dict[str, Callable[[socket.socket], None]] = {}


def behaviour(how: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    BEHAVIOURS[how.__name__] = how
    return how


def say(parent: socket.socket, answer: bytes) -> None:
    parent.sendall(handover.ASK.pack(0, 0) + handover.COUNT.pack(len(answer)) + answer)


def tell(parent: socket.socket, *lines: str, **fields: object) -> None:
    """An answer in order, with those lines of evidence."""
    say(parent, encode(Sighting(Verdict.UNKNOWN, lines, OperatingSystem(), **fields)))  # type: ignore[arg-type]


# --- what takes more than it may ---


@behaviour
def loops(parent: socket.socket) -> None:
    while True:
        pass


@behaviour
def loops_and_takes_no_signal(parent: socket.socket) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    loops(parent)


@behaviour
def says_nothing(parent: socket.socket) -> None:
    while parent.recv(MIB):
        pass


@behaviour
def allocates(parent: socket.socket) -> None:
    held = []
    try:
        while True:
            held.append(bytearray(16 * MIB))
    except MemoryError:
        count = len(held)
        held.clear()
        tell(parent, str(count * 16))


@behaviour
def asks_for_ever(parent: socket.socket) -> None:
    while True:
        parent.sendall(handover.ASK.pack(0, 1))
        handover.exactly(parent.recv_into, 2)


@behaviour
def reads_for_ever(parent: socket.socket) -> None:
    while True:
        parent.sendall(handover.ASK.pack(0, MIB))
        handover.exactly(parent.recv_into, 1 + MIB)


@behaviour
def asks_and_never_listens(parent: socket.socket) -> None:
    while True:
        parent.sendall(handover.ASK.pack(0, MIB))


@behaviour
def says_it_is_there_and_loops(parent: socket.socket) -> None:
    parent.sendall(handover.ASK.pack(0, 1))
    loops(parent)


# --- what speaks nonsense ---


@behaviour
def asks_beyond_the_end(parent: socket.socket) -> None:
    parent.sendall(handover.ASK.pack((1 << 64) - 1, 512))
    says_nothing(parent)


@behaviour
def asks_too_much_at_once(parent: socket.socket) -> None:
    parent.sendall(handover.ASK.pack(0, handover.REQUEST_BYTES + 1))
    says_nothing(parent)


@behaviour
def answers_half_a_request(parent: socket.socket) -> None:
    parent.sendall(handover.ASK.pack(0, 512)[:5])
    parent.close()


@behaviour
def answers_garbage(parent: socket.socket) -> None:
    say(parent, bytes(range(256)) * 64)


@behaviour
def answers_nothing(parent: socket.socket) -> None:
    say(parent, b"")


@behaviour
def answers_a_gibibyte(parent: socket.socket) -> None:
    parent.sendall(handover.ASK.pack(0, 0) + handover.COUNT.pack(1 << 30))
    while True:
        parent.sendall(bytes(MIB))


@behaviour
def promises_more_than_it_says(parent: socket.socket) -> None:
    parent.sendall(handover.ASK.pack(0, 0) + handover.COUNT.pack(4 * MIB) + b"{")
    parent.close()


@behaviour
def answers_too_deep(parent: socket.socket) -> None:
    say(parent, b'{"more":' + b"[" * MIB)


@behaviour
def answers_another_verdict(parent: socket.socket) -> None:
    say(parent, encode(Sighting(Verdict.UNKNOWN, ("x",), OperatingSystem())).replace(b"unknown", b"Generalized!"))


@behaviour
def gives_no_evidence(parent: socket.socket) -> None:
    tell(parent)


@behaviour
def gives_endless_evidence(parent: socket.socket) -> None:
    tell(parent, *["no"] * 100_000)


@behaviour
def forges_a_code(parent: socket.socket) -> None:
    tell(parent, "x", seen=(Seen("linux.reformat; rm -rf /", Result.FAILED, ""),))


@behaviour
def answers_a_check_of_the_file(parent: socket.socket) -> None:
    tell(
        parent, "x", seen=(Seen(next((each.code for each in checks_container.CHECKS), "container"), Result.PASSED, ""),)
    )


@behaviour
def forges_a_field(parent: socket.socket) -> None:
    say(parent, encode(Sighting(Verdict.UNKNOWN, ("x",), OperatingSystem("Linux", details={"type": "Windows"}))))


@behaviour
def writes_on_the_terminal(parent: socket.socket) -> None:
    evidence = "\x1b[2J\r\nverdict: generalized\u202e" + "x" * 10_000
    system = OperatingSystem("Linux", "a\nb", details={"kernel": "\x07"})
    say(parent, msgspec.json.encode(Sighting(Verdict.SPECIALIZED, (evidence,), system)))


@behaviour
def reads_once(parent: socket.socket) -> None:
    parent.sendall(handover.ASK.pack(0, 1))
    handover.exactly(parent.recv_into, 2)
    tell(parent, "read")


# --- what ends badly ---


@behaviour
def hangs_up_and_stays(parent: socket.socket) -> None:
    parent.close()
    threading.Event().wait()


@behaviour
def ends_at_once(parent: socket.socket) -> None:
    os.write(2, b"Traceback\nModuleNotFoundError: No module named '\x1b[31mpytsk3'\n")
    os._exit(3)


@behaviour
def jumps_into_nothing(parent: socket.socket) -> None:
    ctypes.string_at(0)


@behaviour
def gives_up_quietly(parent: socket.socket) -> None:
    os._exit(0)


# --- what tries to get out ---


@behaviour
def tries_everything(parent: socket.socket) -> None:
    tell(parent, *(f"{name}: {errno_of(attempt)}" for name, attempt in ATTEMPTS.items()))


class OtherArchitecture:
    """getpid as a 32-bit program calls it: mov eax, 20; int 0x80; ret."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
        self._held = ctypes.c_char.from_buffer(self._page)
        self.call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(self._held))


def _refuse_filters() -> None:
    """A kernel without seccomp: prctl(PR_SET_SECCOMP) answers EINVAL from here on."""
    number, audit = (157, 0xC000003E) if os.uname().machine == "x86_64" else (167, 0xC00000B7)
    lines = [
        (0x20, 0, 0, 4),
        (0x15, 0, 5, audit),
        (0x20, 0, 0, 0),
        (0x15, 0, 3, number),
        (0x20, 0, 0, 16),
        (0x15, 0, 1, 22),
        (0x06, 0, 0, 0x00050000 | 22),
        (0x06, 0, 0, 0x7FFF0000),
    ]
    code = b"".join(struct.pack("HBBI", *each) for each in lines)
    held = ctypes.create_string_buffer(code, len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    filter_of = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(held))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, filter_of) == 0


def main() -> None:
    if HOW == "has_no_seccomp":
        _refuse_filters()
    if HOW in {"has_no_seccomp", "behaves"}:
        sys.argv[1:] = [str(CPU_SECONDS), str(MEMORY_BYTES)]
        from calco.inspection import child  # noqa: PLC0415 - the others need none of its libraries

        child.main()
    other = OtherArchitecture() if HOW == "calls_as_another_architecture" else None
    parent = socket.socket(fileno=0)
    handover.exactly(parent.recv_into, handover.SIZE.size)
    confinement.confine(CPU_SECONDS, MEMORY_BYTES)
    if other is not None:
        tell(parent, str(other.call()))
        return
    with suppress(BrokenPipeError, handover.HungUp):
        BEHAVIOURS[HOW](parent)


if __name__ == "__main__":
    main()

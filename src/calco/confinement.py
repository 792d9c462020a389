"""Takes everything from this process that it does not need, before it meets the first byte that a stranger wrote.

Afterwards it can compute, speak over the descriptors it has, and end: what reads a disk needs no more. What talks to a
person on a terminal may have a little more (``Trade``). Everything it will ever import must have been imported: it
cannot open a file any more. Sources: Linux, Documentation/userspace-api/seccomp_filter.rst; seccomp(2), clone(2),
prctl(2), setrlimit(2); call numbers from asm/unistd_64.h (x86_64) and asm-generic/unistd.h (aarch64).
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

NOBODY = 65534
"""The user and group that own nothing. Source: Linux, sysctl/fs.rst, overflowuid."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_MODE_FILTER = 2
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000

# Classic BPF over struct seccomp_data. Source: linux/bpf_common.h, linux/seccomp.h.
_INSTRUCTION = struct.Struct("HBBI")
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16
_PROT_EXEC = 4
_CLONE_THREAD = 0x00010000
_EVERY_BIT = 0xFFFFFFFF


def _argument(number: int, *, high: bool = False) -> int:
    """Where a half of it lies, counted from 0. Both architectures are little-endian."""
    return _AT_ARGUMENTS + 8 * number + 4 * high


REFUSED_BITS: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "mmap": ((_argument(2), _PROT_EXEC),),
        "mprotect": ((_argument(2), _PROT_EXEC),),
        # To an address: a pair of datagram sockets would reach whatever listens on this machine.
        "sendto": ((_argument(4), _EVERY_BIT), (_argument(4, high=True), _EVERY_BIT)),
        # Of terminals and descriptors (0x54..), not of networks (0x89..): those tell of interfaces.
        "ioctl": ((_argument(1), 0xFFFF8000),),
        # Flags, not owners (8 and above), which have the kernel send others signals.
        "fcntl": ((_argument(1), 0xFFFFFFF8),),
    }
)
"""Calls that are allowed while none of these bits is set, each as where it lies and which. Source: asm-generic/
ioctls.h, linux/sockios.h, asm-generic/fcntl.h, fcntl(2), sendto(2)."""


class Unconfined(Exception):
    """The process could not be confined; says why."""


@dataclass(frozen=True)
class Architecture:
    """``audit``: how the kernel names it to a filter. ``calls``: numbers of what stays allowed, but see
    ``REFUSED_BITS``. ``terminal``: what a ``TERMINAL`` needs besides; ``clone`` and ``clone3`` are how threads begin.
    """

    audit: int
    calls: Mapping[str, int]
    terminal: Mapping[str, int]
    clone: int
    clone3: int


ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        "x86_64": Architecture(
            0xC000003E,
            {
                "read": 0,
                "write": 1,
                "recvfrom": 45,
                "sendto": 44,
                "poll": 7,
                "ppoll": 271,
                "close": 3,
                "fstat": 5,
                "lseek": 8,
                "munmap": 11,
                "mremap": 25,
                "madvise": 28,
                "brk": 12,
                "futex": 202,
                "sched_yield": 24,
                "getpid": 39,
                "getrusage": 98,
                "gettimeofday": 96,
                "clock_gettime": 228,
                "getrandom": 318,
                "rt_sigaction": 13,
                "rt_sigprocmask": 14,
                "rt_sigreturn": 15,
                "sigaltstack": 131,
                "restart_syscall": 219,
                "exit": 60,
                "exit_group": 231,
                "mmap": 9,
                "mprotect": 10,
            },
            {
                "select": 23,
                "pselect6": 270,
                "epoll_create1": 291,
                "epoll_ctl": 233,
                "epoll_wait": 232,
                "epoll_pwait": 281,
                "socketpair": 53,
                "ioctl": 16,
                "fcntl": 72,
                "gettid": 186,
                "set_robust_list": 273,
                "rseq": 334,
                "sched_getaffinity": 204,
                "clock_nanosleep": 230,
            },
            clone=56,
            clone3=435,
        ),
        "aarch64": Architecture(
            0xC00000B7,
            {
                "read": 63,
                "write": 64,
                "recvfrom": 207,
                "sendto": 206,
                "ppoll": 73,
                "close": 57,
                "fstat": 80,
                "lseek": 62,
                "munmap": 215,
                "mremap": 216,
                "madvise": 233,
                "brk": 214,
                "futex": 98,
                "sched_yield": 124,
                "getpid": 172,
                "getrusage": 165,
                "gettimeofday": 169,
                "clock_gettime": 113,
                "getrandom": 278,
                "rt_sigaction": 134,
                "rt_sigprocmask": 135,
                "rt_sigreturn": 139,
                "sigaltstack": 132,
                "restart_syscall": 128,
                "exit": 93,
                "exit_group": 94,
                "mmap": 222,
                "mprotect": 226,
            },
            {
                "pselect6": 72,
                "epoll_create1": 20,
                "epoll_ctl": 21,
                "epoll_pwait": 22,
                "socketpair": 199,
                "ioctl": 29,
                "fcntl": 25,
                "gettid": 178,
                "set_robust_list": 99,
                "rseq": 293,
                "sched_getaffinity": 123,
                "clock_nanosleep": 115,
            },
            clone=220,
            clone3=435,
        ),
    }
)


@dataclass(frozen=True)
class Trade:
    """What a confined process is for. ``terminal``: it waits for keys, asks for the window's size, and has threads of
    its own, though still no program, no file and no way out. ``descriptors``: how many it may have open."""

    terminal: bool = False
    descriptors: int = 3


READER = Trade()
TERMINAL = Trade(terminal=True, descriptors=64)


def confine(cpu_seconds: int, memory_bytes: int, trade: Trade = READER) -> None:
    """Raises Unconfined; then nothing may be read. There is no way back."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise Unconfined(f"calco has no list of system calls for {platform.machine()}")
    _become_nobody()
    _limit(cpu_seconds, memory_bytes, trade)
    libc = ctypes.CDLL(None, use_errno=True)
    _set(libc, _PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user clears it: so after that
    _set(libc, _PR_SET_DUMPABLE, 0)
    _set(libc, _PR_SET_NO_NEW_PRIVS, 1)
    _filter(libc, program(architecture, trade))


def _become_nobody() -> None:
    """As root; in a user namespace there may be no such user, and then the rest must do."""
    if os.geteuid() == 0:
        with suppress(OSError):
            os.setgroups([])
        with suppress(OSError):
            os.setresgid(NOBODY, NOBODY, NOBODY)
        with suppress(OSError):
            os.setresuid(NOBODY, NOBODY, NOBODY)


def _limit(cpu_seconds: int, memory_bytes: int, trade: Trade) -> None:
    """The second more of CPU time is for whoever ignores the signal: then the kernel kills. Threads count as processes
    of the user, with all others of theirs: who may have threads is kept from processes by the filter instead."""
    limits = [
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1),
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, trade.descriptors, trade.descriptors),
    ]
    if not trade.terminal:
        limits.append((resource.RLIMIT_NPROC, 0, 0))
    for which, soft, hard in limits:
        try:
            resource.setrlimit(which, (soft, hard))
        except (OSError, ValueError) as why:
            raise Unconfined(f"limit {which} cannot be set: {why}") from why


def _set(libc: ctypes.CDLL, option: int, value: int) -> None:
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise Unconfined(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _filter(libc: ctypes.CDLL, instructions: bytes) -> None:
    filter_of = _Program(len(instructions) // _INSTRUCTION.size, instructions)
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(filter_of)) != 0:
        raise Unconfined(f"this kernel takes no seccomp filter: {os.strerror(ctypes.get_errno())}")


def program(architecture: Architecture, trade: Trade = READER) -> bytes:
    """The filter: another architecture's calls kill, listed calls pass, everything else is EPERM. Numbers are compared
    whole, so x32's, which have a bit more, are not on the list either."""
    listed = {**architecture.calls, **(architecture.terminal if trade.terminal else {})}
    plain = [number for name, number in listed.items() if name not in REFUSED_BITS]
    judged = [(listed[name], _while_no_bit(checks)) for name, checks in REFUSED_BITS.items() if name in listed]
    if trade.terminal:
        judged += [(architecture.clone, _THREADS), (architecture.clone3, [_refused(errno.ENOSYS)])]
    lines = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture.audit),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _AT_NUMBER),
    ]
    for number, judgement in judged:
        lines += [(_IF_EQUAL, 0, len(judgement), number), *judgement]
    lines += [(_IF_EQUAL, len(plain) - at, 0, number) for at, number in enumerate(sorted(plain))]
    lines += [_refused(errno.EPERM), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(_INSTRUCTION.pack(*each) for each in lines)


def _refused(error: int) -> tuple[int, int, int, int]:
    return _RETURN, 0, 0, _ERRNO | error


_THREADS = [
    (_LOAD, 0, 0, _argument(0)),
    (_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
    _refused(errno.EPERM),
    (_RETURN, 0, 0, _ALLOW),
]
"""For clone. clone3 is unknown: its arguments lie where no filter can look, and without it libc takes clone."""


def _while_no_bit(checks: tuple[tuple[int, int], ...]) -> list[tuple[int, int, int, int]]:
    lines = []
    for where, bits in checks:
        lines += [(_LOAD, 0, 0, where), (_IF_ANY_BIT, 0, 1, bits), _refused(errno.EPERM)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]

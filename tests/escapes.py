"""What code would try that took a confined process over. Each is tried from within it."""

import ctypes
import mmap
import os
import platform
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

WAS_HERE = Path("/tmp/calco-was-here")  # noqa: S108 that is the question
_X86 = platform.machine() == "x86_64"


def errno_of(attempt: Callable[[], object]) -> str:
    """What came of it: "done", or why not."""
    try:
        attempt()
    except OSError as refused:
        return os.strerror(refused.errno or 0)
    except (RuntimeError, ValueError, subprocess.SubprocessError) as refused:
        return type(refused).__name__
    return "done"


def _call(number: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) == -1:
        raise OSError(ctypes.get_errno(), "")


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file": lambda: os.open("/etc/hostname", os.O_RDONLY),
    "write a file": lambda: os.open(WAS_HERE, os.O_CREAT | os.O_WRONLY, 0o600),
    "look for a file": lambda: os.stat("/"),  # noqa: PTH116
    "remove a file": lambda: os.unlink(WAS_HERE),  # noqa: PTH108
    "list a folder": lambda: os.listdir("/"),  # noqa: PTH208
    "speak IP": lambda: socket.socket(socket.AF_INET),
    "speak to a local socket": lambda: socket.socket(socket.AF_UNIX),
    "make a pair of sockets": socket.socketpair,
    "make a pipe": os.pipe,
    "fork": os.fork,
    "start a program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
    "start a thread": lambda: threading.Thread(target=bool).start(),
    "signal its parent": lambda: os.kill(os.getppid(), 0),
    "signal itself": lambda: os.kill(os.getpid(), 0),
    "make memory executable": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "raise its limits": lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_AS, (-1, -1)),
    "become root again": lambda: os.setuid(0),
    "duplicate what it has": lambda: os.dup(0),
    "read another process's memory": lambda: _call(310 if _X86 else 270, 1, 0, 0, 0, 0, 0),
    "open another process's memory": lambda: os.open("/proc/1/mem", os.O_RDONLY),
    "read its environment again": lambda: os.open("/proc/self/environ", os.O_RDONLY),
    "hold another process": lambda: os.pidfd_open(1),
    "send a descriptor": lambda: socket.send_fds(socket.socket(fileno=0), [b"x"], [2]),
    "call by an x32 number": lambda: _call(0x40000000 + 39),
    "call io_uring_setup": lambda: _call(425, 8, 0),
    "call ptrace": lambda: _call(101 if _X86 else 117, 0),
    "call prctl": lambda: _call(157 if _X86 else 167, 4, 1),
}

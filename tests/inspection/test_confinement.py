"""What the process that reads a disk cannot do any more when it reads the first byte."""

import os
import platform
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from calco.confinement import ARCHITECTURES, TERMINAL, Architecture, program
from calco.inspection.inspector import ChildInspector
from calco.model.inspection import Verdict
from tests.escapes import WAS_HERE
from tests.inspection.test_inspector import Bytes, children, misbehaving

ALLOW, REFUSE, UNKNOWN, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
EXECUTABLE, WRITABLE = 5, 3


def test_the_real_child_is_confined_before_it_asks_for_a_byte() -> None:
    seen: list[tuple[Mapping[str, str], set[str], Mapping[str, str]]] = []
    before = children()

    def look_at_it() -> None:
        (pid,) = children() - before
        folder = Path("/proc") / pid
        status = dict(
            line.split(":\t", 1) for line in (folder / "status").read_text("utf-8").splitlines() if ":\t" in line
        )
        limits = {
            line[:26].strip(): line[26:].split()[0] for line in (folder / "limits").read_text("utf-8").splitlines()
        }
        descriptors = {"0", "1", "2"}
        if os.geteuid() == 0:  # nobody else may look into a process that cannot be dumped
            descriptors = {each.name for each in (folder / "fd").iterdir()}
            assert (folder / "environ").read_bytes().replace(b"LC_CTYPE=C.UTF-8\0", b"") == b""
        seen.append((status, descriptors, limits))

    ChildInspector().inspect(Bytes(look_at_it))

    status, descriptors, limits = seen[0]
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
    assert descriptors == {"0", "1", "2"}
    assert int(limits["Max address space"]) <= 1 << 30
    assert [limits[f"Max {each}"] for each in ("core file size", "file size", "processes", "open files")] == [*"0003"]
    assert int(limits["Max cpu time"]) <= 20
    assert status["CapEff"].strip("0") == ""
    if os.geteuid() == 0:
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"65534"}
        assert status["Groups"].split() == []


def test_a_child_that_was_taken_over_cannot_reach_anything() -> None:
    WAS_HERE.unlink(missing_ok=True)

    report = misbehaving("tries_everything").inspect(Bytes())

    got = dict(line.split(": ") for line in report.evidence)
    assert len(got) > 20
    assert {name for name, end in got.items() if end == "done"} == set()
    assert set(got.values()) <= {"Operation not permitted", "RuntimeError", "ValueError"}, got
    assert not WAS_HERE.exists()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="has no other architecture")
def test_calls_of_another_architecture_end_the_process() -> None:
    report = misbehaving("calls_as_another_architecture").inspect(Bytes())

    assert "was ended by SIGSYS" in report.evidence[0]


def test_where_the_kernel_has_no_seccomp_no_disk_is_looked_at() -> None:
    disk = Bytes()

    report = misbehaving("has_no_seccomp").inspect(disk)

    assert report.verdict is Verdict.UNKNOWN
    assert "could not be confined: this kernel takes no seccomp filter" in report.evidence[0]
    assert disk.reads == []


@pytest.mark.skipif(platform.machine() != "x86_64", reason="setarch has nothing to pretend")
def test_on_an_unknown_architecture_no_disk_is_looked_at() -> None:
    disk = Bytes()
    start = ("setarch", "i686", *misbehaving("behaves").start)

    report = ChildInspector(start=start).inspect(disk)

    assert "could not be confined: calco has no list of system calls for i686" in report.evidence[0]
    assert disk.reads == []


# --- the filter, run by hand: no machine here has the other architecture ---


def verdict(instructions: bytes, audit: int, number: int, **arguments: int) -> int:
    """What the kernel would answer. Source: Linux, Documentation/networking/filter.rst."""
    lines = [*struct.iter_unpack("HBBI", instructions)]
    words = [arguments.get(each, 0) for each in ("first", "second", "third", "fourth", "fifth")]
    data = {0: number, 4: audit}
    for place, word in enumerate(words):
        data |= {16 + 8 * place: word & 0xFFFFFFFF, 20 + 8 * place: word >> 32}
    at = held = 0
    while True:
        code, then, otherwise, value = lines[at]
        at += 1
        if code == 0x20:
            held = data[value]
        elif code == 0x06:
            return int(value)
        else:
            assert code in {0x15, 0x45}
            at += then if (held == value if code == 0x15 else held & value) else otherwise


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES.keys())
def test_the_filter_allows_what_is_listed_and_nothing_else(architecture: Architecture) -> None:
    instructions = program(architecture)
    listed = {*architecture.calls.values()}

    for number in range(600):
        answer = ALLOW if number in listed else REFUSE
        assert verdict(instructions, architecture.audit, number) == answer, number
        assert verdict(instructions, architecture.audit, number | 0x40000000) == REFUSE, f"x32 {number}"
        assert verdict(instructions, 0x40000003, number) == KILL, f"i386 {number}"
    for name in ("mmap", "mprotect"):
        assert verdict(instructions, architecture.audit, architecture.calls[name], third=WRITABLE) == ALLOW
        assert verdict(instructions, architecture.audit, architecture.calls[name], third=EXECUTABLE) == REFUSE
    for address in (1, 0x7FFF_0000_0000):
        assert verdict(instructions, architecture.audit, architecture.calls["sendto"], fifth=address) == REFUSE


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES.keys())
def test_the_filter_of_a_terminal_allows_threads_and_no_process(architecture: Architecture) -> None:
    instructions = program(architecture, TERMINAL)
    listed = {*architecture.calls.values(), *architecture.terminal.values()}
    thread, process = 0x003D0F00, 0x01200011  # what glibc asks for: pthread_create, fork

    for number in set(range(600)) - {architecture.clone, architecture.clone3}:
        assert verdict(instructions, architecture.audit, number) == (ALLOW if number in listed else REFUSE), number
    assert verdict(instructions, architecture.audit, architecture.calls["mmap"], third=EXECUTABLE) == REFUSE
    assert verdict(instructions, architecture.audit, architecture.clone, first=thread) == ALLOW
    assert verdict(instructions, architecture.audit, architecture.clone, first=process) == REFUSE
    assert verdict(instructions, architecture.audit, architecture.clone3) == UNKNOWN
    assert verdict(instructions, 0x40000003, architecture.clone, first=thread) == KILL


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES.keys())
@pytest.mark.parametrize(
    ("call", "command", "answer"),
    [
        pytest.param("ioctl", 0x5401, ALLOW, id="TCGETS"),
        pytest.param("ioctl", 0x5413, ALLOW, id="TIOCGWINSZ"),
        pytest.param("ioctl", 0x5421, ALLOW, id="FIONBIO"),
        pytest.param("ioctl", 0x8912, REFUSE, id="SIOCGIFCONF"),
        pytest.param("ioctl", 0x8901, REFUSE, id="FIOSETOWN"),
        pytest.param("fcntl", 4, ALLOW, id="F_SETFL"),
        pytest.param("fcntl", 8, REFUSE, id="F_SETOWN"),
        pytest.param("fcntl", 10, REFUSE, id="F_SETSIG"),
        pytest.param("fcntl", 15, REFUSE, id="F_SETOWN_EX"),
    ],
)
def test_a_terminal_is_spoken_to_as_a_terminal_only(
    architecture: Architecture, call: str, command: int, answer: int
) -> None:
    instructions = program(architecture, TERMINAL)

    assert verdict(instructions, architecture.audit, architecture.terminal[call], second=command) == answer


def test_both_architectures_allow_the_same() -> None:
    """ppoll is the only way to poll on aarch64, pselect6 to select, epoll_pwait to wait; glibc of x86_64 uses both."""
    one, other = ({*each.calls} for each in ARCHITECTURES.values())
    assert one - {"poll"} == other
    one, other = ({*each.terminal} for each in ARCHITECTURES.values())
    assert one - {"select", "epoll_wait"} == other


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_numbers_are_the_kernels_own(name: str) -> None:
    if not HEADERS[name].exists():
        pytest.skip("linux-libc-dev is not installed")
    numbers = {}
    for line in HEADERS[name].read_text("utf-8").splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define" and words[2].isdecimal():
            numbers[words[1].replace("__NR3264_", "__NR_")] = int(words[2])
    known = ARCHITECTURES[name]
    threads = {"clone": known.clone, "clone3": known.clone3}
    listed = {**known.calls, **known.terminal, **threads}

    assert {call: numbers[f"__NR_{call}"] for call in listed} == listed

"""The parent's side of a look at a disk: whatever the child does, there is a report, in time."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from calco.inspection.inspector import ChildInspector, Limits
from calco.model.inspection import Container, Report, Verdict
from calco.model.volume import MIB
from calco.ports import Extent
from calco.process import wait_gone

MISBEHAVING = Path(__file__).parent / "misbehaving.py"
LOW = Limits(cpu_seconds=1, read_bytes=8 * MIB, requests=50)
SHORT = Limits(seconds=2)
LONG = Limits(seconds=100, cpu_seconds=100)


class Bytes:
    """A view of a disk that is all zeros, but does something when it is read."""

    def __init__(self, read: Callable[[], None] = lambda: None, size_bytes: int = 4 * MIB) -> None:
        self.size_bytes = size_bytes
        self.reads: list[tuple[int, int]] = []
        self._read = read

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        self._read()
        return bytes(length)

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        return iter((Extent(offset, length),))


def misbehaving(how: str, limits: Limits = LOW) -> ChildInspector:
    return ChildInspector(limits, start=(sys.executable, "-I", "-S", os.fspath(MISBEHAVING), how))


def children() -> set[str]:
    found = set[str]()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread may end meanwhile
            found.update((task / "children").read_text(encoding="ascii").split())
    return found


@pytest.mark.parametrize(
    ("how", "why"),
    [
        pytest.param("loops", "used more than 1 s of processor time", marks=pytest.mark.slow),
        pytest.param("loops_and_takes_no_signal", "used more than 1 s", marks=pytest.mark.slow),
        pytest.param("says_nothing", "took longer than 2 s", marks=pytest.mark.slow),
        pytest.param("asks_and_never_listens", "took longer than 2 s", marks=pytest.mark.slow),
        ("asks_for_ever", "more than 50 reads"),
        ("reads_for_ever", f"more than {8 * MIB} bytes"),
        ("asks_beyond_the_end", "asked for what there is not"),
        ("asks_too_much_at_once", "asked for what there is not"),
        ("answers_half_a_request", "the process that reads it ended"),
        ("answers_garbage", "no sighting"),
        ("answers_nothing", "no sighting"),
        ("answers_a_gibibyte", "more than 4194304 bytes"),
        ("promises_more_than_it_says", "the process that reads it ended"),
        ("answers_too_deep", "no sighting"),
        ("answers_another_verdict", "no sighting"),
        ("gives_no_evidence", "0 lines of evidence"),
        ("gives_endless_evidence", "100000 lines of evidence"),
        ("forges_a_code", "names a check that does not exist"),
        ("answers_a_check_of_the_file", "names a check that does not exist"),
        ("forges_a_field", "details that no system has"),
        pytest.param("hangs_up_and_stays", "hung up", marks=pytest.mark.slow),
        ("ends_at_once", "ended with status 3 and no answer"),
        ("gives_up_quietly", "ended with status 0 and no answer"),
        ("jumps_into_nothing", "was ended by SIGSEGV"),
    ],
)
def test_whatever_the_child_does_there_is_a_report_that_says_why_and_the_child_is_gone(how: str, why: str) -> None:
    before = children()
    began = time.monotonic()

    report = misbehaving(how, SHORT if "longer" in why else LOW).inspect(Bytes())

    assert time.monotonic() - began < 60, "it hangs"
    (line,) = report.evidence
    assert line.startswith("The disk was not looked at to its end: ")
    assert why in line
    assert (report.verdict, report.outcomes, report.os.type) == (Verdict.UNKNOWN, (), "")
    assert not report.ended
    assert children() <= before


@pytest.mark.slow
def test_a_child_may_not_have_more_memory_than_the_limit() -> None:
    report = misbehaving("allocates", Limits(memory_bytes=512 * MIB)).inspect(Bytes())

    (mebibytes,) = report.evidence
    assert 200 < int(mebibytes) < 512


def test_what_a_child_says_is_one_printable_line_each() -> None:
    report = misbehaving("writes_on_the_terminal").inspect(Bytes())

    shown = [*report.evidence, report.os.name, *report.os.details.values()]
    assert report.verdict is Verdict.SPECIALIZED
    assert all(each.isprintable() and len(each) <= 400 for each in shown)
    assert [each[:4] for each in shown] == [
        "\N{REPLACEMENT CHARACTER}[2J",
        "a\N{REPLACEMENT CHARACTER}b",
        "\N{REPLACEMENT CHARACTER}",
    ]


def test_a_child_that_behaves_answers() -> None:
    """The other tests could pass because nothing ever works."""
    assert misbehaving("behaves").inspect(Bytes()).evidence[0] == "No system was found on the disk."


def test_bytes_that_cannot_be_read_are_told_and_nothing_is_raised() -> None:
    def broken() -> None:
        raise OSError(5, "Input/output error")

    disk = Bytes(broken)
    report = ChildInspector().inspect(disk)

    assert report.verdict is Verdict.UNKNOWN
    assert "cannot be read" in " ".join(report.evidence)
    assert disk.reads


def test_a_read_that_brings_less_than_was_asked_for_is_one_that_failed() -> None:
    class Short(Bytes):
        def read(self, offset: int, length: int) -> bytes:
            return super().read(offset, length)[:-1]

    report = ChildInspector().inspect(Short())

    assert report.ended
    assert report.verdict is Verdict.UNKNOWN
    assert "cannot be read" in " ".join(report.evidence)


def test_an_empty_disk_is_looked_at() -> None:
    assert ChildInspector().inspect(Bytes(size_bytes=0)).verdict is Verdict.UNKNOWN


def test_the_file_is_checked_even_when_its_content_could_not_be() -> None:
    report = misbehaving("gives_up_quietly").inspect(Bytes(), Container("vpc", 4 * MIB, is_fixed=True))

    assert all(each.code.startswith("container.") for each in report.outcomes)


def test_an_interpreter_that_cannot_be_started_is_told() -> None:
    report = ChildInspector(start=("/nonexistent/python",)).inspect(Bytes())

    assert "could not be started" in report.evidence[0]


def test_time_is_counted_from_ones_turn_and_by_the_given_clock() -> None:
    now = 0.0

    def hours_pass() -> None:
        nonlocal now
        now += 3600

    report = ChildInspector(monotonic=lambda: now).inspect(Bytes(hours_pass))

    assert report.evidence == ("The disk was not looked at to its end: it took longer than 20 s.",)
    assert not report.ended


@pytest.mark.slow
def test_no_more_than_so_many_disks_are_looked_at_at_once() -> None:
    lock, most, now, pair, third = threading.Lock(), 0, 0, threading.Barrier(2), threading.Event()

    def counted() -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
            if now > 2:
                third.set()
        pair.wait(10)  # two are in here at the same time, or this breaks
        third.wait(0.2)
        with lock:
            now -= 1

    inspector = misbehaving("reads_once")
    reports: list[Report] = []
    disks = [Bytes(counted) for _ in range(4)]
    threads = [threading.Thread(target=lambda disk=disk: reports.append(inspector.inspect(disk))) for disk in disks]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(reports) == 4
    assert most == 2


@pytest.mark.slow
def test_a_child_dies_with_the_process_that_waits_for_it() -> None:
    script = (
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "from calco.inspection.inspector import ChildInspector\n"
        "from tests.inspection.test_inspector import LONG, Bytes, misbehaving\n"
        "misbehaving('says_it_is_there_and_loops', LONG).inspect(Bytes(lambda: print('loops', flush=True)))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, *sys.path], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"loops\n"
        (pid,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text(encoding="ascii").split()
        descriptor = os.pidfd_open(int(pid))

        parent.kill()

        assert wait_gone(descriptor, 60), "it would have had a hundred seconds"
        os.close(descriptor)


def test_the_parent_knows_none_of_the_libraries_that_read_disks() -> None:
    script = (
        "import sys; sys.path[:] = sys.argv[1:]; import calco.inspection.inspector; "
        "print({'pytsk3', 'pyfsxfs'} & {each.partition('.')[0] for each in sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", script, *sys.path], capture_output=True, check=True)

    assert said.stdout == b"set()\n"

"""What does it cost to bring a VHD in and to take it out, by Azure's own client?

The client is unmodified azure-storage-blob in a process of its own; the servers are calco's blob endpoint and, in turns
with it, Azurite, both over TLS with the same certificate. CPU is the server's, for one GiB; where the client's own CPU
is most of the time on the clock, no server could be faster, and the row says so.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import azurite, resources
from bench.durations import spell
from bench.host import cpu_of
from bench.report import Row
from bench.samples import median
from bench.service import Service

BYTES = 256 << 20
GIB = 1 << 30
CONNECTIONS = (1, 4)
ACTS = ("up", "down")
EMPTY_SECONDS = 2.0
CPU_SHARE = 0.5
THROUGHPUT = 1.5
CLIENT_IS_THE_LIMIT = 0.5
"""The share of one core's time that the client alone is at work: with the server at work in the rest of it, waiting for
its own processor is what it does."""

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".venvs/blob/bin/python"


@dataclass(frozen=True)
class Moved:
    """One upload or download: seconds on the clock, CPU seconds of server and client."""

    seconds: float
    server_cpu: float
    client_cpu: float


Moves = dict[tuple[str, int], list[Moved]]


@dataclass(frozen=True)
class Side:
    """What one server did, by act and connections; seconds of each empty VHD."""

    moves: Moves = field(default_factory=dict)
    empty: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    ours: Side
    theirs: Side | None


class Client:
    """The client's process against one server."""

    def __init__(self, process: "subprocess.Popen[str]", server_pid: int) -> None:
        self._process = process
        self._server_pid = server_pid

    def ask(self, words: str) -> Moved:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        before = cpu_of(self._server_pid).own
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        return Moved(said["seconds"], cpu_of(self._server_pid).own - before, said["cpu"])


@contextmanager
def client(endpoint: str, account: str, key: str, authority: Path) -> Iterator["subprocess.Popen[str]"]:
    """A client that has made its container."""
    environ = {**os.environ, "ENDPOINT": endpoint, "ACCOUNT": account, "KEY": key, "BYTES": str(BYTES)}
    environ["REQUESTS_CA_BUNDLE"] = os.fspath(authority)
    words: Sequence[str | Path] = [PYTHON, "-W", "ignore", HERE / "blob_client.py"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), "the client could not begin"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def measure(running: Service, folder: Path, rounds: int) -> Measured:
    """Both sides in turns, each act ``rounds`` times; without Azurite ours alone."""
    with ExitStack() as stack:
        made = resources.storage_account(running.client(), "bench")
        authority = running.data / "certificates/ca-bundle.pem"
        mine = stack.enter_context(client(made.endpoint, made.name, made.key, authority))
        sides = [(Side(), Client(mine, _blob_process(running)))]
        if azurite.PROGRAM.exists() and azurite.NODE.exists():
            certificate, key = running.data / "certificates/server.pem", running.data / "secrets/server.key"
            (folder / "azurite").mkdir()
            other = stack.enter_context(azurite.running(folder / "azurite", certificate, key))
            theirs = stack.enter_context(client(other.endpoint, other.account, other.key, authority))
            sides.append((Side(), Client(theirs, other.pid)))
        for each in range(rounds + 1):
            for side, asked in sides:
                _one_round(side, asked, kept=each > 0)
    return Measured(sides[0][0], sides[1][0] if len(sides) > 1 else None)


def _one_round(side: Side, asked: Client, *, kept: bool) -> None:
    """The first round warms both up, and is not kept."""
    for connections in CONNECTIONS:
        for act in ACTS:
            moved = asked.ask(f"{act} {connections}")
            if kept:
                side.moves.setdefault((act, connections), []).append(moved)
    empty = asked.ask("empty").seconds
    if kept:
        side.empty.append(empty)


def _blob_process(running: Service) -> int:
    """The process of ``running`` that serves blobs; it is there since the client made its container."""
    wanted = f"calco.blob_worker\0{running.data}\0".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and wanted in _command_line(entry):
            return int(entry.name)
    raise LookupError("no process serves blobs")


def _command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


# --- the answers -----------------------------------------------------------------------------------------------------


def rows(measured: Measured) -> Iterator[Row]:
    """Two rows for each act and number of connections: CPU and throughput are two promises."""
    for (act, connections), ours in measured.ours.moves.items():
        theirs = None if measured.theirs is None else measured.theirs.moves[act, connections]
        verb = "upload" if act == "up" else "download"
        many = "1 connection" if connections == 1 else f"{connections} connections"
        yield _cpu_row(f"{verb} of a 256 MiB VHD, {many}: server CPU a GiB", ours, theirs)
        yield _speed_row(f"{verb} of a 256 MiB VHD, {many}: throughput", ours, theirs)
    ours_empty = median(measured.ours.empty)
    beside = "" if measured.theirs is None else f"Azurite: {spell(median(measured.theirs.empty))}"
    promised = f"≤ {spell(EMPTY_SECONDS)}"
    yield Row("empty VHD of 127 GiB", spell(ours_empty), "", beside, promised, ours_empty <= EMPTY_SECONDS)


def _cpu_a_gib(moved: Sequence[Moved]) -> float:
    return median([each.server_cpu for each in moved]) * GIB / BYTES


def _cpu_row(question: str, ours: Sequence[Moved], theirs: Sequence[Moved] | None) -> Row:
    mine = _cpu_a_gib(ours)
    if theirs is None:
        return Row(question, "", spell(mine))
    other = _cpu_a_gib(theirs)
    beside = f"Azurite: {spell(other)} ({mine / other:.2f} of it)"
    return Row(question, "", spell(mine), beside, "≤ half of Azurite's", mine <= CPU_SHARE * other)


def _speed_row(question: str, ours: Sequence[Moved], theirs: Sequence[Moved] | None) -> Row:
    mine = median([each.seconds for each in ours])
    client = median([each.client_cpu / each.seconds for each in ours])
    limit = f"client {client:.0%} of one core"
    if theirs is None:
        return Row(question, _speed(mine), limit)
    other = median([each.seconds for each in theirs])
    kept = mine * THROUGHPUT <= other or client >= CLIENT_IS_THE_LIMIT
    beside = f"Azurite: {_speed(other)} ({other / mine:.2f} times)"
    return Row(question, _speed(mine), limit, beside, "≥ 1.5 times, or the client is the limit", kept)


def _speed(seconds: float) -> str:
    return f"{BYTES / 1e6 / seconds:.0f} MB/s"

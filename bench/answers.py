"""What is the smallest thing worth: starting up, one image asked for, a list of a thousand?

Beside each stands moto's server doing the same for EC2. The two take turns in this order: calco alone, then moto alone.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import moto, records, resources, service
from bench.client import Client, Failed
from bench.durations import spell
from bench.host import cpu_of, rss_mib
from bench.report import Row
from bench.samples import median, quantile

LISTED = 1_000
MANY = 10_000
GET_CPU_SECONDS = 0.0005
LIST_SECONDS = 0.015
START_SECONDS = 0.8
RSS_MIB = 80


@dataclass(frozen=True)
class Asked:
    """Seconds of each answer; CPU seconds of the server for one of them, on average."""

    seconds: Sequence[float]
    cpu_seconds: float


@dataclass(frozen=True)
class Started:
    """Seconds from the command to the first answer, one for each start, and what the server then holds in memory."""

    seconds: Sequence[float]
    rss_mib: float


@dataclass(frozen=True)
class Side:
    """One server. ``many`` is with 10,000 images; what forgets everything when it ends has no start with them."""

    get: Asked
    list: Asked
    start: Started
    many: Started


@dataclass(frozen=True)
class Measured:
    ours: Side
    motos: Side


def measure(folder: Path, gets: int, lists: int, starts: int) -> Measured:
    """Both sides, one after the other, each on what is thrown away."""
    return Measured(_ours(folder, gets, lists, starts), _motos(gets, lists, starts))


def rows(measured: Measured) -> Iterator[Row]:
    """The answers."""
    ours, motos = measured.ours, measured.motos
    yield Row(
        "GET of one image, kept-alive TLS, token checked",
        _wall(ours.get),
        spell(ours.get.cpu_seconds),
        f"moto, DescribeImages of one: {_wall(motos.get)} (CPU {spell(motos.get.cpu_seconds)}, "
        f"{motos.get.cpu_seconds / ours.get.cpu_seconds:.0f} times)",
        f"≤ {spell(GET_CPU_SECONDS)} of CPU",
        ours.get.cpu_seconds <= GET_CPU_SECONDS,
    )
    yield Row(
        f"list of {LISTED:,} images",
        _wall(ours.list),
        spell(ours.list.cpu_seconds),
        f"moto: {_wall(motos.list)} (CPU {spell(motos.list.cpu_seconds)}, "
        f"{median(motos.list.seconds) / median(ours.list.seconds):.0f} times)",
        f"≤ {spell(LIST_SECONDS)}",
        median(ours.list.seconds) <= LIST_SECONDS,
    )
    yield _start_row("with nothing", ours.start, motos.start)
    yield _start_row(f"with {MANY:,} images", ours.many, motos.many)


def _start_row(what: str, ours: Started, motos: Started) -> Row:
    theirs = f"{spell(median(motos.seconds))}, " if motos.seconds else "forgets them when it ends; "
    return Row(
        f"`calco up --detach` to its first answer, {what}; memory then",
        f"p50 {spell(median(ours.seconds))}, {ours.rss_mib:.0f} MiB",
        beside=f"moto: {theirs}{motos.rss_mib:.0f} MiB",
        promised=f"≤ {spell(START_SECONDS)}, ≤ {RSS_MIB} MiB",
        kept=median(ours.seconds) <= START_SECONDS and ours.rss_mib <= RSS_MIB,
    )


def _wall(asked: Asked) -> str:
    return f"p50 {spell(median(asked.seconds))}, p99 {spell(quantile(asked.seconds, 0.99))}"


# --- the two sides ---------------------------------------------------------------------------------------------------


def _ours(folder: Path, gets: int, lists: int, starts: int) -> Side:
    _starts([folder / "first"])  # not counted: it may be the first since the code changed, and compiles it
    nothing = _starts([folder / f"nothing{number}" for number in range(starts)])
    data = folder / "answers"
    with service.running(data, "simulated") as running:
        client = running.client()
        resources.prepare(client)
        client.close()
    records.add_images(data, LISTED)
    with service.running(data, "simulated") as running:
        client = running.client()
        one = client.path(resources.GROUP, resources.IMAGES, records.name_of(0))
        all_of_them = client.path(resources.GROUP, resources.IMAGES)
        get = _asked(running.pid, lambda: client.get(one), gets)
        listed = _asked(running.pid, lambda: _list(client, all_of_them), lists)
        client.close()
    records.add_images(data, MANY - LISTED)
    return Side(get, listed, nothing, _starts([data] * starts))


def _list(client: Client, path: str) -> None:
    """As with moto: the answer is counted through, not read into objects, which would be the client's time."""
    body = client.begin("GET", path).body
    if (found := body.count(b'"type":"Microsoft.Compute/images"')) != LISTED:
        raise Failed(f"{found} images, {LISTED} expected")


def _starts(folders: Sequence[Path]) -> Started:
    seconds, rss = [], 0.0
    for each in folders:
        with service.running(each, "simulated") as running:
            seconds.append(running.started_seconds)
            rss = rss_mib(running.pid)
    return Started(seconds, rss)


def _motos(gets: int, lists: int, starts: int) -> Side:
    seconds = []
    for _ in range(starts):
        with moto.running() as server:
            seconds.append(server.started_seconds)
            start = rss_mib(server.pid)
    with moto.running() as server:
        server.register(LISTED)
        get = _asked(server.pid, server.get, gets)
        listed = _asked(server.pid, server.list, lists)
        server.register(MANY - LISTED)
        many = rss_mib(server.pid)
    return Side(get, listed, Started(seconds, start), Started((), many))


def _asked(pid: int, ask: Callable[[], object], count: int) -> Asked:
    ask()
    before = cpu_of(pid)
    seconds = [_timed(ask) for _ in range(count)]
    return Asked(seconds, (cpu_of(pid) - before).total / count)


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began

"""What is the smallest thing worth: starting the service, and asking for one image?"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench import resources
from bench.client import Client
from bench.durations import spell
from bench.report import Row
from bench.samples import median, quantile
from bench.service import Service


@dataclass(frozen=True)
class Gets:
    """Seconds of each GET of one image; CPU seconds of the service for all of them."""

    seconds: Sequence[float]
    cpu_seconds: float


def measure(service: Service, image: str, count: int) -> Gets:
    """GET one image ``count`` times, one after the other."""
    client = service.client()
    path = client.path(resources.GROUP, resources.IMAGES, image)
    client.get(path)
    before = service.cpu()
    seconds = [_timed(client, path) for _ in range(count)]
    spent = service.cpu() - before
    client.close()
    return Gets(seconds, spent.total)


def rows(started_seconds: float, gets: Gets) -> Iterator[Row]:
    """The answers."""
    yield Row("`calco up --detach` on an empty data directory, to its first answer", spell(started_seconds))
    yield Row(
        "GET of one image",
        f"p50 {spell(median(gets.seconds))}, p99 {spell(quantile(gets.seconds, 0.99))}",
        spell(gets.cpu_seconds / len(gets.seconds)),
    )


def _timed(client: Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path)
    return time.perf_counter() - began

"""How many disks a second come out of one image when many machines are made from it at once?

Each machine brings two disks, each with a volume of its own that is on disk when the machine's creation has Succeeded.
One caller for each machine, each on a connection of its own that is open before the clock starts. Machines are
simulated: nothing boots, so what is measured is calco with its records, its volumes and its HTTP.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench import resources
from bench.client import Client, Json
from bench.durations import spell
from bench.report import Row
from bench.samples import median, quantile
from bench.service import Service

DISKS_EACH = 2
PROMISED_A_SECOND = 50
SOURCE = "clone-source"
IMAGE = "clone-image"


@dataclass(frozen=True)
class Flood:
    """``machines`` at once: seconds from the first request to the last Succeeded, of each PUT's first answer, of each
    machine from its PUT to its Succeeded; CPU seconds of the service and of the programs it ran."""

    machines: int
    seconds: float
    answers: Sequence[float]
    creations: Sequence[float]
    own_cpu: float
    programs_cpu: float

    @property
    def disks_a_second(self) -> float:
        return self.machines * DISKS_EACH / self.seconds


def measure(service: Service, counts: Sequence[int], repeats: int = 1) -> list[list[Flood]]:
    """``repeats`` floods for each count, all from one image. Machines are deleted after their flood, untimed. Raises
    ``client.Failed`` if a single request is refused or a single machine fails."""
    client = service.client()
    resources.prepare(client)
    body = resources.machine(client, SOURCE, resources.PLATFORM_IMAGE, empty_disks_gb=(1,))
    resources.generalized(client, SOURCE, body)
    path = client.path(resources.GROUP, resources.IMAGES, IMAGE)
    client.do("PUT", path, resources.image(client, SOURCE))
    reference: Json = {"id": path}
    # The first machine from an image pays for nothing the others do not; it only warms up.
    client.do("PUT", _machine(client, "warm-up"), resources.machine(client, "warm-up", reference))
    floods = [[_flood(service, client, count, reference) for _ in range(repeats)] for count in counts]
    client.close()
    return floods


def rows(measured: Sequence[Sequence[Flood]]) -> Iterator[Row]:
    """The answers; of a count's floods, medians, and quantiles over all their machines."""
    for floods in measured:
        disks = floods[0].machines * DISKS_EACH
        rate = median([flood.disks_a_second for flood in floods])
        answers = [each for flood in floods for each in flood.answers]
        creations = [each for flood in floods for each in flood.creations]
        yield Row(
            f"{floods[0].machines} machines ({disks} disks) from one image at once, durable",
            f"{rate:.0f} disks/s; {spell(median([flood.seconds for flood in floods]))} in all; "
            f"PUT p50 {spell(median(answers))}, p99 {spell(quantile(answers, 0.99))}; "
            f"machine p50 {spell(median(creations))}, p99 {spell(quantile(creations, 0.99))}",
            f"{spell(median([flood.own_cpu for flood in floods]) / disks)} a disk, "
            f"qemu-img {spell(median([flood.programs_cpu for flood in floods]) / disks)}",
            promised=f"≥ {PROMISED_A_SECOND} disks/s, none fails",
            kept=rate >= PROMISED_A_SECOND,
        )


def _machine(client: Client, name: str) -> str:
    return client.path(resources.GROUP, resources.MACHINES, name)


def _flood(service: Service, client: Client, count: int, image: Json) -> Flood:
    callers = [client.another() for _ in range(count)]
    for caller in callers:
        caller.get(caller.path(resources.GROUP))
    gate = threading.Barrier(count + 1)

    def create(caller: Client, name: str) -> tuple[float, float]:
        body = resources.machine(caller, name, image)
        gate.wait()
        began = time.perf_counter()
        answer = caller.begin("PUT", _machine(caller, name), body)
        answered = time.perf_counter() - began
        caller.finish(answer)
        return answered, time.perf_counter() - began

    with ThreadPoolExecutor(count) as pool:
        waiting = [pool.submit(create, caller, f"clone{count}-{n}") for n, caller in enumerate(callers)]
        before = service.cpu()
        gate.wait()
        began = time.perf_counter()
        times = [each.result() for each in waiting]
        seconds = time.perf_counter() - began
        spent = service.cpu() - before
        for deleted in [pool.submit(_delete, caller, f"clone{count}-{n}") for n, caller in enumerate(callers)]:
            deleted.result()
    return Flood(count, seconds, [each[0] for each in times], [each[1] for each in times], spent.own, spent.children)


def _delete(caller: Client, name: str) -> None:
    caller.do("DELETE", _machine(caller, name))
    caller.close()

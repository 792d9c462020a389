"""How long does an image take from a disk, a snapshot or a page blob, and does it depend on how much is in it?

For each size one managed disk, a snapshot of it, and a page blob of this service that is a fixed VHD; disk and blob are
full of random bytes that really lie in their files. Images of all of them take turns, so that whatever else this
machine does meets all alike. An image is durable when the client sees Succeeded.
"""

import os
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import cast
from urllib.parse import urlencode, urlsplit

from bench import resources
from bench.capture import FLAT, GIB, PROMISED_SECONDS, RANDOM_MIB, fill
from bench.client import Client, Failed, Json
from bench.durations import spell
from bench.report import Row
from bench.samples import median, quantile, ratio
from bench.service import Service
from calco.blob import shared_key
from calco.model import vhd
from calco.model.document import Document, objects_at, text_at

SOURCES = ("managed disk", "snapshot", "page blob")
ACCOUNT = "benchimages"
CONTAINER = "vhds"
BLOB_VERSION = "2020-08-04"


@dataclass
class Taken:
    """Images of one source: seconds until the client saw Succeeded, CPU seconds of the service for each."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


Measured = Mapping[tuple[str, int], Taken]
"""By source and GiB."""


def measure(service: Service, sizes_gib: Sequence[int], images: int) -> Measured:
    """Make the sources, then ``images`` images of each. Raises ``client.Failed`` when one is refused or fails."""
    client = service.client()
    resources.prepare(client)
    blobs = _Blobs.opened(client, service)
    bodies = {(source, size): body for size in sizes_gib for source, body in _sources(service, client, blobs, size)}
    measured = {each: Taken() for each in bodies}
    _take(service, client, "warm-up", next(iter(bodies.values())))
    for number in range(images):
        for (source, size), body in bodies.items():
            seconds, cpu = _take(service, client, f"{source.replace(' ', '-')}-{size}-{number}", body)
            measured[source, size].seconds.append(seconds)
            measured[source, size].cpu_seconds.append(cpu)
    client.close()
    return measured


def rows(measured: Measured) -> Iterator[Row]:
    """The answers: a row for each source and size, and one for each source that says whether it is flat."""
    for source in SOURCES:
        by_size = {size: taken for (name, size), taken in sorted(measured.items()) if name == source}
        for size, taken in by_size.items():
            p50 = median(taken.seconds)
            yield Row(
                f"durable image from a {source} over HTTP, {size} GiB",
                f"p50 {spell(p50)}, p99 {spell(quantile(taken.seconds, 0.99))}",
                spell(sum(taken.cpu_seconds) / len(taken.cpu_seconds)),
                promised=f"≤ {spell(PROMISED_SECONDS)}",
                kept=p50 <= PROMISED_SECONDS,
            )
        largest, smallest = max(by_size), min(by_size)
        grown = ratio(by_size[largest].seconds, by_size[smallest].seconds)
        yield Row(
            f"... of {largest} GiB against {smallest} GiB",
            f"{grown:.2f} times",
            promised=f"flat (≤ {FLAT:g} times)",
            kept=grown <= FLAT,
        )


def _take(service: Service, client: Client, name: str, body: Json) -> tuple[float, float]:
    path = client.path(resources.GROUP, resources.IMAGES, f"of-{name}")
    before = service.cpu()
    began = time.perf_counter()
    client.do("PUT", path, body)
    seconds = time.perf_counter() - began
    return seconds, (service.cpu() - before).total


# --- sources ---------------------------------------------------------------------------------------------------------


def _sources(service: Service, client: Client, blobs: "_Blobs", size: int) -> Iterator[tuple[str, Json]]:
    disk = client.path(resources.GROUP, resources.DISKS, f"bench-{size}")
    creation: Json = {"creationData": {"createOption": "Empty"}, "diskSizeGB": size, "osType": "Linux"}
    client.do("PUT", disk, {"location": resources.LOCATION, "properties": creation})
    fill(service.volume_of(disk, "disk"), size * GIB)
    snapshot = client.path(resources.GROUP, "Microsoft.Compute/snapshots", f"bench-{size}")
    copy: Json = {"creationData": {"createOption": "Copy", "sourceResourceId": disk}}
    client.do("PUT", snapshot, {"location": resources.LOCATION, "properties": copy})
    uri = blobs.vhd(service, f"bench-{size}.vhd", size * GIB)
    origins: Sequence[Json] = ({"managedDisk": {"id": disk}}, {"snapshot": {"id": snapshot}}, {"blobUri": uri})
    for source, origin in zip(SOURCES, origins, strict=True):
        os_disk = {"osType": "Linux", "osState": "Generalized", **origin}
        yield source, {"location": resources.LOCATION, "properties": {"storageProfile": {"osDisk": os_disk}}}


@dataclass(frozen=True)
class _Blobs:
    """The account's endpoint, and a signature for everything in it."""

    account: str
    endpoint: str
    query: str
    authority_file: str

    @classmethod
    def opened(cls, client: Client, service: Service) -> "_Blobs":
        account = client.path(resources.GROUP, "Microsoft.Storage/storageAccounts", ACCOUNT)
        wanted: Json = {"location": resources.LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        client.do("PUT", account, wanted)
        shown = cast("Document", client.get(account))
        endpoint = text_at(shown, "properties", "primaryEndpoints", "blob") or ""
        keys = cast("Document", client.begin("POST", f"{account}/listKeys").document())
        signature = _signature(text_at(objects_at(keys, "keys")[0], "value") or "")
        blobs = cls(account, endpoint.rstrip("/"), signature, service.access.authority_file)
        blobs.send("PUT", CONTAINER, {"restype": "container"}, {})
        return blobs

    def vhd(self, service: Service, name: str, guest_bytes: int) -> str:
        """A page blob that is a fixed VHD full of random bytes; answers its URI. The bytes are written into its file:
        how fast they travel is measured elsewhere."""
        length = guest_bytes + vhd.FOOTER_BYTES
        headers = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(length)}
        self.send("PUT", f"{CONTAINER}/{name}", {}, headers)
        blob = f"{self.account}/blobServices/default/containers/{CONTAINER}/blobs/{name.encode().hex()}"
        file = service.volume_of(blob, "blob", kind="flat")
        _fill(file, guest_bytes, vhd.footer(guest_bytes, file.stem, datetime.now(UTC)))
        return f"{self.endpoint}/{CONTAINER}/{name}"

    def send(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Raises Failed on a refusal."""
        place = urlsplit(self.endpoint)
        context = ssl.create_default_context(cafile=self.authority_file)
        connection = HTTPSConnection(place.hostname or "", place.port, timeout=60, context=context)
        target = f"{place.path}/{path}?{urlencode(query)}&{self.query}"
        try:
            connection.request(method, target, headers={"x-ms-version": BLOB_VERSION, "Content-Length": "0", **headers})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise Failed(f"{method} {path}: {answer.status} {said.decode(errors='replace')[:400]}")


def _signature(key: str) -> str:
    """An account SAS. Source: Azure, "Create an account SAS"."""
    ends = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    text = "\n".join([ACCOUNT, "rwdlc", "b", "sco", "", ends, "", "https", BLOB_VERSION]) + "\n"
    fields = {"sv": BLOB_VERSION, "ss": "b", "srt": "sco", "sp": "rwdlc", "se": ends, "spr": "https"}
    return urlencode({**fields, "sig": shared_key.signature(key, text)})


def _fill(file: Path, guest_bytes: int, footer: bytes) -> None:
    pattern = os.urandom(RANDOM_MIB << 20)
    with file.open("r+b") as out:
        for offset in range(0, guest_bytes, len(pattern)):
            os.pwrite(out.fileno(), pattern[: guest_bytes - offset], offset)
        os.pwrite(out.fileno(), footer, guest_bytes)
        os.fsync(out.fileno())

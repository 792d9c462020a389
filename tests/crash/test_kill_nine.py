"""kill -9 of a whole service in the middle of what takes longest: nothing half made is seen afterwards, nothing is left
over, and the same call ends well.

Machines are simulated; the service, its blob process, the records and the files are real. Each scene makes sure that
the kill came in the middle: by a file that was only half made, or by a step in the log that had begun and not ended.
"""

import os
import random
import signal
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.client import HTTPSConnection
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from calco import process
from calco.cli.common import Failure
from calco.model import vhd
from calco.model.document import Document, number_at, objects_at, text_at
from calco.model.volume import MIB
from calco.page_transfer import PageBlob, Range
from calco.signed_url import BlobFailure, SignedUrl
from calco.storage.volumes import Qcow2Store
from calco.system import SystemClock
from tests.blob.endpoint import NAME, sign, string_to_sign
from tests.contract.test_blobs import blob_processes
from tests.contract.test_sdk import rows
from tests.service_process import ServiceProcess, serving
from tests.storage.test_remote_blob import Endpoint, Handler

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GUID = "11111111-2222-3333-4444-555555555555"
PIECE = 4 * MIB
LARGE = 64 * MIB
"""Long enough to copy that the kill comes in the middle."""
SMALL = 24 * MIB
ATTEMPTS = 5
ZONES = ("eastus-1", "eastus-2", "eastus-3")


def until(is_so: Callable[[], object], seconds: float = 20) -> None:
    """Look again and again, a millisecond apart."""
    pause = threading.Event()
    for _ in range(int(seconds * 1000)):
        if is_so():
            return
        pause.wait(0.001)
    raise AssertionError("it never came to that")


def vhd_of(guest_bytes: int, seed: str) -> bytes:
    body = random.Random(seed).randbytes(guest_bytes)  # noqa: S311 - repeatable is the point
    return body + vhd.footer(guest_bytes, GUID, SystemClock().now())


@dataclass
class Host:
    """A host of one page blob. ``stop_at``: how many pieces it gives before it says no more until ``go_on``."""

    endpoint: Endpoint
    uri: str = ""
    stop_at: int = 0
    given: int = 0
    gone: bool = False
    stuck: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def spoil(self, path: str, status: int, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.gone:
            return 404, {}, b"<Error/>"
        self.given += status == 206 and "comp" not in path
        if self.given == self.stop_at:
            self.stuck.set()
            self.go_on.wait(60)
        return status, headers, body

    def stop_in(self, pieces: int) -> None:
        self.stuck.clear()
        self.go_on.clear()
        self.given, self.stop_at = 0, pieces


@dataclass
class Lab:
    """One service, its group, its storage account with a container ``vhds``, and a disk with something on it."""

    service: ServiceProcess
    host: Host

    def __post_init__(self) -> None:
        client = self.service.client
        self.group = f"{client.subscription}/resourceGroups/killed"
        self.account = f"{self.group}/providers/Microsoft.Storage/storageAccounts/{NAME}"
        client.change("PUT", self.group, {"location": "eastus"}, label="group")
        body: Document = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
        client.change("PUT", self.account, body, label="account")
        (key, _) = objects_at(client.change("POST", f"{self.account}/listKeys", label="keys"), "keys")
        self.key = str(text_at(key, "value"))
        endpoint = text_at(client.get(self.account), "properties", "primaryEndpoints", "blob")
        self.blobs = str(endpoint).rstrip("/").removesuffix(f"/{NAME}")
        self.trust = ssl.create_default_context(cafile=self.service.data.certificates / "ca.pem")
        assert self.blob("PUT", "/vhds?restype=container").status_code == 201
        self.content = vhd_of(LARGE, "source")
        self.source = self.upload_disk("source", LARGE)
        with self.page_blob(self.sas(self.source, "Write")) as blob:
            for at in range(0, len(self.content), PIECE):
                blob.put(at, self.content[at : at + PIECE])
        client.change("POST", f"{self.source}/endGetAccess", label="end")

    # --- asking -------------------------------------------------------------------------------------------------------

    def id(self, type: str, name: str, namespace: str = "Microsoft.Compute") -> str:
        return f"{self.group}/providers/{namespace}/{type}/{name}"

    def begin(self, id: str, properties: Document) -> None:
        """Ask for it, and do not wait."""
        self.service.client.send("PUT", id, {"location": "eastus", "properties": properties})

    def put(self, id: str, properties: Document) -> Document:
        body: Document = {"location": "eastus", "properties": properties}
        return self.service.client.change("PUT", id, body, label=id)

    def state(self, id: str) -> str | None:
        return text_at(self.service.client.get(id), "properties", "provisioningState")

    def upload_disk(self, name: str, guest_bytes: int) -> str:
        disk, length = self.id("disks", name), guest_bytes + vhd.FOOTER_BYTES
        self.put(disk, {"creationData": {"createOption": "Upload", "uploadSizeBytes": length}})
        return disk

    def sas(self, disk: str, access: str) -> str:
        asked: Document = {"access": access, "durationInSeconds": 600}
        answer = self.service.client.change("POST", f"{disk}/beginGetAccess", asked, label="access")
        return str(text_at(answer, "accessSAS") or text_at(answer, "properties", "output", "accessSAS"))

    @contextmanager
    def page_blob(self, url: str) -> Iterator[PageBlob]:
        with closing(PageBlob(SignedUrl(url, self.trust))) as blob:
            yield blob

    def blob(self, method: str, path: str, **headers: str) -> httpx.Response:
        """A signed request without a body to the account's own endpoint."""
        given = {"x-ms-version": "2025-01-05", "x-ms-date": format_datetime(SystemClock().now(), usegmt=True)}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        given |= {"content-length": "0"} if method == "PUT" else {}
        signature = sign(self.key, string_to_sign(method, f"/{NAME}{path}", given))
        given["authorization"] = f"SharedKey {NAME}:{signature}"
        url = f"{self.blobs}/{NAME}{path}"
        return httpx.request(method, url, headers=given, verify=self.trust, trust_env=False, timeout=60)

    # --- killing ------------------------------------------------------------------------------------------------------

    def kill(self, when: Callable[[], object] = lambda: True) -> None:
        """The service, and with it its blob process, however busy that is; at once when it is so."""
        running = self.service.running.process
        until(when)
        os.kill(running.pid, signal.SIGKILL)
        until(lambda: not process.is_alive(running) and not blob_processes(self.service))

    def kill_while_copying(self, pool: str) -> None:
        self.kill(lambda: self.half_made(pool))
        assert self.half_made(pool), "the copy was quicker than the kill"

    def kill_while_copying_into_a_blob(self, url: str) -> str:
        """Copies what ``url`` names, into one blob after the other until a kill came amid a copy; that one's name."""
        for attempt in range(ATTEMPTS):
            name = f"copy{attempt}.vhd"
            assert self.blob("PUT", f"/vhds/{name}", x_ms_copy_source=url).headers["x-ms-copy-status"] == "pending"
            self.kill(lambda known=name: self.half_made() or not self.is_pending(known))  # type: ignore[misc]
            if self.half_made():
                return name
            self.again()
        raise AssertionError("the copy was always quicker than the kill")

    def is_pending(self, blob: str) -> bool:
        return '"pending"' in str(
            self.query("SELECT properties FROM resources WHERE key = ?", self.blob_id(blob).lower())
        )

    def blob_id(self, name: str) -> str:
        return f"{self.account}/blobServices/default/containers/vhds/blobs/{name.encode().hex()}"

    def kill_in_step(self, step: str, begin: Callable[[str], None]) -> str:
        """``begin`` is called with a name, until a kill came in the middle of a step of what it began; that name."""
        for attempt in range(ATTEMPTS):
            name, known = f"try{attempt}", len(self.query("SELECT 1 FROM operations"))
            asking = threading.Thread(target=self._ask, args=(begin, name))
            asking.start()
            self.kill(lambda known=known: self._step(known, step, "started"))  # type: ignore[misc]
            asking.join()
            if not self._step(known, step, "done"):
                return name
            self.again()
        raise AssertionError(f"step {step} was always quicker than the kill")

    def _ask(self, begin: Callable[[str], None], name: str) -> None:
        with suppress(Failure, BlobFailure):  # killed before it had answered
            begin(name)

    def _step(self, known: int, step: str, event: str) -> bool:
        asked = "SELECT 1 FROM steps JOIN operations ON operations.id = operation WHERE sequence > ?"
        return bool(self.query(f"{asked} AND step = ? AND event = ?", known, step, event))

    def again(self) -> None:
        """Start it, and wait until what was under way has ended."""
        self.service.start()
        until(lambda: not self.query("SELECT 1 FROM operations WHERE ended_at IS NULL"))

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def volumes(self) -> Path:
        return self.service.data.root / "volumes"

    def half_made(self, pool: str = "") -> list[Path]:
        return [*(self.volumes / pool).glob("*.making")]

    def query(self, text: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.service.data.root / 'calco.db'}?mode=ro", uri=True)) as connection:
            return list(connection.execute(text, values))

    def held(self, id: str) -> dict[str, str]:
        return {
            str(slot): str(each)
            for slot, each in self.query("SELECT slot, volume FROM holds WHERE holder = ?", id.lower())
        }

    def bytes_of(self, volume: str) -> bytes:
        with Qcow2Store(self.volumes, SystemClock()).view(volume) as content:
            return content.read(0, content.size_bytes)

    def leaks(self) -> list[str]:
        """Files, rows and their users are the same volumes; nothing is under way, half made or in the trash."""
        files = {each.stem: each for each in self.volumes.rglob("*.*") if each.parent.name != "trash"}
        found = {
            str(id): (size, format) for id, size, format in self.query("SELECT id, size_bytes, format FROM volumes")
        }
        used = {str(each) for (each,) in self.query("SELECT volume FROM holds UNION SELECT backing FROM volumes")}
        flat = [id for id, (size, format) in found.items() if format == "flat" and files[id].stat().st_size != size]
        return [
            *(f"half made: {each.name}" for each in self.volumes.rglob("*.making")),
            *(f"in the trash: {each.name}" for each in self.volumes.rglob("trash/*")),
            *(f"file without a row: {each}" for each in files.keys() - found.keys()),
            *(f"row without a file: {each}" for each in found.keys() - files.keys()),
            *(f"used by nobody: {each}" for each in found.keys() - used),
            *(f"not as long as its row says: {each}" for each in flat),
            *(f"noted as loose: {each}" for each in self.query("SELECT value FROM notes WHERE name = 'volumes/loose'")),
            *(f"claimed: {each}" for each in self.query("SELECT resource FROM claims")),
        ]


@contextmanager
def host_of_one_blob() -> Iterator[Host]:
    content = bytearray(vhd_of(SMALL, "far"))
    content[8 * MIB : 16 * MIB] = bytes(8 * MIB)
    ranges = ((0, 8 * MIB), (16 * MIB, 8 * MIB + vhd.FOOTER_BYTES))
    host = Host(Endpoint(content=bytes(content), ranges=ranges))
    host.endpoint.spoil = host.spoil
    handler = type("OfTest", (Handler,), {"endpoint": host.endpoint})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        host.uri = f"http://127.0.0.1:{server.server_address[1]}/account/vhds/a.vhd"
        try:
            yield host
        finally:
            host.go_on.set()
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    data = tmp_path_factory.mktemp("killed") / "data"
    with host_of_one_blob() as host:
        listed = {"CALCO_BLOB_HOSTS": urlsplit(host.uri).netloc}
        with serving(data, settings=listed) as service:
            made = Lab(service, host)
            yield made
            service.client.change("DELETE", made.group, label="group")
            assert rows(service) == []
            assert [each.name for each in made.volumes.rglob("*.*")] == []


# --- uploads ---------------------------------------------------------------------------------------------------------


def test_an_upload_goes_on_where_it_was_cut_off(lab: Lab) -> None:
    content = vhd_of(SMALL, "upload")
    disk = lab.upload_disk("uploaded", SMALL)
    url = lab.sas(disk, "Write")
    with lab.page_blob(url) as blob:
        blob.put(0, content[:PIECE])
    half_sent(lab, url, PIECE, content[PIECE : 2 * PIECE])

    lab.kill()
    lab.again()

    assert text_at(lab.service.client.get(disk), "properties", "diskState") == "ActiveUpload"
    with lab.page_blob(url) as blob:
        assert blob.ranges() == [Range(0, PIECE)], "a piece that did not come whole was never written"
        for at in range(PIECE, len(content), PIECE):
            blob.put(at, content[at : at + PIECE])
    lab.service.client.change("POST", f"{disk}/endGetAccess", label="end")
    assert text_at(lab.service.client.get(disk), "properties", "diskState") == "Unattached"
    assert lab.bytes_of(lab.held(disk)["disk"]) == content
    assert lab.leaks() == []


def half_sent(lab: Lab, url: str, offset: int, data: bytes) -> None:
    """A request whose body stops in the middle."""
    parts = urlsplit(url)
    connection = HTTPSConnection(parts.hostname or "", parts.port, context=lab.trust, timeout=20)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}&comp=page")
    headers = {"x-ms-page-write": "update", "x-ms-range": f"bytes={offset}-{offset + len(data) - 1}"}
    for name, value in {**headers, "Content-Length": str(len(data))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(data[: len(data) // 2])
    connection.close()


# --- copies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [*ZONES[:1], *(pytest.param(each, marks=pytest.mark.long) for each in ZONES[1:])])
def test_a_zone_resilient_image_has_whole_copies_or_is_none(pool: str, lab: Lab) -> None:
    image = lab.id("images", f"zones-{pool}")
    os_disk: Document = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": lab.source}}
    wanted: Document = {"storageProfile": {"osDisk": os_disk, "zoneResilient": True}}
    lab.begin(image, wanted)

    lab.kill_while_copying(pool)
    ((kept,),) = lab.query("SELECT properties FROM resources WHERE key = ?", image.lower())
    lab.service.start()
    until(lambda: lab.state(image) != "Creating")

    assert '"Creating"' in str(kept)
    assert lab.state(image) == "Succeeded"
    lab.put(image, wanted)
    held = lab.held(image)
    assert sorted(held) == [f"os@{each}" for each in ZONES]
    assert all(lab.bytes_of(each) == lab.content[:LARGE] for each in held.values())
    assert lab.leaks() == []


def test_a_copy_of_a_disk_into_a_blob_fails_with_its_process_and_may_be_repeated(lab: Lab) -> None:
    url = lab.sas(lab.source, "Read")

    name = lab.kill_while_copying_into_a_blob(url)
    lab.again()

    assert lab.blob("HEAD", f"/vhds/{name}").headers["x-ms-copy-status"] == "failed"
    assert lab.leaks() == []
    lab.blob("PUT", f"/vhds/{name}", x_ms_copy_source=url)
    until(lambda: not lab.is_pending(name))
    assert lab.blob("HEAD", f"/vhds/{name}").headers["x-ms-copy-status"] == "success"
    assert lab.bytes_of(lab.held(lab.blob_id(name))["blob"])[:LARGE] == lab.content[:LARGE]
    lab.service.client.change("POST", f"{lab.source}/endGetAccess", label="end")
    assert lab.leaks() == []


# --- another host ----------------------------------------------------------------------------------------------------


def test_an_import_begins_again_and_is_whole(lab: Lab) -> None:
    disk = lab.id("disks", "imported")
    wanted: Document = {"creationData": {"createOption": "Import", "sourceUri": lab.host.uri}}
    lab.host.stop_in(4)
    lab.begin(disk, wanted)

    lab.host.stuck.wait(60)
    assert lab.half_made()
    lab.kill()
    lab.host.stop_in(-1)
    lab.host.go_on.set()
    lab.again()

    assert lab.state(disk) == "Succeeded"
    assert lab.bytes_of(lab.held(disk)["disk"]) == lab.host.endpoint.content
    lab.put(disk, wanted)
    assert lab.leaks() == []


def test_an_import_whose_host_has_it_no_longer_fails_and_leaves_nothing(lab: Lab) -> None:
    image = lab.id("images", "far")
    os_disk: Document = {"osType": "Linux", "osState": "Generalized", "blobUri": lab.host.uri}
    wanted: Document = {"storageProfile": {"osDisk": os_disk}}
    lab.host.stop_in(4)
    lab.begin(image, wanted)

    lab.host.stuck.wait(60)
    assert lab.half_made()
    lab.kill()
    lab.host.gone = True
    lab.host.go_on.set()
    lab.again()

    assert lab.state(image) == "Failed"
    assert lab.held(image) == {}
    assert lab.leaks() == []
    lab.host.gone = False
    lab.put(image, wanted)
    assert lab.state(image) == "Succeeded"
    assert lab.bytes_of(lab.held(image)["os"]) == lab.host.endpoint.content
    assert lab.leaks() == []


# --- a machine that runs ---------------------------------------------------------------------------------------------


def test_a_snapshot_of_a_running_machines_disk_is_taken_once(lab: Lab) -> None:
    machine = running_machine(lab, "frozen")
    disk = lab.id("disks", "frozen-data")
    wanted: Document = {"creationData": {"createOption": "Copy", "sourceResourceId": disk}}

    name = lab.kill_in_step("switch guest", lambda name: lab.begin(lab.id("snapshots", name), wanted))
    lab.again()

    snapshot = lab.id("snapshots", name)
    assert lab.state(snapshot) == "Succeeded"
    frozen, now = lab.held(snapshot)["disk"], lab.held(disk)["disk"]
    assert lab.query("SELECT backing FROM volumes WHERE id = ?", now) == [(frozen,)]
    assert written_by(lab, machine)[0] == now, "the guest writes what its disk holds"
    lab.put(snapshot, wanted)
    assert lab.held(snapshot)["disk"] == frozen
    assert lab.leaks() == []


def test_a_disk_is_attached_to_a_running_machine_once(lab: Lab) -> None:
    machine = running_machine(lab, "growing")

    def attached() -> list[Document]:
        return objects_at(lab.service.client.get(machine), "properties", "storageProfile", "dataDisks")

    def attach(name: str) -> None:
        """Beside those that are there: an earlier one may have been quicker than its kill."""
        there = [each for each in attached() if each["name"] != name]
        new: Document = {"lun": 5 + int(name[-1]), "name": name, "createOption": "Empty", "diskSizeGB": 1}
        disks: Document = {"storageProfile": {"dataDisks": [*there, new]}}
        lab.service.client.send("PATCH", machine, {"properties": disks})

    name = lab.kill_in_step("make volumes", attach)
    lab.again()

    last = attached()[-1]
    assert (last["name"], last["toBeDetached"]) == (name, False)
    assert lab.state(machine) == "Succeeded"
    assert written_by(lab, machine)[number_at(last, "lun")] == lab.held(lab.id("disks", name))["disk"]
    attach(name)
    until(lambda: lab.state(machine) == "Succeeded")
    assert lab.leaks() == []


def running_machine(lab: Lab, name: str) -> str:
    """With an OS disk and a data disk that were empty when it began."""
    net, nic = (lab.id(type, name, "Microsoft.Network") for type in ("virtualNetworks", "networkInterfaces"))
    subnet: Document = {"name": "default", "properties": {"addressPrefix": "10.1.0.0/24"}}
    lab.put(net, {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": [subnet]})
    address: Document = {"name": "a", "properties": {"subnet": {"id": f"{net}/subnets/default"}}}
    lab.put(nic, {"ipConfigurations": [address]})
    for each in ("os", "data"):
        lab.put(lab.id("disks", f"{name}-{each}"), {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1})
    os_disk, data = ({"id": lab.id("disks", f"{name}-{each}")} for each in ("os", "data"))
    storage: Document = {
        "osDisk": {"createOption": "Attach", "managedDisk": {**os_disk}, "osType": "Linux"},
        "dataDisks": [{"createOption": "Attach", "managedDisk": {**data}, "lun": 0}],
    }
    machine = lab.id("virtualMachines", name)
    nics: Document = {"networkInterfaces": [{"id": nic}]}
    lab.put(machine, {"hardwareProfile": {"vmSize": "Standard_B1s"}, "storageProfile": storage, "networkProfile": nics})
    return machine


def written_by(lab: Lab, machine: str) -> dict[int | None, str]:
    """Volumes by LUN, as the simulated machine's own file has them."""
    vm_id = text_at(lab.service.client.get(machine), "properties", "vmId")
    raw = (lab.service.data.root / "machines" / str(vm_id) / "simulated.json").read_bytes()
    drives = objects_at(msgspec.json.decode(raw), "machine", "drives")
    return {number_at(each, "lun"): str(text_at(each, "volume")) for each in drives}

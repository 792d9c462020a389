"""Azure's own blob client, unmodified, against a service that was started by the command line.

The scenes are in blob_script.py and run in an environment of their own (`make deps-sdk`).
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from calco import process
from calco.model import vhd
from calco.model.document import Document, text_at
from calco.system import SystemClock
from tests.contract.test_sdk import rows
from tests.service_process import ServiceProcess, processes_of, serving, words_of

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venvs/blob/bin/python"
MIB = 1024 * 1024

SCENES = (
    "page_blob",
    "upload_of_a_vhd",
    "block_blob",
    "listing",
    "lease",
    "copies",
    "signatures",
    "refusals",
    "host_style",
)


class Storage:
    """One account of a service."""

    def __init__(self, service: ServiceProcess) -> None:
        self.service = service
        self.group = f"{service.client.subscription}/resourceGroups/blobs"
        self.account = f"{self.group}/providers/Microsoft.Storage/storageAccounts/scenes"
        client = service.client
        client.change("PUT", self.group, {"location": "eastus"}, label="group")
        body: Document = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
        client.change("PUT", self.account, body, label="account")
        self.endpoint = str(text_at(client.get(self.account), "properties", "primaryEndpoints", "blob"))
        keys = client.change("POST", f"{self.account}/listKeys", label="keys")["keys"]
        assert isinstance(keys, list)
        self.key = str(text_at(keys[0], "value"))

    def play(self, scene: str, **environ: str) -> None:
        if not PYTHON.exists() and not os.environ.get("CI"):
            pytest.skip(f"{PYTHON} is missing: make deps-sdk")
        given = {"ENDPOINT": self.endpoint, "ACCOUNT": "scenes", "KEY": self.key}
        done = subprocess.run(
            [PYTHON, "-W", "ignore", HERE / "blob_script.py", scene],
            env={**self.service.environ, **given, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "done\n"), f"{done.stderr[-3000:]}\n{blob_log(self.service)}"

    def disk(self, name: str, properties: Document) -> str:
        """Its id."""
        id = f"{self.group}/providers/Microsoft.Compute/disks/{name}"
        self.service.client.change("PUT", id, {"location": "eastus", "properties": properties}, label="disk")
        return id

    def sas(self, disk: str, access: str) -> str:
        client = self.service.client
        asked: Document = {"access": access, "durationInSeconds": 600}
        answer = client.change("POST", f"{disk}/beginGetAccess", asked, label="access")
        return str(text_at(answer, "accessSAS") or text_at(answer, "properties", "output", "accessSAS"))


def blob_log(service: ServiceProcess) -> str:
    files = [service.data.logs / name for name in ("blob.log", "blob.out")]
    return "\n".join(file.read_text()[-3000:] for file in files if file.exists())


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    with serving(tmp_path_factory.mktemp("blobs") / "data") as service:
        yield Storage(service)


@pytest.mark.parametrize("scene", SCENES)
def test_azures_client_finds_what_azure_has(scene: str, storage: Storage) -> None:
    storage.play(scene)


def test_a_disk_is_read_and_copied_by_its_sas(storage: Storage) -> None:
    disk = storage.disk("shared", {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1})

    storage.play("disk_sas", DISK_SAS=storage.sas(disk, "Read"), DISK_BYTES=str(1024 * MIB))


def test_an_upload_disk_is_written_by_its_sas_and_becomes_a_disk(storage: Storage) -> None:
    guest_bytes = 32 * MIB
    creation: Document = {"createOption": "Upload", "uploadSizeBytes": guest_bytes + 512}
    disk = storage.disk("uploaded", {"creationData": creation})
    footer = vhd.footer(guest_bytes, "11111111-2222-3333-4444-555555555555", SystemClock().now())

    storage.play("upload_sas", DISK_SAS=storage.sas(disk, "Write"), DISK_BYTES=str(guest_bytes), FOOTER=footer.hex())
    storage.service.client.change("POST", f"{disk}/endGetAccess", label="end")

    assert text_at(storage.service.client.get(disk), "properties", "diskState") == "Unattached"


# --- the process -----------------------------------------------------------------------------------------------------


def blob_processes(service: ServiceProcess) -> list[process.Mark]:
    return [each for each in processes_of(service.data) if b"calco.blob_worker" in words_of(each.pid)]


def test_nobody_pays_for_blobs_before_the_first_knock_and_the_process_ends_with_the_service(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        before = blob_processes(service)
        storage = Storage(service)
        storage.play("lease")
        (one,) = blob_processes(service)
        its_end = os.pidfd_open(one.pid)
        service.kill()
        process.wait_gone(its_end, 10)
        os.close(its_end)
        endpoint = storage.endpoint
        service.restart()

        assert before == []
        assert not process.is_alive(one)
        assert Storage(service).endpoint == endpoint, "images name URLs with the port"
        storage.play("copies")
        service.client.change("DELETE", storage.group, label="group")
        assert rows(service) == []


def test_a_killed_blob_process_leaves_nothing_half_made_and_the_next_knock_starts_another(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        storage = Storage(service)
        storage.play("lease")
        (one,) = blob_processes(service)
        upload = subprocess.Popen(
            [PYTHON, "-W", "ignore", "-c", ENDLESS_UPLOAD],
            env={**service.environ, "ENDPOINT": storage.endpoint, "ACCOUNT": "scenes", "KEY": storage.key},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert upload.stdout is not None
        assert upload.stdout.readline() == b"on its way\n"
        os.kill(one.pid, signal.SIGKILL)
        upload.wait(timeout=60)
        upload.stdout.close()

        storage.play("listing")

        (other,) = blob_processes(service)
        assert other != one
        assert service.client.get(storage.account)["name"] == "scenes", "the API never noticed"
        storage.play("half_upload")
        service.client.change("DELETE", storage.group, label="group")
        assert rows(service) == []
        assert [each.name for each in (service.data.root / "volumes").rglob("*.*")] == []


ENDLESS_UPLOAD = """
import os
from datetime import UTC, datetime, timedelta
import requests
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas
given = os.environ
account, key = given["ACCOUNT"], given["KEY"]
service = BlobServiceClient(given["ENDPOINT"], credential={"account_name": account, "account_key": key})
blob = service.create_container("half").get_blob_client("half.log")
sas = generate_blob_sas(account, "half", "half.log", account_key=key, permission=BlobSasPermissions(write=True),
    expiry=datetime.now(UTC) + timedelta(hours=1))
class Slow:
    sent = 0
    def __len__(self):
        return 250 << 20
    def read(self, _):
        self.sent += 1
        if self.sent == 200:
            print("on its way", flush=True)
        return os.urandom(1 << 16)
requests.put(f"{blob.url}?{sas}", data=Slow(), headers={"x-ms-blob-type": "BlockBlob"})
"""

"""az itself, unmodified, against a service that was started by the command line, on simulated machines.

Its environment is large, so it is made for long tests only (`make deps-az`). Its settings lie in the test's own folder,
and every way to the internet is a proxy that is not there: what az asks anybody else for fails.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from calco.model import vhd
from calco.model.document import Document, Json
from calco.model.volume import MIB
from calco.system import SystemClock
from tests.contract.test_sdk import belongings, rows
from tests.service_process import ServiceProcess, serving
from tests.standing import SeededChance

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

BIN = Path(__file__).parents[2] / ".venvs/az/bin"
GUEST_BYTES = 20 * MIB
"""The least that Azure takes as an upload."""
ACCOUNT = "vhdsofaz"
NOBODY = "http://127.0.0.1:9"
"""The port of the discard service, which nobody has run for decades."""
IMAGE = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}

UPLOAD = """
import sys
from azure.storage.blob import BlobClient
url, path = sys.argv[1:]
step = 4 << 20
with open(path, "rb") as file, BlobClient.from_blob_url(url, retry_total=0) as blob:
    at = 0
    while piece := file.read(step):
        blob.upload_page(piece, at, len(piece))
        at += len(piece)
"""
"""Azure takes uploads to a disk page by page; `az storage blob upload` would make a blob first, and must not."""


@dataclass(frozen=True)
class Az:
    """Runs az with what ``calco env`` printed; ``folder`` is its home and where it runs."""

    service: ServiceProcess
    environ: Mapping[str, str]
    folder: Path

    def __call__(self, *words: str | Path) -> Json:
        """What it printed, read; None when it printed nothing. An AssertionError, with all it said, when it fails."""
        done = self.run(BIN / "az", *words, "-o", "json", "--only-show-errors")
        assert done.returncode == 0, f"az {' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}"
        found: Json = json.loads(done.stdout) if done.stdout.strip() else None
        return found

    def text(self, *words: str | Path) -> str:
        """What it printed, which must be one string."""
        found = self(*words)
        assert isinstance(found, str), found
        return found

    def refused(self, *words: str | Path) -> str:
        """What it said when it failed, which must be words and no traceback."""
        done = self.run(BIN / "az", *words, "--only-show-errors")
        assert done.returncode != 0, f"not refused: {done.stdout}"
        assert done.stderr.startswith("ERROR: "), done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def upload_pages(self, url: str, file: Path) -> None:
        done = self.run(BIN / "python", "-W", "ignore", "-c", UPLOAD, url, file)
        assert done.returncode == 0, done.stderr

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    # --- what several tests begin with ---------------------------------------------------------------------------

    def account(self, group: str) -> str:
        """A storage account with a container `vhds`; its connection string."""
        self("storage", "account", "create", "-g", group, "-n", ACCOUNT, "--sku", "Standard_LRS")
        told = self("storage", "account", "show-connection-string", "-g", group, "-n", ACCOUNT, "--query", STRING)
        assert isinstance(told, str)
        self("storage", "container", "create", "-n", "vhds", "--connection-string", told)
        return told

    def vhd(self) -> Path:
        """A fixed VHD: a little at both ends, nothing between."""
        file = self.folder / "disk.vhd"
        ends = bytes.fromhex(SeededChance().token(MIB))
        footer = vhd.footer(GUEST_BYTES, "11111111-2222-3333-4444-555555555555", SystemClock().now())
        file.write_bytes(ends + bytes(GUEST_BYTES - 2 * MIB) + ends + footer)
        return file

    def machine(self, group: str, name: str, storage: Document) -> None:
        """What `az vm create` would leave, but without its template."""
        self("network", "vnet", "create", "-g", group, "-n", "net", "--subnet-name", "default")
        made = ("network", "nic", "create", "-g", group, "-n", "nic", "--vnet-name", "net", "--subnet", "default")
        nic = self.text(*made, "--query", "NewNIC.id")
        profile = {"computerName": name, "adminUsername": "azureuser", "adminPassword": "Secret-123456"}
        properties = {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {"imageReference": IMAGE, **storage},
            "osProfile": {**profile, "linuxConfiguration": {"disablePasswordAuthentication": False}},
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        }
        body = self.folder / "machine.json"
        body.write_text(json.dumps({"location": "eastus", "properties": properties}))
        url = f"{self.service.client.subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines"
        self("rest", "--method", "put", "--url", f"{url}/{name}?api-version=2024-07-01", "--body", f"@{body}")
        self("vm", "wait", "-g", group, "-n", name, "--created", "--interval", "1")


STRING = "connectionString"


@pytest.fixture(scope="module")
def az(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """Registered and logged in as README.md tells."""
    if not BIN.exists() and not os.environ.get("CI"):
        pytest.skip(f"{BIN} is missing: make deps-az")
    folder = tmp_path_factory.mktemp("az")
    with serving(folder / "data") as service:
        environ = {
            **service.environ,
            "HOME": str(folder),
            "AZURE_CONFIG_DIR": str(folder / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "HTTP_PROXY": NOBODY,
            "HTTPS_PROXY": NOBODY,
            "NO_PROXY": "localhost,127.0.0.1",
        }
        found = Az(service, environ, folder)
        log_in(found)
        yield found


def log_in(az: Az) -> None:
    given, known = az.environ, ("cloud", "register", "-n", "calco", "--skip-endpoint-discovery")
    endpoint, blobs = given["CALCO_ENDPOINT"], given["CALCO_BLOB_ENDPOINT"]
    az(
        *known,
        "--endpoint-resource-manager", endpoint,
        "--endpoint-active-directory", given["AZURE_AUTHORITY_HOST"],
        "--endpoint-active-directory-resource-id", endpoint,
        "--suffix-storage-endpoint", blobs.removeprefix("https://"),
    )  # fmt: skip
    az("cloud", "set", "-n", "calco")
    secret = ("-u", given["AZURE_CLIENT_ID"], "-p", given["AZURE_CLIENT_SECRET"], "-t", given["AZURE_TENANT_ID"])
    az("login", "--service-principal", *secret)


@pytest.fixture
def group(az: Az) -> Iterator[str]:
    """A group that takes all with it."""
    az("group", "create", "-n", "lab", "-l", "eastus")
    yield "lab"
    az("group", "delete", "-n", "lab", "--yes")
    assert (belongings(az.service), rows(az.service)) == ([], [])


def in_an_hour() -> str:
    return (SystemClock().now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%MZ")


# --- disks and snapshots ---------------------------------------------------------------------------------------------


def test_disks_and_snapshots_are_made_of_nothing_and_of_each_other(az: Az, group: str) -> None:
    made = az("disk", "create", "-g", group, "-n", "empty", "--size-gb", "1", "--sku", "Standard_LRS")
    az("snapshot", "create", "-g", group, "-n", "full", "--source", "empty")
    az("snapshot", "create", "-g", group, "-n", "more", "--source", "empty", "--incremental", "true")
    az("disk", "create", "-g", group, "-n", "copy", "--source", "empty")
    az("disk", "create", "-g", group, "-n", "restored", "--source", "full")
    az("disk", "update", "-g", group, "-n", "copy", "--size-gb", "2")

    assert isinstance(made, dict)
    assert (made["diskState"], made["diskSizeBytes"], made["provisioningState"]) == ("Unattached", 2**30, "Succeeded")
    disks = "[].[name, diskSizeGB, creationData.createOption]"
    found = az("disk", "list", "-g", group, "--query", disks)
    assert found == [["empty", 1, "Empty"], ["copy", 2, "Copy"], ["restored", 1, "Copy"]]
    kinds = az("snapshot", "list", "-g", group, "--query", "[].[name, incremental, diskState]")
    assert kinds == [["full", False, "Unattached"], ["more", True, "Unattached"]]
    az("disk", "delete", "-g", group, "-n", "empty", "--yes")
    assert "ResourceNotFound" in az.refused("disk", "show", "-g", group, "-n", "empty")
    assert az("disk", "show", "-g", group, "-n", "restored", "--query", "diskState") == "Unattached"


def test_a_vhd_becomes_a_disk_and_comes_back_by_signed_urls(az: Az, group: str) -> None:
    file, state = az.vhd(), ("disk", "show", "-g", group, "-n", "uploaded", "--query", "diskState")
    size = str(file.stat().st_size)
    az("disk", "create", "-g", group, "-n", "uploaded", "--upload-type", "Upload", "--upload-size-bytes", size)
    states = [az(*state)]

    writing = az.text(*granted("disk", group, "uploaded", "Write"))
    states.append(az(*state))
    az.upload_pages(writing, file)
    az("disk", "revoke-access", "-g", group, "-n", "uploaded")
    states.append(az(*state))
    az("snapshot", "create", "-g", group, "-n", "taken", "--source", "uploaded")
    reading = {kind: az.text(*granted(kind, group, name, "Read")) for kind, name in SHARED.items()}
    states.append(az(*state))

    assert states == ["ReadyToUpload", "ActiveUpload", "Unattached", "ActiveSAS"]
    for kind, url in reading.items():
        assert_is_vhd(downloaded(az, url, f"whole-{kind}"), file)
        part = downloaded(az, url, f"part-{kind}", "--start-range", "1000", "--end-range", str(3 * MIB))
        assert part == file.read_bytes()[1000 : 3 * MIB + 1]
        az(kind, "revoke-access", "-g", group, "-n", SHARED[kind])
        az.refused("storage", "blob", "download", "--blob-url", url, "-f", "late.vhd")
    assert az(*state) == "Unattached"


SHARED = {"disk": "uploaded", "snapshot": "taken"}


def granted(kind: str, group: str, name: str, access: str) -> tuple[str, ...]:
    words = (kind, "grant-access", "-g", group, "-n", name, "--access-level", access)
    return (*words, "--duration-in-seconds", "600", "--query", "accessSAS")


def downloaded(az: Az, url: str, name: str, *more: str) -> bytes:
    az("storage", "blob", "download", "--blob-url", url, "-f", name, "--no-progress", *more)
    return (az.folder / name).read_bytes()


def assert_is_vhd(found: bytes, file: Path) -> None:
    """The disk's bytes are the file's; the footer is a fixed VHD's of that size."""
    assert len(found) == GUEST_BYTES + vhd.FOOTER_BYTES
    assert found[:GUEST_BYTES] == file.read_bytes()[:GUEST_BYTES]
    footer = vhd.read_footer(found[GUEST_BYTES:])
    assert (footer.guest_bytes, footer.kind) == (GUEST_BYTES, vhd.Kind.FIXED)


def test_what_is_no_vhd_is_refused_when_the_upload_ends(az: Az, group: str) -> None:
    size = str(az.vhd().stat().st_size)
    az("disk", "create", "-g", group, "-n", "wrong", "--upload-type", "Upload", "--upload-size-bytes", size)
    az(*granted("disk", group, "wrong", "Write"))

    said = az.refused("disk", "revoke-access", "-g", group, "-n", "wrong")

    assert "(InvalidVhd)" in said
    assert "qemu-img convert" in said
    assert az("disk", "show", "-g", group, "-n", "wrong", "--query", "diskState") == "ReadyToUpload"


# --- storage ---------------------------------------------------------------------------------------------------------


def test_storage_accounts_have_names_keys_and_connection_strings(az: Az, group: str) -> None:
    account = ("-g", group, "-n", ACCOUNT)
    free = az("storage", "account", "check-name", "-n", ACCOUNT, "--query", "nameAvailable")

    shown = "[provisioningState, encryption.services.blob.enabled]"
    made = az("storage", "account", "create", *account, "--sku", "Standard_LRS", "--query", shown)
    taken = az("storage", "account", "check-name", "-n", ACCOUNT, "--query", "reason")
    first, second = keys(az, account)
    az("storage", "account", "keys", "renew", *account, "--key", "key2")
    told = az.text("storage", "account", "show-connection-string", *account, "--query", STRING)

    assert (free, made, taken) == (True, ["Succeeded", True], "AlreadyExists")
    renewed = keys(az, account)
    assert renewed[0] == first
    assert renewed[1] != second
    endpoint = f"{az.environ['CALCO_BLOB_ENDPOINT']}/{ACCOUNT}/"
    assert f"AccountKey={first};" in told
    assert f"BlobEndpoint={endpoint};" in told
    az("storage", "account", "update", *account, "--tags", "stage=test")
    listed = az("storage", "account", "list", "-g", group, "--query", "[].[name, tags.stage, primaryEndpoints.blob]")
    assert listed == [[ACCOUNT, "test", endpoint]]
    az("storage", "account", "delete", *account, "--yes")
    assert az("storage", "account", "check-name", "-n", ACCOUNT, "--query", "nameAvailable") is True


def keys(az: Az, account: tuple[str, ...]) -> list[Json]:
    found = az("storage", "account", "keys", "list", *account, "--query", "[].value")
    assert isinstance(found, list)
    return found


def test_vhds_go_into_containers_and_come_back(az: Az, group: str) -> None:
    file = az.vhd()
    by = ("--connection-string", az.account(group))
    blob = ("-c", "vhds", "-n", "a folder/ñandú.vhd", *by)

    az("storage", "blob", "upload", *blob, "-f", file, "--type", "page", "--no-progress")
    az("storage", "blob", "upload", "-c", "vhds", "-n", "small.log", "--data", "one line", *by)

    assert az("storage", "container", "list", *by, "--query", "[].name") == ["vhds"]
    listed = az("storage", "blob", "list", "-c", "vhds", *by, "--query", "[].[name, properties.blobType]")
    assert listed == [["a folder/ñandú.vhd", "PageBlob"], ["small.log", "BlockBlob"]]
    shown = az("storage", "blob", "show", *blob, "--query", "properties.[contentLength, lease.state]")
    assert shown == [GUEST_BYTES + vhd.FOOTER_BYTES, "available"]
    az("storage", "blob", "download", *blob, "-f", "back.vhd", "--no-progress")
    assert (az.folder / "back.vhd").read_bytes() == file.read_bytes()
    assert "BlobAlreadyExists" in az.refused("storage", "blob", "upload", *blob, "-f", file, "--type", "page")
    az("storage", "blob", "delete", *blob)
    assert az("storage", "blob", "exists", *blob, "--query", "exists") is False
    az("storage", "container", "delete", "-n", "vhds", *by)
    assert az("storage", "container", "list", *by) == []


def test_blobs_are_copied_and_leased(az: Az, group: str) -> None:
    by = ("--connection-string", az.account(group))
    copy, into = ("storage", "blob", "copy", "start", *by), ("--destination-container", "vhds", "--destination-blob")
    az("storage", "blob", "upload", "-c", "vhds", "-n", "one.vhd", "-f", az.vhd(), "--type", "page", *by)
    address = az.text("storage", "blob", "url", "-c", "vhds", "-n", "one.vhd", *by)

    by_name = az(*copy, *into, "two.vhd", "--source-container", "vhds", "--source-blob", "one.vhd")
    by_address = az(*copy, *into, "three.vhd", "--source-uri", address)
    two = ("-c", "vhds", "-n", "two.vhd", *by)
    lease = ("storage", "blob", "lease")
    held = az.text(*lease, "acquire", "-c", "vhds", "-b", "two.vhd", "--lease-duration", "-1", *by)

    for each in (by_name, by_address):
        assert isinstance(each, dict)
        assert each["copy_status"] == "success"
    assert "LeaseIdMissing" in az.refused("storage", "blob", "delete", *two)
    assert az("storage", "blob", "show", *two, "--query", "properties.lease.[state, duration]") == [
        "leased",
        "infinite",
    ]
    assert az(*lease, "renew", "-c", "vhds", "-b", "two.vhd", "--lease-id", held, *by) == held
    az(*lease, "break", "-c", "vhds", "-b", "two.vhd", "--lease-break-period", "0", *by)
    az(*lease, "release", "-c", "vhds", "-b", "two.vhd", "--lease-id", held, *by)
    az("storage", "blob", "delete", *two)
    left = az("storage", "blob", "list", "-c", "vhds", *by, "--include", "c", "--query", COPIES)
    assert left == [["one.vhd", None], ["three.vhd", "success"]]


COPIES = "[].[name, properties.copy.status]"


def test_signatures_allow_what_they_say(az: Az, group: str) -> None:
    file = az.vhd()
    by = ("--connection-string", az.account(group))
    az("storage", "blob", "upload", "-c", "vhds", "-n", "one.vhd", "-f", file, "--type", "page", *by)
    named, until = ("-c", "vhds", "-n", "one.vhd"), ("--expiry", in_an_hour())

    url = az.text("storage", "blob", "generate-sas", *named, "--permissions", "r", *until, "--full-uri", *by)
    services = ("--services", "b", "--resource-types", "co", "--permissions", "rl")
    of_account = az.text("storage", "account", "generate-sas", *services, *until, *by)

    assert downloaded(az, url, "signed.vhd") == file.read_bytes()
    signed = ("--blob-endpoint", f"{az.environ['CALCO_BLOB_ENDPOINT']}/{ACCOUNT}", "--sas-token", of_account)
    assert az("storage", "blob", "list", "-c", "vhds", *signed, "--query", "[].name") == ["one.vhd"]
    az.refused("storage", "blob", "delete", *named, *signed)
    az.refused("storage", "blob", "delete", "--blob-url", url)
    assert az("storage", "blob", "exists", *named, *by, "--query", "exists") is True


# --- images ----------------------------------------------------------------------------------------------------------


def test_images_are_made_of_disks_snapshots_and_blobs(az: Az, group: str) -> None:
    by = ("--connection-string", az.account(group))
    named = ("-c", "vhds", "-n", "one.vhd")
    az("storage", "blob", "upload", *named, "-f", az.vhd(), "--type", "page", *by)
    address = az.text("storage", "blob", "url", *named, *by)
    az("disk", "create", "-g", group, "-n", "disk", "--source", address)
    az("snapshot", "create", "-g", group, "-n", "taken", "--source", "disk")
    make = ("image", "create", "-g", group, "--os-type", "Linux")

    os_disks = [
        az(*make, "-n", f"of-{number}", "--source", source, "--query", SOURCE)
        for number, source in enumerate(("disk", "taken", address))
    ]
    mixed = ("--data-disk-sources", address, "taken", "--hyper-v-generation", "V2", "--zone-resilient", "true")
    az(*make, "-n", "mixed", "--source", "disk", *mixed)

    path = f"{az.service.client.subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
    assert os_disks == [
        [f"{path}/disks/disk", None, None, "Generalized"],
        [None, f"{path}/snapshots/taken", None, "Generalized"],
        [None, None, address, "Generalized"],
    ]
    query = "[hyperVGeneration, storageProfile.zoneResilient, storageProfile.dataDisks[].[lun, snapshot.id, blobUri]]"
    shown = az("image", "show", "-g", group, "-n", "mixed", "--query", query)
    assert shown == ["V2", True, [[0, None, address], [1, f"{path}/snapshots/taken", None]]]
    assert az("image", "update", "-g", group, "-n", "mixed", "--set", "tags.stage=test", "--query", "tags") == STAGE
    az("image", "delete", "-g", group, "-n", "mixed")
    assert "ResourceNotFound" in az.refused("image", "show", "-g", group, "-n", "mixed")
    assert az("image", "list", "-g", group, "--query", "[].name") == ["of-0", "of-1", "of-2"]


SOURCE = "storageProfile.osDisk.[managedDisk.id, snapshot.id, blobUri, osState]"
STAGE = {"stage": "test"}


def test_a_machine_gets_and_loses_disks_and_becomes_an_image(az: Az, group: str) -> None:
    disks = ("vm", "disk")
    machine = ("-g", group, "--vm-name", "web1")
    az.machine(group, "web1", {"osDisk": {"createOption": "FromImage"}})
    az("disk", "create", "-g", group, "-n", "old", "--size-gb", "1")

    az(*disks, "attach", *machine, "-n", "old", "--lun", "3")
    az(*disks, "attach", *machine, "-n", "new", "--new", "--size-gb", "1")
    both = attached(az, group)
    seen = az("vm", "list", "-g", group, "-d", "--query", "[].[name, powerState]")
    az(*disks, "detach", *machine, "-n", "new")
    az("snapshot", "create", "-g", group, "-n", "of-running", "--source", "old")
    not_yet = az.refused("image", "create", "-g", group, "-n", "golden", "--source", "web1")
    for act in ("deallocate", "generalize"):
        az("vm", act, "-g", group, "-n", "web1")
    made = az("image", "create", "-g", group, "-n", "golden", "--source", "web1", "--query", "storageProfile")

    assert seen == [["web1", "VM running"]]
    assert both == [[0, "new"], [3, "old"]]
    assert attached(az, group) == [[3, "old"]]
    assert az("disk", "show", "-g", group, "-n", "new", "--query", "[diskState, managedBy]") == ["Unattached", None]
    assert "OperationNotAllowed" in not_yet
    assert "Generalized" in not_yet
    assert isinstance(made, dict)
    assert isinstance(made["dataDisks"], list)
    assert [each["lun"] for each in made["dataDisks"] if isinstance(each, dict)] == [3]
    assert "OperationNotAllowed" in az.refused("vm", "start", "-g", group, "-n", "web1")
    az("vm", "delete", "-g", group, "-n", "web1", "--yes")
    assert az("image", "list", "-g", group, "--query", "[].name") == ["golden"]


def attached(az: Az, group: str) -> Json:
    query = "sort_by(storageProfile.dataDisks, &lun)[].[lun, name]"
    return az("vm", "show", "-g", group, "-n", "web1", "--query", query)


def test_a_machine_on_blobs_is_captured_into_blobs_and_into_an_image(az: Az, group: str) -> None:
    by = ("--connection-string", az.account(group))
    blobs = f"{az.environ['CALCO_BLOB_ENDPOINT']}/{ACCOUNT}/vhds"
    os_disk: Document = {"name": "os", "createOption": "FromImage", "vhd": {"uri": f"{blobs}/os.vhd"}}
    data: Document = {"lun": 2, "name": "data", "createOption": "Empty", "diskSizeGB": 1}
    az.machine(group, "old1", {"osDisk": os_disk, "dataDisks": [{**data, "vhd": {"uri": f"{blobs}/data.vhd"}}]})

    listed = az("vm", "unmanaged-disk", "list", "-g", group, "--vm-name", "old1", "--query", "[].[lun, vhd.uri]")
    leased = az.refused("storage", "blob", "delete", "-c", "vhds", "-n", "os.vhd", *by)
    for act in ("deallocate", "generalize"):
        az("vm", act, "-g", group, "-n", "old1")
    captured = ("vm", "capture", "-g", group, "-n", "old1", "--vhd-name-prefix", "golden")
    uri = az.text(*captured, "--query", "properties.storageProfile.osDisk.image.uri")
    made = az("image", "create", "-g", group, "-n", "golden", "--source", "old1", "--query", SOURCE)

    assert listed == [[2, f"{blobs}/data.vhd"]]
    assert "LeaseAlreadyPresent" in leased
    assert f"/{ACCOUNT}/system/Microsoft.Compute/Images/vhds/golden-osDisk." in uri
    assert az("storage", "blob", "exists", "--blob-url", uri, *key(az, group), "--query", "exists") is True
    assert made == [None, None, f"{blobs}/os.vhd", "Generalized"]
    az("vm", "delete", "-g", group, "-n", "old1", "--yes")
    left = az("storage", "blob", "list", "-c", "vhds", *by, "--query", "[].[name, properties.lease.state]")
    assert left == [["data.vhd", "available"], ["os.vhd", "available"]]


def key(az: Az, group: str) -> tuple[str, str]:
    return "--account-key", str(keys(az, ("-g", group, "-n", ACCOUNT))[0])

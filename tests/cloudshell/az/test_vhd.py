"""Add-AzVhd: what arrives is a fixed VHD as Azure takes it, whatever the file was, and nothing is left of a failure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import pytest

from calco.cli.shell_files import LocalFiles
from calco.cloudshell import reach
from calco.cloudshell.api import Refused
from calco.cloudshell.az import sas, vhd
from calco.cloudshell.reach import Reach
from calco.cloudshell.values import Record, Value
from calco.model.vhd import FOOTER_BYTES, footer, read_footer
from calco.signed_url import Answer, BlobFailure
from tests.blob.endpoint import NAME, Endpoint
from tests.cloudshell.az.bench import Bench
from tests.cloudshell.az.blobs import with_account
from tests.cloudshell.world import SUBSCRIPTION

pytestmark = pytest.mark.slow  # the endpoint is real, over files
MIB = 1024 * 1024
DISK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Compute/disks/golden"
ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
TO_DISK: dict[str, Value] = {
    "ResourceGroupName": "lab",
    "Location": "eastus",
    "DiskName": "golden",
    "LocalFilePath": "disk.vhd",
}


def write_vhd(folder: Path, guest_bytes: int, *, name: str = "disk.vhd") -> bytes:
    """A fixed VHD with something at its beginning and its end; what a guest sees of it."""
    guest = b"begin" + bytes(guest_bytes - 8) + b"end"
    (folder / name).write_bytes(guest + footer(guest_bytes, ID, datetime(2026, 1, 1, tzinfo=UTC)))
    return guest


@pytest.fixture
def bench() -> Bench:
    return Bench((vhd.MODULE,))


@pytest.fixture
def endpoint(bench: Bench, tmp_path: Path) -> Endpoint:
    endpoint = with_account(bench, tmp_path)
    endpoint.container()
    return endpoint


def add(bench: Bench, endpoint: Endpoint, **more: Value) -> list[Value]:
    address = f"{endpoint.base}/{NAME}/vhds/disk.vhd"
    asked: dict[str, Value] = {"Destination": address, "LocalFilePath": "disk.vhd", "ResourceGroupName": "lab", **more}
    return bench.run("Add-AzVhd", **asked)


# --- to a blob -------------------------------------------------------------------------------------------------------


def test_a_vhd_becomes_a_page_blob_with_a_footer_of_its_own(bench: Bench, endpoint: Endpoint, tmp_path: Path) -> None:
    guest = write_vhd(tmp_path, 6 * MIB)
    (told,) = add(bench, endpoint)
    arrived = endpoint.call("GET", "/vhds/disk.vhd").content
    assert arrived[:-FOOTER_BYTES] == guest
    assert read_footer(arrived[-FOOTER_BYTES:]).guest_bytes == 6 * MIB
    assert isinstance(told, Record)
    assert told.get("LocalFilePath") == str(tmp_path / "disk.vhd")
    assert str(told.get("DestinationUri")) == f"{endpoint.base}/{NAME}/vhds/disk.vhd"
    assert "sig=" not in f"{bench.shown(told)} {told}"


def test_a_disk_that_is_no_whole_number_of_mib_gets_zeros_behind_it(
    bench: Bench, endpoint: Endpoint, tmp_path: Path
) -> None:
    guest = write_vhd(tmp_path, 5 * MIB + 512)
    add(bench, endpoint)
    arrived = endpoint.call("GET", "/vhds/disk.vhd").content
    assert len(arrived) == 6 * MIB + FOOTER_BYTES
    assert arrived[:-FOOTER_BYTES] == guest.ljust(6 * MIB, b"\0")
    add(bench, endpoint, SkipResizing=True, OverWrite=True)
    assert len(endpoint.call("GET", "/vhds/disk.vhd").content) == 5 * MIB + 512 + FOOTER_BYTES


def test_a_blob_that_is_there_is_replaced_only_when_told(bench: Bench, endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.page_blob()
    write_vhd(tmp_path, 2 * MIB)
    assert add(bench, endpoint) == []
    assert "give -OverWrite to replace it" in bench.reported[0].message
    assert len(endpoint.call("GET", "/vhds/disk.vhd").content) == MIB
    assert add(bench, endpoint, OverWrite=True) != []
    assert len(endpoint.call("GET", "/vhds/disk.vhd").content) == 2 * MIB + FOOTER_BYTES


AZURES = f"{NAME}.blob.core.windows.net"


@pytest.mark.parametrize("host", [f"https://{NAME}.blob.localhost:10000", f"https://{AZURES}", f"http://{AZURES}"])
def test_the_account_may_stand_in_the_host_name(bench: Bench, endpoint: Endpoint, tmp_path: Path, host: str) -> None:
    write_vhd(tmp_path, 2 * MIB)
    assert add(bench, endpoint, Destination=f"{host}/vhds/disk.vhd") != []
    assert endpoint.call("HEAD", "/vhds/disk.vhd").status_code == 200


def test_a_container_that_is_not_there_is_made(bench: Bench, endpoint: Endpoint, tmp_path: Path) -> None:
    write_vhd(tmp_path, 2 * MIB)
    assert add(bench, endpoint, Destination=f"{endpoint.base}/{NAME}/second/disk.vhd") != []
    assert endpoint.call("HEAD", "/second/disk.vhd").status_code == 200


def test_a_signature_of_the_blob_alone_is_enough(bench: Bench, endpoint: Endpoint, tmp_path: Path) -> None:
    write_vhd(tmp_path, 2 * MIB)
    grant = sas.Grant("rcw", bench.clock.now() + sas.HOUR)
    token = sas.blob_token(NAME, endpoint.key, grant, "vhds", "disk.vhd")
    assert add(bench, endpoint, Destination=f"{endpoint.base}/{NAME}/vhds/disk.vhd?{token}") != []
    assert endpoint.call("HEAD", "/vhds/disk.vhd").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example.com/labstore/vhds/disk.vhd",
        "http://localhost:10000/labstore/vhds/disk.vhd",
        "https://localhost:10000/other/vhds/disk.vhd",
        "https://localhost:10000/labstore/disk.vhd",
        "https://other.blob.localhost:10000/vhds/disk.vhd",
        "https://other.blob.core.windows.net/vhds/disk.vhd",
        f"https://{AZURES}.example.com/vhds/disk.vhd",
        f"ftp://{AZURES}/vhds/disk.vhd",
        "file:///etc/passwd",
        "disk.vhd",
        "https://[::1/labstore/vhds/disk.vhd",
        "https://localhost:99999/labstore/vhds/disk.vhd",
    ],
)
def test_no_host_is_asked_but_that_of_an_account(
    bench: Bench, endpoint: Endpoint, tmp_path: Path, address: str
) -> None:
    write_vhd(tmp_path, MIB)
    opened: list[str] = []

    def watch(url: str) -> Pages:
        opened.append(url)
        return Pages()

    reach.give(bench.state, Reach(watch, LocalFiles(tmp_path)))
    assert add(bench, endpoint, Destination=address) == []
    assert (
        "is not the address of a blob" in bench.reported[0].message or "is not an address" in bench.reported[0].message
    )
    assert opened == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.vhd", "Could not find file"),
        ("~nobody9/x.vhd", "the home of nobody"),
        ("x" * 300 + ".vhd", "cannot be read"),
        ("notes.txt", "named neither .vhd nor .vhdx"),
        ("short.vhd", "is no VHD"),
    ],
)
def test_a_file_that_is_no_disk_is_refused_by_name(
    bench: Bench, endpoint: Endpoint, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "short.vhd").write_text("short")
    assert add(bench, endpoint, LocalFilePath=name) == []
    assert said in bench.reported[0].message
    assert endpoint.call("HEAD", "/vhds/disk.vhd").status_code == 404


def test_there_are_no_files_in_the_portal(bench: Bench, tmp_path: Path) -> None:
    endpoint = with_account(bench, tmp_path, files=False)
    write_vhd(tmp_path, MIB)
    assert add(bench, endpoint) == []
    assert "There are no files in this session" in bench.reported[0].message
    assert bench.api.asked == []


# --- and back --------------------------------------------------------------------------------------------------------


def save(bench: Bench, endpoint: Endpoint, **more: Value) -> list[Value]:
    address = f"{endpoint.base}/{NAME}/vhds/disk.vhd"
    asked: dict[str, Value] = {"SourceUri": address, "LocalFilePath": "back.vhd", **more}
    return bench.run("Save-AzVhd", **asked)


def test_a_vhd_comes_back_as_it_was_sent(bench: Bench, endpoint: Endpoint, tmp_path: Path) -> None:
    guest = write_vhd(tmp_path, 6 * MIB)
    add(bench, endpoint)
    (told,) = save(bench, endpoint)
    saved = (tmp_path / "back.vhd").read_bytes()
    assert saved[:-FOOTER_BYTES] == guest
    assert read_footer(saved[-FOOTER_BYTES:]).guest_bytes == 6 * MIB
    assert str(tmp_path / "back.vhd") in bench.shown(told)


def test_a_file_that_is_there_is_replaced_only_when_told(bench: Bench, endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "back.vhd").write_bytes(b"mine")
    endpoint.page_blob()
    assert save(bench, endpoint) == []
    assert (tmp_path / "back.vhd").read_bytes() == b"mine"
    assert save(bench, endpoint, OverWrite=True) != []
    assert (tmp_path / "back.vhd").read_bytes() == bytes(MIB)


def test_nothing_is_left_of_a_file_whose_bytes_do_not_come(bench: Bench, endpoint: Endpoint, tmp_path: Path) -> None:
    assert save(bench, endpoint) == []
    assert bench.reported[0].code == "BlobNotFound"
    assert [each.name for each in tmp_path.iterdir()] == ["world"]


@pytest.mark.parametrize("address", ["http://localhost:10000/x?sig=a", "ftp://x/y?sig=a", "https://elsewhere/x/y/z"])
def test_what_is_no_address_of_a_blob_is_not_asked(
    bench: Bench, endpoint: Endpoint, tmp_path: Path, address: str
) -> None:
    opened: list[str] = []

    def watch(url: str) -> Pages:
        opened.append(url)
        return Pages()

    reach.give(bench.state, Reach(watch, LocalFiles(tmp_path)))
    assert save(bench, endpoint, SourceUri=address) == []
    assert opened == []


# --- to a disk -------------------------------------------------------------------------------------------------------


@dataclass
class Pages:
    """The bytes of a disk that takes an upload; ``broken`` refuses them."""

    broken: bool = False
    held: dict[int, bytes] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def ask(
        self, method: str, more: str = "", headers: Mapping[str, str] | None = None, data: bytes | None = None
    ) -> Answer:
        assert (method, more) == ("PUT", "&comp=page"), "the pages of a disk are there: they are only written"
        if self.broken:
            raise BlobFailure("the blob endpoint refuses: ServerBusy", 503, "ServerBusy")
        begin = int((headers or {})["x-ms-range"].removeprefix("bytes=").partition("-")[0])
        with self._lock:
            self.held[begin] = data or b""
        return Answer(201, {})

    def close(self) -> None: ...


def with_disk(bench: Bench, folder: Path, pages: Pages) -> None:
    bench.api.when("POST", f"{DISK}/beginGetAccess", {"accessSAS": "https://host/md-1/abcd?sr=b&sig=secret"})
    reach.give(bench.state, Reach(lambda _url: pages, LocalFiles(folder)))


def test_a_vhd_becomes_a_disk_without_a_blob_on_the_way(bench: Bench, tmp_path: Path) -> None:
    pages = Pages()
    with_disk(bench, tmp_path, pages)
    write_vhd(tmp_path, 22 * MIB)
    (told,) = bench.run("Add-AzVhd", **TO_DISK, DiskOsType="linux", DiskHyperVGeneration="V2")
    assert bench.api.changes() == [
        ("PUT", DISK),
        ("POST", f"{DISK}/beginGetAccess"),
        ("POST", f"{DISK}/endGetAccess"),
    ]
    put = next(each for each in bench.api.asked if each.method == "PUT")
    assert put.body == {
        "location": "eastus",
        "sku": {"name": "Standard_LRS"},
        "properties": {
            "creationData": {"createOption": "Upload", "uploadSizeBytes": 22 * MIB + FOOTER_BYTES},
            "osType": "Linux",
            "hyperVGeneration": "V2",
        },
    }
    assert sorted(pages.held) == [0, 20 * MIB, 22 * MIB], "only what holds something travels"
    assert read_footer(pages.held[22 * MIB]).guest_bytes == 22 * MIB
    assert "sig=" not in bench.shown(told)


def test_a_small_disk_is_made_as_large_as_azure_takes_one(bench: Bench, tmp_path: Path) -> None:
    pages = Pages()
    with_disk(bench, tmp_path, pages)
    write_vhd(tmp_path, MIB)
    bench.run("Add-AzVhd", **TO_DISK)
    assert read_footer(pages.held[20 * MIB]).guest_bytes == 20 * MIB


def test_a_disk_whose_bytes_do_not_come_is_gone_again(bench: Bench, tmp_path: Path) -> None:
    with_disk(bench, tmp_path, Pages(broken=True))
    write_vhd(tmp_path, MIB)
    assert bench.run("Add-AzVhd", **TO_DISK) == []
    assert bench.api.changes()[-2:] == [("POST", f"{DISK}/endGetAccess"), ("DELETE", DISK)]
    assert bench.reported[0].code == "ServerBusy"


def test_a_disk_that_cannot_even_be_taken_back_leaves_the_first_error(bench: Bench, tmp_path: Path) -> None:
    with_disk(bench, tmp_path, Pages(broken=True))
    bench.api.when("DELETE", DISK, Refused(409, "Conflict", "It is held."))
    write_vhd(tmp_path, MIB)
    bench.run("Add-AzVhd", **TO_DISK)
    assert [each.code for each in bench.reported] == ["ServerBusy"]


def test_a_disk_that_is_there_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    with_disk(bench, tmp_path, Pages())
    bench.api.put(DISK, {"location": "eastus"})
    write_vhd(tmp_path, MIB)
    assert bench.run("Add-AzVhd", **TO_DISK) == []
    assert "There is a disk 'golden' already" in bench.reported[0].message
    assert bench.api.changes() == []

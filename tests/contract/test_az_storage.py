"""az where bytes move: uploads to disks and downloads by signed URLs, storage accounts, containers, blobs, signatures.

What else az does is in test_az.py, as a table.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from calco.model import vhd
from calco.model.document import Json
from calco.model.volume import MIB
from calco.system import SystemClock
from tests.contract.azure_cli import BIN, GUEST_BYTES, STRING, Az, account_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

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


def upload_pages(az: Az, url: str, file: Path) -> None:
    done = az.run(BIN / "python", "-W", "ignore", "-c", UPLOAD, url, file)
    assert done.returncode == 0, done.stderr


def in_an_hour() -> str:
    return (SystemClock().now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%MZ")


# --- disks and snapshots ---------------------------------------------------------------------------------------------


def test_a_vhd_becomes_a_disk_and_comes_back_by_signed_urls(az: Az, group: str) -> None:
    file, state = az.vhd(), ("disk", "show", "-g", group, "-n", "uploaded", "--query", "diskState")
    size = str(file.stat().st_size)
    az("disk", "create", "-g", group, "-n", "uploaded", "--upload-type", "Upload", "--upload-size-bytes", size)
    states = [az(*state)]

    writing = az.text(*granted("disk", group, "uploaded", "Write"))
    states.append(az(*state))
    upload_pages(az, writing, file)
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
    name = account_of(group)
    account = ("-g", group, "-n", name)
    free = az("storage", "account", "check-name", "-n", name, "--query", "nameAvailable")

    shown = "[provisioningState, encryption.services.blob.enabled]"
    made = az("storage", "account", "create", *account, "--sku", "Standard_LRS", "--query", shown)
    taken = az("storage", "account", "check-name", "-n", name, "--query", "reason")
    first, second = keys(az, account)
    az("storage", "account", "keys", "renew", *account, "--key", "key2")
    told = az.text("storage", "account", "show-connection-string", *account, "--query", STRING)

    assert (free, made, taken) == (True, ["Succeeded", True], "AlreadyExists")
    renewed = keys(az, account)
    assert renewed[0] == first
    assert renewed[1] != second
    endpoint = f"{az.environ['CALCO_BLOB_ENDPOINT']}/{name}/"
    assert f"AccountKey={first};" in told
    assert f"BlobEndpoint={endpoint};" in told
    az("storage", "account", "update", *account, "--tags", "stage=test")
    listed = az("storage", "account", "list", "-g", group, "--query", "[].[name, tags.stage, primaryEndpoints.blob]")
    assert listed == [[name, "test", endpoint]]
    az("storage", "account", "delete", *account, "--yes")
    assert az("storage", "account", "check-name", "-n", name, "--query", "nameAvailable") is True


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
    signed = ("--blob-endpoint", f"{az.environ['CALCO_BLOB_ENDPOINT']}/{account_of(group)}", "--sas-token", of_account)
    assert az("storage", "blob", "list", "-c", "vhds", *signed, "--query", "[].name") == ["one.vhd"]
    az.refused("storage", "blob", "delete", *named, *signed)
    az.refused("storage", "blob", "delete", "--blob-url", url)
    assert az("storage", "blob", "exists", *named, *by, "--query", "exists") is True

"""Azure's own blob client, unmodified, in one scene: `blob_script.py SCENE`. Run in .venvs/blob by test_blobs.py.

The environment has ENDPOINT, ACCOUNT and KEY. A scene that is over has printed "done"; what is not as it should be
is an AssertionError, and so the script's exit status.
"""

import os
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from azure.core import MatchConditions  # type: ignore[import-not-found]
from azure.core.exceptions import HttpResponseError  # type: ignore[import-not-found]
from azure.storage.blob import (  # type: ignore[import-not-found]
    AccountSasPermissions,
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

MIB = 1024 * 1024
ENDPOINT, ACCOUNT, KEY = (os.environ[name] for name in ("ENDPOINT", "ACCOUNT", "KEY"))


def service(key: str = KEY, **more: object) -> BlobServiceClient:
    credential = {"account_name": ACCOUNT, "account_key": key}
    return BlobServiceClient(ENDPOINT, credential=credential, retry_total=0, **more)


def container(name: str) -> ContainerClient:
    return service(max_single_put_size=MIB, max_block_size=MIB).create_container(name)


def refused(act: Callable[[], object]) -> tuple[int, str]:
    """Status and code of a refusal; what is not refused is a failure."""
    try:
        answer = act()
    except HttpResponseError as refusal:
        return refusal.status_code, str(getattr(refusal.error_code, "value", refusal.error_code))
    raise AssertionError(f"not refused: {answer!r}")


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def page_blob() -> None:
    """A sparse VHD-like blob: written by pages, looked at, read by ranges, cleared, resized."""
    blob = container("pages").get_blob_client("a folder/ñandú disk.vhd")
    blob.create_page_blob(8 * MIB + 512, metadata={"made": "by us"})
    data = os.urandom(4 * MIB)
    first = blob.upload_page(data, offset=0, length=len(data), validate_content=True)
    second = blob.upload_page(b"f" * 512, offset=8 * MIB, length=512)

    assert first["etag"] != second["etag"]
    found = blob.get_blob_properties()
    assert (found.size, found.blob_type.value, found.metadata) == (8 * MIB + 512, "PageBlob", {"made": "by us"})
    assert found.etag == second["etag"]
    ranges, _ = blob.get_page_ranges()
    assert ranges[0] == {"start": 0, "end": 4 * MIB - 1}, ranges
    assert ranges[1]["start"] == 8 * MIB, ranges
    assert blob.get_page_ranges(offset=4 * MIB, length=4 * MIB)[0] == []
    assert blob.download_blob(MIB, 1000, validate_content=True).readall() == data[MIB : MIB + 1000]
    assert blob.download_blob(max_concurrency=4).readall() == data + bytes(4 * MIB) + b"f" * 512
    blob.clear_page(0, 2 * MIB)
    assert blob.download_blob(0, 4 * MIB).readall() == bytes(2 * MIB) + data[2 * MIB :]
    blob.resize_blob(9 * MIB)
    blob.resize_blob(3 * MIB)
    assert blob.download_blob().readall() == bytes(2 * MIB) + data[2 * MIB : 3 * MIB]
    assert blob.set_sequence_number("update", "7")["blob_sequence_number"] == 7


def upload_of_a_vhd() -> None:
    """What `az storage blob upload --type page` does: zeros are not sent."""
    blob = container("vhds").get_blob_client("sparse.vhd")
    content = bytes(8 * MIB) + os.urandom(MIB) + bytes(7 * MIB) + b"c" * 512
    blob.upload_blob(content, blob_type="PageBlob", max_concurrency=4)

    assert blob.download_blob().readall() == content
    assert sum(each["end"] - each["start"] + 1 for each in blob.get_page_ranges()[0]) < 9 * MIB


def block_blob() -> None:
    """Logs: small ones at once, large ones in blocks."""
    logs = container("logs")
    small = logs.upload_blob("small.log", b"one line\n", metadata={"a": "b"})
    assert small.download_blob().readall() == b"one line\n"
    assert refused(lambda: logs.upload_blob("small.log", b"again")) == (409, "BlobAlreadyExists")
    large = os.urandom(5 * MIB + 17)
    blob = logs.upload_blob("large.log", large, max_concurrency=3)
    assert blob.download_blob().readall() == large
    assert len(blob.get_block_list()[0]) == 6
    strange = {"a_b": "1", "a1": "2  2", "aa": "3", "_x": "ü"}
    logs.upload_blob("marked.log", b"x", metadata=strange)
    assert logs.get_blob_client("marked.log").get_blob_properties().metadata["a1"] == "2  2"
    logs.delete_blob("marked.log")
    empty = logs.upload_blob("empty.log", b"")
    assert empty.download_blob().readall() == b""
    blob.stage_block("YWFh", b"tail")
    assert [each.size for each in blob.get_block_list("all")[1]] == [4]
    logs.get_blob_client("never.log").stage_block("YWFh", b"waits")
    assert [each.name for each in logs.list_blobs()] == ["empty.log", "large.log", "small.log"]


def listing() -> None:
    """Prefixes, folders, pages."""
    home = container("listing")
    for name in ("a/1", "a/2", "b", "B", "c & <d>"):
        home.upload_blob(name, b"x")

    assert [each.name for each in home.list_blobs()] == ["B", "a/1", "a/2", "b", "c & <d>"]
    assert sorted(each.name for each in home.walk_blobs()) == ["B", "a/", "b", "c & <d>"]
    assert [each.name for each in home.list_blobs(name_starts_with="a/")] == ["a/1", "a/2"]
    pages = [[each.name for each in page] for page in home.list_blobs(results_per_page=2).by_page()]
    assert pages == [["B", "a/1"], ["a/2", "b"], ["c & <d>"]]
    home.delete_blob("b")
    assert refused(lambda: home.get_blob_client("b").get_blob_properties()) == (404, "BlobNotFound")
    assert "listing" in [each.name for each in service().list_containers()]


def lease() -> None:
    """Who has the lease writes; nobody else does."""
    blob = container("lease").get_blob_client("disk.vhd")
    blob.create_page_blob(MIB)
    held = blob.acquire_lease(lease_duration=15)

    assert refused(lambda: blob.upload_page(b"x" * 512, 0, 512)) == (412, "LeaseIdMissing")
    assert refused(blob.delete_blob) == (412, "LeaseIdMissing")
    assert refused(blob.acquire_lease) == (409, "LeaseAlreadyPresent")
    blob.upload_page(b"x" * 512, 0, 512, lease=held)
    assert blob.download_blob(0, 512).readall() == b"x" * 512
    held.renew()
    held.change("11111111-2222-3333-4444-555555555555")
    assert blob.get_blob_properties().lease.state == "leased"
    held.break_lease(0)
    assert blob.get_blob_properties().lease.state == "broken"
    held.release()
    again = blob.acquire_lease(lease_duration=-1)
    assert blob.get_blob_properties().lease.duration == "infinite"
    again.release()
    blob.delete_blob()


def copies() -> None:
    """A copy costs nothing until one of the two is written; then they are two."""
    home = container("copies")
    source = home.get_blob_client("source.vhd")
    source.create_page_blob(4 * MIB)
    source.upload_page(b"s" * 512, 0, 512)
    target = home.get_blob_client("target.vhd")

    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    assert target.get_blob_properties().copy.progress == f"{4 * MIB}/{4 * MIB}"
    target.upload_page(b"t" * 512, 0, 512)
    source.upload_page(b"u" * 512, 512, 512)
    assert source.download_blob(0, 1024).readall() == b"s" * 512 + b"u" * 512
    assert target.download_blob(0, 1024).readall() == b"t" * 512 + bytes(512)
    foreign = "https://example.blob.core.windows.net/vhds/foreign.vhd"
    assert refused(lambda: target.start_copy_from_url(foreign))[1] == "CannotVerifyCopySource"


def signatures() -> None:
    """A SAS allows what it says, while it says so."""
    home = container("signed")
    blob = home.get_blob_client("a b/disk.vhd")
    blob.create_page_blob(MIB)
    reading = generate_blob_sas(
        ACCOUNT,
        "signed",
        blob.blob_name,
        account_key=KEY,
        permission=BlobSasPermissions(read=True),
        expiry=in_an_hour(),
    )
    reader = BlobClient.from_blob_url(f"{blob.url}?{reading}", retry_total=0)
    assert len(reader.download_blob().readall()) == MIB
    assert refused(lambda: reader.upload_page(b"x" * 512, 0, 512)) == (403, "AuthorizationPermissionMismatch")
    late = generate_blob_sas(
        ACCOUNT,
        "signed",
        blob.blob_name,
        account_key=KEY,
        permission=BlobSasPermissions(read=True),
        expiry=datetime.now(UTC) - timedelta(minutes=1),
    )
    too_late = BlobClient.from_blob_url(f"{blob.url}?{late}", retry_total=0)
    assert refused(too_late.get_blob_properties) == (403, "AuthenticationFailed")
    other = BlobClient.from_blob_url(f"{home.url}/other.vhd?{reading}", retry_total=0)
    assert refused(other.get_blob_properties) == (403, "AuthenticationFailed")
    writing = generate_container_sas(
        ACCOUNT,
        "signed",
        KEY,
        permission=ContainerSasPermissions(write=True, create=True, list=True),
        expiry=in_an_hour(),
        protocol="https",
        ip="127.0.0.0-127.0.0.255",
    )
    folder = ContainerClient(ENDPOINT, "signed", credential=writing, retry_total=0)
    folder.upload_blob("new.log", b"x")
    assert [each.name for each in folder.list_blobs()] == ["a b/disk.vhd", "new.log"]
    assert refused(lambda: folder.delete_blob("new.log")) == (403, "AuthorizationPermissionMismatch")
    of_account = generate_account_sas(
        ACCOUNT, KEY, ResourceTypes(service=True), AccountSasPermissions(list=True), in_an_hour()
    )
    lister = BlobServiceClient(ENDPOINT, credential=of_account, retry_total=0)
    assert "signed" in [each.name for each in lister.list_containers()]
    assert refused(lambda: lister.create_container("more")) == (403, "AuthorizationResourceTypeMismatch")


def refusals() -> None:
    """Azure's codes, and nothing has changed."""
    home = container("refusals")
    blob = home.get_blob_client("disk.vhd")
    blob.create_page_blob(MIB)
    before = blob.get_blob_properties().etag
    wrong = service("d3JvbmcgbGV0dGVycw==")

    assert refused(lambda: wrong.create_container("nobodys")) == (403, "AuthenticationFailed")
    assert refused(lambda: wrong.get_blob_client("refusals", "disk.vhd").upload_page(b"x" * 512, 0, 512)) == (
        403,
        "AuthenticationFailed",
    )
    assert refused(lambda: service().create_container("refusals")) == (409, "ContainerAlreadyExists")
    assert refused(lambda: service().create_container("Bad_Name"))[0] == 400
    assert refused(lambda: blob.upload_page(b"x" * 512, MIB, 512)) == (416, "InvalidPageRange")
    assert refused(lambda: blob.download_blob(2 * MIB, 10)) == (416, "InvalidRange")
    changed = {"etag": '"0x1"', "match_condition": MatchConditions.IfNotModified}
    assert refused(lambda: blob.upload_page(b"x" * 512, 0, 512, **changed)) == (412, "ConditionNotMet")
    assert refused(lambda: blob.stage_block("YWFh", b"x")) == (409, "InvalidBlobType")
    assert refused(blob.create_snapshot)[0] == 400
    gone = home.get_blob_client("gone.vhd")
    assert refused(lambda: gone.upload_page(b"x" * 512, 0, 512)) == (404, "BlobNotFound")
    assert refused(lambda: service().get_blob_client("nowhere", "x").create_page_blob(512)) == (
        404,
        "ContainerNotFound",
    )
    assert blob.get_blob_properties().etag == before
    assert [each.name for each in home.list_blobs()] == ["disk.vhd"]
    assert "nobodys" not in [each.name for each in service().list_containers()]


def disk_sas() -> None:
    """A disk's bytes by its SAS, as a fixed VHD; DISK_SAS is the URL, DISK_BYTES what a guest sees."""
    guest_bytes = int(os.environ["DISK_BYTES"])
    disk = BlobClient.from_blob_url(os.environ["DISK_SAS"], retry_total=0)

    found = disk.get_blob_properties()
    assert (found.size, found.blob_type.value) == (guest_bytes + 512, "PageBlob")
    footer = disk.download_blob(guest_bytes, 512).readall()
    assert footer[:8] == b"conectix"
    assert disk.get_page_ranges()[0][-1]["end"] == guest_bytes + 511
    assert refused(lambda: disk.upload_page(b"x" * 512, 0, 512)) == (403, "AuthorizationPermissionMismatch")
    target = service().create_container("exported").get_blob_client("disk.vhd")
    target.start_copy_from_url(os.environ["DISK_SAS"])
    while target.get_blob_properties().copy.status == "pending":
        pass
    assert target.get_blob_properties().copy.status == "success"
    assert target.download_blob(guest_bytes, 512).readall()[:8] == b"conectix"


def upload_sas() -> None:
    """An upload disk is written by pages through its SAS."""
    size = int(os.environ["DISK_BYTES"]) + 512
    disk = BlobClient.from_blob_url(os.environ["DISK_SAS"], retry_total=0)

    assert disk.get_blob_properties().size == size
    disk.upload_page(b"g" * 512, 0, 512)
    disk.upload_page(bytes.fromhex(os.environ["FOOTER"]), size - 512, 512)
    assert disk.download_blob(0, 512).readall() == b"g" * 512
    assert refused(lambda: disk.upload_page(b"x" * 512, size, 512)) == (416, "InvalidPageRange")
    assert refused(disk.delete_blob)[0] == 403


def host_style() -> None:
    """The account in the host's name, as Azure has it; this machine's resolver is told of it here."""
    resolve = socket.getaddrinfo

    def local(host: str, *more: object, **named: object) -> object:
        return resolve("127.0.0.1" if host.endswith(".localhost") else host, *more, **named)  # type: ignore[arg-type]

    socket.getaddrinfo = local  # type: ignore[assignment]
    credential = {"account_name": ACCOUNT, "account_key": KEY}
    url = f"https://{ACCOUNT}.blob.localhost:{urlsplit(ENDPOINT).port}"
    home = BlobServiceClient(url, credential=credential, retry_total=0).create_container("hosts")
    blob = home.upload_blob("a b/small.log", b"x")

    assert blob.url == f"{url}/hosts/a%20b/small.log"
    assert blob.download_blob().readall() == b"x"
    assert [each.name for each in home.list_blobs()] == ["a b/small.log"]
    signed = generate_blob_sas(
        ACCOUNT,
        "hosts",
        "a b/small.log",
        account_key=KEY,
        permission=BlobSasPermissions(read=True),
        expiry=in_an_hour(),
    )
    assert BlobClient.from_blob_url(f"{blob.url}?{signed}", retry_total=0).download_blob().readall() == b"x"
    assert service().get_blob_client("hosts", "copy.log").start_copy_from_url(blob.url)["copy_status"] == "success"


def half_upload() -> None:
    """An upload that was cut: its container is there, the blob is not."""
    left = [(each.name, each.size) for each in service().get_container_client("half").list_blobs()]
    assert left == [], left


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("done")

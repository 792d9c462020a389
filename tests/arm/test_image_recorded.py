"""Images made of disks and blobs, beside what Azure answered when it was asked the same."""

import json
import re
from typing import Any

import pytest

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.model.volume import GIB
from tests.arm.api import COMPUTE, LAB, SUB, Api
from tests.contract.recorded import Exchange, exchanges
from tests.shared import needs_shared
from tests.work.sources import page_blob

pytestmark = needs_shared


def images_in(recording: str, method: str) -> list[Exchange]:
    return [each for each in exchanges(recording) if each.method == method and "/images/" in each.url]


def ours(value: Any) -> Any:
    """The same with this world's subscription and group, and every blob in its account."""
    if isinstance(value, dict):
        return {name: ours(each) for name, each in value.items()}
    if isinstance(value, list):
        return [ours(each) for each in value]
    if not isinstance(value, str):
        return value
    value = re.sub(r"/subscriptions/[^/]+/resource[gG]roups/[^/]+", LAB, value)
    return re.sub(
        r"https://\w+\.blob\.core\.windows\.net/[^/]+/", "https://labstore.blob.core.windows.net/vhds/", value
    )


def make_disks(api: Api, request: Any, sizes: tuple[int, ...]) -> None:
    """The managed disks that a recorded request names, as large as they were."""
    profile = request["properties"]["storageProfile"]
    for disk, size in zip([profile["osDisk"], *profile["dataDisks"]], sizes, strict=True):
        id = ResourceId.parse(disk["managedDisk"]["id"])
        api.world.empty_disk(id.name, size)


def make_blobs(api: Api, request: Any, sizes: tuple[int, ...]) -> None:
    profile = request["properties"]["storageProfile"]
    for disk, size in zip([profile["osDisk"], *profile.get("dataDisks", [])], sizes, strict=False):
        uri = disk["blobUri"]
        page_blob(api.world, uri.rpartition("/")[2], guest_bytes=size * GIB)


def test_an_image_from_managed_disks_is_answered_as_azure_did(api: Api) -> None:
    put, get = images_in("net-image-from-managed-disks", "PUT")[0], images_in("net-image-from-managed-disks", "GET")[0]
    request = ours(json.loads(put.request))
    make_disks(api.with_group(), request, (30, 100, 100))
    golden = f"{COMPUTE}/images/{ours(put.body)['name']}"

    answer = api.put(golden, request, version="2020-06-01")

    assert answer.status_code == put.status == 201
    assert answer.json() == ours(put.body)
    assert api.get(golden, version="2020-06-01") == ours(get.body)
    assert ("location" in answer.headers, "retry-after" in answer.headers) == (False, False)


@pytest.mark.parametrize("number", [0, 1], ids=["V1 with data disks", "V2"])
def test_an_image_from_blobs_is_answered_as_azure_did(api: Api, number: int) -> None:
    put = images_in("net-image-from-vhd-blobs", "PUT")[number]
    last = [each for each in images_in("net-image-from-vhd-blobs", "GET") if each.body["name"] == put.body["name"]][-1]
    request = ours(json.loads(put.request))
    make_blobs(api.with_group(), request, (30, 30, 60))
    golden = f"{COMPUTE}/images/{put.body['name']}"

    answer = api.put(golden, request, version="2020-06-01")

    assert (answer.status_code, answer.json()) == (put.status, ours(put.body))
    assert api.get(golden, version="2020-06-01") == ours(last.body)


def test_one_blob_twice_is_answered_with_the_members_azure_had_in_2017(api: Api) -> None:
    """The recording keeps no request: its answer says what was asked."""
    put = images_in("xplat-image-create-blob", "PUT")[0]
    asked = ours({"location": "eastus", "properties": put.body["properties"]})
    del asked["properties"]["provisioningState"]
    page_blob(api.with_group().world, "xplattestvhd.vhd", guest_bytes=30 * GIB)
    golden = f"{COMPUTE}/images/{put.body['name']}"

    answer = api.put(golden, asked, version="2017-03-30")

    assert answer.status_code == put.status
    profile, recorded = answer.json()["properties"]["storageProfile"], ours(put.body)["properties"]["storageProfile"]
    assert profile == recorded
    assert "hyperVGeneration" not in answer.json()["properties"]


def test_a_missing_blob_is_told_by_the_operation_as_azure_did(api: Api) -> None:
    recorded = exchanges("xplat-image-create-failed-ImageBlobNotFound")
    put = next(each for each in recorded if each.method == "PUT" and "/images/" in each.url)
    told = next(each.body for each in recorded if each.is_poll and each.body and each.body.get("status") == "Failed")
    properties = {name: each for name, each in put.body["properties"].items() if name != "provisioningState"}
    asked = {"location": "eastus", "properties": properties}
    golden = f"{api.with_group() and COMPUTE}/images/gone"

    answer = api.call("PUT", golden, asked, version="2017-03-30")
    api.world.drive()
    poll = api.call("GET", answer.headers["Azure-AsyncOperation"])

    assert (answer.status_code, poll.status_code) == (201, 200)
    error = poll.json()["error"]
    assert error["code"] == told["error"]["code"]
    assert error["message"].startswith(told["error"]["message"])  # and then how to mend it
    shown = api.get(golden)
    assert shown["properties"]["provisioningState"] == "Failed"
    assert "diskSizeGB" not in shown["properties"]["storageProfile"]["osDisk"]
    assert [each["name"] for each in api.get(f"{SUB}/providers/Microsoft.Compute/images")["value"]] == ["gone"]


@pytest.mark.parametrize("type", [OsType.WINDOWS, OsType.LINUX])
def test_the_documents_blocks_send_no_more_than_this(api: Api, type: OsType) -> None:
    """Set-AzImageOsDisk -OsState Generalized -OsType Windows -ManagedDiskId, -SnapshotId or -BlobUri."""
    disk = api.with_group().world.empty_disk("disk")
    os_disk = {"osType": type.value, "osState": "Generalized", "managedDisk": {"id": str(disk)}}

    api.put(f"{COMPUTE}/images/golden", {"location": "EastUS", "properties": {"storageProfile": {"osDisk": os_disk}}})

    shown = api.get(f"{COMPUTE}/images/golden")
    assert (shown["location"], shown["properties"]["storageProfile"]["osDisk"]["osType"]) == ("eastus", type.value)

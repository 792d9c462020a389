"""Snapshots over HTTP."""

from typing import Any

import pytest

from calco.model.document import Document
from tests.arm.api import COMPUTE, SUB, Api

DATA = f"{COMPUTE}/disks/data"
SNAP = f"{COMPUTE}/snapshots/snap"
DISK: Document = {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 2}}


def body(source: str = DATA, **properties: Any) -> Any:
    copy = {"creationData": {"createOption": "copy", "sourceResourceId": source}}
    return {"location": "East US", "tags": {}, "sku": {"name": "standard_lrs"}, "properties": copy | properties}


@pytest.fixture
def disk(api: Api) -> str:
    api.with_group()
    api.put(DATA, DISK)
    return str(api.get(DATA)["properties"]["uniqueId"])


def test_the_first_answer_is_what_was_sent_and_no_more(api: Api, disk: str) -> None:
    """Source: recording net-disk-FromSnapshot."""
    answer = api.put(SNAP, body(diskSizeGB=200, incremental=True))

    assert answer.status_code == 202
    assert "/DiskOperations/" in answer.headers["Azure-AsyncOperation"]
    assert "monitor=true" in answer.headers["Location"]
    assert answer.json() == {
        "location": "eastus",
        "tags": {},
        "sku": {"name": "Standard_LRS"},
        "properties": {
            "creationData": {"createOption": "Copy", "sourceResourceId": DATA, "sourceUniqueId": disk},
            "diskSizeGB": 200,
            "incremental": True,
            "provisioningState": "Updating",
            "isArmResource": True,
        },
    }


def test_nothing_is_shown_at_first_that_was_not_sent(api: Api, disk: str) -> None:
    sent = body()
    answer = api.put(SNAP, {"location": "eastus", "properties": sent["properties"]})
    assert set(answer.json()) == {"location", "properties"}
    assert set(answer.json()["properties"]) == {"creationData", "provisioningState", "isArmResource"}
    assert api.get(SNAP)["sku"] == {"name": "Standard_LRS", "tier": "Standard"}


def test_a_snapshot_is_shown_as_azure_shows_it(api: Api, disk: str) -> None:
    """Source: recording net-disk-FromSnapshot, api-version 2020-06-30."""
    operation = api.put(SNAP, body(diskSizeGB=200)).headers["Azure-AsyncOperation"]

    shown = api.get(SNAP, version="2020-06-30")

    assert list(shown) == ["name", "id", "type", "location", "tags", "sku", "properties"]
    assert shown["sku"] == {"name": "Standard_LRS", "tier": "Standard"}
    assert list(shown["properties"]) == [
        "creationData",
        "diskSizeGB",
        "encryption",
        "incremental",
        "timeCreated",
        "provisioningState",
        "diskState",
        "diskSizeBytes",
        "uniqueId",
    ]
    assert shown["properties"]["diskSizeBytes"] == 200 * 1024**3
    assert api.get(f"{SUB}/providers/Microsoft.Compute/snapshots")["value"][0]["id"] == SNAP.replace("/lab/", "/LAB/")
    assert api.get(f"{COMPUTE}/snapshots")["value"][0]["id"] == SNAP
    polled = api.get(operation)
    assert polled["properties"]["output"]["id"] == SNAP


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("2018-06-01", set()),
        ("2019-03-01", {"incremental", "uniqueId", "diskSizeBytes"}),
        ("2021-04-01", {"incremental", "uniqueId", "diskSizeBytes", "publicNetworkAccess", "networkAccessPolicy"}),
        (
            "2022-07-02",
            {
                "incremental",
                "uniqueId",
                "diskSizeBytes",
                "publicNetworkAccess",
                "networkAccessPolicy",
                "completionPercent",
                "incrementalSnapshotFamilyId",
            },
        ),
    ],
)
def test_each_version_shows_what_it_knows(api: Api, disk: str, version: str, shown: set[str]) -> None:
    api.put(SNAP, body(incremental=True))
    varying = {
        "incremental",
        "uniqueId",
        "diskSizeBytes",
        "publicNetworkAccess",
        "networkAccessPolicy",
        "completionPercent",
        "incrementalSnapshotFamilyId",
    }
    assert set(api.get(SNAP, version=version)["properties"]) & varying == shown


def test_what_get_shows_may_be_put_again(api: Api, disk: str) -> None:
    api.put(SNAP, body(incremental=True))
    shown = api.get(SNAP)

    assert api.put(SNAP, shown | {"tags": {"a": "b"}}).status_code == 202

    assert api.get(SNAP) == shown | {"tags": {"a": "b"}}


def test_terraform_writes_the_disks_id_into_source_uri(api: Api, disk: str) -> None:
    """Source: clients-iac, snapshot."""
    sent = body()
    sent["properties"]["creationData"] = {"createOption": "Copy", "sourceUri": DATA}
    api.put(SNAP, sent)
    kept = {"createOption": "Copy", "sourceResourceId": DATA, "sourceUri": DATA, "sourceUniqueId": disk}
    assert api.get(SNAP)["properties"]["creationData"] == kept
    api.put(SNAP, sent)
    api.put(SNAP, api.get(SNAP))
    assert api.get(SNAP)["properties"]["creationData"] == kept


def test_a_patch_changes_tags_sku_and_policies(api: Api, disk: str) -> None:
    api.put(SNAP, body())
    change = {"tags": {"a": "b"}, "sku": {"name": "Standard_ZRS"}, "properties": {"networkAccessPolicy": "DenyAll"}}

    answer = api.call("PATCH", SNAP, change)

    assert answer.status_code == 202
    assert "Azure-AsyncOperation" in answer.headers
    shown = api.get(SNAP)
    assert (shown["tags"], shown["sku"]["name"]) == ({"a": "b"}, "Standard_ZRS")
    assert shown["properties"]["networkAccessPolicy"] == "DenyAll"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"properties": {"creationData": {"createOption": "Import"}}}, 409, "PropertyChangeNotAllowed"),
        ({"properties": {"supportsHibernation": True}}, 400, "NotSupported"),
        ({"properties": {"diskSizeGB": 0}}, 400, "InvalidParameter"),
        ({"sku": {"name": "StandardSSD_LRS"}}, 400, "InvalidParameter"),
    ],
    ids=["source", "unknown", "size", "SKU of disks"],
)
def test_what_a_patch_may_not_change(api: Api, disk: str, change: Document, status: int, code: str) -> None:
    api.put(SNAP, body())
    before = api.get(SNAP)
    answer = api.call("PATCH", SNAP, change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert api.get(SNAP) == before


@pytest.mark.parametrize(
    ("properties", "code", "words"),
    [
        ({"creationData": {}}, "InvalidParameter", "createOption"),
        ({"creationData": {"createOption": "Copy"}}, "InvalidParameter", "sourceResourceId"),
        ({"creationData": {"createOption": "Import"}}, "InvalidParameter", "sourceUri"),
        ({"creationData": {"createOption": "Empty"}}, "InvalidParameter", "Use 'Copy'"),
        ({"creationData": {"createOption": "Copy", "sourceResourceId": "one"}}, "LinkedInvalidPropertyId", "one"),
        ({"diskSizeGB": 40000}, "InvalidParameter", "32767"),
        ({"incremental": "yes"}, "InvalidParameter", "incremental"),
    ],
    ids=["no option", "copy of nothing", "import of nothing", "empty", "no id", "too large", "no boolean"],
)
def test_a_body_that_says_too_little_or_nonsense_is_refused(
    api: Api, disk: str, properties: Any, code: str, words: str
) -> None:
    answer = api.call("PUT", SNAP, body(**properties))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert words in error["message"]
    assert api.call("GET", SNAP).status_code == 404


def test_a_snapshot_is_deleted_as_a_disk_is(api: Api, disk: str) -> None:
    api.put(SNAP, body())
    answer = api.delete(SNAP)
    assert answer.status_code == 202
    assert answer.text == ""
    assert api.call("GET", SNAP).status_code == 404
    assert api.call("DELETE", SNAP).status_code == 204


def test_a_running_machines_os_disk_and_an_image_of_it(api: Api) -> None:
    """What ``az snapshot create --source`` and ``az image create --source`` send of a machine that goes on running."""
    web1 = api.with_network().machine("web1")
    source = api.get(web1)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    api.put(SNAP, body(source))
    assert api.get(SNAP)["properties"]["osType"] == "Linux"
    assert api.get(f"{web1}/instanceView")["statuses"][-1]["code"] == "PowerState/running"
    os_disk = {"osType": "Linux", "osState": "Generalized", "snapshot": {"id": SNAP}}
    image = {"location": "eastus", "properties": {"storageProfile": {"osDisk": os_disk}}}
    api.put(f"{COMPUTE}/images/golden", image)
    shown = api.get(f"{COMPUTE}/images/golden")["properties"]["storageProfile"]["osDisk"]
    assert (shown["snapshot"], shown["diskSizeGB"]) == ({"id": SNAP}, 4)

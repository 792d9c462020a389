"""Managed disks over HTTP."""

from typing import Any

import pytest

from tests.arm.api import COMPUTE, SUB, Api

DATA = f"{COMPUTE}/disks/data"


def body(**properties: Any) -> Any:
    empty = {"creationData": {"createOption": "empty"}, "diskSizeGB": 2}
    return {"location": "East US", "tags": {}, "sku": {"name": "premium_lrs"}, "properties": empty | properties}


def test_the_first_answer_is_what_was_sent_and_no_more(api: Api) -> None:
    """Source: recording net-disk-Empty."""
    api.with_group()

    answer = api.put(DATA, body())

    assert answer.status_code == 202
    assert answer.json() == {
        "name": "data",
        "location": "eastus",
        "tags": {},
        "sku": {"name": "Premium_LRS"},
        "properties": {
            "creationData": {"createOption": "Empty"},
            "diskSizeGB": 2,
            "provisioningState": "Updating",
            "isArmResource": True,
        },
    }


def test_a_disk_is_shown_as_azure_shows_it(api: Api) -> None:
    api.with_group()
    api.put(DATA, body())

    shown = api.get(DATA)

    assert list(shown) == ["name", "id", "type", "location", "tags", "sku", "properties"]
    assert shown["sku"] == {"name": "Premium_LRS", "tier": "Premium"}
    assert shown["properties"]["diskState"] == "Unattached"
    assert shown["properties"]["diskSizeBytes"] == 2 * 1024**3
    assert "isArmResource" not in shown["properties"]
    assert "uniqueId" not in api.get(DATA, version="2018-06-01")["properties"]
    assert api.get(f"{SUB}/providers/Microsoft.Compute/disks")["value"][0]["id"] == DATA.replace("/lab/", "/LAB/")


def test_what_get_shows_may_be_put_again(api: Api) -> None:
    api.with_group()
    api.put(DATA, body())
    shown = api.get(DATA)

    assert api.put(DATA, shown | {"tags": {"a": "b"}}).status_code == 202
    assert api.get(DATA)["tags"] == {"a": "b"}


def test_patch_grows_a_disk(api: Api) -> None:
    api.with_group()
    api.put(DATA, body())

    assert api.call("PATCH", DATA, {"properties": {"diskSizeGB": 4}}).status_code == 202
    api.world.drive()

    assert api.get(DATA)["properties"]["diskSizeGB"] == 4


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({"creationData": None}, "creationData"),
        ({"creationData": {}}, "creationData.createOption"),
        ({"creationData": {"createOption": "Magic"}}, "properties.creationData.createOption"),
        ({"diskSizeGB": 0}, "disk.diskSizeGB"),
        ({"diskSizeGB": 32768}, "disk.diskSizeGB"),
        ({"diskSizeGB": "2"}, "properties.diskSizeGB"),
        ({"osType": "Plan9"}, "properties.osType"),
    ],
)
def test_what_is_wrong_is_named(api: Api, properties: Any, target: str) -> None:
    api.with_group()

    answer = api.call("PUT", DATA, body(**properties))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (400, "InvalidParameter", target)
    assert api.get(f"{COMPUTE}/disks")["value"] == []


def test_a_copy_names_what_it_was_made_from(api: Api) -> None:
    """Source: recording net-disk-FromDisk."""
    api.with_group()
    api.put(DATA, body())
    creation = {"createOption": "Copy", "sourceResourceId": DATA}

    answer = api.put(f"{COMPUTE}/disks/copy", body(creationData=creation, diskSizeGB=3))

    unique = api.get(DATA)["properties"]["uniqueId"]
    assert answer.json()["properties"]["creationData"] == {**creation, "sourceUniqueId": unique}
    shown = api.get(f"{COMPUTE}/disks/copy")["properties"]
    assert (shown["creationData"], shown["diskSizeGB"]) == ({**creation, "sourceUniqueId": unique}, 3)
    older = api.get(f"{COMPUTE}/disks/copy", version="2018-06-01")["properties"]
    assert older["creationData"] == creation
    again = api.put(f"{COMPUTE}/disks/copy", body(creationData=creation, diskSizeGB=3, hyperVGeneration="V2"))
    assert again.json()["properties"]["creationData"] == creation
    assert api.get(f"{COMPUTE}/disks/copy")["properties"]["hyperVGeneration"] == "V2"


def test_shrinking_is_told_by_the_operation(api: Api) -> None:
    """Source: recording net-lro-failed-InvalidParameter."""
    api.with_group()
    api.put(DATA, body())

    answer = api.call("PATCH", DATA, {"properties": {"diskSizeGB": 1}})

    assert answer.status_code == 202
    status = api.get(answer.headers["Azure-AsyncOperation"])
    assert (status["status"], status["error"]) == (
        "Failed",
        {"code": "InvalidParameter", "message": "Disks or snapshot cannot be resized down."},
    )
    assert api.get(DATA)["properties"]["diskSizeGB"] == 2


PLATFORM = (
    "/Subscriptions/11111111-2222-4333-8444-555555555555/Providers/Microsoft.Compute/Locations/westus/Publishers/Debian"
    "/ArtifactTypes/VMImage/Offers/debian-12/Skus/12/Versions/latest"
)


@pytest.mark.parametrize(
    "reference", [{"id": PLATFORM}, {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}]
)
def test_a_platform_image_is_named_by_its_id(api: Api, reference: Any) -> None:
    api.with_group()
    creation = {"createOption": "FromImage", "imageReference": reference}

    api.put(DATA, {"location": "eastus", "properties": {"creationData": creation}})

    shown = api.get(DATA)["properties"]
    here = {"id": PLATFORM.replace("westus", "eastus")}
    assert (shown["osType"], shown["diskSizeGB"]) == ("Linux", 4)
    assert shown["creationData"] == {"createOption": "FromImage", "imageReference": here}
    assert api.put(DATA, api.get(DATA)).status_code == 202


@pytest.mark.parametrize(
    ("properties", "status", "code"),
    [
        ({"creationData": {"createOption": "Upload"}}, 400, "InvalidParameter"),
        ({"creationData": {"createOption": "Upload", "uploadSizeBytes": 20972031}}, 400, "InvalidParameter"),
        ({"creationData": {"createOption": "Upload", "uploadSizeBytes": 35183298347521}}, 400, "InvalidParameter"),
        ({"creationData": {"createOption": "Upload", "uploadSizeBytes": 20972544}}, 400, "InvalidParameter"),
        ({"creationData": {"createOption": "Copy", "sourceResourceId": "disk"}}, 400, "LinkedInvalidPropertyId"),
        ({"creationData": {"createOption": "Import", "sourceUri": "file:///etc/passwd"}}, 400, "InvalidParameter"),
        ({"creationData": {"createOption": "FromImage"}}, 400, "InvalidParameter"),
        (
            {"creationData": {"createOption": "FromImage", "imageReference": {"id": "x"}}},
            400,
            "LinkedInvalidPropertyId",
        ),
        (
            {"creationData": {"createOption": "FromImage", "imageReference": {"id": PLATFORM.replace("-12", ":12")}}},
            404,
            "PlatformImageNotFound",
        ),
        (
            {"creationData": {"createOption": "FromImage", "imageReference": {"id": PLATFORM, "lun": 0}}},
            400,
            "InvalidParameter",
        ),
        ({"networkAccessPolicy": "AllowPrivate"}, 400, "NotSupported"),
        ({"maxShares": 2}, 400, "NotSupported"),
        ({"encryption": {"diskEncryptionSetId": "/x"}}, 400, "NotSupported"),
    ],
)
def test_what_cannot_be_made_leaves_nothing(api: Api, properties: Any, status: int, code: str) -> None:
    api.with_group()

    answer = api.call("PUT", DATA, body(**properties))

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert api.get(f"{COMPUTE}/disks")["value"] == []
    assert api.world.disks.volumes() == set()


def test_settings_are_kept_and_shown(api: Api) -> None:
    api.with_group()
    api.put(DATA, body(networkAccessPolicy="denyall", tier="P10"))
    assert api.get(DATA)["properties"]["networkAccessPolicy"] == "DenyAll"

    api.call("PATCH", DATA, {"properties": {"networkAccessPolicy": "AllowAll", "burstingEnabled": True}})

    shown = api.get(DATA)["properties"]
    assert (shown["networkAccessPolicy"], shown["burstingEnabled"], shown["tier"]) == ("AllowAll", True, "P10")
    assert shown["publicNetworkAccess"] == "Enabled"
    refusal = api.call("PATCH", DATA, {"properties": {"creationData": {"createOption": "Copy"}}})
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (409, "PropertyChangeNotAllowed")


def test_an_attached_disk_says_when_it_changed_hands(api: Api) -> None:
    """Source: recording c7n-disk-2024-03-02-attached."""
    machine = api.with_network().machine("web1")
    (data,) = [each for each in api.get(f"{COMPUTE}/disks")["value"] if "_disk2_" in each["name"]]
    assert data["managedBy"] == machine
    assert "LastOwnershipUpdateTime" in data["properties"]
    (older,) = [
        each for each in api.get(f"{COMPUTE}/disks", version="2023-01-02")["value"] if "_disk2_" in each["name"]
    ]
    assert "LastOwnershipUpdateTime" not in older["properties"]

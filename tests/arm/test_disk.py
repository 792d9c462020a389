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

"""Storage accounts as ARM shows them: made at once, named once, with two keys nobody sees by chance."""

import base64

import pytest

from calco.model.document import Document
from calco.model.volume import Format, Volume
from calco.work import blob
from tests.arm.api import LAB, SUB, Api
from tests.blob.claims import claim
from tests.world import LOCATION

STORAGE = f"{LAB}/providers/Microsoft.Storage/storageAccounts"
ONE = f"{STORAGE}/one"
BODY: Document = {"location": LOCATION, "sku": {"name": "Standard_GRS"}, "kind": "Storage", "tags": {}}
CONTAINERS = f"{ONE}/blobServices/default/containers"


@pytest.fixture
def lab(api: Api) -> Api:
    return api.with_group()


def test_a_new_account_is_answered_202_without_a_body_and_its_location_leads_to_it(lab: Api) -> None:
    answer = lab.call("PUT", ONE, BODY)

    assert (answer.status_code, answer.content) == (202, b"")
    assert "Azure-AsyncOperation" not in answer.headers
    made = lab.call("GET", answer.headers["Location"])
    assert made.status_code == 200
    assert made.json() == lab.get(ONE)
    assert list(made.json()) == ["sku", "kind", "id", "name", "type", "location", "tags", "properties"]


def test_its_endpoint_is_this_services(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)

    properties = lab.get(ONE)["properties"]

    assert properties["primaryEndpoints"]["blob"] == f"{lab.world.rules.blob_url}/one/"
    assert properties["secondaryLocation"] == "westus"


def test_a_second_put_changes_tags_and_sku_and_answers_200(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)
    keys = lab.call("POST", f"{ONE}/listKeys").json()

    answer = lab.call("PUT", ONE, {**BODY, "tags": {"a": "b"}, "sku": {"name": "Standard_LRS"}})

    assert answer.status_code == 200
    assert (lab.get(ONE)["tags"], lab.get(ONE)["sku"]["name"]) == ({"a": "b"}, "Standard_LRS")
    assert "secondaryLocation" not in lab.get(ONE)["properties"], "local storage has no copy elsewhere"
    assert lab.call("POST", f"{ONE}/listKeys").json() == keys


def test_what_is_named_in_part_is_filled_in(lab: Api) -> None:
    # What az 2.91 sends.
    encryption: Document = {"keySource": "Microsoft.Storage", "services": {"blob": {}}}
    properties: Document = {"encryption": encryption, "networkAcls": {"defaultAction": "Deny"}}

    lab.call("PUT", ONE, {**BODY, "properties": properties})
    made = lab.get(ONE)["properties"]
    lab.call("PATCH", ONE, {"properties": {"networkAcls": {"bypass": "None"}}})

    assert [made["encryption"]["services"][each]["enabled"] for each in ("blob", "file")] == [True, True]
    assert (made["networkAcls"]["defaultAction"], made["networkAcls"]["bypass"]) == ("Deny", "AzureServices")
    rules = lab.get(ONE)["properties"]["networkAcls"]
    assert (rules["defaultAction"], rules["bypass"]) == ("Deny", "None")


@pytest.mark.parametrize("name", ["ab", "UPPER", "with-hyphen", "a" * 25, "ñandu"])
def test_a_name_that_is_no_host_name_is_refused(lab: Api, name: str) -> None:
    answer = lab.call("PUT", f"{STORAGE}/{name}", BODY)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "AccountNameInvalid")
    assert lab.get(STORAGE)["value"] == []


def test_a_name_is_given_once_whatever_the_group(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)
    other = f"{SUB}/resourceGroups/other"
    lab.put(other, {"location": LOCATION})

    answer = lab.call("PUT", f"{other}/providers/Microsoft.Storage/storageAccounts/one", BODY)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "StorageAccountAlreadyTaken")


def test_free_names_are_told_without_an_operation(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)
    ask = f"{SUB}/providers/Microsoft.Storage/checkNameAvailability"
    kind = "Microsoft.Storage/storageAccounts"

    said = [lab.call("POST", ask, {"name": name, "type": kind}).json() for name in ("two", "one", "NO")]

    assert [each["nameAvailable"] for each in said] == [True, False, False]
    assert [each.get("reason") for each in said] == [None, "AlreadyExists", "AccountNameInvalid"]


def test_keys_are_two_and_shown_only_when_asked_for(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)

    keys = lab.call("POST", f"{ONE}/listKeys?$expand=kerb").json()["keys"]

    assert [each["keyName"] for each in keys] == ["key1", "key2"]
    assert len({base64.b64decode(each["value"], validate=True) for each in keys}) == 2
    shown = str(lab.get(ONE)) + str(lab.get(STORAGE))
    assert not any(each["value"] in shown for each in keys)


def test_one_key_is_made_anew_and_the_other_stays(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)
    before = [each["value"] for each in lab.call("POST", f"{ONE}/listKeys").json()["keys"]]

    answer = lab.call("POST", f"{ONE}/regenerateKey", {"keyName": "key1"})

    after = [each["value"] for each in answer.json()["keys"]]
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_deleting_answers_200_then_204_and_the_name_is_free_again(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)
    lab.call("PUT", f"{CONTAINERS}/vhds", {})

    assert [lab.call("DELETE", ONE).status_code for _ in range(2)] == [200, 204]
    assert lab.call("GET", f"{CONTAINERS}/vhds").status_code == 404
    assert lab.call("PUT", ONE, BODY).status_code == 202
    assert lab.get(CONTAINERS)["value"] == []


def test_containers_come_and_go(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)

    made = lab.call("PUT", f"{CONTAINERS}/vhds", {"properties": {"metadata": {"a": "b"}}})
    again = lab.call("PUT", f"{CONTAINERS}/vhds", {})

    assert (made.status_code, again.status_code) == (201, 200)
    assert [each["name"] for each in lab.get(CONTAINERS)["value"]] == ["vhds"]
    assert lab.get(f"{CONTAINERS}/vhds")["properties"]["metadata"] == {"a": "b"}
    assert [lab.call("DELETE", f"{CONTAINERS}/vhds").status_code for _ in range(2)] == [200, 204]


def test_a_container_that_anybody_could_read_is_refused(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)

    answer = lab.call("PUT", f"{CONTAINERS}/open", {"properties": {"publicAccess": "Blob"}})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "PublicAccessNotPermitted")
    assert lab.get(CONTAINERS)["value"] == []


def test_a_group_goes_with_its_accounts(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)
    lab.call("PUT", f"{CONTAINERS}/vhds", {})

    lab.delete(LAB)

    assert lab.call("GET", LAB).status_code == 404
    assert lab.world.leftovers() == []


def test_an_account_whose_blob_is_a_machines_disk_or_in_use_stays(lab: Api) -> None:
    lab.call("PUT", ONE, BODY)
    world = lab.world
    volume = Volume(world.chance.guid(), 1024, format=Format.FLAT)
    world.disks.create(volume)
    machine = world.id("virtualMachines", "vm")
    with world.records.write() as tx:
        made = blob.create_page_blob(world.cloud, tx, "https://one.blob.core.windows.net/vhds/a.vhd", volume)
        blob.lease_to(world.cloud, tx, made.id, machine)

    refused = [lab.call("DELETE", path) for path in (ONE, f"{CONTAINERS}/vhds")]

    assert [each.status_code for each in refused] == [409, 409]
    assert all("vm" in each.json()["error"]["message"] for each in refused)
    with world.records.write() as tx:
        blob.release_from(tx, made.id, machine)
        claim(world, tx, made.id)
    busy = [lab.call("DELETE", path) for path in (ONE, f"{CONTAINERS}/vhds")]
    assert [(each.status_code, each.json()["error"]["code"]) for each in busy] == [(409, "Conflict")] * 2
    assert lab.get(f"{CONTAINERS}/vhds")["name"] == "vhds"

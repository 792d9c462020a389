"""Lists of resources of every type, and tags by themselves."""

from typing import Any
from urllib.parse import quote

import pytest

from calco.model.ids import ResourceId
from calco.model.operation import Claim, Family, NewOperation
from calco.work import tag
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api
from tests.world import LOCATION

OTHER = f"{SUB}/resourceGroups/other"
EMPTY_DISK = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}


def disk(api: Api, id: str, **tags: str) -> None:
    body = {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "tags": tags, "properties": EMPTY_DISK}
    api.put(id, body)


@pytest.fixture
def filled(api: Api) -> Api:
    """A network with its subnet and a tagged disk in one group, another disk in another."""
    api.with_network()
    disk(api, f"{COMPUTE}/disks/web1", Env="test", team="a")
    api.put(OTHER, {"location": "westeurope"})
    disk(api, f"{OTHER}/providers/Microsoft.Compute/disks/web2", Env="live")
    return api


def names(api: Api, filter: str = "", scope: str = SUB) -> list[str]:
    query = f"?$filter={quote(filter)}" if filter else ""
    return [each["name"] for each in api.get(f"{scope}/resources{query}")["value"]]


def test_everything_is_listed_that_is_nested_in_nothing(filled: Api) -> None:
    assert names(filled) == ["net", "web1", "web2"]
    assert names(filled, scope=LAB) == ["net", "web1"]
    assert filled.call("GET", f"{SUB}/resourceGroups/nowhere/resources").status_code == 404


def test_what_is_nested_in_a_resource_is_not_listed(filled: Api) -> None:
    account = f"{OTHER}/providers/Microsoft.Storage/storageAccounts/vhds"
    filled.put(account, {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}})
    filled.put(f"{account}/blobServices/default/containers/images", {"properties": {}})

    assert names(filled, scope=OTHER) == ["web2", "vhds"]


def test_an_element_shows_what_all_types_have_in_common_and_no_properties(filled: Api) -> None:
    plain = filled.get(f"{LAB}/resources")["value"][1]
    expand = "createdTime,changedTime,provisioningState"
    expanded = filled.get(f"{LAB}/resources?$expand={expand}")["value"][1]

    assert plain == {
        "id": f"{COMPUTE}/disks/web1",
        "name": "web1",
        "type": "Microsoft.Compute/disks",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "location": LOCATION,
        "tags": {"Env": "test", "team": "a"},
    }
    assert expanded["provisioningState"] == "Succeeded"
    assert expanded["createdTime"].startswith("2026-11-22T13:05:09")


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ("resourceGroup eq 'LAB'", "net web1"),
        ("resourceType eq 'microsoft.compute/DISKS'", "web1 web2"),
        ("resourceType ne 'Microsoft.Compute/disks'", "net"),
        ("name eq 'WEB2' and resourceType eq 'Microsoft.Compute/disks'", "web2"),
        ("substringof('EB', name)", "web1 web2"),
        ("location eq 'East US'", "net web1 web2"),
        ("location eq 'westeurope'", ""),
        ("tagName eq 'env'", "web1 web2"),
        ("tagname eq 'env' and tagvalue eq 'live'", "web2"),
        ("tagname eq 'team' and tagvalue eq 'test'", ""),
        ("startswith(tagname, 'te')", "web1"),
        ("name eq 'o''clock'", ""),
    ],
)
def test_resources_are_chosen_by_the_conditions_clients_send(filled: Api, filter: str, found: str) -> None:
    assert names(filled, filter) == found.split()


@pytest.mark.parametrize(
    "query",
    [
        "$filter=kind eq 'x'",
        "$filter=name eq 'a' and name eq 'b'",
        "$filter=name eq",
        "$top=0",
        "$top=-1",
        "$top=x",
        "$skiptoken=-1",
    ],
)
def test_what_nobody_knows_is_refused(filled: Api, query: str) -> None:
    name, _, value = query.partition("=")
    assert filled.call("GET", f"{SUB}/resources?{name}={quote(value)}").status_code == 400


def test_a_page_leads_to_the_next(filled: Api) -> None:
    seen: list[str] = []
    everything = quote(f"location eq '{LOCATION}'")
    link: str | None = f"{SUB}/resources?$top=2&$filter={everything}"
    while link:
        page: dict[str, Any] = filled.get(link)
        assert len(page["value"]) <= 2
        seen += [each["name"] for each in page["value"]]
        link = page.get("nextLink")

    assert seen == ["net", "web1", "web2"]


# --- tags ------------------------------------------------------------------------------------------------------------

TAGS = "providers/Microsoft.Resources/tags/default"


@pytest.mark.parametrize("scope", [LAB, f"{COMPUTE}/disks/web1", f"{NETWORK}/virtualNetworks/net"])
def test_tags_are_replaced_merged_taken_away_and_shown_where_they_are(filled: Api, scope: str) -> None:
    def tags() -> object:
        return filled.get(scope).get("tags")

    answer = filled.call("PUT", f"{scope}/{TAGS}", {"properties": {"tags": {"Env": "a", "b": "c"}}})
    assert answer.json() == {
        "id": f"{scope}/{TAGS}",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": {"Env": "a", "b": "c"}},
    }
    assert tags() == {"Env": "a", "b": "c"}
    filled.call("PATCH", f"{scope}/{TAGS}", {"operation": "Merge", "properties": {"tags": {"ENV": "z", "d": "e"}}})
    assert tags() == {"Env": "z", "b": "c", "d": "e"}
    gone = {"env": "other", "B": "c", "d": ""}
    filled.call("PATCH", f"{scope}/{TAGS}", {"operation": "delete", "properties": {"tags": gone}})
    assert filled.get(f"{scope}/{TAGS}")["properties"]["tags"] == {"Env": "z"}
    assert filled.call("DELETE", f"{scope}/{TAGS}").status_code == 200
    assert not tags()


def test_more_tags_than_a_resource_may_have_are_refused_and_none_is_kept(filled: Api) -> None:
    more = {f"t{number}": "" for number in range(49)}
    answer = filled.call("PATCH", f"{COMPUTE}/disks/web1/{TAGS}", {"operation": "Merge", "properties": {"tags": more}})

    assert answer.status_code == 400
    assert filled.get(f"{COMPUTE}/disks/web1")["tags"] == {"Env": "test", "team": "a"}


def test_tags_of_what_an_operation_is_at_are_left_alone(filled: Api) -> None:
    id = ResourceId.parse(f"{COMPUTE}/disks/web1")
    clock = filled.world.clock
    new = NewOperation("op", "disk.create", {}, id, Family.DISK, LOCATION, clock.now(), (Claim(id),))
    with filled.world.records.write() as change:
        change.accept(new)

    assert filled.call("PUT", f"{id}/{TAGS}", {"properties": {"tags": {}}}).status_code == 409
    assert filled.get(str(id))["tags"] == {"Env": "test", "team": "a"}


def test_what_is_not_there_has_no_tags(filled: Api) -> None:
    for method in ("GET", "PUT", "DELETE"):
        body: object = {"properties": {"tags": {}}} if method == "PUT" else None
        assert filled.call(method, f"{COMPUTE}/disks/no/{TAGS}", body).status_code == 404
    wrong = {"operation": "Turn", "properties": {"tags": {}}}
    assert filled.call("PATCH", f"{LAB}/{TAGS}", wrong).status_code == 400


def test_names_in_use_are_counted(filled: Api) -> None:
    found = filled.get(f"{SUB}/tagNames")["value"]

    assert [(each["tagName"], each["count"]["value"]) for each in found] == [("Env", 2), ("team", 1)]
    assert [(each["tagValue"], each["count"]["value"]) for each in found[0]["values"]] == [("test", 1), ("live", 1)]


def test_a_merge_keeps_the_spelling_that_is_there() -> None:
    assert tag.merged({"Env": "a"}, {"env": "b", "New": "c"}) == {"Env": "b", "New": "c"}
    assert tag.without({"Env": "a", "b": "c"}, {"ENV": "A"}) == {"Env": "a", "b": "c"}

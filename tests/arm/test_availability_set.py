"""Availability sets over HTTP: plain resources that know which machines are in them."""

from typing import Any

import pytest

from calco.model.document import Document
from tests.arm.api import COMPUTE, LAB, Api, machine_body

SET = f"{COMPUTE}/availabilitySets/web"
ALIGNED: Document = {
    "location": "eastus",
    "sku": {"name": "Aligned"},
    "properties": {"platformFaultDomainCount": 2, "platformUpdateDomainCount": 5},
}
MACHINE = f"{COMPUTE}/virtualMachines/one"


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def machine_in(lab: Api, set: str, **more: Document) -> Any:
    body = machine_body("one", lab.nic("one-nic")) | more
    assert isinstance(body["properties"], dict)
    return body | {"properties": {**body["properties"], "availabilitySet": {"id": set}}}


@pytest.fixture
def lab(api: Api) -> Api:
    return api.with_network()


def test_a_set_is_made_at_once_and_shown_as_it_was_wished_for(lab: Api) -> None:
    made = lab.call("PUT", SET, ALIGNED)

    assert made.status_code == 200
    assert "Azure-AsyncOperation" not in made.headers
    assert made.json() == lab.get(SET)
    assert lab.get(SET) == {
        "name": "web",
        "id": SET,
        "type": "Microsoft.Compute/availabilitySets",
        "location": "eastus",
        "properties": {"platformUpdateDomainCount": 5, "platformFaultDomainCount": 2, "virtualMachines": []},
        "sku": {"name": "Aligned"},
    }


def test_a_set_that_says_nothing_is_classic(lab: Api) -> None:
    lab.call("PUT", SET, {"location": "eastus"})

    assert lab.get(SET)["sku"] == {"name": "Classic"}
    lab.call("PATCH", SET, {"sku": {"name": "aligned"}, "tags": {"a": "b"}})
    assert (lab.get(SET)["sku"], lab.get(SET)["tags"]) == ({"name": "Aligned"}, {"a": "b"})
    back = lab.call("PATCH", SET, {"sku": {"name": "Classic"}})
    assert refusal(back) == (409, "PropertyChangeNotAllowed")


def test_what_get_shows_may_be_put_again_but_domains_stay(lab: Api) -> None:
    lab.call("PUT", SET, ALIGNED)
    shown = lab.get(SET)

    assert lab.call("PUT", SET, shown | {"tags": {"a": "b"}}).status_code == 200
    assert lab.get(SET) | {"tags": {}} == shown | {"tags": {}}
    changed = lab.call("PUT", SET, ALIGNED | {"properties": {"platformFaultDomainCount": 3}})
    assert refusal(changed) == (409, "PropertyChangeNotAllowed")
    assert lab.get(SET)["properties"] == shown["properties"]


@pytest.mark.parametrize(("member", "count"), [("platformFaultDomainCount", 4), ("platformUpdateDomainCount", 0)])
def test_domains_have_bounds(lab: Api, member: str, count: int) -> None:
    assert refusal(lab.call("PUT", SET, {"location": "eastus", "properties": {member: count}})) == (
        400,
        "InvalidParameter",
    )
    assert lab.call("GET", SET).status_code == 404


def test_sets_are_listed_and_go(lab: Api) -> None:
    lab.call("PUT", SET, ALIGNED)

    assert [each["name"] for each in lab.get(f"{COMPUTE}/availabilitySets")["value"]] == ["web"]
    (listed,) = lab.get(f"{LAB.partition('/resourceGroups')[0]}/providers/Microsoft.Compute/availabilitySets")["value"]
    assert "/resourceGroups/LAB/" in listed["id"]
    assert {"name", "numberOfCores"} <= set(lab.get(f"{SET}/vmSizes")["value"][0])
    assert lab.call("DELETE", SET).status_code == 200
    assert lab.call("DELETE", SET).status_code == 204
    assert refusal(lab.call("GET", f"{SET}/vmSizes")) == (404, "ResourceNotFound")


def test_a_set_knows_its_machines_and_stays_as_long(lab: Api) -> None:
    lab.call("PUT", SET, ALIGNED)
    lab.put(MACHINE, machine_in(lab, SET))

    assert lab.get(SET)["properties"]["virtualMachines"] == [{"id": MACHINE}]
    assert lab.get(MACHINE)["properties"]["availabilitySet"] == {"id": SET}
    refused = lab.call("DELETE", SET)
    assert refusal(refused) == (409, "OperationNotAllowed")
    assert "does not contain any VM" in refused.json()["error"]["message"]
    other = lab.get(MACHINE)
    other["properties"]["availabilitySet"] = {"id": f"{SET}2"}
    assert refusal(lab.call("PUT", MACHINE, other)) == (409, "PropertyChangeNotAllowed")
    lab.delete(MACHINE)
    assert lab.call("DELETE", SET).status_code == 200


def test_a_machine_joins_no_set_that_is_missing_elsewhere_classic_or_beside_a_zone(lab: Api) -> None:
    lab.call("PUT", f"{COMPUTE}/availabilitySets/far", ALIGNED | {"location": "westus"})
    lab.call("PUT", f"{COMPUTE}/availabilitySets/classic", {"location": "eastus"})
    lab.call("PUT", SET, ALIGNED)

    def asked(name: str, **more: Any) -> tuple[int, str]:
        return refusal(lab.call("PUT", MACHINE, machine_in(lab, f"{COMPUTE}/availabilitySets/{name}", **more)))

    assert asked("none") == (404, "NotFound")
    assert asked("far") == (404, "NotFound")
    assert asked("classic") == (409, "OperationNotAllowed")
    assert asked("web", zones=["1"]) == (400, "BadRequest")
    assert lab.call("GET", MACHINE).status_code == 404


def test_a_group_of_resources_takes_its_sets_with_it(lab: Api) -> None:
    lab.call("PUT", SET, ALIGNED)
    lab.put(MACHINE, machine_in(lab, SET))

    lab.delete(LAB)

    assert refusal(lab.call("GET", LAB)) == (404, "ResourceGroupNotFound")

"""Resource providers over HTTP: what they have, and whether the subscription uses them."""

from typing import Any

import pytest

from calco.arm.provider import TYPES
from calco.arm.routes import ROUTES
from tests.arm.api import LAB, NETWORK, SUB, Api, network_body

NET = f"{NETWORK}/virtualNetworks/net"
PROVIDER = f"{SUB}/providers/Microsoft.Network"


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_providers_are_registered_from_the_start(api: Api) -> None:
    everything = api.get(f"{SUB}/providers")["value"]
    one = api.get(f"{SUB}/providers/microsoft.compute")

    assert one in everything
    assert one["registrationState"] == "Registered"
    assert api.call("POST", f"{SUB}/providers/Microsoft.Compute/register").json() == one
    assert api.call("GET", f"{SUB}/providers/Microsoft.Nothing").status_code == 404


def test_every_type_a_provider_names_has_a_route(api: Api) -> None:
    for provider in api.get(f"{SUB}/providers")["value"]:
        for kind in provider["resourceTypes"]:
            if "/" not in kind["resourceType"] and provider["registrationPolicy"] == "RegistrationRequired":
                path = f"{SUB}/providers/{provider['namespace']}/{kind['resourceType']}"
                assert (api.get(path)["value"] == []) is (kind["resourceType"] != "skus")


def test_every_type_that_has_routes_in_a_group_is_named_with_versions() -> None:
    marks = [each.pattern.partition("/providers/")[2].split("/") for each in ROUTES if "{group}" in each.pattern]
    types = {
        (namespace, type) for namespace, type, name, *_ in (each for each in marks if len(each) > 2) if "{" in name
    }

    missing = {each for each in types if each[0] in TYPES and each[1] not in TYPES[each[0]]}
    assert missing == set()
    assert all(
        versions == tuple(sorted(versions, reverse=True)) for types in TYPES.values() for versions in types.values()
    )


def test_what_is_not_registered_gets_nothing_new(api: Api) -> None:
    api.with_group()
    gone = api.call("POST", f"{PROVIDER}/unregister")

    refused = api.call("PUT", NET, network_body())

    assert (gone.status_code, gone.json()["registrationState"]) == (200, "Unregistered")
    assert refusal(refused) == (409, "MissingSubscriptionRegistration")
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert api.call("GET", NET).status_code == 404
    assert api.call("POST", f"{PROVIDER}/register").json()["registrationState"] == "Registered"
    assert api.put(NET, network_body()).status_code == 201


@pytest.mark.parametrize("namespace", ["Microsoft.Network", "Microsoft.Resources"])
def test_what_is_used_or_always_there_stays_registered(api: Api, namespace: str) -> None:
    api.with_network()

    refused = api.call("POST", f"{SUB}/providers/{namespace}/unregister")

    assert refusal(refused) == (409, "CannotUnregisterProvider")
    assert api.get(f"{SUB}/providers/{namespace}")["registrationState"] == "Registered"
    assert api.get(LAB)["name"] == "lab"

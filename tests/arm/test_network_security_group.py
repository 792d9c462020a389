"""Network security groups over HTTP: rules are kept and shown, and who refers to a group is known."""

import logging
from typing import Any

import pytest

from calco.model.document import Document
from tests.arm.api import NETWORK, Api, network_body, nic_body, without_etags

GROUP = f"{NETWORK}/networkSecurityGroups/web"
NET = f"{NETWORK}/virtualNetworks/net"
NIC = f"{NETWORK}/networkInterfaces/nic"
PLACE: Document = {"location": "eastus"}
REFERENCE: Document = {"networkSecurityGroup": {"id": GROUP}}


def rule(name: str = "ssh", **changes: Any) -> Document:
    properties: Document = {
        "protocol": "tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "22",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "access": "allow",
        "priority": 1000,
        "direction": "Inbound",
    }
    return {"name": name, "properties": {**properties, **changes}}


def with_rules(*rules: Document) -> Any:
    return PLACE | {"properties": {"securityRules": [*rules]}}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def lab(api: Api) -> Api:
    return api.with_network()


def test_a_group_is_shown_with_its_rules_and_those_every_group_has(lab: Api) -> None:
    answer = lab.put(GROUP, with_rules(rule()))
    shown = lab.get(GROUP)

    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Updating")
    assert list(shown) == ["name", "id", "etag", "type", "location", "properties"]
    (own,) = shown["properties"]["securityRules"]
    assert own["id"] == f"{GROUP}/securityRules/ssh"
    assert own["type"] == "Microsoft.Network/networkSecurityGroups/securityRules"
    assert (own["properties"]["protocol"], own["properties"]["access"]) == ("Tcp", "Allow")
    assert own["properties"]["destinationPortRanges"] == []
    defaults = [each["name"] for each in shown["properties"]["defaultSecurityRules"]]
    assert defaults == [
        "AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound",
        "AllowVnetOutBound", "AllowInternetOutBound", "DenyAllOutBound",
    ]  # fmt: skip
    assert "networkInterfaces" not in shown["properties"]
    assert "subnets" not in shown["properties"]


def test_what_get_shows_may_be_put_again(lab: Api) -> None:
    lab.put(
        GROUP,
        with_rules(rule(), rule("web", priority=1001, destinationPortRange=None, destinationPortRanges=["80", "443"])),
    )
    lab.put(NIC, nic_with(REFERENCE))
    shown = lab.get(GROUP)

    assert lab.put(GROUP, shown | {"tags": {"a": "b"}}).status_code == 200
    assert without_etags(lab.get(GROUP)["properties"]) == without_etags(shown["properties"])
    assert lab.get(GROUP)["tags"] == {"a": "b"}


def nic_with(more: Document) -> Document:
    body = nic_body()
    assert isinstance(body["properties"], dict)
    return {**body, "properties": {**body["properties"], **more}}


def test_a_rule_with_lists_shows_no_single_values_that_were_sent_empty(lab: Api) -> None:
    """As Terraform sends them: empty texts and empty lists throughout."""
    lists: Any = {"destinationPortRange": "", "destinationPortRanges": ["80", "443"], "sourceAddressPrefixes": []}
    empty: Any = {"sourceApplicationSecurityGroups": [], "destinationApplicationSecurityGroups": []}

    lab.put(GROUP, with_rules(rule(**lists, **empty)))

    (shown,) = lab.get(GROUP)["properties"]["securityRules"]
    assert shown["properties"]["destinationPortRanges"] == ["80", "443"]
    assert "destinationPortRange" not in shown["properties"]
    assert shown["properties"]["sourceAddressPrefix"] == "*"
    assert "sourceApplicationSecurityGroups" not in shown["properties"]


def test_rules_come_and_go_by_themselves(lab: Api) -> None:
    lab.put(GROUP, PLACE)
    ssh, web = f"{GROUP}/securityRules/ssh", f"{GROUP}/securityRules/web"

    made = lab.put(ssh, {"properties": rule()["properties"]})
    lab.put(web, {"properties": rule(priority=900)["properties"]})
    again = lab.put(ssh, {"properties": rule(access="Deny")["properties"]})

    assert (made.status_code, again.status_code) == (201, 200)
    assert lab.get(ssh)["properties"]["access"] == "Deny"
    assert [each["name"] for each in lab.get(f"{GROUP}/securityRules")["value"]] == ["ssh", "web"]
    assert [each["name"] for each in lab.get(GROUP)["properties"]["securityRules"]] == ["ssh", "web"]
    assert lab.delete(ssh).status_code == 202
    assert lab.call("DELETE", ssh).status_code == 204
    assert refusal(lab.call("GET", ssh)) == (404, "ResourceNotFound")
    assert refusal(lab.call("PUT", f"{GROUP}2/securityRules/ssh", rule())) == (404, "ParentResourceNotFound")
    assert len(lab.get(f"{GROUP}/defaultSecurityRules")["value"]) == 6
    assert lab.get(f"{GROUP}/defaultSecurityRules/denyallinbound")["properties"]["access"] == "Deny"


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([rule(priority=99)], "SecurityRuleInvalidPriority"),
        ([rule(priority=4097)], "SecurityRuleInvalidPriority"),
        ([rule(destinationPortRange="65536")], "SecurityRuleInvalidPortRange"),
        ([rule(destinationPortRange="20-10")], "SecurityRuleInvalidPortRange"),
        ([rule(sourcePortRange="http")], "SecurityRuleInvalidPortRange"),
        ([rule(sourceAddressPrefix="10.0.0.0/40")], "SecurityRuleInvalidAddressPrefix"),
        ([rule(sourceAddressPrefixes=["10.0.0.0/8"])], "SecurityRuleParameterContradiction"),
        ([rule(destinationPortRange=None)], "SecurityRuleParameterMissing"),
        ([rule(direction=None)], "SecurityRuleParameterMissing"),
        ([rule(protocol="sctp")], "InvalidParameter"),
        ([rule(), rule("other")], "SecurityRuleConflict"),
        ([rule(), rule("SSH", priority=2000)], "InvalidRequestFormat"),
        ([rule("-")], "InvalidParameter"),
        ([rule(sourceApplicationSecurityGroups=[{"id": "x"}])], "NotSupported"),
    ],
)
def test_rules_that_say_nothing_or_contradict_each_other_are_refused(lab: Api, rules: Any, code: str) -> None:
    assert refusal(lab.call("PUT", GROUP, with_rules(*rules))) == (400, code)
    assert lab.call("GET", GROUP).status_code == 404


def test_a_rule_that_conflicts_changes_nothing(lab: Api) -> None:
    lab.put(GROUP, with_rules(rule()))
    before = lab.get(GROUP)

    refused = lab.call("PUT", f"{GROUP}/securityRules/other", rule())
    outbound = lab.put(f"{GROUP}/securityRules/out", {"properties": rule(direction="Outbound")["properties"]})

    assert refusal(refused) == (400, "SecurityRuleConflict")
    assert outbound.status_code == 201
    assert lab.get(GROUP)["properties"]["securityRules"][0] | {"etag": ""} == before["properties"]["securityRules"][
        0
    ] | {"etag": ""}


def test_a_group_knows_who_it_is_for_and_stays_as_long(lab: Api) -> None:
    lab.put(GROUP, PLACE)
    subnet = {"properties": {"addressPrefix": "10.0.9.0/24", **REFERENCE, "defaultOutboundAccess": False}}
    lab.put(f"{NET}/subnets/extra", subnet)
    lab.put(NIC, nic_with(REFERENCE))

    shown = lab.get(GROUP)["properties"]
    refused = lab.call("DELETE", GROUP)

    assert shown["networkInterfaces"] == [{"id": NIC}]
    assert shown["subnets"] == [{"id": f"{NET}/subnets/extra"}]
    assert lab.get(NIC)["properties"]["networkSecurityGroup"] == {"id": GROUP}
    (extra,) = [each for each in lab.get(NET)["properties"]["subnets"] if each["name"] == "extra"]
    assert extra["properties"]["networkSecurityGroup"] == {"id": GROUP}
    assert extra["properties"]["defaultOutboundAccess"] is False
    assert refusal(refused) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")
    assert NIC in refused.json()["error"]["message"]
    lab.put(NIC, nic_body())
    lab.put(f"{NET}/subnets/extra", {"properties": {"addressPrefix": "10.0.9.0/24"}})
    assert lab.delete(GROUP).status_code == 202
    assert lab.call("GET", GROUP).status_code == 404


def test_a_group_that_is_not_there_cannot_be_referred_to(lab: Api) -> None:
    lab.put(f"{NETWORK}/networkSecurityGroups/far", {"location": "westus"})
    far: Document = {"networkSecurityGroup": {"id": f"{NETWORK}/networkSecurityGroups/far"}}
    other: Document = {"networkSecurityGroup": {"id": NET}}

    assert refusal(lab.call("PUT", NIC, nic_with(REFERENCE))) == (400, "InvalidResourceReference")
    assert refusal(lab.call("PUT", NIC, nic_with(far))) == (400, "InvalidResourceReference")
    assert refusal(lab.call("PUT", NIC, nic_with(other))) == (400, "LinkedInvalidPropertyId")
    subnet = {"properties": {"addressPrefix": "10.0.9.0/24", **REFERENCE}}
    assert refusal(lab.call("PUT", f"{NET}/subnets/extra", subnet)) == (400, "InvalidResourceReference")
    assert lab.call("GET", NIC).status_code == 404
    assert len(lab.get(NET)["properties"]["subnets"]) == 1


def test_the_log_says_that_rules_are_not_enforced(lab: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        lab.put(GROUP, PLACE)
        lab.put(GROUP, with_rules(rule()))

    (said,) = [each.getMessage() for each in caplog.records if "web" in each.getMessage()]
    assert "not enforced on the wire" in said


def test_a_patch_changes_tags_alone(lab: Api) -> None:
    lab.put(GROUP, with_rules(rule()))
    lab.put(f"{NETWORK}/virtualNetworks/other", network_body())

    answer = lab.call("PATCH", GROUP, {"tags": {"a": "b"}})

    assert (answer.status_code, answer.json()["tags"]) == (200, {"a": "b"})
    assert len(lab.get(GROUP)["properties"]["securityRules"]) == 1


def test_a_group_of_resources_takes_its_security_groups_with_it(lab: Api) -> None:
    lab.put(GROUP, PLACE)
    lab.put(f"{NET}/subnets/extra", {"properties": {"addressPrefix": "10.0.9.0/24", **REFERENCE}})
    lab.put(NIC, nic_with(REFERENCE))

    lab.delete(NETWORK.partition("/providers")[0])

    assert lab.call("GET", GROUP).status_code == 404
    assert refusal(lab.call("GET", NETWORK.partition("/providers")[0])) == (404, "ResourceGroupNotFound")

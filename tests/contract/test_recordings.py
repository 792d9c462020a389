"""Azure's own recorded answers against ours: status, headers, members, values.

A recording that is wholly in scope is played from its first request to its last; of the others the answers that are in
scope are compared one by one. What differs on purpose is listed, with its reason, and nothing else may differ.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calco.work.cloud import Rules
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api, machine_body
from tests.contract.replay import AnyBase, Exchange, Replay, compare, exchanges
from tests.shared import needs_shared, recording
from tests.world import SUBSCRIPTION, World

pytestmark = needs_shared

LATER = "Azure names a machine's new disks only in the answers after the first"
EARLY = "a public address is given out when it is made, not when its machine starts"
NO_DNS = "no name server answers for such a suffix here"
ORDER = "this recording holds the answer before the request that led to it"
OURS: Mapping[str, str] = {
    "PUT publicIPAddresses: adds properties.ipAddress": EARLY,
    "GET publicIPAddresses: adds properties.ipAddress": EARLY,
    "GET publicIPAddresses: lacks properties.ipConfiguration": ORDER,
    "GET networkInterfaces: lacks properties.macAddress": ORDER,
    "GET networkInterfaces: lacks properties.primary": ORDER,
    "GET networkInterfaces: lacks properties.virtualMachine": ORDER,
    "PUT networkInterfaces: lacks properties.dnsSettings.internalDomainNameSuffix": NO_DNS,
    "GET networkInterfaces: lacks properties.dnsSettings.internalDomainNameSuffix": NO_DNS,
    "PUT virtualMachines: adds properties.storageProfile.osDisk.managedDisk.id": LATER,
    "PUT virtualMachines: adds properties.storageProfile.osDisk.name": LATER,
    "PUT virtualMachines: adds properties.storageProfile.osDisk.diskSizeGB": LATER,
    "PUT virtualMachines: adds properties.storageProfile.dataDisks[].managedDisk.id": LATER,
    "PUT virtualMachines: adds properties.storageProfile.dataDisks[].name": LATER,
}


def recorded_world(folder: Path) -> World:
    rules = Rules(subscription=SUBSCRIPTION, locations=("eastus", "westcentralus", "southcentralus"))
    world = World(folder, rules=rules)
    world.cloud = replace(world.cloud, base_images=AnyBase(folder))
    return world


def in_scope(each: Exchange) -> bool:
    """Storage accounts and access signatures are not there yet."""
    return "Microsoft.Storage" not in each.url and "GetAccess" not in each.url


@pytest.mark.parametrize(
    ("name", "at_least"), [("net-image-managed-5-datadisks-then-vms.json", 120), ("net-disk-Empty.json", 15)]
)
def test_a_recording_played_again_gets_azures_answers(tmp_path: Path, name: str, at_least: int) -> None:
    adapt = {"Standard_D5_v2": "Standard_DS3_v2", "MGMT_PLACEHOLDER": "Secret-word-1"}
    replay = Replay(Api(recorded_world(tmp_path)), adapt)

    for each in exchanges(name):
        if in_scope(each):
            replay.play(each)

    assert [each for each in replay.differences if each not in OURS] == []
    assert replay.played >= at_least, "the recording was not really played"


def test_what_differs_on_purpose_does_differ(tmp_path: Path) -> None:
    """A line in the list that nothing needs any more would hide the next difference."""
    replay = Replay(
        Api(recorded_world(tmp_path)), {"Standard_D5_v2": "Standard_DS3_v2", "MGMT_PLACEHOLDER": "Secret-1"}
    )

    for each in exchanges("net-image-managed-5-datadisks-then-vms.json"):
        replay.play(each)

    assert set(OURS) <= set(replay.differences)


def members(document: Any) -> list[str]:
    return list(document)


@pytest.fixture
def lab(api: Api) -> Api:
    api.with_network()
    return api


def one(name: str, method: str, url: str, status: int) -> Exchange:
    """The first recorded exchange of that kind."""
    return next(
        each for each in exchanges(name) if each.method == method and re.search(url, each.url) and each.status == status
    )


def test_a_change_that_is_not_allowed_is_refused_in_azures_words(lab: Api) -> None:
    azures = next(
        each.body
        for each in exchanges("net-vm-errors-PropertyChangeNotAllowed.json")
        if each.status == 409 and each.body["error"]["code"] == "PropertyChangeNotAllowed"
    )
    web = lab.machine("web")
    changed = lab.get(web)
    changed["properties"]["priority"] = "Low"

    ours = lab.call("PUT", web, changed)

    assert ours.status_code == 409
    assert list(compare(azures, ours.json())) == []
    assert members(ours.json()["error"]) == members(azures["error"]) == ["code", "message", "target"]
    assert re.sub("'.*?'", "", ours.json()["error"]["message"]) == re.sub("'.*?'", "", azures["error"]["message"])


def test_a_generalized_machines_instance_view_has_azures_lines(lab: Api) -> None:
    azures = one("xplat-vm-instanceview-OSState-generalized.json", "GET", "instanceView", 200).body
    web = lab.generalized("web")

    ours = lab.get(f"{web}?$expand=instanceView")

    theirs, mine = azures["properties"]["instanceView"], ours["properties"]["instanceView"]
    assert [_line(each) for each in mine["statuses"]] == [_line(each) for each in theirs["statuses"]]
    assert [members(each) for each in mine["statuses"]] == [members(each) for each in theirs["statuses"]]
    assert mine["vmAgent"]["vmAgentVersion"] == theirs["vmAgent"]["vmAgentVersion"]
    assert [_line(each) for each in mine["vmAgent"]["statuses"]] == [_line(e) for e in theirs["vmAgent"]["statuses"]]
    assert members(mine["disks"][0]) == members(theirs["disks"][0])
    assert _line(mine["disks"][0]["statuses"][0]) == _line(theirs["disks"][0]["statuses"][0])


def _line(status: Any) -> tuple[str, ...]:
    return tuple(status.get(name, "") for name in ("code", "level", "displayStatus", "message"))


def test_a_failed_operation_is_told_as_azure_tells_it(tmp_path: Path) -> None:
    azures = one("xplat-image-create-failed-ImageBlobNotFound.json", "GET", "operations", 200).body
    api = Api(World(tmp_path, guest=lambda _machine: None)).with_network()
    web = f"{COMPUTE}/virtualMachines/web"
    status = api.call("PUT", web, machine_body("web", api.nic("nic"))).headers["azure-asyncoperation"]
    api.world.drive()

    ours = api.get(status)

    assert ours["status"] == azures["status"] == "Failed"
    assert members(ours) == members(azures)
    assert members(ours["error"]) == members(azures["error"])
    assert ours["error"]["code"] == "OSProvisioningTimedOut"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", azures["startTime"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", ours["startTime"])
    assert api.get(web)["properties"]["provisioningState"] == "Failed"


def test_a_missing_resource_is_told_as_the_gateway_tells_it(lab: Api) -> None:
    document = json.loads(recording("java-vm-404-ResourceNotFound.json").read_text())
    record = next(
        each["Response"]
        for each in document["networkCallRecords"]
        if each["Response"]["StatusCode"] == "404" and "ResourceNotFound" in each["Response"]["Body"]
    )
    kind, name, group = re.findall(r"'Microsoft.Compute/(\w+)/(.*?)' under resource group '(.*?)'", record["Body"])[0]
    lab.put(f"{SUB}/resourceGroups/{group}", {"location": "eastus"})

    ours = lab.call("GET", f"{SUB}/resourceGroups/{group}/providers/Microsoft.Compute/{kind}/{name}")

    assert (ours.status_code, ours.json()) == (404, json.loads(record["Body"]))
    assert ours.headers["x-ms-failure-cause"] == record["x-ms-failure-cause"] == "gateway"


def test_a_bad_group_name_is_told_as_azure_tells_it(api: Api) -> None:
    text = " ".join(recording("ruby-rg-name-errors.yml").read_text().split())
    azures = re.findall(r"string: '(\{\"error\":\{\"code\":\"InvalidResourceGroup\".*?\}\})'", text)[0]

    ours = api.call("GET", f"{SUB}/resourceGroups/%7E%60123")

    assert (ours.status_code, ours.json()) == (400, json.loads(azures.replace("''", "'")))


@pytest.mark.parametrize(
    ("name", "method", "url", "path"),
    [
        ("xplat-image-delete.json", "DELETE", "/images/", "images/golden"),
        ("xplat-vm-deallocate-generalize.json", "POST", "/deallocate", "virtualMachines/web/deallocate"),
        ("xplat-vm-deallocate-generalize.json", "POST", "/generalize", "virtualMachines/web/generalize"),
        ("net-image-from-generalized-vm-unmanaged.json", "DELETE", "/images/", "images/golden"),
    ],
    ids=["DELETE image, 2017", "deallocate", "generalize", "DELETE image, 2019"],
)
def test_an_act_is_answered_with_azures_status_and_links(lab: Api, name: str, method: str, url: str, path: str) -> None:
    azures = next(each for each in exchanges(name) if each.method == method and url in each.url)
    lab.image("golden", lab.generalized("web"))

    ours = lab.call(method, f"{COMPUTE}/{path}")

    assert (ours.status_code, ours.content) == (azures.status, b"")
    for header in ("azure-asyncoperation", "location"):
        assert (header in ours.headers) == (header in azures.headers)
        if header in azures.headers:
            assert _link(ours.headers[header]) == _link(azures.headers[header])


def _link(url: str) -> str:
    """A link without what is particular: host, ids, place, version."""
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{guid}", re.sub("https://[^/]+", "", url))
    return re.sub(r"api-version=[\d-]+", "api-version", re.sub(r"locations/\w+", "locations/{place}", path))


def test_lists_of_a_subscription_shout_the_groups_name_as_azures_do(lab: Api) -> None:
    azures = one(
        "xplat-image-show-list.json", "GET", r"subscriptions/[^/]+/providers/Microsoft.Compute/images", 200
    ).body
    lab.image("golden", lab.generalized("web"))

    ours = lab.get(f"{SUB}/providers/Microsoft.Compute/images")

    for body in (azures, ours):
        for each in body["value"]:
            group = re.findall("/resourceGroups/([^/]+)/", each["id"])[0]
            assert group == group.upper()
    assert members(ours) == members(azures) == ["value"]
    assert LAB.replace("/lab", "/LAB") in ours["value"][0]["id"]
    assert NETWORK not in ours["value"][0]["id"]

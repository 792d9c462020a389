"""Deployments on the wire: statuses, headers and bodies that az and the SDKs live on; and whose rights count."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest

from calco.model.document import Document
from calco.ports import Chance
from tests import templates
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api
from tests.arm.people import OWNER_ID, People, refused
from tests.world import SUBSCRIPTION, World

ALL = f"{LAB}/providers/Microsoft.Resources/deployments"
ONE = f"{ALL}/it"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(World(tmp_path)).with_group()


def body(name: str) -> Document:
    template, parameters = templates.read(name, SUBSCRIPTION, "lab"), templates.parameters(name, LAB)
    return {"properties": {"mode": "incremental", "template": template, "parameters": parameters}}


def of(*resources: Document, **more: Any) -> Document:
    template: Document = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [*resources], **more}
    return {"properties": {"mode": "Incremental", "template": template}}


def disk(name: str, size_gb: int = 1) -> Document:
    properties: Document = {"creationData": {"createOption": "Empty"}, "diskSizeGB": size_gb}
    return {
        "type": "Microsoft.Compute/disks",
        "apiVersion": "2024-03-02",
        "name": name,
        "location": "eastus",
        "properties": properties,
    }


def test_a_new_deployment_is_answered_as_azure_answers_it(api: Api) -> None:
    answer = api.call("PUT", ONE, body("11-outputs"))

    assert answer.status_code == 201
    status = answer.headers["Azure-AsyncOperation"]
    assert status.startswith(f"https://cloud.test:8443{ONE}/operationStatuses/")
    assert "Location" not in answer.headers
    shown = answer.json()
    assert (shown["id"], shown["name"], shown["type"]) == (ONE, "it", "Microsoft.Resources/deployments")
    assert "location" not in shown
    assert shown["properties"]["provisioningState"] == "Accepted"
    assert api.get(status) == {"status": "Running"}
    api.world.drive()
    assert api.get(status) == {"status": "Succeeded"}


def test_a_deployment_that_succeeded_shows_what_it_made(api: Api) -> None:
    api.put(ONE, body("11-outputs"))

    properties = api.get(ONE)["properties"]

    assert list(properties) == [
        "templateHash",
        "parameters",
        "mode",
        "provisioningState",
        "timestamp",
        "duration",
        "correlationId",
        "providers",
        "dependencies",
        "outputs",
        "outputResources",
    ]
    machine = api.get(f"{COMPUTE}/virtualMachines/out")
    assert properties["outputs"]["vmId"] == {"type": "String", "value": machine["properties"]["vmId"]}
    assert properties["templateHash"].isdigit()
    assert properties["mode"] == "Incremental"
    assert properties["providers"] == [
        {
            "namespace": "Microsoft.Network",
            "resourceTypes": [
                {"resourceType": each, "locations": ["eastus"]}
                for each in ("virtualNetworks", "publicIPAddresses", "networkInterfaces")
            ],
        },
        {
            "namespace": "Microsoft.Compute",
            "resourceTypes": [{"resourceType": "virtualMachines", "locations": ["eastus"]}],
        },
    ]
    nic, vm = properties["dependencies"]
    assert (nic["resourceName"], {each["resourceName"] for each in nic["dependsOn"]}) == ("out-nic", {"net", "out-ip"})
    assert vm["dependsOn"] == [
        {
            "id": f"{NETWORK}/networkInterfaces/out-nic",
            "resourceType": "Microsoft.Network/networkInterfaces",
            "resourceName": "out-nic",
        }
    ]
    assert {"id": machine["id"]} in properties["outputResources"]


def test_the_same_deployment_again_is_200(api: Api) -> None:
    api.put(ONE, of(disk("data")))

    assert api.put(ONE, of(disk("data"))).status_code == 200


def test_deployments_are_listed_newest_first_and_found_by_their_state(api: Api) -> None:
    for name, resources in (("good", [disk("data")]), ("later", list[Document]())):
        api.put(f"{ALL}/{name}", of(*resources))
        api.world.clock.move(timedelta(seconds=1))
    outputs = {"no": {"type": "string", "value": "[reference('data').nothing.below]"}}
    api.call("PUT", f"{ALL}/bad", of(disk("data"), outputs=outputs))
    api.world.drive()

    assert [each["name"] for each in api.get(f"{ALL}/")["value"]] == ["bad", "later", "good"]
    failed = api.get(f"{ALL}?$filter=provisioningState eq 'Failed'")["value"]
    assert [each["name"] for each in failed] == ["bad"]
    assert len(api.get(f"{ALL}?$top=2")["value"]) == 2
    assert api.call("GET", f"{ALL}?$filter=name eq 'x'").status_code == 400
    assert api.call("GET", f"{ALL}?$top=two").status_code == 400


def test_head_tells_whether_there_is_one(api: Api) -> None:
    api.put(ONE, of())

    assert api.call("HEAD", ONE).status_code == 204
    assert api.call("HEAD", f"{ALL}/nobody").status_code == 404


def test_a_deletion_is_watched_by_its_location(api: Api) -> None:
    api.put(ONE, of(disk("data")))

    answer = api.call("DELETE", ONE)

    assert answer.status_code == 202
    assert api.call("GET", answer.headers["Location"]).status_code == 200
    assert api.call("GET", ONE).json()["error"]["code"] == "DeploymentNotFound"
    assert api.call("DELETE", ONE).status_code == 204
    assert api.call("GET", f"{COMPUTE}/disks/data").status_code == 200


def test_cancel_answers_204_and_the_poll_says_canceled(api: Api) -> None:
    answer = api.call("PUT", ONE, of(disk("data")))

    assert api.call("POST", f"{ONE}/cancel").status_code == 204

    api.world.drive()
    status = api.get(answer.headers["Azure-AsyncOperation"])
    assert status["status"] == "Canceled"
    assert api.call("POST", f"{ONE}/cancel").status_code == 409


@pytest.mark.parametrize("path", [f"{ONE}/operations", f"{LAB}/deployments/it/operations"], ids=["long", "short"])
def test_its_operations_are_at_both_paths(api: Api, path: str) -> None:
    api.put(ONE, body("11-outputs"))

    shown = api.get(path)["value"]

    *made, outputs = [each["properties"] for each in shown]
    assert [each["targetResource"]["resourceName"] for each in made] == ["net", "out-ip", "out-nic", "out"]
    assert {each["provisioningState"] for each in made} == {"Succeeded"}
    assert {each["statusCode"] for each in made} == {"OK"}
    assert outputs["provisioningOperation"] == "EvaluateDeploymentOutput"
    assert "targetResource" not in outputs
    assert api.get(f"{path}/{shown[0]['operationId']}") == shown[0]
    assert len(api.get(f"{path}?$top=1")["value"]) == 1
    assert api.call("GET", f"{path}/nobody").json()["error"]["code"] == "DeploymentOperationNotFound"


def test_a_failed_deployment_is_told_whole_by_its_poll_and_by_its_operations(api: Api) -> None:
    late = "[if(empty(reference('data').uniqueId), 'eastus', 'moon')]"
    answer = api.call("PUT", ONE, of(disk("data"), {**disk("next"), "location": late, "dependsOn": ["data"]}))
    api.world.drive()

    status = api.get(answer.headers["Azure-AsyncOperation"])

    assert status["status"] == "Failed"
    error = status["error"]
    assert (error["code"], error["target"]) == ("DeploymentFailed", ONE)
    assert [each["code"] for each in error["details"]] == ["LocationNotAvailableForResourceType"]
    assert api.get(ONE)["properties"]["error"] == error
    bad = api.get(f"{ONE}/operations")["value"][1]["properties"]
    assert (bad["provisioningState"], bad["statusCode"]) == ("Failed", "BadRequest")
    assert bad["statusMessage"]["error"]["code"] == "LocationNotAvailableForResourceType"


def test_validation_shows_what_would_be_made_and_makes_nothing(api: Api) -> None:
    answer = api.call("POST", f"{ONE}/validate", body("11-outputs"))

    assert answer.status_code == 200
    properties = answer.json()["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert {each["id"].rpartition("/")[2] for each in properties["validatedResources"]} == {
        "net", "out-ip", "out-nic", "out",
    }  # fmt: skip
    assert api.call("GET", ONE).status_code == 404
    assert api.call("GET", f"{NETWORK}/virtualNetworks/net").status_code == 404


def test_what_if_shows_changes_as_az_reads_them(api: Api) -> None:
    api.put(f"{ALL}/first", of(disk("data"), disk("other")))

    answer = api.call("POST", f"{ONE}/whatIf", of(disk("data", 4), disk("new")))

    assert answer.status_code == 200
    assert answer.json()["status"] == "Succeeded"
    changed, new, other = answer.json()["properties"]["changes"]
    assert (changed["changeType"], new["changeType"], other["changeType"]) == ("Modify", "Create", "Ignore")
    assert changed["delta"] == [
        {"path": "properties.diskSizeGB", "propertyChangeType": "Modify", "before": 1, "after": 4}
    ]
    assert new["after"]["name"] == "new"
    assert "before" not in new
    assert api.call("GET", f"{COMPUTE}/disks/new").status_code == 404


def test_a_template_may_come_as_az_pastes_it_unquoted_and_with_comments(api: Api) -> None:
    template = json.dumps(of(disk("data"))["properties"]["template"])  # type: ignore[call-overload, index]
    pasted = f'{{"properties": {{"parameters": {{}}, "mode": "Incremental", template:// mine\n{template}}}}}'

    answer = api.call("PUT", ONE, content=pasted.encode())

    assert answer.status_code == 201, answer.text


def test_a_packer_build_deploys_its_machine_and_finds_what_it_made(api: Api) -> None:
    """The requests of clients-iac 2.2, with a template that has all that Packer's has."""
    values = {"name": "pkr", "user": "packer", "secret": templates.PASSWORD, "label": "pkrdns"}
    parameters = {name: {"value": each} for name, each in values.items()}
    template = templates.read("packer", SUBSCRIPTION, "lab")
    wanted = {"properties": {"mode": "Incremental", "template": template, "parameters": parameters}}

    checked = api.call("POST", f"{ONE}/validate", wanted, version="2018-02-01")
    made = api.put(ONE, wanted, version="2018-02-01")

    assert (checked.status_code, made.status_code) == (200, 201)
    address = api.get(f"{NETWORK}/publicIPAddresses/pkr-ip", version="2018-01-01")
    assert address["properties"]["ipAddress"]
    storage = api.get(f"{COMPUTE}/virtualMachines/pkr", version="2018-04-01")["properties"]["storageProfile"]
    assert storage["osDisk"]["managedDisk"]["id"].endswith("/disks/pkr-os")
    assert [each["managedDisk"]["id"].rpartition("/")[2] for each in storage["dataDisks"]] == ["pkr-data"]
    listed = api.get(f"{LAB}/deployments/it/operations?$top=50", version="2018-02-01")["value"]
    assert len([each for each in listed if "targetResource" in each["properties"]]) == 4


# --- rights ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_group()
    return found


def test_who_may_deploy_but_not_make_what_is_named_is_refused_and_nothing_is_made(people: People) -> None:
    deployer = people.role("Deployer", "Microsoft.Resources/deployments/*")
    people.with_role("ann", deployer, LAB)

    said = refused(people.ask("ann", "PUT", ONE, of(disk("data"))), 403, "InvalidTemplateDeployment")

    assert "Authorization failed for template resource 'data' of type 'Microsoft.Compute/disks'" in said
    assert "Microsoft.Compute/disks/write" in said
    assert people.api.call("GET", f"{COMPUTE}/disks/data").status_code == 404
    assert people.api.call("GET", ONE).status_code == 404


def test_what_a_deployment_makes_is_made_by_who_deployed_it(people: People) -> None:
    people.with_role("ann", "Contributor", LAB)

    answer = people.ask("ann", "PUT", ONE, of(disk("data")))
    people.world.drive()

    assert answer.status_code == 201
    with people.world.records.read() as view:
        mine = view.operation(str(answer.headers["x-ms-request-id"]))
        assert mine is not None
        (made,) = view.asked_by(mine.id)
    assert made.cause.caller is not None
    assert made.cause.caller.object_id == people.callers["ann"].object_id != OWNER_ID
    assert made.cause.action == "Microsoft.Compute/disks/write"
    assert made.cause.correlation == mine.cause.correlation


def test_who_loses_the_right_meanwhile_makes_nothing_more(people: People) -> None:
    role = people.give(people.comes("ann"), "Contributor", LAB)
    people.ask("ann", "PUT", ONE, of(disk("data"), {**disk("next"), "dependsOn": ["data"]}))

    people.api.call("DELETE", role)
    people.world.drive()

    error = people.api.get(ONE)["properties"]["error"]
    assert error["code"] == "DeploymentFailed"
    assert {each["code"] for each in error["details"]} == {"AuthorizationFailed"}
    assert people.api.call("GET", f"{COMPUTE}/disks/next").status_code == 404


@pytest.mark.parametrize("there", [True, False])
def test_what_if_tells_nothing_of_a_group_that_is_not_the_callers(people: People, there: bool) -> None:
    other = f"{LAB}-other"
    people.api.put(LAB, {"location": "eastus", "tags": {"secret": "mine"}})
    people.api.put(other, {"location": "eastus", "tags": {"secret": "of-others"}})
    if there:
        people.api.put(f"{other}/providers/Microsoft.Compute/disks/data", disk("data"))
    people.with_role("ann", "Contributor", LAB)
    inner = of(disk("data"), disk("[resourceGroup().tags.secret]"))["properties"]
    assert isinstance(inner, dict)
    nested: Document = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2021-04-01",
        "name": "inner",
        "resourceGroup": other.rpartition("/")[2],
        "properties": {**inner, "expressionEvaluationOptions": {"scope": "inner"}},
    }

    answer = people.ask("ann", "POST", f"{ONE}/whatIf", of(nested))

    refused(answer, 403, "AuthorizationFailed")
    assert "of-others" not in answer.text


class Stuck:
    """``ports.Chance`` that gives no number before it is let go."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.asked, self.go_on = Semaphore(0), Event()

    def guid(self) -> str:
        self.asked.release()
        assert self.go_on.wait(20)
        return self.chance.guid()

    def token(self, bytes: int) -> str:
        return self.chance.token(bytes)


def test_templates_that_take_long_keep_nobody_waiting_but_each_other(tmp_path: Path) -> None:
    world = World(tmp_path)
    stuck = Stuck(world.cloud.chance)
    Api(world).with_group()
    world.cloud = replace(world.cloud, chance=stuck)
    api = Api(world)

    with ThreadPoolExecutor(6) as callers:
        asked = [callers.submit(api.call, "POST", f"{ONE}/validate", of()) for _ in range(6)]
        assert stuck.asked.acquire(timeout=10)
        assert stuck.asked.acquire(timeout=10)
        assert api.get(LAB)["name"] == "lab"
        assert not any(each.done() for each in asked)
        stuck.go_on.set()
        assert [each.result(20).status_code for each in asked] == [200] * 6


def test_a_template_can_be_tried_in_a_group_that_is_yet_to_be_made(api: Api) -> None:
    there, place = f"{SUB}/resourceGroups/later", {"createResourceGroup": {"location": "eastus"}}
    validate = f"{there}/providers/Microsoft.Resources/deployments/it/validate"

    good = api.call("POST", validate, of(disk("data")) | place)
    bad = api.call("POST", validate, of(disk("data", size_gb=0)) | place)
    far = api.call("POST", validate, of(disk("data")) | {"createResourceGroup": {"location": "mars"}})
    plain = api.call("POST", validate, of(disk("data")))

    assert good.status_code == 200
    assert good.json()["properties"]["validatedResources"] == [
        {"id": f"{there}/providers/Microsoft.Compute/disks/data"}
    ]
    assert bad.json()["error"]["code"] == "InvalidTemplateDeployment"
    assert far.json()["error"]["code"] == "LocationNotAvailableForResourceType"
    assert plain.json()["error"]["code"] == "ResourceGroupNotFound"
    assert api.call("GET", there).status_code == 404
    assert api.get(f"{SUB}/providers/Microsoft.Compute/disks")["value"] == []


def test_whoever_may_make_no_group_cannot_try_a_template_in_a_new_one(people: People) -> None:
    later = f"{SUB}/resourceGroups/later/providers/Microsoft.Resources/deployments/it/validate"
    people.with_role("ann", people.role("Deployer", "Microsoft.Resources/deployments/*"), SUB)

    asked = people.ask("ann", "POST", later, of(disk("data")) | {"createResourceGroup": {"location": "eastus"}})

    assert "Microsoft.Resources/subscriptions/resourceGroups/write" in refused(asked, 403, "AuthorizationFailed")

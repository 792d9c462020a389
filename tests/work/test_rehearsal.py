"""What a template's rehearsal makes of refusals: which are the template's fault, and which only mean it is early."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.work import deployment
from calco.work.cloud import Cloud, Front, Submitted
from tests.work.test_deployment import ID, SCHEMA, deployed, disk, of, operations, refusal, state, step, wish
from tests.world import GROUP, World

NETWORK: Document = {
    "type": "Microsoft.Network/virtualNetworks",
    "apiVersion": "2024-05-01",
    "name": "net",
    "location": "eastus",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
}


def nic(*depends_on: str) -> Document:
    subnet: Document = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'default')]"}
    return {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2024-05-01",
        "name": "nic",
        "location": "eastus",
        "dependsOn": [*depends_on],
        "properties": {"ipConfigurations": [{"name": "one", "properties": {"subnet": subnet}}]},
    }


def nested(name: str, *resources: Document) -> Document:
    inner: Document = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [*resources]}
    scope: Document = {"scope": "inner"}
    properties: Document = {"mode": "Incremental", "template": inner, "expressionEvaluationOptions": scope}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2024-03-01",
        "name": name,
        "properties": properties,
    }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).with_group()


@pytest.mark.parametrize("name", ["01-one-machine", "12-three-tiers"])
def test_resources_are_asked_for_in_the_order_of_dependencies_whatever_the_templates_is(
    world: World, name: str
) -> None:
    wanted = of(name)
    resources = wanted.template["resources"]
    assert isinstance(resources, list)
    resources.reverse()

    deployed(world, wanted)

    assert state(world) == "Succeeded"


def test_what_a_nested_deployment_will_make_is_not_missed(world: World) -> None:
    deployed(world, wish(nested("inner", NETWORK), nic("inner")))

    assert state(world) == "Succeeded"
    assert world.find(GROUP.sibling("Microsoft.Network", "networkInterfaces", "nic")) is not None


def test_what_nothing_will_make_is_missed(world: World) -> None:
    found = refusal(lambda: deployment.validate(world.cloud, wish(nic())))

    assert [each.code for each in found.details] == ["InvalidResourceReference"]


def test_what_is_busy_now_may_be_free_when_it_comes_to_it(world: World) -> None:
    deployment.put(world.cloud, wish(disk("data")))
    step(world)
    assert [each.subject.name for each in operations(world)] == ["data"]
    other = replace(wish(disk("data", size_gb=2)), id=ID.sibling("Microsoft.Resources", "deployments", "other"))

    assert text_at(deployment.validate(world.cloud, other).properties, "provisioningState") == "Succeeded"


@dataclass(frozen=True)
class Broken:
    """A front that has a fault where it comes to one name."""

    front: Front
    name: str

    def get(self, cloud: Cloud, id: ResourceId, version: str) -> Document:
        return self.front.get(cloud, id, version)

    def post(self, cloud: Cloud, id: ResourceId, verb: str, version: str, body: Document) -> Submitted:
        return self.front.post(cloud, id, verb, version, body)

    def delete(self, cloud: Cloud, id: ResourceId, version: str) -> Submitted:
        return self.front.delete(cloud, id, version)

    def put(self, cloud: Cloud, id: ResourceId, version: str, body: Document) -> Submitted:
        if id.name == self.name:
            raise RuntimeError("a fault of ours")
        return self.front.put(cloud, id, version, body)


def test_a_fault_of_ours_in_a_rehearsal_refuses_no_template(world: World) -> None:
    cloud = replace(world.cloud, front=Broken(world.cloud.front, "faulty"))

    deployment.validate(cloud, wish(disk("faulty"), disk("good")))
    found = refusal(lambda: deployment.validate(cloud, wish(disk("faulty"), disk("bad", size_gb=0))))

    assert len(found.details) == 1

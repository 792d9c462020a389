"""Ten templates that are wrong in ten ways: each is refused in Azure's words, by validation and by deployment alike,
and nothing is made of it, not even what was right about it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from calco.model.document import Document
from tests import templates
from tests.arm.api import COMPUTE, LAB, Api
from tests.world import GROUP, SUBSCRIPTION, World

pytestmark = pytest.mark.slow

DEPLOYMENT = f"{LAB}/providers/Microsoft.Resources/deployments/wrong"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
INVALID = "Deployment template validation failed: '"


def disk(**more: object) -> dict[str, object]:
    return {
        "type": "Microsoft.Compute/disks",
        "apiVersion": "2024-03-02",
        "name": "data",
        "location": "eastus",
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
        **more,
    }


def template(*resources: dict[str, object], **more: object) -> dict[str, object]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [*resources], **more}


def machine(change: Callable[[list[dict[str, object]]], object]) -> Document:
    """The template of one machine with its network, changed in one place."""
    found = templates.read("01-one-machine", SUBSCRIPTION, GROUP.group)
    resources = found["resources"]
    assert isinstance(resources, list)
    change(resources)  # type: ignore[arg-type]
    return found


def set_at(resource: int, *path: str | int, value: object) -> Callable[[list[dict[str, object]]], object]:
    def change(resources: list[dict[str, object]]) -> None:
        spot: object = resources[resource]
        for part in path[:-1]:
            spot = spot[part]  # type: ignore[index]
        spot[path[-1]] = value  # type: ignore[index]

    return change


@dataclass(frozen=True)
class Wrong:
    """``said`` is in the message: the whole's, or the first inner error's, whose code is ``inner``."""

    template: object
    code: str
    said: str
    inner: str = ""
    parameters: object = None


WRONG: dict[str, Wrong] = {
    "an unknown function": Wrong(
        template(disk(), disk(name="[frobnicate('x')]")),
        "InvalidTemplate",
        "The template function 'frobnicate' is not valid",
    ),
    "a parameter that is not given": Wrong(
        template(disk(), parameters={"size": {"type": "string"}}),
        "InvalidTemplate",
        f"{INVALID}The value for the template parameter 'size'",
    ),
    "a value that is not allowed": Wrong(
        template(disk(), parameters={"size": {"type": "string", "allowedValues": ["small", "large"]}}),
        "InvalidTemplate",
        "The parameter value is not part of the allowed value(s): 'small,large'.",
        parameters={"size": {"value": "huge"}},
    ),
    "a circle": Wrong(
        template(disk(name="a", dependsOn=["b"]), disk(name="b", dependsOn=["a"])),
        "InvalidTemplate",
        "Circular dependency detected on resource: ",
    ),
    "an unknown dependency": Wrong(
        template(disk(dependsOn=["nobody"])),
        "InvalidTemplate",
        f"{INVALID}The resource 'nobody' is not defined in the template.",
    ),
    "one resource twice": Wrong(
        template(disk(), disk()), "InvalidTemplate", "is defined multiple times in a template."
    ),
    "a size nobody knows": Wrong(
        machine(set_at(4, "properties", "hardwareProfile", "vmSize", value="Standard_Nothing")),
        "InvalidTemplateDeployment",
        "'Standard_Nothing' is not known here",
        inner="InvalidParameter",
    ),
    "an image that is not there": Wrong(
        machine(set_at(4, "properties", "storageProfile", "imageReference", value={"id": f"{COMPUTE}/images/nobody"})),
        "InvalidTemplateDeployment",
        "cannot be found in 'eastus' region.",
        inner="NotFound",
    ),
    "a region that is not offered": Wrong(
        machine(set_at(0, "location", value="moon")),
        "InvalidTemplateDeployment",
        "The provided location 'moon' is not available for resource type 'Microsoft.Network/virtualNetworks'.",
        inner="LocationNotAvailableForResourceType",
    ),
    "a type nobody provides": Wrong(
        template(disk(), disk(type="Microsoft.Web/sites", name="site")),
        "InvalidTemplateDeployment",
        "The resource namespace 'Microsoft.Web' is invalid.",
        inner="InvalidResourceNamespace",
    ),
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(World(tmp_path_factory.mktemp("wrong"))).with_group()


def everything(world: World) -> object:
    with world.records.read() as view:
        there = [each.id.key for each in view.in_group(GROUP)]
        return there, view.volumes(), view.unfinished(), world.disks.volumes(), world.networks.networks()


def test_there_are_ten() -> None:
    assert len(WRONG) == 10


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("method", "verb"), [("POST", "/validate"), ("PUT", "")], ids=["validated", "deployed"])
def test_a_broken_template_is_refused_and_nothing_is_made(api: Api, wrong: Wrong, method: str, verb: str) -> None:
    before = everything(api.world)
    properties = {"mode": "Incremental", "template": wrong.template, "parameters": wrong.parameters or {}}

    answer = api.call(method, f"{DEPLOYMENT}{verb}", {"properties": properties})

    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == wrong.code
    if wrong.inner:
        assert error["message"].startswith("The template deployment 'wrong' is not valid according to the validation")
        (error,) = error["details"]
        assert error["code"] == wrong.inner
    assert wrong.said in error["message"]
    assert everything(api.world) == before == ([], [], [], set(), set())
    assert api.call("GET", DEPLOYMENT).json()["error"]["code"] == "DeploymentNotFound"

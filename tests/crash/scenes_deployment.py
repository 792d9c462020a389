"""Scenes of templates' deployments."""

from collections.abc import Sequence

from calco.model.deployment import Mode, NewDeployment
from calco.model.document import objects_at, text_at
from calco.model.ids import ResourceId
from calco.work import deployment
from calco.work.deployment_record import parts_of
from tests import templates
from tests.crash.scene import Ask, Scene
from tests.world import GROUP, SUBSCRIPTION, World

DEPLOYMENT = GROUP.sibling("Microsoft.Resources", "deployments", "it")


def wish(template: str) -> NewDeployment:
    given = templates.parameters(template, str(GROUP))
    return NewDeployment(
        DEPLOYMENT,
        templates.read(template, SUBSCRIPTION, GROUP.group),
        given,
        Mode.INCREMENTAL,
        tenant="99999999-8888-4777-8666-555555555555",
        base="https://localhost",
    )


def outputs(world: World) -> Ask:
    """A network, an address, a NIC and a machine, each behind the one before, and what is said of them. Their platform
    image is in use already: bringing it in is the machines' scenes'."""
    wanted = wish("11-outputs")
    world.with_network().running_machine("first")
    return lambda cloud: deployment.put(cloud, wanted)


def deployed(world: World) -> None:
    found = world.resource(DEPLOYMENT)
    assert found.properties["provisioningState"] == "Succeeded"
    machine = world.resource(GROUP.sibling("Microsoft.Compute", "virtualMachines", "out"))
    assert machine.properties["provisioningState"] == "Succeeded"
    assert text_at(found.properties, "outputs", "vmId", "value") == machine.properties["vmId"]
    made = {ResourceId.parse(str(each["id"])).name for each in objects_at(found.properties, "outputResources")}
    assert made == {"net", "out-ip", "out-nic", "out"}


def failed(world: World) -> None:
    """It says so, and whatever it had begun has ended."""
    found = world.resource(DEPLOYMENT)
    assert found.properties["provisioningState"] == "Failed"
    assert text_at(found.properties, "error", "code") in ("DeploymentFailed", "InternalExecutionError")
    assert {each.state for each in parts_of(found)} <= {"Succeeded", "Failed", "Waiting"}


SCENES: Sequence[Scene] = (Scene("template", "deployment.deploy", outputs, deployed, 70, failed, destroys=True),)

"""Deployments of templates: order, failure, cancellation, what is kept secret, what a rehearsal leaves behind."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calco.model.deployment import GROUP_MAX, Mode, NewDeployment, PartState
from calco.model.document import Document, Json, at, objects_at, text_at
from calco.model.errors import ApiError
from calco.model.machine import Machine
from calco.model.operation import Operation, Status
from calco.operations.engine import Engine
from calco.ports import Resource
from calco.work import deployment, plans, rehearsal, resource_group, what_if
from calco.work.deployment_record import duration, parts_of
from calco.work.what_if import ChangeType, PropertyChange
from tests import templates
from tests.standing import StandingClock
from tests.world import GROUP, SUBSCRIPTION, World

ID = GROUP.sibling("Microsoft.Resources", "deployments", "it")
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).with_group()


def disk(name: str, *depends_on: str, size_gb: Json = 1, **more: Json) -> Document:
    return {
        "type": "Microsoft.Compute/disks",
        "apiVersion": "2024-03-02",
        "name": name,
        "location": "eastus",
        "dependsOn": [*depends_on],
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": size_gb},
        **more,
    }


def wish(*resources: Document, parameters: Document | None = None, **more: Json) -> NewDeployment:
    template: Document = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [*resources], **more}
    return NewDeployment(ID, template, parameters or {}, Mode.INCREMENTAL, tenant=SUBSCRIPTION, base="https://here")


def of(name: str) -> NewDeployment:
    template = templates.read(name, SUBSCRIPTION, GROUP.group)
    return NewDeployment(
        ID, template, templates.parameters(name, str(GROUP)), Mode.INCREMENTAL, SUBSCRIPTION, "https://here"
    )


def deployed(world: World, wanted: NewDeployment) -> Resource:
    deployment.put(world.cloud, wanted)
    world.drive()
    return world.resource(ID)


def state(world: World) -> object:
    return world.resource(ID).properties["provisioningState"]


def parts(world: World) -> dict[str, PartState]:
    return {each.resource.name: each.state for each in parts_of(world.resource(ID))}


def operations(world: World) -> list[Operation]:
    with world.records.read() as view:
        mine = [each for each in view.unfinished() if each.subject.key == ID.key]
        return view.asked_by(mine[0].id) if mine else []


def step(world: World) -> None:
    """One look of the deployment itself, and of nothing else."""
    engine = Engine(world.cloud, world.records, plans.BOOK, world.clock)
    for each in world.unfinished():
        if each.subject.key == ID.key:
            engine.advance(each.id)


def refusal(ask: Callable[[], object]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        ask()
    return caught.value


# --- order -----------------------------------------------------------------------------------------------------------


def test_what_depends_on_nothing_begins_at_once_and_the_rest_when_it_may(world: World) -> None:
    deployment.put(world.cloud, wish(disk("first"), disk("second"), disk("third", "first", "second")))

    step(world)

    assert {each.subject.name for each in operations(world)} == {"first", "second"}
    assert parts(world) == {"first": "Running", "second": "Running", "third": "Waiting"}
    assert state(world) == "Running"
    world.drive()
    assert set(parts(world).values()) == {PartState.SUCCEEDED}
    assert state(world) == "Succeeded"


def test_what_a_killed_service_had_asked_for_and_not_noted_is_found_again(world: World) -> None:
    deployment.put(world.cloud, wish(disk("first"), disk("second", "first")))
    before = world.resource(ID)
    step(world)
    with world.records.write() as tx:
        tx.put(before)  # as if it had been killed before it could note what it asked for

    world.drive()

    assert state(world) == "Succeeded"
    with world.records.read() as view:
        asked = view.asked_by(str(world.resource(ID).internal["operation"]))
    assert [each.subject.name for each in asked] == ["first", "second"]


def test_a_deployment_of_what_is_there_changes_what_differs_and_keeps_the_rest(world: World) -> None:
    world.empty_disk("other")
    deployed(world, wish(disk("data")))
    first = world.resource(GROUP.sibling("Microsoft.Compute", "disks", "data"))

    deployed(world, wish(disk("data", size_gb=4)))

    second = world.resource(first.id)
    assert (first.properties["diskSizeGB"], second.properties["diskSizeGB"]) == (1, 4)
    assert first.properties["uniqueId"] == second.properties["uniqueId"]
    assert world.find(GROUP.sibling("Microsoft.Compute", "disks", "other")) is not None


# --- failure ---------------------------------------------------------------------------------------------------------


class Stubborn:
    """Guests that never report."""

    def __call__(self, machine: Machine) -> None:
        pass


@pytest.mark.slow
def test_when_one_fails_those_begun_are_awaited_and_none_is_begun(tmp_path: Path) -> None:
    world = World(tmp_path, guest=Stubborn()).with_group()
    wanted = of("11-outputs")
    resources = wanted.template["resources"]
    assert isinstance(resources, list)
    resources += [disk("beside"), disk("behind", "out")]

    found = deployed(world, wanted)

    assert found.properties["provisioningState"] == "Failed"
    assert parts(world) | {"net": "", "out-ip": "", "out-nic": ""} == {
        "net": "", "out-ip": "", "out-nic": "", "out": "Failed", "beside": "Succeeded", "behind": "Waiting",
    }  # fmt: skip
    error = found.properties["error"]
    assert text_at(error, "code") == "DeploymentFailed"
    assert text_at(error, "message") == (
        "At least one resource deployment operation failed. Please list deployment operations for details. Please see "
        "https://aka.ms/arm-deployment-operations for usage details."
    )
    (detail,) = objects_at(error, "details")
    assert detail["code"] == "ResourceDeploymentFailure"
    assert str(detail["target"]).endswith("/virtualMachines/out")
    assert [each["code"] for each in objects_at(detail, "details")] == ["OSProvisioningTimedOut"]
    assert "outputs" not in found.properties
    assert world.find(GROUP.sibling("Microsoft.Compute", "disks", "behind")) is None


def late(name: str, *depends_on: str) -> Document:
    """A disk whose region turns out to be none when the first that it depends on is there."""
    where = f"[if(empty(reference('{depends_on[0]}').uniqueId), 'eastus', 'moon')]"
    return {**disk(name, *depends_on), "location": where}


def test_while_others_go_on_a_deployment_that_failed_has_not_ended(world: World) -> None:
    wanted = wish(disk("a"), disk("slow"), late("bad", "a"), disk("behind-slow", "slow"), disk("behind-a", "a"))
    deployment.put(world.cloud, wanted)
    step(world)
    slow = [each.id for each in operations(world) if each.subject.name == "slow"]

    world.drive(held=slow)

    assert parts(world) == {
        "a": "Succeeded", "slow": "Running", "bad": "Failed", "behind-slow": "Waiting", "behind-a": "Waiting",
    }  # fmt: skip
    assert state(world) == "Running"
    world.drive()
    assert state(world) == "Failed"
    assert parts(world)["slow"] == "Succeeded"
    assert {parts(world)["behind-slow"], parts(world)["behind-a"]} == {"Waiting"}
    assert world.find(GROUP.sibling("Microsoft.Compute", "disks", "behind-slow")) is None


def test_a_deployment_whose_own_step_is_refused_says_what_the_resource_said(world: World) -> None:
    wanted = wish(disk("data"), disk("large", "data", size_gb="[reference('data').diskSizeGB]"))
    resources = wanted.template["resources"]
    assert isinstance(resources, list)
    assert isinstance(resources[1], dict)
    resources[1]["location"] = "[concat('moon', reference('data').diskSizeGB)]"

    found = deployed(world, wanted)

    (detail,) = objects_at(found.properties, "error", "details")
    assert detail["code"] in ("LocationNotAvailableForResourceType", "InvalidTemplate")
    assert parts(world) == {"data": "Succeeded", "large": "Failed"}


def test_outputs_that_cannot_be_told_fail_the_deployment(world: World) -> None:
    outputs: Document = {"no": {"type": "string", "value": "[reference('data').nothing.below]"}}

    found = deployed(world, wish(disk("data"), outputs=outputs))

    assert found.properties["provisioningState"] == "Failed"
    assert at(found.properties, "error", "code") == "DeploymentOutputEvaluationFailed"


def test_a_nested_deployment_that_fails_is_told_whole(world: World) -> None:
    inner: Document = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [disk("data")]}
    inner["outputs"] = {"no": {"type": "string", "value": "[reference('data').nothing.below]"}}
    nested: Document = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2024-03-01",
        "name": "inner",
        "properties": {
            "mode": "Incremental",
            "template": inner,
            "expressionEvaluationOptions": {"scope": "inner"},
        },
    }

    found = deployed(world, wish(nested))

    (detail,) = objects_at(found.properties, "error", "details")
    (why,) = objects_at(detail, "details")
    assert why["code"] == "DeploymentOutputEvaluationFailed"


def test_a_nested_deployment_keeps_the_whole_of_its_error(world: World) -> None:
    inner: Document = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [disk("a"), late("bad", "a")]}
    properties: Document = {"mode": "Incremental", "template": inner, "expressionEvaluationOptions": {"scope": "inner"}}
    nested: Document = {"type": "Microsoft.Resources/deployments", "apiVersion": "2024-03-01", "name": "inner"}

    found = deployed(world, wish({**nested, "properties": properties}))

    (detail,) = objects_at(found.properties, "error", "details")
    (why,) = objects_at(detail, "details")
    assert why["code"] == "DeploymentFailed"
    assert [each["code"] for each in objects_at(why, "details")] == ["LocationNotAvailableForResourceType"]


# --- ended early -----------------------------------------------------------------------------------------------------


def test_a_canceled_deployment_begins_nothing_more(world: World) -> None:
    deployment.put(world.cloud, wish(disk("first"), disk("second", "first")))
    step(world)

    deployment.cancel(world.cloud, ID)
    world.drive()

    assert state(world) == "Canceled"
    _, begun = deployment.operations(world.cloud, ID)
    assert [(each.resource.name, each.state) for each in begun] == [("first", "Succeeded")]
    assert world.state(GROUP.sibling("Microsoft.Compute", "disks", "first")) == "Succeeded"
    assert world.find(GROUP.sibling("Microsoft.Compute", "disks", "second")) is None
    ended = world.operation(str(world.resource(ID).internal["operation"]))
    assert ended.status is Status.CANCELED


def test_a_deployment_that_is_canceled_is_woken_to_end(world: World) -> None:
    deployment.put(world.cloud, wish(disk("first"), disk("second", "first")))
    step(world)
    woken: list[str] = []

    deployment.cancel(replace(world.cloud, wake=woken.append), ID)

    assert woken == [world.resource(ID).internal["operation"]]


@pytest.mark.parametrize(
    ("took", "shown"),
    [
        (timedelta(seconds=1.5), "PT1.5000000S"),
        (timedelta(minutes=61), "PT1H1M0.0000000S"),
        (timedelta(days=1, seconds=59), "PT24H59.0000000S"),
        (timedelta(seconds=-1), "PT0.0000000S"),
    ],
)
def test_how_long_it_took_is_told_in_hours_minutes_and_seconds(took: timedelta, shown: str) -> None:
    assert duration(took) == shown


def test_a_deployment_that_has_ended_cannot_be_canceled(world: World) -> None:
    deployed(world, wish(disk("data")))

    assert refusal(lambda: deployment.cancel(world.cloud, ID)).code == "DeploymentCannotBeCancelled"
    assert state(world) == "Succeeded"


def test_a_deployment_that_goes_on_is_neither_replaced_nor_deleted(world: World) -> None:
    deployment.put(world.cloud, wish(disk("data")))

    again = refusal(lambda: deployment.put(world.cloud, wish(disk("other"))))
    gone = refusal(lambda: deployment.delete(world.cloud, ID))

    assert (again.status, again.code) == (409, "DeploymentActive")
    assert (gone.status, gone.code) == (409, "DeploymentActive")
    world.drive()
    assert world.find(GROUP.sibling("Microsoft.Compute", "disks", "other")) is None


def test_a_deleted_deployment_leaves_what_it_made(world: World) -> None:
    deployed(world, wish(disk("data")))

    deployment.delete(world.cloud, ID)

    assert world.find(ID) is None
    assert world.find(GROUP.sibling("Microsoft.Compute", "disks", "data")) is not None
    assert deployment.delete(world.cloud, ID) is None


def test_a_group_goes_with_its_deployments_those_that_go_on_included(world: World) -> None:
    deployment.put(world.cloud, of("12-three-tiers"))
    step(world)

    mine = str(world.resource(ID).internal["operation"])
    resource_group.delete(world.cloud, GROUP)
    world.drive()

    assert world.operation(mine).status is Status.CANCELED
    assert world.find(GROUP) is None
    with world.records.read() as view:
        assert view.in_group(GROUP) == []
    assert world.leftovers() == []


# --- secrets ---------------------------------------------------------------------------------------------------------


def text_of(world: World) -> str:
    """Every row there is."""
    database = world.records._writer.raw_connection().driver_connection
    assert isinstance(database, sqlite3.Connection)
    return "\n".join(database.iterdump())


@pytest.mark.parametrize("name", ["02-password", "12-three-tiers"])
def test_a_secure_parameter_lies_nowhere_in_clear(world: World, name: str) -> None:
    deployment.put(world.cloud, of(name))
    accepted = text_of(world)
    step(world)
    under_way = text_of(world)
    world.drive()

    assert state(world) == "Succeeded"
    for text in (accepted, under_way, text_of(world)):
        assert templates.PASSWORD not in text
    shown = world.resource(ID).properties["parameters"]
    assert [each for each in objects_at({"all": [*shown.values()]}, "all") if each["type"] == "SecureString"] == [  # type: ignore[union-attr]
        {"type": "SecureString"}
    ]


def test_a_secure_output_is_not_kept(world: World) -> None:
    found = deployed(world, of("08-storage"))

    assert at(found.properties, "outputs", "secret") == {"type": "SecureString"}
    assert at(found.properties, "outputs", "key", "value")


# --- rehearsal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [each for each in templates.NAMES if each != "06-image"])
def test_validating_leaves_no_trace(world: World, name: str) -> None:
    before = text_of(world)

    found = deployment.validate(world.cloud, of(name))

    assert found.properties["provisioningState"] == "Succeeded"
    assert text_of(world) == before
    assert world.disks.volumes() == set()
    assert world.networks.networks() == set()
    assert world.told == []


def test_several_resources_are_refused_together(world: World) -> None:
    wanted = wish(disk("good"), disk("a", size_gb=0), disk("b", "good", size_gb=-1))

    found = refusal(lambda: deployment.put(world.cloud, wanted))

    assert (found.status, found.code) == (400, "InvalidTemplateDeployment")
    assert len(found.details) == 2
    assert world.find(GROUP.sibling("Microsoft.Compute", "disks", "good")) is None
    assert world.find(ID) is None


def test_what_would_only_be_there_after_slow_work_is_not_missed(world: World) -> None:
    snapshot: Document = {
        "type": "Microsoft.Compute/snapshots",
        "apiVersion": "2024-03-02",
        "name": "snap",
        "location": "eastus",
        "dependsOn": ["data"],
        "properties": {
            "creationData": {
                "createOption": "Copy",
                "sourceResourceId": "[resourceId('Microsoft.Compute/disks', 'data')]",
            }
        },
    }

    found = deployed(world, wish(disk("data"), snapshot))

    assert found.properties["provisioningState"] == "Succeeded"


# --- what if ---------------------------------------------------------------------------------------------------------


def test_what_if_tells_what_would_be_made_changed_kept_and_left(world: World) -> None:
    deployed(world, wish(disk("same"), disk("larger", tags={"role": "old", "gone": "soon"}), disk("other")))
    before = text_of(world)
    wanted = wish(disk("same"), disk("larger", size_gb=8, tags={"role": "new"}), disk("new"))

    found = {each.resource.name: each for each in what_if.changes(world.cloud, wanted)}

    assert {name: each.type for name, each in found.items()} == {
        "same": ChangeType.NO_CHANGE,
        "larger": ChangeType.MODIFY,
        "new": ChangeType.CREATE,
        "other": ChangeType.IGNORE,
    }
    deltas = {(each.path, each.type): (each.before, each.after) for each in found["larger"].delta}
    assert deltas == {
        ("properties.diskSizeGB", PropertyChange.MODIFY): (1, 8),
        ("tags.role", PropertyChange.MODIFY): ("old", "new"),
        ("tags.gone", PropertyChange.DELETE): ("soon", None),
    }
    assert text_of(world) == before


def test_what_if_of_a_complete_deployment_tells_what_would_go(world: World) -> None:
    deployed(world, wish(disk("other")))
    wanted = NewDeployment(ID, wish().template, {}, Mode.COMPLETE, SUBSCRIPTION, "https://here")

    (found,) = what_if.changes(world.cloud, wanted)

    assert (found.resource.name, found.type) == ("other", ChangeType.DELETE)
    assert refusal(lambda: deployment.put(world.cloud, wanted)).code == "NotSupported"


def test_what_if_shows_no_secret(world: World) -> None:
    found = what_if.changes(world.cloud, of("12-three-tiers"))

    assert templates.PASSWORD not in str(found)
    assert "*******" in str(found)


# --- the history -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_oldest_deployments_that_have_ended_make_room(world: World) -> None:
    first = deployed(world, wish())
    with world.records.write() as tx:
        for number in range(GROUP_MAX - 1):
            state = "Running" if number == 0 else "Succeeded"
            began = (world.clock.now() - timedelta(days=GROUP_MAX - number)).isoformat()
            id = GROUP.sibling("Microsoft.Resources", "deployments", f"old{number}")
            tx.put(Resource(id, "eastus", {"provisioningState": state}, internal={"began": began}))

    one_more = GROUP.sibling("Microsoft.Resources", "deployments", "one-more")
    deployment.put(world.cloud, replace(wish(), id=one_more))

    names = {each.id.name for each in deployment.list(world.cloud, GROUP)}
    assert len(names) == GROUP_MAX
    assert "old1" not in names
    assert {"old0", "old2", first.id.name, "one-more"} <= names


class HurryingClock(StandingClock):
    """A second passes whenever somebody looks."""

    def monotonic(self) -> float:
        self.move(timedelta(seconds=1))
        return super().monotonic()


def test_a_rehearsal_that_takes_long_lets_others_write(world: World) -> None:
    cloud = replace(world.cloud, clock=HurryingClock())
    prepared, _ = deployment.prepared_for(cloud, wish(*(disk(f"d{each}", location="nowhere") for each in range(20))))

    assert 0 < len(rehearsal.refusals(cloud, prepared)) <= 5
    assert len(rehearsal.refusals(world.cloud, prepared)) == 20

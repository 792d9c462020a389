"""A machine made into an image in one go, over the wire: tried, refused, accepted, and who may do it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from calco.model.document import Document
from tests.arm.api import COMPUTE, LAB, SUB, Api, machine_body
from tests.arm.people import AUTHORIZATION, People, refused
from tests.arm.test_event import events, told
from tests.world import World

pytestmark = pytest.mark.slow

WEB1, GOLDEN = f"{COMPUTE}/virtualMachines/web1", f"{COMPUTE}/images/golden"
CREATE = f"{WEB1}/providers/Calco/createImage"
OTHER = f"{SUB}/resourceGroups/images"
THERE = f"{OTHER}/providers/Microsoft.Compute/images/golden"
ALL_STEPS = ["make resource group", "deallocate", "generalize", "create image", "delete machine"]


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_network()
    found.api.machine("web1")
    return found


def wish(image: str = GOLDEN, **more: object) -> dict[str, object]:
    return {"image": image, **more}


def everything(group: str = THERE, **more: object) -> dict[str, object]:
    return wish(group, createResourceGroup=True, deleteVirtualMachine=True, **more)


def tried(people: People, body: dict[str, object], who: str = "good") -> Response:
    return people.ask(who, "POST", CREATE, {**body, "validateOnly": True})


def records(world: World) -> object:
    """Every row of every table."""
    with world.records.read() as view:
        connection = view._connection
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        return {name: connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names}  # noqa: S608


def power(api: Api) -> list[str]:
    view = api.get(f"{WEB1}/instanceView")
    return [each["code"] for each in view["statuses"] if not each["code"].startswith("ProvisioningState")]


def made(people: People, body: dict[str, object]) -> Any:
    """Ask for it, and answer how it ended."""
    answer = people.ask("good", "POST", CREATE, body)
    assert answer.status_code == 202, answer.text
    people.world.drive()
    return people.api.get(answer.headers["Azure-AsyncOperation"])


# --- tried -----------------------------------------------------------------------------------------------------------


def test_a_trial_tells_every_step_and_changes_nothing(people: People) -> None:
    before = records(people.world)

    answer = tried(people, everything())

    assert (answer.status_code, answer.json()) == (200, {"valid": True, "steps": ALL_STEPS})
    assert records(people.world) == before
    assert people.world.unfinished() == []
    assert power(people.api) == ["PowerState/running"]


def test_a_trial_leaves_out_what_is_so_already(people: People) -> None:
    people.api.post(f"{WEB1}/deallocate")
    assert tried(people, wish()).json()["steps"] == ["generalize", "create image"]
    people.api.post(f"{WEB1}/generalize")
    assert tried(people, wish(createResourceGroup=True)).json()["steps"] == ["create image"]


def test_a_refused_trial_leaves_no_line_in_the_log(people: People) -> None:
    before = len(events(people.api))

    refused(tried(people, wish(f"{COMPUTE}/images/-bad")), 400, "InvalidResourceName")
    assert len(events(people.api)) == before
    refused(people.ask("good", "POST", CREATE, wish(f"{COMPUTE}/images/-bad")), 400, "InvalidResourceName")
    assert len(events(people.api)) == before + 1


@pytest.mark.parametrize("only_tried", [True, False])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "InvalidParameter"),
        (wish("golden"), 400, "LinkedInvalidPropertyId"),
        (wish(f"{COMPUTE}/disks/golden"), 400, "LinkedInvalidPropertyId"),
        (wish(f"{COMPUTE}/images/bad name!"), 400, "InvalidResourceName"),
        (wish(THERE), 404, "ResourceGroupNotFound"),
        (
            wish(f"{SUB}/resourceGroups/bad*group/providers/Microsoft.Compute/images/golden"),
            400,
            "InvalidResourceGroup",
        ),
        (wish(tags={"<bad>": "x"}), 400, "InvalidParameter"),
        (wish(deleteVirtualMachine="yes"), 400, "InvalidParameter"),
    ],
)
def test_what_cannot_be_is_refused_before_the_machine_is_stopped(
    people: People, body: dict[str, object], status: int, code: str, only_tried: bool
) -> None:
    answer = people.ask("good", "POST", CREATE, {**body, "validateOnly": only_tried})

    refused(answer, status, code)
    people.world.drive()
    assert power(people.api) == ["PowerState/running"]


def test_a_refusal_is_in_the_log_of_the_machine(people: People) -> None:
    people.world.clock.move(timedelta(minutes=1))

    refused(people.ask("good", "POST", CREATE, wish(tags={"<bad>": "x"})), 400, "InvalidParameter")

    line = events(people.api)[0]
    assert (line["operationName"]["value"], line["resourceId"]) == (
        "Microsoft.Compute/virtualMachines/capture/action",
        WEB1,
    )


def test_a_region_without_zones_cannot_have_a_zone_resilient_image(tmp_path: Path) -> None:
    people = People(World(tmp_path))
    api = people.api
    api.put(LAB, {"location": "westus"})
    network: Document = {"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    base = f"{LAB}/providers/Microsoft.Network"
    subnets: Document = {"subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}]}
    network["properties"] = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, **subnets}
    api.put(f"{base}/virtualNetworks/net", network)
    subnet: Document = {"subnet": {"id": f"{base}/virtualNetworks/net/subnets/default"}}
    configurations: Document = {"ipConfigurations": [{"name": "one", "properties": subnet}]}
    api.put(f"{base}/networkInterfaces/nic", {"location": "westus", "properties": configurations})
    api.put(WEB1, {**machine_body("web1", f"{base}/networkInterfaces/nic"), "location": "westus"})

    said = refused(tried(people, wish(zoneResilient=True)), 400, "InvalidParameter")

    assert "has no availability zones" in said
    assert tried(people, wish()).status_code == 200


def test_a_name_that_is_taken_is_refused_and_one_that_failed_may_be_tried_again(people: People) -> None:
    people.api.post(f"{WEB1}/deallocate")
    people.api.post(f"{WEB1}/generalize")
    people.api.image("golden", WEB1)

    assert "'golden' already exists" in refused(tried(people, wish()), 409, "ResourceAlreadyExists")
    with people.world.records.write() as tx:
        image = next(iter(tx.resources("Microsoft.Compute/images")))
        image.properties["provisioningState"] = "Failed"
        tx.put(image)
    assert tried(people, wish()).status_code == 200


def test_a_machine_that_something_is_done_to_is_busy(people: People) -> None:
    people.api.call("POST", f"{WEB1}/restart")

    assert "Operation 'deallocate'" in refused(tried(people, wish()), 409, "OperationNotAllowed")


def test_one_image_at_a_time_is_made_of_a_machine_and_under_a_name(people: People) -> None:
    people.api.machine("web2")
    people.ask("good", "POST", CREATE, wish())

    said = refused(tried(people, wish(f"{COMPUTE}/images/other")), 409, "OperationNotAllowed")
    assert "Operation 'Create Image' is not allowed on VM 'web1' since another operation is in progress" in said
    again = people.ask("good", "POST", CREATE.replace("web1", "web2"), wish())
    refused(again, 409, "Conflict")
    people.world.drive()
    assert people.api.get(GOLDEN)["properties"]["provisioningState"] == "Succeeded"


def test_a_lock_against_deletion_is_felt_before_the_machine_is_stopped(people: People) -> None:
    people.api.put(f"{WEB1}/{AUTHORIZATION}/locks/keep", {"properties": {"level": "CanNotDelete"}})

    refused(people.ask("good", "POST", CREATE, everything()), 409, "ScopeLocked")

    assert power(people.api) == ["PowerState/running"]
    assert tried(people, wish()).status_code == 200


# --- who -------------------------------------------------------------------------------------------------------------


def test_a_reader_may_not_even_try(people: People) -> None:
    people.with_role("reader", "Reader", SUB)

    said = refused(tried(people, wish(), "reader"), 403, "AuthorizationFailed")

    assert "Microsoft.Compute/virtualMachines/capture/action" in said


def test_a_contributor_of_the_machines_group_alone_makes_images_there_and_nowhere_else(people: People) -> None:
    people.api.put(OTHER, {"location": "eastus"})
    people.with_role("one", "Contributor", LAB)

    assert tried(people, wish(), "one").status_code == 200
    refused(tried(people, wish(THERE), "one"), 403, "LinkedAuthorizationFailed")
    people.give(people.callers["one"].object_id, "Reader", OTHER)
    said = refused(people.ask("one", "POST", CREATE, wish(THERE)), 403, "AuthorizationFailed")
    assert f"'Microsoft.Compute/images/write' over scope '{THERE}'" in said
    assert power(people.api) == ["PowerState/running"]


def test_who_may_not_make_groups_learns_it_before_anything_is_stopped(people: People) -> None:
    people.with_role("one", "Contributor", LAB)
    people.give(people.callers["one"].object_id, "Reader", SUB)

    said = refused(people.ask("one", "POST", CREATE, everything()), 403, "AuthorizationFailed")

    assert f"'Microsoft.Resources/subscriptions/resourceGroups/write' over scope '{OTHER}'" in said
    assert power(people.api) == ["PowerState/running"]


@pytest.mark.parametrize("lacking", ["deallocate/action", "generalize/action", "delete"])
def test_who_lacks_the_right_to_a_later_step_learns_it_before_anything_is_stopped(people: People, lacking: str) -> None:
    machine = "Microsoft.Compute/virtualMachines"
    rights = {f"{machine}/{each}" for each in ("read", "capture/action", "deallocate/action", "generalize/action")}
    rights |= {f"{machine}/delete", "Microsoft.Compute/images/*"}
    people.with_role("some", people.role("Some", *rights, but=(f"{machine}/{lacking}",)), SUB)
    people.with_role("all", people.role("All", *rights), SUB)
    body = wish(deleteVirtualMachine=True)

    assert f"{machine}/{lacking}" in refused(people.ask("some", "POST", CREATE, body), 403, "AuthorizationFailed")
    assert power(people.api) == ["PowerState/running"]
    assert people.ask("all", "POST", CREATE, body).status_code == 202


# --- made ------------------------------------------------------------------------------------------------------------


def test_everything_is_done_in_order_and_the_log_says_on_whose_behalf(people: People) -> None:
    before = events(people.api)
    people.world.clock.move(timedelta(minutes=1))

    answer = people.ask("good", "POST", CREATE, everything(tags={"for": "web"}))
    people.world.drive()

    body = answer.json()
    operation = body["name"]
    assert answer.status_code == 202
    assert body == {
        "id": f"{SUB}/providers/Calco/operations/{operation}",
        "name": operation,
        "status": "InProgress",
        "steps": ALL_STEPS,
    }
    assert answer.headers["x-ms-request-id"] == operation
    assert people.api.get(answer.headers["Azure-AsyncOperation"])["status"] == "Succeeded"
    image = people.api.get(THERE)
    assert (image["location"], image["tags"]) == ("eastus", {"for": "web"})
    assert image["properties"]["hyperVGeneration"] == "V1"
    assert image["properties"]["storageProfile"]["zoneResilient"] is False
    assert people.api.call("GET", WEB1).status_code == 404
    lines = events(people.api)[: -len(before)]
    assert {(action.partition(".")[2], state) for action, _, state in told(lines)} == {
        ("Compute/virtualMachines/capture/action", "Started"),
        ("Resources/subscriptions/resourceGroups/write", "Succeeded"),
        ("Compute/virtualMachines/deallocate/action", "Started"),
        ("Compute/virtualMachines/deallocate/action", "Succeeded"),
        ("Compute/virtualMachines/generalize/action", "Succeeded"),
        ("Compute/images/write", "Started"),
        ("Compute/images/write", "Succeeded"),
        ("Compute/virtualMachines/delete", "Started"),
        ("Compute/virtualMachines/delete", "Succeeded"),
        ("Compute/virtualMachines/capture/action", "Succeeded"),
    }
    own = [each for each in lines if each["operationName"]["value"].endswith("capture/action")]
    assert {each["properties"].get("parentOperationId") for each in own} == {None}
    assert {each["properties"].get("parentOperationId") for each in lines if each not in own} == {operation}
    assert {each["caller"] for each in lines} == {people.callers["good"].client_id}


def test_a_zone_resilient_image_is_one_in_every_zone(people: People) -> None:
    assert made(people, wish(zoneResilient=True))["status"] == "Succeeded"

    usage = people.api.get(f"{GOLDEN}/providers/Calco/usages/current")["properties"]
    assert usage["zones"] == ["1", "2", "3"]
    assert power(people.api) == ["OSState/generalized", "PowerState/deallocated"]


def test_a_capture_that_fails_ends_it_with_its_own_words_and_the_machine_stays(people: People) -> None:
    room = people.world.disks.room
    answer = people.ask("good", "POST", CREATE, wish(zoneResilient=True, deleteVirtualMachine=True))
    people.world.disks.room = 0
    people.world.drive()
    people.world.disks.room = room

    status = people.api.get(answer.headers["Azure-AsyncOperation"])
    assert status["status"] == "Failed"
    assert status["error"]["code"] == "AllocationFailed"
    assert people.api.get(GOLDEN)["properties"]["provisioningState"] == "Failed"
    assert power(people.api) == ["OSState/generalized", "PowerState/deallocated"]
    actions = [each["operationName"]["value"] for each in events(people.api)]
    assert "Microsoft.Compute/virtualMachines/delete" not in actions


def test_a_right_that_is_taken_away_meanwhile_ends_it_at_that_step(people: People) -> None:
    people.comes("one")
    given = people.give(people.callers["one"].object_id, "Contributor", LAB)
    answer = people.ask("one", "POST", CREATE, wish(deleteVirtualMachine=True))
    people.api.call("DELETE", given)

    people.world.drive()

    status = people.api.get(answer.headers["Azure-AsyncOperation"])
    assert (status["status"], status["error"]["code"]) == ("Failed", "AuthorizationFailed")
    assert power(people.api) == ["PowerState/running"]

"""How far an operation is, as a page shows it: steps with their times, bytes and the path they took; and to whom."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from calco.model.ids import ResourceId
from calco.operations.engine import Engine
from calco.work import operation_story, plans
from calco.work.image_making import STEPS
from calco.work.operation import speaker
from tests.arm.api import COMPUTE, LAB, SUB, image_body
from tests.arm.people import People, refused
from tests.arm.test_image_making import CREATE, GOLDEN, OTHER, THERE, WEB1, everything, wish
from tests.inspectors import looking, write_word
from tests.world import World

pytestmark = pytest.mark.slow

STORIES = f"{SUB}/providers/Calco/operations"


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_network()
    found.api.machine("web1")
    return found


def begun(people: People, method: str, path: str, body: object = None) -> str:
    answer = people.ask("good", method, path, body)
    assert answer.status_code in (201, 202), answer.text
    return answer.headers["x-ms-request-id"]


def story(people: People, operation: str) -> dict[str, Any]:
    found: dict[str, Any] = people.api.get(f"{STORIES}/{operation}")
    return found


def advance(people: People, operation: str, *, minutes: int = 0) -> None:
    people.world.clock.move(timedelta(minutes=minutes))
    Engine(people.world.cloud, people.world.records, plans.BOOK, people.world.clock).advance(operation)


def steps(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["name"], each["status"]) for each in told["steps"]]


def test_every_plan_has_words() -> None:
    assert operation_story.WORDS.keys() == plans.BOOK.plans.keys()


def test_an_image_in_one_go_is_told_step_by_step(people: People) -> None:
    making = begun(people, "POST", CREATE, everything())

    told = story(people, making)
    assert steps(told) == [(each.name, "NotStarted") for each in STEPS]
    assert (told["status"], told["children"], told["warnings"], told["progress"]) == ("InProgress", [], [], {})
    advance(people, making, minutes=1)

    told = story(people, making)
    assert told["id"] == f"{STORIES}/{making}"
    assert (told["name"], told["plan"], told["kind"]) == (
        making,
        "machine.createImage",
        "Create an image of a virtual machine",
    )
    assert (told["action"], told["subject"]) == ("Microsoft.Compute/virtualMachines/capture/action", WEB1)
    assert [each for _, each in steps(told)] == ["Succeeded", "InProgress", "NotStarted", "NotStarted", "NotStarted"]
    (deallocation,) = told["children"]
    assert told["steps"][1] == {
        "name": "deallocate",
        "status": "InProgress",
        "startTime": "2026-11-22T13:06:09.0000000+00:00",
        "operation": deallocation["name"],
    }
    assert (deallocation["plan"], deallocation["subject"], deallocation["status"]) == (
        "machine.deallocate",
        WEB1,
        "InProgress",
    )
    advance(people, deallocation["name"], minutes=1)
    people.world.drive()

    told = story(people, making)
    assert [each for _, each in steps(told)] == ["Succeeded"] * 5
    assert told["steps"][1]["endTime"] == "2026-11-22T13:07:09.0000000+00:00"
    assert "operation" not in told["steps"][2]
    assert [each["kind"] for each in told["children"]] == [
        "Stop (deallocate) a virtual machine",
        "Create an image",
        "Delete a virtual machine",
    ]
    assert [each["operation"] for each in told["steps"] if "operation" in each] == [
        each["name"] for each in told["children"]
    ]
    assert told["status"] == "Succeeded"
    assert told["endTime"] >= told["children"][-1]["endTime"] > told["startTime"]
    assert told["progress"] == told["children"][1]["progress"]


def test_steps_that_are_not_needed_are_not_told(people: People) -> None:
    people.api.post(f"{WEB1}/deallocate")

    assert steps(story(people, begun(people, "POST", CREATE, wish()))) == [
        ("generalize", "NotStarted"),
        ("create image", "NotStarted"),
    ]


def test_an_image_shares_its_sources_bytes(people: People) -> None:
    people.api.post(f"{WEB1}/deallocate")
    people.api.post(f"{WEB1}/generalize")

    operation = begun(people, "PUT", GOLDEN, image_body(WEB1))
    assert story(people, operation)["progress"] == {"path": "shared"}
    people.world.drive()

    usage = people.api.get(f"{GOLDEN}/providers/Calco/usages/current")["properties"]
    bytes_shared = usage["usedBytes"] + usage["sharedBytes"]
    progress = story(people, operation)["progress"]
    assert progress == {"path": "shared", "percent": 100, "bytesShared": bytes_shared, "bytesCopied": 0}
    assert bytes_shared > 0


def test_a_zone_resilient_image_is_copied_and_says_how_far_it_is(people: People) -> None:
    people.api.post(f"{WEB1}/deallocate")
    people.api.post(f"{WEB1}/generalize")
    body = image_body(WEB1)
    body["properties"]["storageProfile"] = {"zoneResilient": True}  # type: ignore[index, call-overload]

    operation = begun(people, "PUT", GOLDEN, body)
    speaker(people.world.cloud, operation, "Copying.", part=(2, 4))(30, 60)
    assert story(people, operation)["progress"] == {
        "message": "Copying. 50 % of 60 bytes.",
        "percent": 37,
        "bytesDone": 30,
        "bytesTotal": 60,
        "part": 2,
        "parts": 4,
        "path": "copied",
    }
    people.world.drive()

    usage = people.api.get(f"{GOLDEN}/providers/Calco/usages/current")["properties"]
    assert story(people, operation)["progress"] == {
        "path": "copied",
        "percent": 100,
        "bytesShared": 0,
        "bytesCopied": usage["usedBytes"],
    }


def test_a_copy_tells_which_of_how_many_it_is(people: People) -> None:
    """Through the plan itself: what is said last stays in the records."""
    making = begun(people, "POST", CREATE, wish(zoneResilient=True))
    people.world.drive()

    (capture,) = [each for each in story(people, making)["children"] if each["plan"] == "image.replicate"]
    kept = people.world.operation(capture["name"]).progress
    assert (kept["parts"], kept["total"]) == (6, kept["total"])
    assert 1 <= int(str(kept["part"])) <= 6
    assert "message" not in capture["progress"]


def test_what_failed_says_at_which_step_and_why(people: People) -> None:
    people.world.guest = lambda _: None
    making = begun(people, "POST", CREATE, wish(zoneResilient=True, deleteVirtualMachine=True))
    people.world.disks.room = 0
    people.world.drive()

    told = story(people, making)

    assert [each for _, each in steps(told)] == ["Succeeded", "Succeeded", "Failed", "NotStarted"]
    assert "endTime" in told["steps"][2]
    assert (told["status"], told["error"]["code"]) == ("Failed", "AllocationFailed")
    capture = told["children"][-1]
    assert steps(capture) == [
        ("take sources", "Undone"),
        ("freeze and hold", "Undone"),
        ("copy", "Failed"),
        ("publish copies", "NotStarted"),
        ("lock files", "NotStarted"),
    ]
    assert capture["error"] == told["error"]


def test_a_change_of_the_records_that_failed_is_the_one_behind_what_was_done(people: People) -> None:
    """It leaves no entry of its own."""
    people.api.post(f"{WEB1}/deallocate")
    people.api.post(f"{WEB1}/generalize")
    operation = begun(people, "PUT", GOLDEN, image_body(WEB1))
    (data,) = people.api.get(WEB1)["properties"]["storageProfile"]["dataDisks"]
    with people.world.records.write() as tx:
        tx.delete(ResourceId.parse(data["managedDisk"]["id"]))
    people.world.drive()

    told = story(people, operation)

    assert told["status"] == "Failed"
    assert steps(told) == [("freeze and publish", "Failed"), ("lock files", "NotStarted")]


def disk_body() -> dict[str, object]:
    creation = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    return {"location": "eastus", "properties": creation}


def test_what_is_settled_at_once_has_no_steps(people: People) -> None:
    told = story(people, begun_patch(people))

    assert (told["plan"], told["kind"], told["steps"], told["status"]) == ("", "Make a change", [], "Succeeded")


def begun_patch(people: People) -> str:
    people.api.generalized("other")
    people.api.image("golden", f"{COMPUTE}/virtualMachines/other")
    return people.ask("good", "PATCH", GOLDEN, {"tags": {"a": "b"}}).headers["x-ms-request-id"]


def test_a_warning_is_told_once_wherever_it_came_from(people: People) -> None:
    looking(people.world)
    write_word(people.world, ResourceId.parse(WEB1), "specialized")
    making = begun(people, "POST", CREATE, wish())
    people.world.drive()

    (warning,) = story(people, making)["warnings"]

    assert warning["code"] == "NotGeneralized"
    assert "not generalized" in warning["message"]


def test_a_deployment_tells_of_what_it_asked_for(people: People) -> None:
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{"type": "Microsoft.Compute/disks", "apiVersion": "2024-03-02", "name": "data", **disk_body()}],
    }
    body = {"properties": {"mode": "Incremental", "template": template}}
    operation = begun(people, "PUT", f"{LAB}/providers/Microsoft.Resources/deployments/it", body)
    people.world.drive()

    told = story(people, operation)

    assert (told["kind"], [each["subject"] for each in told["children"]]) == (
        "Deploy a template",
        [f"{COMPUTE}/disks/data"],
    )


def test_the_poll_of_the_whole_says_what_its_part_says(people: People) -> None:
    answer = people.ask("good", "POST", CREATE, wish())
    advance(people, answer.headers["x-ms-request-id"])
    (deallocation,) = story(people, answer.headers["x-ms-request-id"])["children"]
    speaker(people.world.cloud, deallocation["name"], "Moving.")(1, 2)

    status = people.api.get(answer.headers["Azure-AsyncOperation"])

    assert status["properties"]["statusMessage"] == "Moving. 50 % of 2 bytes."


def running(people: People, who: str = "good") -> list[dict[str, Any]]:
    answer = people.ask(who, "GET", STORIES)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def test_what_goes_on_now_is_listed_each_part_with_its_whole(people: People) -> None:
    assert running(people) == []
    making = begun(people, "POST", CREATE, wish())
    advance(people, making)
    disk = begun(people, "PUT", f"{COMPUTE}/disks/data", disk_body())

    assert [(each["name"], len(each["children"])) for each in running(people)] == [(making, 1), (disk, 0)]
    assert running(people)[0] == story(people, making)
    people.world.drive()
    assert running(people) == []


def test_what_goes_on_with_what_one_may_not_read_is_not_listed(people: People) -> None:
    people.with_role("reader", "Reader", WEB1)
    people.comes("nobody")
    making = begun(people, "POST", CREATE, wish())
    begun(people, "PUT", f"{COMPUTE}/disks/data", disk_body())

    assert [each["name"] for each in running(people, "reader")] == [making]
    refused(people.ask("nobody", "GET", STORIES), 403, "AuthorizationFailed")


# --- who -------------------------------------------------------------------------------------------------------------


def test_a_story_is_for_who_may_read_what_it_is_about(people: People) -> None:
    making = begun(people, "POST", CREATE, wish())
    people.with_role("reader", "Reader", WEB1)
    people.with_role("elsewhere", "Owner", GOLDEN)
    people.comes("nobody")

    assert people.ask("reader", "GET", f"{STORIES}/{making}").status_code == 200
    refused(people.ask("elsewhere", "GET", f"{STORIES}/{making}"), 403, "AuthorizationFailed")
    refused(people.ask("nobody", "GET", f"{STORIES}/{making}"), 403, "AuthorizationFailed")


def test_parts_are_shown_as_far_as_one_may_read_what_they_are_about(people: People) -> None:
    people.with_role("reader", "Reader", LAB)
    making = begun(people, "POST", CREATE, everything())
    people.world.drive()

    told = people.ask("reader", "GET", f"{STORIES}/{making}").json()

    assert [each["subject"] for each in told["children"]] == [WEB1, WEB1]
    assert len(told["steps"]) == 5
    assert [each["subject"] for each in story(people, making)["children"]] == [WEB1, THERE, WEB1]
    assert OTHER not in str(told)


def test_what_came_of_an_act_stays_with_who_may_do_it(people: People) -> None:
    """The story of a script that ran in a guest does not say what it printed."""
    people.with_role("reader", "Reader", SUB)
    script = {"commandId": "RunShellScript", "script": ["hostname"]}
    answer = people.ask("good", "POST", f"{WEB1}/runCommand", script)
    people.world.drive()

    told = people.ask("reader", "GET", f"{STORIES}/{answer.headers['x-ms-request-id']}")

    assert told.status_code == 200
    assert "out" not in str(told.json()["steps"]) + str(told.json()["progress"])
    refused(people.ask("reader", "GET", answer.headers["Azure-AsyncOperation"]), 403, "AuthorizationFailed")


@pytest.mark.parametrize("id", ["00000000-0000-0000-0000-000000000000", "none", "%2e%2e"])
def test_what_is_not_there_is_not_found(people: People, id: str) -> None:
    refused(people.ask("good", "GET", f"{STORIES}/{id}"), 404, "NotFound")

"""What is on a disk, over the wire: asked for, remembered, warned of; and who is told."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore
from typing import Any
from urllib.parse import quote

import pytest
from httpx import Response

from calco.model.document import Document
from calco.model.ids import ResourceId
from calco.model.inspection import full_document, report_from
from calco.work import inspection
from tests.arm.api import COMPUTE, LAB, SUB, Api, image_body
from tests.arm.people import AUTHORIZATION, People, refused
from tests.inspectors import looking, write_word
from tests.work.sources import blob_at, page_blob
from tests.world import World

WEB1, GOLDEN = f"{COMPUTE}/virtualMachines/web1", f"{COMPUTE}/images/golden"
INSPECT, CURRENT = "providers/Calco/inspect", "providers/Calco/inspections/current"
BLOB = f"{SUB}/providers/Calco/inspectBlob"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    looking(made)
    return made


@pytest.fixture
def people(world: World) -> People:
    """One machine that was stopped and is not generalized."""
    found = People(world)
    stopped(found.api)
    return found


def stopped(api: Api, word: str = "specialized") -> None:
    api.with_network()
    api.machine("web1")
    api.post(f"{WEB1}/deallocate")
    write_word(api.world, ResourceId.parse(WEB1), word)


def os_disk(api: Api) -> str:
    found: str = api.get(WEB1)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    return found


def snapshot(api: Api) -> str:
    id = f"{COMPUTE}/snapshots/snap"
    source: Document = {"createOption": "Copy", "sourceResourceId": os_disk(api)}
    api.put(id, {"location": "eastus", "properties": {"creationData": source}})
    return id


def generalized_image(api: Api) -> str:
    api.post(f"{WEB1}/generalize")
    return api.image("golden", WEB1)


def test_a_look_answers_everything_that_was_found(people: People) -> None:
    answer = people.api.call("POST", f"{WEB1}/{INSPECT}")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["verdict"], body["evidence"], body["os"]["name"]) == (
        "specialized",
        ["an SSH host key is there."],
        "debian",
    )
    assert [each["code"] for each in body["findings"]] == ["linux.ssh-host-keys"]
    assert [each["result"] for each in body["checks"]] == ["failed"]
    assert full_document(report_from(body)) == body


def test_what_was_found_is_there_to_be_read_until_the_disk_is_written(people: People) -> None:
    api = people.api
    refusal = refused(api.call("GET", f"{WEB1}/{CURRENT}"), 404, "ResourceNotFound")
    assert f"POST {WEB1}/{INSPECT}" in refusal
    found = api.call("POST", f"{WEB1}/{INSPECT}").json()

    assert api.get(f"{WEB1}/{CURRENT}") == found
    assert api.get(f"{os_disk(api)}/{CURRENT}") == found
    write_word(people.world, ResourceId.parse(WEB1), "generalized")
    refused(api.call("GET", f"{WEB1}/{CURRENT}"), 404, "ResourceNotFound")


def test_every_type_with_a_disk_can_be_looked_at(people: People) -> None:
    api = people.api
    snap = snapshot(api)

    for id in (WEB1, os_disk(api), snap, generalized_image(api)):
        assert api.call("POST", f"{id}/{INSPECT}").json()["verdict"] == "specialized"
        refused(api.call("POST", f"{id}x/{INSPECT}"), 404, "ResourceNotFound")
        refused(api.call("GET", f"{id}x/{CURRENT}"), 404, "ResourceNotFound")


def test_a_running_machine_is_refused_with_the_way_out(people: People) -> None:
    people.api.post(f"{WEB1}/start")

    said = refused(people.api.call("POST", f"{WEB1}/{INSPECT}"), 409, "OperationNotAllowed")

    assert said == (
        "VM 'web1' cannot be inspected while VM 'web1' is running, for the VM is writing it. Deallocate the VM, or "
        "make a snapshot of its OS disk and check that."
    )


def test_a_blob_is_looked_at_by_its_address(people: People) -> None:
    uri = page_blob(people.world, "os.vhd")
    write_word(people.world, blob_at(people.world, uri).id, "generalized")

    assert people.api.call("POST", BLOB, {"blobUri": uri}).json()["verdict"] == "generalized"
    refused(people.api.call("POST", BLOB, {"blobUri": f"{uri}x"}), 404, "BlobNotFound")
    refused(people.api.call("POST", BLOB, {"blobUri": "https://elsewhere/x?sig=secret"}), 404, "BlobNotFound")
    refused(people.api.call("POST", BLOB, {}), 400, "InvalidParameter")
    assert "secret" not in people.api.call("POST", BLOB, {"blobUri": "https://elsewhere/x?sig=secret"}).text


# --- warnings --------------------------------------------------------------------------------------------------------


def poll(api: Api, answer: Any) -> dict[str, Any]:
    api.world.drive()
    found: dict[str, Any] = api.get(answer.headers["Azure-AsyncOperation"])
    return found


@pytest.mark.parametrize("known", [True, False], ids=["known from generalize", "found out behind the capture"])
def test_a_capture_of_what_is_not_generalized_succeeds_and_warns(people: People, known: bool) -> None:
    api = people.api
    assert api.call("POST", f"{WEB1}/generalize").status_code == 200
    if not known:
        with api.world.records.write() as tx:
            (entry,) = tx.entries(inspection.KIND)
            tx.delete_entry(entry.id)

    status = poll(api, api.call("PUT", GOLDEN, image_body(WEB1)))

    assert status["status"] == "Succeeded"
    (warning,) = status["warnings"]
    assert warning["code"] == "NotGeneralized"
    assert warning["message"].startswith("The OS disk is not generalized, whatever its flag says")
    assert api.get(GOLDEN)["properties"]["provisioningState"] == "Succeeded"
    line = log_line(api, GOLDEN)
    assert (line["level"], line["status"]["value"]) == ("Warning", "Succeeded")
    assert line["description"] == warning["message"]
    assert warning["message"] in line["properties"]["warnings"]


def log_line(api: Api, id: str) -> dict[str, Any]:
    """The newest one of a resource."""
    asked = quote(f"resourceUri eq '{id}'")
    lines = api.get(f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values?$filter={asked}")["value"]
    found: dict[str, Any] = lines[0]
    return found


def test_a_capture_of_a_generalized_disk_says_no_word_more_than_ever(people: People) -> None:
    api = people.api
    write_word(people.world, ResourceId.parse(WEB1), "generalized")
    api.post(f"{WEB1}/generalize")

    status = poll(api, api.call("PUT", GOLDEN, image_body(WEB1)))

    assert set(status) == {"startTime", "endTime", "status", "name"}
    assert (log_line(api, GOLDEN)["level"], log_line(api, GOLDEN)["description"]) == ("Informational", "")
    assert "warnings" not in log_line(api, GOLDEN)["properties"]


def test_generalize_answers_as_ever_whatever_the_look_does(tmp_path: Path) -> None:
    world = World(tmp_path)
    inspector = looking(world)
    api = Api(world)
    stopped(api)

    def burst() -> None:
        raise RuntimeError("it burst")

    inspector.meanwhile = burst
    answer = api.call("POST", f"{WEB1}/generalize")

    assert (answer.status_code, answer.content) == (200, b"")
    assert len(inspector.asked) == 1
    codes = [each["code"] for each in api.get(f"{WEB1}/instanceView")["statuses"]]
    assert codes == ["ProvisioningState/succeeded", "OSState/generalized", "PowerState/deallocated", *codes[3:]]
    assert not any(each.startswith("Inspection/") for each in codes)


def test_the_instance_view_ends_with_what_was_found(people: People) -> None:
    people.api.call("POST", f"{WEB1}/{INSPECT}")

    *others, last = people.api.get(f"{WEB1}/instanceView")["statuses"]

    assert others[1]["code"] == "PowerState/deallocated"
    assert last == {
        "code": "Inspection/specialized",
        "level": "Warning",
        "displayStatus": "OS disk is not generalized",
        "message": "an SSH host key is there",
        "time": last["time"],
    }


def test_where_it_is_required_nothing_is_made(tmp_path: Path) -> None:
    world = World(tmp_path)
    looking(world, require=True)
    api = Api(world)
    stopped(api)
    api.post(f"{WEB1}/generalize")

    said = refused(api.call("PUT", GOLDEN, image_body(WEB1)), 409, "OperationNotAllowed")

    assert "capture.require_generalized" in said
    refused(api.call("GET", GOLDEN), 404, "ResourceNotFound")


# --- who is told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "machine", "others"),
    [("Reader", 403, 403), ("Virtual Machine Contributor", 200, 403), ("Contributor", 200, 200), ("Owner", 200, 200)],
)
def test_what_was_found_is_for_who_may_read_the_bytes(people: People, role: str, machine: int, others: int) -> None:
    api = people.with_role("ana", role, LAB).api
    snap, image = snapshot(api), generalized_image(api)

    for id in (WEB1, os_disk(api), snap, image):
        expected = machine if id == WEB1 else others
        for method, path in (("POST", INSPECT), ("GET", CURRENT)):
            answer = people.ask("ana", method, f"{id}/{path}")
            assert answer.status_code == expected, answer.text
            assert ("ssh_host" in answer.text) is (expected == 200)


@pytest.mark.parametrize(("role", "status"), [("Reader", 403), ("Virtual Machine Contributor", 200), ("Owner", 200)])
def test_a_blob_is_shown_to_who_may_read_its_accounts_keys(people: People, role: str, status: int) -> None:
    uri = page_blob(people.world, "os.vhd")
    people.with_role("ana", role, LAB)

    answer = people.ask("ana", "POST", BLOB, {"blobUri": uri})

    assert answer.status_code == status, answer.text
    if status == 403:
        refused(answer, 403, "LinkedAuthorizationFailed")
        assert "listKeys" in answer.text


def test_who_holds_something_elsewhere_is_shown_no_blob(people: People) -> None:
    uri = page_blob(people.world, "os.vhd")
    people.api.put(f"{SUB}/resourceGroups/elsewhere", {"location": "eastus"})
    people.with_role("ana", "Owner", f"{SUB}/resourceGroups/elsewhere")
    people.comes("nobody")

    refused(people.ask("ana", "POST", BLOB, {"blobUri": uri}), 403, "LinkedAuthorizationFailed")
    refused(people.ask("nobody", "POST", BLOB, {"blobUri": uri}), 403, "AuthorizationFailed")


def test_a_look_changes_nothing_so_no_lock_stops_it_and_no_line_tells_of_it(people: People) -> None:
    api = people.api
    api.put(f"{SUB}/{AUTHORIZATION}/locks/keep", {"properties": {"level": "ReadOnly"}})
    before = log_line(api, WEB1)

    assert api.call("POST", f"{WEB1}/{INSPECT}").status_code == 200

    refused(api.call("POST", f"{WEB1}/generalize"), 409, "ScopeLocked")
    assert log_line(api, WEB1)["eventDataId"] != before["eventDataId"], "the refusal is told"
    lines = api.get(f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values")["value"]
    assert not any("inspect" in each["operationName"]["value"] for each in lines)


def test_a_rehearsal_goes_by_what_is_known_and_looks_at_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    inspector = looking(world, require=True)
    api = Api(world)
    stopped(api)
    api.post(f"{WEB1}/generalize")
    known = validated(api)
    with world.records.write() as tx:
        (entry,) = tx.entries(inspection.KIND)
        tx.delete_entry(entry.id)
    inspector.asked.clear()

    unknown = validated(api)

    assert (known.status_code, unknown.status_code) == (400, 200)
    assert "an SSH host key is there" in known.text
    assert inspector.asked == []


def validated(api: Api) -> Response:
    """What is answered to a template of the image, asked for in a rehearsal only."""
    resource: Document = {
        "type": "Microsoft.Compute/images",
        "apiVersion": "2024-07-01",
        "name": "golden",
        **image_body(WEB1),
    }
    template: Document = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [resource],
    }
    body: Document = {"properties": {"mode": "Incremental", "template": template}}
    return api.call("POST", f"{LAB}/providers/Microsoft.Resources/deployments/one/validate", body)


def test_disks_that_take_long_keep_no_template_waiting(tmp_path: Path) -> None:
    world = World(tmp_path)
    inspector = looking(world)
    api = Api(world)
    stopped(api)
    begun, go_on = Semaphore(0), Event()

    def hang() -> None:
        begun.release()
        assert go_on.wait(20)

    inspector.meanwhile = hang
    empty = {"properties": {"mode": "Incremental", "template": {"$schema": "x", "resources": []}}}
    with ThreadPoolExecutor(4) as callers, ThreadPoolExecutor(1) as templates:
        asked = [callers.submit(api.call, "POST", f"{WEB1}/{INSPECT}") for _ in range(4)]
        try:
            assert begun.acquire(timeout=10)
            assert begun.acquire(timeout=10)
            one = f"{LAB}/providers/Microsoft.Resources/deployments/one"
            assert templates.submit(api.call, "POST", f"{one}/validate", empty).result(10).status_code in {200, 400}
        finally:
            go_on.set()
        assert [each.result(20).status_code for each in asked] == [200] * 4

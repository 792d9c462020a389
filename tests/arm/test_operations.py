"""Long-running work: first answers as recorded, polls that tell the truth, polls that are held."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from calco.arm.operations import HABITS, Kind
from calco.model.document import Document
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api, image_body, machine_body, network_body, nic_body

LRO_HEADERS = ("azure-asyncoperation", "location", "retry-after", "azure-asyncnotification")


def shape(answer: httpx.Response) -> tuple[int, tuple[str, ...]]:
    return answer.status_code, tuple(name for name in LRO_HEADERS if name in answer.headers)


def test_every_kind_has_its_habit() -> None:
    assert set(HABITS) == set(Kind)


def test_first_answers_have_the_status_and_headers_that_azure_gives(api: Api) -> None:
    """Source: arm-protocol D.1."""
    api.with_network()
    machine, disk, image = f"{COMPUTE}/virtualMachines/web", f"{COMPUTE}/disks/data", f"{COMPUTE}/images/golden"
    empty: Document = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    nic = api.nic("nic")
    status, location, retry, notify = LRO_HEADERS

    def told(method: str, path: str, body: Document | None = None) -> tuple[int, tuple[str, ...]]:
        answer = api.call(method, path, body)
        api.world.drive()
        return shape(answer)

    assert told("PUT", f"{NETWORK}/virtualNetworks/n2", network_body()) == (201, (status, retry, notify))
    assert told("PUT", f"{NETWORK}/networkInterfaces/i2", nic_body()) == (201, (status, notify))
    assert told("PUT", machine, machine_body("web", nic)) == (201, (status, retry, notify))
    assert told("POST", f"{machine}/restart") == (202, (status, location, retry))
    assert told("POST", f"{machine}/deallocate") == (202, (status, location, retry))
    assert told("POST", f"{machine}/generalize") == (200, ())
    assert told("PUT", image, image_body(machine)) == (201, (status, notify))
    assert told("DELETE", image) == (202, (status, location, notify))
    assert told("DELETE", image) == (204, ())
    assert told("DELETE", machine) == (202, (status, location, retry, notify))
    assert told("PUT", disk, {"location": "eastus", "properties": empty}) == (202, (status, location, retry))
    assert told("PUT", disk, {"location": "eastus", "properties": empty}) == (202, (status, location, retry))
    assert told("DELETE", disk) == (202, (status, location))
    assert told("DELETE", f"{NETWORK}/networkInterfaces/i2") == (202, (status, location, retry))
    assert told("DELETE", LAB) == (202, (location, retry))


def test_an_old_version_is_not_notified(api: Api) -> None:
    """Source: recordings of 2017-03-30 and 2019-09-01."""
    api.with_network()

    image = api.call("DELETE", f"{COMPUTE}/images/none", version="2017-03-30")
    machine = api.call(
        "PUT", f"{COMPUTE}/virtualMachines/web", machine_body("web", api.nic("nic")), version="2017-03-30"
    )
    network = api.call("PUT", f"{NETWORK}/virtualNetworks/n2", network_body(), version="2019-09-01")

    assert [each.status_code for each in (image, machine, network)] == [204, 201, 201]
    assert all("azure-asyncnotification" not in each.headers for each in (image, machine, network))


def test_the_request_that_starts_an_operation_bears_its_id(api: Api) -> None:
    api.with_group()
    answer = api.call("PUT", f"{COMPUTE}/disks/data", _empty_disk())

    operation = answer.headers["x-ms-request-id"]
    assert f"/locations/eastus/DiskOperations/{operation}?api-version=" in answer.headers["azure-asyncoperation"]
    assert f"/DiskOperations/{operation}?monitor=true&api-version=" in answer.headers["location"]


def _empty_disk() -> Document:
    return {
        "location": "eastus",
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
    }


def test_a_status_document_runs_and_ends_as_recorded(api: Api) -> None:
    api.with_group()
    answer = api.call("PUT", f"{COMPUTE}/disks/data", _empty_disk())
    status, monitor = answer.headers["azure-asyncoperation"], answer.headers["location"]

    running, watched = api.call("GET", status), api.call("GET", monitor)
    api.world.drive()
    ended, result = api.get(status), api.get(monitor)

    assert running.json() == {
        "startTime": "2026-11-22T13:05:09.0000000+00:00",
        "status": "InProgress",
        "name": answer.headers["x-ms-request-id"],
    }
    assert running.headers["retry-after"] == "1"
    assert (watched.status_code, watched.content) == (202, b"")
    assert watched.headers["location"] == monitor
    assert list(ended) == ["startTime", "endTime", "status", "properties", "name"]
    assert ended["properties"]["output"] == result == api.get(f"{COMPUTE}/disks/data")


def test_a_deletion_ends_with_nothing(api: Api) -> None:
    api.with_group()
    api.put(f"{COMPUTE}/disks/data", _empty_disk())
    answer = api.delete(f"{COMPUTE}/disks/data")

    ended = api.get(answer.headers["azure-asyncoperation"])
    monitor = api.call("GET", answer.headers["location"])

    assert list(ended) == ["startTime", "endTime", "status", "name"]
    assert (monitor.status_code, monitor.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/providers/Microsoft.Compute/locations/eastus/operations/nonsense",
        "/providers/Microsoft.Compute/locations/eastus/operations/00000000-0000-0000-0000-000000000000",
        "/providers/Microsoft.Network/locations/eastus/operationResults/00000000-0000-0000-0000-000000000000",
        "/operationresults/nonsense",
        "/operationresults/e30",
    ],
)
def test_an_operation_nobody_started_is_not_found(api: Api, path: str) -> None:
    answer = api.call("GET", SUB + path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


def test_an_operation_is_found_in_its_own_family_only(api: Api) -> None:
    api.with_group()
    url = api.put(f"{COMPUTE}/disks/data", _empty_disk()).headers["azure-asyncoperation"]

    assert api.call("GET", url.replace("DiskOperations", "operations")).status_code == 404


def test_the_deletion_of_a_group_is_watched_at_its_location(api: Api) -> None:
    api.with_network()
    watch = api.call("DELETE", LAB).headers["location"]

    running = api.call("GET", watch)
    api.world.drive()
    ended = api.call("GET", watch)

    assert (running.status_code, running.headers["location"]) == (202, watch)
    assert (ended.status_code, ended.content) == (200, b"")
    assert api.call("HEAD", LAB).status_code == 404


# --- held polls ------------------------------------------------------------------------------------------------------


async def _poll(api: Api, url: str, **headers: str) -> Any:
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url=api.client.base_url) as client:
        return await client.get(url, headers={"Authorization": "Bearer x", **headers})


def _unfinished(api: Api) -> str:
    api.with_group()
    url: str = api.call("PUT", f"{COMPUTE}/disks/data", _empty_disk()).headers["azure-asyncoperation"]
    return url


def _carry_on(api: Api, operation: str) -> None:
    """What the runner does in its own thread."""
    api.world.drive()
    api.endings.ended(operation)


def test_a_poll_of_unfinished_work_answers_at_its_end(api: Api) -> None:
    url = _unfinished(api)
    operation = api.world.unfinished()[0].id
    api = Api(api.world, hold_seconds=60)

    async def scene() -> tuple[bool, Any]:
        poll = asyncio.ensure_future(_poll(api, url))
        done, _ = await asyncio.wait([poll], timeout=0.2)
        threading.Thread(target=_carry_on, args=(api, operation)).start()
        return bool(done), await asyncio.wait_for(poll, 10)

    answered_early, answer = asyncio.run(scene())

    assert not answered_early
    assert answer.json()["status"] == "Succeeded"


def test_a_hundred_held_polls_take_no_thread_and_block_nobody(api: Api) -> None:
    url = _unfinished(api)
    operation = api.world.unfinished()[0].id
    api = Api(api.world, hold_seconds=60)

    async def scene() -> tuple[int, list[Any]]:
        polls = [asyncio.ensure_future(_poll(api, url)) for _ in range(100)]
        await asyncio.wait(polls, timeout=0.3)
        other = await asyncio.wait_for(_poll(api, f"{SUB}/resourceGroups?api-version=2024-03-01"), 10)
        threading.Thread(target=_carry_on, args=(api, operation)).start()
        return other.status_code, await asyncio.wait_for(asyncio.gather(*polls), 20)

    status, answers = asyncio.run(scene())

    assert status == 200
    assert {each.json()["status"] for each in answers} == {"Succeeded"}


def test_patience_over_the_poll_says_in_progress(api: Api) -> None:
    url = _unfinished(api)
    api = Api(api.world, hold_seconds=0.05)

    answer = asyncio.run(asyncio.wait_for(_poll(api, url), 10))

    assert answer.json()["status"] == "InProgress"
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("hold_seconds", "prefers"),
    [
        (600, ["wait=0", "respond-async, wait=0", "Wait = 0; x=y, handling=lenient"]),
        (0.01, ["wait=600", "wait=soon", ""]),
    ],
    ids=["as little as they like", "as much as they like"],
)
def test_nobody_is_held_longer_than_they_would_wait_nor_than_anybody_is(
    api: Api, hold_seconds: float, prefers: list[str]
) -> None:
    """Source: RFC 7240, 4.3."""
    url = _unfinished(api)
    api = Api(api.world, hold_seconds=hold_seconds)

    async def scene() -> list[Any]:
        return await asyncio.gather(*(_poll(api, url, prefer=each) for each in prefers))

    answers = asyncio.run(asyncio.wait_for(scene(), 30))

    assert {each.json()["status"] for each in answers} == {"InProgress"}


def test_a_poll_of_ended_work_is_not_held(api: Api) -> None:
    url = _unfinished(api)
    api.world.drive()
    api = Api(api.world, hold_seconds=600)

    answer = asyncio.run(asyncio.wait_for(_poll(api, url), 10))

    assert answer.json()["status"] == "Succeeded"


def test_a_stopping_service_answers_held_polls_at_once(api: Api) -> None:
    url = _unfinished(api)
    api = Api(api.world, hold_seconds=600)

    async def scene() -> Any:
        poll = asyncio.ensure_future(_poll(api, url))
        await asyncio.wait([poll], timeout=0.2)
        api.endings.close()
        return await asyncio.wait_for(poll, 10)

    assert asyncio.run(scene()).json()["status"] == "InProgress"

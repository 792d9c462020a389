"""beginGetAccess and endGetAccess over HTTP. Source of the shapes: recording net-disk-Empty."""

from typing import Any

import pytest

from tests.arm.api import COMPUTE, Api

DATA = f"{COMPUTE}/disks/data"
READ = {"access": "Read", "durationInSeconds": 100}


def with_disk(api: Api, **creation: object) -> Api:
    properties: dict[str, object] = {"creationData": creation or {"createOption": "Empty"}}
    if not creation:
        properties["diskSizeGB"] = 2
    api.with_group()
    api.put(DATA, {"location": "eastus", "properties": properties})
    return api


def state(api: Api) -> Any:
    return api.get(DATA)["properties"]["diskState"]


def test_a_grants_answers_are_azures(api: Api) -> None:
    with_disk(api)

    answer = api.call("POST", f"{DATA}/beginGetAccess", READ)

    assert (answer.status_code, answer.content) == (202, b"")
    assert "Retry-After" not in answer.headers
    assert "/DiskOperations/" in answer.headers["Location"]
    assert "monitor=true" in answer.headers["Location"]
    status = api.get(answer.headers["Azure-AsyncOperation"])
    assert list(status) == ["startTime", "endTime", "status", "properties", "name"]
    assert list(status["properties"]["output"]) == ["accessSAS"]
    assert api.get(answer.headers["Location"]) == status["properties"]["output"]
    assert status["properties"]["output"]["accessSAS"].startswith(f"{api.world.rules.blob_url}/md-")
    assert state(api) == "ActiveSAS"
    assert "accessSAS" not in str(api.get(DATA))
    assert "key" not in str(api.get(DATA))


def test_the_end_of_a_grant_has_no_output(api: Api) -> None:
    with_disk(api)
    begun = api.call("POST", f"{DATA}/beginGetAccess", READ)

    ended = api.call("POST", f"{DATA}/endGetAccess")

    assert (ended.status_code, ended.content) == (202, b"")
    assert list(api.get(ended.headers["Azure-AsyncOperation"])) == ["startTime", "endTime", "status", "name"]
    monitor = api.call("GET", ended.headers["Location"])
    assert (monitor.status_code, monitor.content) == (200, b"")
    assert "properties" not in api.get(begun.headers["Azure-AsyncOperation"])
    assert state(api) == "Unattached"


def test_the_output_of_a_disks_operation_shows_the_state_of_the_moment(api: Api) -> None:
    api.with_group()
    made = api.put(
        DATA, {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}} | {"diskSizeGB": 1}}
    )
    api.call("POST", f"{DATA}/beginGetAccess", READ)
    output = api.get(made.headers["Azure-AsyncOperation"])["properties"]["output"]
    assert output["properties"]["diskState"] == "ActiveSAS"


def test_an_upload_disk_goes_through_its_states(api: Api) -> None:
    with_disk(api, createOption="Upload", uploadSizeBytes=20972032)
    assert state(api) == "ReadyToUpload"
    assert "diskSizeGB" not in api.get(DATA)["properties"]
    api.call("POST", f"{DATA}/beginGetAccess", {"access": "write", "durationInSeconds": 100})
    assert state(api) == "ActiveUpload"

    ended = api.call("POST", f"{DATA}/endGetAccess")
    api.world.drive()

    failed = api.get(ended.headers["Azure-AsyncOperation"])
    assert (failed["status"], failed["error"]["code"]) == ("Failed", "InvalidVhd")
    assert state(api) == "ReadyToUpload"


def test_a_snapshot_is_asked_in_the_same_way(api: Api) -> None:
    with_disk(api)
    snap = f"{COMPUTE}/snapshots/snap"
    api.put(
        snap, {"location": "eastus", "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": DATA}}}
    )

    answer = api.call("POST", f"{snap}/beginGetAccess", READ)

    assert "accessSAS" in api.get(answer.headers["Location"])
    assert api.get(snap)["properties"]["diskState"] == "ActiveSAS"
    assert api.call("POST", f"{snap}/endGetAccess").status_code == 202


@pytest.mark.parametrize(
    ("body", "code", "target"),
    [
        ({}, "InvalidParameter", "access"),
        ({"access": "Read"}, "InvalidParameter", "durationInSeconds"),
        ({"access": "Both", "durationInSeconds": 1}, "InvalidParameter", "access"),
        ({"access": "None", "durationInSeconds": 1}, "InvalidParameter", "access"),
        ({"access": "Read", "durationInSeconds": 0}, "InvalidParameter", "durationInSeconds"),
        ({"access": "Read", "durationInSeconds": 10**30}, "InvalidParameter", "durationInSeconds"),
        ({"access": "Read", "durationInSeconds": "9"}, "InvalidParameter", "durationInSeconds"),
        (READ | {"fileFormat": "VHDX"}, "NotSupported", "fileFormat"),
        (READ | {"getSecureVMGuestStateSAS": True}, "NotSupported", "getSecureVMGuestStateSAS"),
    ],
)
def test_what_is_wrong_is_named(api: Api, body: Any, code: str, target: str) -> None:
    with_disk(api)

    answer = api.call("POST", f"{DATA}/beginGetAccess", body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (400, code, target)
    assert state(api) == "Unattached"

"""What every request gets, whatever it asks for: ids, checks, refusals in Azure's shape."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from calco.arm.app import BODY_BYTES_MAX
from calco.ports import Reader, Writer
from tests.arm.api import COMPUTE, LAB, SUB, Api
from tests.world import World


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_every_answer_carries_azures_headers(api: Api) -> None:
    answer = api.call("GET", f"{SUB}/resourceGroups")

    request_id = answer.headers["x-ms-request-id"]
    assert answer.headers["x-ms-correlation-request-id"] == request_id
    assert answer.headers["x-ms-routing-request-id"] == f"EASTUS:20261122T130509Z:{request_id}"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_a_callers_correlation_id_comes_back_and_other_texts_do_not(api: Api) -> None:
    mine = "0f0f0f0f-1111-4222-8333-444444444444"

    echoed = api.call("GET", f"{SUB}/resourceGroups", headers={"x-ms-correlation-request-id": mine})
    replaced = api.call("GET", f"{SUB}/resourceGroups", headers={"x-ms-correlation-request-id": "robert; drop"})

    assert echoed.headers["x-ms-correlation-request-id"] == mine
    assert replaced.headers["x-ms-correlation-request-id"] == replaced.headers["x-ms-request-id"]


def test_the_client_request_id_is_echoed_when_asked_for(api: Api) -> None:
    asked = {"x-ms-client-request-id": "abc", "x-ms-return-client-request-id": "true"}

    assert api.call("GET", f"{SUB}/resourceGroups", headers=asked).headers["x-ms-client-request-id"] == "abc"
    del asked["x-ms-return-client-request-id"]
    assert "x-ms-client-request-id" not in api.call("GET", f"{SUB}/resourceGroups", headers=asked).headers


def test_without_a_token_nothing_is_said_but_where_to_get_one(api: Api) -> None:
    answer = api.client.request("GET", f"{SUB}/resourceGroups?api-version=2024-03-01")

    assert refusal(answer) == (401, "AuthenticationFailed")
    assert answer.headers["www-authenticate"].startswith('Bearer authorization_uri="https://cloud.test:8443/')


def test_a_path_that_is_unknown_is_not_told_to_strangers(api: Api) -> None:
    assert api.client.request("GET", "/anything?api-version=2024-03-01").status_code == 401


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("", "MissingApiVersionParameter"),
        ("latest", "InvalidApiVersionParameter"),
        ("2024-13-01", "InvalidApiVersionParameter"),
        ("2024-3-1", "InvalidApiVersionParameter"),
    ],
)
def test_a_version_must_be_a_date(api: Api, version: str, code: str) -> None:
    answer = api.client.request(
        "GET", f"{SUB}/resourceGroups?api-version={version}", headers={"Authorization": "Bearer x"}
    )

    assert refusal(answer) == (400, code)


@pytest.mark.parametrize("version", ["2015-06-15", "2016-04-30-preview", "2026-04-01", "2024-03-01-PREVIEW"])
def test_any_well_formed_version_is_taken(api: Api, version: str) -> None:
    assert api.call("GET", f"{SUB}/resourceGroups", version=version).status_code == 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/subscriptions/nonsense/resourceGroups", (400, "InvalidSubscriptionId")),
        ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups", (404, "SubscriptionNotFound")),
        ("/", (404, "MissingSubscription")),
        (f"{SUB}/providers/Microsoft.Nothing/things", (404, "InvalidResourceNamespace")),
        (f"{SUB}/providers/Microsoft.Compute/galleries", (404, "InvalidResourceType")),
        (f"{LAB}/providers/Microsoft.Compute/galleries/g/images/i", (404, "InvalidResourceType")),
        (f"{LAB}/nothing", (404, "NotFound")),
        (LAB, (404, "ResourceGroupNotFound")),
        (f"{COMPUTE}/images/golden", (404, "ResourceGroupNotFound")),
        (f"{COMPUTE}/images", (404, "ResourceGroupNotFound")),
    ],
)
def test_what_is_not_there_has_a_name(api: Api, path: str, expected: tuple[int, str]) -> None:
    assert refusal(api.call("GET", path)) == expected


def test_a_missing_resource_is_the_gateways_to_tell(api: Api) -> None:
    api.with_group()

    answer = api.call("GET", f"{COMPUTE}/virtualMachines/https%3A")

    assert refusal(answer) == (404, "ResourceNotFound")
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert answer.json()["error"]["message"] == (
        "The Resource 'Microsoft.Compute/virtualMachines/https:' under resource group 'lab' was not found. For more "
        "details please go to https://aka.ms/ARMResourceNotFoundFix"
    )


def test_a_method_nobody_implements_is_refused_by_name(api: Api) -> None:
    answer = api.call("POST", f"{COMPUTE}/images")

    assert refusal(answer) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    "path",
    [
        LAB.replace("resourceGroups", "resourcegroups"),
        LAB.replace("/resourceGroups", "//resourceGroups") + "/",
        LAB.upper().replace("/LAB", "/lab"),
        LAB.replace("lab", "l%61b"),
    ],
    ids=["lower case", "doubled and trailing slashes", "upper case", "encoded"],
)
def test_paths_are_read_as_generously_as_azure_reads_them(api: Api, path: str) -> None:
    api.with_group()

    assert api.get(path)["id"] == LAB


def test_a_body_at_the_limit_is_read_and_one_over_it_is_not(api: Api) -> None:
    start, end = b'{"location":"eastus","x":"', b'"}'
    largest = start + b"x" * (BODY_BYTES_MAX - len(start) - len(end)) + end

    assert api.call("PUT", LAB, content=largest).status_code == 201
    assert refusal(api.call("PUT", f"{LAB}2", content=largest + b" ")) == (413, "RequestEntityTooLarge")


class BrokenRecords:
    """A database that is gone."""

    def read(self) -> AbstractContextManager[Reader]:
        raise OSError("/secret/place is gone")

    def write(self) -> AbstractContextManager[Writer]:
        raise OSError("/secret/place is gone")


def test_a_fault_of_ours_is_told_without_its_cause_and_logged_under_its_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path)
    world.cloud = replace(world.cloud, records=BrokenRecords())

    answer = Api(world).call("GET", f"{SUB}/resourceGroups")

    assert refusal(answer) == (500, "InternalServerError")
    assert "secret" not in answer.text
    assert answer.headers["x-ms-request-id"] in answer.text
    assert answer.headers["x-ms-request-id"] in caplog.text
    assert "/secret/place is gone" in caplog.text


def test_links_begin_with_the_host_the_caller_used(api: Api) -> None:
    api.with_network()
    url = f"{LAB}/providers/Microsoft.Network/publicIPAddresses/p"

    answer = api.call("PUT", url, {"location": "eastus"}, headers={"Host": "other.name:444"})
    sane = api.call("PUT", url, {"location": "eastus"}, headers={"Host": "evil host/<script>"})

    assert answer.headers["azure-asyncoperation"].startswith("https://other.name:444/subscriptions/")
    assert "<script>" not in sane.headers["azure-asyncoperation"]

"""The command line's client: tokens, pages, operations followed to their end, refusals told in words."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from calco.cli.client import ApiFailure, Client, connect
from calco.cli.common import Failure
from calco.cli.find import group_of, named
from calco.client import Step
from calco.data_dir import DataDir
from calco.identity.principals import Principal

SUBSCRIPTION = "/subscriptions/44444444-4444-4444-4444-444444444444"
PRINCIPAL = Principal("t" * 36, "c" * 36, "o" * 36, SUBSCRIPTION.rpartition("/")[2], "00", "00")
IMAGE = f"{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Compute/images/golden"
STATUS = "https://localhost:8443/operations/1"


@dataclass
class Service:
    """Answers requests from a script: by method and path, one answer after the other, the last one again."""

    answers: dict[tuple[str, str], list[httpx.Response]]
    asked: list[httpx.Request] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    shown: list[str | tuple[str, int | None]] = field(default_factory=list)
    tokens: int = 0

    def client(self) -> Client:
        http = httpx.Client(base_url="https://localhost:8443", transport=httpx.MockTransport(self.answer))
        return Client(http, PRINCIPAL, "secret", wait=self.waited.append, watch=self.watch)

    @contextmanager
    def watch(self, label: str) -> Iterator[Step]:
        self.shown.append(label)
        yield lambda state, percent: self.shown.append((state, percent))

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/oauth2/v2.0/token"):
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"token{self.tokens}"})
        self.asked.append(request)
        script = self.answers[request.method, request.url.path]
        return script.pop(0) if len(script) > 1 else script[0]


def says(status: int, body: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_list_is_read_page_after_page_with_one_token() -> None:
    following = "https://localhost:8443/next?page=2"
    service = Service(
        {
            ("GET", "/x"): [says(200, {"value": [{"name": "a"}], "nextLink": following})],
            ("GET", "/next"): [says(200, {"value": [{"name": "b"}]})],
        }
    )

    assert [each["name"] for each in service.client().list("/x")] == ["a", "b"]
    assert service.tokens == 1
    assert service.asked[0].url.params["api-version"] == "2024-11-01"
    assert str(service.asked[1].url) == following
    assert {request.headers["authorization"] for request in service.asked} == {"Bearer token1"}


def test_a_put_is_followed_until_it_succeeded_and_answers_the_resource() -> None:
    service = Service(
        {
            ("PUT", IMAGE): [says(201, {"state": "Creating"}, azure_asyncoperation=STATUS)],
            ("GET", "/operations/1"): [
                says(200, {"status": "InProgress"}, retry_after="3"),
                says(200, {"status": "Updating", "percentComplete": 42}, retry_after="0.5"),
                says(200, {"status": "Succeeded"}),
            ],
            ("GET", IMAGE): [says(200, {"state": "Succeeded"})],
        }
    )

    made = service.client().change("PUT", IMAGE, {"location": "eastus"}, label="capturing golden")

    assert made == {"state": "Succeeded"}
    assert service.waited == [3, 1], "a value that is no whole number of seconds counts as one"
    assert service.shown == ["capturing golden", ("InProgress", None), ("Updating", 42)]
    assert json.loads(service.asked[0].content) == {"location": "eastus"}


def test_what_an_operation_warns_of_is_told_and_cannot_paint_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    done = {"status": "Succeeded", "warnings": [{"code": "NotGeneralized", "message": "It is not \x1b[31mso."}]}
    service = Service(
        {
            ("PUT", "/image"): [says(201, {}, azure_asyncoperation="https://localhost:8443/poll")],
            ("GET", "/poll"): [says(200, done)],
            ("GET", "/image"): [says(200, {"name": "golden"})],
        }
    )

    assert service.client().change("PUT", "/image", {}, label="golden") == {"name": "golden"}

    assert capsys.readouterr().err == "warning: It is not ?[31mso.\n"


def test_a_failed_operation_is_told_with_azures_code_and_the_next_step() -> None:
    failed = {"status": "Failed", "error": {"code": "OSProvisioningTimedOut", "message": "It took too long."}}
    service = Service(
        {
            ("PUT", IMAGE): [says(201, {}, azure_asyncoperation=STATUS)],
            ("GET", "/operations/1"): [says(200, failed)],
        }
    )

    with pytest.raises(ApiFailure) as refused:
        service.client().change("PUT", IMAGE, {}, label="x")

    assert refused.value.message == "OSProvisioningTimedOut: It took too long."
    assert "calco vm console" in refused.value.hint
    assert service.waited == []


def test_a_location_alone_is_polled_until_it_is_no_longer_202() -> None:
    service = Service(
        {
            ("DELETE", IMAGE): [says(202, None, location="https://localhost:8443/monitor")],
            ("GET", "/monitor"): [says(202, None, retry_after="1"), says(200, {"done": True})],
        }
    )

    assert service.client().change("DELETE", IMAGE, label="x") == {"done": True}
    assert service.waited == [1]


def test_an_immediate_answer_is_the_result() -> None:
    service = Service({("POST", f"{IMAGE}/x"): [says(200, None)]})

    assert service.client().change("POST", f"{IMAGE}/x", label="x") == {}


def test_a_refusal_is_told_with_azures_code() -> None:
    body = {"error": {"code": "OperationNotAllowed", "message": "No."}}
    service = Service({("POST", "/x"): [says(409, body)]})

    with pytest.raises(ApiFailure, match=r"^OperationNotAllowed: No\.$") as refused:
        service.client().change("POST", "/x", label="x")
    assert refused.value.status == 409


@pytest.mark.parametrize("answer", [httpx.Response(500, content=b"<html>"), httpx.Response(404, json=[1])])
def test_an_answer_that_is_no_azure_error_is_told_by_its_status(answer: httpx.Response) -> None:
    with pytest.raises(ApiFailure, match=f"^{answer.status_code}: "):
        Service({("GET", "/x"): [answer]}).client().get("/x")


def test_a_token_that_ran_out_is_replaced_once() -> None:
    expired = says(401, {"error": {"code": "ExpiredAuthenticationToken", "message": "old"}})
    service = Service({("GET", "/x"): [says(200, {"n": 1}), expired, says(200, {"n": 2})]})
    client = service.client()

    assert (client.get("/x"), client.get("/x")) == ({"n": 1}, {"n": 2})
    assert service.tokens == 2

    with pytest.raises(ApiFailure, match="ExpiredAuthenticationToken"):
        Service({("GET", "/x"): [expired]}).client().get("/x")


def test_a_service_that_does_not_answer_is_told_with_the_next_step() -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    http = httpx.Client(base_url="https://localhost:1", transport=httpx.MockTransport(refuse))
    with pytest.raises(Failure, match="does not answer: refused") as failed:
        Client(http, PRINCIPAL, "secret").get("/x")
    assert failed.value.hint == "See whether it runs: calco status"


def test_without_a_service_the_next_step_is_to_start_one(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Failure, match="no calco runs on") as failed:
        connect(DataDir(tmp_path))
    assert failed.value.hint == f"Start it: calco up --detach --data-dir {tmp_path}"


def images(*names_and_groups: tuple[str, str]) -> Service:
    found = [
        {"name": name, "id": f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/images/{name}"}
        for name, group in names_and_groups
    ]
    every = f"{SUBSCRIPTION}/providers/Microsoft.Compute/images"
    one = f"{SUBSCRIPTION}/resourceGroups/b/providers/Microsoft.Compute/images"
    in_b = [each for each in found if "/b/" in each["id"]]
    return Service({("GET", every): [says(200, {"value": found})], ("GET", one): [says(200, {"value": in_b})]})


def find(service: Service, name: str, group: str | None = None) -> str | None:
    return group_of(named(service.client(), "Microsoft.Compute/images", "image", name, group))


def test_a_resource_is_found_by_its_name_in_any_case() -> None:
    assert find(images(("Golden", "a"), ("other", "a")), "gOLDEN") == "a"


def test_a_name_in_two_groups_needs_the_group() -> None:
    service = images(("golden", "a"), ("golden", "b"))

    with pytest.raises(Failure, match="there are 2 images named") as failed:
        find(service, "golden")
    assert failed.value.hint == "Say which with --resource-group: a, b"
    assert find(service, "golden", "b") == "b"


@pytest.mark.parametrize(
    ("there", "hint"),
    [
        ([("golden", "a")], "Did you mean 'golden'?"),
        ([("x", "a"), ("y", "a")], "There are: x, y"),
        ([], ""),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_what_is(there: list[tuple[str, str]], hint: str) -> None:
    with pytest.raises(Failure, match="there is no image 'goldn'") as failed:
        find(images(*there), "goldn")
    assert failed.value.hint == hint

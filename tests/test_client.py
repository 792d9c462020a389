"""The API as programs of ours ask it: what a change's end says, how far it is meanwhile, one token for all threads."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from calco.client import Client, Refused, Token, Unreachable, granted

OPERATION = "0c6339e0-4316-4d3a-8104-3e954844fb64"
STATUS = f"https://localhost:8443/subscriptions/s/providers/Microsoft.Compute/locations/eastus/operations/{OPERATION}"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Service:
    """Answers from a script, the last answer again and again."""

    answers: list[httpx.Response]
    asked: list[httpx.Request] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    steps: list[tuple[str, int | None]] = field(default_factory=list)

    def client(self, token: Callable[[str], str] = lambda _refused: "token") -> Client:
        http = httpx.Client(base_url="https://localhost:8443", transport=httpx.MockTransport(self.answer))
        return Client(http, token, self.waited.append, lambda: NOON)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def step(self, status: str, percent: int | None) -> None:
        self.steps.append((status, percent))


def says(status: int, body: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_change_is_followed_and_says_when_it_began_and_ended_and_what_it_warns_of() -> None:
    done = {
        "status": "Succeeded",
        "startTime": "2026-11-22T19:33:52Z",
        "endTime": "2026-11-22T19:33:59Z",
        "warnings": [{"message": "Nobody looked."}],
    }
    service = Service(
        [
            says(201, {}, azure_asyncoperation=f"{STATUS}?api-version=1"),
            says(200, {"status": "InProgress", "percentComplete": 12.7}, retry_after="2"),
            says(200, {"status": "InProgress", "percentComplete": 150, "properties": {"statusMessage": "It waits."}}),
            says(200, done),
            says(200, {"name": "golden"}),
        ]
    )

    ended = service.client().change("PUT", "/image", {"location": "eastus"}, step=service.step)

    assert ended.document == {"name": "golden"}
    assert (ended.operation_id, ended.status) == (OPERATION, "Succeeded")
    assert (ended.started, ended.ended) == ("2026-11-22T19:33:52Z", "2026-11-22T19:33:59Z")
    assert ended.warnings == ("Nobody looked.",)
    assert service.steps == [("InProgress", 12), ("It waits.", 100)]
    assert service.waited == [2, 1]
    assert [each.headers.get("prefer") for each in service.asked] == [None, "wait=4", "wait=4", "wait=4", None]


def test_nobody_follows_what_is_not_waited_for() -> None:
    service = Service([says(202, None, azure_asyncoperation=STATUS)])

    ended = service.client().change("POST", "/vm/deallocate", wait=False)

    assert (ended.operation_id, ended.status, ended.ended) == (OPERATION, "InProgress", "")
    assert len(service.asked) == 1


def test_what_is_done_at_once_has_no_operation_and_this_clients_times() -> None:
    ended = Service([says(200)]).client().change("POST", "/vm/generalize")

    assert (ended.operation_id, ended.status) == ("", "Succeeded")
    assert ended.started == ended.ended == "2026-11-23T12:00:00Z"


def test_what_an_operation_put_out_is_the_document_of_a_post() -> None:
    done = {"status": "Succeeded", "properties": {"output": {"accessSAS": "https://x"}}}
    service = Service(
        [says(202, None, azure_asyncoperation=STATUS, location="https://localhost:8443/m"), says(200, done)]
    )

    assert service.client().change("POST", "/disk/beginGetAccess").document == {"accessSAS": "https://x"}
    assert not any("prefer" in each.headers for each in service.asked), "nobody is told: the poll may be held for long"


@pytest.mark.parametrize("away", ["https://evil.example/x", "http://localhost:8443/x", "https://localhost:1/x"])
def test_a_token_goes_to_no_other_address_that_an_answer_names(away: str) -> None:
    pages = Service([says(200, {"value": [], "nextLink": away})])
    slow = Service([says(202, {}, azure_asyncoperation=away)])
    moved = Service([says(202, {}, location=away)])

    for service, ask in (
        (pages, lambda: pages.client().list("/images")),
        (slow, lambda: slow.client().change("POST", "/vm/start")),
        (moved, lambda: moved.client().change("POST", "/vm/start")),
    ):
        with pytest.raises(Refused, match="not its own"):
            ask()
        assert [each.url.host for each in service.asked] == ["localhost"]


def test_a_location_without_202_is_no_operation() -> None:
    ended = Service([says(201, {"n": 1}, location="https://localhost:8443/m")]).client().change("PUT", "/x", {})

    assert ended.document == {"n": 1}


def test_an_operation_that_fails_or_is_cancelled_is_refused_with_status_200() -> None:
    for end, code in (
        ({"status": "Failed", "error": {"code": "C", "message": "m"}}, "C"),
        ({"status": "Canceled"}, "Canceled"),
    ):
        service = Service([says(202, None, azure_asyncoperation=STATUS), says(200, end)])
        with pytest.raises(Refused) as refused:
            service.client().change("DELETE", "/x")
        assert (refused.value.status, refused.value.code) == (200, code)


def test_what_is_not_there_is_none_and_any_other_refusal_is_one() -> None:
    missing = says(404, {"error": {"code": "ResourceNotFound", "message": "No."}})
    assert Service([missing]).client().find("/x") is None
    with pytest.raises(Refused, match=r"^AuthorizationFailed: No\.$"):
        Service([says(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})]).client().find("/x")


@pytest.mark.parametrize(
    ("body", "elements"),
    [
        ([{"name": "12"}, 7, {"name": "13"}], [{"name": "12"}, {"name": "13"}]),
        ([], []),
        ({"value": [{"name": "12"}]}, [{"name": "12"}]),
        ("text", []),
    ],
)
def test_a_list_may_be_a_bare_array(body: object, elements: list[object]) -> None:
    assert Service([says(200, body)]).client().list("/versions") == elements


def test_a_query_goes_with_the_request_and_the_version_stays_unless_it_is_said() -> None:
    service = Service([says(200, {})])

    service.client().get("/vm", {"$expand": "instanceView"})
    service.client().get("/vm", {"api-version": "2020-01-01"})

    assert dict(service.asked[0].url.params) == {"api-version": "2024-11-01", "$expand": "instanceView"}
    assert dict(service.asked[1].url.params) == {"api-version": "2020-01-01"}


def test_a_token_is_fetched_once_for_all_threads_and_anew_when_it_was_refused() -> None:
    fetched: list[str] = []
    together = threading.Barrier(8)

    def fetch() -> str:
        fetched.append(f"token{len(fetched)}")
        return fetched[-1]

    token = Token(fetch)

    def ask(refused: str) -> None:
        together.wait(10)
        token(refused)

    for refused in ("", "token0"):
        threads = [threading.Thread(target=ask, args=(refused,)) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(10)

    assert fetched == ["token0", "token1"]
    assert token() == "token1"
    assert "token1" not in repr(token)


def test_a_token_that_was_refused_twice_ends_it() -> None:
    service = Service([says(401, {"error": {"code": "ExpiredAuthenticationToken", "message": "Old."}})])

    with pytest.raises(Refused, match="ExpiredAuthenticationToken"):
        service.client(Token(lambda: "old")).get("/x")

    assert len(service.asked) == 2


def test_an_empty_token_is_not_sent() -> None:
    service = Service([says(200, {})])

    service.client(lambda _refused: "").get("/x")

    assert "authorization" not in service.asked[0].headers


def test_an_address_that_is_none_is_refused_and_silence_is_said() -> None:
    for path in ("/x" * 100_000, "/\ud800", "/\0"):
        with pytest.raises(Refused, match="InvalidUri"):
            Service([says(200, {})]).client().get(path)

    def silent(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too long")

    http = httpx.Client(base_url="https://localhost:1", transport=httpx.MockTransport(silent))
    with pytest.raises(Unreachable, match="does not answer: too long"):
        Client(http, lambda _refused: "token").get("/x")


def test_a_grant_that_is_refused_says_why_in_the_authoritys_words() -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000215: The secret is wrong."}
    service = Service([says(401, refusal)])

    with pytest.raises(Refused) as refused:
        granted(service.client().http, "tenant", {"grant_type": "client_credentials", "client_secret": "x"})

    assert (refused.value.status, refused.value.code) == (401, "invalid_client")
    assert refused.value.message == "AADSTS7000215: The secret is wrong."
    assert service.asked[0].url.path == "/tenant/oauth2/v2.0/token"
    assert b"scope=https%3A%2F%2Flocalhost%3A8443%2F.default" in service.asked[0].content

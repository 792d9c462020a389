"""Limits on requests: told always, felt when the settings say so."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.arm.app import make_app
from calco.arm.endings import Endings
from calco.arm.router import Route
from calco.arm.routes import ROUTES
from calco.arm.throttle import GROUPS, Throttle, Throttled
from calco.model.bucket import BUCKETS, read
from tests.arm.api import COMPUTE, LAB, SUB, TENANT, Api, anyone
from tests.asgi import AsgiClient
from tests.standing import StandingClock
from tests.world import LOCATION

REMAINING = "x-ms-ratelimit-remaining"
IMAGE_GET = f"{COMPUTE}/images/none"


def limited(api: Api, **sizes: int) -> Api:
    """The same world behind an edge that feels these limits."""
    app = make_app(api.world.cloud, anyone, tenant=TENANT, endings=Endings(), limits=sizes, hold_seconds=0, threads=2)
    api.client = AsgiClient(app, "https://cloud.test:8443")
    return api


# --- what is told ----------------------------------------------------------------------------------------------------


def test_every_answer_tells_what_is_left_and_nothing_is_refused_unasked(api: Api) -> None:
    api.with_group()
    answers = [api.call("GET", f"{COMPUTE}/images") for _ in range(300)]

    assert {each.status_code for each in answers} == {200}
    left = [int(each.headers[f"{REMAINING}-subscription-reads"]) for each in answers]
    assert left[:2] == [249, 248]
    assert left[-1] == 0
    assert answers[0].headers[f"{REMAINING}-subscription-global-reads"] == "3749"


@pytest.mark.parametrize(
    ("method", "action", "kind", "buckets"),
    [
        ("GET", "images/read", "reads", "GetImages3Min;359,GetImages30Min;1799"),
        ("GET", "virtualMachines/read", "reads", "LowCostGet3Min;3999,LowCostGet30Min;31999"),
        ("GET", "locations/operations/read", "reads", "GetOperation3Min;14999,GetOperation30Min;29999"),
        ("PUT", "images/write", "writes", "CreateImages3Min;39,CreateImages30Min;199"),
        ("PATCH", "virtualMachines/write", "writes", "PutVM3Min;239,PutVM30Min;1199"),
        ("DELETE", "images/delete", "deletes", "DeleteImages3Min;119,DeleteImages30Min;599"),
        ("POST", "virtualMachines/start/action", "writes", "UpdateVM3Min;239,UpdateVM30Min;1199"),
        ("POST", "virtualMachines/deallocate/action", "writes", "DeleteVM3Min;239,DeleteVM30Min;1199"),
        ("POST", "disks/beginGetAccess/action", "writes", "HighCostDiskHydrate3Min;999,HighCostDiskHydrate30Min;7999"),
        ("DELETE", "snapshots/delete", "deletes", "DeleteDisks3Min;2999,DeleteDisks30Min;23999"),
        ("GET", "locations/vmSizes/read", "reads", None),
    ],
)
def test_each_kind_of_request_takes_from_its_own_buckets(
    method: str, action: str, kind: str, buckets: str | None
) -> None:
    told = dict(Throttle(StandingClock(), {}).take(route(f"Microsoft.Compute/{action}", method), "ana"))

    of_compute = told.pop(f"{REMAINING}-resource", None)
    assert set(told) == {f"{REMAINING}-subscription-{kind}", f"{REMAINING}-subscription-global-{kind}"}
    assert of_compute == (
        None if buckets is None else ",".join(f"Microsoft.Compute/{each}" for each in buckets.split(","))
    )


def test_a_list_costs_more_than_a_look_at_one() -> None:
    throttle = Throttle(StandingClock(), {})
    for action, bucket in (("disks/read", "HighCostGet3Min;239"), ("images/read", "HighCostGetImages3Min;79")):
        told = throttle.take(replace(route(f"Microsoft.Compute/{action}"), lists=True), "ana")
        assert told[f"{REMAINING}-resource"].startswith(f"Microsoft.Compute/{bucket},")


def test_every_action_that_has_buckets_is_some_routes() -> None:
    actions = {each.action for each in ROUTES}

    assert {f"Microsoft.Compute/{each}" for each in GROUPS} <= actions
    assert {f"{group}{time}" for group in GROUPS.values() for time in ("3Min", "30Min")} <= set(BUCKETS)


def test_what_the_gateway_refuses_itself_tells_nothing(api: Api) -> None:
    absent = api.with_group().call("GET", IMAGE_GET)
    nobody = api.client.request("GET", f"{COMPUTE}/images?api-version=2024-07-01")
    nowhere = api.call("GET", f"{SUB}/providers/Microsoft.Nothing/things")

    assert (absent.status_code, nobody.status_code, nowhere.status_code) == (404, 401, 404)
    for each in (absent, nobody, nowhere):
        assert not any(name.startswith(REMAINING) for name in each.headers)


# --- what is felt ----------------------------------------------------------------------------------------------------


def test_computes_429_names_the_bucket_and_when_to_come_back(api: Api) -> None:
    limited(api.with_group(), CreateImages3Min=2)
    body = {"location": LOCATION, "properties": {}}
    first = [api.call("PUT", f"{COMPUTE}/images/i", body).status_code for _ in range(2)]

    refused = api.call("PUT", f"{COMPUTE}/images/i", body)

    assert 429 not in first
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "90")
    assert refused.headers[f"{REMAINING}-resource"].startswith("Microsoft.Compute/CreateImages3Min;0,")
    error = refused.json()["error"]
    assert (error["code"], error["message"]) == (
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this subscription.",
    )
    (detail,) = error["details"]
    assert (detail["code"], detail["target"]) == ("TooManyRequests", "CreateImages3Min")
    told = json.loads(detail["message"])
    assert (told["operationGroup"], told["allowedRequestCount"]) == ("CreateImages3Min", 2)
    assert told["measuredRequestCount"] == 3
    assert told["startTime"] < told["endTime"]


def test_resource_managers_429_is_of_the_other_shape(api: Api) -> None:
    limited(api.with_group(), SubscriptionReads=1)
    api.call("GET", LAB)

    refused = api.call("GET", LAB)

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "TooManyRequests")
    assert "details" not in refused.json()["error"]
    assert refused.headers["Retry-After"] == "10"
    assert api.call("PUT", LAB, {"location": LOCATION}).status_code == 200


def test_who_comes_back_when_told_to_is_served(api: Api) -> None:
    limited(api.with_group(), HighCostGetImages3Min=1)
    api.call("GET", f"{COMPUTE}/images")
    refused = api.call("GET", f"{COMPUTE}/images")

    api.world.clock.move(timedelta(seconds=int(refused.headers["Retry-After"])))

    assert api.call("GET", f"{COMPUTE}/images").status_code == 200
    assert api.call("GET", f"{COMPUTE}/images").status_code == 429


def test_a_refused_request_reaches_nobody_and_is_no_line_of_the_activity_log(api: Api) -> None:
    limited(api.with_group(), SubscriptionWrites=1)
    api.call("PUT", f"{LAB}2", {"location": LOCATION})

    assert api.call("PUT", f"{LAB}3", {"location": LOCATION}).status_code == 429

    assert api.call("GET", f"{LAB}3").status_code == 404
    log = api.get(f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values", version="2015-04-01")
    assert not any(each["resourceId"].endswith("lab3") for each in log["value"])


# --- the buckets -----------------------------------------------------------------------------------------------------


def route(action: str, method: str = "GET") -> Route:
    return Route(method, "/x", lambda _: pytest.fail("nobody is called"), action)


def test_one_callers_bucket_is_not_anothers_but_all_share_the_subscriptions() -> None:
    throttle = Throttle(StandingClock(), {"SubscriptionReads": 1, "SubscriptionGlobalReads": 2})
    throttle.take(route("a/b/read"), "ana")
    with pytest.raises(Throttled):
        throttle.take(route("a/b/read"), "ana")
    throttle.take(route("a/b/read"), "bob")

    with pytest.raises(Throttled, match="SubscriptionGlobalReads"):
        throttle.take(route("a/b/read"), "eve")


def test_a_refused_request_takes_from_no_bucket() -> None:
    throttle = Throttle(StandingClock(), {"GetImages3Min": 1})
    images, disks = route("Microsoft.Compute/images/read"), route("Microsoft.Compute/disks/read")
    throttle.take(images, "ana")
    for _ in range(5):
        with pytest.raises(Throttled):
            throttle.take(images, "ana")

    assert throttle.take(disks, "ana")[f"{REMAINING}-subscription-reads"] == "248"


def test_a_bucket_that_is_left_alone_holds_no_more_than_its_size() -> None:
    clock = StandingClock()
    throttle, images = Throttle(clock, {"GetImages3Min": 2}), route("Microsoft.Compute/images/read")
    throttle.take(images, "ana")
    clock.move(timedelta(days=1))

    throttle.take(images, "ana")
    throttle.take(images, "ana")
    with pytest.raises(Throttled):
        throttle.take(images, "ana")


def test_the_wait_is_told_in_whole_seconds_and_is_long_enough() -> None:
    clock = StandingClock()
    throttle, images = Throttle(clock, {"GetImages3Min": 7}), route("Microsoft.Compute/images/read")
    for _ in range(7):
        throttle.take(images, "ana")
    with pytest.raises(Throttled) as refused:
        throttle.take(images, "ana")

    assert refused.value.retry_seconds == 26  # 180 / 7 is 25.7
    clock.move(timedelta(seconds=26))
    throttle.take(images, "ana")


def test_what_was_refused_is_counted_since_somebody_was_last_served() -> None:
    clock = StandingClock()
    throttle, images = Throttle(clock, {"GetImages3Min": 1}), route("Microsoft.Compute/images/read")

    def measured() -> int:
        with pytest.raises(Throttled) as refused:
            throttle.take(images, "ana")
        found = json.loads(refused.value.details[0].message)["measuredRequestCount"]
        assert isinstance(found, int)
        return found

    throttle.take(images, "ana")
    assert (measured(), measured()) == (2, 3)
    clock.move(timedelta(seconds=180))
    throttle.take(images, "ana")
    assert measured() == 2


@given(
    st.integers(1, 20),
    st.lists(st.floats(0, 40, allow_nan=False), max_size=80),
)
def test_in_no_time_is_more_let_through_than_the_bucket_holds_and_time_fills_it(size: int, gaps: list[float]) -> None:
    clock, let_through, waits = StandingClock(), list[float](), list[int]()
    throttle = Throttle(clock, {"GetImages3Min": size})
    start = clock.monotonic()
    for gap in gaps:
        clock.move(timedelta(seconds=gap))
        try:
            throttle.take(route("Microsoft.Compute/images/read"), "ana")
            let_through.append(clock.monotonic() - start)
        except Throttled as refused:
            waits.append(refused.retry_seconds)

    assert all(1 <= each <= 180 for each in waits)
    for first, since in enumerate(let_through):
        for last in range(first, len(let_through)):
            allowed = size + (let_through[last] - since) * size / 180
            assert last - first + 1 <= allowed + 1e-3


def test_the_settings_name_buckets_with_a_size_or_without_or_all() -> None:
    assert read([]) == {}
    assert read(["createimages3min = 7", "GetImages3Min"]) == {"CreateImages3Min": 7, "GetImages3Min": 360}
    everything: Mapping[str, int] = read(["azure", "CreateImages3Min=1"])
    assert everything["CreateImages3Min"] == 1
    assert set(everything) == set(BUCKETS)
    assert read(["CreateImages3Min=1", "azure"]) == everything


@pytest.mark.parametrize(
    "value",
    ["", "Images", "CreateImages3Min=", "CreateImages3Min=0", "CreateImages3Min=x", "azure=1", "GetImages3Min=٣"],
)
def test_a_bucket_nobody_knows_and_a_size_that_is_none_are_told(value: str) -> None:
    with pytest.raises(ValueError, match=r"bucket|whole number"):
        read([value])

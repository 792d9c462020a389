"""Whatever a caller sends, the answer is Azure's kind of refusal: never a fault of ours, and nothing has changed."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.arm.router import Route
from calco.arm.routes import ROUTES
from calco.model.document import Json
from tests.arm.api import LAB, SUB, Api
from tests.arm.yard import GONE, NAMES, furnished, good_body, path_of


@dataclass
class Yard:
    """A world with one of everything, made anew after each request that was let through."""

    folder: Path
    api: Api | None = None
    count: int = field(default=0)

    def ready(self) -> Api:
        if self.api is None:
            self.count += 1
            here = self.folder / str(self.count)
            here.mkdir()
            self.api = furnished(here)
        return self.api

    def spoil(self) -> None:
        self.api = None
        shutil.rmtree(self.folder / str(self.count))


@pytest.fixture(scope="module")
def yard() -> Iterator[Yard]:
    with tempfile.TemporaryDirectory() as folder:
        yield Yard(Path(folder))


# --- what is thrown --------------------------------------------------------------------------------------------------

ids = st.sampled_from(
    [
        "",
        "/",
        "one",
        "/subscriptions",
        f"/subscriptions/{GONE}/resourceGroups/lab/providers/Microsoft.Compute/virtualMachines/one",
        f"{LAB}/providers/Microsoft.Compute/virtualMachines/nobody",
        f"{LAB}/providers/Microsoft.Compute/disks/one",
        f"{LAB}/providers/Microsoft.Compute/snapshots/one",
        f"{LAB}/providers/Microsoft.Network/virtualNetworks/one/subnets/nowhere",
        f"{LAB}/providers/Microsoft.Network/virtualNetworks/one",
        f"{LAB}/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0",
        f"{LAB}/providers/X/y",
        LAB,
    ]
)
OPTIONS = ("FromImage", "Attach", "Copy", "Import", "Upload")
scalars: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["", " ", "\x00", "\u202e", "💥", "x" * 5000, "../../etc/passwd", "1.2.3.4/33", *OPTIONS]),
    ids,
)
junk: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=6,
)
names = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(
        ["one", "ONE", "x" * 300, "a b", "_x", "x.", "-", "..", "%2e%2e", "https:", "a/b", "é", "𝔞", "\x00", "?"]
    ),
)
versions = st.one_of(
    st.sampled_from(
        [
            "2015-06-15",
            "2017-03-30",
            "2019-03-01",
            "2024-07-01",
            "2026-04-01",
            "2024-07-01-preview",
            "2024-13-01",
            "latest",
        ]
    ),
    st.text(max_size=12),
)


def _spots(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a body."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for name, each in inside for spot in _spots(each, (*path, name)))]


def _with(value: Any, path: tuple[str | int, ...], put: Json) -> Any:
    """The body with something else at a place."""
    if not path:
        return put
    copy = json.loads(json.dumps(value))
    spot = copy
    for part in path[:-1]:
        spot = spot[part]
    spot[path[-1]] = put
    return copy


@dataclass(frozen=True)
class Throw:
    method: str
    path: str
    body: bytes | None


def mostly(usual: object, now_and_then: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual value seven times of eight, so that what follows is tried too."""
    return st.sampled_from(range(8)).flatmap(lambda n: now_and_then if n == 7 else st.just(usual))


@st.composite
def throws(draw: st.DrawFn) -> Throw:
    route = draw(st.sampled_from(ROUTES))
    path = route.pattern
    for name, usual in NAMES.items():
        # "one" is there, "two" is not
        good = draw(st.sampled_from(["one", "two"])) if name == "name" else usual
        path = path.replace(f"{{{name}}}", quote(draw(mostly(good, names)), safe=""))
    path += draw(mostly("?api-version=2024-07-01", versions.map(lambda each: f"?api-version={quote(each)}")))
    path += draw(mostly("", st.text(max_size=8).map(lambda each: f"&$expand={quote(each)}")))
    body: bytes | None = None
    if route.method in ("PUT", "PATCH", "POST"):
        bad: Any = good_body(route)
        for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
            bad = _with(bad, draw(st.sampled_from(_spots(bad))), draw(junk))
        body = draw(mostly(json.dumps(bad).encode(), st.binary(max_size=40)))
    method = draw(mostly(route.method, st.sampled_from(["PUT", "POST", "DELETE", "PATCH"])))
    return Throw(method, path, body)


def _everything(api: Api) -> object:
    """All that could have changed."""
    with api.world.records.read() as view:
        resources = [
            each
            for kind in sorted(
                {row.action.rpartition("/")[0] for row in ROUTES} | {"Microsoft.Resources/resourceGroups"}
            )
            for each in view.resources(kind)
        ]
        return resources, view.volumes(), view.unfinished(), api.world.disks.volumes(), api.world.hypervisor.machines()


def _check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        refusal = answer.json()["error"]
        assert refusal["code"]
        assert refusal["message"]
        assert "Traceback" not in answer.text
    assert answer.headers["x-ms-request-id"]


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(throw=throws())
def test_whatever_is_thrown_at_a_route_is_refused_cleanly_or_done(yard: Yard, throw: Throw) -> None:
    api = yard.ready()
    before = _everything(api)

    answer = api.client.request(throw.method, throw.path, content=throw.body, headers={"Authorization": "Bearer x"})

    _check(answer)
    if answer.status_code >= 400 or throw.method in ("GET", "HEAD"):
        assert _everything(api) == before, f"{answer.status_code} changed something"
    else:
        api.world.drive()
        yard.spoil()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"location": "eastus"',
        b"\xff\xfe",
        b'{"location": "\\ud800"}',
        b'{"location": NaN}',
        b'{"location": 1e999}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 100_000,
    ],
    ids=[
        "empty",
        "null",
        "array",
        "text",
        "brace",
        "cut short",
        "no UTF-8",
        "half a pair",
        "NaN",
        "too big",
        "deep",
        "deeper",
    ],
)
@pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.method in ("PUT", "PATCH")], ids=lambda each: each.pattern[-40:]
)
def test_what_is_no_json_object_is_refused_everywhere(yard: Yard, route: Route, content: bytes) -> None:
    api = yard.ready()
    before = _everything(api)

    answer = api.call(route.method, path_of(route), content=content)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in ("InvalidRequestContent", "LocationRequired", "InvalidParameter")
    assert _everything(api) == before


def test_a_body_of_ten_megabytes_is_refused(yard: Yard) -> None:
    api = yard.ready()
    before = _everything(api)
    body = json.dumps({"location": "eastus", "tags": {"a": "x" * 10_000_000}}).encode()

    answer = api.call("PUT", f"{SUB}/resourceGroups/big", content=body)

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "RequestEntityTooLarge"
    assert _everything(api) == before


def test_every_route_is_named_here() -> None:
    """A variable nobody fills in would leave its route untried."""
    variables = {part[1:-1] for route in ROUTES for part in route.pattern.split("/") if part.startswith("{")}

    assert variables == set(NAMES)

"""Finding the route of a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.arm.call import Answer, Call
from calco.arm.router import Route, Router, resource_of, segments
from calco.arm.routes import ROUTES
from calco.model.errors import ApiError


def nobody(_call: Call) -> Answer:
    return Answer(200)


def test_every_route_finds_itself() -> None:
    router = Router(ROUTES)

    for route in ROUTES:
        assert router.match(route.method, segments(route.pattern.replace("{", "").replace("}", ""))).route is route


PROVIDERS = tuple(
    f"Microsoft.{each}"
    for each in ("Authorization", "Compute", "Insights", "Network", "Resources", "SerialConsole", "Storage")
)


def test_every_route_says_which_right_it_takes() -> None:
    for route in ROUTES:
        assert route.action.split("/")[0] in PROVIDERS
        assert route.action.split("/")[-1] in ("read", "write", "delete", "action")
        shows_what_an_action_found = route.pattern.endswith("/inspections/current")
        assert route.method not in ("GET", "HEAD") or shows_what_an_action_found or route.action.endswith("/read")
        assert not route.action.endswith("/read") or route.method in ("GET", "HEAD", "POST")


def test_a_table_that_contradicts_itself_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        Router([Route("GET", "/a/{x}", nobody, ""), Route("GET", "/a/{x}", nobody, "")])
    with pytest.raises(AssertionError):
        Router([Route("GET", "/a/{x}", nobody, ""), Route("GET", "/a/{y}/b", nobody, "")])


def test_a_resource_has_azures_types_and_the_callers_names() -> None:
    path = "/SUBSCRIPTIONS/s/resourcegroups/Lab/providers/microsoft.network/virtualnetworks/Net/SUBNETS/Default"
    match = Router(ROUTES).match("GET", segments(path))

    id = resource_of(match.route, match.variables, "s")

    assert str(id) == (
        "/subscriptions/s/resourceGroups/Lab/providers/Microsoft.Network/virtualNetworks/Net/subnets/Default"
    )


def test_an_encoded_slash_makes_no_segment() -> None:
    assert segments("/a%2Fb//c/") == ["a/b", "c"]
    assert segments(b"/%ff") == ["\ufffd"]


@given(method=st.text(max_size=8), path=st.lists(st.text(max_size=8), max_size=8))
def test_any_path_is_found_or_refused_by_name(method: str, path: list[str]) -> None:
    try:
        Router(ROUTES).match(method, path)
        status = 200
    except ApiError as refusal:
        status = refusal.status
    assert status in (200, 404, 405)

"""docs/rights.md says what the service's routes say."""

from calco.arm.router import Router
from calco.arm.routes import ROUTES
from tests.contract import rights_page


def test_the_page_of_rights_is_what_the_router_says() -> None:
    """`make compatibility` writes it, or `python -m tests.contract.rights_page`."""
    assert rights_page.PAGE.read_text() == rights_page.page()


def test_every_route_and_its_action_are_on_the_page() -> None:
    text = rights_page.PAGE.read_text()

    for method, _, route in Router(ROUTES).bound():
        path = rights_page.shown_path(route.pattern)
        assert f"| `{method} {path}` | `{route.action}` |" in text

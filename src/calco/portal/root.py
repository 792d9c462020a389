"""``/`` for who comes with a browser: the portal. Programs find there what Resource Manager says of it, as ever."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from calco.portal.visit import ROOT

PAGE = "text/html"


class Root(Route):
    """The route of ``/`` for requests that ask for a page, and for no others: those fall through to whoever is next."""

    def __init__(self) -> None:
        super().__init__("/", _to_portal, methods=["GET"])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found, child = super().matches(scope)
        # No half a match either, which would be answered with a 405 of Starlette's.
        return (found, child) if found is Match.FULL and _wants_page(scope) else (Match.NONE, {})


def _wants_page(scope: Scope) -> bool:
    """Browsers name the type of pages; Azure's clients name JSON, curl names nothing (``*/*``)."""
    accepted = Request(scope).headers.get("accept", "")
    return any(each.partition(";")[0].strip().lower() == PAGE for each in accepted.split(","))


async def _to_portal(_request: Request) -> Response:
    return RedirectResponse(f"{ROOT}/", 303, {"Cache-Control": "no-store", "Vary": "Accept"})

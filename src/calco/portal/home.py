"""The first page: what there is, what goes on, what happened last, and what the host has left."""

from starlette.responses import Response

from calco.portal.visit import Page, Visit


async def show(visit: Visit) -> Response:
    return visit.page("home.html")


PAGES = (Page("/", show, live_seconds=3),)

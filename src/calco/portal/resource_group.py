"""Resource groups: the list, one group with everything in it, a new one, and a group's end."""

from starlette.responses import Response

from calco.portal.visit import Page, Visit


async def show_all(visit: Visit) -> Response:
    groups = await visit.api.list(f"{visit.api.subscription}/resourcegroups")
    return visit.page("resource_groups.html", groups=sorted(groups, key=lambda each: str(each["name"]).lower()))


PAGES = (Page("/resource-groups", show_all, live_seconds=3),)

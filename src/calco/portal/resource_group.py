"""Resource groups: the list, a new one, one group with everything in it, and its end with everything in it."""

from collections.abc import Mapping

from starlette.responses import Response

from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.portal.activity import key_of
from calco.portal.api import Refused
from calco.portal.listing import Column, listed
from calco.portal.rights import group_scope
from calco.portal.view_as.action import CreateGroup, Delete
from calco.portal.visit import ROOT, Page, Visit, explained

ADDRESS = f"{ROOT}/resource-groups"
GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
WRITE, DELETE = f"{GROUPS}/write", f"{GROUPS}/delete"

GROUP_COLUMNS = (
    Column[Document]("name", lambda each: text_at(each, "name") or ""),
    Column[Document]("location", lambda each: text_at(each, "location") or ""),
)
RESOURCE_COLUMNS = (
    Column[Document]("name", lambda each: text_at(each, "name") or ""),
    Column[Document]("type", lambda each: text_at(each, "type") or ""),
    Column[Document]("location", lambda each: text_at(each, "location") or ""),
)


# --- all of them, and a new one --------------------------------------------------------------------------------------


async def show_all(visit: Visit) -> Response:
    return await _all(visit, {"name": "", "location": ""})


async def _all(
    visit: Visit, given: Mapping[str, str], *, fault: str = "", ours: bool = True, blocks: object = ()
) -> Response:
    groups = await visit.api.list(f"{visit.api.subscription}/resourcegroups")
    locations: list[Document] = []
    if not visit.live and await visit.may(WRITE, visit.api.subscription):
        locations = await visit.api.list(f"{visit.api.subscription}/locations")
    return visit.page(
        "resource_groups.html",
        status=400 if fault else 200,
        listing=listed(groups, visit.query, GROUP_COLUMNS, _said),
        locations=[(text_at(each, "name") or "", text_at(each, "displayName") or "") for each in locations],
        given=given,
        fault=fault,
        ours=ours,
        blocks=blocks,
    )


def _said(group: Document) -> str:
    """What of a group or resource is searched."""
    tags = group.get("tags")
    words = [f"{name} {value}" for name, value in tags.items()] if isinstance(tags, dict) else []
    return " ".join([*(text_at(group, name) or "" for name in ("name", "location", "type")), *words])


async def create(visit: Visit) -> Response:
    name, location = visit.form.text("name"), visit.form.text("location")
    scope = group_scope(visit.api.subscription_id, name)
    given = {"name": name, "location": location}
    if not name:
        return await _all(visit, given, fault=visit.words("resource_group.no_name"))
    if visit.form.text("do") == "view":
        made = CreateGroup(ResourceId(visit.api.subscription_id, name))
        return await _all(visit, given, blocks=visit.view_as(made, location))
    try:
        if await visit.api.find(scope) is not None:  # a PUT would change the one that is there
            return await _all(visit, given, fault=visit.words("resource_group.taken"))
        await visit.api.send("PUT", scope, {"location": location})
    except Refused as refusal:
        return await _all(visit, given, fault=explained(visit.words, refusal), ours=False)
    return visit.go(_page(name))


def _page(name: str) -> str:
    return ADDRESS + "/" + group_scope("", name).rpartition("/")[2]


# --- one of them -----------------------------------------------------------------------------------------------------


async def show(visit: Visit) -> Response:
    scope = group_scope(visit.api.subscription_id, visit.path["name"])
    group = await visit.api.get(scope)
    found = await visit.api.list(f"{scope}/resources", **{"$expand": "provisioningState"})
    return visit.page(
        "resource_group.html",
        group=group,
        listing=listed(found, visit.query, RESOURCE_COLUMNS, _said),
        key_of=key_of,
        rights=await visit.rights(scope),
    )


async def ask_delete(visit: Visit) -> Response:
    return await _ask(visit)


async def _ask(visit: Visit, *, fault: str = "", typed_wrong: bool = False) -> Response:
    scope = group_scope(visit.api.subscription_id, visit.path["name"])
    group = await visit.api.get(scope)
    found = await visit.api.list(f"{scope}/resources")
    id = ResourceId(visit.api.subscription_id, text_at(group, "name") or "")
    return visit.page(
        "resource_group_delete.html",
        status=400 if fault or typed_wrong else 200,
        group=group,
        resources=found,
        key_of=key_of,
        fault=fault,
        typed_wrong=typed_wrong,
        blocks=visit.view_as(Delete((id,)), text_at(group, "location") or ""),
    )


async def delete(visit: Visit) -> Response:
    scope = group_scope(visit.api.subscription_id, visit.path["name"])
    group = await visit.api.get(scope)
    if visit.form.text("confirm") != text_at(group, "name"):
        return await _ask(visit, typed_wrong=True)
    try:
        reply = await visit.api.send("DELETE", scope)
    except Refused as refusal:
        return await _ask(visit, fault=explained(visit.words, refusal))
    return visit.go(f"{ROOT}/operations/{reply.operation}" if reply.operation else ADDRESS)


PAGES = (
    Page("/resource-groups", show_all, create, live_seconds=3),
    Page("/resource-groups/{name}", show, live_seconds=3),
    Page("/resource-groups/{name}/delete", ask_delete, delete),
)

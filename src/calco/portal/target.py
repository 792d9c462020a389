"""Where a form puts what it makes: a name, and a resource group that is there or that is made in the same go."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from calco.model.document import Document, objects_at, text_at
from calco.model.ids import ResourceId
from calco.portal.api import Api, Refused
from calco.portal.page import group_of, name_of, portal_path
from calco.portal.rights import group_scope
from calco.portal.visit import Form, Visit, explained, resource_id

NEW = "*"
"""The choice of what is made here, a resource group above all; nothing can be called so."""

FIELDS = {
    "InvalidResourceName": "name_fault",
    "ResourceAlreadyExists": "name_fault",
    "ResourceGroupNotFound": "group_refused",
    "InvalidResourceGroup": "group_refused",
}
"""Which field a refusal is about, by its code; what is about none stands above the form."""

NO_FAULTS: Mapping[str, str] = dict.fromkeys(("fault", "name_fault", "name_wrong", "group_fault", "group_refused"), "")
"""Where a fault can stand: above the form, beside the name and the group. ``name_wrong``, ``group_fault``: ours."""


NAME_MAX = 80
"""Of a snapshot or an image. Source: Azure, "Naming rules and restrictions"."""


@dataclass(frozen=True)
class Target:
    """``group`` is one that is there, or empty when ``new_group`` is to be made."""

    name: str
    group: str
    new_group: str = ""

    @property
    def in_group(self) -> str:
        return self.new_group or self.group

    @property
    def fields(self) -> Iterator[tuple[str, str]]:
        """What brings it back, as ``read`` takes it."""
        yield "group", NEW if self.new_group else self.group
        yield "new_group", self.new_group
        yield "name", self.name

    def address(self, visit: Visit, type: str) -> str:
        """For the API."""
        return resource_id(visit.api.subscription_id, self.in_group, type, self.name)

    def id(self, subscription: str, type: str) -> ResourceId:
        """Of what is made, as it was typed. ``type``: ``Microsoft.Compute/images``."""
        namespace, _, kind = type.partition("/")
        return ResourceId(subscription, self.in_group, namespace, (kind,), (self.name,))

    def page(self, type: str) -> str:
        """Of what is made, in the portal."""
        return portal_path(str(self.id("", type)))


def proposed(visit: Visit, source: str, word: str) -> Target:
    """Beside what it is made of (an id), called after it: ``web1-image-20261123134500``."""
    end = f"-{word}-{visit.stamp}"
    return Target(name_of(source)[: NAME_MAX - len(end)] + end, group_of(source))


def read(form: Form) -> Target:
    group = form.text("group")
    if group == NEW:
        return Target(form.text("name"), "", form.text("new_group"))
    return Target(form.text("name"), group)


def missing(visit: Visit, target: Target, name_missing: str = "target.name_missing") -> dict[str, str]:
    """What was left out, as faults beside the fields; empty when nothing was. ``name_missing``: the words' key."""
    keys: dict[str, str] = {}
    if not target.name:
        keys["name_wrong"] = name_missing
    if not target.in_group:
        keys["group_fault"] = "target.group_missing"
    return {place: visit.words(key) for place, key in keys.items()}


def refused(visit: Visit, refusal: Refused) -> dict[str, str]:
    """A refusal beside the field it is about. Raises it when the session is over."""
    if refusal.status == 401:
        raise refusal
    return {FIELDS.get(refusal.code, "fault"): explained(visit.words, refusal)}


async def wrong(visit: Visit, target: Target, type: str) -> dict[str, str]:
    """What was left out, and a name that is taken, for a PUT would change what is there; empty when nothing is wrong.
    Raises Refused."""
    faults = missing(visit, target)
    if not faults and await visit.api.find(target.address(visit, type)) is not None:
        faults["name_wrong"] = visit.words("target.taken", name=target.name)
    return faults


async def put(visit: Visit, target: Target, type: str, body: Document) -> str:
    """Make it, its group first; the id of the operation that makes it, empty when it is there. Raises Refused."""
    id = target.address(visit, type)
    async with group_for(visit, target, text_at(body, "location") or ""):
        return (await visit.api.send("PUT", id, body)).operation


@asynccontextmanager
async def group_for(visit: Visit, target: Target, location: str) -> AsyncIterator[None]:
    """Where something is to be put: its group is made if it is a new one. When the API refuses what is put there, a
    group that was made for it is gone again. Raises Refused: that it could not be made."""
    made = await _made_group(visit, target, location)
    try:
        yield
    except Refused:
        if made:
            await _take_back(visit.api, made)
        raise


async def _take_back(api: Api, group: str) -> None:
    """Unless somebody has put something there by now, or may make groups and not delete them: then it stays."""
    with suppress(Refused):
        if not await api.list(f"{group}/resources"):
            await api.send("DELETE", group)


async def _made_group(visit: Visit, target: Target, location: str) -> str:
    """The address of the group that was made; empty when it was there."""
    if not target.new_group:
        return ""
    scope = group_scope(visit.api.subscription_id, target.new_group)
    if await visit.api.find(scope) is not None:
        return ""
    await visit.api.send("PUT", scope, {"location": location})
    return scope


async def group_names(api: Api) -> list[str]:
    """Of all resource groups, as a person looks for them."""
    groups = await api.list(f"{api.subscription}/resourcegroups")
    return sorted((text_at(each, "name") or "" for each in groups), key=str.lower)


async def groups_for(visit: Visit, action: str) -> list[str]:
    """Names of the resource groups in which this user may do that."""
    names = await group_names(visit.api)
    if await visit.may(action, visit.api.subscription):
        return names
    return [each for each in names if await visit.may(action, group_scope(visit.api.subscription_id, each))]


async def places(api: Api) -> Sequence[Document]:
    """The regions; none for whoever may see only a group, for they are the subscription's. Raises Refused."""
    return await api.seen(f"{api.subscription}/locations")


async def zones_at(api: Api, location: str) -> tuple[str, ...] | None:
    """The availability zones of a region, none when it has none; None for whoever may not see the regions."""
    here = next((each for each in await places(api) if each.get("name") == location), None)
    if here is None:
        return None
    return tuple(text_at(each, "logicalZone") or "" for each in objects_at(here, "availabilityZoneMappings"))

"""Create a virtual machine: from an image to one machine or several, in two pages.

The form is tried by the API before anything is made, in a group that may be yet to come; what it refuses stands beside
the field. The second page sums up, asks for what must not travel from page to page, and creates: the group if it is
new, then one deployment, which the service carries out and another page looks on.

A password is asked for on the second page only, so that none is ever sent back in a page, not even sealed. A generated
private key is in the second page, once, to be downloaded: only its public half comes back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from starlette.responses import Response

from calco.model.document import Document, Json, objects_at, text_at
from calco.portal import key_pair
from calco.portal.api import Refused
from calco.portal.machine_create_form import COUNT_MAX, MACHINE, Filled, Login, Source, begun, fitting, read, small
from calco.portal.page import group_of, name_of
from calco.portal.rights import group_scope
from calco.portal.target import NEW, group_for, group_names
from calco.portal.view_as import template
from calco.portal.view_as.action import Place
from calco.portal.visit import ROOT, Page, Visit, explained, resource_id

IMAGE = "Microsoft.Compute/images"
DEPLOYMENT = "Microsoft.Resources/deployments"
GROUP_WRITE = "Microsoft.Resources/subscriptions/resourceGroups/write"
NEEDED = (f"{DEPLOYMENT}/write", f"{MACHINE}/write")
"""What nobody creates a machine without."""

TARGETS = {
    "vmSize": "size",
    "adminUsername": "user",
    "osProfile.adminUsername": "user",
    "adminPassword": "password",
    "linuxConfiguration.ssh.publicKeys.keyData": "key",
    "computerName": "name",
    "name": "name",
    "tags": "tags",
}
CODES = {"InvalidResourceGroup": "new_group", "ResourceGroupNotFound": "group"}
"""Which field a refusal is about, by what it says it is about, or by its code; what is about none stands above."""
GENERAL = ""
ON_REVIEW = frozenset({"password", "repeated", "downloaded"})
"""Fields of the second page."""


@dataclass(frozen=True)
class Fault:
    """``ours``: said by the portal, in the reader's language; otherwise by the API."""

    text: str
    ours: bool = False


@dataclass(frozen=True)
class Faults:
    """What is wrong, by field."""

    by: Mapping[str, Fault] = field(default_factory=dict)
    status: int = 400

    def text(self, field: str) -> str:
        return self.by[field].text if field in self.by else ""

    def ours(self, field: str) -> bool:
        return field in self.by and self.by[field].ours


NO_FAULTS = Faults(status=200)


@dataclass(frozen=True)
class Scene:
    """What the form offers. ``groups``: those in which this person may create machines; ``subnets``: id and words."""

    source: Source
    groups: tuple[str, ...]
    may_make_group: bool
    sizes: tuple[Document, ...]
    subnets: tuple[tuple[str, str], ...]


# --- the pages -------------------------------------------------------------------------------------------------------


async def show(visit: Visit) -> Response:
    scene = await _scene(visit)
    own = group_of(scene.source.id)
    group = next((each for each in scene.groups if each.lower() == own.lower()), next(iter(scene.groups), own))
    near = [id for id, _ in scene.subnets if group_of(id).lower() == group.lower()] or [id for id, _ in scene.subnets]
    filled = begun(scene.source, group, small(scene.sizes, scene.source), next(iter(near), ""))
    return _form(visit, scene, filled)


async def act(visit: Visit) -> Response:
    scene = await _scene(visit)
    filled, do = read(visit.form, scene.source), visit.form.text("do")
    if do == "edit":
        return _form(visit, scene, filled)
    if do == "create":
        return await _create(visit, scene, filled)
    if filled.login is Login.GENERATE:
        filled = replace(filled, key=key_pair.generate(filled.user).public)
    faults = await _faults(visit, scene, filled)
    return _form(visit, scene, filled, faults) if faults.by else _review(visit, scene, filled)


def _form(visit: Visit, scene: Scene, filled: Filled, faults: Faults = NO_FAULTS) -> Response:
    if filled.login is Login.GENERATE:
        filled = replace(filled, key="")
    words = visit.words
    return visit.page(
        "machine_create.html",
        status=faults.status,
        scene=scene,
        source=scene.source,
        filled=filled,
        faults=faults,
        new=NEW,
        groups=[*((each, each) for each in scene.groups), *[(NEW, words("target.new"))] * scene.may_make_group],
        logins=[(each.value, words(f"create.login_{each.value}"), "") for each in scene.source.logins],
        networks=[
            *((id, f"{said} ({group_of(id)})") for id, said in scene.subnets),
            (NEW, words("create.network_new")),
        ],
        tag_rows=[*filled.tags, *[("", "")] * 2],
        count_max=COUNT_MAX,
        may=bool(scene.groups) or scene.may_make_group,
        blocks=visit.view_as(filled.action(visit.api.subscription_id, scene.source), scene.source.location),
    )


def _review(visit: Visit, scene: Scene, filled: Filled, faults: Faults = NO_FAULTS) -> Response:
    """A private key is of this page alone: shown again, the page has another pair."""
    pair = key_pair.generate(filled.user) if filled.login is Login.GENERATE else None
    if pair is not None:
        filled = replace(filled, key=pair.public)
    return visit.page(
        "machine_create_review.html",
        status=faults.status,
        source=scene.source,
        filled=filled,
        faults=faults,
        names=filled.names(visit.api.subscription_id, scene.source),
        size=next((each for each in scene.sizes if each.get("name") == filled.size), {"name": filled.size}),
        network=dict(scene.subnets).get(filled.subnet, ""),
        pair=pair,
        blocks=visit.view_as(filled.action(visit.api.subscription_id, scene.source), scene.source.location),
    )


async def _scene(visit: Visit) -> Scene:
    source = Source(await visit.api.get(visit.id(IMAGE)))
    subscription = visit.api.subscription
    everywhere = await visit.rights(subscription)
    groups = await group_names(visit.api)
    if not all(everywhere(each) for each in NEEDED):
        groups = [each for each in groups if await _may(visit, each)]
    place = f"{subscription}/providers/Microsoft.Compute/locations/{source.location}"
    # Who has rights in one group only may not ask for sizes, and types one.
    sizes = objects_at(await visit.api.find(f"{place}/vmSizes") or {}, "value")
    networks = await visit.api.list(f"{subscription}/providers/Microsoft.Network/virtualNetworks")
    return Scene(
        source=source,
        groups=tuple(groups),
        may_make_group=everywhere(GROUP_WRITE) and all(everywhere(each) for each in NEEDED),
        sizes=tuple(fitting(sizes, source)),
        subnets=tuple(
            (text_at(subnet, "id") or "", f"{name_of(text_at(network, 'id'))} / {text_at(subnet, 'name')}")
            for network in networks
            if text_at(network, "location") == source.location
            for subnet in objects_at(network, "properties", "subnets")
        ),
    )


async def may_create(visit: Visit) -> bool:
    """Whether there is any group in which this person may create machines; who may everywhere is asked about once."""
    everywhere = await visit.rights(visit.api.subscription)
    if all(everywhere(each) for each in NEEDED):
        return True
    for each in await group_names(visit.api):
        if await _may(visit, each):
            return True
    return False


async def _may(visit: Visit, group: str) -> bool:
    rights = await visit.rights(group_scope(visit.api.subscription_id, group))
    return all(rights(each) for each in NEEDED)


# --- what is wrong with it -------------------------------------------------------------------------------------------


async def _faults(visit: Visit, scene: Scene, filled: Filled, password: str = "") -> Faults:
    """What we see ourselves, and when that is nothing, what the API says. Makes nothing."""
    found = _seen_faults(visit, filled, scene)
    if found:
        return Faults(found)
    # Until the real one is known another stands for it, that nobody ever gets to use.
    secret = password or f"Aa1-{visit.chance.token(8)}"
    body = _body(visit, scene, filled, secret)
    if filled.target.new_group:
        body["createResourceGroup"] = {"location": scene.source.location}
    try:
        found = await _taken(visit, filled, scene)
        if found:
            return Faults(found)
        await visit.api.send("POST", f"{_deployment(visit, filled)}/validate", body)
    except Refused as refusal:
        return _said(visit, filled, refusal)
    return NO_FAULTS


def _seen_faults(visit: Visit, filled: Filled, scene: Scene) -> dict[str, Fault]:
    """What needs no asking."""
    words, keys = visit.words, dict[str, str]()
    if not filled.target.in_group:
        keys["new_group"] = "target.group_missing"
    if not filled.target.name:
        keys["name"] = "create.name_missing"
    if filled.number is None:
        keys["count"] = "create.count_wrong"
    if filled.login is Login.KEY and not key_pair.is_public(filled.key):
        keys["key"] = "create.key_wrong"
    if filled.subnet and filled.subnet not in dict(scene.subnets):
        keys["subnet"] = "create.subnet_gone"
    return {field: Fault(words(key), ours=True) for field, key in keys.items()}


async def _taken(visit: Visit, filled: Filled, scene: Scene) -> dict[str, Fault]:
    """Names that a PUT would change what is there by. Raises Refused."""
    words = visit.words
    scope = group_scope(visit.api.subscription_id, filled.target.in_group)
    there = await visit.api.find(scope)
    if there is not None and filled.target.new_group:
        return {"new_group": Fault(words("resource_group.taken"), ours=True)}
    if there is not None:
        names = {name.lower() for name in filled.names(visit.api.subscription_id, scene.source)}
        machines = await visit.api.list(f"{scope}/providers/{MACHINE}")
        taken = [name for each in machines if (name := text_at(each, "name") or "").lower() in names]
        if taken:
            return {"name": Fault(words("create.name_taken", name=taken[0], group=filled.target.group), ours=True)}
    return {}


def _said(visit: Visit, filled: Filled, refusal: Refused) -> Faults:
    """The API's refusal, each part of it beside its field."""
    if refusal.status == 401:
        raise refusal
    found: dict[str, Fault] = {}
    for each in refusal.details or (refusal,):
        place = CODES.get(each.code) or TARGETS.get(each.target, GENERAL)
        if place == "name" and filled.network and f" {filled.network} " in each.message:
            place = "network"
        # Of several that say the same, of network, interface and machine say, the last is the machine.
        found[place] = Fault(explained(visit.words, each))
    return Faults(found, 403 if refusal.status == 403 else 400)


# --- creating --------------------------------------------------------------------------------------------------------


async def _create(visit: Visit, scene: Scene, filled: Filled) -> Response:
    password = visit.form.fields.get("password", "")
    faults = Faults(_review_faults(visit, filled, password))
    if not faults.by:
        faults = await _faults(visit, scene, filled, password)
    if faults.by:
        page = _review if faults.by.keys() <= ON_REVIEW else _form
        return page(visit, scene, filled, faults)
    address = _deployment(visit, filled)
    try:
        # All of it was tried, a new group included; what is refused all the same leaves no empty group behind.
        async with group_for(visit, filled.target, scene.source.location):
            await visit.api.send("PUT", address, _body(visit, scene, filled, password))
    except Refused as refusal:
        return _form(visit, scene, filled, _said(visit, filled, refusal))
    return visit.go(f"{ROOT}/deployments/{quote(filled.target.in_group, safe='')}/{address.rpartition('/')[2]}")


def _review_faults(visit: Visit, filled: Filled, password: str) -> dict[str, Fault]:
    words = visit.words
    if filled.login is Login.PASSWORD:
        if not password:
            return {"password": Fault(words("create.password_missing"), ours=True)}
        if password != visit.form.fields.get("repeated", ""):
            return {"repeated": Fault(words("create.repeated_wrong"), ours=True)}
    if filled.login is Login.GENERATE and not visit.form.is_on("downloaded"):
        return {"downloaded": Fault(words("create.not_downloaded"), ours=True)}
    return {}


def _deployment(visit: Visit, filled: Filled) -> str:
    """The address of a new deployment; its name has at most 64 characters, of few kinds. Source: Azure, "Naming rules
    and restrictions"."""
    name = f"CreateVm-{re.sub('[^A-Za-z0-9_.-]', '', filled.target.name)[:40]}-{visit.stamp}"
    return resource_id(visit.api.subscription_id, filled.target.in_group, DEPLOYMENT, name)


def _body(visit: Visit, scene: Scene, filled: Filled, secret: str) -> dict[str, Json]:
    place = Place(visit.api.base, visit.api.subscription_id, scene.source.location)
    return template.deployment(filled.action(visit.api.subscription_id, scene.source), place, secret)


PAGES = (Page("/images/{group}/{name}/create-vm", show, act),)

"""What a request names beside its own resource, and what right it takes to use that: ``LinkedAuthorizationFailed``.

Whoever may make a machine may not for that reason put it into anybody's subnet. Each row says: who writes a resource of
this type and names one of that type needs that action on the one named, wherever in the body it is named. What a body
repeats because it was shown (a subnet's configurations, a group's interfaces) has no row and takes nothing.
Sources: Azure's refusals of machines (subnets, interfaces, images, disks), of disks and snapshots (``beginGetAccess``)
as people quote them; "Virtual Machine Contributor", whose actions are these. For availability sets, machines that
images are made of and accounts of blobs the action is unconfirmed; where it gives somebody the bytes of a disk, it is
one that no Reader has.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from calco.arm.call import Call
from calco.arm.router import Route
from calco.model.document import Json
from calco.model.ids import ResourceId
from calco.model.scope import read
from calco.ports import Reader
from calco.work import blob, machine_delete, role_definition

_SUBNET = "Microsoft.Network/virtualNetworks/subnets"
_SECURITY = "Microsoft.Network/networkSecurityGroups"
_ADDRESS = "Microsoft.Network/publicIPAddresses"
_INTERFACE = "Microsoft.Network/networkInterfaces"
_ACCOUNT = "Microsoft.Storage/storageAccounts"
_MACHINE, _DISK = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/disks"
_SNAPSHOT, _IMAGE, _SET = (
    "Microsoft.Compute/snapshots",
    "Microsoft.Compute/images",
    "Microsoft.Compute/availabilitySets",
)

_JOIN = {each: f"{each}/join/action" for each in (_SUBNET, _SECURITY, _ADDRESS)}
_COPY = {each: f"{each}/beginGetAccess/action" for each in (_DISK, _SNAPSHOT)}
_BYTES = {_ACCOUNT: f"{_ACCOUNT}/listKeys/action"}

LINKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        _MACHINE: {
            **_JOIN,
            _INTERFACE: f"{_INTERFACE}/join/action",
            _DISK: f"{_DISK}/write",
            _IMAGE: f"{_IMAGE}/read",
            _SET: f"{_SET}/write",
            **_BYTES,
        },
        _DISK: {**_COPY, _IMAGE: f"{_IMAGE}/read", **_BYTES},
        _SNAPSHOT: {**_COPY, **_BYTES},
        _IMAGE: {_MACHINE: f"{_MACHINE}/capture/action", **_COPY, **_BYTES},
        _INTERFACE: _JOIN,
        "Microsoft.Network/virtualNetworks": {_SECURITY: _JOIN[_SECURITY]},
        _SUBNET: {_SECURITY: _JOIN[_SECURITY]},
    }
)
"""Type that is written -> type that is named -> action on the one named."""

_TAKE_ALONG = frozenset({f"{_MACHINE}/delete", "Microsoft.Resources/subscriptions/resourceGroups/delete"})
_DEFINITION = "Microsoft.Authorization/roleDefinitions"
_ROWS = {written.lower(): {named.lower(): action for named, action in row.items()} for written, row in LINKS.items()}

_LOOKED_AT = {_ACCOUNT.lower(): _BYTES[_ACCOUNT]}
"""What is named to be looked at, and not by a path."""


def named(route: Route, call: Call) -> Iterator[tuple[str, str]]:
    """Every (action, scope) that what the body names takes, and what a deletion takes along."""
    if route.action in _TAKE_ALONG:
        yield from _taken_along(call)
    if route.action.startswith(_DEFINITION):
        yield from ((route.action, scope) for scope in _assignable(call))
        return
    row = _ROWS.get(call.id.kind) if call.resource is not None else _LOOKED_AT if route.looks else None
    if row is None:
        return
    with call.cloud.records.read() as view:
        # However long it is: an id with a thousand slashes is read as that id.
        for text in _texts(call.body):
            id = _id(view, call, text)
            if id is not None and id.kind in row and (call.resource is None or id.key != call.resource.key):
                yield row[id.kind], str(id)


def _taken_along(call: Call) -> Iterator[tuple[str, str]]:
    """Whoever may use another's disk could otherwise delete it, with a machine that takes it along."""
    with call.cloud.records.read() as view:
        going = [ResourceId.parse(each) for each in machine_delete.taken_along(view, call.id)]
    yield from ((f"{each.type}/delete", str(each)) for each in going)


def _texts(body: Json) -> Iterator[str]:
    """Every text in a body, but for tags: they name nothing."""
    if isinstance(body, dict):
        for name, each in body.items():
            if name.lower() != "tags":
                yield from _texts(each)
    elif isinstance(body, list):
        for each in body:
            yield from _texts(each)
    elif isinstance(body, str):
        yield body


def _id(view: Reader, call: Call, text: str) -> ResourceId | None:
    """The resource that a text names, by its id or as the account of a blob's address."""
    place = blob.place_of(call.cloud, text)
    if place is not None:
        return blob.account_id(view, place.account)
    if "/subscriptions/" not in f"/{text.lower()}":
        return None
    try:
        return ResourceId.parse(text)
    except ValueError:
        return None


def _assignable(call: Call) -> Iterator[str]:
    """Wherever a role may be assigned, as it is and as it shall be: who changes or deletes it needs the right there, or
    the owner of one group could rewrite what others hold elsewhere."""
    with call.cloud.records.read() as view:
        there = role_definition.find(view, call.subscription, call.variables["definition"])
    yield from () if there is None or there.built_in else there.assignable
    for text in _texts(call.body):
        try:
            yield read(text, call.subscription)
        except ValueError:  # no scope, or none of this subscription: the handler says what is wrong with it
            continue

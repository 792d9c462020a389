"""Network security groups: rules of their own, and who refers to them.

A group knows nothing of the subnets and NICs that it is for: those name it, and who they are is looked up when it is
shown. Rules are kept inside their group's document, as Azure shows them.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from calco.model import errors, network_security_group
from calco.model.document import Document, Json, number_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.network_security_group import Direction, NewNetworkSecurityGroup, NewSecurityRule
from calco.model.operation import Claim, Family
from calco.ports import Reader, Resource, Writer
from calco.work.cloud import Accepted, Cloud
from calco.work.common import (
    check_free,
    check_group,
    delete_at_once,
    existing_here,
    found,
    listed,
    normal_location,
    settled,
)
from calco.work.scope import forget_inside

log = logging.getLogger(__name__)

KIND = "Microsoft.Network/networkSecurityGroups"
RULE = "securityRules"
DEFAULT_RULE = "defaultSecurityRules"
REFERENCE = "networkSecurityGroup"
"""The property by which a subnet or a NIC names its group."""


@dataclass(frozen=True)
class Users:
    """Ids of what refers to a group."""

    interfaces: list[str] = field(default_factory=list)
    subnets: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Seen:
    """A group with those that refer to it."""

    group: Resource
    users: Users


def get(cloud: Cloud, id: ResourceId) -> Seen:
    with cloud.records.read() as view:
        group = found(view, id)
        return Seen(group, _users(view).get(group.id.key, Users()))


def list_with_users(cloud: Cloud, group: ResourceId | None) -> Sequence[Seen]:
    with cloud.records.read() as view:
        users = _users(view)
        return [Seen(each, users.get(each.id.key, Users())) for each in listed(view, KIND, group)]


def put(cloud: Cloud, wanted: NewNetworkSecurityGroup) -> Accepted:
    """Create a group, or replace its rules."""
    location = normal_location(cloud, wanted.location, KIND)
    network_security_group.check_apart(wanted.rules)
    with cloud.records.write() as tx:
        check_group(tx, wanted.id)
        there = existing_here(tx, wanted.id, location)
        if there is not None:
            check_free(tx, (Claim(there.id),))
        made = _made(cloud, wanted, location, there)
        tx.put(made)
        forget_inside(tx, there, made)
        operation = settled(cloud, tx, made, Family.NETWORK)
    if there is None and not cloud.trial:
        log.warning("network security group %s: %s", made.id.name, network_security_group.NOT_ENFORCED)
    return Accepted(made, operation, created=there is None)


def delete(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Delete a group that no subnet and no NIC refers to."""
    return delete_at_once(cloud, id, _forget)


def _forget(tx: Writer, group: Resource) -> None:
    users = _users(tx).get(group.id.key)
    if users is not None:
        raise network_security_group.in_use(group.id, [*users.interfaces, *users.subnets])
    tx.delete(group.id)


# --- rules by themselves ---------------------------------------------------------------------------------------------


def get_rule(cloud: Cloud, id: ResourceId) -> Document:
    """A rule, the group's own or a default one."""
    for rule in list_rules(cloud, id.parent, id.types[-1]):
        if str(rule["name"]).lower() == id.name.lower():
            return rule
    raise errors.resource_not_found(id)


def list_rules(cloud: Cloud, group: ResourceId, which: str) -> Sequence[Document]:
    """The group's ``securityRules`` or ``defaultSecurityRules``."""
    there = get_parent(cloud, group)
    return default_rules(there.id) if which == DEFAULT_RULE else objects_at(there.properties, RULE)


def get_parent(cloud: Cloud, group: ResourceId) -> Resource:
    """The group that a rule's id lies in. Raises ApiError ParentResourceNotFound."""
    with cloud.records.read() as view:
        there = view.resource(group)
        if there is None and view.resource(group.group_id) is None:
            raise errors.group_not_found(group.group)
    if there is None:
        raise errors.parent_not_found(group.name)
    return there


def put_rule(cloud: Cloud, id: ResourceId, wanted: NewSecurityRule) -> Accepted:
    """Add a rule, or replace one; the answer's resource is the group."""
    there = get_parent(cloud, id.parent)
    now = wishes_of(there)
    rules = [wanted if each.name.lower() == wanted.name.lower() else each for each in now]
    is_new = wanted not in rules
    return replace(put(cloud, _wish_of(there, [*rules, wanted] if is_new else rules)), created=is_new)


def delete_rule(cloud: Cloud, id: ResourceId) -> Accepted | None:
    """Take a rule away; None when there is none."""
    with cloud.records.read() as view:
        there = view.resource(id.parent)
    if there is None:
        return None
    now = wishes_of(there)
    left = [each for each in now if each.name.lower() != id.name.lower()]
    return None if len(left) == len(now) else put(cloud, _wish_of(there, left))


def wishes_of(group: Resource) -> Sequence[NewSecurityRule]:
    """The group's rules as a PUT would have them."""
    return [
        NewSecurityRule(
            str(each["name"]),
            number_at(each, "properties", "priority") or 0,
            Direction(text_at(each, "properties", "direction") or Direction.INBOUND),
            _wished(each),
        )
        for each in objects_at(group.properties, RULE)
    ]


def _wished(rule: Document) -> Document:
    properties = rule.get("properties")
    assert isinstance(properties, dict)
    return {name: value for name, value in properties.items() if name != "provisioningState"}


def _wish_of(group: Resource, rules: Sequence[NewSecurityRule]) -> NewNetworkSecurityGroup:
    mine = ("provisioningState", "resourceGuid", RULE)
    kept: Document = {name: value for name, value in group.properties.items() if name not in mine}
    return NewNetworkSecurityGroup(group.id, group.location, group.tags, tuple(rules), kept, group.extra)


def _made(cloud: Cloud, wanted: NewNetworkSecurityGroup, location: str, there: Resource | None) -> Resource:
    id = wanted.id if there is None else there.id
    rules: Json = [_rule(id, each) for each in wanted.rules]
    properties: Document = {
        "provisioningState": "Succeeded",
        "resourceGuid": cloud.chance.guid() if there is None else there.properties["resourceGuid"],
        **wanted.properties,
        RULE: rules,
    }
    return Resource(id, location, properties, wanted.tags, {}, wanted.extra)


def _rule(group: ResourceId, wanted: NewSecurityRule) -> Document:
    rule = group.child(RULE, wanted.name)
    return {
        "name": wanted.name,
        "id": str(rule),
        "type": rule.type,
        "properties": {"provisioningState": "Succeeded", **wanted.document},
    }


def default_rules(group: ResourceId) -> Sequence[Document]:
    """The rules that every group has, as ``group`` shows them."""
    shown: list[Document] = []
    for each in network_security_group.DEFAULT_RULES:
        rule = group.child(DEFAULT_RULE, each.name)
        properties: Document = {"provisioningState": "Succeeded", **each.properties(), **EMPTY_LISTS}
        shown.append({"name": each.name, "id": str(rule), "type": rule.type, "properties": properties})
    return shown


EMPTY_LISTS: Document = {
    "sourcePortRanges": [],
    "destinationPortRanges": [],
    "sourceAddressPrefixes": [],
    "destinationAddressPrefixes": [],
}
"""What rules that name single values show beside them. Source: azure-mgmt-network, recorded rules."""


# --- who refers to it ------------------------------------------------------------------------------------------------


def _users(view: Reader) -> Mapping[str, Users]:
    """Of every group that is referred to, by its key."""
    found: dict[str, Users] = {}

    def users_of(properties: Json) -> Users | None:
        id = text_at(properties, REFERENCE, "id")
        return None if id is None else found.setdefault(ResourceId.parse(id).key, Users())

    for nic in view.resources("Microsoft.Network/networkInterfaces"):
        users = users_of(nic.properties)
        if users is not None:
            users.interfaces.append(str(nic.id))
    for each in view.resources("Microsoft.Network/virtualNetworks"):
        for subnet in objects_at(each.properties, "subnets"):
            users = users_of(subnet.get("properties"))
            if users is not None:
                users.subnets.append(str(subnet["id"]))
    return found


def check_reference(view: Reader, properties: Document, location: str, *, by: ResourceId) -> None:
    """The group that a subnet's or NIC's ``properties`` name is there, in the same place. Raises ApiError."""
    text = text_at(properties, REFERENCE, "id")
    if text is None:
        return
    group = view.resource(ResourceId.parse(text))
    if group is None or group.location != location:
        raise errors.reference_not_found(ResourceId.parse(text), by)

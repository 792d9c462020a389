"""Network security groups and their rules: PUT, GET, lists, PATCH, DELETE."""

from collections.abc import Iterable
from functools import partial

from msgspec import Struct

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, tagged
from calco.arm.reply import accepted_body, deleted
from calco.model import errors, names, network_security_group
from calco.model.document import Document, Json, object_at, objects_at
from calco.model.ids import ResourceId
from calco.model.network_security_group import (
    PRIORITIES,
    Access,
    Direction,
    NewNetworkSecurityGroup,
    NewSecurityRule,
    Protocol,
)
from calco.ports import Resource
from calco.work import network_security_group as work
from calco.work import network_tags
from calco.work.network_security_group import Users

MAX_RULES = 1000
"""Source: Azure, "Networking limits"."""


class RuleProperties(Struct, rename="camel"):
    description: str | None = None
    protocol: Protocol | None = None
    source_port_range: str | None = None
    destination_port_range: str | None = None
    source_port_ranges: list[str] | None = None
    destination_port_ranges: list[str] | None = None
    source_address_prefix: str | None = None
    destination_address_prefix: str | None = None
    source_address_prefixes: list[str] | None = None
    destination_address_prefixes: list[str] | None = None
    access: Access | None = None
    priority: int | None = None
    direction: Direction | None = None


class Rule(Struct):
    name: str | None = None
    properties: RuleProperties | None = None


class Properties(Struct, rename="camel"):
    security_rules: list[Rule] | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None


def put(call: Call) -> Answer:
    names.check(call.id)
    accepted = work.put(call.cloud, read(call.id, call.body))
    return accepted_body(call, operations.Kind.NETWORK_PUT, accepted, partial(_updating, call))


def _updating(call: Call, group: Resource, _version: str) -> Document:
    return show(group, work.get(call.cloud, group.id).users, state="Updating")


def get(call: Call) -> Answer:
    seen = work.get(call.cloud, call.id)
    return tagged(show(seen.group, seen.users))


def patch(call: Call) -> Answer:
    network_tags.patch(call.cloud, call.id, reading.tags(call.body))
    return get(call)


def list_group(call: Call) -> Answer:
    return listed([show(each.group, each.users) for each in work.list_with_users(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    return listed([show(each.group, each.users) for each in work.list_with_users(call.cloud, None)])


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.NETWORK_DELETE, work.delete(call.cloud, call.id))


# --- rules -----------------------------------------------------------------------------------------------------------


def put_rule(call: Call) -> Answer:
    names.check(call.id)
    body, document = reading.fit({**call.body, "name": call.id.name}, Rule)
    accepted = work.put_rule(call.cloud, call.id, _rule(body, document))
    assert accepted.operation is not None
    shown = show_rule(work.get_rule(call.cloud, call.id), _etag(accepted.resource), state="Updating")
    return operations.started(call, operations.Kind.NETWORK_PUT, accepted.operation, shown, created=accepted.created)


def get_rule(call: Call) -> Answer:
    group = work.get_parent(call.cloud, call.id.parent)
    return tagged(show_rule(work.get_rule(call.cloud, call.id), _etag(group)))


def list_rules(call: Call) -> Answer:
    return _listed_rules(call, work.RULE)


def list_default_rules(call: Call) -> Answer:
    return _listed_rules(call, work.DEFAULT_RULE)


def _listed_rules(call: Call, which: str) -> Answer:
    etag = _etag(work.get_parent(call.cloud, call.id))
    return listed([show_rule(each, etag) for each in work.list_rules(call.cloud, call.id, which)])


def delete_rule(call: Call) -> Answer:
    return deleted(call, operations.Kind.NETWORK_DELETE, work.delete_rule(call.cloud, call.id))


# --- reading ---------------------------------------------------------------------------------------------------------

READ_ONLY = ("resourceGuid", "securityRules", "defaultSecurityRules", "networkInterfaces", "subnets", "flowLogs")


def read(id: ResourceId, raw: Document) -> NewNetworkSecurityGroup:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    rules = (body.properties.security_rules if body.properties else None) or []
    if len(rules) > MAX_RULES:
        raise errors.invalid("securityRules", f"A group has at most {MAX_RULES} rules.")
    documents = objects_at(document, "properties", "securityRules")
    return NewNetworkSecurityGroup(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        rules=tuple(_rule(each, documents[at]) for at, each in enumerate(rules)),
        properties=reading.properties(document, *READ_ONLY),
        extra=reading.others(document),
    )


def _rule(rule: Rule, document: Document) -> NewSecurityRule:
    if not rule.name:
        raise errors.missing("securityRules.name")
    reading.rule_name(rule.name)
    wanted = rule.properties or RuleProperties()
    for member, value in (
        ("protocol", wanted.protocol),
        ("access", wanted.access),
        ("priority", wanted.priority),
        ("direction", wanted.direction),
    ):
        if value is None:
            raise network_security_group.missing_member(member, rule.name)
    assert wanted.priority is not None
    assert wanted.direction is not None
    if not PRIORITIES[0] <= wanted.priority <= PRIORITIES[1]:
        raise network_security_group.bad_priority(wanted.priority)
    kept = reading.properties(document)
    for name in ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups"):
        if kept.pop(name, None):
            raise errors.not_supported(f"securityRules.properties.{name}")
    said = {**kept, **_ends(wanted, rule.name)}
    properties: Document = {name: value for name, value in said.items() if value is not None}
    return NewSecurityRule(rule.name, wanted.priority, wanted.direction, properties)


def _ends(wanted: RuleProperties, name: str) -> Document:
    """The rule's ports and addresses: each is one value or a list of them, and shown as both. Raises ApiError."""
    members = {
        "sourcePortRange": (wanted.source_port_range, wanted.source_port_ranges),
        "destinationPortRange": (wanted.destination_port_range, wanted.destination_port_ranges),
        "sourceAddressPrefix": (wanted.source_address_prefix, wanted.source_address_prefixes),
        "destinationAddressPrefix": (wanted.destination_address_prefix, wanted.destination_address_prefixes),
    }
    kept: Document = {}
    for member, (one, many) in members.items():
        plural = f"{member}es" if member.endswith("Prefix") else f"{member}s"
        values = [*([one] if one else []), *(many or [])]
        if one and many:
            raise network_security_group.both_members(member, plural)
        if not values:
            raise network_security_group.missing_member(member, name)
        _check_ends(values, is_port="Port" in member)
        kept[member] = one or None
        kept[plural] = [*(many or [])]
    return kept


def _check_ends(values: Iterable[str], *, is_port: bool) -> None:
    for value in values:
        if is_port and not network_security_group.is_port_range(value):
            raise network_security_group.bad_port_range(value)
        if not is_port and not network_security_group.is_address_prefix(value):
            raise network_security_group.bad_address_prefix(value)


# --- showing ---------------------------------------------------------------------------------------------------------

FIRST = ("provisioningState", "resourceGuid", "securityRules", "defaultSecurityRules")
RULE_FIRST = (
    "provisioningState",
    "description",
    "protocol",
    "sourcePortRange",
    "destinationPortRange",
    "sourceAddressPrefix",
    "destinationAddressPrefix",
    "access",
    "priority",
    "direction",
)


def show(group: Resource, users: Users, *, state: str | None = None) -> Document:
    """The group with its rules and those it is for; ``state`` takes the place of its provisioning state."""
    etag = _etag(group)
    own: list[Json] = [show_rule(each, etag, state=state) for each in objects_at(group.properties, work.RULE)]
    defaults: list[Json] = [show_rule(each, etag) for each in work.default_rules(group.id)]
    properties: Document = {**group.properties, work.RULE: own, work.DEFAULT_RULE: defaults}
    if state is not None:
        properties["provisioningState"] = state
    if users.interfaces:
        properties["networkInterfaces"] = [{"id": each} for each in users.interfaces]
    if users.subnets:
        properties["subnets"] = [{"id": each} for each in users.subnets]
    return showing.resource(group, showing.ordered(properties, FIRST), etag=etag)


def show_rule(rule: Document, etag: str, *, state: str | None = None) -> Document:
    """A rule, in its group or by itself."""
    inner: Document = {**object_at(rule, "properties")}
    if state is not None:
        inner["provisioningState"] = state
    return {
        "name": rule["name"],
        "id": rule["id"],
        "etag": etag,
        "type": rule["type"],
        "properties": showing.ordered(inner, RULE_FIRST),
    }


def _etag(group: Resource | None) -> str:
    return showing.etag(group)

"""Public IP addresses: PUT, PATCH, GET, lists, DELETE."""

import re
from enum import StrEnum

from msgspec import Struct, field

from calco.arm import operations, reading, showing
from calco.arm.call import Answer, Call, listed, ok, tagged
from calco.arm.reply import deleted
from calco.arm.showing import Field
from calco.model import errors, names
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.network import NewPublicAddress
from calco.ports import Resource
from calco.work import network_tags
from calco.work import public_address as work

FIELDS = (
    Field("sku", since="2017-08-01"),
    Field("properties.publicIPAddressVersion", since="2016-12-01"),
    Field("properties.ipTags", since="2018-08-01"),
)
"""Source: recorded bodies of 2016-09-01, 2017-08-01, 2017-10-01 and 2019-09-01; when in between is unconfirmed."""


class Allocation(StrEnum):
    STATIC = "Static"
    DYNAMIC = "Dynamic"


class Version(StrEnum):
    V4 = "IPv4"
    V6 = "IPv6"


class SkuName(StrEnum):
    BASIC = "Basic"
    STANDARD = "Standard"
    STANDARD_V2 = "StandardV2"


class Sku(Struct):
    name: SkuName | None = None
    tier: str | None = None


class DnsSettings(Struct, rename="camel"):
    domain_name_label: str | None = None


class Properties(Struct, rename="camel"):
    allocation: Allocation | None = field(default=None, name="publicIPAllocationMethod")
    version: Version | None = field(default=None, name="publicIPAddressVersion")
    idle_timeout_in_minutes: int | None = None
    dns_settings: DnsSettings | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None
    sku: Sku | None = None
    zones: list[str] | None = None


def put(call: Call) -> Answer:
    names.check(call.id)
    accepted = work.put(call.cloud, read(call.id, call.body))
    assert accepted.resource is not None
    assert accepted.operation is not None
    body = show(accepted.resource, call.version, state="Updating")
    return operations.started(call, operations.Kind.NETWORK_PUT, accepted.operation, body, created=accepted.created)


def get(call: Call) -> Answer:
    return tagged(show(work.get(call.cloud, call.id), call.version))


def patch(call: Call) -> Answer:
    network_tags.patch(call.cloud, call.id, reading.tags(call.body))
    return get(call)


def list_group(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud, call.id)])


def list_all(call: Call) -> Answer:
    return listed([show(each, call.version) for each in work.list(call.cloud, None)])


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.NETWORK_DELETE, work.delete(call.cloud, call.id))


READ_ONLY = ("resourceGuid", "ipAddress", "ipConfiguration", "ipTags")


def read(id: ResourceId, raw: Document) -> NewPublicAddress:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    properties = body.properties or Properties()
    if properties.version is Version.V6:
        raise errors.not_supported("properties.publicIPAddressVersion 'IPv6'")
    timeout = properties.idle_timeout_in_minutes
    if timeout is not None and not 4 <= timeout <= 30:
        raise errors.invalid("idleTimeoutInMinutes", "It is between 4 and 30.")
    standard = body.sku is not None and body.sku.name not in (None, SkuName.BASIC)
    if standard and properties.allocation is Allocation.DYNAMIC:
        raise errors.invalid(
            "publicIPAllocationMethod", "Standard sku publicIp must have AllocationMethod set to Static."
        )
    label = properties.dns_settings.domain_name_label if properties.dns_settings else None
    if label is not None:
        _check_label(label)
    return NewPublicAddress(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        properties=reading.properties(document, *READ_ONLY),
        extra=reading.others(document),
    )


_LABEL = re.compile(r"[a-z][a-z0-9-]{1,61}[a-z0-9]")


def _check_label(label: str) -> None:
    """Source: the sentence of Azure's own refusal, quoted in public issue threads."""
    if not _LABEL.fullmatch(label):
        raise ApiError(
            400,
            "InvalidDomainNameLabel",
            f"The domain name label {label[:100]} is invalid. It must conform to the following regular expression: "
            "^[a-z][a-z0-9-]{1,61}[a-z0-9]$.",
        )


def check_name(call: Call) -> Answer:
    """Whether a label is still to be had."""
    label = call.query.get("domainnamelabel", "")
    _check_label(label)
    return ok({"available": work.is_label_free(call.cloud, label, call.variables["location"])})


FIRST = (
    "provisioningState",
    "resourceGuid",
    "ipAddress",
    "publicIPAddressVersion",
    "publicIPAllocationMethod",
    "idleTimeoutInMinutes",
    "dnsSettings",
    "ipTags",
    "ipConfiguration",
)


def show(public: Resource, version: str, *, state: str | None = None) -> Document:
    """The address; ``state`` takes the place of its provisioning state. Order as recorded: type behind properties."""
    properties: Document = {**public.properties}
    if state is not None:
        properties["provisioningState"] = state
    etag = showing.etag(public)
    shown = showing.resource(public, showing.ordered(properties, FIRST), etag=etag)
    ordered = showing.ordered(shown, ("name", "id", "etag", "location", "tags", "zones", "properties"), ("type", "sku"))
    return showing.cut(ordered, FIELDS, version)

"""How bodies are read: Azure's own leniency first, then strictness.

To Azure null means absent, member names and enum values arrive in any case, and members nobody knows are kept. What a
body must look like is said by msgspec Structs; ``fit`` makes a document follow them (spelling only) and refuses what
has another type, naming the place.
"""

import re
from collections.abc import Mapping
from enum import Enum
from functools import cache
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import TypeVar

import msgspec
from msgspec import inspect

from calco.model import errors, names
from calco.model.document import Document, Json, object_at, text_at, without_nulls
from calco.model.errors import ApiError
from calco.model.ids import ResourceId, is_guid

S = TypeVar("S", bound=msgspec.Struct)

MAX_DEPTH = 60


def decode(raw: bytes) -> Document:
    """The JSON object that ``raw`` holds, without nulls. Raises ApiError InvalidRequestContent."""
    if not raw.strip():
        raise errors.bad_content("The request body is empty.")
    try:
        body: Json = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as malformed:
        raise errors.bad_content(str(malformed)[:300]) from malformed
    except RecursionError as deep:
        raise errors.bad_content("The JSON is nested too deeply.") from deep
    if _depth(body) > MAX_DEPTH:
        raise errors.bad_content("The JSON is nested too deeply.")
    if not isinstance(body, dict):
        raise errors.bad_content("The request body is no JSON object.")
    cleaned = without_nulls(body)
    assert isinstance(cleaned, dict)
    return cleaned


def _depth(value: Json) -> int:
    """Levels of nesting, counted without recursion and only as far as it matters."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


# --- fitting ---------------------------------------------------------------------------------------------------------


def fit(body: Document, shape: type[S]) -> tuple[S, Document]:
    """``body`` as a ``shape``, and as a document with Azure's spelling of known members and enum values.

    Raises ApiError InvalidParameter naming the dotted path of what is wrong.
    """
    spelled = _spell(body, _info(shape), "")
    assert isinstance(spelled, dict)
    try:
        return msgspec.convert(spelled, shape), spelled
    except msgspec.ValidationError as wrong:
        raise _invalid(str(wrong)) from wrong


@cache
def _info(shape: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(shape)


def _spell(value: Json, info: inspect.Type, path: str) -> Json:
    if isinstance(info, inspect.UnionType):
        known = [each for each in info.types if not isinstance(each, inspect.NoneType)]
        return _spell(value, known[0], path) if len(known) == 1 else value
    if isinstance(info, inspect.StructType) and isinstance(value, dict):
        return _spell_members(value, info, path)
    if isinstance(info, inspect.ListType) and isinstance(value, list):
        return [_spell(each, info.item_type, f"{path}[{at}]") for at, each in enumerate(value)]
    if isinstance(info, inspect.EnumType) and isinstance(value, str):
        return _spell_enum(value, info.cls, path)
    return value


def _spell_members(value: Document, info: inspect.StructType, path: str) -> Document:
    fields = {each.encode_name.lower(): each for each in info.fields}
    spelled: Document = {}
    for name, each in value.items():
        known = fields.get(name.lower())
        if known is None:
            spelled[name] = each
        else:
            below = f"{path}.{known.encode_name}" if path else known.encode_name
            if not (each == "" and _is_optional_enum(known.type)):
                spelled[known.encode_name] = _spell(each, known.type, below)
    return spelled


def _is_optional_enum(info: inspect.Type) -> bool:
    """Where an empty text means none, as .NET's readers of JSON have it: Terraform sends ``"osType": ""``."""
    known = {type(each) for each in info.types} if isinstance(info, inspect.UnionType) else set()
    return known == {inspect.EnumType, inspect.NoneType}


def _spell_enum(value: str, values: type[Enum], path: str) -> str:
    by_case = {str(each.value).lower(): str(each.value) for each in values}
    if value.lower() not in by_case:
        allowed = ", ".join(f"'{each}'" for each in by_case.values())
        raise errors.invalid(path, f"The value '{value[:100]}' is not allowed. Allowed values are {allowed}.")
    return by_case[value.lower()]


_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)


def _invalid(said: str) -> ApiError:
    """msgspec's sentence as Azure's refusal; its back-quotes become Azure's quotes."""
    place = _PLACE.match(said)
    what, path = (place["what"], place["path"]) if place else (said, None)
    return errors.invalid(path or "body", f"{what[:200].replace('`', chr(39))}.")


_VERSION = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(-(preview|alpha|beta|privatepreview))?")


def api_version(version: str) -> str:
    """``api-version``: any date will do, for clients send 2015 to 2026. Raises ApiError."""
    if not version:
        raise ApiError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _VERSION.fullmatch(version.lower()):
        raise ApiError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version[:100]}' is invalid. The supported versions are dates such as '2024-03-01' or "
            "'2024-03-01-preview'.",
        )
    return version.lower()


# --- what most bodies have -------------------------------------------------------------------------------------------

READ_ONLY = frozenset({"id", "name", "type", "etag", "systemData", "location", "tags", "properties"})
"""Top-level members that are not kept as they come: the id says it, or a field of their own holds it."""


def location(body: Document) -> str:
    """Where a PUT wants its resource, as it was typed. Raises ApiError."""
    raw = body.get("location")
    if raw is None or raw == "":
        raise errors.location_required()
    if not isinstance(raw, str):
        raise errors.invalid("location", "A string is expected.")
    return raw


MAX_TAGS, MAX_TAG_NAME, MAX_TAG_VALUE = 50, 512, 256
_NOT_IN_TAG_NAMES = frozenset("<>%&\\?/")


def tags(body: Document) -> Mapping[str, str] | None:
    """``tags``; None when none were sent. Source: Azure, "Use tags" (50; 512 and 256 characters; forbidden ones)."""
    raw = body.get("tags")
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise errors.invalid("tags", "An object of strings is expected.")
    if len(raw) > MAX_TAGS:
        raise errors.invalid("tags", f"A resource may have at most {MAX_TAGS} tags.")
    if len({name.lower() for name in raw}) < len(raw):
        raise errors.invalid("tags", "Two tag names differ only in case.")
    return {name: _tag(name, value) for name, value in raw.items()}


def _tag(name: str, value: Json) -> str:
    if not name or len(name) > MAX_TAG_NAME or _NOT_IN_TAG_NAMES & set(name):
        raise errors.invalid("tags", f"Tag names have 1 to {MAX_TAG_NAME} characters, none of <>%&\\?/.")
    if not isinstance(value, str) or len(value) > MAX_TAG_VALUE:
        raise errors.invalid(f"tags.{name[:100]}", f"Tag values are strings of at most {MAX_TAG_VALUE} characters.")
    return value


def properties(body: Document, *read_only: str) -> Document:
    """``properties`` without what only the service writes."""
    raw = body.get("properties", {})
    if not isinstance(raw, dict):
        raise errors.invalid("properties", "An object is expected.")
    return {name: value for name, value in raw.items() if name not in ("provisioningState", *read_only)}


def others(body: Document, *read_only: str) -> Document:
    """Other top-level members, kept as they came."""
    return {name: value for name, value in body.items() if name not in READ_ONLY and name not in read_only}


def reference(text: str, path: str, type: str, subscription: str) -> ResourceId:
    """The id in a property: of ``type``, in this subscription. Raises ApiError."""
    try:
        id = ResourceId.parse(text)
    except ValueError as malformed:
        raise errors.bad_linked_id(text, path) from malformed
    if id.kind != type.lower() or not is_guid(id.subscription):
        raise errors.bad_linked_id(text, path)
    if id.subscription.lower() != subscription.lower():
        raise errors.other_subscription(subscription, id.subscription)
    return id


def reference_at(
    document: Document, path: tuple[str, ...], shown: str, type: str, subscription: str
) -> ResourceId | None:
    """``reference`` for the id at ``path``; None when there is none."""
    text = text_at(document, *path)
    return None if text is None else reference(text, shown, type, subscription)


SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"


def with_security_group(properties: Document, path: str, subscription: str) -> Document:
    """``properties`` of a subnet or NIC, of whose security group only the id is kept. Raises ApiError."""
    if "networkSecurityGroup" not in properties:
        return properties
    id = reference_at(properties, ("networkSecurityGroup", "id"), f"{path}.id", SECURITY_GROUP, subscription)
    if id is None:
        raise errors.missing(f"{path}.id")
    return {**properties, "networkSecurityGroup": {"id": str(id)}}


def network(text: str, path: str) -> IPv4Network:
    """A CIDR block. Raises ApiError with Azure's code for malformed and for non-canonical ones."""
    try:
        loose = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError) as malformed:
        raise ApiError(
            400,
            "InvalidAddressPrefixFormat",
            f"Address prefix {text[:100]} of resource {path} is not formatted correctly. It should follow CIDR "
            "notation, for example 10.0.0.0/24.",
            path,
        ) from malformed
    if str(loose.network_address) != text.split("/", maxsplit=1)[0]:
        raise ApiError(
            400,
            "InvalidCIDRNotation",
            f"The address prefix {text[:100]} in resource {path} has an invalid CIDR notation. For the given prefix "
            f"length, the address prefix should be {loose}.",
            path,
        )
    return loose


def subobject(body: Document, *path: str) -> Document:
    """The object at ``path``, empty when absent."""
    return object_at(body, *path)


def disk_name(name: str, place: str) -> None:
    """A disk's name inside a machine's body follows the disks' own rule."""
    _check_name("microsoft.compute/disks", name, f"{place}.name")


def short_name(name: str, place: str) -> None:
    """The name of an inline NIC or address, the beginning of a resource's name: room for a mark is kept."""
    _check_name("microsoft.network/networkinterfaces", f"{name}-00000000", place)


def _check_name(kind: str, name: str, path: str) -> None:
    rule = names.RULES[kind]
    if not (rule.shortest <= len(name) <= rule.longest and rule.pattern.fullmatch(name)):
        raise errors.invalid(path, f"A name has {rule.shortest} to {rule.longest} characters. {rule.words}")


def subnet_name(name: str) -> None:
    _check_name("microsoft.network/virtualnetworks/subnets", name, "subnet.name")


def rule_name(name: str) -> None:
    _check_name("microsoft.network/networksecuritygroups/securityrules", name, "securityRules.name")


def configuration_name(name: str) -> None:
    """An IP configuration is called like a NIC."""
    _check_name("microsoft.network/networkinterfaces", name, "ipConfigurations[0].name")

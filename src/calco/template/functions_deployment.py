"""Functions on the deployment, its resources and its time. Sources: Azure, "Deployment functions", "Resource
functions", "Scope functions" and "Date functions for ARM templates"."""

import re
from datetime import UTC, datetime, timedelta

from calco.model.document import Json
from calco.template import formats
from calco.template.faults import Fault, short
from calco.template.function import RUNTIME, Frame, Place
from calco.template.functions_text import new_guid

_ISO = re.compile(
    r"(?P<sign>-)?P(?=[\dT])(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,7})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10})S)?)?"
)
UTC_NOW = "yyyyMMddTHHmmssZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parameters(frame: Frame, parameter_name: str) -> Json:
    """The value of a parameter."""
    return frame.parameter(parameter_name)


def variables(frame: Frame, variable_name: str) -> Json:
    """The value of a variable."""
    return frame.variable(variable_name)


def copy_index(frame: Frame, loop_name: str | int | None = None, offset: int = 0) -> int:
    """How often the loop has run, from 0 or from the offset; ``copyIndex(1)`` is the innermost loop's, from 1."""
    if isinstance(loop_name, int):
        return frame.copy_index(None) + loop_name
    return frame.copy_index(loop_name) + offset


def resource_group(frame: Frame) -> Json:
    """The resource group deployed to: ``id``, ``name``, ``type``, ``location``, ``tags``, ``properties``."""
    context = frame.context
    return {
        "id": f"/subscriptions/{context.subscription}/resourceGroups/{context.group}",
        "name": context.group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": context.location,
        "tags": dict(context.tags),
        "properties": {"provisioningState": "Succeeded"},
    }


def subscription(frame: Frame) -> Json:
    """The subscription: ``id``, ``subscriptionId``, ``tenantId``, ``displayName``."""
    context = frame.context
    return {
        "id": f"/subscriptions/{context.subscription}",
        "subscriptionId": context.subscription,
        "tenantId": context.tenant,
        "displayName": context.subscription_name,
    }


def tenant(frame: Frame) -> Json:
    """The tenant: ``id``, ``tenantId``, ``displayName``."""
    context = frame.context
    return {"id": f"/tenants/{context.tenant}", "tenantId": context.tenant, "displayName": context.subscription_name}


def deployment(frame: Frame) -> Json:
    """This deployment: ``name`` and ``properties`` with ``template``, ``parameters``, ``mode``."""
    return frame.deployment()


def environment(frame: Frame) -> Json:
    """This cloud: ``name``, ``resourceManager``, ``authentication``, ``suffixes``."""
    base = frame.context.base
    return {
        "name": "calco",
        "gallery": f"{base}/",
        "graph": f"{base}/",
        "portal": f"{base}/",
        "graphAudience": f"{base}/",
        "activeDirectoryDataLake": f"{base}/",
        "batch": f"{base}/",
        "media": f"{base}/",
        "sqlManagement": f"{base}/",
        "vmImageAliasDoc": f"{base}/",
        "resourceManager": f"{base}/",
        "authentication": {
            "loginEndpoint": f"{base}/",
            "audiences": [f"{base}/"],
            "tenant": frame.context.tenant,
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": base.partition("://")[2]},
    }


def _typed(name: str, given: tuple[str, ...], most_before: int) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """What stands before the type, the type, the names behind it."""
    at = next((number for number, each in enumerate(given) if "/" in each), None)
    if at is None or at > most_before or not all(given[at].split("/")):
        raise Fault(
            f"Unable to evaluate template language function '{name}': the argument that is the resource type must be a "
            "namespace and its types, such as 'Microsoft.Compute/virtualMachines'. Please see "
            f"https://aka.ms/arm-template-expressions/#{name.lower()} for usage details"
        )
    type, names = given[at], given[at + 1 :]
    if len(names) != type.count("/"):
        raise Fault(
            f"Unable to evaluate template language function '{name}': the type '{short(type)}' requires "
            f"'{type.count('/')}' resource name argument(s). Please see "
            f"https://aka.ms/arm-template-expressions/#{name.lower()} for usage details"
        )
    return given[:at], type, names


def _provider(type: str, names: tuple[str, ...]) -> str:
    namespace, *types = type.split("/")
    pairs = "".join(f"/{each}/{name}" for each, name in zip(types, names, strict=True))
    return f"/providers/{namespace}{pairs}"


def resource_id(frame: Frame, first: str, *further: str) -> str:
    """The id of a resource: optionally a subscription and a group, then its type, then its names."""
    before, type, names = _typed("resourceId", (first, *further), 2)
    group = before[-1] if before else frame.context.group
    subscription = before[0] if len(before) == 2 else frame.context.subscription
    return f"/subscriptions/{subscription}/resourceGroups/{group}{_provider(type, names)}"


def subscription_resource_id(frame: Frame, first: str, *further: str) -> str:
    """The id of a resource of the subscription: optionally a subscription, then its type, then its names."""
    before, type, names = _typed("subscriptionResourceId", (first, *further), 1)
    return f"/subscriptions/{before[0] if before else frame.context.subscription}{_provider(type, names)}"


def tenant_resource_id(first: str, *further: str) -> str:
    """The id of a resource of the tenant: its type, then its names."""
    _, type, names = _typed("tenantResourceId", (first, *further), 0)
    return _provider(type, names)


def extension_resource_id(resource_id: str, resource_type: str, *names: str) -> str:
    """The id of a resource that hangs on another: that one's id, then its type, then its names."""
    _, type, given = _typed("extensionResourceId", (resource_type, *names), 0)
    return f"{resource_id.rstrip('/')}{_provider(type, given)}"


def reference(frame: Frame, name_or_id: str, api_version: str | None = None, full: str | None = None) -> Json:
    """What a resource is like once it is there: its properties, or with ``'Full'`` all of it."""
    if full is not None and full.lower() not in {"full", "properties"}:
        raise Fault(
            "The template language function 'reference' expects its third parameter to be 'Full'. Please see "
            "https://aka.ms/arm-template-expressions/#reference for usage details"
        )
    return frame.reference(name_or_id, api_version, full is not None and full.lower() == "full")


def list_(
    frame: Frame,
    name_or_id: str,
    api_version: str,
    function_values: dict[str, Json] | None = None,
    *,
    verb: str = "list",
) -> Json:
    """What ``listKeys`` and other operations that begin with ``list`` answer for a resource."""
    return frame.list(name_or_id, verb, api_version, function_values or {})


def pick_zones(  # noqa: PLR0917 - as Azure has it
    frame: Frame, namespace: str, type: str, location: str, number_of_zones: int = 1, offset: int = 0
) -> list[Json]:
    """Zones of a region: as many as asked, from an offset; none where the region has none."""
    zones = frame.context.zones.get("".join(location.split()).lower(), ())
    if not zones:
        return []
    if not 1 <= number_of_zones <= 3 or offset < 0 or offset + number_of_zones > len(zones):
        raise Fault(
            f"Unable to evaluate template language function 'pickZones': the resource type '{short(namespace)}/"
            f"{short(type)}' has '{len(zones)}' zones in the location '{short(location)}', fewer than asked for"
        )
    return list(zones[offset : offset + number_of_zones])


def utc_now(frame: Frame, format: str = UTC_NOW) -> str:
    """The time of the deployment, written as the format says; only in a parameter's default value."""
    return formats.moment(frame.context.now.astimezone(UTC), format)


def date_time_add(base: str, duration: str, format: str | None = None) -> str:
    """A time and a duration in ISO 8601 (``-P3D``) added, written as the format says."""
    try:
        made = _moved(_time("dateTimeAdd", base), duration)
    except OverflowError:
        raise Fault("Unable to evaluate template language function 'dateTimeAdd': the result is no date") from None
    if format is not None:
        return formats.moment(made, format)
    return formats.moment(made, UTC_NOW if re.fullmatch(r"\d{8}T\d{6}Z", base) else "yyyy-MM-ddTHH:mm:ssK")


def date_time_from_epoch(epoch_time: int) -> str:
    """The time so many seconds after 1970 began."""
    try:
        return formats.moment(_EPOCH + timedelta(seconds=epoch_time), "yyyy-MM-ddTHH:mm:ssK")
    except OverflowError:
        raise Fault(
            "Unable to evaluate template language function 'dateTimeFromEpoch': the result is no date"
        ) from None


def date_time_to_epoch(date_time: str) -> int:
    """How many seconds after 1970 began a time is."""
    return int((_time("dateTimeToEpoch", date_time) - _EPOCH).total_seconds())


def _time(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(
            f"Unable to evaluate template language function '{name}': the string '{short(text)}' cannot be parsed as a "
            "date and time in ISO 8601"
        ) from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _moved(time: datetime, duration: str) -> datetime:
    found = _ISO.fullmatch(duration)
    if found is None:
        raise Fault(
            f"Unable to evaluate template language function 'dateTimeAdd': the string '{short(duration)}' cannot be "
            "parsed as a duration in ISO 8601"
        )
    part = {name: int(value or 0) for name, value in found.groupdict().items() if name != "sign"}
    # A month is 30 days and a year 365, as .NET's XmlConvert.ToTimeSpan counts them: Azure uses it.
    span = timedelta(
        days=part["years"] * 365 + part["months"] * 30 + part["weeks"] * 7 + part["days"],
        hours=part["hours"],
        minutes=part["minutes"],
        seconds=part["seconds"],
    )
    return time - span if found["sign"] else time + span


FUNCTIONS = (
    parameters,
    resource_group,
    subscription,
    tenant,
    deployment,
    environment,
    resource_id,
    subscription_resource_id,
    tenant_resource_id,
    extension_resource_id,
    pick_zones,
    date_time_add,
    date_time_from_epoch,
    date_time_to_epoch,
)

PLACED = (
    (variables, frozenset({Place.VARIABLE, Place.HEAD, Place.BODY, Place.OUTPUT})),
    (copy_index, frozenset({Place.VARIABLE, Place.HEAD, Place.BODY, Place.OUTPUT})),
    (reference, RUNTIME),
    (list_, RUNTIME),
    (new_guid, frozenset({Place.PARAMETER})),
    (utc_now, frozenset({Place.PARAMETER})),
)


def listed(verb: str) -> bool:
    """Whether a function of that name is one of ``list*``: ``listKeys``, ``listAccountSas``, any."""
    return re.fullmatch(r"list[A-Z][A-Za-z]*", verb[:4].lower() + verb[4:5].upper() + verb[5:]) is not None

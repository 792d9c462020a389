"""Azure's Instance Metadata Service, as a function from a guest's request to its answer.

A guest asks ``http://169.254.169.254/metadata/...``; the document it gets depends on the api-version it names. The
rules are tables: which versions there are, since when a category exists, since when ``compute`` has a key.
Source: Azure, "Azure Instance Metadata Service" (categories, formats, keys and the version that introduced each).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from calco.guest.exchange import Answer, Request, json_answer, not_allowed, not_found, text_answer
from calco.model.document import Document, Json
from calco.model.guest import Guest, GuestNic

VERSIONS: Final = (
    "2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01",
    "2018-02-01", "2018-04-02", "2018-10-01",
    "2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01", "2019-08-15", "2019-11-01",
    "2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01",
    "2021-01-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-08-01",
    "2021-10-01", "2021-11-01", "2021-11-15", "2021-12-13",
    "2023-07-01", "2023-11-15", "2024-03-15", "2024-07-17", "2025-04-07",
)  # fmt: skip

# Scheduled events have a history of their own. Source: Azure, "Scheduled Events for Linux VMs", version table.
EVENT_VERSIONS: Final = frozenset({"2017-11-01", "2019-01-01", "2019-04-01", "2020-07-01", *VERSIONS})

EXTENDED_SINCE: Final = "2021-03-01"  # Source: cloud-init, DataSourceAzure, IMDS_EXTENDED_VER_MIN.

SINCE: Final[Mapping[str, str]] = MappingProxyType({
    "location": "2017-04-02",
    "name": "2017-04-02",
    "offer": "2017-04-02",
    "osType": "2017-04-02",
    "platformFaultDomain": "2017-04-02",
    "platformUpdateDomain": "2017-04-02",
    "publisher": "2017-04-02",
    "sku": "2017-04-02",
    "version": "2017-04-02",
    "vmId": "2017-04-02",
    "vmSize": "2017-04-02",
    "placementGroupId": "2017-08-01",
    "resourceGroupName": "2017-08-01",
    "subscriptionId": "2017-08-01",
    "tags": "2017-08-01",
    "vmScaleSetName": "2017-12-01",
    "zone": "2017-12-01",
    "plan": "2018-04-02",
    "publicKeys": "2018-04-02",
    "azEnvironment": "2018-10-01",
    "provider": "2018-10-01",
    "customData": "2019-02-01",
    "resourceId": "2019-03-11",
    "storageProfile": "2019-06-01",
    "storageProfile.resourceDisk": "2021-02-01",
    "storageProfile.dataDisks.bytesPerSecondThrottle": "2021-05-01",
    "storageProfile.dataDisks.diskCapacityBytes": "2021-05-01",
    "storageProfile.dataDisks.isSharedDisk": "2021-05-01",
    "storageProfile.dataDisks.isUltraDisk": "2021-05-01",
    "storageProfile.dataDisks.opsPerSecondThrottle": "2021-05-01",
    "tagsList": "2019-06-04",
    "isHostCompatibilityLayerVm": "2020-06-01",
    "securityProfile": "2020-06-01",
    "securityProfile.encryptionAtHost": "2021-11-01",
    "securityProfile.securityType": "2021-12-13",
    "osProfile": "2020-07-15",
    "osProfile.disablePasswordAuthentication": "2020-10-01",
    "licenseType": "2020-09-01",
    "evictionPolicy": "2020-12-01",
    "priority": "2020-12-01",
    "userData": "2021-01-01",
    "extendedLocation": "2021-03-01",
    "virtualMachineScaleSet": "2021-03-01",
    "platformSubFaultDomain": "2021-10-01",
    "additionalCapabilities": "2021-11-01",
    "host": "2021-11-15",
    "hostGroup": "2021-11-15",
    "physicalZone": "2023-11-15",
})  # fmt: skip
"""Since which version ``compute`` has a key. A deeper key not named here is as old as what it stands in."""

EMPTY: Final[Document] = {
    **{name: "" for name in SINCE if "." not in name},
    "additionalCapabilities": {"hibernationEnabled": "false"},
    "extendedLocation": {"name": "", "type": ""},
    "host": {"id": ""},
    "hostGroup": {"id": ""},
    "isHostCompatibilityLayerVm": "false",
    "osProfile": {"adminUsername": "", "computerName": "", "disablePasswordAuthentication": ""},
    "plan": {"name": "", "product": "", "publisher": ""},
    "publicKeys": [],
    "securityProfile": {
        "encryptionAtHost": "false",
        "secureBootEnabled": "false",
        "securityType": "",
        "virtualTpmEnabled": "false",
    },
    "storageProfile": {
        "dataDisks": [],
        "imageReference": {"id": "", "offer": "", "publisher": "", "sku": "", "version": ""},
        "osDisk": {},
        "resourceDisk": {"size": "0"},
    },
    "tagsList": [],
    "virtualMachineScaleSet": {"id": ""},
}
"""``compute`` of a machine of which nothing is known: absent values are there and empty, as Azure has them."""


def answer(request: Request, guest: Guest) -> Answer:
    """What the metadata service says to ``guest``: Azure's 200, 400, 404 or 405; never anything else."""
    if request.method != "GET":
        return not_allowed("GET")
    if "x-forwarded-for" in request.headers:
        return _bad("Bad request. Header X-Forwarded-For is not allowed")
    if request.headers.get("metadata", "").strip().lower() != "true":
        return _bad("Bad request. Required metadata header not specified")
    match request.segments:
        case ["metadata", "versions"]:
            return json_answer(200, {"apiVersions": list(VERSIONS)})
        case ["metadata", category, *route] if category in CATEGORIES:
            return _versioned(request, guest, category, route)
        case _:
            return not_found()


def _versioned(request: Request, guest: Guest, category: str, route: list[str]) -> Answer:
    parameters = request.parameters
    if parameters is None:
        return _bad("Bad request. Query parameters must be unique")
    version = parameters.get("api-version", "")
    known = EVENT_VERSIONS if category == "scheduledevents" else VERSIONS
    if version not in known:
        return _no_version()
    since, show = CATEGORIES[category]
    return show(guest, version, route, parameters) if since <= version else not_found()


def _instance(guest: Guest, version: str, route: list[str], parameters: Mapping[str, str]) -> Answer:
    document: Json = {"compute": compute(guest, version), "network": network(guest)}
    if isinstance(document, dict) and version >= EXTENDED_SINCE and parameters.get("extended", "").lower() == "true":
        # A JSON boolean: cloud-init asks whether it is true, and the text "false" would be.
        document["extended"] = {"compute": {"hasCustomData": guest.has_custom_data, "ppsType": "None"}}
    for step in route:
        document = _member(document, step)
        if document is None:
            return not_found()
    return _formatted(document, parameters.get("format", "json").lower())


def _formatted(value: Json, format: str) -> Answer:
    """``value`` in the format asked for. A leaf has no JSON: Azure wants ``format=text`` there."""
    is_leaf = not isinstance(value, dict | list)
    if format == "json" and not is_leaf:
        return json_answer(200, value)
    if format == "text":
        return text_answer(_text(value) if is_leaf else _listing(value))
    if format == "json":
        return _bad("Bad request. A leaf of the document has no json format; ask for format=text")
    return _bad("Bad request. format must be json or text")


def _listing(value: Json) -> str:
    """The names in an object or the indices of an array, one a line; what has parts of its own ends in a slash."""
    pairs: list[tuple[str, Json]] = []
    if isinstance(value, dict):
        pairs = sorted(value.items())
    elif isinstance(value, list):
        pairs = [(str(index), each) for index, each in enumerate(value)]
    return "\n".join(f"{name}/" if isinstance(each, dict | list) else name for name, each in pairs)


def _member(value: Json, step: str) -> Json:
    """The part of ``value`` that a step of a route names; None when there is none."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 6:
        return value[int(step)] if int(step) < len(value) else None
    return None


def compute(guest: Guest, version: str) -> Document:
    """The guest's ``compute`` object as that version shows it: every key that version has, every primitive a string."""
    whole = _over(EMPTY, guest.compute)
    shown = {name: _cut(value, version, name) for name, value in whole.items() if _is_in(name, version)}
    return {name: _strings(value) for name, value in sorted(shown.items())}


def network(guest: Guest) -> Document:
    """The guest's ``network`` object: the same in every version."""
    return {"interface": [_interface(nic) for nic in guest.nics]}


def _interface(nic: GuestNic) -> Document:
    address, _, prefix = nic.subnet.partition("/")
    return {
        "ipv4": {
            "ipAddress": [{"privateIpAddress": nic.private_address, "publicIpAddress": nic.public_address or ""}],
            "subnet": [{"address": address, "prefix": prefix}],
        },
        "ipv6": {"ipAddress": []},
        "macAddress": nic.mac,
    }


def _is_in(path: str, version: str) -> bool:
    """Whether ``version`` has the key. One that Azure does not have at the top is never shown."""
    since = SINCE.get(path)
    return "." in path if since is None else since <= version


def _cut(value: Json, version: str, path: str) -> Json:
    if isinstance(value, list):
        return [_cut(each, version, path) for each in value]
    if isinstance(value, dict):
        return {
            name: _cut(each, version, f"{path}.{name}")
            for name, each in value.items()
            if _is_in(f"{path}.{name}", version)
        }
    return value


def _over(below: Document, above: Document) -> Document:
    """``above`` laid over ``below``: objects are joined member by member, all else is replaced."""
    joined: Document = dict(below)
    for name, value in above.items():
        under = joined.get(name)
        joined[name] = _over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return joined


def _strings(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _strings(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_strings(each) for each in value]
    return _text(value)


def _text(value: Json) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _events(_guest: Guest, _version: str, route: list[str], _parameters: Mapping[str, str]) -> Answer:
    """No maintenance is ever planned here."""
    return not_found() if route else json_answer(200, {"DocumentIncarnation": 1, "Events": []})


def _identity(_guest: Guest, _version: str, _route: list[str], _parameters: Mapping[str, str]) -> Answer:
    """What Azure says to a machine that has no managed identity."""
    return json_answer(400, {"error": "invalid_request", "error_description": "Identity not found"})


def _load_balancer(_guest: Guest, _version: str, _route: list[str], _parameters: Mapping[str, str]) -> Answer:
    """What Azure says to a machine behind no load balancer."""
    return json_answer(404, {"error": "No load balancer metadata is found"})


def _attested(_guest: Guest, _version: str, _route: list[str], _parameters: Mapping[str, str]) -> Answer:
    """Only Azure can sign for Azure: a document signed by anyone else would be a lie."""
    return not_found()


Category = Callable[[Guest, str, list[str], Mapping[str, str]], Answer]

CATEGORIES: Final[Mapping[str, tuple[str, Category]]] = MappingProxyType({
    "attested": ("2018-10-01", _attested),
    "identity": ("2018-02-01", _identity),
    "instance": ("2017-04-02", _instance),
    "loadbalancer": ("2020-10-01", _load_balancer),
    "scheduledevents": ("2017-03-01", _events),
})  # fmt: skip
"""What can be asked for: since which version, and who answers."""


def _bad(message: str) -> Answer:
    return json_answer(400, {"error": message})


def _no_version() -> Answer:
    newest: list[Json] = list(reversed(VERSIONS[-3:]))
    message = (
        "Bad request. api-version is invalid or was not specified in the request. "
        "For more information refer to aka.ms/azureimds"
    )
    return json_answer(400, {"error": message, "newest-versions": newest})

"""Containers: made, looked at, listed, marked, deleted."""

from collections.abc import Sequence

from calco.blob import headers, xml
from calco.blob.call import Answer, Body, Call
from calco.model import blob as model
from calco.model.conditions import check_read, check_write
from calco.model.document import number_at, object_at, text_at
from calco.model.errors import ApiError
from calco.ports import Resource
from calco.work import blob as blob_work
from calco.work import container as work
from calco.work import stored_blob
from calco.work.stored_blob import State

PAGE_MAX = 5000


def page_size(call: Call) -> int:
    """``maxresults``. Raises ApiError."""
    wanted = headers.number(call.query, "maxresults")
    if wanted == 0:
        raise ApiError(
            400, "OutOfRangeQueryParameterValue", "A query parameter specified in the request URI is outside the "
            "permissible range."
        )  # fmt: skip
    return min(wanted or PAGE_MAX, PAGE_MAX)


def create(call: Call, _body: Body) -> Answer:
    if call.headers.get("x-ms-blob-public-access"):
        raise _no_public_access()
    made = work.create(call.cloud, call.home, call.address.container, headers.metadata(call.headers))
    return Answer(201, headers.version(blob_work.container_version(made)))


def _no_public_access() -> ApiError:
    return ApiError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")


def _get(call: Call) -> Resource:
    with call.cloud.records.read() as view:
        return work.get(view, call.home, call.address.container)


def get_properties(call: Call, _body: Body) -> Answer:
    found = _get(call)
    version = blob_work.container_version(found)
    check_read(headers.conditions(call.headers), version)
    told = {
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
    }
    return Answer(200, headers.version(version) | told | headers.told_metadata(found.properties))


def set_metadata(call: Call, _body: Body) -> Answer:
    check_write(headers.conditions(call.headers), blob_work.container_version(_get(call)))
    changed = work.set_metadata(call.cloud, call.home, call.address.container, headers.metadata(call.headers))
    return Answer(200, headers.version(blob_work.container_version(changed)))


def get_acl(call: Call, _body: Body) -> Answer:
    told = headers.version(blob_work.container_version(_get(call))) | {"Content-Type": "application/xml"}
    return Answer(200, told, xml.document(xml.element("SignedIdentifiers")))


def set_acl(call: Call, body: Body) -> Answer:
    """Only what changes nothing: no policy is kept, and nobody reads without a signature."""
    if call.headers.get("x-ms-blob-public-access"):
        raise _no_public_access()
    if b"<SignedIdentifier>" in bytes(body.data):
        raise ApiError(400, "FeatureNotSupportedByCalco", "Stored access policies are not supported by calco.")
    return Answer(200, headers.version(blob_work.container_version(_get(call))))


def delete(call: Call, _body: Body) -> Answer:
    check_write(headers.conditions(call.headers), blob_work.container_version(_get(call)))
    work.delete(call.cloud, call.home, call.address.container, lambda _: model.busy())
    return Answer(202)


# --- listing ---------------------------------------------------------------------------------------------------------


def list_blobs(call: Call, _body: Body) -> Answer:
    """By name; with a delimiter, what has it behind the prefix is one entry."""
    prefix, delimiter = call.query.get("prefix", ""), call.query.get("delimiter", "")
    marker, limit = call.query.get("marker", ""), page_size(call)
    with call.cloud.records.read() as view:
        home = work.get(view, call.home, call.address.container)
        records = sorted((each for each in view.children(home.id) if _name(each).startswith(prefix)), key=_name)
        entries = _entries(records, prefix, delimiter, marker, limit + 1)
        shown, more = entries[:limit], entries[limit:]
        include = set(call.query.get("include", "").split(","))
        parts = [xml.element(name, call.query[key]) for name, key in _ECHOED if call.query.get(key)]
        inner = []
        for each in shown:
            if isinstance(each, str):
                inner.append(xml.within("BlobPrefix", (xml.element("Name", each),)))
                continue
            state = stored_blob.state_of(call.cloud, view, each)
            if state is not None:
                inner.append(_blob(call, state, include))
    parts.append(xml.within("Blobs", inner))
    parts.append(xml.element("NextMarker", (_key(more[0]) if more else None)))
    attributes = " ".join(
        (
            xml.attribute("ServiceEndpoint", f"{call.cloud.rules.blob_url}/{call.address.account}/"),
            xml.attribute("ContainerName", call.address.container),
        )
    )
    body = xml.document(xml.within("EnumerationResults", parts, attributes=attributes))
    return Answer(200, {"Content-Type": "application/xml"}, body)


_ECHOED = (("Prefix", "prefix"), ("Marker", "marker"), ("MaxResults", "maxresults"), ("Delimiter", "delimiter"))


def _name(record: Resource) -> str:
    return text_at(record.properties, "name") or ""


def _key(entry: Resource | str) -> str:
    """What the next page begins with."""
    return entry if isinstance(entry, str) else _name(entry)


def _entries(
    records: Sequence[Resource], prefix: str, delimiter: str, marker: str, at_most: int
) -> list[Resource | str]:
    """Blobs and common prefixes in order, from ``marker`` on."""
    found: list[Resource | str] = []
    for each in records:
        rest = _name(each)[len(prefix) :]
        entry: Resource | str = each
        if delimiter and delimiter in rest:
            entry = prefix + rest[: rest.index(delimiter) + len(delimiter)]
        if _key(entry) < marker or (isinstance(entry, str) and found and found[-1] == entry):
            continue
        if len(found) == at_most:
            break
        found.append(entry)
    return found


def _blob(call: Call, found: State, include: set[str]) -> str:
    told = headers.of_blob(found, blob_work.now_ns(call.cloud))
    properties = [
        xml.element("Creation-Time", told["x-ms-creation-time"]),
        xml.element("Last-Modified", told["Last-Modified"]),
        xml.element("Etag", found.version.etag.strip('"')),
        xml.element("Content-Length", found.length),
    ]
    properties += [
        xml.element(name, told.get(name)) for name in ("Content-Type", "Content-Encoding", "Content-Language")
    ]
    properties += [xml.element("Content-MD5", told.get("Content-MD5")), xml.element("Cache-Control")]
    if found.is_page:
        number = number_at(found.resource.properties, "sequenceNumber") or 0
        properties.append(xml.element("x-ms-blob-sequence-number", number))
    properties += [
        xml.element("BlobType", told["x-ms-blob-type"]),
        xml.element("LeaseStatus", told["x-ms-lease-status"]),
        xml.element("LeaseState", told["x-ms-lease-state"]),
    ]
    if "x-ms-lease-duration" in told:
        properties.append(xml.element("LeaseDuration", told["x-ms-lease-duration"]))
    copy = object_at(found.resource.properties, "copy")
    if "copy" in include and copy:
        names = (("CopyId", "id"), ("CopySource", "source"), ("CopyStatus", "status"), ("CopyProgress", "progress"))
        properties += [xml.element(name, copy[member]) for name, member in names if member in copy]
    properties.append(xml.element("ServerEncrypted", "true"))
    parts = [xml.element("Name", _name(found.resource)), xml.within("Properties", properties)]
    if "metadata" in include:
        kept = object_at(found.resource.properties, "metadata")
        parts.append(xml.within("Metadata", (xml.element(name, value) for name, value in kept.items())))
    return xml.within("Blob", parts)


def lease(_call: Call, _body: Body) -> Answer:
    raise ApiError(
        400, "FeatureNotSupportedByCalco", "Leases on containers are not supported by calco. Lease the blobs in it."
    )

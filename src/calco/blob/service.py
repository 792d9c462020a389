"""What is asked of a whole account: its containers, its properties."""

from calco.blob import headers, xml
from calco.blob.call import Answer, Body, Call
from calco.blob.container import page_size
from calco.model.document import number_at, text_at
from calco.ports import Resource
from calco.work import blob as blob_work
from calco.work import container as work

_XML = {"Content-Type": "application/xml"}


def list_containers(call: Call, _body: Body) -> Answer:
    prefix, marker = call.query.get("prefix", ""), call.query.get("marker", "")
    limit = page_size(call)
    with call.cloud.records.read() as view:
        found = [each for each in work.list(view, call.home) if each.id.name.startswith(prefix)]
    found = [each for each in found if each.id.name >= marker]
    with_metadata = "metadata" in call.query.get("include", "").split(",")
    parts = [xml.element("Prefix", prefix)] if prefix else []
    parts += [xml.element("Marker", marker)] if marker else []
    parts += [xml.element("MaxResults", limit)] if "maxresults" in call.query else []
    parts.append(xml.within("Containers", (_container(each, with_metadata) for each in found[:limit])))
    parts.append(xml.element("NextMarker", found[limit].id.name if len(found) > limit else None))
    endpoint = xml.attribute("ServiceEndpoint", f"{call.cloud.rules.blob_url}/{call.address.account}/")
    return Answer(200, _XML, xml.document(xml.within("EnumerationResults", parts, attributes=endpoint)))


def _container(each: Resource, with_metadata: bool) -> str:
    changed = number_at(each.properties, "changed") or 0
    properties = (
        xml.element("Last-Modified", headers.date(changed // 1_000_000_000)),
        xml.element("Etag", blob_work.container_version(each).etag),
        xml.element("LeaseStatus", "unlocked"),
        xml.element("LeaseState", "available"),
        xml.element("HasImmutabilityPolicy", "false"),
        xml.element("HasLegalHold", "false"),
    )
    parts = [xml.element("Name", each.id.name), xml.within("Properties", properties)]
    if with_metadata:
        parts.append(xml.within("Metadata", (xml.element(n, v) for n, v in work.metadata_of(each).items())))
    return xml.within("Container", parts)


def get_properties(_call: Call, _body: Body) -> Answer:
    """No analytics, no rules: none can be set."""
    off = (xml.element("Enabled", "false"),)
    logging = (
        xml.element("Version", "1.0"),
        *(xml.element(name, "false") for name in ("Delete", "Read", "Write")),
        xml.within("RetentionPolicy", off),
    )
    metrics = (xml.element("Version", "1.0"), *off, xml.within("RetentionPolicy", off))
    parts = (
        xml.within("Logging", logging),
        xml.within("HourMetrics", metrics),
        xml.within("MinuteMetrics", metrics),
        xml.element("Cors"),
        xml.within("DeleteRetentionPolicy", off),
        xml.within("StaticWebsite", off),
    )
    return Answer(200, _XML, xml.document(xml.within("StorageServiceProperties", parts)))


def set_properties(_call: Call, body: Body) -> Answer:
    """Taken and forgotten, as long as it is what it should be: logs and metrics of an endpoint on one's own machine
    have no reader."""
    if not xml.is_well_formed(bytes(body.data), "StorageServiceProperties"):
        raise xml.invalid()
    return Answer(202)


def get_account(call: Call, _body: Body) -> Answer:
    with call.cloud.records.read() as view:
        account = blob_work.account(view, call.home)
    told = {
        "x-ms-sku-name": text_at(account.extra, "sku", "name") or "",
        "x-ms-account-kind": text_at(account.extra, "kind") or "",
        "x-ms-is-hns-enabled": "false",
    }
    return Answer(200, told)

"""Everything the blob endpoint can do, one row each.

A request is told by its method, how deep its path goes, and ``restype`` and ``comp`` of its query. Source: Azure, "Blob
service REST API"; for the letters of a SAS "Create an account SAS", "Blob service".
"""

from collections.abc import Mapping
from types import MappingProxyType

from calco.blob import blob, block, container, lease, page, service
from calco.blob.access import Needs
from calco.blob.route import Key, Route, Takes
from calco.model.blob import BLOCK_BLOB_BYTES_MAX, BLOCK_BYTES_MAX, PAGE_WRITE_BYTES_MAX
from calco.model.errors import ApiError
from calco.model.volume import MIB

_XML_BYTES_MAX = 8 * MIB
"""A list of 50,000 blocks has some 6 MB."""

_READ = Needs("r", "o", disk=True)
_READ_BLOB = Needs("r", "o")
_WRITE = Needs("w", "o")
_CREATE = Needs("cw", "o")
_WRITE_PAGES = Needs("w", "o", disk=True, writes=True)
_CONTAINER_READ = Needs("rl", "c")
_CONTAINER_WRITE = Needs("w", "c")

ROUTES: Mapping[Key, Route] = MappingProxyType(
    {
        Key("GET", "service", "", "list"): Route(service.list_containers, Needs("l", "s")),
        Key("GET", "service", "service", "properties"): Route(service.get_properties, Needs("r", "s")),
        Key("PUT", "service", "service", "properties"): Route(
            service.set_properties, Needs("w", "s"), Takes.MEMORY, _XML_BYTES_MAX
        ),
        Key("GET", "service", "account", "properties"): Route(service.get_account, Needs("rl", "s")),
        Key("HEAD", "service", "account", "properties"): Route(service.get_account, Needs("rl", "s")),
        Key("PUT", "container", "container"): Route(container.create, Needs("cw", "c")),
        Key("GET", "container", "container"): Route(container.get_properties, _CONTAINER_READ),
        Key("HEAD", "container", "container"): Route(container.get_properties, _CONTAINER_READ),
        Key("DELETE", "container", "container"): Route(container.delete, Needs("d", "c")),
        Key("GET", "container", "container", "list"): Route(container.list_blobs, Needs("l", "c")),
        Key("GET", "container", "container", "metadata"): Route(container.get_properties, _CONTAINER_READ),
        Key("HEAD", "container", "container", "metadata"): Route(container.get_properties, _CONTAINER_READ),
        Key("PUT", "container", "container", "metadata"): Route(container.set_metadata, _CONTAINER_WRITE),
        Key("GET", "container", "container", "acl"): Route(container.get_acl, _CONTAINER_READ),
        Key("PUT", "container", "container", "acl"): Route(
            container.set_acl, _CONTAINER_WRITE, Takes.MEMORY, _XML_BYTES_MAX
        ),
        Key("PUT", "container", "container", "lease"): Route(container.lease, _CONTAINER_WRITE),
        Key("GET", "container", "account", "properties"): Route(service.get_account, _CONTAINER_READ),
        Key("GET", "blob"): Route(blob.get, _READ),
        Key("HEAD", "blob"): Route(blob.get_properties, _READ),
        Key("DELETE", "blob"): Route(blob.delete, Needs("d", "o")),
        Key("PUT", "blob"): Route(
            block.put, _CREATE, Takes.VOLUME, BLOCK_BLOB_BYTES_MAX, block.prepare_put, block.receives
        ),
        Key("GET", "blob", "", "metadata"): Route(blob.get_metadata, _READ_BLOB),
        Key("HEAD", "blob", "", "metadata"): Route(blob.get_metadata, _READ_BLOB),
        Key("PUT", "blob", "", "metadata"): Route(blob.set_metadata, _WRITE),
        Key("PUT", "blob", "", "properties"): Route(blob.set_properties, _WRITE),
        Key("PUT", "blob", "", "lease"): Route(lease.act, Needs("wd", "o")),
        Key("PUT", "blob", "", "copy"): Route(blob.abort_copy, _WRITE),
        Key("PUT", "blob", "", "page"): Route(
            page.write, _WRITE_PAGES, Takes.MEMORY, PAGE_WRITE_BYTES_MAX, page.prepare
        ),
        Key("GET", "blob", "", "pagelist"): Route(page.get_ranges, _READ),
        Key("PUT", "blob", "", "block"): Route(
            block.put_block, _WRITE, Takes.VOLUME, BLOCK_BYTES_MAX, block.prepare_block
        ),
        Key("PUT", "blob", "", "blocklist"): Route(block.put_list, _WRITE, Takes.MEMORY, _XML_BYTES_MAX),
        Key("GET", "blob", "", "blocklist"): Route(block.get_list, _READ_BLOB),
    }
)


def find(method: str, level: str, query: Mapping[str, str]) -> Route:
    """Raises ApiError: 405 for a method that is none here, 400 for what calco does not have."""
    restype, comp = query.get("restype", "").lower(), query.get("comp", "").lower()
    found = ROUTES.get(Key(method, level, restype, comp))
    if found is not None:
        return found
    if not any(each.method == method for each in ROUTES):
        raise ApiError(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")
    raise ApiError(
        400,
        "UnsupportedQueryParameter",
        "One of the query parameters specified in the request URI is not supported: "
        f"calco has no {method} of a {level} with restype '{restype[:40]}' and comp '{comp[:40]}'.",
    )

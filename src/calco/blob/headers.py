"""What a request's headers say, and what an answer's tell. Every value is text from outside until it is read here.

Source: Azure, "Common headers", "Get Blob", "Put Blob", "Specifying the range header for Blob service operations".
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from calco.model import blob as model
from calco.model import lease
from calco.model.conditions import Conditions, Version
from calco.model.document import Document, number_at, object_at, text_at, text_map
from calco.model.errors import ApiError
from calco.model.ids import is_guid
from calco.work.page_blob import Pages, SequenceRule
from calco.work.stored_blob import State

Headers = Mapping[str, str]

CONTENT = {
    "contentType": "content-type",
    "contentEncoding": "content-encoding",
    "contentLanguage": "content-language",
    "contentDisposition": "content-disposition",
    "cacheControl": "cache-control",
    "contentMD5": "content-md5",
}
"""Members of a blob's ``content``, and the headers they are answered as; ``x-ms-blob-*`` sets them."""

_META = "x-ms-meta-"
_META_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"\d{1,18}")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")


# --- reading ---------------------------------------------------------------------------------------------------------


def number(headers: Headers, name: str) -> int | None:
    """A whole number that is not negative; None when the header is absent. Raises ApiError."""
    text = headers.get(name)
    if text is None or text == "":
        return None
    if not _NUMBER.fullmatch(text):
        raise model.bad_header(name, text)
    return int(text)


def needed_number(headers: Headers, name: str) -> int:
    """Raises ApiError when it is absent."""
    found = number(headers, name)
    if found is None:
        raise model.missing_header(name)
    return found


def metadata(headers: Headers) -> dict[str, str]:
    """``x-ms-meta-*``. Raises ApiError: names are identifiers, and all together are 8 KiB at most."""
    found = {name.removeprefix(_META): value for name, value in headers.items() if name.startswith(_META)}
    for name in found:
        if not _META_NAME.fullmatch(name):
            raise ApiError(400, "InvalidMetadata", "The specified metadata is invalid. It includes characters that are "
                           "not permitted.")  # fmt: skip
    if sum(len(name) + len(value) for name, value in found.items()) > model.METADATA_BYTES_MAX:
        raise ApiError(
            400, "MetadataTooLarge", "The size of the specified metadata exceeds the maximum size permitted."
        )
    return found


def content(headers: Headers) -> Document:
    """What ``x-ms-blob-content-*`` sets; Content-Type stands in for its own. Raises ApiError."""
    document: Document = {}
    for member, name in CONTENT.items():
        value = headers.get(f"x-ms-blob-{name}")
        if value:
            document[member] = value
    if "contentMD5" in document:
        md5(headers, "x-ms-blob-content-md5")
    if "contentType" not in document:
        document["contentType"] = headers.get("content-type") or "application/octet-stream"
    return document


def md5(headers: Headers, name: str) -> bytes | None:
    """A hash in base64; None when absent. Raises ApiError."""
    text = headers.get(name)
    if not text:
        return None
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != 16:
        what = "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded."
        raise ApiError(400, "InvalidMd5", what)
    return found


def md5_mismatch() -> ApiError:
    what = "The MD5 value specified in the request did not match the MD5 value calculated by the server."
    return ApiError(400, "Md5Mismatch", what)


def conditions(headers: Headers, prefix: str = "") -> Conditions:
    """If-Match and its kin, and the lease; ``prefix`` ``x-ms-source-`` for a copy's source. Raises ApiError."""
    lease_id = headers.get("x-ms-lease-id") if not prefix else headers.get("x-ms-source-lease-id")
    return Conditions(
        if_match=headers.get(f"{prefix}if-match") or None,
        if_none_match=headers.get(f"{prefix}if-none-match") or None,
        if_modified_since=_moment(headers, f"{prefix}if-modified-since"),
        if_unmodified_since=_moment(headers, f"{prefix}if-unmodified-since"),
        lease=None if not lease_id else guid("x-ms-lease-id", lease_id),
    )


def guid(name: str, text: str) -> str:
    """Raises ApiError."""
    if not is_guid(text):
        raise model.bad_header(name, text)
    return text.lower()


def _moment(headers: Headers, name: str) -> int | None:
    text = headers.get(name)
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError) as malformed:
        raise model.bad_header(name, text) from malformed
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())


def sequence_rule(headers: Headers) -> SequenceRule:
    """Raises ApiError."""
    return SequenceRule(
        at_most=number(headers, "x-ms-if-sequence-number-le"),
        below=number(headers, "x-ms-if-sequence-number-lt"),
        equal=number(headers, "x-ms-if-sequence-number-eq"),
    )


def byte_range(headers: Headers, length: int) -> tuple[int, int] | None:
    """(offset, length) of the range asked for, cut to ``length``; None when all is. Raises ApiError.

    Azure takes one range with a beginning; another form is none at all (RFC 9110 lets a server pass over it).
    """
    text = headers.get("x-ms-range") or headers.get("range")
    found = _RANGE.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    first, last = int(found[1]), int(found[2]) if found[2] else length - 1
    if first >= length or last < first:
        raise model.bad_range()
    return first, min(last, length - 1) - first + 1


def page_range(headers: Headers) -> Pages:
    """The pages a write is for. Raises ApiError."""
    text = headers.get("x-ms-range") or headers.get("range")
    if not text:
        raise model.missing_header("x-ms-range")
    found = _RANGE.fullmatch(text.strip())
    if found is None or not found[2]:
        raise model.bad_header("x-ms-range", text)
    return Pages(int(found[1]), int(found[2]) - int(found[1]) + 1)


# --- telling ---------------------------------------------------------------------------------------------------------


def date(seconds: int) -> str:
    """As HTTP writes times."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def version(it: Version) -> dict[str, str]:
    return {"ETag": it.etag, "Last-Modified": date(it.modified)}


def told_metadata(properties: Document) -> dict[str, str]:
    return {f"{_META}{name}": value for name, value in text_map(object_at(properties, "metadata")).items()}


def of_blob(found: State, now: int) -> dict[str, str]:
    """Everything a HEAD tells but Content-Length."""
    properties = found.resource.properties
    headers = version(found.version) | {"Accept-Ranges": "bytes", "x-ms-server-encrypted": "true"}
    for member, name in CONTENT.items():
        value = text_at(properties, "content", member)
        if value:
            headers[name.title().replace("Md5", "MD5")] = value
    headers["x-ms-blob-type"] = text_at(properties, "blobType") or ""
    if found.is_page:
        headers["x-ms-blob-sequence-number"] = str(number_at(properties, "sequenceNumber") or 0)
    headers["x-ms-creation-time"] = date((number_at(properties, "created") or 0) // 1_000_000_000)
    return headers | told_lease(found.lease, now) | told_copy(object_at(properties, "copy")) | told_metadata(properties)


def told_lease(held: lease.Lease, now: int) -> dict[str, str]:
    state = held.state_at(now)
    headers = {"x-ms-lease-status": held.status_at(now), "x-ms-lease-state": state.value}
    if state is lease.State.LEASED:
        headers["x-ms-lease-duration"] = "infinite" if held.seconds == lease.INFINITE else "fixed"
    return headers


def told_copy(copy: Document) -> dict[str, str]:
    """What is known of the copy that made the blob; nothing when none did."""
    names = {"id": "x-ms-copy-id", "status": "x-ms-copy-status", "source": "x-ms-copy-source"}
    names |= {"progress": "x-ms-copy-progress", "completed": "x-ms-copy-completion-time"}
    told = {names[member]: value for member, value in text_map(copy).items() if member in names}
    return told if "x-ms-copy-id" in told else {}

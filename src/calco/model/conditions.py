"""What a request makes its effect depend on: ETags, times, and the id of a lease.

Source: Azure, "Specifying conditional headers for Blob service operations"; RFC 9110, section 13.
"""

from dataclasses import dataclass

from calco.model import blob, lease
from calco.model.errors import ApiError
from calco.model.lease import Lease


@dataclass(frozen=True)
class Version:
    """One state of a blob or container. ``etag`` has its quotes; ``modified`` is in whole seconds since 1970."""

    etag: str
    modified: int


@dataclass(frozen=True)
class Conditions:
    """None: not asked for. ETag lists are as they came; times are in seconds since 1970."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: int | None = None
    if_unmodified_since: int | None = None
    lease: str | None = None


NONE = Conditions()


def check_read(asked: Conditions, there: Version) -> None:
    """Raises ApiError 304 or 412."""
    if not _may_be(asked, there):
        raise blob.condition_not_met()
    unchanged = asked.if_none_match is not None and _names(asked.if_none_match, there.etag)
    since = asked.if_modified_since
    if unchanged or (asked.if_none_match is None and since is not None and there.modified <= since):
        raise ApiError(304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def check_write(asked: Conditions, there: Version | None) -> None:
    """``there`` None: there is nothing yet. Raises ApiError 412, or 409 when it must not be there and is."""
    if there is None:
        if asked.if_match is not None:
            raise blob.condition_not_met()
        return
    if asked.if_none_match is not None and asked.if_none_match.strip() == "*":
        raise blob.blob_exists()
    since = asked.if_modified_since
    if (
        not _may_be(asked, there)
        or (asked.if_none_match is not None and _names(asked.if_none_match, there.etag))
        or (since is not None and there.modified <= since)
    ):
        raise blob.condition_not_met()


def check_lease(asked: Conditions, held: Lease, now: int, *, writing: bool) -> None:
    """Raises ApiError 412."""
    (lease.check_write if writing else lease.check_read)(held, asked.lease, now)


def _may_be(asked: Conditions, there: Version) -> bool:
    if asked.if_match is not None and not _names(asked.if_match, there.etag):
        return False
    return asked.if_unmodified_since is None or there.modified <= asked.if_unmodified_since


def _names(listed: str, etag: str) -> bool:
    """Whether a list of ETags has this one. Some clients leave the quotes out."""
    each = {one.strip().removeprefix("W/").strip('"') for one in listed.split(",")}
    return "*" in each or etag.strip('"') in each

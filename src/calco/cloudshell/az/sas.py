"""Shared access signatures, made from an account's key without asking anybody.

Sources: Azure, "Create an account SAS", "Create a service SAS" (version 2019-12-12).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

VERSION = "2019-12-12"
HOUR = timedelta(hours=1)
"""For how long a signature is good that nobody said the end of. Source: Microsoft Learn, New-AzStorageBlobSASToken."""


class BadKey(Exception):
    """What was given as an account's key is none."""


@dataclass(frozen=True)
class Grant:
    """What a signature allows: ``permissions`` are Azure's letters, ``protocol`` "https" or "https,http" or empty."""

    permissions: str
    until: datetime
    since: datetime | None = None
    protocol: str = ""
    addresses: str = ""

    def times(self) -> dict[str, str]:
        return {"sp": self.permissions, "st": _moment(self.since), "se": _moment(self.until)}


def account_token(account: str, key: str, grant: Grant, *, services: str = "b", resources: str = "sco") -> str:
    """A query that opens the whole account. Raises BadKey."""
    said = grant.times()
    lines = (
        account, said["sp"], services, resources, said["st"], said["se"], grant.addresses, grant.protocol, VERSION, "",
    )  # fmt: skip
    query = {**said, "sv": VERSION, "ss": services, "srt": resources, "spr": grant.protocol, "sip": grant.addresses}
    return _signed(query, key, "\n".join(lines))


def blob_token(account: str, key: str, grant: Grant, container: str, blob: str = "") -> str:
    """A query that opens a blob, or without one a container. Raises BadKey."""
    said, kind = grant.times(), "b" if blob else "c"
    place = f"/blob/{account}/{container}" + (f"/{blob}" if blob else "")
    lines = (
        said["sp"], said["st"], said["se"], place, "", grant.addresses, grant.protocol, VERSION, kind, "",
        "", "", "", "", "",  # headers that the signature wants in answers
    )  # fmt: skip
    query = {**said, "sv": VERSION, "sr": kind, "spr": grant.protocol, "sip": grant.addresses}
    return _signed(query, key, "\n".join(lines))


def _signed(query: Mapping[str, str], key: str, text: str) -> str:
    try:
        secret = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise BadKey("The account's key is not valid base64: copy it again.") from None
    signature = base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode()
    kept = {name: value for name, value in query.items() if value}
    return urlencode({**kept, "sig": signature}, quote_via=quote, safe="")


def _moment(time: datetime | None) -> str:
    return "" if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

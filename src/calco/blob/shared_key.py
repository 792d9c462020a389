"""Shared Key: a request signed with an account's key.

Source: Azure, "Authorize with Shared Key" (Blob service, version 2009-09-19 and later).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from calco.model.errors import ApiError

SKEW = timedelta(minutes=15)

_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def failed(why: str = "") -> ApiError:
    """``why`` is ours: Azure puts it into another member of the same answer."""
    said = (
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
        "including the signature."
    )
    return ApiError(403, "AuthenticationFailed", f"{said} {why}".rstrip())


def check(
    method: str,
    account: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    *,
    keys: Iterable[str],
    now: datetime,
) -> None:
    """Whether ``Authorization: SharedKey account:signature`` was made with one of ``keys`` (base64), not long ago.

    ``path`` is as it came, ``query`` decoded. Raises ApiError 403; why a signature is wrong is never told apart.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    named, _, shown = given.partition(":")
    if scheme.lower() != "sharedkey" or named.lower() != account.lower():
        raise failed("The scheme or the account in the Authorization header is not this account's.")
    _check_date(headers, now)
    texts = strings_to_sign(method, account, path, query, headers)
    if not any(same(signature(key, text), shown) for key in keys for text in texts):
        raise failed()


def _check_date(headers: Mapping[str, str], now: datetime) -> None:
    try:
        moment = parsedate_to_datetime(headers.get("x-ms-date") or headers.get("date") or "")
    except (ValueError, TypeError, IndexError) as malformed:
        raise failed("Request date header is missing or not in the correct format.") from malformed
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if abs(moment - now) > SKEW:
        raise failed("Request date header too old: it differs from the server's clock by more than 15 minutes.")


def strings_to_sign(
    method: str, account: str, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str]
) -> set[str]:
    """The texts a signature may be made over: mostly one.

    Azure's document has headers in the order of their characters and white space as one blank; the service itself and
    most of its clients put an underscore before digits, pass over hyphens, and leave blanks alone.
    """
    values = {name: headers.get(name, "") for name in _SIGNED}
    if "x-ms-date" in headers:
        values["date"] = ""
    if values["content-length"] == "0" and headers.get("x-ms-version", "9999") >= "2015-02-21":
        values["content-length"] = ""
    first, last = "\n".join([method, *values.values()]), _resource(account, path, query)
    ours = [(name, value.strip()) for name, value in headers.items() if name.startswith("x-ms-")]
    blanks = [(name, " ".join(value.split())) for name, value in ours]
    orders = (sorted(each, key=order) for each in (ours, blanks) for order in (_by_characters, _by_weight))
    return {"\n".join([first, *(f"{name}:{value}" for name, value in each), last]) for each in orders}


def _by_characters(header: tuple[str, str]) -> str:
    return header[0]


def _by_weight(header: tuple[str, str]) -> str:
    """Source: azure-storage-blob, _shared/authentication.py, whose tables imitate the service."""
    return header[0].replace("-", "").replace("_", " ")


def _resource(account: str, path: str, query: Sequence[tuple[str, str]]) -> str:
    by_name: dict[str, list[str]] = {}
    for name, value in query:
        by_name.setdefault(name.lower(), []).append(value)
    return f"/{account}{path}" + "".join(f"\n{name}:{','.join(sorted(by_name[name]))}" for name in sorted(by_name))


def signature(key: str, text: str) -> str:
    """In base64, as it stands in a SAS. ``key`` is base64 too."""
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def same(one: str, other: str) -> bool:
    """Whether two signatures in base64 are the same; takes as long for a near miss as for any."""
    return hmac.compare_digest(_decoded(one), _decoded(other))


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""

"""Shared access signatures: what a URL with one may do, for how long, from where.

Of an account (``ss``, ``srt``) and of a container or blob (``sr``), signed with an account key. Those that lean on a
stored policy (``si``) or on a user's delegation key (``skoid``) are refused: neither can be made here.
Sources: Azure, "Create an account SAS", "Create a service SAS".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

from calco.blob import shared_key
from calco.blob.address import Address
from calco.model.errors import ApiError

_RESPONSE = {
    "rscc": "cache-control",
    "rscd": "content-disposition",
    "rsce": "content-encoding",
    "rscl": "content-language",
    "rsct": "content-type",
}


@dataclass(frozen=True)
class Signed:
    """What a good signature allows: permission letters, kinds of resource (``s``, ``c``, ``o``), and headers it wants
    in answers."""

    permissions: frozenset[str]
    resources: frozenset[str]
    headers: Mapping[str, str]


def is_present(query: Mapping[str, str]) -> bool:
    return "sig" in query


def check(
    query: Mapping[str, str], address: Address, *, keys: Iterable[str], now: datetime, scheme: str, caller: str
) -> Signed:
    """What the signature in ``query`` allows at ``address``. Raises ApiError 403."""
    text, resources = _text(query, address)
    given = query.get("sig", "")
    if not any(shared_key.same(shared_key.signature(key, text), given) for key in keys):
        raise shared_key.failed()
    _check_times(query, now)
    _check_way(query, scheme, caller)
    headers = {header: query[name] for name, header in _RESPONSE.items() if query.get(name)}
    return Signed(frozenset(query.get("sp", "")), resources, headers)


def _text(query: Mapping[str, str], address: Address) -> tuple[str, frozenset[str]]:
    """The text that was signed, and the kinds of resource it speaks of. Raises ApiError."""
    version = query.get("sv", "")
    if "skoid" in query or "si" in query:
        raise shared_key.failed("Stored access policies and user delegation keys are not supported by calco.")
    if len(version) != 10 or version < "2015-04-05":
        raise shared_key.failed("The signed version must be 2015-04-05 or later.")
    if "ss" in query or "srt" in query:
        if "b" not in query.get("ss", ""):
            raise ApiError(403, "AuthorizationServiceMismatch", _NOT_AUTHORIZED.format("service"))
        return _account_text(query, address.account, version), frozenset(query.get("srt", ""))
    return _service_text(query, address, version)


_NOT_AUTHORIZED = "This request is not authorized to perform this operation using this {}."


def _account_text(query: Mapping[str, str], account: str, version: str) -> str:
    names = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
    lines = [account, *(query.get(name, "") for name in names)]
    if version >= "2020-12-06":
        lines.append(query.get("ses", ""))
    return "\n".join(lines) + "\n"


def _service_text(query: Mapping[str, str], address: Address, version: str) -> tuple[str, frozenset[str]]:
    kind = query.get("sr", "")
    match kind:
        case "c":
            signed, resources = f"/blob/{address.account}/{address.container}", frozenset("co")
        case "b":
            signed, resources = f"/blob/{address.account}/{address.container}/{address.blob}", frozenset("o")
        case _:
            raise shared_key.failed("The signed resource must be a blob (b) or a container (c).")
    first = [query.get(name, "") for name in ("sp", "st", "se")]
    middle = [query.get(name, "") for name in ("si", "sip", "spr", "sv")]
    newer = [kind, ""] if version >= "2018-11-09" else []
    scope = [query.get("ses", "")] if version >= "2020-12-06" else []
    answers = [query.get(name, "") for name in _RESPONSE]
    return "\n".join([*first, signed, *middle, *newer, *scope, *answers]), resources


def _check_times(query: Mapping[str, str], now: datetime) -> None:
    begin, end = query.get("st", ""), query.get("se", "")
    if not end:
        raise shared_key.failed("The signature has no end.")
    if begin and now < _moment(begin):
        raise shared_key.failed("Signature not valid in the specified time frame: it has not begun.")
    if now >= _moment(end):
        raise shared_key.failed("Signature not valid in the specified time frame: it has ended.")


def _moment(text: str) -> datetime:
    """Raises ApiError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as malformed:
        raise shared_key.failed("Signature fields not well formed.") from malformed
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_way(query: Mapping[str, str], scheme: str, caller: str) -> None:
    protocols = query.get("spr", "")
    if protocols and scheme not in protocols.split(","):
        raise ApiError(403, "AuthorizationProtocolMismatch", _NOT_AUTHORIZED.format("protocol"))
    addresses = query.get("sip", "")
    if addresses:
        first, _, last = addresses.partition("-")
        try:
            mine = ip_address(caller)
            inside = ip_address(first).packed <= mine.packed <= ip_address(last or first).packed
        except ValueError as malformed:
            raise shared_key.failed("Signature fields not well formed.") from malformed
        if not inside:
            raise ApiError(403, "AuthorizationSourceIPMismatch", _NOT_AUTHORIZED.format("source IP"))


def check_allows(signed: Signed, permissions: str, resource: str) -> None:
    """Whether one of ``permissions`` is among those given, for that kind of resource. Raises ApiError 403."""
    if resource not in signed.resources:
        raise ApiError(403, "AuthorizationResourceTypeMismatch", _NOT_AUTHORIZED.format("resource type"))
    if not signed.permissions & set(permissions):
        raise ApiError(403, "AuthorizationPermissionMismatch", _NOT_AUTHORIZED.format("permission"))

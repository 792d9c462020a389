"""Who may do this: Shared Key, a shared access signature of an account, or that of a disk."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from calco.blob import sas, shared_key
from calco.blob.address import Address
from calco.model.access import BLOB_NAME
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.ports import Reader
from calco.work import blob as blob_work
from calco.work import shared_disk, storage_account
from calco.work.cloud import Cloud
from calco.work.shared_disk import SharedDisk

DISK_PREFIX = "md-"
"""How the accounts in disks' URLs begin, as in Azure; no storage account can be called so."""


@dataclass(frozen=True)
class Needs:
    """The right a route takes. ``permissions``: one of these letters of a SAS; ``resource``: ``s``, ``c`` or ``o``.
    ``disk``: whether the SAS of a disk will do, ``writes``: only if it is that of an upload."""

    permissions: str
    resource: str
    disk: bool = False
    writes: bool = False


@dataclass(frozen=True)
class Asked:
    """A request before its signature is checked. Names are in lower case."""

    method: str
    address: Address
    headers: Mapping[str, str]
    pairs: Sequence[tuple[str, str]]
    scheme: str
    caller: str

    @property
    def query(self) -> Mapping[str, str]:
        return dict(self.pairs)


@dataclass(frozen=True)
class Allowed:
    """Exactly one of ``account`` and ``disk`` is there."""

    account: ResourceId | None = None
    disk: SharedDisk | None = None
    prefers: Mapping[str, str] = field(default_factory=dict)


def check(cloud: Cloud, asked: Asked, needs: Needs) -> Allowed:
    """Who is asking may do what the route needs. Raises ApiError 401, 403, 404."""
    with cloud.records.read() as view:
        if asked.address.account.startswith(DISK_PREFIX):
            return Allowed(disk=_disk(cloud, view, asked, needs))
        return _account(cloud, view, asked, needs)


def _account(cloud: Cloud, view: Reader, asked: Asked, needs: Needs) -> Allowed:
    id = blob_work.account_id(view, asked.address.account)
    account = None if id is None else view.resource(id)
    if account is None:
        raise ApiError(
            404,
            "ResourceNotFound",
            f"The specified resource does not exist: there is no storage account '{asked.address.account[:64]}' here.",
        )
    keys = [each.value for each in storage_account.keys_of(account)]
    now, query = cloud.clock.now(), asked.query
    if sas.is_present(query):
        signed = sas.check(query, asked.address, keys=keys, now=now, scheme=asked.scheme, caller=asked.caller)
        sas.check_allows(signed, needs.permissions, needs.resource)
        return Allowed(account.id, None, signed.headers)
    given = asked.headers.get("authorization")
    if given is None:
        raise _nobody()
    if given[:7].lower() == "bearer ":
        raise shared_key.failed(
            "Tokens are not supported by calco's blob endpoint: use an account key, a connection string or a SAS."
        )
    name, path = asked.address.account, asked.address.signed_path
    shared_key.check(asked.method, name, path, asked.pairs, asked.headers, keys=keys, now=now)
    return Allowed(account.id)


def _nobody() -> ApiError:
    return ApiError(
        401,
        "NoAuthenticationInformation",
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    )


def _disk(cloud: Cloud, view: Reader, asked: Asked, needs: Needs) -> SharedDisk:
    """The disk behind a SAS. One that has ended, or was never given, is refused like a wrong one."""
    query, address = asked.query, asked.address
    grant = shared_disk.find(cloud, view, address.account, address.container)
    if (
        grant is None
        or address.blob != BLOB_NAME
        or query.get("sr") != "b"
        or query.get("si", "").lower() != grant.identifier.lower()
        or not hmac.compare_digest(grant.signature().encode(), query.get("sig", "").encode())
    ):
        raise shared_key.failed("The access signature is not valid (any more): call BeginGetAccess for a new one.")
    if not needs.disk or (needs.writes and not grant.write):
        raise ApiError(
            403,
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission. The SAS of a disk allows "
            "to read it as a page blob; that of an upload, to write pages.",
        )
    return shared_disk.shared(cloud, view, grant)


def check_source(cloud: Cloud, asked: Asked, allowed: Allowed) -> Allowed:
    """A copy's source: what the copier's own account holds, or what the source's URL is signed for. Raises ApiError."""
    needs = Needs("r", "o", disk=True)
    try:
        if sas.is_present(asked.query):
            return check(cloud, asked, needs)
        with cloud.records.read() as view:
            id = blob_work.account_id(view, asked.address.account)
    except ApiError as refusal:
        raise _unverified(refusal.message) from refusal
    if id is None or allowed.account is None or id.key != allowed.account.key:
        raise _unverified("It is not in this account, and its URL has no signature.")
    return allowed


def _unverified(why: str) -> ApiError:
    return ApiError(403, "CannotVerifyCopySource", f"Could not verify the copy source. {why}")

"""Users and service principals on the wire. Azure keeps them in Microsoft Graph, which calco does not speak; so they
have a provider of calco's own, guarded by the rights over access: who may not assign roles may not make principals.

A secret is in the answer to the request that made it, once.
"""

from datetime import datetime

import msgspec

from calco.arm.call import Answer, Call, listed, ok
from calco.arm.reading import fit
from calco.model.document import Document
from calco.model.principal import Principal, PrincipalType
from calco.work import principal as work
from calco.work.principal import Issued

TYPES = {PrincipalType.USER: "Calco/users", PrincipalType.SERVICE_PRINCIPAL: "Calco/servicePrincipals"}


class _Wishes(msgspec.Struct, rename="camel"):
    password: str | None = None
    expires_in_days: int | None = None


class _Body(msgspec.Struct):
    properties: _Wishes = msgspec.field(default_factory=_Wishes)


class Principals:
    """The handlers of one type."""

    def __init__(self, type: PrincipalType) -> None:
        self._type = type

    def list(self, call: Call) -> Answer:
        with call.cloud.records.read() as view:
            return listed([_show(call, each) for each in work.listed(view, self._type)])

    def get(self, call: Call) -> Answer:
        with call.cloud.records.read() as view:
            return ok(_show(call, work.found(view, self._type, call.variables["name"])))

    def put(self, call: Call) -> Answer:
        body, _ = fit(call.body, _Body)
        wishes = body.properties
        issued = work.create(
            call.cloud, self._type, call.variables["name"], password=wishes.password, days=wishes.expires_in_days
        )
        return Answer(201, _show_issued(call, issued))

    def rotate(self, call: Call) -> Answer:
        body, _ = fit(call.body, _Body)
        wishes = body.properties
        issued = work.rotate(
            call.cloud, self._type, call.variables["name"], password=wishes.password, days=wishes.expires_in_days
        )
        return ok(_show_issued(call, issued))

    def delete(self, call: Call) -> Answer:
        return Answer(200 if work.delete(call.cloud, self._type, call.variables["name"]) else 204)


def _show(call: Call, principal: Principal) -> Document:
    properties: Document = {
        "objectId": principal.object_id,
        "principalType": principal.type.value,
        "tenantId": call.tenant,
        "createdOn": _utc(principal.created_at),
        "secretExpiresOn": _utc(principal.secret.expires_at),
        "secretExpired": not principal.secret.is_good(call.cloud.clock.now()),
    }
    if principal.type is PrincipalType.USER:
        properties["userPrincipalName"] = principal.name
    else:
        properties["appId"] = principal.client_id
    type = TYPES[principal.type]
    return {
        "id": f"/subscriptions/{call.subscription}/providers/{type}/{principal.name}",
        "name": principal.name,
        "type": type,
        "properties": properties,
    }


def _show_issued(call: Call, issued: Issued) -> Document:
    shown = _show(call, issued.principal)
    properties = shown["properties"]
    assert isinstance(properties, dict)
    return {**shown, "properties": {**properties, "password": issued.secret}}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

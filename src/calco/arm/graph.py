"""As much of Microsoft Graph as az asks for when it deals with roles: whose an object id is, and what somebody's is.

It only reads, and takes the rights that the same questions take in Resource Manager
(``Microsoft.Authorization/users/read`` and ``servicePrincipals/read`` on the subscription); who lacks them all is
refused in Graph's words. Users and service principals are made by ``calco user`` and ``calco sp``.
Sources: az 2.91's requests; Microsoft Graph v1.0, "directoryObject: getByIds", "List users", "List servicePrincipals".
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from calco import request_body
from calco.arm import reading
from calco.model import errors
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.principal import Caller, Principal, PrincipalType
from calco.work import principal, role_assignment
from calco.work.cloud import Cloud

READ = {
    PrincipalType.USER: "Microsoft.Authorization/users/read",
    PrincipalType.SERVICE_PRINCIPAL: "Microsoft.Authorization/servicePrincipals/read",
}
IDS_MAX = 1000
"""Source: Microsoft Graph, getByIds."""
BODY_BYTES_MAX = 128 * 1024
_FILTER = re.compile(
    r"(?:(?:servicePrincipalNames/any\(\w+:\w+|userPrincipalName|displayName|appId|id) eq '(?P<name>[^']{1,256})'\)?)?"
)
_SEARCHED = ("id", "appId", "displayName", "userPrincipalName")

Who = Callable[[Request], Caller]
"""Who sent a request. Raises ApiError 401."""


def routes(cloud: Cloud, who: Who, owner: Caller) -> list[Route]:
    """``owner`` is whom ``calco env`` names: no record has him."""
    on = _Graph(cloud, who, owner)
    return [
        Route("/v1.0/directoryObjects/getByIds", on.answer(on.by_ids), methods=["POST"]),
        Route("/v1.0/users", on.answer(on.users), methods=["GET"]),
        Route("/v1.0/servicePrincipals", on.answer(on.service_principals), methods=["GET"]),
    ]


@dataclass(frozen=True)
class Question:
    """Who asks, and what."""

    caller: Caller
    filter: str
    body: Document


class _Graph:
    def __init__(self, cloud: Cloud, who: Who, owner: Caller) -> None:
        self._cloud = cloud
        self._who = who
        self._owner = owner

    def answer(self, ask: Callable[[Question], list[Document]]) -> Callable[[Request], Awaitable[Response]]:
        """``ask`` on the wire, in a thread: it looks into the records."""

        async def served(request: Request) -> Response:
            try:
                # First, so that nobody unknown has a body read.
                caller = self._who(request)
                body = reading.decode(await _body(request)) if request.method == "POST" else {}
                found: list[Json] = list(
                    await to_thread.run_sync(ask, Question(caller, request.query_params.get("$filter", ""), body))
                )
                return _show(200, {"value": found})
            except ApiError as refusal:
                shown = _show(refusal.status, {"error": {"code": refusal.code, "message": refusal.message}})
                if refusal.status in (408, 413):  # the rest of its body may still be to come
                    shown.headers["Connection"] = "close"
                return shown
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it

        return served

    def by_ids(self, question: Question) -> list[Document]:
        ids = question.body.get("ids")
        if not isinstance(ids, list) or len(ids) > IDS_MAX:
            raise ApiError(400, "Request_BadRequest", f"'ids' is expected, at most {IDS_MAX} of them.")
        wanted = {each.lower() for each in ids if isinstance(each, str)}
        return [each for each in self._known(question.caller, *PrincipalType) if each["id"] in wanted]

    def users(self, question: Question) -> list[Document]:
        return _filtered(question.filter, self._known(question.caller, PrincipalType.USER))

    def service_principals(self, question: Question) -> list[Document]:
        return _filtered(question.filter, self._known(question.caller, PrincipalType.SERVICE_PRINCIPAL))

    def _known(self, caller: Caller, *types: PrincipalType) -> list[Document]:
        """Those of the types that the caller may read, the owner first. Raises ApiError 403 when that is no type."""
        rights = role_assignment.rights_of(self._cloud, caller)
        place = f"/subscriptions/{self._cloud.rules.subscription}"
        allowed = [each for each in types if rights.allow(READ[each], place)]
        if not allowed:
            raise ApiError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        owners = [_service_principal(self._owner.object_id, self._owner.client_id, "calco env")]
        known = owners if PrincipalType.SERVICE_PRINCIPAL in allowed else []
        with self._cloud.records.read() as view:
            return [*known, *(_shown(each) for type in allowed for each in principal.listed(view, type))]


def _shown(it: Principal) -> Document:
    if it.type is PrincipalType.SERVICE_PRINCIPAL:
        return _service_principal(it.object_id, it.client_id, it.name)
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": it.object_id,
        "displayName": it.name,
        "userPrincipalName": it.name,
    }


def _service_principal(object_id: str, client_id: str, name: str) -> Document:
    return {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": object_id,
        "appId": client_id,
        "displayName": name,
        # az shows the first as the principal's name, and finds one by any of them.
        "servicePrincipalNames": [name, client_id],
    }


def _filtered(filter: str, known: Sequence[Document]) -> list[Document]:
    asked = _FILTER.fullmatch(filter)
    if asked is None:
        raise ApiError(
            400,
            "Request_UnsupportedQuery",
            "Users and service principals are found by userPrincipalName, displayName, appId, id or "
            "servicePrincipalNames/any(c:c eq '...').",
        )
    name = asked["name"]
    if name is None:
        return list(known)
    return [each for each in known if name.lower() in {str(each.get(member, "")).lower() for member in _SEARCHED}]


async def _body(request: Request) -> bytes:
    try:
        return await request_body.read(request, BODY_BYTES_MAX)
    except request_body.TooLarge:
        raise ApiError(413, "Request_BadRequest", f"A request has at most {BODY_BYTES_MAX} bytes.") from None
    except request_body.TooSlow:
        raise errors.too_slow() from None


def _show(status: int, body: Document) -> Response:
    return Response(msgspec.json.encode(body), status, {"Cache-Control": "no-store"}, "application/json; charset=utf-8")

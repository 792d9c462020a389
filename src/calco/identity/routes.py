"""The authority on the wire: token endpoints, discovery documents and public keys, in Entra's and in AD FS's style.

No call here needs a token. Bodies are forms of a bounded size.
"""

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from calco.identity.authority import Answer, Authority
from calco.identity.form import BadForm, Limits, read_pairs
from calco.identity.place import Place

FORM_LIMITS = Limits(bytes_max=64 * 1024, fields_max=50)
PREFIXES = ("/adfs", "/adfs/{tenant}", "/{tenant}")
SECRETS_AT_ONCE = 4
"""Each check of a secret takes 16 MiB; whoever sends many waits in line instead of filling this machine's memory."""
HEADERS = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}


def routes(authority: Authority) -> list[Route]:
    """Everything below ``/{tenant}``, ``/adfs`` and ``/common`` that clients ask for before they have a token."""
    on = _Wire(authority)
    discovery = ".well-known/openid-configuration"
    found = [Route("/common/discovery/instance", on.instance, methods=["GET"])]
    for prefix in PREFIXES:
        found += [
            Route(f"{prefix}/oauth2/token", on.token, methods=["POST"]),
            Route(f"{prefix}/oauth2/v2.0/token", on.token, methods=["POST"]),
            Route(f"{prefix}/oauth2/devicecode", on.device_code, methods=["POST", "GET"]),
            Route(f"{prefix}/oauth2/v2.0/devicecode", on.device_code, methods=["POST", "GET"]),
            Route(f"{prefix}/{discovery}", on.configuration, methods=["GET"]),
            Route(f"{prefix}/v2.0/{discovery}", on.configuration, methods=["GET"]),
            Route(f"{prefix}/discovery/keys", on.keys, methods=["GET"]),
            Route(f"{prefix}/discovery/v2.0/keys", on.keys, methods=["GET"]),
        ]
    return found


def base_url(asked: HTTPConnection) -> str:
    """Scheme and host as the caller used them: links must lead back the way the caller came. A websocket is asked for
    by a page of the same place, whose scheme is http's."""
    scheme = {"ws": "http", "wss": "https"}.get(asked.url.scheme, asked.url.scheme)
    return f"{scheme}://{asked.url.netloc}"


def place_of(request: Request) -> Place:
    """Where the request was sent, as its path says."""
    path = request.url.path.lower()
    tenant = request.path_params.get("tenant")
    parts = ["adfs"] if path.startswith("/adfs/") else []
    prefix = "/".join([*parts, *([tenant] if tenant else [])])
    return Place(base_url(request), prefix, 2 if "/v2.0/" in path else 1)


class _Wire:
    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._line = CapacityLimiter(SECRETS_AT_ONCE)

    async def token(self, request: Request) -> Response:
        try:
            form = await read_form(request)
        except BadForm as bad:
            return _turned_away(bad)
        # In a thread: checking a secret costs 50 ms by design, and the loop serves everyone.
        answer = await to_thread.run_sync(
            self._authority.token,
            place_of(request),
            form,
            request.headers.get("authorization"),
            abandon_on_cancel=True,
            limiter=self._line,
        )
        return _show(answer)

    async def device_code(self, request: Request) -> Response:
        try:
            form = await read_form(request) if request.method == "POST" else dict(request.query_params)
        except BadForm as bad:
            return _turned_away(bad)
        return _show(self._authority.device_code(place_of(request), form))

    async def configuration(self, request: Request) -> Response:
        return _show(Answer(200, self._authority.openid_configuration(place_of(request))))

    async def instance(self, request: Request) -> Response:
        return _show(Answer(200, self._authority.instance_discovery(base_url(request))))

    async def keys(self, _request: Request) -> Response:
        return _show(Answer(200, self._authority.tokens.public_keys()))


async def read_form(request: Request) -> dict[str, str]:
    """The form's fields, the last of each name; what cannot be read counts as absent. Raises BadForm when it is too
    large or too slow."""
    try:
        return dict(await read_pairs(request, FORM_LIMITS))
    except BadForm as bad:
        if bad.status == 400:
            return {}
        raise


def _turned_away(bad: BadForm) -> Response:
    shown = _show(Answer(bad.status, {"error": "invalid_request", "error_description": bad.said}))
    shown.headers["Connection"] = "close"
    return shown


def _show(answer: Answer) -> Response:
    return Response(msgspec.json.encode(answer.body), answer.status, HEADERS, "application/json; charset=utf-8")

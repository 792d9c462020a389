"""The authority on the wire: token endpoints, discovery documents and public keys, in Entra's and in AD FS's style.

No call here needs a token. Bodies are forms of a bounded size.
"""

from urllib.parse import parse_qsl

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calco.identity.authority import Answer, Authority

FORM_BYTES_MAX = 64 * 1024
FORM_FIELDS_MAX = 50
HEADERS = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}


def routes(authority: Authority) -> list[Route]:
    """Everything below ``/{tenant}``, ``/adfs`` and ``/common`` that clients ask for before they have a token."""
    on = _Wire(authority)
    discovery = ".well-known/openid-configuration"
    found = [Route("/common/discovery/instance", on.instance, methods=["GET"])]
    for prefix in ("/adfs", "/adfs/{tenant}", "/{tenant}"):
        found += [
            Route(f"{prefix}/oauth2/token", on.token, methods=["POST"]),
            Route(f"{prefix}/oauth2/v2.0/token", on.token, methods=["POST"]),
            Route(f"{prefix}/{discovery}", on.configuration_1, methods=["GET"]),
            Route(f"{prefix}/v2.0/{discovery}", on.configuration_2, methods=["GET"]),
            Route(f"{prefix}/discovery/keys", on.keys, methods=["GET"]),
            Route(f"{prefix}/discovery/v2.0/keys", on.keys, methods=["GET"]),
        ]
    return found


def base_url(request: Request) -> str:
    """Scheme and host as the caller used them: links must lead back the way the caller came."""
    return f"{request.url.scheme}://{request.url.netloc}"


class _Wire:
    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        if form is None:
            return _show(Answer(413, {"error": "invalid_request", "error_description": "The request is too large."}))
        tenant = request.path_params.get("tenant", "adfs")
        # In a thread: checking a secret costs 50 ms by design, and the loop serves everyone.
        answer = await to_thread.run_sync(
            self._authority.token, tenant, form, request.headers.get("authorization"), abandon_on_cancel=True
        )
        return _show(answer)

    async def configuration_1(self, request: Request) -> Response:
        return self._configuration(request, version=1)

    async def configuration_2(self, request: Request) -> Response:
        return self._configuration(request, version=2)

    async def instance(self, request: Request) -> Response:
        return _show(Answer(200, self._authority.instance_discovery(base_url(request))))

    async def keys(self, _request: Request) -> Response:
        return _show(Answer(200, self._authority.tokens.public_keys()))

    def _configuration(self, request: Request, *, version: int) -> Response:
        tenant = request.path_params.get("tenant")
        parts = ["adfs"] if request.url.path.lower().startswith("/adfs/") else []
        prefix = "/".join([*parts, *([tenant] if tenant else [])])
        return _show(Answer(200, self._authority.openid_configuration(base_url(request), prefix, version=version)))


async def _form(request: Request) -> dict[str, str] | None:
    """The form's fields, the last of each name; None when it is too large. What cannot be read counts as absent."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            return None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX))
    except ValueError:
        return {}


def _show(answer: Answer) -> Response:
    return Response(msgspec.json.encode(answer.body), answer.status, HEADERS, "application/json; charset=utf-8")

"""Where a cloud's endpoints are, as clients ask before they have a token: ``/metadata/endpoints`` in its three shapes.

``1.0`` is for ``Add-AzEnvironment``; from 2019 to 2021 the answer is a list of clouds (``ARM_CLOUD_METADATA_URL`` of
az); from 2022-09-01 it is one cloud (``az cloud register``, Terraform's ``metadata_host``). Names of services that
calco does not have lead to this host too, and find nothing: an empty one ends the client (Terraform: ``name``,
``resourceManager``, ``microsoftGraphResourceId``; PowerShell: gallery, graph, portal). Sources: clients' requests,
recorded; their sources.
"""

import re
from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calco.identity.routes import HEADERS, base_url
from calco.model.document import Document, Json

NAME = "calco"
ALIASES_PATH = "/metadata/image-aliases"
"""Where az finds the short names of images."""
_DATE = re.compile(r"(20\d\d)-\d\d-\d\d(-preview)?")
ONE_CLOUD_FROM = 2022


def routes(blob_url: str, aliases: Callable[[], Document]) -> list[Route]:
    """``blob_url`` is the blob endpoint's, from which clients make accounts' addresses; ``aliases`` tells the short
    names of images, which az asks for without a token."""

    async def endpoints(request: Request) -> Response:
        version = request.query_params.get("api-version", "")
        shown = shape(version, base_url(request), blob_url)
        return Response(msgspec.json.encode(shown), 400 if _is_refusal(shown) else 200, HEADERS, "application/json")

    async def image_aliases(_request: Request) -> Response:
        return Response(msgspec.json.encode(aliases()), 200, HEADERS, "application/json")

    return [
        Route("/metadata/endpoints", endpoints, methods=["GET"]),
        Route(ALIASES_PATH, image_aliases, methods=["GET"]),
    ]


def shape(version: str, base: str, blob_url: str) -> Json:
    """What a client that asks with this ``api-version`` reads."""
    if version in ("1.0", "2015-01-01"):
        return _environment(base)
    dated = _DATE.fullmatch(version)
    if not dated:
        return {
            "error": {
                "code": "InvalidApiVersionParameter" if version else "MissingApiVersionParameter",
                "message": "Ask with api-version=2022-09-01 for one cloud, 2019-05-01 for a list, 1.0 for PowerShell.",
            }
        }
    cloud = _cloud(base, blob_url)
    return cloud if int(dated[1]) >= ONE_CLOUD_FROM else [cloud]


def _is_refusal(shown: Json) -> bool:
    return isinstance(shown, dict) and "error" in shown


def _environment(base: str) -> Document:
    """PowerShell takes AD FS's way when the login endpoint ends in ``/adfs``; then nobody on the internet is asked."""
    return {
        "galleryEndpoint": f"{base}/",
        "graphEndpoint": f"{base}/",
        "portalEndpoint": f"{base}/",
        "authentication": {"loginEndpoint": f"{base}/adfs", "audiences": [base]},
    }


def _cloud(base: str, blob_url: str) -> Document:
    host = base.partition("://")[2]
    return {
        "name": NAME,
        "portal": base,
        "authentication": {
            "loginEndpoint": f"{base}/adfs",
            "audiences": [base],
            "tenant": "adfs",
            "identityProvider": "ADFS",
        },
        "resourceManager": base,
        "gallery": base,
        "graph": base,
        "graphAudience": base,
        "microsoftGraphResourceId": base,
        "media": base,
        "batch": base,
        "sqlManagement": base,
        "vmImageAliasDoc": f"{base}{ALIASES_PATH}",
        "suffixes": {
            "storage": blob_url.partition("://")[2],
            "keyVaultDns": f"vault.{host}",
            "mhsmDns": f"managedhsm.{host}",
            "acrLoginServer": f"registry.{host}",
            "sqlServerHostname": f"database.{host}",
        },
    }

"""Which pages in a browser may use the endpoint: the portal's, and no others.

A browser asks before it lets a page of another origin send what a form could not (a preflight), and shows the page no
answer that does not name its origin. Nothing of this is a right: every request still has to be signed. Where Azure
keeps rules an account's owner has written, there is one here that nobody can change. Sources: Azure, "CORS support for
Azure Storage", "Preflight Blob Request"; Fetch standard, "HTTP-CORS protocol".
"""

from collections.abc import Collection, Mapping

from calco.blob.call import Answer
from calco.model.errors import ApiError

METHODS = frozenset({"GET", "HEAD", "PUT"})
HEADERS = frozenset({
    "content-length", "content-md5", "content-type", "if-match", "if-modified-since", "if-none-match",
    "if-unmodified-since", "range",
})  # fmt: skip
"""What a page may send beside ``x-ms-*``. Not ``Authorization``: pages have signed URLs and no keys."""
EXPOSED = frozenset({"accept-ranges", "content-length", "content-md5", "content-range", "etag", "last-modified"})
"""What a page may read beside ``x-ms-*``."""
OURS = "x-ms-"
MAX_AGE_SECONDS = 3600


def preflight(headers: Mapping[str, str], origins: Collection[str]) -> Answer:
    """May a page send such a request? Whatever it is about: that is not looked at. Raises ApiError 400, 403."""
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    if not origin or not method:
        raise ApiError(400, "InvalidHeaderValue", "A required CORS header is not present.")
    wanted = headers.get("access-control-request-headers", "")
    names = [name for each in wanted.split(",") if (name := each.strip().lower())]
    if origin not in origins or method not in METHODS or not all(_may_send(each) for each in names):
        raise ApiError(403, "CorsPreflightFailure", "CORS not enabled or no matching rule found for this request.")
    told = {
        "Access-Control-Allow-Methods": method,
        "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
    }
    if names:
        told["Access-Control-Allow-Headers"] = ",".join(names)
    return Answer(200, told)


def _may_send(name: str) -> bool:
    return name in HEADERS or name.startswith(OURS)


def told(asked: Mapping[str, str], answered: Collection[str], origins: Collection[str]) -> dict[str, str]:
    """What an answer with headers of these names says to the page that asked; nothing where none did, or one that is
    not ours. Without ``Allow-Credentials``: nothing here goes by cookies."""
    origin = asked.get("origin")
    if origin is None or origin not in origins:
        return {}
    exposed = [name for name in answered if name.lower() in EXPOSED or name.lower().startswith(OURS)]
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": ",".join(exposed),
        "Vary": "Origin",
    }

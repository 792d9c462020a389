"""Addresses that come from outside and that a browser is sent to: none leads out of the portal."""

from starlette.requests import Request

from calco.portal.visit import ROOT

HOME = f"{ROOT}/"


def inside(address: str) -> str:
    """An address within the portal; its home for anything else."""
    is_inside = address.startswith(HOME) and "\\" not in address and address.isprintable()
    # To a browser ``%2e`` is a dot. Source: URL standard, 4.1 (double-dot path segment).
    is_inside = is_inside and not any(each in address.lower().replace("%2e", ".") for each in ("//", "/.."))
    return address if is_inside else HOME


def asked_for(request: Request) -> str:
    """The page that was asked for, its query with it."""
    return f"{request.url.path}?{request.url.query}".rstrip("?")

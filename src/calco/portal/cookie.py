"""Cookies as the portal sets them: for this host and this port alone, over HTTPS, out of reach of scripts."""

from starlette.requests import HTTPConnection
from starlette.responses import Response


def name_of(asked: HTTPConnection) -> str:
    """One for each port: browsers keep cookies by host alone, and there may be several services on this one."""
    return f"__Host-calco-portal-{asked.url.port or 443}"


def put(answer: Response, name: str, value: str, seconds: int | None) -> None:
    """``seconds``: how long the browser keeps it; None: until it is closed."""
    # Lax: links from elsewhere lead to the page and not to signing in again; they change nothing, forms need a guard.
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def drop(answer: Response, name: str) -> None:
    answer.delete_cookie(name, secure=True, httponly=True, samesite="lax")

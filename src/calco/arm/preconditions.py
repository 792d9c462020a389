"""``If-Match`` and ``If-None-Match``, where Azure honours them."""

from calco.arm.call import Call
from calco.arm.router import Route


def check(route: Route, call: Call) -> None:
    """Raises ApiError 412 PreconditionFailed."""

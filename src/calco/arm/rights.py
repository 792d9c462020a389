"""Whether a caller may do what a route does, and which of the things in a list the caller may see."""

from calco.arm.call import Answer, Call
from calco.arm.router import Route


def check(route: Route, call: Call) -> None:
    """Raises ApiError 403 AuthorizationFailed or LinkedAuthorizationFailed."""


def check_locks(route: Route, call: Call) -> None:
    """Raises ApiError 409 ScopeLocked."""


def visible(_route: Route, _call: Call, answer: Answer) -> Answer:
    """The answer without what the caller may not read."""
    return answer

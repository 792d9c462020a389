"""What the activity log keeps of requests that leave no operation behind."""

from calco.arm.call import Answer, Call
from calco.arm.router import Route
from calco.model.errors import ApiError


def refused(route: Route, call: Call, refusal: ApiError) -> None:
    """A change that was asked for and not allowed."""


def done(route: Route, call: Call, answer: Answer) -> None:
    """A change that is done; one with an operation is in the log as that."""

"""Rows of what is made in one go, and of how far it is.

An image takes the right to capture a machine; each request that it stands for takes its own right besides, asked for
before the first of them. Of an operation that is only told how far it is: what came of it is for its poll.
"""

from calco.arm import image_making, operation_story
from calco.arm.route_patterns import GROUP, PROVIDERS
from calco.arm.router import Grants, Route

_MACHINE = "Microsoft.Compute/virtualMachines"

MAKING: tuple[Route, ...] = (
    Route(
        "POST",
        f"{GROUP}/providers/{_MACHINE}/{{name}}/providers/Calco/createImage",
        image_making.create,
        f"{_MACHINE}/capture/action",
        long_running=True,
        rehearses=True,
    ),
    Route(
        "GET",
        f"{PROVIDERS}/Calco/operations/{{operation}}",
        operation_story.get,
        "Microsoft.Resources/subscriptions/operations/read",
        tells=True,
    ),
    Route(
        "GET",
        f"{PROVIDERS}/Calco/operations",
        operation_story.list_running,
        "Microsoft.Resources/subscriptions/operations/read",
        tells=True,
        grants=Grants.WHO_HOLDS_ANYTHING,
    ),
)

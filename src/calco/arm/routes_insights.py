"""Rows of the activity log."""

from calco.arm import event
from calco.arm.route_patterns import PROVIDERS
from calco.arm.router import Route

INSIGHTS: tuple[Route, ...] = (
    Route(
        "GET",
        f"{PROVIDERS}/Microsoft.Insights/eventtypes/management/values",
        event.list_all,
        "Microsoft.Insights/eventtypes/values/read",
        lists=True,
    ),
)

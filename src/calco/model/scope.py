"""Scopes: what a right or a lock holds on, and with it on everything below.

A scope is the path of something: ``/`` (the tenant), a subscription, a group, a resource, what is nested in one. They
compare without regard to case, segment by segment: ``/subscriptions/s/resourceGroups/lab`` is not above ``.../lab2``.
Source: Azure, "Understand scope for Azure RBAC".
"""

from calco.model.ids import ResourceId

TENANT = "/"


def covers(above: str, scope: str) -> bool:
    """Whether ``scope`` is ``above`` or lies below it."""
    upper, lower = above.lower(), scope.lower()
    return upper in (TENANT, lower) or lower.startswith(f"{upper}/")


def is_below(scope: str, above: str) -> bool:
    """Whether ``scope`` lies below ``above`` and is not it."""
    return covers(above, scope) and scope.lower() != above.lower()


def read(text: str, subscription: str) -> str:
    """The scope that ``text`` spells: this subscription, or what lies in it. Raises ValueError on anything else."""
    parts = [part for part in text.split("/") if part]
    if len(parts) == 2 and parts[0].lower() == "subscriptions":
        found = f"/subscriptions/{parts[1]}"
    else:
        found = str(ResourceId.parse(text))
    if not covers(f"/subscriptions/{subscription}", found):
        raise ValueError(f"not in this subscription: {text[:200]!r}")
    return found

"""What the signed-in person may do at a scope, so that nobody is shown a button that the API would refuse them.

The API decides, here nothing is; this is its own list of permissions and its own way of reading them.
"""

from dataclasses import dataclass
from urllib.parse import quote

from calco.model.permission import Permission, allow, from_list
from calco.portal.api import Api, Refused

VERSION = "2022-04-01"


@dataclass(frozen=True)
class Rights:
    """Called with an action in Azure's words (``Microsoft.Compute/images/write``), answers whether it is allowed."""

    permissions: tuple[Permission, ...]

    def __call__(self, action: str) -> bool:
        return allow(self.permissions, action)


NO_RIGHTS = Rights(())


async def rights_at(api: Api, scope: str) -> Rights:
    """Those at a subscription, a resource group or a resource; none where they may not be read. Raises Refused when the
    session is over."""
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    try:
        return Rights(from_list(await api.get(path, **{"api-version": VERSION})))
    except Refused as refusal:
        if refusal.status in (403, 404):
            return NO_RIGHTS
        raise


def group_scope(subscription: str, group: str) -> str:
    """A resource group as an address for the API, its name escaped."""
    return f"/subscriptions/{subscription}/resourceGroups/{quote(group, safe='')}"

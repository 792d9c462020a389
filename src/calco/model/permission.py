"""Permissions: which actions a role allows, and what somebody may do who holds several.

An action is named as Azure names it (``Microsoft.Compute/images/write``); in a permission, ``*`` stands for any text,
slashes too, and case does not count. ``notActions`` take away from their own permission only: another may still allow
what one leaves out. Sources: Azure, "Understand Azure role definitions"; the shape of ``document_of`` is that of
"Permissions - List For Resource Group" (2022-04-01).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from calco.model.document import Document, Json, at


@dataclass(frozen=True)
class Permission:
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether it names ``action`` and does not leave it out."""
        return _named(self.actions, action) and not _named(self.not_actions, action)


def allow(permissions: Iterable[Permission], action: str) -> bool:
    """Whether one of them allows ``action``: what somebody may do who holds them all."""
    return any(each.allows(action) for each in permissions)


def _named(patterns: Iterable[str], action: str) -> bool:
    wanted = action.lower()
    return any(_fits(each.lower(), wanted) for each in patterns)


def _fits(pattern: str, action: str) -> bool:
    """Both in lower case. Each part as early as it is there: a regular expression would try every other place too, and
    roles are written by whoever owns one group."""
    first, *parts = pattern.split("*")
    if not parts:
        return pattern == action
    *middle, last = parts
    at, end = len(first), len(action) - len(last)
    if at > end or not action.startswith(first) or not action.endswith(last):
        return False
    for part in middle:
        found = action.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


# --- as JSON ---------------------------------------------------------------------------------------------------------


def document_of(permission: Permission) -> Document:
    """As Azure shows it. There are no data actions here."""
    return {
        "actions": list(permission.actions),
        "notActions": list(permission.not_actions),
        "dataActions": [],
        "notDataActions": [],
    }


def from_list(body: Json) -> tuple[Permission, ...]:
    """The permissions of a list as the API answers it, ``{"value": [...]}``. Raises ValueError on anything else."""
    match body:
        case {"value": list(each)}:
            return tuple(map(_from_document, each))
        case _:
            raise ValueError("no list of permissions")


def _from_document(document: Json) -> Permission:
    match document:
        case {"actions": list(actions)}:
            return Permission(_texts(actions), _texts(at(document, "notActions")))
        case _:
            raise ValueError("no permission")


def _texts(value: Json) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError("no list of actions")
    texts = tuple(each for each in value if isinstance(each, str))
    if len(texts) != len(value):
        raise ValueError("an action is no text")
    return texts

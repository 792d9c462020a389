"""Azure resource ids: ``/subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}/...``.

Ids compare without regard to case and keep their author's casing when shown. Source: Azure, "Resource IDs in REST"
and recorded traffic (the group's casing differs between calls).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

REMEMBERED_LENGTH = 512
"""Longer ids than anybody needs are read anew each time: requests may hold megabytes."""


def is_guid(text: str) -> bool:
    """Whether ``text`` is a GUID in its 36-character form."""
    return _GUID.fullmatch(text) is not None


@dataclass(frozen=True)
class ResourceId:
    """One resource's id. A resource group is the id without namespace, types and names."""

    subscription: str
    group: str
    namespace: str = ""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @staticmethod
    def parse(text: str) -> "ResourceId":
        """The id that ``text`` spells; one missing leading slash and doubled slashes are forgiven.

        Raises ValueError on anything else: too short, odd pairs, empty names.
        """
        return _remembered(text) if len(text) <= REMEMBERED_LENGTH else _parse(text)

    def __str__(self) -> str:
        if len(self.types) == 1 == len(self.names):  # nearly all, and lists spell a thousand of them
            provider = f"/providers/{self.namespace}/{self.types[0]}/{self.names[0]}"
            return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}{provider}"
        pairs = "".join(f"/{type}/{name}" for type, name in zip(self.types, self.names, strict=True))
        provider = f"/providers/{self.namespace}{pairs}" if self.types else ""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}{provider}"

    @property
    def key(self) -> str:
        """What two spellings of one id have in common; the primary key of records."""
        return str(self).lower()

    @property
    def name(self) -> str:
        return self.names[-1] if self.names else self.group

    @property
    def type(self) -> str:
        """``Microsoft.Compute/images``; ``Microsoft.Resources/resourceGroups`` for a group."""
        return f"{self.namespace}/{'/'.join(self.types)}" if self.types else "Microsoft.Resources/resourceGroups"

    @property
    def kind(self) -> str:
        """The type in lower case: how types compare."""
        return self.type.lower()

    @property
    def group_id(self) -> "ResourceId":
        return ResourceId(self.subscription, self.group)

    @property
    def parent(self) -> "ResourceId":
        """The resource this one is nested in; the group of a top-level resource."""
        if len(self.types) > 1:
            return ResourceId(self.subscription, self.group, self.namespace, self.types[:-1], self.names[:-1])
        return self.group_id

    def child(self, type: str, name: str) -> "ResourceId":
        """The id of a resource nested in this one."""
        return ResourceId(self.subscription, self.group, self.namespace, (*self.types, type), (*self.names, name))

    def sibling(self, namespace: str, type: str, name: str) -> "ResourceId":
        """The id of a top-level resource in the same group."""
        return ResourceId(self.subscription, self.group, namespace, (type,), (name,))


def _parse(text: str) -> ResourceId:
    parts = [part for part in text.split("/") if part]
    if len(parts) < 4 or parts[0].lower() != "subscriptions" or parts[2].lower() != "resourcegroups":
        raise ValueError(f"not a resource id: {text[:200]!r}")
    subscription, group, rest = parts[1], parts[3], parts[4:]
    if not rest:
        return ResourceId(subscription, group)
    if len(rest) < 4 or rest[0].lower() != "providers" or len(rest) % 2:
        raise ValueError(f"not a resource id: {text[:200]!r}")
    return ResourceId(subscription, group, rest[1], tuple(rest[2::2]), tuple(rest[3::2]))


# An id is a value, and the same ones are read from the records again and again.
_remembered = lru_cache(maxsize=4096)(_parse)

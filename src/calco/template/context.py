"""What goes into the evaluation of a template and what comes out of it: plain values, the same for the same input."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from calco.model.document import Document, Json
from calco.model.ids import ResourceId


@dataclass(frozen=True)
class Context:
    """Where and when a template is deployed. Whoever keeps ``now`` and ``seed`` gets the same answer again, after a
    crash too: ``newGuid()`` is drawn from the seed, ``utcNow()`` is ``now``."""

    subscription: str
    """The subscription's GUID."""
    tenant: str
    group: str
    """The resource group's name, as its author wrote it."""
    location: str
    """The group's region."""
    deployment: str
    """The deployment's own name."""
    now: datetime
    """With a time zone."""
    seed: str
    """Any text that no other deployment has, its operation's id for one."""
    tags: Document = field(default_factory=dict)
    """The group's tags."""
    subscription_name: str = ""
    base: str = "https://localhost"
    """Where this cloud's resource manager answers: scheme, host, port, no slash. What ``environment()`` tells."""
    mode: str = "Incremental"
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Availability zones by region: what ``pickZones()`` picks from."""


class Look(Protocol):
    """The world as ``reference()`` and ``list*()`` see it while the template is deployed. Both may raise ApiError."""

    def reference(self, id: ResourceId, version: str, full: bool) -> Json:
        """The resource as API version ``version`` shows it: its ``properties``, or all of it when ``full``."""

    def list(self, id: ResourceId, verb: str, version: str, body: Document) -> Json:
        """What ``POST {id}/{verb}`` answers; ``verb`` is ``listKeys`` or another that begins with ``list``."""


@dataclass(frozen=True)
class Item:
    """One resource to be put. ``depends_on`` holds keys (``ResourceId.key``) of other items of the same template,
    sorted: those it names, its parent when it is nested in it, those its ``reference()`` calls name."""

    id: ResourceId
    type: str
    """``Microsoft.Network/virtualNetworks/subnets``"""
    name: str
    """``vnet1/subnet1``"""
    version: str
    depends_on: tuple[str, ...]
    source: Document
    """The resource as the template has it, unevaluated; expressions in it mean what they mean at ``loops``."""
    loops: tuple[tuple[str, int], ...] = ()
    """Copy loops around it: name in lower case, index from 0."""

    @property
    def nested(self) -> bool:
        """Whether it is itself a deployment."""
        return self.type.lower() == "microsoft.resources/deployments"

"""One request as the nouns see it, and what they answer. Nothing here knows the HTTP library."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from calco.model.document import Document, Json
from calco.model.ids import ResourceId
from calco.model.principal import Caller
from calco.work.cloud import Cloud

EXTENSIONS = MappingProxyType({"assignment": "roleAssignments", "definition": "roleDefinitions", "lock": "locks"})
"""Variables of paths that name what hangs on something else, and their types."""


def _everything(_id: str) -> bool:
    return True


@dataclass(frozen=True)
class Call:
    """A request that found its route. ``resource`` is named in the caller's casing; for a list it is the group, None
    for what lies outside groups. ``base`` is scheme and host as the caller wrote them: links begin with it."""

    cloud: Cloud
    method: str
    path: str
    variables: Mapping[str, str]
    query: Mapping[str, str]
    base: str
    version: str
    tenant: str
    caller: Caller
    correlation: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    resource: ResourceId | None = None
    body: Document = field(default_factory=dict)
    sees: Callable[[str], bool] = _everything
    """Whether the caller may see what has that id. For lists that come page by page: how many pages there are, and that
    there is another, must not tell of what is hidden."""

    @property
    def id(self) -> ResourceId:
        """The resource or group the path names. Only routes inside a group may ask."""
        assert self.resource is not None, "this route names no resource"
        return self.resource

    @property
    def scope(self) -> str:
        """The ARM scope the request is about: a resource, a group, the subscription, or ``/`` for the tenant; or what
        hangs on one of these by a name of its own, a lock say."""
        hanging = next((each for each in EXTENSIONS if each in self.variables), None)
        if hanging is None:
            return self.place
        place = "" if self.place == "/" else self.place
        return f"{place}/providers/Microsoft.Authorization/{EXTENSIONS[hanging]}/{self.variables[hanging]}"

    @property
    def place(self) -> str:
        """``scope``, but for what hangs on something: that something."""
        if self.resource is not None:
            return str(self.resource)
        return f"/subscriptions/{self.subscription}" if "subscription" in self.variables else "/"

    @property
    def subscription(self) -> str:
        return self.cloud.rules.subscription

    @property
    def group(self) -> ResourceId | None:
        """The group a list is limited to; None: the whole subscription."""
        return None if self.resource is None else self.resource.group_id


@dataclass(frozen=True)
class Answer:
    """Status, body (None: empty) and headers. ``operation`` becomes the request id, as in Azure; ``unfinished`` names
    an operation whose end is worth waiting for before this answer is sent."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    operation: str | None = None
    unfinished: str | None = None


def ok(body: Json) -> Answer:
    return Answer(200, body)


def tagged(body: Document) -> Answer:
    """A resource that has an ETag: the network provider repeats it in a header of every GET. Source: recordings."""
    return Answer(200, body, {"ETag": str(body["etag"])})


def listed(items: list[Document]) -> Answer:
    """A list: ``value`` is always there; everything fits one page, so there is no ``nextLink``."""
    return Answer(200, {"value": list(items)})

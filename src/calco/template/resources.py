"""A template's resources as they will be: loops unrolled, conditions decided, names and ids made.

A ``Draft`` is one of them. Who waits for whom is found out in ``dependencies``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.template import faults
from calco.template.evaluation import Scope, World
from calco.template.faults import Fault, Unreadable, short
from calco.template.function import Place
from calco.template.language import is_expression
from calco.template.values import kind_of

MAX_RESOURCES = 800
"""Source: Azure, "Best practices for ARM templates", template limits."""
HEAD = frozenset(
    [
        "type",
        "name",
        "apiversion",
        "dependson",
        "condition",
        "copy",
        "resources",
        "scope",
        "comments",
        "metadata",
        "existing",
        "import",
        "subscriptionid",
        "resourcegroup",
    ]
)
"""Members of a resource, in lower case, that are for the deployment and not for the resource."""


@dataclass(frozen=True)
class Draft:
    """One resource of the template, its copies each their own."""

    id: ResourceId
    type: str
    name: str
    version: str
    source: Document
    loops: tuple[tuple[str, int], ...]
    path: tuple[str | int, ...]
    """Where it is in the template: for messages."""
    deployed: bool
    """False when its condition is, or when it is only looked at (``existing``)."""
    existing: bool
    symbol: str
    """Its name among the resources of a template that names them; empty in others."""
    parent: str
    """The key of the draft it is nested in; empty for others."""
    loop: str
    """The name of its own copy loop, in lower case, or empty."""
    before: int | None
    """In a loop one after another: which index's batch must be there first, as the last index of that batch."""
    wanted: tuple[str, ...]
    """What ``dependsOn`` says."""

    @property
    def is_deployment(self) -> bool:
        return self.type.lower() == "microsoft.resources/deployments"


@dataclass(frozen=True)
class _Around:
    """What a resource is nested in."""

    type: str = ""
    name: str = ""
    draft: Draft | None = None
    loops: tuple[tuple[str, int], ...] = ()


def drafts(world: World) -> list[Draft]:
    """All resources of the template, in its order, children behind their parents. Raises ApiError."""
    found: list[Draft] = []
    for path, symbol, source in sources(world.template):
        for each in _expanded(world, source, path, symbol, _Around()):
            found.append(each)
            if len(found) > MAX_RESOURCES:
                raise faults.too_much("resources", MAX_RESOURCES, len(found))
    return found


def sources(template: Document) -> Iterator[tuple[tuple[str | int, ...], str, Document]]:
    """Each top-level resource with its path and its symbolic name, if it has one."""
    listed = template.get("resources")
    if listed is None:
        raise faults.incomplete("resources", "properties.template")
    pairs: list[tuple[str | int, Json]]
    if isinstance(listed, dict):
        pairs = list(listed.items())
    elif isinstance(listed, list):
        pairs = list(enumerate(listed))
    else:
        raise faults.wrong_shape("properties.template.resources", "An array")
    for key, source in pairs:
        if not isinstance(source, dict):
            raise faults.wrong_shape(f"properties.template.resources[{key}]", "An object")
        yield ("resources", key), key if isinstance(key, str) else "", source


def members(source: Document) -> Mapping[str, Json]:
    """The members of a resource by their names in lower case."""
    return {name.lower(): each for name, each in source.items()}


def _path(path: tuple[str | int, ...]) -> str:
    return "properties.template" + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)


class _Reader:
    """Reads one resource of the template; what it refuses names the resource and where it is."""

    def __init__(self, world: World, source: Document, path: tuple[str | int, ...]) -> None:
        self.world = world
        self.source = source
        self.path = path
        self.members = members(source)
        for name in ("type", "name", "apiVersion"):
            if self.members.get(name.lower()) is None:
                raise faults.incomplete(name, _path(path))

    @property
    def where(self) -> str:
        return faults.at(self.world.template, *self.path)

    def refused(self, why: str, name: str = "") -> ApiError:
        return faults.resource_fault(name or str(self.members["name"]), self.where, why)

    def read(self, scope: Scope, name: str) -> Json:
        try:
            return scope.resolve(self.members.get(name))
        except Unreadable as unreadable:
            raise faults.unreadable(str(unreadable)) from None
        except Fault as fault:
            raise self.refused(str(fault)) from None

    def text(self, scope: Scope, name: str) -> str:
        value = self.read(scope, name)
        if not isinstance(value, str) or not value:
            raise self.refused(
                f"The '{name}' property must be a string that is not empty. It is of type '{kind_of(value)}'"
            )
        return value

    def condition(self, scope: Scope) -> bool:
        value = self.read(scope, "condition")
        if value is None or isinstance(value, bool):
            return value is not False
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        raise self.refused(f"The 'condition' property must be a boolean. It is of type '{kind_of(value)}'")

    def wanted(self, scope: Scope) -> tuple[str, ...]:
        value = self.read(scope, "dependson")
        entries = [] if value is None else value
        if not isinstance(entries, list):
            raise self.refused("The 'dependsOn' property must be an array of strings")
        found: list[str] = []
        for each in entries:
            if not isinstance(each, str) or not each:
                raise self.refused("The 'dependsOn' property must be an array of strings")
            found.append(each)
        return tuple(found)

    def copy(self, around: _Around) -> tuple[str, int, int]:
        """The loop's name (empty: none), how often it runs, and how many at a time (0: all)."""
        copy = self.members.get("copy")
        if copy is None:
            return "", 1, 0
        if not isinstance(copy, dict) or not isinstance(copy.get("name"), str):
            raise self.refused("The 'copy' property must be an object with a 'name' and a 'count'")
        if around.draft is not None:
            raise self.refused(
                "A nested resource can't have a copy. Put it at the top of the template, with its parent's name before "
                "its own"
            )
        scope = Scope(self.world, Place.HEAD, around.loops)
        try:
            times = scope.count(copy.get("count"))
            mode, size = scope.resolve(copy.get("mode")), scope.resolve(copy.get("batchSize"))
        except Unreadable as unreadable:
            raise faults.unreadable(str(unreadable)) from None
        except Fault as fault:
            raise self.refused(str(fault)) from None
        if not (mode is None or (isinstance(mode, str) and mode.lower() in {"serial", "parallel"})):
            raise self.refused("The copy mode must be 'serial' or 'parallel'")
        serial = isinstance(mode, str) and mode.lower() == "serial"
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 1 or not serial):
            raise self.refused("The copy batch size must be a positive integer, and the mode 'serial'")
        return str(copy["name"]), times, (size if isinstance(size, int) else 1) if serial else 0

    def type(self, around: _Around) -> str:
        type = self.members["type"]
        if not isinstance(type, str) or not type:
            raise self.refused("The 'type' property must be a string that is not empty")
        if is_expression(type):
            raise self.refused("The type property cannot be an expression")
        # A nested resource names its own type; some templates write all of it.
        inside = around.draft is not None and not type.lower().startswith(f"{around.type.lower()}/")
        return f"{around.type}/{type}" if inside else type


def _expanded(
    world: World, source: Document, path: tuple[str | int, ...], symbol: str, around: _Around
) -> Iterator[Draft]:
    reader = _Reader(world, source, path)
    loop, times, batch = reader.copy(around)
    type = reader.type(around)
    for index in range(times):
        loops = (*around.loops, (loop.lower(), index)) if loop else around.loops
        draft = _draft(reader, Scope(world, Place.HEAD, loops), type, symbol, around)
        before = index // batch * batch - 1 if batch and index >= batch else None
        yield Draft(**{**draft.__dict__, "loop": loop.lower(), "before": before, "loops": loops})
        yield from _children(world, source, path, _Around(draft.type, draft.name, draft, loops))


def _children(world: World, source: Document, path: tuple[str | int, ...], around: _Around) -> Iterator[Draft]:
    if around.type.lower() == "microsoft.resources/deployments":
        return
    below = members(source).get("resources")
    if below is None:
        return
    if not isinstance(below, list):
        raise faults.wrong_shape(f"{_path(path)}.resources", "An array")
    for number, each in enumerate(below):
        at = (*path, "resources", number)
        if not isinstance(each, dict):
            raise faults.wrong_shape(_path(at), "An object")
        yield from _expanded(world, each, at, "", around)


def _draft(reader: _Reader, scope: Scope, type: str, symbol: str, around: _Around) -> Draft:
    name = reader.text(scope, "name")
    if around.draft is not None and not name.lower().startswith(f"{around.name.lower()}/"):
        name = f"{around.name}/{name}"
    if type.count("/") != name.count("/") + 1 or not all((*type.split("/"), *name.split("/"))):
        raise faults.invalid(
            f"The template resource '{short(name)}' for type '{short(type)}' {reader.where} has incorrect segment "
            "lengths. A nested resource type must have identical number of segments as its resource name. A root "
            "resource type must have segment length one greater than its resource name. Please see "
            "https://aka.ms/arm-template/#resources for usage details.",
            _path(reader.path),
        )
    existing = reader.members.get("existing") is True
    return Draft(
        id=_id(reader, scope, type, name),
        type=type,
        name=name,
        version=reader.text(scope, "apiversion"),
        source=reader.source,
        loops=scope.loops,
        path=reader.path,
        deployed=not existing and reader.condition(scope),
        existing=existing,
        symbol=symbol,
        parent="" if around.draft is None else around.draft.id.key,
        loop="",
        before=None,
        wanted=reader.wanted(scope),
    )


def _id(reader: _Reader, scope: Scope, type: str, name: str) -> ResourceId:
    context = scope.context
    group = context.group
    if type.lower() == "microsoft.resources/deployments":
        other = reader.read(scope, "subscriptionid")
        if isinstance(other, str) and other.lower() != context.subscription.lower():
            raise reader.refused(
                "A deployment to another subscription is not supported by calco: there is only one", name
            )
        given = reader.read(scope, "resourcegroup")
        group = given if isinstance(given, str) and given else group
    namespace, *types = type.split("/")
    if not types:
        raise reader.refused("The 'type' property must be a namespace and its types", name)
    whole = ResourceId(context.subscription, group, namespace, tuple(types), tuple(name.split("/")))
    on = reader.read(scope, "scope")
    if on is None:
        return whole
    if not isinstance(on, str):
        raise reader.refused("The 'scope' property must be a string", name)
    below = str(whole).removeprefix(str(whole.group_id))
    start = on if on.startswith("/") else f"{whole.group_id}/providers/{on}"
    try:
        return ResourceId.parse(f"{start.rstrip('/')}{below}")
    except ValueError:
        raise reader.refused(f"The scope '{short(on)}' is no resource group's and no resource's id", name) from None

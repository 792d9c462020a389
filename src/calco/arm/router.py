"""Finds the route of an ARM path.

Paths compare without regard to case (``resourcegroups`` and ``resourceGroups`` are one), doubled and trailing slashes
do not count, and each segment is decoded by itself, so that an encoded slash never makes a new segment. Variables keep
the caller's casing. A tree of segments, because routes tried one after the other would cost more than the answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from urllib.parse import unquote_to_bytes

from calco.arm import reading
from calco.arm.call import Answer, Call
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId

Handler = Callable[[Call], Answer]

AUTHORIZATION = "Microsoft.Authorization"
"""The provider of what hangs on other things: role assignments, locks."""


class Grants(Enum):
    """Who may ask, beside who holds the route's action at the scope that the path names."""

    NOBODY_ELSE = auto()
    ANYBODY = auto()
    """Whoever is signed in."""
    WHO_HOLDS_ANYTHING = auto()
    """Whoever has a role at the scope that the path names, above or below it."""


@dataclass(frozen=True)
class Route:
    """One row of the table of what the API can do. ``action`` is the right one needs, in Azure's words."""

    method: str
    pattern: str
    handler: Handler
    action: str
    long_running: bool = False
    """Whether the answer may name an operation to poll."""
    quick: bool = False
    """One look-up in the records by key, some 50 microseconds: answered in the event loop itself."""
    decode: Callable[[bytes], Document] = reading.decode
    """How the body is read: templates are written by hand, with comments."""
    heavy: bool = False
    """Seconds of work: a program that a stranger sends, a disk that is looked at. Few are answered at once, so that
    they keep nobody waiting but each other."""
    looks: bool = False
    """Whether it changes nothing although it is a POST: no lock is in its way, and it leaves no line in the log."""
    rehearses: bool = False
    """Whether a body may say ``validateOnly``: then nothing is changed, and no line is left in the log either."""
    tells: bool = False
    """Whether it tells how far operations are, and not what came of them: to whoever may read what they are about, also
    when it takes more to do the same."""
    lists: bool = False
    """Whether the answer's ``value`` holds things with an ``id``: each caller sees those the caller may read."""
    grants: Grants = Grants.NOBODY_ELSE


@dataclass(frozen=True)
class Match:
    route: Route
    variables: Mapping[str, str]


@dataclass
class _Node:
    words: dict[str, "_Node"] = field(default_factory=dict)
    variable: "tuple[str, _Node] | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        self._types: dict[str, set[str]] = {}
        for route in self.routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node, parts = self._root, segments(route.pattern)
        for part in parts:
            if part.startswith("{"):
                name, below = node.variable or (part[1:-1], _Node())
                assert name == part[1:-1], f"{route.pattern}: {part} is called {{{name}}} elsewhere"
                node.variable = (name, below)
                node = below
            else:
                node = node.words.setdefault(part.lower(), _Node())
        assert route.method not in node.routes, f"{route.method} {route.pattern} twice"
        node.routes[route.method] = route
        if "providers" in parts and parts.index("providers") + 2 < len(parts):
            at = parts.index("providers")
            if not parts[at + 1].startswith("{"):
                self._types.setdefault(parts[at + 1].lower(), set()).add(parts[at + 2].lower())

    def bound(self) -> Iterator[tuple[str, str, Route]]:
        """Everything a request can reach: method, pattern and route, as the tree has them."""
        return _leaves(self._root, "")

    def match(self, method: str, path: Sequence[str]) -> Match:
        """The route for these segments. Raises ApiError: 404 in Azure's words, or 405."""
        quickly = _straight(self._root, method, path)
        if quickly is not None:
            return quickly
        found = list(_walk(self._root, path, {}))
        if not found:
            raise self._unknown(path)
        for node, variables in found:
            if method in node.routes:
                return Match(node.routes[method], variables)
        raise _method_not_allowed(method, sorted(each for node, _ in found for each in node.routes))

    def _unknown(self, path: Sequence[str]) -> ApiError:
        """Why there is nothing at ``path``. Sources: arm-protocol E.2."""
        words = [part.lower() for part in path]
        if "providers" in words and words.index("providers") + 1 < len(words):
            at = words.index("providers")
            namespace, types = path[at + 1], "/".join(path[at + 2 :: 2])
            if namespace.lower() not in self._types:
                return ApiError(
                    404, "InvalidResourceNamespace", f"The resource namespace '{namespace[:100]}' is invalid."
                )
            return ApiError(
                404,
                "InvalidResourceType",
                f"The resource type '{types[:200]}' could not be found in the namespace '{namespace}'.",
            )
        if words[:1] == ["subscriptions"]:
            return ApiError(404, "NotFound", f"No resource is found at '/{'/'.join(path)[:300]}'.")
        return ApiError(
            404,
            "MissingSubscription",
            "The request did not have a subscription or a valid tenant level resource provider.",
        )


def _leaves(node: _Node, path: str) -> Iterator[tuple[str, str, Route]]:
    for method, route in node.routes.items():
        yield method, path, route
    for word, below in node.words.items():
        yield from _leaves(below, f"{path}/{word}")
    if node.variable is not None:
        name, below = node.variable
        yield from _leaves(below, f"{path}/{{{name}}}")


def _straight(node: _Node, method: str, path: Sequence[str]) -> Match | None:
    """What ``_walk`` finds first, when that is found without turning back: nearly always."""
    variables: dict[str, str] = {}
    for part in path:
        below = node.words.get(part.lower())
        if below is None:
            if node.variable is None:
                return None
            name, below = node.variable
            variables[name] = part
        node = below
    route = node.routes.get(method)
    return None if route is None else Match(route, variables)


def _walk(node: _Node, path: Sequence[str], variables: Mapping[str, str]) -> Iterator[tuple[_Node, Mapping[str, str]]]:
    """The nodes with routes at the end of ``path``; where a word and a variable both fit, the word comes first."""
    if not path:
        if node.routes:
            yield node, variables
        return
    part, *rest = path
    below = node.words.get(part.lower())
    if below is not None:
        yield from _walk(below, rest, variables)
    if node.variable is not None:
        name, below = node.variable
        yield from _walk(below, rest, {**variables, name: part})


def _method_not_allowed(method: str, allowed: Sequence[str]) -> ApiError:
    return ApiError(
        405,
        "MethodNotAllowed",
        f"The requested resource does not support http method '{method[:20]}'. It supports {', '.join(allowed)}.",
    )


def segments(path: str | bytes) -> list[str]:
    """The decoded segments of a path; bytes that are no UTF-8 become U+FFFD, which no name may contain."""
    raw = path.encode() if isinstance(path, str) else path
    if b"%" not in raw:
        return [part for part in raw.decode(errors="replace").split("/") if part]
    return [unquote_to_bytes(part).decode(errors="replace") for part in raw.split(b"/") if part]


def resource_of(route: Route, variables: Mapping[str, str], subscription: str) -> ResourceId | None:
    """The resource or group that a matched route names, with Azure's spelling of types and the caller's of names."""
    if "group" not in variables:
        return None
    if "provider" in variables:
        return extended(variables, subscription)
    namespace, types, names = _named_by(route.pattern)
    return ResourceId(subscription, variables["group"], namespace, types, tuple(variables[name] for name in names))


def extended(variables: Mapping[str, str], subscription: str) -> ResourceId:
    """The resource of any type that a role assignment or a lock hangs on (``route_patterns.SCOPES``)."""
    types = tuple(variables[each] for each in ("type", "below") if each in variables)
    names = tuple(variables[each] for each in ("name", "inner") if each in variables)
    return ResourceId(subscription, variables["group"], variables["provider"], types, names)


@cache
def _named_by(pattern: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Namespace, types and the variables that name them, of a pattern inside a group; empty for the group itself."""
    parts = segments(pattern)
    if "providers" not in parts:
        return "", (), ()
    namespace, *rest = parts[parts.index("providers") + 1 :]
    if namespace == AUTHORIZATION:  # what hangs on a group is about the group
        return "", (), ()
    pairs = [(type, name[1:-1]) for type, name in zip(rest[::2], rest[1::2], strict=False) if name[0] == "{"]
    if not pairs:
        return "", (), ()
    types, names = zip(*pairs, strict=True)
    return namespace, tuple(types), tuple(names)

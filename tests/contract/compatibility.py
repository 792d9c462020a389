"""docs/compatibility.md: every operation the service has, and what Azure's recorded traffic says of it.

The rows are the service's own routes; what is covered, what differs on purpose and what is missing comes from playing
the recordings. Nothing on the page is written by hand but its sentences.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from calco.arm.router import Route, Router, segments
from calco.arm.routes import ROUTES
from calco.model.errors import ApiError
from tests.contract import golden
from tests.contract.playing import Played
from tests.contract.recorded import Exchange
from tests.contract.scope import EXCEPTED

PAGE = Path(__file__).resolve().parents[2] / "docs/compatibility.md"

HEAD = """# What of Azure's API is here, and how it is known

Written by `make compatibility` from the service's routes and from [the replay of recorded traffic](replay.md); do not
edit. An operation is *recorded* when Azure's own answers to it were compared with calco's, so often; *tested* when only
calco's own tests and Azure's clients exercise it. What differs on purpose is said with its reason in
`tests/contract/deliberate.txt`; what is missing is listed below, line by line. Paths begin at the subscription.

A member that asks for something calco does not have is refused with `NotSupported`, which names it; a member that it
does not know is kept and shown, as Azure shows it. There are no
{excepted}.
Network security groups are kept and shown, their rules [not enforced yet](networks.md); route tables and NAT gateways
are refused.
"""


@dataclass
class Seen:
    """What the recordings say of one route."""

    compared: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


def page(played: Iterable[Played]) -> str:
    seen = look(played)
    by_type: dict[str, list[Route]] = defaultdict(list)
    for route in ROUTES:
        by_type[_type(route)].append(route)
    text = HEAD.format(excepted=", ".join(f"`{each}`" for each in EXCEPTED))
    for type, routes in sorted(by_type.items()):
        rows = [_row(route, seen.get(_key(route), Seen())) for route in routes]
        text += "\n".join(
            [
                f"\n## {type}\n",
                "| operation | covered by | on purpose | missing |",
                "| --- | --- | --- | ---: |",
                *rows,
                "",
            ]
        )
    lines = [line for each in seen.values() for line in each.missing]
    return text + "\n## Missing, line by line\n\n" + ("".join(f"- `{each}`\n" for each in lines) or "Nothing.\n")


def look(played: Iterable[Played]) -> Mapping[str, Seen]:
    router = Router(ROUTES)
    seen: dict[str, Seen] = defaultdict(Seen)
    for it in played:
        for each in it.asked:
            seen[_route_of(router, each)].compared += 1
    found = golden.sort(each for it in played for each in it.differences)
    for difference in found.deliberate:
        if not difference.what.startswith(("lacks header", "adds header")):
            seen[_route_of(router, difference.exchange)].rules[difference.what] += 1
    for difference in [*found.missing, *found.new]:
        seen[_route_of(router, difference.exchange)].missing.append(str(difference))
    return seen


def _route_of(router: Router, each: Exchange) -> str:
    try:
        return _key(router.match(each.method, segments(each.path)).route)
    except ApiError:
        return each.kind


def _key(route: Route) -> str:
    return f"{route.method} {route.pattern}"


def _type(route: Route) -> str:
    """The heading a route stands under: its provider and first type."""
    words = route.action.split("/")
    return f"{words[0]}/{words[1]}" if len(words) > 2 else words[0]


def path_of(route: Route) -> str:
    """From the subscription on."""
    return route.pattern.removeprefix("/subscriptions/{subscription}") or "/"


def _row(route: Route, seen: Seen) -> str:
    path = path_of(route)
    covered = f"recorded, {seen.compared} times" if seen.compared > 1 else "recorded" if seen.compared else "tested"
    purposely = "; ".join(f"`{what}`" for what in sorted(seen.rules)) or ""
    return f"| `{route.method} {path}` | {covered} | {purposely} | {len(seen.missing) or ''} |"

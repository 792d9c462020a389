"""One request for a page: who asks, in which language, with which rights; and the answers a handler can give.

Handlers are ``async def show(visit) -> Response``. Each noun has its own module with a table of them, ``PAGES``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from calco.portal import view_as
from calco.portal.api import Api, Refused
from calco.portal.page import Pages
from calco.portal.rights import Rights, rights_at
from calco.portal.session import Session
from calco.portal.view_as.action import Action, Place
from calco.portal.view_as.shown import Block
from calco.portal.words import Words
from calco.ports.world import Chance, Clock

ROOT = "/portal"
LIVE_NO_MORE = 286
"""The status of a live part that will not change any more, among ourselves. It is the one that htmx 2 had for that."""


@dataclass(frozen=True)
class Form:
    """What a person sent: every field's last value, and all values of those that may come several times."""

    fields: Mapping[str, str]
    lists: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def is_on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.fields.get(name, "") in ("on", "true", "1")

    def all(self, name: str) -> Sequence[str]:
        return self.lists.get(name, ())


NO_FORM = Form({}, {})


@dataclass(frozen=True)
class Visit:
    """``form`` is what was posted, its guard seen to be right; ``live`` means that only what changes is wanted."""

    request: Request
    session: Session
    api: Api
    words: Words
    pages: Pages
    clock: Clock
    chance: Chance
    form: Form = NO_FORM
    live: bool = False
    _rights: dict[str, asyncio.Future[Rights]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def path(self) -> Mapping[str, str]:
        """The variables of the page's address."""
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def stamp(self) -> str:
        """This moment as it goes into names that are proposed: ``20261123134500``, UTC."""
        return self.clock.now().strftime("%Y%m%d%H%M%S")

    def since(self, text: str | None) -> str:
        """How long ago a time of the API's is, ``1:05`` or ``2:01:05``; empty for none."""
        if not text:
            return ""
        seconds = max(0, int((self.clock.now() - datetime.fromisoformat(text)).total_seconds()))
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"

    def id(self, type: str) -> str:
        """The resource of ``.../{group}/{name}`` in this page's address. ``type``: ``Microsoft.Compute/images``."""
        return resource_id(self.api.subscription_id, self.path["group"], type, self.path["name"])

    async def rights(self, scope: str) -> Rights:
        """What may be done at a subscription, group or resource, by its address; asked for once a visit. For templates:
        ``{% if rights("Microsoft.Compute/images/write") %}``."""
        if scope not in self._rights:  # begun: who asks meanwhile waits for the same answer
            self._rights[scope] = asyncio.ensure_future(rights_at(self.api, scope))
        return await self._rights[scope]

    async def may(self, action: str, scope: str) -> bool:
        return (await self.rights(scope))(action)

    def view_as(self, action: Action, location: str) -> tuple[Block, ...]:
        """The action in other tools' words; ``location`` is the region that new things go to."""
        return view_as.blocks(action, Place(self.api.base, self.api.subscription_id, location))

    def page(self, template: str, *, status: int = 200, styles: str = "", **values: object) -> Response:
        """Show a page; when only its live part is wanted, that."""
        known = {
            "session": self.session,
            "here": self.request.url.path,
            "address": f"{self.request.url.path}?{self.request.url.query}".rstrip("?"),
            "query": self.query,
            "notice": "",
            **values,
        }
        if self.live:
            return Response(self.pages.live(template, self.words, known), 200, media_type="text/html")
        return self.pages.whole(template, self.words, known, status=status, styles=styles)

    def last(self, shown: Response) -> Response:
        """A page of what has ended: while it stays open nothing is asked for it again."""
        if self.live:
            shown.status_code = LIVE_NO_MORE
        return shown

    def go(self, path: str, **query: str) -> Response:
        """Send the browser on, to a page of ours."""
        return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """A row of the portal's table. ``path`` begins behind ``/portal``; POSTs are handled by ``act``. ``live_seconds``:
    how often an open page is looked at again; 0: it does not change by itself."""

    path: str
    show: Handler
    act: Handler | None = None
    live_seconds: float = 0


def resource_id(subscription: str, group: str, type: str, name: str) -> str:
    """As an address for the API; names from a page's address are escaped, so they cannot become other paths."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{quote(group, safe='')}/providers/{type}/{quote(name, safe='')}"
    )


def explained(words: Words, refusal: Refused) -> str:
    """A refusal for people: in the API's own words, which are English in every language."""
    return f"{refusal.code}: {refusal.message}" if refusal.message else words("common.refused")

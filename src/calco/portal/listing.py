"""Lists: which of many things a page shows, in which order. Search, order and page are in the page's address, so a list
can be kept as a bookmark and the way back leads to it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from calco.model.document import Document, text_at
from calco.portal.api import Api
from calco.portal.page import group_of

T = TypeVar("T")

PAGE_LENGTH = 100
Key = Callable[[T], str | float]


@dataclass(frozen=True)
class Column(Generic[T]):
    """``name`` is the column in the address and in the words; ``key`` orders its cells, texts in any case."""

    name: str
    key: Key[T]


@dataclass(frozen=True)
class Listing(Generic[T]):
    """One page of a list. ``total`` counts what the search has found, ``all`` what there is."""

    items: Sequence[T]
    total: int
    all: int
    number: int
    pages: int
    sort: str
    descending: bool
    query: Mapping[str, str]

    def sorted_by(self, column: str) -> str:
        """The address's query that orders by that column; the other way round when it does already."""
        order = "desc" if column == self.sort and not self.descending else "asc"
        return urlencode({**self.query, "sort": column, "order": order, "page": "1"})

    def page(self, number: int) -> str:
        """The address's query for that page."""
        return urlencode({**self.query, "page": str(number)})

    def order_of(self, column: str) -> str:
        """For ``aria-sort``."""
        if column != self.sort:
            return "none"
        return "descending" if self.descending else "ascending"


async def everywhere(api: Api, type: str, **query: str) -> list[Document]:
    """All resources of a type, each with its group as whoever made that spells it: in lists of a whole subscription
    Compute shouts it, as Azure's does. Raises Refused."""
    found, groups = await asyncio.gather(
        api.list(f"{api.subscription}/providers/{type}", **query), api.seen(f"{api.subscription}/resourcegroups")
    )
    names = {name.lower(): name for each in groups if (name := text_at(each, "name"))}
    return [_spelled(each, names) for each in found]


def _spelled(resource: Document, names: Mapping[str, str]) -> Document:
    id = text_at(resource, "id") or ""
    group = group_of(id)
    return {**resource, "id": id.replace(f"/{group}/", f"/{names.get(group.lower(), group)}/", 1)}


def listed(
    items: Sequence[T], query: Mapping[str, str], columns: Sequence[Column[T]], said: Callable[[T], str]
) -> Listing[T]:
    """What of ``items`` the query asks for. ``q`` is searched in what ``said`` answers, every word of it; the first
    column orders when none is named; a page beyond the last is the last."""
    words = query.get("q", "").lower().split()
    found = [each for each in items if all(word in said(each).lower() for word in words)] if words else [*items]
    by = {each.name: each for each in columns}
    column = by.get(query.get("sort", ""), columns[0])
    descending = query.get("order") == "desc"
    found.sort(key=lambda each: _ordered(column.key(each)), reverse=descending)
    pages = max(1, -(-len(found) // PAGE_LENGTH))
    asked = query.get("page", "1")
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    shown = found[(number - 1) * PAGE_LENGTH : number * PAGE_LENGTH]
    return Listing(shown, len(found), len(items), number, pages, column.name, descending, dict(query))


def _ordered(value: str | float) -> tuple[int, float, str]:
    return (1, 0.0, value.lower()) if isinstance(value, str) else (0, value, "")

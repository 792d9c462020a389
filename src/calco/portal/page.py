"""How a page is put together: a template, words in the reader's language, and the headers that go with it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from calco.page_headers import page_headers
from calco.portal.words import LANGUAGES, Words

LIVE_BLOCK = "live"
"""The block of a template that is sent again when it has changed."""


@dataclass(frozen=True)
class Pages:
    """Renders templates. ``blob_url`` is the one other origin that a page may reach: where disks are uploaded."""

    blob_url: str
    environment: Environment = field(repr=False)

    @classmethod
    def of(cls, blob_url: str) -> "Pages":
        environment = Environment(
            loader=PackageLoader("calco.portal"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "bytes": size_of,
            "when": when,
            "name": name_of,
            "group": group_of,
            "portal_path": portal_path,
        }
        return cls(blob_url, environment)

    def whole(
        self, template: str, words: Words, values: Mapping[str, object], *, status: int = 200, styles: str = ""
    ) -> Response:
        """A page. ``styles``: further sources of styles, where a library cannot do without."""
        text = self.environment.get_template(template).render(_with_words(words, values))
        return HTMLResponse(text, status, self._headers(words, styles))

    def live(self, template: str, words: Words, values: Mapping[str, object]) -> str:
        """What of the page changes while one looks at it; empty when the template has no such part."""
        found = self.environment.get_template(template)
        block = found.blocks.get(LIVE_BLOCK)
        return "" if block is None else "".join(block(found.new_context(_with_words(words, values))))

    def _headers(self, words: Words, styles: str) -> dict[str, str]:
        policy = (
            "default-src 'none'; script-src 'self'; "
            f"style-src 'self'{' ' if styles else ''}{styles}; img-src 'self' data:; font-src 'self'; "
            f"connect-src 'self'{' ' if self.blob_url else ''}{self.blob_url}; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        more = {"Content-Language": words.language, "Vary": "Accept-Language, Cookie"}
        return page_headers(policy, "same-origin") | more


def _with_words(words: Words, values: Mapping[str, object]) -> dict[str, object]:
    return {"t": words, "language": words.language, "languages": LANGUAGES, **values}


# --- filters ---------------------------------------------------------------------------------------------------------

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size_of(count: float | None) -> str:
    """Bytes as people read them: ``4.2 GiB``; a dash for none."""
    if count is None:
        return "–"
    step = min(int(math.log(count, 1024)), len(_UNITS) - 1) if count >= 1 else 0
    value = count / 1024**step
    return f"{value:.0f} {_UNITS[step]}" if value >= 100 or step == 0 else f"{value:.1f} {_UNITS[step]}"


def when(text: str | None) -> str:
    """A time of the API's as people read it, in UTC; a dash for none."""
    if not text:
        return "–"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def name_of(id: str | None) -> str:
    """The last name of a resource id."""
    return (id or "").rstrip("/").rpartition("/")[2]


def group_of(id: str | None) -> str:
    """The resource group of a resource id; empty when it is in none."""
    parts = (id or "").split("/")
    return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


_PAGES_OF = {
    "microsoft.compute/virtualmachines": "virtual-machines",
    "microsoft.compute/images": "images",
    "microsoft.compute/disks": "disks",
    "microsoft.compute/snapshots": "snapshots",
    "microsoft.resources/deployments": "deployments",
}
"""Kinds that have a page of their own, and the first part of its address."""


def portal_path(id: str | None) -> str:
    """The page of a resource or resource group, by its id; of what is part of a resource, that resource's. Empty when
    there is none."""
    parts = (id or "").strip("/").split("/")
    if len(parts) < 4 or parts[0].lower() != "subscriptions" or parts[2].lower() != "resourcegroups":
        return ""
    if len(parts) == 4:
        return f"/portal/resource-groups/{quote(parts[3], safe='')}"
    page = _PAGES_OF.get("/".join(parts[5:7]).lower()) if len(parts) >= 8 else None
    return f"/portal/{page}/{quote(parts[3], safe='')}/{quote(parts[7], safe='')}" if page else ""

"""What a browser complains of, and whom it asks: a page that does either wrongly fails the test that opened it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

INSIDE = ("data", "blob", "about")
"""Schemes that ask nobody."""


@dataclass
class Watch:
    """Watches every page of a browser's context. ``origins`` may be asked, nobody else."""

    origins: Collection[str]
    faults: list[str] = field(default_factory=list)
    """Errors on the console, violations of the policy among them; scripts that broke; requests to anybody else."""
    _expected: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", self._broke)
        context.on("request", self._asked)

    def expect(self, part: str) -> None:
        """One complaint with these words is what the test is about; that it does not come is a fault too.

        Chromium complains of every answer above 399: ``watch.expect("status of 409")``.
        """
        self._expected.append(part)

    def check(self) -> None:
        """Raises AssertionError with every fault that nobody expected, and every one expected that did not come."""
        left, missing = list(self.faults), []
        for part in self._expected:
            found = next((each for each in left if part in each), None)
            if found is None:
                missing.append(f"did not come: {part}")
            else:
                left.remove(found)
        wrong = left + missing
        assert not wrong, "\n".join(wrong)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            self.faults.append(f"{message.text} ({message.location['url']})")

    def _broke(self, error: WebError) -> None:
        self.faults.append(f"a script broke: {error.error}")

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in INSIDE and f"{url.scheme}://{url.netloc}" not in self.origins:
            self.faults.append(f"asked somebody else: {request.method} {request.url}")

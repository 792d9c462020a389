"""Pictures of pages, to be looked at: only when asked for, ``CALCO_SCREENSHOTS=1``, in untracked ``screenshots/``."""

import os
from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[3] / "screenshots"


def shot(page: Page, name: str) -> None:
    """The whole page as ``NAME-LANGUAGE.png``, by the language that the page says it is in."""
    if not os.environ.get("CALCO_SCREENSHOTS"):
        return
    language = page.locator("html").get_attribute("lang") or "none"
    FOLDER.mkdir(exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}-{language}.png", full_page=True)

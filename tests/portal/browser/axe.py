"""axe-core in a page: can everybody use it? Contrast, labels, headings, landmarks, keyboard.

Source: axe-core's API, ``axe.run(context, options)``; its tags are those of WCAG's levels.
"""

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

SCRIPT = Path(__file__).resolve().parents[3] / ".venvs/axe/node_modules/axe-core/axe.min.js"
RUN = """async () => {
    const found = await axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        resultTypes: ["violations"],
    });
    const where = each => each.nodes.map(node => node.html.slice(0, 200)).join("; ");
    return found.violations.map(each => [each.id, each.help, where(each)]);
}"""


class Violation(NamedTuple):
    rule: str
    help: str
    where: str
    """The elements' own HTML."""


def axe(page: Page) -> list[Violation]:
    """Whatever axe-core finds wrong with the page as it is now; empty when everybody can use it.

    Skips the test where axe-core is not installed, but never in CI.
    """
    if not SCRIPT.exists() and not os.environ.get("CI"):
        pytest.skip(f"{SCRIPT} is missing: make deps-browser")
    # By the debugger, to whom the page's policy does not apply; a script element would be refused.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_script())
    return [Violation(*each) for each in page.evaluate(RUN)]


@cache
def _script() -> str:
    return f"() => {{ {SCRIPT.read_text()} }}"

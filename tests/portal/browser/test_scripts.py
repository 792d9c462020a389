"""Scripts of others work under the portal's own policy: a page that loads them complains of nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

import calco
from tests.portal.browser.portal import Portal
from tests.portal.browser.watch import Watch

pytestmark = pytest.mark.slow

STATIC = Path(calco.__file__).parent / "portal/static"
HTML = """<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/portal/static/vendor/xterm.css"><div id="place">{content}</div>{scripts}"""
DRAWN = "\\x1b[31mred\\x1b[0m \\x1b[38;2;10;200;30mown\\x1b[0m"
"""By the terminal's palette, and by a colour of its own: the one needs a style sheet, the other a style attribute."""
COLOURS = """words => words.map(word => {
    const found = [...document.querySelectorAll(".xterm-rows span")].find(each => each.textContent === word);
    return found ? getComputedStyle(found).color : word;
})"""


@pytest.fixture
def policy(portal: Portal, page: Page) -> str:
    """What the portal sends with a page, on the wire."""
    answer = page.request.get(f"{portal.base}/portal/sign-in")
    return answer.headers["content-security-policy"]


def show(page: Page, portal: Portal, policy: str, *scripts: str, content: str = "") -> None:
    """A page of the portal's own address, with its policy, that loads these files of its static folder."""
    tags = "".join(f'<script src="/portal/static/{each}"></script>' for each in scripts)

    def answer(route: Route) -> None:
        route.fulfill(
            status=200,
            content_type="text/html",
            headers={"content-security-policy": policy},
            body=HTML.format(content=content, scripts=tags),
        )

    page.route("**/portal/tried", answer)
    page.goto(f"{portal.base}/portal/tried")


def draw(page: Page) -> list[str]:
    """Open a terminal, write to it, type into it: the colours it is then seen in."""
    page.evaluate(
        """text => new Promise(done => {
            const terminal = new Terminal({cols: 80, rows: 24}), fit = new FitAddon.FitAddon();
            terminal.loadAddon(fit);
            terminal.open(document.getElementById("place"));
            fit.fit();
            terminal.onData(typed => terminal.write(typed));
            terminal.focus();
            terminal.write(text, done);
        })""",
        DRAWN.encode().decode("unicode_escape"),
    )
    page.keyboard.type(" typed")
    page.locator(".xterm-rows", has_text="typed").wait_for()
    found = page.evaluate(COLOURS, ["red", "own"])
    assert isinstance(found, list)
    return found


def test_the_policy_is_strict(policy: str) -> None:
    directives = {name: values for name, *values in (each.split() for each in policy.split(";") if each.strip())}

    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == ["'self'"]
    assert "unsafe" not in policy


def test_a_terminal_is_drawn_in_its_colours_under_the_strict_policy(page: Page, portal: Portal, policy: str) -> None:
    show(page, portal, policy, "strict_styles.js", "vendor/xterm.js", "vendor/addon-fit.js")

    assert draw(page) == ["rgb(204, 0, 0)", "rgb(10, 200, 30)"]


def test_without_our_styles_script_the_terminal_breaks_the_policy(
    page: Page, portal: Portal, policy: str, watch: Watch
) -> None:
    """Should this fail, xterm.js has learned to do without, and strict_styles.js can go."""
    show(page, portal, policy, "vendor/xterm.js", "vendor/addon-fit.js")

    assert draw(page) != ["rgb(204, 0, 0)", "rgb(10, 200, 30)"]
    with pytest.raises(AssertionError, match="style-src"):
        watch.check()
    watch.faults.clear()

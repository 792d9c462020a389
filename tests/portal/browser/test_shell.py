"""The Cloud Shell's pane: below every page, the same shell from page to page, its user's own, for everybody to use."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.cloudshell.document import MACHINE, blocks
from tests.portal.browser.axe import axe
from tests.portal.browser.conftest import NewPage
from tests.portal.browser.lab import Lab
from tests.portal.browser.portal import Person, Portal
from tests.portal.browser.shot import shot
from tests.portal.browser.test_stream import until
from tests.shared import needs_shared

PASTE = """(at, text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    at.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


class Pane:
    """The pane of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.place = page.locator("#shell")
        self.status = page.locator("#shell-status")

    def open(self) -> "Pane":
        self.page.locator("#shell-open").click()
        return self.ready()

    def ready(self) -> "Pane":
        expect(self.shown).to_contain_text("PS />")
        return self

    @property
    def shown(self) -> Locator:
        """What is on the screen now, as assistive technology is told it."""
        return self.place.locator(".xterm-accessibility-tree")

    @property
    def lines(self) -> list[str]:
        return [each.replace("\xa0", " ").rstrip() for each in self.shown.locator("> div").all_text_contents()]

    def paste(self, text: str) -> None:
        self.place.locator(".xterm-helper-textarea").evaluate(PASTE, text)

    def run(self, text: str) -> list[str]:
        """Paste a text, press Enter, wait for the next prompt; the lines below what was pasted."""
        self.clear()
        self.paste(text.rstrip())
        until(self.page, lambda: not self._at_the_prompt())
        self.page.keyboard.press("Enter")
        until(self.page, self._at_the_prompt)
        return self.lines

    def clear(self) -> None:
        """The screen, by Ctrl-L: what is looked for is then not from before."""
        self.place.locator(".xterm-helper-textarea").focus()
        self.page.keyboard.press("Control+l")
        until(self.page, lambda: [each for each in self.lines if each] == ["PS />"])

    def _at_the_prompt(self) -> bool:
        said = [each for each in self.lines if each]
        return bool(said) and said[-1] == "PS />"


@pytest.fixture
def named_by_the_document(portal: Portal) -> Iterator[Lab]:
    """What the first script names: its group with its machine, and another machine that it does not name."""
    lab = Lab(portal, "myResourceGroup")
    lab.machine("myVM")
    lab.machine("decoy")
    yield lab
    with suppress(AssertionError):
        portal.service.client.change("DELETE", lab.id, label="clean up")


@needs_shared
@pytest.mark.slow
def test_the_documents_first_script_pasted_into_the_pane_makes_its_image(
    portal: Portal, page: Page, named_by_the_document: Lab
) -> None:
    lab = named_by_the_document
    portal.enter(page)
    pane = Pane(page).open()

    for block in blocks()[MACHINE]:
        pane.run(block)

    page.get_by_role("link", name="Images", exact=True).first.click()
    expect(page.get_by_role("main").get_by_role("link", name="myImage", exact=True)).to_be_visible()
    assert lab.names("images") == ["myImage"]
    assert "OSState/generalized" in lab.codes("myVM")
    assert "PowerState/running" in lab.codes("decoy")
    expect(pane.ready().shown).to_contain_text("myImage")
    shot(page, "shell-document")


@pytest.mark.slow
def test_the_same_shell_goes_along_from_page_to_page_while_pages_follow_what_it_does(
    portal: Portal, page: Page
) -> None:
    lines: list[str] = []
    page.on("websocket", lambda line: lines.append(line.url))
    portal.enter(page)
    group = f"{Lab(portal).group}-by-shell"
    Pane(page).open().run(f"$group = '{group}'")

    page.get_by_role("link", name="Resource groups", exact=True).first.click()
    pane = Pane(page).ready()
    assert page.evaluate("() => document.activeElement === document.body"), "whoever reads the page goes on with it"
    pane.run("New-AzResourceGroup -Name $group -Location eastus | Out-Null")

    expect(page.get_by_role("main").get_by_role("link", name=group, exact=True)).to_be_visible()
    assert {each.partition("/portal")[0] for each in lines} == {portal.base.replace("https", "wss")}
    page.get_by_role("button", name="Close").click()
    expect(pane.place).to_be_hidden()
    page.get_by_role("link", name="Disks", exact=True).first.click()
    expect(Pane(page).place).to_be_hidden()
    assert group in "".join(Pane(page).open().run("$group"))


@pytest.mark.slow
def test_everybody_can_use_a_page_with_the_pane_and_get_out_of_it(portal: Portal, each_page: Page) -> None:
    portal.enter(each_page)
    pane = Pane(each_page).open()
    pane.run("Get-Help New-AzImage")

    assert axe(each_page) == []
    assert each_page.locator("#shell-open").get_attribute("aria-expanded") == "true"
    each_page.keyboard.press("F6")
    assert each_page.evaluate("() => document.activeElement.id") == "shell-close"
    each_page.keyboard.press("Enter")
    expect(pane.place).to_be_hidden()
    assert each_page.evaluate("() => document.activeElement.id") == "shell-open"
    each_page.keyboard.press("Enter")
    pane.ready()
    until(each_page, lambda: bool(each_page.evaluate("() => document.activeElement.className.includes('xterm')")))
    shot(each_page, "shell-pane")


@pytest.mark.long
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_on_a_small_screen_the_pane_leaves_the_page_its_room(
    portal: Portal, new_page: NewPage, locale: str, colours: str
) -> None:
    page = portal.enter(new_page(locale=locale, viewport={"width": 400, "height": 800}, color_scheme=colours))
    pane = Pane(page).open()

    pane.run("[pscustomobject]@{ Name = 'n' * 30; Place = 'p' * 30 } | Format-Table")

    assert axe(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400, "the page is wider than the screen"
    page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
    last, top = page.evaluate(
        """() => [document.querySelector("main").lastElementChild.getBoundingClientRect().bottom,
                  document.getElementById("shell").getBoundingClientRect().top]"""
    )
    assert last <= top, "the page's end is behind the pane"
    shot(page, f"shell-narrow-{colours}")


@pytest.mark.long
def test_what_is_focused_on_the_page_is_not_behind_the_pane(portal: Portal, page: Page) -> None:
    portal.enter(page)
    page.set_viewport_size({"width": 1000, "height": 500})
    page.goto(f"{portal.base}/portal/disks/import")
    Pane(page).open()
    page.locator("#main").focus()
    stops = 0

    while True:
        page.keyboard.press("Tab")
        inside, bottom, top = page.evaluate(
            """() => [!!document.activeElement.closest("main"), document.activeElement.getBoundingClientRect().bottom,
                      document.getElementById("shell").getBoundingClientRect().top]"""
        )
        if not inside:
            break
        assert bottom <= top
        stops += 1
    assert stops > 5


@pytest.mark.long
def test_each_users_shell_is_their_own_and_may_do_what_they_may(
    portal: Portal, new_page: NewPage, reader: Person
) -> None:
    owners, readers = portal.enter(new_page()), portal.sign_in(new_page(), reader)
    Pane(owners).open().run("$secret = 'of the ' + 'owner'")
    group = f"{Lab(portal).group}-by-reader"
    theirs = Pane(readers).open()

    assert "[]" in theirs.run('"[$secret]"')
    assert reader.name in "".join(theirs.run("(Get-AzContext).Account.Id"))
    said = "".join(theirs.run(f"New-AzResourceGroup -Name {group} -Location eastus"))

    assert "AuthorizationFailed" in said
    groups = portal.service.client.list(f"{portal.service.client.subscription}/resourcegroups")
    assert group not in [each["name"] for each in groups]


TELL_WHEN_THE_PAGE_IS_OVER = """() => {
  const live = document.getElementById("live");
  window.over = new Promise((tell) => live.addEventListener("over", ({ detail }) => tell(detail.data)));
}"""


@pytest.mark.long
def test_signing_out_ends_the_shell_everywhere_and_the_next_session_begins_anew(portal: Portal, page: Page) -> None:
    portal.enter(page)
    pane = Pane(page).open()
    pane.run("$kept = 'still ' + 'here'")
    page.evaluate(TELL_WHEN_THE_PAGE_IS_OVER)
    other = page.context.new_page()
    other.goto(f"{portal.base}/portal/images")

    other.get_by_role("button", name="Sign out").click()

    assert page.evaluate("window.over") == "signed out"
    expect(pane.status).to_have_text("Your session has ended.")
    expect(page.locator("#shell-again")).to_be_hidden()
    page.locator("#shell").get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/portal/sign-in\?next="))
    portal.enter(page)
    assert "[]" in Pane(page).ready().run('"[$kept]"')


@pytest.mark.long
def test_a_shell_that_was_left_by_exit_says_so_and_another_one_is_a_click_away(portal: Portal, page: Page) -> None:
    portal.enter(page)
    pane = Pane(page).open()

    pane.paste("exit")
    page.keyboard.press("Enter")

    expect(pane.status).to_have_text("The shell has ended.")
    page.locator("#shell-again").click()
    pane.ready()
    expect(pane.status).to_have_text("")
    page.keyboard.type("1 + 1")
    page.keyboard.press("Enter")
    until(page, lambda: "2" in pane.lines)


@pytest.mark.long
@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1001, "The service has stopped."),
        (1012, "The service has stopped."),
        (4002, "Too many shells are open. Close one first."),
        (4011, "Nobody has looked at this shell for a while; it was ended."),
        (4013, "The shell has used up its processor time."),
        (1011, "The connection has ended."),
    ],
)
def test_why_a_shell_is_gone_is_told_and_another_one_is_a_click_away(
    portal: Portal, page: Page, code: int, said: str
) -> None:
    lines: list[str] = []

    def ends_at_once(line: WebSocketRoute) -> None:
        lines.append(line.url)
        if len(lines) == 1:
            line.close(code=code)
        else:
            line.connect_to_server()

    page.route_web_socket(re.compile("/portal/shell/line"), ends_at_once)
    portal.enter(page)
    page.goto(f"{portal.base}/portal/shell")
    pane = Pane(page)

    expect(pane.status).to_have_text(said)
    page.locator("#shell-again").click()
    pane.ready()
    expect(pane.status).to_have_text("")
    expect(page.locator("#shell-again")).to_be_hidden()

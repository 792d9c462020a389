"""``calco open``: a link that opens once, kept from everybody but this user's browser."""

import html
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from calco import process
from calco.cli.common import Failure
from calco.cli.portal import LINKS_PATH, Link, browse, has_screen, lead_there, leading_page, new_link
from calco.data_dir import DataDir, Running
from tests.cli.test_client import Service, says

CODE = "f0rOnce_only-and&no<more>"
LINK = Link(f"https://localhost:8443/portal/enter?code={CODE}", 300)
SCREEN = {"DISPLAY": ":0"}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDir]:
    found = DataDir(tmp_path / "here")
    found.prepare()
    yield found
    found.withdraw()
    found.run_dir.rmdir()


@dataclass
class Browser:
    """Shows what it is told to, or says that it cannot."""

    there: bool = True
    shown: list[str] = field(default_factory=list)

    def __call__(self, address: str) -> bool:
        self.shown.append(address)
        return self.there


def gives(status: int, body: object) -> Service:
    return Service({("POST", LINKS_PATH): [says(status, body)]})


# --- the link --------------------------------------------------------------------------------------------------------


def test_the_link_is_asked_for_with_the_owners_token() -> None:
    service = gives(201, {"url": LINK.url, "expiresInSeconds": 300})

    assert new_link(service.client()) == LINK
    (asked,) = service.asked
    assert asked.headers["authorization"] == "Bearer token1"


@pytest.mark.parametrize("status", [404, 405])
def test_a_service_without_a_portal_is_told_from_one_that_refuses(status: int) -> None:
    with pytest.raises(Failure, match="no portal") as failed:
        new_link(gives(status, {"error": {"code": "NotFound", "message": "There is no such thing."}}).client())
    assert "calco up" in failed.value.hint

    with pytest.raises(Failure, match="AuthorizationFailed: You may not"):
        new_link(gives(403, {"error": {"code": "AuthorizationFailed", "message": "You may not."}}).client())


@pytest.mark.parametrize(
    "body",
    [{}, [], None, {"url": 7, "expiresInSeconds": 300}, {"url": LINK.url}, {"url": "file:///x", "expiresInSeconds": 1}],
)
def test_an_answer_that_is_no_link_opens_nothing(body: object) -> None:
    with pytest.raises(Failure, match="without a link"):
        new_link(gives(201, body).client())


def test_the_link_is_not_shown_where_a_value_is_logged() -> None:
    assert CODE not in repr(LINK)
    assert (LINK.minutes, Link("", 60).minutes, Link("", 5).minutes) == ("5 minutes", "1 minute", "1 minute")


# --- where it goes ---------------------------------------------------------------------------------------------------


def test_a_browser_is_told_of_a_page_of_this_users_alone_and_never_of_the_link(
    data: DataDir, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = Browser()

    lead_there(data, LINK, SCREEN, browser)

    (address,) = browser.shown
    page = Path(unquote(urlsplit(address).path))
    assert (address.startswith("file:///"), page) == (True, data.portal_page)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
    said = capsys.readouterr()
    assert said.out == ""
    assert CODE not in said.err
    assert str(data.certificates / "ca.pem") in said.err
    assert "calco open --print" in said.err


def test_the_page_leads_to_the_link_whatever_stands_in_it(data: DataDir) -> None:
    leading_page(data, LINK)

    text = data.portal_page.read_text()
    (there,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', text)
    (by_hand,) = re.findall(r'href="([^"]*)"', text)
    assert html.unescape(there) == html.unescape(by_hand) == LINK.url
    assert "<more>" not in text
    assert "<script" not in text


def test_the_next_link_takes_the_place_of_the_last_and_goes_with_the_service(data: DataDir) -> None:
    leading_page(data, LINK)
    leading_page(data, Link("https://localhost:8443/portal/enter?code=another", 300))

    assert CODE not in data.portal_page.read_text()
    assert [each.name for each in data.run_dir.iterdir()] == [data.portal_page.name]
    data.withdraw()
    assert list(data.run_dir.iterdir()) == []


def test_no_page_is_written_where_others_may_look(data: DataDir) -> None:
    data.run_dir.chmod(0o755)

    with pytest.raises(Failure, match="open to other users") as failed:
        lead_there(data, LINK, SCREEN, Browser())

    assert failed.value.hint == "calco open --print"
    assert not data.portal_page.exists()
    data.run_dir.chmod(0o700)


@pytest.mark.parametrize(
    ("environ", "seen"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, False),
        ({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, False),
        ({"BROWSER": "w3m"}, False),
    ],
)
def test_a_browser_is_opened_only_on_the_screen_of_whoever_types(environ: dict[str, str], seen: bool) -> None:
    assert has_screen(environ) is seen


@pytest.mark.parametrize(
    ("environ", "browser"), [({}, Browser()), (SCREEN, Browser(there=False))], ids=["no screen", "no browser"]
)
def test_where_nothing_opens_the_link_is_all_that_is_printed(
    data: DataDir, capsys: pytest.CaptureFixture[str], environ: dict[str, str], browser: Browser
) -> None:
    lead_there(data, LINK, environ, browser)

    said = capsys.readouterr()
    assert said.out == f"{LINK.url}\n"
    assert "within 5 minutes" in said.err
    assert "ssh" not in said.err
    assert (browser.shown == []) is (environ == {})


def test_over_ssh_it_says_which_ports_are_to_be_led_there(data: DataDir, capsys: pytest.CaptureFixture[str]) -> None:
    ourselves = process.mark(os.getpid())
    assert ourselves is not None
    data.announce(Running("https://localhost:8443", ourselves, "1", "simulated", "https://localhost:10000"))

    lead_there(data, LINK, {"SSH_CONNECTION": "x", **SCREEN}, Browser())

    assert "ssh -L 8443:localhost:8443 -L 10000:localhost:10000 HOST" in capsys.readouterr().err


# --- a real program for a browser ------------------------------------------------------------------------------------


def fake_browser(tmp_path: Path, *more: str) -> Path:
    program, told = tmp_path / "some browser", tmp_path / "told"
    program.write_text("\n".join(["#!/bin/sh", "echo noise; echo noise >&2", f'echo "$*" > "{told}"', *more, ""]))
    program.chmod(0o755)
    return program


@pytest.mark.slow
def test_a_browser_is_started_with_its_noise_kept_off_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROWSER", str(fake_browser(tmp_path)))

    assert browse("file:///somewhere/portal.html")

    assert (tmp_path / "told").read_text() == "file:///somewhere/portal.html\n"
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_without_a_browser_nothing_is_said_to_have_been_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not browse("file:///somewhere/portal.html")

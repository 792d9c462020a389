"""``calco open``: the portal in the browser, its owner signed in by a link that opens once.

The link is as good as a password until it is opened. Other users of this machine may read every program's arguments
(proc(5), ``cmdline``), and a browser is told what to show by its arguments; so it is told of a page in a file that only
this user can read, and that page leads on to the link.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, data_dir, note
from calco.data_dir import DataDir, DataDirUnfit
from calco.private_file import write_private

if TYPE_CHECKING:
    from calco.cli.client import Client

LINKS_PATH = "/portal/links"
BROWSE = "import sys, webbrowser; sys.exit(0 if webbrowser.open(sys.argv[1]) else 1)"
BROWSE_SECONDS = 15
"""How long a browser is waited for that stays in the foreground; it goes on."""
EXAMPLES = """
Examples:

  calco open                     the portal, in your browser

  calco open --print             only the link; it opens once

  calco open -o json             the link for programs
"""


@dataclass(frozen=True)
class Link:
    """``url`` signs in whoever opens it first, for ``seconds`` from now."""

    url: str = field(repr=False)
    seconds: int

    @property
    def minutes(self) -> str:
        count = max(self.seconds // 60, 1)
        return "1 minute" if count == 1 else f"{count} minutes"


def new_link(client: "Client") -> Link:
    """A link of the running service. Raises Failure."""
    from calco.cli.client import ApiFailure

    try:
        told = client.send("POST", LINKS_PATH).json()
    except ApiFailure as refused:
        if refused.status not in (404, 405):
            raise
        raise Failure(
            "the service that runs here has no portal", "An older calco started it: calco down, then calco up --detach"
        ) from refused
    except ValueError:
        told = None
    match told:
        case {"url": str(url), "expiresInSeconds": int(seconds)} if url.startswith("https://"):
            return Link(url, seconds)
        case _:
            raise Failure("the service answered without a link to its portal")


def open_portal(
    only_print: Annotated[bool, typer.Option("--print", help="Print the link and open nothing.")] = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Open the portal in the browser, signed in as the owner by a link that opens once."""
    from calco.cli.client import connect

    data = data_dir(data_dir_given)
    link = new_link(connect(data))
    if form is Form.JSON:
        print(json.dumps({"url": link.url, "expiresInSeconds": link.seconds}, indent=2))
    elif only_print:
        print(link.url)
    else:
        lead_there(data, link, os.environ, browse)


def lead_there(data: DataDir, link: Link, environ: Mapping[str, str], browse: Callable[[str], bool]) -> None:
    """Have the browser open ``link``; where there is none to be seen, print it. Raises Failure."""
    if has_screen(environ) and browse(leading_page(data, link)):
        note("The portal opens in your browser. If it does not: calco open --print")
    else:
        note(f"No browser opens here. Open this link in one, once, within {link.minutes}:")
        print(link.url, flush=True)
        if _over_ssh(environ):
            note(f"From the machine you sit at, with these ports of this one led there:\n  ssh {_tunnels(data)} HOST")
    note(
        "A browser warns of the certificate until calco's authority is among those it trusts. Import it, once:\n"
        f"  {data.certificates / 'ca.pem'}"
    )


def leading_page(data: DataDir, link: Link) -> str:
    """Write the page that leads to ``link``, over the last one; its address. Raises Failure.

    It lies there until the next one is written or the service stops: once opened, or after minutes, it leads nowhere.
    """
    url = escape(link.url)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>calco</title>'
        f'<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={url}"></head>'
        f'<body><main><p><a href="{url}">calco</a></p></main></body></html>\n'
    )
    try:
        data.prepare()  # looks once more whose folder it is: it may lie in /tmp
        write_private(data.portal_page, page.encode())
    except (DataDirUnfit, OSError) as why:
        raise Failure(f"the page that leads to the portal cannot be written: {why}", "calco open --print") from why
    return data.portal_page.as_uri()


def browse(address: str) -> bool:
    """Have this user's browser show ``address``; False when there is none.

    In a process of its own, for browsers have much to say on the terminal that they were started from.
    """
    argv = [sys.executable, "-I", "-c", BROWSE, address]
    silent = subprocess.DEVNULL
    try:
        done = subprocess.run(argv, stdin=silent, stdout=silent, stderr=silent, timeout=BROWSE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode == 0


def has_screen(environ: Mapping[str, str]) -> bool:
    """Whether a browser started here would be seen by whoever types: not on another machine's screen, not on none."""
    return not _over_ssh(environ) and any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _over_ssh(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))


def _tunnels(data: DataDir) -> str:
    """ssh's flags for the service's ports, the second of which takes disks that are uploaded."""
    running = data.running()
    urls = [running.url, running.blob_url] if running else []
    ports = [url.rpartition(":")[2] for url in urls if url]
    return " ".join(f"-L {port}:localhost:{port}" for port in ports)

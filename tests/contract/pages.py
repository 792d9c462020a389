"""Pages that show what calco does, docs/clients first: what is between marks in them was written by a test that passed.

    <!-- shown: name -->
    ...
    <!-- end -->

A test hands over what it saw, by name; a page that shows anything else fails it. `make clients` has the pages written
instead. What differs from run to run is put into one form by ``steady``.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs/clients"
WRITE = "CALCO_WRITE_PAGES"
"""The environment variable by which `make clients` asks for the pages."""
BLOCK = re.compile(r"(<!-- shown: ([a-z0-9 -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def check(page: str, shown: Mapping[str, str], *, folder: Path = FOLDER, write: bool | None = None) -> None:
    """The page has these blocks and no others, and shows in each exactly this. ``write``: rather than to compare."""
    file = folder / f"{page}.md"
    text = file.read_text()
    assert sorted(name for _, name, _ in BLOCK.findall(text)) == sorted(shown), f"{file.name}: other blocks than shown"
    wanted = BLOCK.sub(lambda each: f"{each[1]}{shown[each[2]].rstrip()}\n{each[3]}", text)
    if bool(os.environ.get(WRITE)) if write is None else write:
        file.write_text(wanted)
    assert file.read_text() == wanted, f"{file.name} shows something else; `make clients` writes it anew"


def fence(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def part(file: Path, name: str) -> str:
    """What stands in a script between `// page: name` (or `# page: name`) and `page end`."""
    found = re.search(rf"^(?://|#) page: {name}\n(.*?)^(?://|#) page end$", file.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"{file.name} has no part {name!r}"
    return found[1]


RULES = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "00000000-0000-0000-0000-000000000000"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)", "2026-01-01T00:00:00+00:00"),
    (r"https://(?:localhost|127\.0\.0\.1):\d+", "https://localhost:8443"),
    (r"\b(?:[0-9A-F]{2}-){5}[0-9A-F]{2}\b", "00-0D-3A-00-00-01"),
    (r"\b(?:[0-9A-F]{2}:){5}[0-9A-F]{2}\b", "00:0D:3A:00:00:01"),
    (r"([?&]s(?:ig|kt|e|v|r|p|t)=)[^&\"\s]+", r"\1..."),
    (r"(etag\": \"W/\\\")[^\\]+", r"\1..."),
    (r"_[0-9a-f]{32}\b", "_" + "0" * 32),
    (r"(\"password\": \")[^\"]+", r"\1..."),
    (r"done in \d+\.\d s", "done in 0.1 s"),
    (r"ssh-ed25519 [A-Za-z0-9+/=]+[^\"\n]*", "ssh-ed25519 AAAA..."),
)
"""What differs from run to run, and what is shown instead: ids, moments, ports, addresses of NICs, secrets."""


def steady(text: str, *more: tuple[str, str]) -> str:
    """The text as every run would have it. ``more``: texts of this run alone, a folder's name say, and their names."""
    for found, name in more:
        text = text.replace(found, name)
    for pattern, name in RULES:
        text = re.sub(pattern, name, text)
    return text

"""Where Debian packages come from: this machine's own apt sources, unless the settings name others.

Only stanzas that are Debian's own archive of the wanted release are taken; a vendor's repository that happens to be
configured here has no place in an image.
Source: sources.list(5), one-line style and deb822 style.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from calco.catalog.progress import BuildFailed

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ONE_LINE = re.compile(r"deb(?:\s+\[(?P<options>[^\]]*)\])?\s+(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>\S.*)")
STANZA_BYTES_MAX = 1 << 20


def machine_sources(suite: str, apt_folder: Path = Path("/etc/apt")) -> list[str]:
    """One-line apt sources of Debian's release ``suite``, its updates and its security, as this machine has them.

    Raises BuildFailed when there are none, as on Ubuntu.
    """
    files = [apt_folder / "sources.list", *sorted((apt_folder / "sources.list.d").glob("*"))]
    found: list[str] = []
    for file in files:
        if file.suffix in {".list", ".sources"} and file.is_file() and file.stat().st_size < STANZA_BYTES_MAX:
            text = file.read_text(errors="replace")
            lines = _from_stanzas(text) if file.suffix == ".sources" else _from_lines(text)
            found += [line for line in lines if _is_debian(line, suite)]
    if not any(f" {suite} " in line for line in found):
        raise BuildFailed(
            "apt sources",
            f"this machine's apt knows no source of Debian {suite}",
            'name one in the settings: "deb URI ' + suite + ' main"',
        )
    return list(dict.fromkeys(found))


def signed(lines: Sequence[str], keyring: Path = DEBIAN_KEYRING) -> list[str]:
    """The sources, each with a key ring: Debian's where a line names none, so that a host of another distribution,
    whose own apt would not trust Debian, does too."""
    return [
        line
        if "signed-by=" in line or not keyring.is_file()
        else re.sub(r"^deb(\s+\[)?\s*", lambda found: f"deb [signed-by={keyring}{' ' if found[1] else '] '}", line)
        for line in lines
    ]


def for_the_guest(line: str) -> str:
    """The source as it may stand in an image: no user name or password in its address, none of this machine's files."""
    return re.sub(r"^deb\s+\[[^\]]*\]", "deb", re.sub(r"(://)[^/@\s]*@", r"\1", line))


def _from_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if found := ONE_LINE.fullmatch(line.partition("#")[0].strip()):
            options = f"[{found['options']}] " if found["options"] else ""
            yield f"deb {options}{found['uri']} {found['suite']} {' '.join(found['components'].split())}"


def _from_stanzas(text: str) -> Iterator[str]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        key = fields.get("signed-by", "")
        options = f"[signed-by={key}] " if key.startswith("/") and len(key.split()) == 1 else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield f"deb {options}{uri} {suite} {' '.join(fields.get('components', '').split())}"


def _fields(stanza: str) -> dict[str, str]:
    """Fields of a deb822 stanza by lower-case name; a continued value is joined by newlines."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')}\n{line.strip()}"
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _is_debian(line: str, suite: str) -> bool:
    """Whether a one-line source is the release's main archive, its updates or its security."""
    found = ONE_LINE.fullmatch(line)
    return (
        found is not None
        and found["suite"] in {suite, f"{suite}-updates", f"{suite}-security"}
        and "main" in found["components"].split()
    )

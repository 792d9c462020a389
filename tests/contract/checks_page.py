"""docs/checks.md: every check of a disk, read off the inspector's own catalogue.

python -m tests.contract.checks_page     writes it; `make compatibility` does so too
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from calco.inspection.catalogue import CATALOGUE
from calco.inspection.check import Check
from calco.model.inspection import Severity

PAGE = Path(__file__).resolve().parents[2] / "docs/checks.md"

HEAD = """# What calco looks at on a disk

Written by `make compatibility` from the inspector's catalogue; do not edit.

    calco vm check web1
    calco image check golden
    calco snapshot check before
    calco disk check web1-os
    calco vhd check disk.vhd --format vpc
    calco vhd prepare-report disk.vhd --format vpc --html report.html

The *verdict* is generalized, specialized or unknown, and is about what is on the disk: whatever anybody has flagged.
Each *check* is in order, has failed, or could not be read; those that say nothing about a disk, of an agent that is not
there, say, are left out. What has failed is a *finding*, and its severity is the command's exit status:

| severity | what becomes of who ignores it | exit status |
| --- | --- | --- |
| blocks boot | a machine made of it does not boot, does not finish its setup, or cannot be reached | 4 |
| leaks | machines made of it share an identity, or carry somebody's secrets or accounts | 3 |
| advice | it works without, and better with it | 0 |

An unknown verdict with nothing worse than advice ends with 5, what cannot be looked at at all with 1. Codes are stable:
a pipeline may name them.

Commands are for the machine that the disk comes from: as root in a shell, or in an elevated PowerShell; those of the
file are for where it lies. Most may be run in any order, and again. They take the machine's own accounts, keys and logs
away, the one you are signed in with among them: save what is still needed, run them in one session, and generalize and
shut down at its end. No word of a disk is ever part of a command; where one needs a name, it says NAME, and the finding
tells which.
"""

GROUPS: Mapping[str, str] = MappingProxyType(
    {"container": "The file", "disk": "The disk", "linux": "Linux", "windows": "Windows"}
)
"""By what their codes begin with."""
SEVERITIES: Mapping[Severity, str] = MappingProxyType(
    {Severity.BLOCKS_BOOT: "blocks boot", Severity.LEAKS: "leaks", Severity.ADVICE: "advice"}
)


def page() -> str:
    return "\n".join([HEAD, *_groups()])


def _groups() -> Iterator[str]:
    for beginning, heading in GROUPS.items():
        checks = [each for each in CATALOGUE if each.code.startswith(f"{beginning}.")]
        if not checks:
            continue
        yield f"## {heading}\n"
        yield "| check | severity | what is looked at | expected |\n| --- | --- | --- | --- |"
        for each in checks:
            yield f"| {_link(each.code)} | {SEVERITIES[each.severity]} | {text(each.title)} | {text(each.expected)} |"
        yield ""
        for each in checks:
            yield from _details(each)


def _link(code: str) -> str:
    return f"[`{code}`](#{re.sub(r'[^a-z0-9-]', '', code)})"


def _details(check: Check[Any]) -> Iterator[str]:
    yield f"### `{check.code}`\n"
    yield f"{text(check.title)} ({SEVERITIES[check.severity]}). Expected: {text(check.expected)}.\n"
    yield f"{text(check.message)}\n"
    if check.fix:
        yield f"```text\n{check.fix}\n```\n"
    if check.source:
        yield f"Source: {text(check.source).rstrip('.')}.\n"


def text(words: str) -> str:
    """Words that mean nothing to Markdown, in a table neither."""
    return re.sub(r"([\\`*_<>|\[\]#$~])", r"\\\1", " ".join(words.split()))


if __name__ == "__main__":
    PAGE.write_text(page())

"""docs/cloud-shell.md: what the Cloud Shell has of PowerShell and of Az, read off the cmdlets' own declarations.

python -m tests.contract.cloud_shell_page     writes it; `make compatibility` does so too
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from calco.cloudshell.binder.common import COMMON, PROFILE, own_parameters
from calco.cloudshell.catalogue import all_commands
from calco.cloudshell.cmdlet import Cmdlet, Parameter
from tests.contract.cloud_shell_language import NOT_THERE, THERE, Row

PAGE = Path(__file__).resolve().parents[2] / "docs/cloud-shell.md"

HEAD = """# Cloud Shell

Written by `make compatibility` from the cmdlets' declarations; do not edit.

Where PowerShell 7 and Az are installed, scripts run in them against calco unchanged:
[PowerShell](clients/powershell.md). The Cloud Shell is for where they are not, and for the portal. It is a **subset of
PowerShell**, with commands of calco's own that have the names, the parameters and the output of Azure's. That a script
runs here is no proof that it runs there.

    calco shell                        a prompt, with completion
    calco shell capture.ps1 web1       a script, with its arguments
    calco shell -c 'Get-AzVM -Status'  one line

What is not here is refused, in PowerShell's own words or in one sentence that names it; below that, for commands that
scripts often have, is what to write in their place. Nothing is skipped in silence.
"""

PARAMETERS = """Names are matched without case, by any beginning that only one of them has, and by alias; what has no
name goes by position. Parameter sets, switches (`-Force:$false`), splatting, input from the pipeline by value and by
property name, and blocks in place of a value are bound as PowerShell binds them. Every cmdlet has
{common} and {last};
those that change something have `-WhatIf` and `-Confirm`, those that take long `-AsJob`, those of Az
`-DefaultProfile`, for the session's own context.
"""

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "Az.Accounts": "Signing in",
        "Az.Resources": "Groups and resources",
        "Az.Compute": "Machines, images, disks, snapshots",
        "Az.Network": "Networks",
        "Az.Storage": "Storage",
        "Microsoft.PowerShell.Core": "PowerShell: the shell itself",
        "Microsoft.PowerShell.Utility": "PowerShell: objects and text",
        "Microsoft.PowerShell.Management": "PowerShell: paths",
        "Microsoft.PowerShell.Security": "PowerShell: secrets",
    }
)
"""Headings, by module, in this order; modules that are not listed come after them under their own names."""


def page() -> str:
    return "\n".join([HEAD, *_language(), *_commands(all_commands().all())])


def _language() -> Iterator[str]:
    yield "## The language\n"
    yield from _rows("| there is | for example |", THERE)
    yield ""
    yield from _rows("| there is not | for example |", NOT_THERE)
    yield ""
    yield "## Parameters\n"
    common = ", ".join(f"`-{each.name}`" for each in COMMON[:-1])
    yield PARAMETERS.format(common=common, last=f"`-{COMMON[-1].name}`")


def _rows(heading: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"{heading}\n| --- | --- |"
    for row in rows:
        yield f"| {row.what} | {_code(row.example)} |"


def _commands(commands: Sequence[Cmdlet]) -> Iterator[str]:
    yield "## The cmdlets\n"
    modules = dict.fromkeys((*MODULES, *(each.module for each in commands)))
    for module in modules:
        some = [each for each in commands if each.module == module]
        if not some:
            continue
        title = f"{module}: {MODULES[module].lower()}" if module.startswith("Az.") and module in MODULES else module
        yield f"### {title}\n"
        for each in some:
            yield from _command(each)


def _command(command: Cmdlet) -> Iterator[str]:
    aliases = f" Also {', '.join(_code(each) for each in command.aliases)}." if command.aliases else ""
    yield f"#### {command.name}\n"
    yield f"{text(command.synopsis)}{aliases}\n"
    if command.note:
        yield f"{text(command.note)}\n"
    own = [each for each in own_parameters(command) if each not in PROFILE]  # which "Parameters" tells of once
    if own:
        yield "| parameter | type | |\n| --- | --- | --- |"
        yield from (_parameter(each) for each in own)
        yield ""
    for example in command.examples:
        yield f"{text(example.what).rstrip('.')}:\n"
        yield f"```powershell\n{example.code}\n```\n"


def _parameter(of: Parameter) -> str:
    facts = [
        *(["mandatory"] if of.mandatory else []),
        *([f"position {of.position}"] if of.position is not None else []),
        *(["from the pipeline"] if of.from_pipeline else []),
        *(["by property name"] if of.from_name else []),
        *([f"also {', '.join(_code(f'-{each}') for each in of.aliases)}"] if of.aliases else []),
        *([f"one of {', '.join(of.choices)}"] if of.choices else []),
        *([f"in the sets {', '.join(of.sets)}" if len(of.sets) > 1 else f"in the set {of.sets[0]}"] if of.sets else []),
    ]
    more = f" ({'; '.join(facts)})" if facts else ""
    return f"| {_code(f'-{of.name}')} | {of.kind.value} | {text(of.help)}{more} |"


def _code(words: str) -> str:
    """Code in a table's cell: a bar would end it."""
    if "`" in words:
        return f"`` {words} ``".replace("|", "\\|")
    return f"`{words}`".replace("|", "\\|")


def text(words: str) -> str:
    """Words that mean nothing to Markdown, in a table neither."""
    return re.sub(r"([\\`*_<>|\[\]#$~])", r"\\\1", " ".join(words.split()))


if __name__ == "__main__":
    PAGE.write_text(page())

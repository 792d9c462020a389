"""What Get-Help says of a command, all of it read off its declaration.

The headings and their order are PowerShell's. Source: Microsoft Learn, Get-Help, "Command syntax diagrams".
"""

import textwrap
from collections.abc import Iterable, Sequence

from calco.cloudshell.binder.bound import sets_of
from calco.cloudshell.binder.common import COMMON, own_parameters
from calco.cloudshell.cmdlet import Cmdlet, Kind, Parameter

WIDTH = 100
COMMON_NOTE = "This cmdlet supports the common parameters: " + ", ".join(each.name for each in COMMON) + "."


def page(command: Cmdlet, part: str = "") -> list[str]:
    """``part``: "" (short), "Examples", "Detailed" or "Full"."""
    lines = ["", *_section("NAME", [command.name]), *_section("SYNOPSIS", _wrap(command.synopsis))]
    if part == "Examples":
        return [*lines, *examples(command)]
    lines += ["", *_section("SYNTAX", _spread(syntax(command))), ""]
    lines += _section("DESCRIPTION", _wrap(command.note or command.synopsis))
    if command.aliases:
        lines += _section("ALIASES", [", ".join(command.aliases)])
    if part in {"Detailed", "Full"}:
        described = [line for each in own_parameters(command) for line in parameter(each, full=part == "Full")]
        lines += ["", *_section("PARAMETERS", [*described, "<CommonParameters>", *_indented(_wrap(COMMON_NOTE))])]
        if part == "Full" and command.output:
            lines += _section("OUTPUTS", [command.output])
        return [*lines, *examples(command)]
    remarks = [f'{says}, type: "Get-Help {command.name} -{part}"' for says, part in _MORE]
    return [*lines, *_section("REMARKS", remarks)]


_MORE = (
    ("To see the examples", "Examples"),
    ("For more information", "Detailed"),
    ("For technical information", "Full"),
)


def syntax(command: Cmdlet) -> list[str]:
    """One line for each parameter set."""
    return [_set(command, set) for set in sets_of(command)]


def _set(command: Cmdlet, set: str) -> str:
    members = [each for each in own_parameters(command) if not each.sets or set in each.sets]
    members.sort(key=lambda each: (each.position is None, each.position or 0, not each.mandatory))
    return " ".join([command.name, *map(_written, members), "[<CommonParameters>]"])


def _written(parameter: Parameter) -> str:
    name = f"-{parameter.name}"
    if parameter.kind is Kind.SWITCH:
        return name if parameter.mandatory else f"[{name}]"
    value = f"{{{' | '.join(parameter.choices)}}}" if parameter.choices else f"<{parameter.kind.value}>"
    shown = f"[{name}] {value}" if parameter.position is not None else f"{name} {value}"
    return shown if parameter.mandatory else f"[{shown}]"


def parameter(of: Parameter, *, full: bool = True) -> list[str]:
    """One parameter with what there is to know of it."""
    lines = [f"-{of.name} <{of.kind.value}>", *_indented(_wrap(of.help))]
    if of.choices:
        lines += _indented(_wrap(f"Accepted values: {', '.join(of.choices)}"))
    if not full:
        return [*lines, ""]
    facts = (
        ("Required?", str(of.mandatory).lower()),
        ("Position?", "named" if of.position is None else str(of.position)),
        ("Default value", "False" if of.kind is Kind.SWITCH else ""),
        ("Accept pipeline input?", _piped(of)),
        ("Aliases", ", ".join(of.aliases)),
        ("Accept wildcard characters?", "false"),
    )
    return [*lines, "", *_indented(f"{name:<29}{value}".rstrip() for name, value in facts), ""]


def _piped(of: Parameter) -> str:
    ways = [*(["ByValue"] if of.from_pipeline else []), *(["ByPropertyName"] if of.from_name else [])]
    return f"true ({', '.join(ways)})" if ways else "false"


def examples(command: Cmdlet) -> list[str]:
    """As Get-Help numbers them."""
    lines: list[str] = []
    for number, example in enumerate(command.examples, 1):
        title = f"Example {number}: {example.what}"
        lines += [
            f"    {'-' * 26} {title} {'-' * 26}",
            "",
            *_indented(f"PS /> {each}" for each in example.code.split("\n")),
        ]
        lines += ["", ""]
    return lines


def _section(heading: str, lines: Iterable[str]) -> list[str]:
    return [heading, *_indented(lines), ""]


def _spread(lines: Sequence[str]) -> list[str]:
    """Each wrapped, with an empty line after it."""
    return [part for line in lines for part in (*_wrap(line), "")][:-1]


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 4, break_on_hyphens=False) or [""]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}".rstrip() for line in lines]

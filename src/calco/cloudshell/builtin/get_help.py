"""Get-Help: what a command does, how it is written, examples.

Source: Microsoft Learn, Get-Help.
"""

from collections.abc import Iterator

from calco.cloudshell.binder.common import own_parameters
from calco.cloudshell.builtin import help_text as pages
from calco.cloudshell.cmdlet import CORE, Call, Cmdlet, Module, View
from calco.cloudshell.declaration import cmdlet, columns, of, plain, switch
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import pattern
from calco.cloudshell.values import Record, Value

HELP = "HelpInfoShort"
_PARTS = ("Examples", "Detailed", "Full")
GENERAL = """
This is calco's Cloud Shell: a stated subset of PowerShell with the Az cmdlets for virtual machines and images.

    Get-Command                  every command there is
    Get-Command -Noun AzImage*   those about images
    Get-Help New-AzImage         what one does
    Get-Help New-AzImage -Examples
    Get-Help *disk*              those whose names say so
    Get-AzVM | Get-Member        what an object has

What is here and what is not: docs/cloud-shell.md.
"""


def _help(call: Call) -> Iterator[Value]:
    name = call.text("Name")
    if not name:
        yield GENERAL
        return
    known = call.shell.commands.find(name)
    found = [known] if known else [each for each in call.shell.commands.all() if _matches(each.name, name)]
    if not found:
        call.error(_not_found(name))
    elif len(found) > 1:
        yield from (_short(each) for each in found)
    elif call.given("Parameter"):
        yield from _parameters(call, found[0])
    else:
        part = next((each for each in _PARTS if call.switch(each)), "")
        yield "\n".join(pages.page(found[0], part))


def _matches(name: str, wanted: str) -> bool:
    return pattern.like(name, wanted if pattern.has_wildcard(wanted) else f"*{wanted}*")


def _not_found(name: str) -> Fault:
    return Fault(
        f"Get-Help could not find {name} in a help file in this session.",
        "HelpNotFound",
        "ResourceUnavailable",
        "Microsoft.PowerShell.Commands.HelpNotFoundException",
    )


def _short(command: Cmdlet) -> Record:
    shown = {"Name": command.name, "Category": "Cmdlet", "Module": command.module, "Synopsis": command.synopsis}
    return Record.of(HELP, dict(shown))


def _parameters(call: Call, command: Cmdlet) -> Iterator[Value]:
    wanted = call.text("Parameter")
    found = [each for each in own_parameters(command) if pattern.like(each.name, wanted)]
    if not found:
        message = f"No parameter matches criteria {wanted}."
        call.error(Fault(message, "NoParmsFound", "ObjectNotFound", "System.Management.Automation.PSArgumentException"))
    for each in found:
        yield "\n".join(["", *pages.parameter(each)])


COMMAND = cmdlet(
    "Get-Help",
    "Says what a command does and how it is written.",
    _help,
    plain("Name", "The command; with wildcards a list.", 0, from_name=True, completes="commands"),
    switch("Examples", "Only the examples."),
    switch("Detailed", "With the parameters."),
    switch("Full", "With all there is."),
    plain("Parameter", "Only this parameter; wildcards too."),
    aliases="help man",
    examples={
        "What New-AzImage takes": "Get-Help New-AzImage -Full",
        "How it is used": "Get-Help New-AzImage -Examples",
    },
)

MODULE = Module(
    of(CORE, COMMAND),
    (View(HELP, columns("Name Category Module Synopsis"), table=True),),
)

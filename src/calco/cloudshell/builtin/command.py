"""Get-Command, Get-Alias, Get-Module and Import-Module: what is there.

Source: Microsoft Learn, Get-Command, Get-Alias, Get-Module, Import-Module.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from calco import __version__  # calco's own: what is here is calco's, not Microsoft's modules of the same names
from calco.cloudshell.builtin import help_text as pages
from calco.cloudshell.cmdlet import CORE, UTILITY, Call, Cmdlet, Column, Kind, Module, View
from calco.cloudshell.declaration import cmdlet, columns, of, plain, switch
from calco.cloudshell.errors import Fault, not_recognized
from calco.cloudshell.objects import pattern
from calco.cloudshell.values import Record, Value

COMMAND = "System.Management.Automation.CmdletInfo"
ALIAS = "System.Management.Automation.AliasInfo"
MODULE_INFO = "System.Management.Automation.PSModuleInfo"


def _commands(call: Call) -> Iterator[Value]:
    found = [each for each in call.shell.commands.all() if _wanted(call, each)]
    if call.switch("Syntax"):
        return ("\n".join(["", *pages.syntax(each), ""]) for each in found)
    aliases = call.shell.commands.aliases()
    named = [alias for alias in aliases if any(alias.casefold() == one.casefold() for one in call.texts("Name"))]
    for name in call.texts("Name"):
        if not pattern.has_wildcard(name) and not found and not named:
            call.error(replace(not_recognized(name).fault, command=""))
    return iter([*(_command(each) for each in found), *(_alias(each, aliases[each]) for each in named)])


def _wanted(call: Call, command: Cmdlet) -> bool:
    verb, _, noun = command.name.partition("-")
    asked = ((call.texts("Name"), command.name), (call.texts("Verb"), verb), (call.texts("Noun"), noun))
    modules = call.texts("Module")
    return all(not patterns or _like(text, patterns) for patterns, text in asked) and (
        not modules or _like(command.module, modules) or (command.module.startswith("Az.") and _like("Az", modules))
    )


def _like(text: str, patterns: Sequence[str]) -> bool:
    return any(pattern.like(text, each) for each in patterns)


def _command(command: Cmdlet) -> Record:
    verb, _, noun = command.name.partition("-")
    shown = {"CommandType": "Cmdlet", "Name": command.name, "Version": __version__, "Source": command.module}
    more = {"ModuleName": command.module, "Verb": verb, "Noun": noun, "OutputType": command.output}
    definition = "\n".join(["", *pages.syntax(command), ""])
    return Record.of(COMMAND, {**shown, **more, "Definition": definition})


def _alias(alias: str, name: str) -> Record:
    return Record.of(
        ALIAS,
        {
            "CommandType": "Alias",
            "Name": alias,
            "DisplayName": f"{alias} -> {name}",
            "Version": None,
            "Source": None,
            "Definition": name,
            "ReferencedCommand": name,
        },
    )


def _aliases(call: Call) -> Iterator[Value]:
    aliases = call.shell.commands.aliases()
    for alias, name in sorted(aliases.items(), key=lambda pair: pair[0].casefold()):
        fits = not call.texts("Name") or _like(alias, call.texts("Name"))
        if fits and (not call.texts("Definition") or _like(name, call.texts("Definition"))):
            yield _alias(alias, name)
    for wanted in call.texts("Name"):
        if not pattern.has_wildcard(wanted) and not any(_like(each, [wanted]) for each in aliases):
            call.error(
                Fault(
                    f"This command cannot find a matching alias because an alias with the name '{wanted}' does not "
                    "exist.",
                    "ItemNotFoundException",
                    "ObjectNotFound",
                    "System.Management.Automation.ItemNotFoundException",
                )
            )


def _modules(call: Call) -> Iterator[Value]:
    by_module: dict[str, list[Cmdlet]] = {}
    for command in call.shell.commands.all():
        by_module.setdefault(command.module, []).append(command)
        if command.module.startswith("Az."):
            by_module.setdefault("Az", [])
    wanted = call.texts("Name")
    for name in sorted(by_module):
        if not wanted or _like(name, wanted):
            yield _module(name, by_module[name])


def _module(name: str, commands: Sequence[Cmdlet]) -> Record:
    exported: list[Value] = [each.name for each in commands]
    shown: dict[str, Value] = {"ModuleType": "Script", "Version": __version__, "PreRelease": "", "Name": name}
    more: dict[str, Value] = {"PSEdition": "Core", "ExportedCommands": exported}
    return Record.of(MODULE_INFO, {**shown, **more, "Description": "Part of calco's Cloud Shell"})


def _import(call: Call) -> list[Value]:
    known = {each.module.casefold() for each in call.shell.commands.all()} | {"az"}
    for name in call.texts("Name"):
        if name.casefold() not in known:
            call.error(
                Fault(
                    f"The specified module '{name}' was not loaded because no valid module file was found in any "
                    "module directory.",
                    "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
                    "ResourceUnavailable",
                    "System.IO.FileNotFoundException",
                )
            )
    return []


COMMANDS = cmdlet(
    "Get-Command",
    "Lists the commands there are.",
    _commands,
    plain("Name", "Names, with wildcards.", 0, Kind.STRINGS, from_pipeline=True, completes="commands"),
    plain("Verb", "Those with this verb.", kind=Kind.STRINGS),
    plain("Noun", "Those with this noun.", kind=Kind.STRINGS),
    plain("Module", "Those of this module.", kind=Kind.STRINGS, aliases="PSSnapin"),
    switch("Syntax", "Only how they are written."),
    output=COMMAND,
    aliases="gcm",
    examples={"All about images": "Get-Command -Noun AzImage*"},
)
ALIASES = cmdlet(
    "Get-Alias",
    "Lists the short names of commands.",
    _aliases,
    plain("Name", "Short names, with wildcards.", 0, Kind.STRINGS, from_pipeline=True),
    plain("Definition", "Names of the commands that they stand for.", kind=Kind.STRINGS),
    output=ALIAS,
    aliases="gal",
    examples={"What % means": "Get-Alias %"},
)
MODULES = cmdlet(
    "Get-Module",
    "Lists the modules whose commands are here.",
    _modules,
    plain("Name", "Names, with wildcards.", 0, Kind.STRINGS, from_pipeline=True),
    switch("ListAvailable", "Those that could be loaded: all of them are."),
    switch("All", "Taken for compatibility."),
    output=MODULE_INFO,
    aliases="gmo",
    note="The version is calco's: these commands are calco's own, with the names and parameters of Azure's.",
    examples={"Which version this is": "Get-Module -ListAvailable Az"},
)
IMPORT = cmdlet(
    "Import-Module",
    "Loads a module; all that are here are loaded already.",
    _import,
    plain("Name", "Names.", 0, Kind.STRINGS, mandatory=True, from_pipeline=True),
    plain("MinimumVersion", "Taken for compatibility.", aliases="Version"),
    switch("Force", "Taken for compatibility."),
    aliases="ipmo",
    examples={"What scripts begin with": "Import-Module Az.Compute"},
)

_COMMAND_COLUMNS = (
    Column("CommandType", "CommandType", width=15),
    Column("Name", lambda record: record.get("DisplayName") or record.get("Name"), width=50),
    *columns("Version Source", 10),
)
MODULE = Module(
    (*of(CORE, COMMANDS), *of(UTILITY, ALIASES), *of(CORE, MODULES, IMPORT)),
    (
        View(COMMAND, _COMMAND_COLUMNS, table=True),
        View(ALIAS, _COMMAND_COLUMNS, table=True),
        View(MODULE_INFO, columns("ModuleType Version PreRelease Name ExportedCommands", 10, 10, 10, 35), table=True),
    ),
)

"""Get-Command, Get-Alias, Get-Module and Import-Module: what is there.

Source: Microsoft Learn, Get-Command, Get-Alias, Get-Module, Import-Module.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from calco import __version__  # calco's own: what is here is calco's, not Microsoft's modules of the same names
from calco.cloudshell.builtin import help_text as pages
from calco.cloudshell.cmdlet import CORE, UTILITY, Call, Cmdlet, Column, Example, Kind, Module, Parameter, View
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


COMMANDS = Cmdlet(
    "Get-Command",
    "Lists the commands there are.",
    _commands,
    parameters=(
        Parameter("Name", Kind.STRINGS, "Names, with wildcards.", position=0, from_pipeline=True, completes="commands"),
        Parameter("Verb", Kind.STRINGS, "Those with this verb."),
        Parameter("Noun", Kind.STRINGS, "Those with this noun."),
        Parameter("Module", Kind.STRINGS, "Those of this module.", aliases=("PSSnapin",)),
        Parameter("Syntax", Kind.SWITCH, "Only how they are written."),
    ),
    aliases=("gcm",),
    module=CORE,
    output=COMMAND,
    examples=(Example("All about images", "Get-Command -Noun AzImage*"),),
)
ALIASES = Cmdlet(
    "Get-Alias",
    "Lists the short names of commands.",
    _aliases,
    parameters=(
        Parameter("Name", Kind.STRINGS, "Short names, with wildcards.", position=0, from_pipeline=True),
        Parameter("Definition", Kind.STRINGS, "Names of the commands that they stand for."),
    ),
    aliases=("gal",),
    module=UTILITY,
    output=ALIAS,
    examples=(Example("What % means", "Get-Alias %"),),
)
MODULES = Cmdlet(
    "Get-Module",
    "Lists the modules whose commands are here.",
    _modules,
    parameters=(
        Parameter("Name", Kind.STRINGS, "Names, with wildcards.", position=0, from_pipeline=True),
        Parameter("ListAvailable", Kind.SWITCH, "Those that could be loaded: all of them are."),
        Parameter("All", Kind.SWITCH, "Taken for compatibility."),
    ),
    aliases=("gmo",),
    module=CORE,
    output=MODULE_INFO,
    note="The version is calco's: these commands are calco's own, with the names and parameters of Azure's.",
    examples=(Example("Which version this is", "Get-Module -ListAvailable Az"),),
)
IMPORT = Cmdlet(
    "Import-Module",
    "Loads a module; all that are here are loaded already.",
    _import,
    parameters=(
        Parameter("Name", Kind.STRINGS, "Names.", mandatory=True, position=0, from_pipeline=True),
        Parameter("MinimumVersion", help="Taken for compatibility.", aliases=("Version",)),
        Parameter("Force", Kind.SWITCH, "Taken for compatibility."),
    ),
    aliases=("ipmo",),
    module=CORE,
    examples=(Example("What scripts begin with", "Import-Module Az.Compute"),),
)

_COMMAND_COLUMNS = (
    Column("CommandType", "CommandType", width=15),
    Column("Name", lambda record: record.get("DisplayName") or record.get("Name"), width=50),
    Column("Version", "Version", width=10),
    Column("Source", "Source"),
)
MODULE = Module(
    (COMMANDS, ALIASES, MODULES, IMPORT),
    (
        View(COMMAND, _COMMAND_COLUMNS, table=True),
        View(ALIAS, _COMMAND_COLUMNS, table=True),
        View(
            MODULE_INFO,
            (
                Column("ModuleType", "ModuleType", width=10),
                Column("Version", "Version", width=10),
                Column("PreRelease", "PreRelease", width=10),
                Column("Name", "Name", width=35),
                Column("ExportedCommands", "ExportedCommands"),
            ),
            table=True,
        ),
    ),
)

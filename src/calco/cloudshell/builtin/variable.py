"""Get-Variable, Set-Variable, Clear-Variable: variables by name.

Source: Microsoft Learn, Get-Variable, Set-Variable, Clear-Variable, Remove-Variable.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import UTILITY, Call, Kind, Module, View
from calco.cloudshell.declaration import cmdlet, columns, of, plain, switch
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import pattern
from calco.cloudshell.objects.member import ENTRY
from calco.cloudshell.values import Record, Value

VARIABLE = "System.Management.Automation.PSVariable"


def _get(call: Call) -> Iterator[Value]:
    names = sorted(call.shell.variables(), key=str.casefold)
    for wanted in call.texts("Name") or ["*"]:
        found = [each for each in names if pattern.like(each, wanted)]
        if not found and not pattern.has_wildcard(wanted):
            call.error(_not_found(wanted))
        for name in found:
            value = call.shell.variable(name)
            yield value if call.switch("ValueOnly") else Record.of(VARIABLE, {"Name": name, "Value": value})


def _not_found(name: str) -> Fault:
    return Fault(
        f"Cannot find a variable with the name '{name}'.",
        "VariableNotFound",
        "ObjectNotFound",
        "System.Management.Automation.ItemNotFoundException",
    )


def _set(call: Call) -> Iterator[Value]:
    for name in call.texts("Name"):
        call.shell.set_variable(name, call.value("Value"))
        if call.switch("PassThru"):
            yield Record.of(VARIABLE, {"Name": name, "Value": call.value("Value")})


def _clear(call: Call) -> list[Value]:
    for name in call.texts("Name"):
        known = any(each.casefold() == name.casefold() for each in call.shell.variables())
        if known:
            call.shell.set_variable(name, None)
        else:
            call.error(_not_found(name))
    return []


_NAME = plain("Name", "The names, without $.", 0, Kind.STRINGS, mandatory=True, completes="variables")

GET = cmdlet(
    "Get-Variable",
    "Gives variables by name.",
    _get,
    plain("Name", "The names, without $; wildcards too.", 0, Kind.STRINGS, completes="variables"),
    switch("ValueOnly", "Only what they hold."),
    output=VARIABLE,
    aliases="gv",
    examples={"All that begin with vm": "Get-Variable vm*"},
)
SET = cmdlet(
    "Set-Variable",
    "Sets a variable.",
    _set,
    _NAME,
    plain("Value", "What it is to hold.", 1, Kind.ANY),
    switch("PassThru", "Give the variable."),
    aliases="sv set",
    examples={"Set one": "Set-Variable -Name location -Value westeurope"},
)
CLEAR = cmdlet(
    "Clear-Variable",
    "Makes a variable null.",
    _clear,
    _NAME,
    aliases="clv",
    examples={"Empty one": "Clear-Variable image"},
)

_COLUMNS = columns("Name Value", 30)

MODULE = Module(of(UTILITY, GET, SET, CLEAR), tuple(View(each, _COLUMNS, table=True) for each in (VARIABLE, ENTRY)))

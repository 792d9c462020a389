"""Get-Variable, Set-Variable, Clear-Variable: variables by name.

Source: Microsoft Learn, Get-Variable, Set-Variable, Clear-Variable, Remove-Variable.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import UTILITY, Call, Cmdlet, Column, Example, Kind, Module, Parameter, View
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


_NAME = Parameter("Name", Kind.STRINGS, "The names, without $.", mandatory=True, position=0, completes="variables")

GET = Cmdlet(
    "Get-Variable",
    "Gives variables by name.",
    _get,
    parameters=(
        Parameter("Name", Kind.STRINGS, "The names, without $; wildcards too.", position=0, completes="variables"),
        Parameter("ValueOnly", Kind.SWITCH, "Only what they hold."),
    ),
    aliases=("gv",),
    module=UTILITY,
    output=VARIABLE,
    examples=(Example("All that begin with vm", "Get-Variable vm*"),),
)
SET = Cmdlet(
    "Set-Variable",
    "Sets a variable.",
    _set,
    parameters=(
        _NAME,
        Parameter("Value", Kind.ANY, "What it is to hold.", position=1),
        Parameter("PassThru", Kind.SWITCH, "Give the variable."),
    ),
    aliases=("sv", "set"),
    module=UTILITY,
    examples=(Example("Set one", "Set-Variable -Name location -Value westeurope"),),
)
CLEAR = Cmdlet(
    "Clear-Variable",
    "Makes a variable null.",
    _clear,
    parameters=(_NAME,),
    aliases=("clv",),
    module=UTILITY,
    examples=(Example("Empty one", "Clear-Variable image"),),
)

_COLUMNS = (Column("Name", "Name", width=30), Column("Value", "Value"))

MODULE = Module((GET, SET, CLEAR), tuple(View(each, _COLUMNS, table=True) for each in (VARIABLE, ENTRY)))

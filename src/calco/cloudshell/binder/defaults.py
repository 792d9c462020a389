"""Values that a person wants parameters to have when a command does not say: $PSDefaultParameterValues.

Source: Microsoft Learn, about_Parameters_Default_Values.
"""

from calco.cloudshell.binder import matching
from calco.cloudshell.binder.bound import Bound
from calco.cloudshell.cmdlet import Shell
from calco.cloudshell.errors import Terminating
from calco.cloudshell.objects import pattern
from calco.cloudshell.objects.convert import to_bool
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import Hashtable, ScriptBlock, Value

VARIABLE = "PSDefaultParameterValues"


def take_defaults(bound: Bound, shell: Shell) -> None:
    """Gives parameters that hold nothing what "COMMAND:PARAMETER" says, wildcards in COMMAND; what the command does not
    have, or what does not go with the others, is left out."""
    table = shell.variable(VARIABLE)
    if not isinstance(table, Hashtable) or to_bool(table.get("Disabled")):
        return
    for key, value in table.pairs():
        command, colon, name = to_text(key).rpartition(":")
        if not colon or not pattern.like(bound.command.name, command.strip()):
            continue
        try:
            parameter = matching.named(name.strip(), bound.parameters, bound.faults)
        except Terminating:
            continue
        if bound.has(parameter) or not bound.possible(parameter):
            continue
        found: list[Value] = list(shell.invoke(value)) if isinstance(value, ScriptBlock) else [value]
        bound.take(parameter, found[0] if len(found) == 1 else found)

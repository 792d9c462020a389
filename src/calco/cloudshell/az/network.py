"""What the cmdlets of Az.Network have in common: Set sends what was changed in memory, Remove may give $true."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from calco.cloudshell.az.declaration import FORCE, LOCATION, PASS_THRU, TAG, cmdlet, piped
from calco.cloudshell.az.noun import Noun, put
from calco.cloudshell.az.record import blank, nested, write
from calco.cloudshell.az.target import id_of, parsed
from calco.cloudshell.cmdlet import Call, Cmdlet, Parameter, Run
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"


def object_parameter(noun: Noun, name: str, sets: str = "") -> Parameter:
    """The object itself, mostly by the pipeline."""
    return piped(name, f"The {noun.called}, as Get-Az{name} gave it.", noun.kind.type, sets=sets)


def maker(
    noun: Noun, name: str, run: Run, *parameters: Parameter, examples: Mapping[str, str], default_set: str = ""
) -> Cmdlet:
    """New-Az{name}, with what every one of them takes."""
    return cmdlet(
        f"New-Az{name}",
        f"Makes a {noun.called}.",
        run,
        *noun.named(),
        replace(LOCATION, mandatory=True),
        *parameters,
        TAG,
        FORCE,
        default_set=default_set,
        output=noun.kind.type,
        confirms=True,
        as_job=True,
        examples=examples,
    )


def setter(noun: Noun, name: str, examples: Mapping[str, str], body: Callable[[Record], Document] = write) -> Cmdlet:
    """Set-Az{name}, whose one parameter is called so too."""

    def run(call: Call) -> Iterable[Value]:
        changed = call.record(name)
        where = str(parsed(id_of(changed), noun.type))
        if call.should(where.rpartition("/")[2], "Set"):
            yield put(call, noun, f"Set-Az{name}", where, body(changed))

    return cmdlet(
        f"Set-Az{name}",
        f"Sends a {noun.called} that was changed in memory.",
        run,
        object_parameter(noun, name),
        output=noun.kind.type,
        confirms=True,
        as_job=True,
        examples=examples,
    )


def network_remover(noun: Noun, name: str) -> Cmdlet:
    return noun.remover(
        f"Remove-Az{name}",
        f"Removes a {noun.called}.",
        {"Remove one without asking.": f"Remove-Az{name} -ResourceGroupName lab -Name old -Force"},
        PASS_THRU,
        question="Are you sure you want to remove resource '{}'",
        action="Removing Resource",
        gives=lambda call, _ended: [True] if call.switch("PassThru") else [],
        output="System.Boolean",
    )


def link(call: Call, made: Record, name: str, type: str) -> None:
    """Have member ``name`` point at what was given: an object by the parameter of that name, or its id by that with Id
    behind it. Raises Terminating when it is of another type."""
    if call.given(name) and call.value(name) is not None:
        id = id_of(call.record(name))
    else:
        id = call.text(f"{name}Id")
        if not id:
            return
    made.members[name] = blank(nested(made, name), {"Id": str(parsed(id, type))})

"""What the cmdlets of Az.Network have in common: Set sends what was changed in memory, Remove may give $true."""

from collections.abc import Callable, Iterable

from calco.cloudshell.az.noun import FORCE, LOCATION, PASS_THRU, TAG, Noun, put, remover
from calco.cloudshell.az.record import write
from calco.cloudshell.az.shapes_network import NETWORK
from calco.cloudshell.az.target import id_of, parsed
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"


def noun(
    type: str, shape: str, called: str, *, sort: Callable[[Document], Document] = lambda document: document
) -> Noun:
    completes = type.rpartition("/")[2]
    return Noun(type, NETWORK[shape], called, completes, aliases=("ResourceName",), module="Az.Network", sort=sort)


def object_parameter(noun: Noun, name: str, *sets: str) -> Parameter:
    """The object itself, mostly by the pipeline."""
    return Parameter(
        name,
        Takes.RECORD,
        f"The {noun.called}, as Get-Az{name} gave it.",
        sets,
        mandatory=True,
        from_pipeline=True,
        accepts=(noun.kind.type,),
    )


def maker(
    noun: Noun,
    name: str,
    run: Callable[[Call], Iterable[Value]],
    parameters: tuple[Parameter, ...],
    example: Example,
    *,
    default_set: str = "",
) -> Cmdlet:
    """New-Az{name}, with what every one of them takes."""
    place = Parameter("Location", help=LOCATION.help, mandatory=True, from_name=True, completes="locations")
    return Cmdlet(
        f"New-Az{name}",
        f"Makes a {noun.called}.",
        run,
        (*noun.named(), place, *parameters, TAG, FORCE),
        default_set=default_set,
        output=noun.kind.type,
        module=noun.module,
        confirms=True,
        as_job=True,
        examples=(example,),
    )


def setter(noun: Noun, name: str, example: Example, body: Callable[[Record], Document] = write) -> Cmdlet:
    """Set-Az{name}, whose one parameter is called so too."""

    def run(call: Call) -> Iterable[Value]:
        changed = call.record(name)
        where = str(parsed(id_of(changed), noun.type))
        if call.should(where.rpartition("/")[2], "Set"):
            yield put(call, noun, f"Set-Az{name}", where, body(changed))

    return Cmdlet(
        f"Set-Az{name}",
        f"Sends a {noun.called} that was changed in memory.",
        run,
        (object_parameter(noun, name),),
        output=noun.kind.type,
        module=noun.module,
        confirms=True,
        as_job=True,
        examples=(example,),
    )


def network_remover(noun: Noun, cmdlet: str) -> Cmdlet:
    return remover(
        noun,
        cmdlet,
        f"Removes a {noun.called}.",
        Example("Remove one without asking.", f"{cmdlet} -ResourceGroupName lab -Name old -Force"),
        question="Are you sure you want to remove resource '{}'",
        action="Removing Resource",
        more=(FORCE, PASS_THRU),
        gives=lambda call, _ended: [True] if call.switch("PassThru") else [],
        output="System.Boolean",
    )

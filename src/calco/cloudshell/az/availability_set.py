"""Availability sets. Source: Microsoft Learn, Az.Compute's reference of each cmdlet."""

from collections.abc import Iterable

from calco.cloudshell.az.answer import RESPONSE, change, response
from calco.cloudshell.az.noun import FORCE, LOCATION, TAG, Noun, getter, list_view, put, remover, tag_table
from calco.cloudshell.az.record import blank, write
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.az.target import id_of, parsed
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Module, Parameter
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Value

NOUN = Noun(
    "Microsoft.Compute/availabilitySets",
    DISK["PSAvailabilitySet"],
    "availability set",
    "availabilitySets",
    aliases=("ResourceName", "AvailabilitySetName"),
    positional=True,
)
_COUNTS = ("PlatformUpdateDomainCount", "PlatformFaultDomainCount")


def _new(call: Call) -> Iterable[Value]:
    given: dict[str, Value] = {"Location": call.text("Location"), "Tags": tag_table(call)}
    given |= {name: call.number(name) for name in _COUNTS if call.given(name)}
    if call.given("Sku"):
        given["Sku"] = call.text("Sku")
    if call.should(call.text("Name"), "New"):
        yield put(call, NOUN, "New-AzAvailabilitySet", NOUN.path(call), write(blank(NOUN.kind, given)))


def _update(call: Call) -> Iterable[Value]:
    set = call.record("AvailabilitySet")
    where = str(parsed(id_of(set), NOUN.type))
    body: dict[str, Value] = {"Sku": call.text("Sku")} if call.given("Sku") else {}
    if call.given("Tag"):
        body["Tags"] = tag_table(call)
    changed = change(call, "Update-AzAvailabilitySet", "PATCH", where, write(blank(NOUN.kind, body)))
    yield NOUN.read(changed.document)


_SKU = Parameter("Sku", help="Aligned for machines with managed disks.", choices=("Aligned", "Classic"), from_name=True)

MODULE = Module(
    (
        Cmdlet(
            "New-AzAvailabilitySet",
            "Makes an availability set.",
            _new,
            (
                *NOUN.named(),
                Parameter(
                    "Location", help=LOCATION.help, mandatory=True, position=2, from_name=True, completes="locations"
                ),
                Parameter(
                    "PlatformUpdateDomainCount",
                    Takes.INT,
                    "Parts that are updated one after another.",
                    position=3,
                    from_name=True,
                ),
                Parameter(
                    "PlatformFaultDomainCount",
                    Takes.INT,
                    "Parts that do not fail together.",
                    position=4,
                    from_name=True,
                ),
                _SKU,
                TAG,
            ),
            output=NOUN.kind.type,
            confirms=True,
            as_job=True,
            examples=(
                Example(
                    "A set for machines with managed disks.",
                    "New-AzAvailabilitySet -ResourceGroupName lab -Name set1 -Location westeurope -Sku Aligned "
                    "-PlatformFaultDomainCount 2",
                ),
            ),
        ),
        getter(
            NOUN,
            "Get-AzAvailabilitySet",
            "Gets availability sets.",
            Example("One set.", "Get-AzAvailabilitySet -ResourceGroupName lab -Name set1"),
        ),
        Cmdlet(
            "Update-AzAvailabilitySet",
            "Changes an availability set.",
            _update,
            (
                Parameter(
                    "AvailabilitySet",
                    Takes.RECORD,
                    "The set, as Get-AzAvailabilitySet gave it.",
                    mandatory=True,
                    position=0,
                    from_pipeline=True,
                    accepts=(NOUN.kind.type,),
                ),
                _SKU,
                TAG,
            ),
            output=NOUN.kind.type,
            as_job=True,
            examples=(Example("Tag a set.", '$set | Update-AzAvailabilitySet -Tag @{team="lab"}'),),
        ),
        remover(
            NOUN,
            "Remove-AzAvailabilitySet",
            "Removes an availability set.",
            Example(
                "Remove a set without asking.", "Remove-AzAvailabilitySet -ResourceGroupName lab -Name set1 -Force"
            ),
            question="This removes the availability set '{}'. Do you want to continue?",
            gives=lambda _call, _ended: [response()],
            output=RESPONSE,
            more=(FORCE,),
        ),
    ),
    (list_view(NOUN.kind),),
)

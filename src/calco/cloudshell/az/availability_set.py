"""Availability sets. Source: Microsoft Learn, Az.Compute's reference of each cmdlet."""

from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell.az.answer import RESPONSE, change, response
from calco.cloudshell.az.declaration import LOCATION, TAG, Takes, cmdlet, optional, piped
from calco.cloudshell.az.given import given, tag_table
from calco.cloudshell.az.noun import Noun, list_view, put
from calco.cloudshell.az.record import blank, write
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.az.target import id_of, parsed
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Value
from calco.model.document import Document

NOUN = Noun(
    "Microsoft.Compute/availabilitySets",
    DISK["PSAvailabilitySet"],
    "availability set",
    aliases="ResourceName AvailabilitySetName",
    positional=True,
)


def _new(call: Call) -> Iterable[Value]:
    if call.should(call.text("Name"), "New"):
        yield put(call, NOUN, "New-AzAvailabilitySet", NOUN.path(call), _body(call))


def _update(call: Call) -> Iterable[Value]:
    set = call.record("AvailabilitySet")
    where = str(parsed(id_of(set), NOUN.type))
    yield NOUN.read(change(call, "Update-AzAvailabilitySet", "PATCH", where, _body(call)).document)


def _body(call: Call) -> Document:
    told = given(call, "Location PlatformUpdateDomainCount PlatformFaultDomainCount Sku")
    return write(blank(NOUN.kind, {**told, "Tags": tag_table(call)}))


_SKU = optional("Sku", "Aligned for machines with managed disks.", choices="Aligned Classic")

MODULE = Module(
    (
        cmdlet(
            "New-AzAvailabilitySet",
            "Makes an availability set.",
            _new,
            *NOUN.named(),
            replace(LOCATION, mandatory=True, position=2),
            optional("PlatformUpdateDomainCount", "Parts that are updated one after another.", 3, Takes.INT),
            optional("PlatformFaultDomainCount", "Parts that do not fail together.", 4, Takes.INT),
            _SKU,
            TAG,
            output=NOUN.kind.type,
            confirms=True,
            as_job=True,
            examples={
                "A set for machines with managed disks.": "New-AzAvailabilitySet -ResourceGroupName lab -Name set1 "
                "-Location westeurope -Sku Aligned -PlatformFaultDomainCount 2"
            },
        ),
        NOUN.getter(
            "Get-AzAvailabilitySet",
            "Gets availability sets.",
            {"One set.": "Get-AzAvailabilitySet -ResourceGroupName lab -Name set1"},
        ),
        cmdlet(
            "Update-AzAvailabilitySet",
            "Changes an availability set.",
            _update,
            piped("AvailabilitySet", "The set, as Get-AzAvailabilitySet gave it.", NOUN.kind.type, 0),
            _SKU,
            TAG,
            output=NOUN.kind.type,
            as_job=True,
            examples={"Tag a set.": '$set | Update-AzAvailabilitySet -Tag @{team="lab"}'},
        ),
        NOUN.remover(
            "Remove-AzAvailabilitySet",
            "Removes an availability set.",
            {"Remove a set without asking.": "Remove-AzAvailabilitySet -ResourceGroupName lab -Name set1 -Force"},
            question="This removes the availability set '{}'. Do you want to continue?",
            gives=lambda _call, _ended: [response()],
            output=RESPONSE,
        ),
    ),
    (list_view(NOUN.kind),),
)

"""Platform images: publishers, their offers, the SKUs of these, and versions.

Source: Azure/azure-powershell, Az.Compute's reference of Get-AzVMImagePublisher, -Offer, -Sku and Get-AzVMImage.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from calco.cloudshell.az.declaration import LOCATION, cmdlet, columns, mandatory, optional
from calco.cloudshell.az.record import at, pascal
from calco.cloudshell.az.target import matches, place_path, segment
from calco.cloudshell.cmdlet import Call, Cmdlet, Column, Module, View
from calco.cloudshell.objects.pattern import has_wildcard
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, object_at, objects_at, text_at

_PS = "Microsoft.Azure.Commands.Compute.Models.PSVirtualMachineImage"
_DETAIL = f"{_PS}Detail"


@dataclass(frozen=True)
class _Step:
    """One step of the way from a region to an image: ``segment`` is its part of the address, ``parameter`` what names
    one (``called`` so in help, with an ``example``), ``type`` the ending of the name of the cmdlet that lists them
    (``synopsis``) and of the objects that it gives."""

    segment: str
    parameter: str
    type: str
    synopsis: str
    called: str = ""
    example: str = ""


_WAY = (
    _Step("publishers", "PublisherName", "Publisher", "Gets who publishes platform images.", "The publisher", "Debian"),
    _Step(
        "artifacttypes/vmimage/offers", "Offer", "Offer", "Gets the offers of a publisher.", "Its offer", "debian-12"
    ),
    _Step("skus", "Skus", "Sku", "Gets the SKUs of an offer.", "The SKU", "12"),
    _Step("versions", "Version", "", "Gets the versions of a platform image."),
)


def _listing(call: Call, depth: int) -> Iterable[Record]:
    """What there is at ``depth`` of the way; all before it were named."""
    named = _named(call, depth)
    for each in call.shell.api.list(f"{_where(call, depth)}/{_WAY[depth].segment}"):
        members: dict[str, Value] = {_WAY[depth].parameter: text_at(each, "name"), **dict(reversed(named.items()))}
        yield Record.of(
            f"{_PS}{_WAY[depth].type}", {**members, "Location": text_at(each, "location"), "Id": text_at(each, "id")}
        )


def _where(call: Call, depth: int) -> str:
    """The address that the first steps lead to. Raises Terminating."""
    where = place_path(call.shell.api, call.text("Location"))
    for step in _WAY[:depth]:
        where += f"/{step.segment}/{segment(call.text(step.parameter), step.parameter)}"
    return where


def _named(call: Call, depth: int) -> dict[str, Value]:
    return {step.parameter: call.text(step.parameter) for step in _WAY[:depth]}


def get_images(call: Call) -> Iterable[Value]:
    version = call.text("Version")
    if version and not has_wildcard(version):
        yield _detail(call, version)
        return
    for each in _listing(call, 3):
        if matches(str(each.get("Version")), version):
            yield each


def _detail(call: Call, version: str) -> Record:
    found = call.shell.api.get(f"{_where(call, 3)}/versions/{segment(version, 'Version')}")
    properties = object_at(found, "properties")
    members: dict[str, Value] = {
        "Id": text_at(found, "id"),
        "Location": text_at(found, "location"),
        **_named(call, 3),
        "Version": text_at(found, "name"),
        "Name": text_at(found, "name"),
        "HyperVGeneration": text_at(properties, "hyperVGeneration"),
        "OSDiskImage": _plain(object_at(properties, "osDiskImage")),
        "DataDiskImages": [_plain(each) for each in objects_at(properties, "dataDiskImages")],
    }
    return Record.of(_DETAIL, members)


def _plain(document: Document) -> Record:
    """An object of words and numbers."""
    words = {pascal(name): value for name, value in document.items() if isinstance(value, str | int | float)}
    return Record.of("Microsoft.Azure.Management.Compute.Models.OSDiskImage", {**words})


# --- declarations ----------------------------------------------------------------------------------------------------


def _cmdlet(depth: int) -> Cmdlet:
    step, before = _WAY[depth], _WAY[:depth]
    name = f"Get-AzVMImage{step.type}"
    return cmdlet(
        name,
        step.synopsis,
        get_images if depth == 3 else lambda call: _listing(call, depth),
        replace(LOCATION, mandatory=True),
        *(mandatory(each.parameter, f"{each.called}, e.g. {each.example}.") for each in before),
        *([optional("Version", "A version, latest, or a pattern.")] if depth == 3 else []),
        output=f"{_PS}{step.type}",
        examples=" ".join((f"{name} -Location eastus", *(f"-{each.parameter} {each.example}" for each in before))),
    )


def _view(depth: int) -> View:
    names = (_WAY[depth].parameter, *(each.parameter for each in reversed(_WAY[:depth])), "Location", "Id")
    return View(f"{_PS}{_WAY[depth].type}", columns(" ".join(names)), table=True)


_DETAILS = (
    *columns("Id Location PublisherName Offer Skus Version Name HyperVGeneration"),
    Column("OSDiskImage", lambda image: at(image, "OSDiskImage", "OperatingSystem")),
    *columns("DataDiskImages"),
)
MODULE = Module(
    tuple(_cmdlet(depth) for depth in range(4)), (*(_view(depth) for depth in range(4)), View(_DETAIL, _DETAILS))
)

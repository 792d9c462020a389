"""Platform images: publishers, their offers, the SKUs of these, and versions.

Source: Azure/azure-powershell, Az.Compute's reference of Get-AzVMImagePublisher, -Offer, -Sku and Get-AzVMImage.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from calco.cloudshell.az.declaration import cmdlet, mandatory, optional
from calco.cloudshell.az.record import pascal
from calco.cloudshell.az.target import is_pattern, matches, place_path, segment
from calco.cloudshell.cmdlet import Call, Cmdlet, Column, Module, View
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, object_at, objects_at, text_at

_PS = "Microsoft.Azure.Commands.Compute.Models.PSVirtualMachineImage"
_DETAIL = f"{_PS}Detail"


@dataclass(frozen=True)
class _Step:
    """One step of the way from a region to an image: ``segment`` is its part of the address, ``parameter`` what names
    one, ``type`` the ending of the name of the objects that a list of it gives."""

    segment: str
    parameter: str
    type: str


_WAY = (
    _Step("publishers", "PublisherName", "Publisher"),
    _Step("artifacttypes/vmimage/offers", "Offer", "Offer"),
    _Step("skus", "Skus", "Sku"),
    _Step("versions", "Version", ""),
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
    if version and not is_pattern(version):
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


def _system(record: Record) -> Value:
    disk = record.get("OSDiskImage")
    return disk.get("OperatingSystem") if isinstance(disk, Record) else None


# --- declarations ----------------------------------------------------------------------------------------------------

_LOCATION = mandatory("Location", "The region.", completes="locations")
_HELP = {
    "PublisherName": "The publisher, e.g. Debian.",
    "Offer": "Its offer, e.g. debian-12.",
    "Skus": "The SKU, e.g. 12.",
}


def _cmdlet(name: str, depth: int, synopsis: str, example: str) -> Cmdlet:
    return cmdlet(
        name,
        synopsis,
        get_images if depth == 3 else lambda call: _listing(call, depth),
        _LOCATION,
        *(mandatory(each.parameter, _HELP[each.parameter]) for each in _WAY[:depth]),
        *[optional("Version", "A version, latest, or a pattern.")] if depth == 3 else [],
        output=f"{_PS}{_WAY[depth].type}",
        examples=example,
    )


def _view(depth: int) -> View:
    names = [_WAY[depth].parameter, *(each.parameter for each in reversed(_WAY[:depth])), "Location", "Id"]
    return View(f"{_PS}{_WAY[depth].type}", tuple(Column(each, each) for each in names), table=True)


MODULE = Module(
    (
        _cmdlet(
            "Get-AzVMImagePublisher",
            0,
            "Gets who publishes platform images.",
            "Get-AzVMImagePublisher -Location eastus",
        ),
        _cmdlet(
            "Get-AzVMImageOffer",
            1,
            "Gets the offers of a publisher.",
            "Get-AzVMImageOffer -Location eastus -PublisherName Debian",
        ),
        _cmdlet(
            "Get-AzVMImageSku",
            2,
            "Gets the SKUs of an offer.",
            "Get-AzVMImageSku -Location eastus -PublisherName Debian -Offer debian-12",
        ),
        _cmdlet(
            "Get-AzVMImage",
            3,
            "Gets the versions of a platform image.",
            "Get-AzVMImage -Location eastus -PublisherName Debian -Offer debian-12 -Skus 12",
        ),
    ),
    (
        *(_view(depth) for depth in range(4)),
        View(
            _DETAIL,
            (
                *(
                    Column(each, each)
                    for each in (
                        "Id",
                        "Location",
                        "PublisherName",
                        "Offer",
                        "Skus",
                        "Version",
                        "Name",
                        "HyperVGeneration",
                    )
                ),
                Column("OSDiskImage", _system),
                Column("DataDiskImages", "DataDiskImages"),
            ),
        ),
    ),
)

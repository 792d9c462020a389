"""What a machine's body may ask for that calco has not: refused by name, for echoing it would promise what is not kept.

What says nothing (``additionalCapabilities: {}``, an identity of type ``None``) is dropped, as Azure drops it.
"""

from collections.abc import Sequence

from calco.model import errors, user_data
from calco.model.document import Document, Json, at, object_at, objects_at, text_at

RESOURCES_NOT_HERE = (
    "virtualMachineScaleSet",
    "proximityPlacementGroup",
    "host",
    "hostGroup",
    "capacityReservation",
)
"""Members of ``properties`` that name resources calco does not have."""

FLAGS_NOT_HERE: Sequence[tuple[str, ...]] = (
    ("additionalCapabilities", "ultraSSDEnabled"),
    ("additionalCapabilities", "hibernationEnabled"),
    ("securityProfile", "encryptionAtHost"),
)
"""Refused when they are true; false is what a machine is anyway."""

OF_A_DISK_NOT_HERE: Sequence[tuple[str, ...]] = (
    ("diffDiskSettings",),
    ("encryptionSettings", "diskEncryptionKey"),
    ("managedDisk", "diskEncryptionSet"),
    ("managedDisk", "securityProfile"),
)

PLAIN = "Standard"


def possible(document: Document) -> Document:
    """The body without what says nothing. Raises ApiError for what a machine here cannot be or have."""
    properties = object_at(document, "properties")
    _check_outside(document)
    for name in RESOURCES_NOT_HERE:
        if name in properties:
            raise errors.not_supported(f"properties.{name}")
    for path in FLAGS_NOT_HERE:
        if at(properties, *path) is True:
            raise errors.not_supported(".".join(path))
    _check_security(object_at(properties, "securityProfile"))
    _check_disks(object_at(properties, "storageProfile"))
    if "userData" in properties:
        user_data.check(text_at(properties, "userData") or "")
    left: Document = {name: each for name, each in properties.items() if not _says_nothing(name, each)}
    kept: Document = {name: each for name, each in document.items() if name != "identity"}
    return {**kept, "properties": left} if "properties" in document else kept


def _check_outside(document: Document) -> None:
    type = (text_at(document, "identity", "type") or "").lower()
    if type not in ("", "none") or (object_at(document, "identity") and not type):
        raise errors.not_supported("identity")
    if "extendedLocation" in document:
        raise errors.not_supported("extendedLocation")


def _check_security(profile: Document) -> None:
    """No guest here has a virtual TPM, nor firmware that checks signatures."""
    type = text_at(profile, "securityType") or PLAIN
    asked = [at(profile, "uefiSettings", name) for name in ("secureBootEnabled", "vTpmEnabled")]
    if type.lower() != PLAIN.lower():
        raise errors.security_type(type)
    if True in asked:
        raise errors.security_type("TrustedLaunch")


def _check_disks(profile: Document) -> None:
    if (text_at(profile, "diskControllerType") or "SCSI").lower() != "scsi":
        raise errors.not_supported("storageProfile.diskControllerType other than 'SCSI'")
    disks = [("osDisk", object_at(profile, "osDisk"))]
    disks += [(f"dataDisks[{number}]", each) for number, each in enumerate(objects_at(profile, "dataDisks"))]
    for place, disk in disks:
        for path in OF_A_DISK_NOT_HERE:
            if at(disk, *path):
                raise errors.not_supported(".".join(("storageProfile", place, *path)))


def _says_nothing(name: str, value: Json) -> bool:
    return name in ("additionalCapabilities", "securityProfile") and value == {}

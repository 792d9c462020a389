"""beginGetAccess and endGetAccess, of disks and of snapshots alike."""

from enum import StrEnum

from msgspec import Struct, field

from calco.arm import operations, reading
from calco.arm.call import Answer, Call
from calco.model import errors
from calco.model.access import Access
from calco.work import access as work
from calco.work.cloud import Accepted


class FileFormat(StrEnum):
    """Source: azure-mgmt-compute, FileFormat."""

    VHD = "VHD"
    VHDX = "VHDX"


class Body(Struct, rename="camel"):
    access: Access | None = None
    duration_in_seconds: int | None = None
    file_format: FileFormat | None = None
    secure_state: bool | None = field(default=None, name="getSecureVMGuestStateSAS")


def begin(call: Call) -> Answer:
    body, _ = reading.fit(call.body, Body)
    if body.access is None:
        raise errors.missing("access")
    if body.duration_in_seconds is None:
        raise errors.missing("durationInSeconds")
    if body.file_format is FileFormat.VHDX:
        raise errors.not_supported("fileFormat 'VHDX'")
    if body.secure_state:
        raise errors.not_supported("getSecureVMGuestStateSAS")
    return _answer(call, work.begin(call.cloud, call.id, body.access, body.duration_in_seconds))


def end(call: Call) -> Answer:
    return _answer(call, work.end(call.cloud, call.id))


def _answer(call: Call, accepted: Accepted) -> Answer:
    assert accepted.operation is not None
    return operations.started(call, operations.Kind.DISK_ACCESS, accepted.operation, None)

"""The host: how much room there is, and what `calco doctor` would warn of. Azure shows nobody its own."""

from calco import __version__
from calco.arm import showing
from calco.arm.call import Answer, Call, ok
from calco.model.document import Document
from calco.model.host import HostView, HostWarning
from calco.work import host as work


def get(call: Call) -> Answer:
    """``examinedAt`` is null, and there are no warnings, until the first examination has ended."""
    return ok(show(work.get(call.cloud), work.reserved_bytes(call.cloud)))


def show(host: HostView, reserved_bytes: int) -> Document:
    room, found = host.room, host.examination
    return {
        "cpus": room.cpus,
        "load": list(room.load),
        "memory": {
            "totalBytes": room.memory_bytes,
            "availableBytes": room.memory_available_bytes,
            "reservedBytes": reserved_bytes,
        },
        "disk": {"totalBytes": room.disk_bytes, "freeBytes": room.disk_free_bytes},
        "accelerator": {"name": host.accelerator.name, "reason": host.accelerator.reason},
        "hypervisor": host.hypervisor,
        "version": __version__,
        "examinedAt": None if found is None else showing.time(found.at),
        "warnings": [] if found is None else [show_warning(each) for each in found.warnings],
    }


def show_warning(it: HostWarning) -> Document:
    shown: Document = {"code": it.code, "level": it.level, "message": it.message, "mend": it.mend}
    return {**shown, "arguments": {**it.arguments}}

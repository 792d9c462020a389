"""What can be done to a virtual machine as it stands, and why not: the API's own rules as a table, so that a page can
say the reason before anybody is refused. The API decides all the same; a test asks it about every line here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from calco.model.document import Document, objects_at, text_at


class Power(StrEnum):
    """What the instance view says of power and of the generalized mark, together. The value is its key in the words,
    behind ``power_``, and its name in the list's address."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    DEALLOCATING = "deallocating"
    STOPPED = "stopped"
    DEALLOCATED = "deallocated"
    GENERALIZED = "generalized"
    GENERALIZED_DEALLOCATED = "generalized_deallocated"

    @property
    def is_generalized(self) -> bool:
        return self in (Power.GENERALIZED, Power.GENERALIZED_DEALLOCATED)

    @property
    def kind(self) -> str:
        """The colour of its state, for ``ui.state``."""
        if self is Power.RUNNING:
            return "good"
        return "busy" if self in (Power.STARTING, Power.STOPPING, Power.DEALLOCATING) else "off"


class Work(StrEnum):
    """What goes on with the machine, by its provisioning state. ``NONE``: nothing, however the last ended."""

    NONE = "none"
    CREATING = "creating"
    CHANGING = "changing"
    DELETING = "deleting"


class Command(StrEnum):
    """The value is what a form says (``do``) and the command's key in the words."""

    CONNECT = "connect"
    START = "start"
    RESTART = "restart"
    STOP = "stop"
    CAPTURE = "capture"
    DELETE = "delete"
    INSPECT = "inspect"
    DIAGNOSE = "diagnose"
    """Boot diagnostics switched on."""


class Why(StrEnum):
    """Why not. The value is a key of the words, behind ``why_``."""

    RUNNING = "running"
    """Already: the API would take it, and do nothing."""
    OFF = "off"
    """Already deallocated: the same."""
    NOT_RUNNING = "not_running"
    GENERALIZED = "generalized"
    WRITES = "writes"
    BUSY = "busy"


IDLE = frozenset({Why.RUNNING, Why.OFF})
"""Not refused by the API, only pointless."""

ACTIONS: Mapping[Command, str] = MappingProxyType(
    {
        Command.CONNECT: "Microsoft.Compute/virtualMachines/read",
        Command.START: "Microsoft.Compute/virtualMachines/start/action",
        Command.RESTART: "Microsoft.Compute/virtualMachines/restart/action",
        Command.STOP: "Microsoft.Compute/virtualMachines/deallocate/action",
        Command.CAPTURE: "Microsoft.Compute/virtualMachines/capture/action",
        Command.DELETE: "Microsoft.Compute/virtualMachines/delete",
        Command.INSPECT: "Microsoft.Compute/virtualMachines/inspect/action",
        Command.DIAGNOSE: "Microsoft.Compute/virtualMachines/write",
    }
)
"""The right that each takes. Who lacks it is not shown the command."""

_GENERALIZED_BARS: Mapping[Command, Why | None] = MappingProxyType(
    {
        Command.CONNECT: Why.NOT_RUNNING,
        Command.START: Why.GENERALIZED,
        Command.RESTART: Why.GENERALIZED,
        Command.STOP: None,
        Command.CAPTURE: None,
        Command.DELETE: None,
        Command.INSPECT: None,
        Command.DIAGNOSE: Why.GENERALIZED,
    }
)
_OFF: Mapping[Command, Why | None] = MappingProxyType(
    {
        Command.CONNECT: Why.NOT_RUNNING,
        Command.START: None,
        Command.RESTART: Why.NOT_RUNNING,
        Command.STOP: None,
        Command.CAPTURE: None,
        Command.DELETE: None,
        Command.INSPECT: None,
        Command.DIAGNOSE: None,
    }
)
_ON_ITS_WAY: Mapping[Command, Why | None] = MappingProxyType(dict.fromkeys(Command, Why.BUSY))

TABLE: Mapping[Power, Mapping[Command, Why | None]] = MappingProxyType(
    {
        Power.RUNNING: {
            **dict.fromkeys(Command, None),
            Command.START: Why.RUNNING,
            Command.INSPECT: Why.WRITES,
        },
        # Its disk lies still until the power is on.
        Power.STARTING: {**_ON_ITS_WAY, Command.INSPECT: None},
        # Whoever looks at the console sees it go down.
        Power.STOPPING: {**_ON_ITS_WAY, Command.CONNECT: None, Command.INSPECT: Why.WRITES},
        Power.DEALLOCATING: {**_ON_ITS_WAY, Command.CONNECT: None, Command.INSPECT: Why.WRITES},
        Power.STOPPED: _OFF,
        Power.DEALLOCATED: {**_OFF, Command.STOP: Why.OFF},
        Power.GENERALIZED: _GENERALIZED_BARS,
        Power.GENERALIZED_DEALLOCATED: {**_GENERALIZED_BARS, Command.STOP: Why.OFF},
    }
)
"""None: it may be done."""
UNLOCKED = frozenset({Command.CONNECT, Command.INSPECT})
"""What is only looked at, whatever else goes on."""


@dataclass(frozen=True)
class State:
    """A machine's power and what goes on with it: all that decides what may be done."""

    power: Power
    work: Work

    def why_not(self, command: Command) -> Why | None:
        """None when it may be done now."""
        if self.work is Work.NONE or command in UNLOCKED:
            return TABLE[self.power][command]
        if command is Command.DELETE and self.work is Work.CREATING:
            return None  # a machine that is being made is not made any further
        return Why.BUSY


_WORK = {"Creating": Work.CREATING, "Updating": Work.CHANGING, "Deleting": Work.DELETING}


def state_of(machine: Document) -> State:
    """From a machine with its instance view."""
    codes = [text_at(each, "code") or "" for each in objects_at(machine, "properties", "instanceView", "statuses")]
    said = next((each.removeprefix("PowerState/") for each in codes if each.startswith("PowerState/")), "")
    power = Power(said) if said in _POWERS else Power.STOPPED
    if "OSState/generalized" in codes and power in _MARKED:
        power = _MARKED[power]
    return State(power, _WORK.get(text_at(machine, "properties", "provisioningState") or "", Work.NONE))


_POWERS = frozenset({"running", "starting", "stopping", "deallocating", "stopped", "deallocated"})
_MARKED = {Power.STOPPED: Power.GENERALIZED, Power.DEALLOCATED: Power.GENERALIZED_DEALLOCATED}

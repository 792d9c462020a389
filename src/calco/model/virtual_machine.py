"""Virtual machines: what may be wished for, the conditions they can be in, and which act leads where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from calco.model import errors
from calco.model.delete_option import DeleteOption
from calco.model.disk import Caching, CreateOption, OsType, Sku
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.windows_configuration import WindowsConfiguration


class Condition(StrEnum):
    """Wanted power and the generalized mark together: all that decides what may be done to a machine.

    A guest that switched itself off is still ``RUNNING`` here: Azure goes on billing it and refuses to generalize it
    until it is powered off explicitly.
    """

    RUNNING = "running"
    STOPPED = "stopped"
    DEALLOCATED = "deallocated"
    GENERALIZED = "generalized"  # stopped, still allocated
    GENERALIZED_DEALLOCATED = "generalized, deallocated"

    @property
    def is_generalized(self) -> bool:
        return self in (Condition.GENERALIZED, Condition.GENERALIZED_DEALLOCATED)

    @property
    def is_deallocated(self) -> bool:
        return self in (Condition.DEALLOCATED, Condition.GENERALIZED_DEALLOCATED)


class Act(StrEnum):
    """What one can do to a machine; the value is the name Azure uses in refusals."""

    START = "Start VM"
    RESTART = "restart"
    POWER_OFF = "powerOff"
    DEALLOCATE = "deallocate"
    GENERALIZE = "generalize"
    CAPTURE = "Create Image"
    UPDATE = "Update VM"
    DELETE = "delete"
    RUN_COMMAND = "runCommand"
    CONVERT = "convertToManagedDisks"


_R, _S, _D = Condition.RUNNING, Condition.STOPPED, Condition.DEALLOCATED
_G, _GD = Condition.GENERALIZED, Condition.GENERALIZED_DEALLOCATED

MOVES: Mapping[tuple[Condition, Act], Condition] = MappingProxyType(
    {
        (_R, Act.START): _R,
        (_R, Act.RESTART): _R,
        (_R, Act.POWER_OFF): _S,
        (_R, Act.DEALLOCATE): _D,
        (_R, Act.UPDATE): _R,
        (_R, Act.DELETE): _R,
        (_R, Act.RUN_COMMAND): _R,
        (_S, Act.START): _R,
        (_S, Act.POWER_OFF): _S,
        (_S, Act.DEALLOCATE): _D,
        (_S, Act.GENERALIZE): _G,
        (_S, Act.UPDATE): _S,
        (_S, Act.DELETE): _S,
        (_D, Act.START): _R,
        (_D, Act.DEALLOCATE): _D,
        (_D, Act.GENERALIZE): _GD,
        (_D, Act.UPDATE): _D,
        (_D, Act.DELETE): _D,
        (_D, Act.CONVERT): _D,
        (_G, Act.POWER_OFF): _G,
        (_G, Act.DEALLOCATE): _GD,
        (_G, Act.GENERALIZE): _G,
        (_G, Act.CAPTURE): _G,
        (_G, Act.DELETE): _G,
        (_GD, Act.DEALLOCATE): _GD,
        (_GD, Act.GENERALIZE): _GD,
        (_GD, Act.CAPTURE): _GD,
        (_GD, Act.DELETE): _GD,
    }
)


def after(condition: Condition, act: Act, machine: str) -> Condition:
    """The condition ``act`` leads to; an unlisted pair is refused in Azure's words, never ignored."""
    if (condition, act) in MOVES:
        return MOVES[condition, act]
    raise _refusal(condition, act, machine)


_NOT_ONCE_GENERALIZED = (Act.START, Act.RESTART, Act.UPDATE, Act.RUN_COMMAND, Act.CONVERT)


def _refusal(condition: Condition, act: Act, machine: str) -> ApiError:
    if condition.is_generalized and act in _NOT_ONCE_GENERALIZED:
        return errors.machine_generalized(act, machine)
    match act:
        case Act.CAPTURE:
            why = errors.not_generalized(machine)
        case Act.GENERALIZE:
            why = errors.machine_running(act, machine)
        case Act.RUN_COMMAND:
            why = errors.extensions_need_power()
        case Act.CONVERT:
            why = errors.machine_not_deallocated(act, machine)
        case _ if condition.is_deallocated:
            why = errors.machine_deallocated(act, machine)
        case _:
            why = errors.machine_not_running()
    return why


@dataclass(frozen=True)
class Urn:
    """A platform image's name."""

    publisher: str
    offer: str
    sku: str
    version: str

    def __str__(self) -> str:
        return f"{self.publisher}:{self.offer}:{self.sku}:{self.version}"

    @property
    def os_type(self) -> OsType:
        """What Microsoft sells as Windows is Windows; Azure's marketplace says it beside the image, not in its name."""
        return OsType.WINDOWS if self.publisher.lower().startswith("microsoftwindows") else OsType.LINUX


@dataclass(frozen=True)
class DiskWish:
    """One disk of a machine as the request has it. ``lun`` is None for the OS disk; None elsewhere means unsaid."""

    lun: int | None
    create_option: CreateOption
    name: str | None = None
    size_gb: int | None = None
    caching: Caching | None = None
    sku: Sku | None = None
    disk: ResourceId | None = None
    os_type: OsType | None = None
    delete_option: DeleteOption | None = None
    to_be_detached: bool = False
    vhd: str | None = None
    """The URI of a page blob, for a disk that is one."""
    image_uri: str | None = None
    """The URI of the VHD that a new blob is a copy of."""


@dataclass(frozen=True)
class NicWish:
    """One NIC: ``nic`` names an existing one, otherwise ``subnet`` says where to make it (inline
    ``networkInterfaceConfigurations``); ``public_address`` is the name of the public IP to make with it."""

    nic: ResourceId | None = None
    name: str | None = None
    subnet: ResourceId | None = None
    public_address: str | None = None
    public_delete_option: DeleteOption | None = None
    primary: bool | None = None
    delete_option: DeleteOption | None = None
    document: Document = field(default_factory=dict)


@dataclass(frozen=True)
class OsProfile:
    """``properties.osProfile``; secrets travel here and nowhere else."""

    computer_name: str
    admin_username: str
    admin_password: str | None = field(default=None, repr=False)
    custom_data: str | None = field(default=None, repr=False)
    public_keys: tuple[tuple[str, str], ...] = ()
    """(path, key data) pairs."""
    disable_password_authentication: bool = False
    provision_vm_agent: bool = True
    linux: bool = False
    """Whether a ``linuxConfiguration`` was sent."""
    windows: WindowsConfiguration | None = None


@dataclass(frozen=True)
class NewVirtualMachine:
    """A PUT of a machine, read and well-formed; whether it may be is for ``work`` to say.

    ``properties`` is the document as it came, without nulls and secrets, enums in Azure's casing: unknown members are
    kept and shown. ``extra`` holds other top-level members (``zones``, ``plan``, ``identity``).
    """

    id: ResourceId
    location: str
    tags: Mapping[str, str] | None
    size: str
    image: ResourceId | Urn | None
    os_disk: DiskWish
    data_disks: tuple[DiskWish, ...]
    os_profile: OsProfile | None
    nics: tuple[NicWish, ...]
    properties: Document
    extra: Document = field(default_factory=dict)
    availability_set: ResourceId | None = None

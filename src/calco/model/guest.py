"""What a guest is told about itself, and what it says about itself."""

from dataclasses import dataclass, field
from enum import StrEnum

from calco.model.document import Document


@dataclass(frozen=True)
class PublicKey:
    """``path`` is where Azure was asked to put it; ``key_data`` one OpenSSH public key line."""

    path: str
    key_data: str


@dataclass(frozen=True)
class Provisioning:
    """osProfile as the provisioning DVD needs it. ``custom_data`` is base64, as it came. Never logged."""

    host_name: str
    admin_username: str
    admin_password: str | None = field(default=None, repr=False)
    public_keys: tuple[PublicKey, ...] = ()
    disable_password_authentication: bool = True
    custom_data: str | None = field(default=None, repr=False)
    provision_vm_agent: bool = True


@dataclass(frozen=True)
class GuestNic:
    """One NIC as IMDS shows it. ``mac`` is twelve upper-case hexadecimal digits; addresses are dotted quads.

    ``subnet`` is in CIDR form."""

    mac: str
    private_address: str
    public_address: str | None
    subnet: str


@dataclass(frozen=True)
class Guest:
    """One machine as its metadata service and wireserver show it.

    ``compute`` is IMDS's ``compute`` object at its newest version (every key present, strings for primitives);
    the service in ``guest`` cuts it down to the version asked for.
    """

    vm_id: str
    incarnation: int
    compute: Document
    nics: tuple[GuestNic, ...]
    has_custom_data: bool = False


class Agent(StrEnum):
    """Who reports: told by ``User-Agent``, for cloud-init too calls itself WALinuxAgent in ``x-ms-agent-name``.

    ``OTHER`` is any program that speaks the wireserver's language: another agent, or a script without one."""

    CLOUD_INIT = "cloud-init"
    WAAGENT = "waagent"
    OTHER = "other"


class Health(StrEnum):
    """``State`` of a health report. Source: wireserver, POST /machine?comp=health."""

    READY = "Ready"
    NOT_READY = "NotReady"


class Subject(StrEnum):
    """What a report is about: the machine's provisioning (health reports: these decide over Succeeded), or the agent
    itself (its status, told again and again while it runs: this is what ``vmAgent`` in the instance view shows)."""

    PROVISIONING = "provisioning"
    AGENT = "agent"


@dataclass(frozen=True)
class Report:
    """One report of a guest about itself. ``substatus`` is ``Provisioning``, ``ProvisioningFailed`` or empty;
    ``description`` is what the guest wrote, at most 512 characters. ``agent_version`` may be empty. The last three are
    known to an agent's status only, else empty. All text is hostile: shown, never interpreted."""

    agent: Agent
    health: Health
    substatus: str = ""
    description: str = ""
    agent_version: str = ""
    subject: Subject = Subject.PROVISIONING
    computer_name: str = ""
    os_name: str = ""
    os_version: str = ""

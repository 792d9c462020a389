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
    """Who reports: the names agents give in ``User-Agent`` or ``x-ms-agent-name``, as far as we tell them apart."""

    CLOUD_INIT = "cloud-init"
    WAAGENT = "waagent"


class Health(StrEnum):
    """``State`` of a health report. Source: wireserver, POST /machine?comp=health."""

    READY = "Ready"
    NOT_READY = "NotReady"


@dataclass(frozen=True)
class Report:
    """One health report of a guest. ``substatus`` is ``Provisioning``, ``ProvisioningFailed`` or empty; ``description``
    is what the guest wrote, at most 512 characters, hostile: shown, never interpreted. ``agent_version`` may be
    empty."""

    agent: Agent
    health: Health
    substatus: str = ""
    description: str = ""
    agent_version: str = ""

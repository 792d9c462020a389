"""What only a machine's guest may read, until it has: the password, the custom data. It waits in the machine's record
under seal, and is forgotten once the guest is provisioned.

``internal`` of a virtual machine: ``secrets`` holds what a provisioning profile says and anybody here may read
(computer name, public keys), ``sealed`` every other member of it, each under a seal of its own.
"""

import msgspec

from calco.model.document import Document, Json, object_at
from calco.ports import Resource, Sealer
from calco.work.common import with_internal

OPEN, SEALED = "secrets", "sealed"
NO_SECRET = frozenset(
    {"computer_name", "admin_username", "public_keys", "disable_password_authentication", "provision_vm_agent"}
)


def sealed(sealer: Sealer, profile: Document) -> Document:
    """The internal members that keep a profile. What is not known to be no secret is sealed."""
    kept: Document = {name: each for name, each in profile.items() if name in NO_SECRET}
    closed: Document = {
        name: sealer.seal(msgspec.json.encode(each).decode()) for name, each in profile.items() if name not in NO_SECRET
    }
    return {OPEN: kept, **({SEALED: closed} if closed else {})}


def open_part(machine: Resource) -> Document:
    """The profile's members that are no secrets; of a record from before there were seals, all of them."""
    return object_at(machine.internal, OPEN)


def opened(sealer: Sealer, machine: Resource) -> Document:
    """The whole profile, for the guest alone. Raises ValueError when it was sealed by another data directory."""
    closed = object_at(machine.internal, SEALED)
    return {**open_part(machine), **{name: _unsealed(sealer, each) for name, each in closed.items()}}


def has(machine: Resource, name: str) -> bool:
    """Whether the profile has that member; nothing is unsealed."""
    return name in open_part(machine) or name in object_at(machine.internal, SEALED)


def without(machine: Resource) -> Resource:
    """The machine without what only its guest was to read."""
    kept: Document = {name: each for name, each in open_part(machine).items() if name in NO_SECRET}
    return with_internal(machine, {OPEN: kept, SEALED: None})


def _unsealed(sealer: Sealer, text: Json) -> Json:
    value: Json = msgspec.json.decode(sealer.unseal(text if isinstance(text, str) else ""))
    return value

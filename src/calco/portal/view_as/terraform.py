"""An action as Terraform's configuration: azurerm's resources, azapi's where azurerm has none, nothing where Terraform
has nothing to say; a note tells which. Source: the providers' references; docs/clients/terraform.md for the provider.

Labels are fixed words; what people typed is a quoted value.
"""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.portal.view_as import action as actions
from calco.portal.view_as import parts, quoting
from calco.portal.view_as.action import Place
from calco.portal.view_as.shown import Note, Shown

COMPUTE = "2024-07-01"
_q = quoting.hcl
_GROUP_NAME = "azurerm_resource_group.group.name"


# --- blocks ----------------------------------------------------------------------------------------------------------


Line = tuple[str, str] | str
"""An argument's name and value, or a block; an empty value or block is left out."""


def _block(head: str, *lines: Line) -> str:
    """A block of these lines, aligned as `terraform fmt` does it."""
    return "\n".join((f"{head} {{", *(f"  {line}" for each in _aligned(lines) for line in each.split("\n")), "}"))


def _aligned(lines: tuple[Line, ...]) -> list[str]:
    """Equals signs of arguments that follow each other stand below each other."""
    found: list[str] = []
    run: list[tuple[str, str]] = []
    for line in (*lines, ""):
        if isinstance(line, tuple):
            run += [line] if line[1] else []
        else:
            width = max((len(name) for name, _ in run), default=0)
            found += [f"{name.ljust(width)} = {value}" for name, value in run]
            run = []
            found += [line] if line else []
    return found


def _texts(**values: str) -> tuple[Line, ...]:
    return tuple((name, _q(value)) for name, value in values.items())


def _tags(tags: Mapping[str, str]) -> str:
    pairs = tuple((quoting.hcl_key(key), _q(value)) for key, value in tags.items())
    return _block("tags =", *pairs) if tags else ""


def _provider(place: Place) -> str:
    return _block(
        'provider "azurerm"',
        "features {}",
        *_texts(
            subscription_id=place.subscription,
            metadata_host=urlsplit(place.endpoint).netloc,
            resource_provider_registrations="none",
        ),
    )


def _configuration(place: Place, *blocks: str, notes: tuple[Note, ...] = ()) -> Shown:
    return Shown("\n\n".join(filter(None, (_provider(place), *blocks))), notes)


def _group(place: Place, id: ResourceId, wanted: bool, tags: Mapping[str, str] = MappingProxyType({})) -> str:
    lines = _texts(name=id.group, location=place.location)
    return _block('resource "azurerm_resource_group" "group"', *lines, _tags(tags)) if wanted else ""


def _where(place: Place, id: ResourceId, new_group: bool = False) -> tuple[Line, ...]:
    group = _GROUP_NAME if new_group else _q(id.group)
    return (*_texts(location=place.location), ("resource_group_name", group))


def _operation(verb: actions.MachineVerb, label: str, machine: ResourceId, after: str = "") -> str:
    """azapi's way of a POST."""
    return _block(
        f'resource "azapi_resource_action" "{label}"',
        *_texts(
            type=f"Microsoft.Compute/virtualMachines@{COMPUTE}",
            resource_id=str(machine),
            action=str(verb),
            method="POST",
        ),
        ("depends_on", f"[{after}]" if after else ""),
    )


# --- actions ---------------------------------------------------------------------------------------------------------


def act(action: actions.ActOnMachines, _place: Place) -> Shown:
    many = len(action.machines) > 1
    blocks = (
        _operation(action.verb, f"{action.verb}{number}" if many else str(action.verb), machine)
        for number, machine in enumerate(action.machines)
    )
    return Shown("\n\n".join(blocks), (Note.TERRAFORM_ACTION,))


def delete(_action: actions.Delete, _place: Place) -> Shown:
    return Shown("", (Note.TERRAFORM_DELETE,))


def capture_image(action: actions.CaptureImage, place: Place) -> Shown:
    first, second = actions.MachineVerb.DEALLOCATE, actions.MachineVerb.GENERALIZE
    verbs = [verb for verb, wanted in ((first, action.deallocate), (second, action.generalize)) if wanted]
    labels = [f"azapi_resource_action.{verb}" for verb in verbs]
    steps = [
        _operation(verb, str(verb), action.machine, after) for verb, after in zip(verbs, ["", *labels], strict=False)
    ]
    image = _block(
        'resource "azurerm_image" "image"',
        *_texts(name=action.image.name),
        *_where(place, action.image, action.new_group),
        *_texts(hyper_v_generation=str(action.generation)),
        ("zone_resilient", str(action.zone_resilient).lower()),
        *_texts(source_virtual_machine_id=str(action.machine)),
        ("depends_on", f"[{labels[-1]}]" if labels else ""),
        _tags(action.tags),
    )
    notes = ((Note.TERRAFORM_ACTION,) if steps else ()) + ((Note.TERRAFORM_DELETE,) if action.delete_machine else ())
    return _configuration(place, _group(place, action.image, action.new_group), *steps, image, notes=notes)


def create_image(action: actions.CreateImage, place: Place) -> Shown:
    """azurerm makes images of disks and blobs: a snapshot becomes a disk first."""
    copied = isinstance(action.source, ResourceId) and action.source.kind == parts.SNAPSHOT
    source = ("managed_disk_id", _q(parts.source_of(action.source)))
    if copied:
        source = ("managed_disk_id", "azurerm_managed_disk.disk.id")
    elif not isinstance(action.source, ResourceId):
        source = ("blob_uri", _q(parts.source_of(action.source)))
    os_disk = _texts(os_type=str(action.os_type), os_state="Generalized", storage_type="Standard_LRS")
    return _configuration(
        place,
        _group(place, action.image, action.new_group),
        _disk_of_snapshot(action, place) if copied else "",
        _block(
            'resource "azurerm_image" "image"',
            *_texts(name=action.image.name),
            *_where(place, action.image, action.new_group),
            *_texts(hyper_v_generation=str(action.generation)),
            ("zone_resilient", str(action.zone_resilient).lower()),
            _block("os_disk", *os_disk, source),
            _tags(action.tags),
        ),
        notes=(Note.TERRAFORM_SNAPSHOT,) if copied else (),
    )


def _disk_of_snapshot(action: actions.CreateImage, place: Place) -> str:
    return _block(
        'resource "azurerm_managed_disk" "disk"',
        *_texts(name=f"{action.image.name}-source"),
        *_where(place, action.image, action.new_group),
        *_texts(
            storage_account_type="Standard_LRS", create_option="Copy", source_resource_id=parts.source_of(action.source)
        ),
    )


def create_group(action: actions.CreateGroup, place: Place) -> Shown:
    return _configuration(place, _group(place, action.group, True, action.tags))


def create_snapshot(action: actions.CreateSnapshot, place: Place) -> Shown:
    snapshot = _block(
        'resource "azurerm_snapshot" "snapshot"',
        *_texts(name=action.snapshot.name),
        *_where(place, action.snapshot),
        *_texts(create_option="Copy", source_resource_id=str(action.source)),
        _tags(action.tags),
    )
    return _configuration(place, snapshot)


def create_machines(action: actions.CreateMachines, place: Place) -> Shown:
    where = _where(place, action.machine, action.new_group)
    names = ", ".join(map(_q, parts.machine_names(action)))
    key = parts.takes_key(action)
    notes = () if key else (Note.TERRAFORM_PASSWORD,)
    return _configuration(
        place,
        "" if key else _block('variable "password"', ("type", "string"), ("sensitive", "true")),
        _block("locals", ("names", f"toset([{names}])")),
        _group(place, action.machine, action.new_group),
        *_network(action, where),
        _address(where) if action.public_address else "",
        _nic(action, where),
        _machine(action, where),
        notes=notes + ((Note.PUBLIC_ADDRESS,) if action.public_address else ()),
    )


def _network(action: actions.CreateMachines, where: tuple[Line, ...]) -> tuple[str, ...]:
    if action.subnet:
        return ()
    network = "azurerm_virtual_network.network.name"
    return (
        _block(
            'resource "azurerm_virtual_network" "network"',
            *_texts(name=parts.network_name(action)),
            *where,
            ("address_space", f'["{parts.SPACE}"]'),
        ),
        _block(
            'resource "azurerm_subnet" "subnet"',
            *_texts(name=parts.SUBNET),
            where[1],
            ("virtual_network_name", network),
            ("address_prefixes", f'["{parts.SUBNET_SPACE}"]'),
        ),
    )


def _address(where: tuple[Line, ...]) -> str:
    head = 'resource "azurerm_public_ip" "address"'
    each = (("for_each", "local.names"), ("name", '"${each.key}PublicIP"'))
    return _block(head, *each, *where, *_texts(sku="Standard", allocation_method="Static"))


def _nic(action: actions.CreateMachines, where: tuple[Line, ...]) -> str:
    subnet = _q(str(action.subnet)) if action.subnet else "azurerm_subnet.subnet.id"
    address = "azurerm_public_ip.address[each.key].id"
    return _block(
        'resource "azurerm_network_interface" "nic"',
        ("for_each", "local.names"),
        ("name", '"${each.key}VMNic"'),
        *where,
        _block(
            "ip_configuration",
            *_texts(name="ipconfig1", private_ip_address_allocation="Dynamic"),
            ("subnet_id", subnet),
            ("public_ip_address_id", address if action.public_address else ""),
        ),
    )


def _machine(action: actions.CreateMachines, where: tuple[Line, ...]) -> str:
    system = "windows" if action.os_type is OsType.WINDOWS else "linux"
    return _block(
        f'resource "azurerm_{system}_virtual_machine" "machine"',
        ("for_each", "local.names"),
        ("name", "each.key"),
        *where,
        *_texts(size=action.size, source_image_id=str(action.image), admin_username=action.user),
        *_password(action),
        ("network_interface_ids", "[azurerm_network_interface.nic[each.key].id]"),
        _block("os_disk", *_texts(caching="ReadWrite", storage_account_type="Standard_LRS")),
        _key(action) if parts.takes_key(action) else "",
        _tags(action.tags),
    )


def _password(action: actions.CreateMachines) -> tuple[Line, ...]:
    if parts.takes_key(action):
        return ()
    asked = ("admin_password", "var.password")
    return (asked,) if action.os_type is OsType.WINDOWS else (asked, ("disable_password_authentication", "false"))


def _key(action: actions.CreateMachines) -> str:
    key = _q(parts.key_of(action)) if parts.key_of(action) else 'file(pathexpand("~/.ssh/id_rsa.pub"))'
    return _block("admin_ssh_key", *_texts(username=action.user), ("public_key", key))


def export_disk(action: actions.ExportDisk, place: Place) -> Shown:
    """The address, which the reader's own download takes; azurerm has this for disks alone."""
    if action.source.kind == parts.SNAPSHOT:
        return Shown("", (Note.TERRAFORM_EXPORT,))
    lines = (*_texts(managed_disk_id=str(action.source)), ("duration_in_seconds", str(action.seconds)))
    access = _block('resource "azurerm_managed_disk_sas_token" "access"', *lines, *_texts(access_level="Read"))
    output = _block(
        'output "address"', ("value", "azurerm_managed_disk_sas_token.access.sas_url"), ("sensitive", "true")
    )
    return _configuration(place, access, output, notes=(Note.TERRAFORM_EXPORT,))


def import_disk(action: actions.ImportDisk, place: Place) -> Shown:
    system = _texts(os_type=str(action.os_type), hyper_v_generation=str(action.generation)) if action.os_type else ()
    disk = _block(
        'resource "azurerm_managed_disk" "disk"',
        *_texts(name=action.disk.name),
        *_where(place, action.disk, action.new_group),
        *_texts(storage_account_type=action.sku, create_option="Upload"),
        ("upload_size_bytes", str(action.bytes)),
        *system,
        _tags(action.tags),
    )
    group = _group(place, action.disk, action.new_group)
    return _configuration(place, group, disk, notes=(Note.TERRAFORM_UPLOAD,))


def set_tags(action: actions.SetTags, _place: Place) -> Shown:
    return Shown(_tags(action.tags) or "tags = {}", (Note.TERRAFORM_TAGS,))

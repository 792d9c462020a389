"""An action as the Az modules take it. Source: their reference, by cmdlet, and docs/clients/powershell.md.

What has more than one step is one script block with ``Stop``: pasted line by line, a step would run although the one
before it failed, and a machine be deleted whose image was not made.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from calco.model.ids import ResourceId
from calco.portal.view_as import quoting
from calco.portal.view_as.action import (
    Action,
    ActOnMachines,
    CaptureImage,
    CreateGroup,
    CreateImage,
    CreateMachines,
    CreateSnapshot,
    Delete,
    ExportDisk,
    ImportDisk,
    MachineVerb,
    Place,
    SetTags,
)
from calco.portal.view_as.parts import (
    DISK,
    GROUP,
    IMAGE,
    MACHINE,
    SNAPSHOT,
    SPACE,
    SUBNET,
    SUBNET_SPACE,
    Way,
    entry,
    file_of,
    key_of,
    keys_path,
    machine_names,
    network_name,
    source_of,
    takes_key,
    through,
)
from calco.portal.view_as.shown import Note, Shown

_VERBS = MappingProxyType(
    {
        MachineVerb.START: ("Start-AzVM", ""),
        MachineVerb.RESTART: ("Restart-AzVM", ""),
        MachineVerb.DEALLOCATE: ("Stop-AzVM", " -Force"),
        MachineVerb.GENERALIZE: ("Set-AzVM", " -Generalized"),
    }
)
_NAMED = MappingProxyType({MACHINE: "-Name", IMAGE: "-ImageName", DISK: "-DiskName", SNAPSHOT: "-SnapshotName"})
_REMOVES = MappingProxyType(
    {MACHINE: "Remove-AzVM", IMAGE: "Remove-AzImage", DISK: "Remove-AzDisk", SNAPSHOT: "Remove-AzSnapshot"}
)
_q = quoting.powershell


def show(action: Action, place: Place) -> Shown:
    return through(_TABLE, action, place)


# --- words -----------------------------------------------------------------------------------------------------------


def _script(steps: Iterable[str], *notes: Note) -> Shown:
    """One step as it is, several as one block, which stops at the first that fails."""
    lines = [line for step in steps if step for line in step.split("\n")]
    if len(lines) < 2:
        return Shown("".join(lines), notes)
    return Shown("\n".join(("& {", *(f"  {line}" for line in ("$ErrorActionPreference = 'Stop'", *lines)), "}")), notes)


def _named(id: ResourceId) -> str:
    return f"{_group(id)} {_NAMED.get(id.kind, '-Name')} {_q(id.name)}"


def _group(id: ResourceId) -> str:
    return f"-ResourceGroupName {_q(id.group)}"


def _tags(tags: Mapping[str, str], option: str = "-Tag") -> str:
    return f" {option} {_hashtable(tags)}" if tags else ""


def _hashtable(tags: Mapping[str, str]) -> str:
    return "@{ " + "; ".join(f"{_q(key)} = {_q(value)}" for key, value in tags.items()) + " }"


def _new_group(id: ResourceId, place: Place, wanted: bool, tags: Mapping[str, str] = MappingProxyType({})) -> str:
    return f"New-AzResourceGroup -Name {_q(id.group)} -Location {_q(place.location)}{_tags(tags)}" if wanted else ""


# --- actions ---------------------------------------------------------------------------------------------------------


def _act(action: ActOnMachines, _place: Place) -> Shown:
    return _script(_verb(action.verb, machine) for machine in action.machines)


def _verb(verb: MachineVerb, machine: ResourceId) -> str:
    cmdlet, switch = _VERBS[verb]
    return f"{cmdlet} {_named(machine)}{switch}"


def _delete(action: Delete, _place: Place) -> Shown:
    return _script(_removed(id) for id in action.resources)


def _removed(id: ResourceId) -> str:
    if id.kind == GROUP:
        return f"Remove-AzResourceGroup -Name {_q(id.group)} -Force"
    if id.kind in _REMOVES:
        return f"{_REMOVES[id.kind]} {_named(id)} -Force"
    return f"Remove-AzResource -ResourceId {_q(str(id))} -Force"


def _capture(action: CaptureImage, place: Place) -> Shown:
    return _script(
        (
            _new_group(action.image, place, action.new_group),
            _verb(MachineVerb.DEALLOCATE, action.machine) if action.deallocate else "",
            _verb(MachineVerb.GENERALIZE, action.machine) if action.generalize else "",
            f"{_image_config(action, place)} -SourceVirtualMachineId {_q(str(action.machine))}",
            f"New-AzImage {_named(action.image)} -Image $image",
            _removed(action.machine) if action.delete_machine else "",
        )
    )


def _image_config(action: CaptureImage | CreateImage, place: Place) -> str:
    zones = " -ZoneResilient" if action.zone_resilient else ""
    return (
        f"$image = New-AzImageConfig -Location {_q(place.location)} -HyperVGeneration {action.generation}{zones}"
        f"{_tags(action.tags)}"
    )


def _create_image(action: CreateImage, place: Place) -> Shown:
    kind = action.source.kind if isinstance(action.source, ResourceId) else ""
    option = {"": "-BlobUri", SNAPSHOT: "-SnapshotId"}.get(kind, "-ManagedDiskId")
    source = f"{option} {_q(source_of(action.source))}"
    return _script(
        (
            _new_group(action.image, place, action.new_group),
            _image_config(action, place),
            f"$image = Set-AzImageOsDisk -Image $image -OsType {action.os_type} -OsState Generalized {source}",
            f"New-AzImage {_named(action.image)} -Image $image",
        )
    )


def _create_group(action: CreateGroup, place: Place) -> Shown:
    return _script((_new_group(action.group, place, True, action.tags),))


def _create_snapshot(action: CreateSnapshot, place: Place) -> Shown:
    source = f"-CreateOption Copy -SourceResourceId {_q(str(action.source))}"
    return _script(
        (
            f"$config = New-AzSnapshotConfig -Location {_q(place.location)} {source}{_tags(action.tags)}",
            f"New-AzSnapshot {_named(action.snapshot)} -Snapshot $config",
        )
    )


def _create_machines(action: CreateMachines, place: Place) -> Shown:
    where = f"{_group(action.machine)} -Location {_q(place.location)}"
    names = ", ".join(map(_q, machine_names(action)))
    each = (
        _address(action, where),
        f'$nic = New-AzNetworkInterface {where} -Name "${{name}}VMNic" -SubnetId $subnetId'
        + (" -PublicIpAddressId $address.Id" if action.public_address else ""),
        f"$vm = New-AzVMConfig -VMName $name -VMSize {_q(action.size)}{_tags(action.tags, '-Tags')}",
        *_login(action),
        f"$vm = Set-AzVMSourceImage -VM $vm -Id {_q(str(action.image))}",
        "$vm = Set-AzVMOSDisk -VM $vm -CreateOption FromImage -DeleteOption Delete",
        "$vm = Add-AzVMNetworkInterface -VM $vm -Id $nic.Id -DeleteOption Delete",
        f"New-AzVM {where} -VM $vm",
    )
    notes = () if takes_key(action) else (Note.POWERSHELL_PASSWORD,)
    return _script(
        (
            _new_group(action.machine, place, action.new_group),
            _subnet(action, where),
            _credential(action),
            f"foreach ($name in {names}) {{",
            *(f"  {step}" for step in each if step),
            "}",
        ),
        *notes,
        *((Note.PUBLIC_ADDRESS,) if action.public_address else ()),
    )


def _subnet(action: CreateMachines, where: str) -> str:
    if action.subnet:
        return f"$subnetId = {_q(str(action.subnet))}"
    return (
        f"$subnet = New-AzVirtualNetworkSubnetConfig -Name {_q(SUBNET)} -AddressPrefix {_q(SUBNET_SPACE)}\n"
        f"$network = New-AzVirtualNetwork {where} -Name {_q(network_name(action))} -AddressPrefix {_q(SPACE)} "
        "-Subnet $subnet\n"
        "$subnetId = $network.Subnets[0].Id"
    )


def _address(action: CreateMachines, where: str) -> str:
    if not action.public_address:
        return ""
    return f'$address = New-AzPublicIpAddress {where} -Name "${{name}}PublicIP" -Sku Standard -AllocationMethod Static'


def _credential(action: CreateMachines) -> str:
    """Asked for; with a key a blank one, for the cmdlet insists on a credential and sends none of it."""
    if takes_key(action):
        return f"$credential = [pscredential]::new({_q(action.user)}, [securestring]::new())"
    return f"$credential = Get-Credential -UserName {_q(action.user)}"


def _login(action: CreateMachines) -> tuple[str, ...]:
    system = f"$vm = Set-AzVMOperatingSystem -VM $vm -{action.os_type} -ComputerName $name -Credential $credential"
    if not takes_key(action):
        return (system,)
    key = _q(key_of(action)) if key_of(action) else '(Get-Content "$HOME/.ssh/id_rsa.pub")'
    return (
        f"{system} -DisablePasswordAuthentication",
        f"$vm = Add-AzVMSshPublicKey -VM $vm -KeyData {key} -Path {_q(keys_path(action.user))}",
    )


def _export(action: ExportDisk, _place: Place) -> Shown:
    """Access is taken back even when the download fails."""
    noun = "Snapshot" if action.source.kind == SNAPSHOT else "Disk"
    named = f"{_group(action.source)} -{noun}Name {_q(action.source.name)}"
    return _script(
        (
            f"$access = Grant-Az{noun}Access {named} -Access Read -DurationInSecond {action.seconds}",
            f"try {{ Invoke-WebRequest -Uri $access.AccessSAS -OutFile {_q(file_of(action.file))} }}",
            f"finally {{ Revoke-Az{noun}Access {named} }}",
        )
    )


def _import(action: ImportDisk, place: Place) -> Shown:
    """``Add-AzVhd`` makes the disk, asks for access, sends the pages and gives access back."""
    file, sku = _q(file_of(action.file)), _q(action.sku)
    options = f"-Location {_q(place.location)} -LocalFilePath {file} -DiskSku {sku}"
    system = f" -DiskOsType {action.os_type} -DiskHyperVGeneration {action.generation}" if action.os_type else ""
    return _script(
        (
            _new_group(action.disk, place, action.new_group),
            f"Add-AzVhd {_named(action.disk)} {options}{system}",
            _update_tags(action.disk, action.tags) if action.tags else "",
        )
    )


def _set_tags(action: SetTags, _place: Place) -> Shown:
    if not action.tags:
        return _script((f"Remove-AzTag -ResourceId {_q(str(action.resource))}",))
    return _script((_update_tags(action.resource, action.tags),))


def _update_tags(id: ResourceId, tags: Mapping[str, str]) -> str:
    return f"Update-AzTag -ResourceId {_q(str(id))}{_tags(tags)} -Operation Replace"


_TABLE: Mapping[type, Way] = MappingProxyType(
    dict(
        (
            entry(ActOnMachines, _act),
            entry(Delete, _delete),
            entry(CaptureImage, _capture),
            entry(CreateImage, _create_image),
            entry(CreateGroup, _create_group),
            entry(CreateSnapshot, _create_snapshot),
            entry(CreateMachines, _create_machines),
            entry(ExportDisk, _export),
            entry(ImportDisk, _import),
            entry(SetTags, _set_tags),
        )
    )
)

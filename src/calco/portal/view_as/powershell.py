"""An action as the Az modules take it. Source: their reference, by cmdlet, and docs/clients/powershell.md.

What has more than one step is one script block with ``Stop``: pasted line by line, a step would run although the one
before it failed, and a machine be deleted whose image was not made.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from calco.model.ids import ResourceId
from calco.portal.view_as import action as actions
from calco.portal.view_as import parts, quoting
from calco.portal.view_as.action import Place
from calco.portal.view_as.shown import Note, Shown

_VERBS = MappingProxyType(
    {
        actions.MachineVerb.START: ("Start-AzVM", ""),
        actions.MachineVerb.RESTART: ("Restart-AzVM", ""),
        actions.MachineVerb.DEALLOCATE: ("Stop-AzVM", " -Force"),
        actions.MachineVerb.GENERALIZE: ("Set-AzVM", " -Generalized"),
    }
)
_NAMED = MappingProxyType(
    {
        parts.MACHINE: "-Name",
        parts.IMAGE: "-ImageName",
        parts.DISK: "-DiskName",
        parts.SNAPSHOT: "-SnapshotName",
    }
)
_REMOVES = MappingProxyType(
    {
        parts.MACHINE: "Remove-AzVM",
        parts.IMAGE: "Remove-AzImage",
        parts.DISK: "Remove-AzDisk",
        parts.SNAPSHOT: "Remove-AzSnapshot",
    }
)
_q = quoting.powershell


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


def act(action: actions.ActOnMachines, _place: Place) -> Shown:
    return _script(_verb(action.verb, machine) for machine in action.machines)


def _verb(verb: actions.MachineVerb, machine: ResourceId) -> str:
    cmdlet, switch = _VERBS[verb]
    return f"{cmdlet} {_named(machine)}{switch}"


def delete(action: actions.Delete, _place: Place) -> Shown:
    return _script(_removed(id) for id in action.resources)


def _removed(id: ResourceId) -> str:
    if id.kind == parts.GROUP:
        return f"Remove-AzResourceGroup -Name {_q(id.group)} -Force"
    if id.kind in _REMOVES:
        return f"{_REMOVES[id.kind]} {_named(id)} -Force"
    return f"Remove-AzResource -ResourceId {_q(str(id))} -Force"


def capture_image(action: actions.CaptureImage, place: Place) -> Shown:
    return _script(
        (
            _new_group(action.image, place, action.new_group),
            _verb(actions.MachineVerb.DEALLOCATE, action.machine) if action.deallocate else "",
            _verb(actions.MachineVerb.GENERALIZE, action.machine) if action.generalize else "",
            f"{_image_config(action, place)} -SourceVirtualMachineId {_q(str(action.machine))}",
            f"New-AzImage {_named(action.image)} -Image $image",
            _removed(action.machine) if action.delete_machine else "",
        )
    )


def _image_config(action: actions.CaptureImage | actions.CreateImage, place: Place) -> str:
    zones = " -ZoneResilient" if action.zone_resilient else ""
    return (
        f"$image = New-AzImageConfig -Location {_q(place.location)} -HyperVGeneration {action.generation}{zones}"
        f"{_tags(action.tags)}"
    )


def create_image(action: actions.CreateImage, place: Place) -> Shown:
    kind = action.source.kind if isinstance(action.source, ResourceId) else ""
    option = {"": "-BlobUri", parts.SNAPSHOT: "-SnapshotId"}.get(kind, "-ManagedDiskId")
    source = f"{option} {_q(parts.source_of(action.source))}"
    return _script(
        (
            _new_group(action.image, place, action.new_group),
            _image_config(action, place),
            f"$image = Set-AzImageOsDisk -Image $image -OsType {action.os_type} -OsState Generalized {source}",
            f"New-AzImage {_named(action.image)} -Image $image",
        )
    )


def create_group(action: actions.CreateGroup, place: Place) -> Shown:
    return _script((_new_group(action.group, place, True, action.tags),))


def create_snapshot(action: actions.CreateSnapshot, place: Place) -> Shown:
    source = f"-CreateOption Copy -SourceResourceId {_q(str(action.source))}"
    return _script(
        (
            f"$config = New-AzSnapshotConfig -Location {_q(place.location)} {source}{_tags(action.tags)}",
            f"New-AzSnapshot {_named(action.snapshot)} -Snapshot $config",
        )
    )


def create_machines(action: actions.CreateMachines, place: Place) -> Shown:
    where = f"{_group(action.machine)} -Location {_q(place.location)}"
    names = ", ".join(map(_q, parts.machine_names(action)))
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
    notes = () if parts.takes_key(action) else (Note.POWERSHELL_PASSWORD,)
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


def _subnet(action: actions.CreateMachines, where: str) -> str:
    if action.subnet:
        return f"$subnetId = {_q(str(action.subnet))}"
    return (
        f"$subnet = New-AzVirtualNetworkSubnetConfig -Name {_q(parts.SUBNET)} "
        f"-AddressPrefix {_q(parts.SUBNET_SPACE)}\n"
        f"$network = New-AzVirtualNetwork {where} -Name {_q(parts.network_name(action))} "
        f"-AddressPrefix {_q(parts.SPACE)} -Subnet $subnet\n"
        "$subnetId = $network.Subnets[0].Id"
    )


def _address(action: actions.CreateMachines, where: str) -> str:
    if not action.public_address:
        return ""
    return f'$address = New-AzPublicIpAddress {where} -Name "${{name}}PublicIP" -Sku Standard -AllocationMethod Static'


def _credential(action: actions.CreateMachines) -> str:
    """Asked for; with a key a blank one, for the cmdlet insists on a credential and sends none of it."""
    if parts.takes_key(action):
        return f"$credential = [pscredential]::new({_q(action.user)}, [securestring]::new())"
    return f"$credential = Get-Credential -UserName {_q(action.user)}"


def _login(action: actions.CreateMachines) -> tuple[str, ...]:
    system = f"$vm = Set-AzVMOperatingSystem -VM $vm -{action.os_type} -ComputerName $name -Credential $credential"
    if not parts.takes_key(action):
        return (system,)
    key = _q(parts.key_of(action)) if parts.key_of(action) else '(Get-Content "$HOME/.ssh/id_rsa.pub")'
    return (
        f"{system} -DisablePasswordAuthentication",
        f"$vm = Add-AzVMSshPublicKey -VM $vm -KeyData {key} -Path {_q(parts.keys_path(action.user))}",
    )


def export_disk(action: actions.ExportDisk, _place: Place) -> Shown:
    """Access is taken back even when the download fails."""
    noun = "Snapshot" if action.source.kind == parts.SNAPSHOT else "Disk"
    named = f"{_group(action.source)} -{noun}Name {_q(action.source.name)}"
    return _script(
        (
            f"$access = Grant-Az{noun}Access {named} -Access Read -DurationInSecond {action.seconds}",
            f"try {{ Invoke-WebRequest -Uri $access.AccessSAS -OutFile {_q(parts.file_of(action.file))} }}",
            f"finally {{ Revoke-Az{noun}Access {named} }}",
        )
    )


def import_disk(action: actions.ImportDisk, place: Place) -> Shown:
    """``Add-AzVhd`` makes the disk, asks for access, sends the pages and gives access back."""
    file, sku = _q(parts.file_of(action.file)), _q(action.sku)
    options = f"-Location {_q(place.location)} -LocalFilePath {file} -DiskSku {sku}"
    system = f" -DiskOsType {action.os_type} -DiskHyperVGeneration {action.generation}" if action.os_type else ""
    return _script(
        (
            _new_group(action.disk, place, action.new_group),
            f"Add-AzVhd {_named(action.disk)} {options}{system}",
            _update_tags(action.disk, action.tags) if action.tags else "",
        )
    )


def set_tags(action: actions.SetTags, _place: Place) -> Shown:
    if not action.tags:
        return _script((f"Remove-AzTag -ResourceId {_q(str(action.resource))}",))
    return _script((_update_tags(action.resource, action.tags),))


def _update_tags(id: ResourceId, tags: Mapping[str, str]) -> str:
    return f"Update-AzTag -ResourceId {_q(str(id))}{_tags(tags)} -Operation Replace"

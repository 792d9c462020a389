"""A machine's configuration, built up by a script before New-AzVM sends it.

Each cmdlet changes the object and gives it. Source: Azure/azure-powershell, Az.Compute's reference of each cmdlet and
what each writes into the object.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from calco.cloudshell.az.declaration import TAG, Takes, cmdlet, mandatory, optional, plain, switch
from calco.cloudshell.az.given import fill, given, refer, tag_table
from calco.cloudshell.az.image import CACHING
from calco.cloudshell.az.machine_parameters import MACHINE, VM
from calco.cloudshell.az.record import append, blank, child, items, reference, text
from calco.cloudshell.az.storage_access import by_name, endpoint_of
from calco.cloudshell.az.target import argument, id_of
from calco.cloudshell.cmdlet import Call, Cmdlet, Module, Parameter
from calco.cloudshell.values import Record, SecureString, Value

# --- what they do ----------------------------------------------------------------------------------------------------


def new_config(call: Call) -> Iterable[Value]:
    told = given(call, "Name=VMName LicenseType UserData Priority EvictionPolicy")
    machine = blank(MACHINE, {**told, "Zones": [*call.texts("Zone")] or None, "Tags": tag_table(call, "Tags")})
    fill(call, machine, "HardwareProfile", "VmSize=VMSize")
    refer(call, machine, "AvailabilitySetReference=AvailabilitySetId ProximityPlacementGroup=ProximityPlacementGroupId")
    security = {"SecurityType": call.value("SecurityType"), "EncryptionAtHost": call.switch("EncryptionAtHost") or None}
    if any(each is not None for each in security.values()):
        child(machine, "SecurityProfile").members.update(security)
    yield machine


def set_operating_system(call: Call, machine: Record) -> None:
    profile = child(machine, "OSProfile")
    profile.members["ComputerName"] = call.value("ComputerName")
    if call.given("Credential"):
        credential = call.record("Credential")
        profile.members["AdminUsername"] = credential.get("UserName")
        profile.members["AdminPassword"] = _password(call, credential.get("Password"))
    if call.text("CustomData"):
        profile.members["CustomData"] = b64encode(call.text("CustomData").encode()).decode()
    if call.switch("Linux"):
        linux = child(profile, "LinuxConfiguration")
        linux.members["DisablePasswordAuthentication"] = call.switch("DisablePasswordAuthentication") or None
        profile.members["WindowsConfiguration"] = None
    else:
        windows = child(profile, "WindowsConfiguration")
        windows.members["ProvisionVMAgent"] = not call.switch("DisableVMAgent")
        windows.members["EnableAutomaticUpdates"] = call.switch("EnableAutoUpdate")
        windows.members["TimeZone"] = call.value("TimeZone")
        profile.members["LinuxConfiguration"] = None


def _password(call: Call, given: Value) -> Value:
    """Blank ones of machines that take keys alone are not sent: a credential cannot be without one. Source: Azure,
    "Quickstart: Create a Linux virtual machine with PowerShell", which gives a space."""
    blank = isinstance(given, SecureString) and not given.secret.strip()
    return None if blank and call.switch("DisablePasswordAuthentication") else given


def set_source_image(call: Call, machine: Record) -> None:
    image = child(child(machine, "StorageProfile"), "ImageReference")
    for parameter, member in (
        ("PublisherName", "Publisher"),
        ("Offer", "Offer"),
        ("Skus", "Sku"),
        ("Version", "Version"),
        ("Id", "Id"),
    ):
        image.members[member] = call.value(parameter)


def set_os_disk(call: Call, machine: Record) -> None:
    disk = child(child(machine, "StorageProfile"), "OsDisk")
    if call.switch("Windows") or call.switch("Linux"):
        disk.members["OsType"] = "Windows" if call.switch("Windows") else "Linux"
    _fill(call, disk)


def add_data_disk(call: Call, machine: Record) -> None:
    _fill(call, append(child(machine, "StorageProfile"), "DataDisks", {"Lun": call.number("Lun")}))


def set_data_disk(call: Call, machine: Record) -> None:
    wanted, lun = call.text("Name").casefold(), call.number("Lun")
    disks = items(child(machine, "StorageProfile"), "DataDisks")
    meant = [each for each in disks if (text(each, "Name").casefold() == wanted if wanted else each.get("Lun") == lun)]
    if not meant:
        raise argument(f"The machine has no data disk {call.text('Name') or f'at LUN {lun}'}.")
    meant[0].members.update(given(call, "Caching DiskSizeGB=DiskSizeInGB"))
    if call.text("StorageAccountType"):
        child(meant[0], "ManagedDisk").members["StorageAccountType"] = call.text("StorageAccountType")


def remove_data_disk(call: Call, machine: Record) -> None:
    storage, gone = child(machine, "StorageProfile"), {each.casefold() for each in call.texts("DataDiskNames")}
    there = items(storage, "DataDisks")
    kept = [each for each in there if gone and text(each, "Name").casefold() not in gone]
    if gone and len(kept) == len(there):
        raise argument(f"The machine has none of these data disks: {', '.join(sorted(gone))}.")
    storage.members["DataDisks"] = [*kept]


def _fill(call: Call, disk: Record) -> None:
    """What was given of a disk goes into it; what was not stays as it is."""
    disk.members.update(given(call, "Name Caching CreateOption DiskSizeGB=DiskSizeInGB DeleteOption"))
    for member, parameter in (("Vhd", "VhdUri"), ("Image", "SourceImageUri")):
        if call.text(parameter):
            child(disk, member).members["Uri"] = call.text(parameter)
    refer(call, disk, "ManagedDisk=ManagedDiskId")
    if call.text("StorageAccountType"):
        child(disk, "ManagedDisk").members["StorageAccountType"] = call.text("StorageAccountType")
    if call.text("DiskEncryptionSetId"):
        reference(child(disk, "ManagedDisk"), "DiskEncryptionSet", call.text("DiskEncryptionSetId"))
    if call.switch("WriteAccelerator"):
        disk.members["WriteAcceleratorEnabled"] = True


def add_network_interface(call: Call, machine: Record) -> None:
    network = child(machine, "NetworkProfile")
    held = call.value("NetworkInterface")
    objects = [each for each in (held if isinstance(held, list) else [held]) if isinstance(each, Record)]
    for id in [id_of(each) for each in objects] or [call.text("Id")]:
        given: dict[str, Value] = {"Id": id, "DeleteOption": call.value("DeleteOption")}
        append(network, "NetworkInterfaces", {**given, "Primary": call.switch("Primary") or None})


def remove_network_interface(call: Call, machine: Record) -> None:
    network, gone = child(machine, "NetworkProfile"), {each.casefold() for each in call.texts("NetworkInterfaceIDs")}
    kept = [each for each in items(network, "NetworkInterfaces") if gone and text(each, "Id").casefold() not in gone]
    network.members["NetworkInterfaces"] = [*kept]


def add_ssh_key(call: Call, machine: Record) -> None:
    profile = child(machine, "OSProfile")
    user = text(profile, "AdminUsername")
    path = call.text("Path") or (f"/home/{user}/.ssh/authorized_keys" if user else "")
    if not path:
        raise argument("Say the path of the key file with -Path, or set the user first: Set-AzVMOperatingSystem.")
    ssh = child(child(profile, "LinuxConfiguration"), "Ssh")
    append(ssh, "PublicKeys", {"Path": path, "KeyData": call.text("KeyData")})


def set_boot_diagnostic(call: Call, machine: Record) -> None:
    boot = child(child(machine, "DiagnosticsProfile"), "BootDiagnostics")
    boot.members["Enabled"] = not call.switch("Disable")
    account = call.text("StorageAccountName")
    if account:
        boot.members["StorageUri"] = endpoint_of(by_name(call, account))
    elif call.switch("Disable"):
        boot.members["StorageUri"] = None


# --- declarations ----------------------------------------------------------------------------------------------------

_WINDOWS, _LINUX = "Windows WindowsDisableVMAgent", "Linux"
_SKU, _NO_SKU = "ImageReferenceSkuParameterSet", "ImageReferenceIdParameterSet"
_KEPT = "EnableBootDiagnostics"


def _changing(
    name: str,
    synopsis: str,
    change: Callable[[Call, Record], None],
    *parameters: Parameter,
    examples: str | Mapping[str, str],
    default_set: str = "",
    machine: Parameter = VM,
) -> Cmdlet:
    """What changes the machine that it takes, and gives it."""

    def run(call: Call) -> Iterable[Value]:
        change(call, call.record("VM"))
        yield call.value("VM")

    return cmdlet(
        name, synopsis, run, machine, *parameters, default_set=default_set, output=MACHINE.type, examples=examples
    )


def _disk_parameters(*, os: bool) -> tuple[Parameter, ...]:
    """What Set-AzVMOSDisk and Add-AzVMDataDisk both take; positions are each cmdlet's own."""
    return (
        plain("Name", "The disk's name.", 1, aliases="OSDiskName DiskName" if os else ""),
        plain("VhdUri", "The address of the VHD blob that is the disk.", 2),
        plain("Caching", "How the host caches it.", 3, choices=CACHING),
        plain("SourceImageUri", "The address of a generalized VHD to copy.", 4 if os else 7, aliases="SourceImage"),
        plain(
            "CreateOption",
            "FromImage, Attach a disk that is there, or Empty.",
            5 if os else 6,
            mandatory=not os,
            choices="FromImage Attach Empty" if os else "FromImage Attach Empty Copy Restore",
        ),
        plain("DiskSizeInGB", "How large it is made.", None if os else 4, Takes.INT),
        plain("ManagedDiskId", "The id of a managed disk.", None if os else 8),
        plain("StorageAccountType", "Its kind of storage.", None if os else 9),
        plain("DiskEncryptionSetId", "The id of a disk encryption set."),
        switch("WriteAccelerator", "Ask for write acceleration."),
        plain("DeleteOption", "What becomes of it with the machine.", choices="Detach Delete"),
    )


MODULE = Module(
    (
        cmdlet(
            "New-AzVMConfig",
            "Begins the configuration of a machine, an object that New-AzVM then sends.",
            new_config,
            mandatory("VMName", "The name of the machine.", 0, aliases="ResourceName Name"),
            mandatory("VMSize", "How large it is, e.g. Standard_B1s.", 1),
            optional("AvailabilitySetId", "The id of an availability set.", 2),
            plain("LicenseType", "A licence of one's own.", 3),
            optional("Zone", "The availability zone.", kind=Takes.STRINGS),
            optional("ProximityPlacementGroupId", "The id of a proximity placement group."),
            replace(TAG, name="Tags", aliases=("Tag",)),
            optional("UserData", "What the guest may read from the metadata service, in base64."),
            plain("SecurityType", "How it is protected.", choices="Standard TrustedLaunch ConfidentialVM"),
            switch("EncryptionAtHost", "Have the host encrypt its disks."),
            optional("Priority", "Regular or Spot."),
            optional("EvictionPolicy", "What becomes of a spot machine that must go."),
            output=MACHINE.type,
            examples="$vm = New-AzVMConfig -VMName web -VMSize Standard_B1s",
        ),
        _changing(
            "Set-AzVMOperatingSystem",
            "Says what the guest is called, who administers it, and how.",
            set_operating_system,
            switch("Windows", "The guest is Windows.", _WINDOWS),
            switch("Linux", "The guest is Linux.", _LINUX, mandatory=True),
            optional("ComputerName", "The name it gives itself.", 2),
            optional("Credential", "Its administrator's name and password.", 3, Takes.CREDENTIAL),
            optional("CustomData", "Text for cloud-init, or a file for Windows; it is sent in base64.", 4),
            switch("DisablePasswordAuthentication", "SSH takes keys alone.", _LINUX),
            switch("ProvisionVMAgent", "Have the agent set up; it is anyway.", "Windows"),
            switch("DisableVMAgent", "Without the agent.", "WindowsDisableVMAgent", mandatory=True),
            switch("EnableAutoUpdate", "Windows updates itself.", _WINDOWS),
            optional("TimeZone", "Windows' name of the time zone.", 7, sets=_WINDOWS),
            default_set="Windows",
            examples="Set-AzVMOperatingSystem -VM $vm -Linux -ComputerName web -Credential $credential",
        ),
        _changing(
            "Set-AzVMSourceImage",
            "Says what image the machine is made from: one of one's own by its id, or a platform image.",
            set_source_image,
            mandatory("PublisherName", "The platform image's publisher, e.g. Debian.", 1, sets=_SKU),
            mandatory("Offer", "Its offer, e.g. debian-12.", 2, sets=_SKU),
            mandatory("Skus", "Its SKU, e.g. 12.", 3, sets=_SKU),
            mandatory("Version", "Its version, or latest.", 4, sets=_SKU),
            mandatory("Id", "The id of an image.", sets=_NO_SKU, aliases="ImageReferenceId"),
            default_set=_SKU,
            examples="Set-AzVMSourceImage -VM $vm -Id (Get-AzImage lab golden).Id",
        ),
        _changing(
            "Set-AzVMOSDisk",
            "Says what the machine's OS disk is called, made from, cached and kept on.",
            set_os_disk,
            *_disk_parameters(os=True),
            switch("Windows", "Windows is on it.", "WindowsParamSet", mandatory=True),
            switch("Linux", "Linux is on it.", "LinuxParamSet", mandatory=True),
            default_set="DefaultParamSet",
            machine=replace(VM, from_name=False),
            examples={
                "Make a machine of a disk that is there.": "Set-AzVMOSDisk -VM $vm -ManagedDiskId $disk.Id "
                "-CreateOption Attach -Linux"
            },
        ),
        _changing(
            "Add-AzVMDataDisk",
            "Adds a data disk to a machine's configuration.",
            add_data_disk,
            *_disk_parameters(os=False),
            mandatory("Lun", "Where the guest finds it.", 5, Takes.INT),
            examples={
                "Add an empty disk of 4 GB to a machine that is there.": "Get-AzVM lab web | Add-AzVMDataDisk -Lun 0 "
                "-CreateOption Empty -DiskSizeInGB 4 | Update-AzVM lab"
            },
        ),
        _changing(
            "Set-AzVMDataDisk",
            "Changes a data disk in a machine's configuration.",
            set_data_disk,
            mandatory("Name", "The disk's name.", 1, sets="ChangeWithName"),
            plain("Lun", "Where the guest finds it.", 1, Takes.INT, mandatory=True, sets="ChangeWithLun"),
            plain("Caching", "How the host caches it.", 2, choices=CACHING),
            plain("DiskSizeInGB", "How large it is to be.", 3, Takes.INT),
            plain("StorageAccountType", "Its kind of storage."),
            default_set="ChangeWithName",
            examples="Set-AzVMDataDisk -VM $vm -Lun 0 -DiskSizeInGB 8",
        ),
        _changing(
            "Remove-AzVMDataDisk",
            "Takes data disks out of a machine's configuration; all of them when none is named.",
            remove_data_disk,
            optional("DataDiskNames", "The names of the disks.", 1, Takes.STRINGS, aliases="Name"),
            examples="Remove-AzVMDataDisk -VM $vm -DataDiskNames data1 | Update-AzVM -ResourceGroupName lab",
        ),
        _changing(
            "Add-AzVMNetworkInterface",
            "Adds a network interface to a machine's configuration.",
            add_network_interface,
            mandatory("Id", "The id of the interface.", 1, sets="GetNicFromNicId", aliases="NicId NetworkInterfaceId"),
            plain(
                "NetworkInterface",
                "The interface, an object of Get-AzNetworkInterface.",
                1,
                Takes.RECORDS,
                mandatory=True,
                sets="GetNicFromNicObject",
            ),
            switch("Primary", "It is the first one."),
            plain("DeleteOption", "What becomes of it with the machine.", choices="Detach Delete"),
            default_set="GetNicFromNicId",
            examples="Add-AzVMNetworkInterface -VM $vm -Id $nic.Id",
        ),
        _changing(
            "Remove-AzVMNetworkInterface",
            "Takes network interfaces out of a machine's configuration; all of them when none is named.",
            remove_network_interface,
            plain("NetworkInterfaceIDs", "The ids of the interfaces.", 1, Takes.STRINGS, aliases="Id NicIds"),
            examples="Remove-AzVMNetworkInterface -VM $vm -NetworkInterfaceIDs $nic.Id",
        ),
        _changing(
            "Add-AzVMSshPublicKey",
            "Adds a public key that may log in as the administrator.",
            add_ssh_key,
            optional("KeyData", "The key: ssh-ed25519 AAAA...", 1),
            optional("Path", "Where the guest keeps it; the administrator's authorized_keys when nothing is said.", 2),
            examples='Add-AzVMSshPublicKey -VM $vm -KeyData "ssh-ed25519 AAAA..." -Path /home/ada/.ssh/authorized_keys',
        ),
        _changing(
            "Set-AzVMBootDiagnostic",
            "Has the serial console and the screen of a machine kept, or not.",
            set_boot_diagnostic,
            switch("Enable", "Keep them.", _KEPT, mandatory=True),
            switch("Disable", "Do not keep them.", "DisableBootDiagnostics", mandatory=True),
            plain("ResourceGroupName", "The storage account's group.", 2, sets=_KEPT),
            plain("StorageAccountName", "A storage account.", 3, sets=_KEPT),
            default_set=_KEPT,
            examples="Set-AzVMBootDiagnostic -VM $vm -Disable",
        ),
    )
)

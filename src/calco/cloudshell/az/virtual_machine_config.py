"""A machine's configuration, built up by a script before New-AzVM sends it.

Each cmdlet changes the object and gives it. Source: Azure/azure-powershell, Az.Compute's reference of each cmdlet and
what each writes into the object.
"""

from base64 import b64encode
from collections.abc import Iterable

from calco.cloudshell.az.image import CACHING
from calco.cloudshell.az.machine_parameters import MACHINE, vm_parameter
from calco.cloudshell.az.record import append, blank, child, items, reference, text
from calco.cloudshell.az.target import argument, id_of, tags
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Kind, Module, Parameter, Run
from calco.cloudshell.values import Hashtable, Record, SecureString, Value

# --- what they do ----------------------------------------------------------------------------------------------------


def new_config(call: Call) -> Iterable[Value]:
    given = tags(call, "Tags")
    machine = blank(
        MACHINE,
        {
            "Name": call.text("VMName"),
            "LicenseType": call.value("LicenseType"),
            "Zones": [*call.texts("Zone")] or None,
            "Tags": None if given is None else Hashtable.of(given),
            "UserData": call.value("UserData"),
            "Priority": call.value("Priority"),
            "EvictionPolicy": call.value("EvictionPolicy"),
        },
    )
    child(machine, "HardwareProfile").members["VmSize"] = call.text("VMSize")
    for member, parameter in (
        ("AvailabilitySetReference", "AvailabilitySetId"),
        ("ProximityPlacementGroup", "ProximityPlacementGroupId"),
    ):
        if call.text(parameter):
            reference(machine, member, call.text(parameter))
    security = {"SecurityType": call.value("SecurityType"), "EncryptionAtHost": call.switch("EncryptionAtHost") or None}
    if any(each is not None for each in security.values()):
        child(machine, "SecurityProfile").members.update(security)
    yield machine


def set_operating_system(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
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
    yield machine


def _password(call: Call, given: Value) -> Value:
    """Blank ones of machines that take keys alone are not sent: a credential cannot be without one. Source: Azure,
    "Quickstart: Create a Linux virtual machine with PowerShell", which gives a space."""
    blank = isinstance(given, SecureString) and not given.secret.strip()
    return None if blank and call.switch("DisablePasswordAuthentication") else given


def set_source_image(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    image = child(child(machine, "StorageProfile"), "ImageReference")
    image.members.update(
        {
            "Publisher": call.value("PublisherName"),
            "Offer": call.value("Offer"),
            "Sku": call.value("Skus"),
            "Version": call.value("Version"),
            "Id": call.value("Id"),
        }
    )
    yield machine


def set_os_disk(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    disk = child(child(machine, "StorageProfile"), "OsDisk")
    if call.switch("Windows") or call.switch("Linux"):
        disk.members["OsType"] = "Windows" if call.switch("Windows") else "Linux"
    _fill(call, disk)
    yield machine


def add_data_disk(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    _fill(call, append(child(machine, "StorageProfile"), "DataDisks", {"Lun": call.number("Lun")}))
    yield machine


def set_data_disk(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    wanted, lun = call.text("Name").casefold(), call.number("Lun")
    disks = items(child(machine, "StorageProfile"), "DataDisks")
    meant = [each for each in disks if (text(each, "Name").casefold() == wanted if wanted else each.get("Lun") == lun)]
    if not meant:
        raise argument(f"The machine has no data disk {call.text('Name') or f'at LUN {lun}'}.")
    for name, parameter in (("Caching", "Caching"), ("DiskSizeGB", "DiskSizeInGB")):
        if call.given(parameter):
            meant[0].members[name] = call.value(parameter)
    if call.text("StorageAccountType"):
        child(meant[0], "ManagedDisk").members["StorageAccountType"] = call.text("StorageAccountType")
    yield machine


def remove_data_disk(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    storage, gone = child(machine, "StorageProfile"), {each.casefold() for each in call.texts("DataDiskNames")}
    there = items(storage, "DataDisks")
    kept = [each for each in there if gone and text(each, "Name").casefold() not in gone]
    if gone and len(kept) == len(there):
        raise argument(f"The machine has none of these data disks: {', '.join(sorted(gone))}.")
    storage.members["DataDisks"] = [*kept]
    yield machine


_DISK = (
    ("Name", "Name"),
    ("Caching", "Caching"),
    ("CreateOption", "CreateOption"),
    ("DiskSizeGB", "DiskSizeInGB"),
    ("DeleteOption", "DeleteOption"),
)


def _fill(call: Call, disk: Record) -> None:
    """What was given of a disk goes into it; what was not stays as it is."""
    for member, parameter in _DISK:
        if call.given(parameter):
            disk.members[member] = call.value(parameter)
    for member, parameter in (("Vhd", "VhdUri"), ("Image", "SourceImageUri")):
        if call.text(parameter):
            child(disk, member).members["Uri"] = call.text(parameter)
    if call.text("ManagedDiskId"):
        reference(disk, "ManagedDisk", call.text("ManagedDiskId"))
    if call.text("StorageAccountType"):
        child(disk, "ManagedDisk").members["StorageAccountType"] = call.text("StorageAccountType")
    if call.text("DiskEncryptionSetId"):
        reference(child(disk, "ManagedDisk"), "DiskEncryptionSet", call.text("DiskEncryptionSetId"))
    if call.switch("WriteAccelerator"):
        disk.members["WriteAcceleratorEnabled"] = True


def add_network_interface(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    network = child(machine, "NetworkProfile")
    held = call.value("NetworkInterface")
    objects = [each for each in (held if isinstance(held, list) else [held]) if isinstance(each, Record)]
    for id in [id_of(each) for each in objects] or [call.text("Id")]:
        given: dict[str, Value] = {"Id": id, "DeleteOption": call.value("DeleteOption")}
        append(network, "NetworkInterfaces", {**given, "Primary": call.switch("Primary") or None})
    yield machine


def remove_network_interface(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    network, gone = child(machine, "NetworkProfile"), {each.casefold() for each in call.texts("NetworkInterfaceIDs")}
    kept = [each for each in items(network, "NetworkInterfaces") if gone and text(each, "Id").casefold() not in gone]
    network.members["NetworkInterfaces"] = [*kept]
    yield machine


def add_ssh_key(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    profile = child(machine, "OSProfile")
    user = text(profile, "AdminUsername")
    path = call.text("Path") or (f"/home/{user}/.ssh/authorized_keys" if user else "")
    if not path:
        raise argument("Say the path of the key file with -Path, or set the user first: Set-AzVMOperatingSystem.")
    ssh = child(child(profile, "LinuxConfiguration"), "Ssh")
    append(ssh, "PublicKeys", {"Path": path, "KeyData": call.text("KeyData")})
    yield machine


def set_boot_diagnostic(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    boot = child(child(machine, "DiagnosticsProfile"), "BootDiagnostics")
    boot.members["Enabled"] = not call.switch("Disable")
    account = call.text("StorageAccountName")
    if account:
        api = call.shell.api
        found = api.list(f"/subscriptions/{api.subscription_id}/providers/Microsoft.Storage/storageAccounts")
        boot.members["StorageUri"] = _blob_endpoint(found, account)
    elif call.switch("Disable"):
        boot.members["StorageUri"] = None
    yield machine


def _blob_endpoint(accounts: Iterable[object], name: str) -> str:
    for each in accounts:
        match each:
            case {"name": str(known), "properties": {"primaryEndpoints": {"blob": str(endpoint)}}} if (
                known.casefold() == name.casefold()
            ):
                return endpoint
    raise argument(f"There is no storage account '{name}'.")


# --- declarations ----------------------------------------------------------------------------------------------------

_VM, _VM_BY_VALUE = vm_parameter(), vm_parameter(by_name=False)
_WINDOWS, _LINUX = ("Windows", "WindowsDisableVMAgent"), ("Linux",)


def _word(name: str, help: str, position: int | None = None, **more: str) -> Parameter:
    return Parameter(name, help=help, position=position, from_name=True, completes=more.get("completes", ""))


def _must(name: str, help: str, position: int, sets: tuple[str, ...] = (), aliases: tuple[str, ...] = ()) -> Parameter:
    return Parameter(name, help=help, sets=sets, mandatory=True, position=position, aliases=aliases, from_name=True)


def _switch(name: str, help: str, sets: tuple[str, ...] = (), *, mandatory: bool = False) -> Parameter:
    return Parameter(name, Kind.SWITCH, help, sets=sets, mandatory=mandatory)


def _cmdlet(
    name: str, synopsis: str, run: Run, *parameters: Parameter, example: str, default_set: str = "", about: str = ""
) -> Cmdlet:
    return Cmdlet(
        name,
        synopsis,
        run,
        parameters,
        default_set=default_set,
        output=MACHINE.type,
        examples=(Example(about or synopsis, example),),
    )


_NEW_CONFIG = _cmdlet(
    "New-AzVMConfig",
    "Begins the configuration of a machine, an object that New-AzVM then sends.",
    new_config,
    _must("VMName", "The name of the machine.", 0, aliases=("ResourceName", "Name")),
    _must("VMSize", "How large it is, e.g. Standard_B1s.", 1),
    _word("AvailabilitySetId", "The id of an availability set.", 2),
    Parameter("LicenseType", help="A licence of one's own.", position=3),
    Parameter("Zone", Kind.STRINGS, "The availability zone.", from_name=True),
    _word("ProximityPlacementGroupId", "The id of a proximity placement group."),
    Parameter("Tags", Kind.HASHTABLE, 'Tags, as a table: @{team="lab"}.', aliases=("Tag",), from_name=True),
    _word("UserData", "What the guest may read from the metadata service, in base64."),
    Parameter("SecurityType", help="How it is protected.", choices=("Standard", "TrustedLaunch", "ConfidentialVM")),
    _switch("EncryptionAtHost", "Have the host encrypt its disks."),
    _word("Priority", "Regular or Spot."),
    _word("EvictionPolicy", "What becomes of a spot machine that must go."),
    example="$vm = New-AzVMConfig -VMName web -VMSize Standard_B1s",
)
_SET_OPERATING_SYSTEM = _cmdlet(
    "Set-AzVMOperatingSystem",
    "Says what the guest is called, who administers it, and how.",
    set_operating_system,
    _VM,
    _switch("Windows", "The guest is Windows.", _WINDOWS),
    _switch("Linux", "The guest is Linux.", _LINUX, mandatory=True),
    _word("ComputerName", "The name it gives itself.", 2),
    Parameter("Credential", Kind.CREDENTIAL, "Its administrator's name and password.", position=3, from_name=True),
    _word("CustomData", "Text for cloud-init, or a file for Windows; it is sent in base64.", 4),
    _switch("DisablePasswordAuthentication", "SSH takes keys alone.", _LINUX),
    _switch("ProvisionVMAgent", "Have the agent set up; it is anyway.", ("Windows",)),
    _switch("DisableVMAgent", "Without the agent.", ("WindowsDisableVMAgent",), mandatory=True),
    _switch("EnableAutoUpdate", "Windows updates itself.", _WINDOWS),
    Parameter("TimeZone", help="Windows' name of the time zone.", sets=_WINDOWS, position=7, from_name=True),
    default_set="Windows",
    example="Set-AzVMOperatingSystem -VM $vm -Linux -ComputerName web -Credential $credential",
)
_SET_SOURCE_IMAGE = _cmdlet(
    "Set-AzVMSourceImage",
    "Says what image the machine is made from: one of one's own by its id, or a platform image.",
    set_source_image,
    _VM,
    _must("PublisherName", "The platform image's publisher, e.g. Debian.", 1, ("ImageReferenceSkuParameterSet",)),
    _must("Offer", "Its offer, e.g. debian-12.", 2, ("ImageReferenceSkuParameterSet",)),
    _must("Skus", "Its SKU, e.g. 12.", 3, ("ImageReferenceSkuParameterSet",)),
    Parameter(
        "Version",
        help="Its version, or latest.",
        sets=("ImageReferenceSkuParameterSet",),
        mandatory=True,
        position=4,
        from_name=True,
    ),
    Parameter(
        "Id",
        help="The id of an image.",
        sets=("ImageReferenceIdParameterSet",),
        mandatory=True,
        aliases=("ImageReferenceId",),
        from_name=True,
    ),
    default_set="ImageReferenceSkuParameterSet",
    example="Set-AzVMSourceImage -VM $vm -Id (Get-AzImage lab golden).Id",
)


def _disk_parameters(*, os: bool) -> tuple[Parameter, ...]:
    """What Set-AzVMOSDisk and Add-AzVMDataDisk both take; positions are each cmdlet's own."""
    return (
        Parameter("Name", help="The disk's name.", position=1, aliases=("OSDiskName", "DiskName") if os else ()),
        Parameter("VhdUri", help="The address of the VHD blob that is the disk.", position=2),
        Parameter("Caching", help="How the host caches it.", position=3, choices=CACHING),
        Parameter(
            "SourceImageUri",
            help="The address of a generalized VHD to copy.",
            position=4 if os else 7,
            aliases=("SourceImage",),
        ),
        Parameter(
            "CreateOption",
            help="FromImage, Attach a disk that is there, or Empty.",
            mandatory=not os,
            position=5 if os else 6,
            choices=("FromImage", "Attach", "Empty") if os else ("FromImage", "Attach", "Empty", "Copy", "Restore"),
        ),
        Parameter("DiskSizeInGB", Kind.INT, "How large it is made.", position=None if os else 4),
        Parameter("ManagedDiskId", help="The id of a managed disk.", position=None if os else 8),
        Parameter("StorageAccountType", help="Its kind of storage.", position=None if os else 9),
        Parameter("DiskEncryptionSetId", help="The id of a disk encryption set."),
        _switch("WriteAccelerator", "Ask for write acceleration."),
        Parameter("DeleteOption", help="What becomes of it with the machine.", choices=("Detach", "Delete")),
    )


_SET_OS_DISK = _cmdlet(
    "Set-AzVMOSDisk",
    "Says what the machine's OS disk is called, made from, cached and kept on.",
    set_os_disk,
    _VM_BY_VALUE,
    *_disk_parameters(os=True),
    _switch("Windows", "Windows is on it.", ("WindowsParamSet",), mandatory=True),
    _switch("Linux", "Linux is on it.", ("LinuxParamSet",), mandatory=True),
    default_set="DefaultParamSet",
    about="Make a machine of a disk that is there.",
    example="Set-AzVMOSDisk -VM $vm -ManagedDiskId $disk.Id -CreateOption Attach -Linux",
)
_ADD_DATA_DISK = _cmdlet(
    "Add-AzVMDataDisk",
    "Adds a data disk to a machine's configuration.",
    add_data_disk,
    _VM,
    *_disk_parameters(os=False),
    Parameter("Lun", Kind.INT, "Where the guest finds it.", mandatory=True, position=5, from_name=True),
    about="Add an empty disk of 4 GB to a machine that is there.",
    example="Get-AzVM lab web | Add-AzVMDataDisk -Lun 0 -CreateOption Empty -DiskSizeInGB 4 | Update-AzVM lab",
)
_SET_DATA_DISK = _cmdlet(
    "Set-AzVMDataDisk",
    "Changes a data disk in a machine's configuration.",
    set_data_disk,
    _VM,
    _must("Name", "The disk's name.", 1, ("ChangeWithName",)),
    Parameter("Lun", Kind.INT, "Where the guest finds it.", sets=("ChangeWithLun",), mandatory=True, position=1),
    Parameter("Caching", help="How the host caches it.", position=2, choices=CACHING),
    Parameter("DiskSizeInGB", Kind.INT, "How large it is to be.", position=3),
    Parameter("StorageAccountType", help="Its kind of storage."),
    default_set="ChangeWithName",
    example="Set-AzVMDataDisk -VM $vm -Lun 0 -DiskSizeInGB 8",
)
_REMOVE_DATA_DISK = _cmdlet(
    "Remove-AzVMDataDisk",
    "Takes data disks out of a machine's configuration; all of them when none is named.",
    remove_data_disk,
    _VM,
    Parameter("DataDiskNames", Kind.STRINGS, "The names of the disks.", position=1, aliases=("Name",), from_name=True),
    example="Remove-AzVMDataDisk -VM $vm -DataDiskNames data1 | Update-AzVM -ResourceGroupName lab",
)
_ADD_INTERFACE = _cmdlet(
    "Add-AzVMNetworkInterface",
    "Adds a network interface to a machine's configuration.",
    add_network_interface,
    _VM,
    _must("Id", "The id of the interface.", 1, ("GetNicFromNicId",), ("NicId", "NetworkInterfaceId")),
    Parameter(
        "NetworkInterface",
        Kind.RECORDS,
        "The interface, an object of Get-AzNetworkInterface.",
        sets=("GetNicFromNicObject",),
        mandatory=True,
        position=1,
    ),
    _switch("Primary", "It is the first one."),
    Parameter("DeleteOption", help="What becomes of it with the machine.", choices=("Detach", "Delete")),
    default_set="GetNicFromNicId",
    example="Add-AzVMNetworkInterface -VM $vm -Id $nic.Id",
)
_REMOVE_INTERFACE = _cmdlet(
    "Remove-AzVMNetworkInterface",
    "Takes network interfaces out of a machine's configuration; all of them when none is named.",
    remove_network_interface,
    _VM,
    Parameter("NetworkInterfaceIDs", Kind.STRINGS, "The ids of the interfaces.", position=1, aliases=("Id", "NicIds")),
    example="Remove-AzVMNetworkInterface -VM $vm -NetworkInterfaceIDs $nic.Id",
)
_ADD_KEY = _cmdlet(
    "Add-AzVMSshPublicKey",
    "Adds a public key that may log in as the administrator.",
    add_ssh_key,
    _VM,
    _word("KeyData", "The key: ssh-ed25519 AAAA...", 1),
    _word("Path", "Where the guest keeps it; the administrator's authorized_keys when nothing is said.", 2),
    example='Add-AzVMSshPublicKey -VM $vm -KeyData "ssh-ed25519 AAAA..." -Path /home/ada/.ssh/authorized_keys',
)
_SET_BOOT = _cmdlet(
    "Set-AzVMBootDiagnostic",
    "Has the serial console and the screen of a machine kept, or not.",
    set_boot_diagnostic,
    _VM,
    _switch("Enable", "Keep them.", ("EnableBootDiagnostics",), mandatory=True),
    _switch("Disable", "Do not keep them.", ("DisableBootDiagnostics",), mandatory=True),
    Parameter("ResourceGroupName", help="The storage account's group.", sets=("EnableBootDiagnostics",), position=2),
    Parameter("StorageAccountName", help="A storage account.", sets=("EnableBootDiagnostics",), position=3),
    default_set="EnableBootDiagnostics",
    example="Set-AzVMBootDiagnostic -VM $vm -Disable",
)

MODULE = Module(
    (
        _NEW_CONFIG,
        _SET_OPERATING_SYSTEM,
        _SET_SOURCE_IMAGE,
        _SET_OS_DISK,
        _ADD_DATA_DISK,
        _SET_DATA_DISK,
        _REMOVE_DATA_DISK,
        _ADD_INTERFACE,
        _REMOVE_INTERFACE,
        _ADD_KEY,
        _SET_BOOT,
    )
)

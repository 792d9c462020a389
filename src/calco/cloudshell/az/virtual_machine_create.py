"""New-AzVM: of a configuration, or from a few words, with everything the machine needs made around it.

What is there already under the names is used as it is. Source: Azure/azure-powershell, Compute/Strategies: what the
simple set makes, in what order, and how it is called when nobody says; Az.Compute's reference of New-AzVM.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from calco.cloudshell.api import Refused
from calco.cloudshell.az.answer import change, response
from calco.cloudshell.az.declaration import LOCATION, TAG, Takes, cmdlet, optional, plain, switch
from calco.cloudshell.az.given import given, tag_table
from calco.cloudshell.az.machine_parameters import MACHINE, TYPE, VM
from calco.cloudshell.az.record import inner, read, sent, text
from calco.cloudshell.az.source_image import SourceImage, source_image
from calco.cloudshell.az.target import argument, group_path, path
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import SecureString, Value
from calco.model.document import Document, Json, object_at, objects_at, text_at

SIMPLE, CONFIGURED = "SimpleParameterSet", "DefaultParameterSet"
DEFAULT_LOCATION, DEFAULT_SIZE, DEFAULT_IMAGE = "eastus", "Standard_D2s_v3", "Win2016Datacenter"
WINDOWS_PORTS, LINUX_PORTS = (3389, 5985), (22,)
FIRST_PRIORITY = 1000
NETWORK, ADDRESS = "Microsoft.Network/virtualNetworks", "Microsoft.Network/publicIPAddresses"
GUARD, INTERFACE = "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/networkInterfaces"
CALLED = MappingProxyType(
    {
        NETWORK: "virtual network",
        ADDRESS: "public address",
        GUARD: "network security group",
        INTERFACE: "network interface",
        TYPE: "virtual machine",
    }
)


def new(call: Call) -> Iterable[Value]:
    yield from _from_config(call) if call.set == CONFIGURED else _from_words(call)


def _from_config(call: Call) -> Iterable[Value]:
    machine = call.record("VM")
    name = text(machine, "Name")
    if not name:
        raise argument("The machine has no name: begin its configuration with New-AzVMConfig.")
    for needed in ("ResourceGroupName", "Location"):
        if not call.text(needed):
            raise argument(f"Cannot process command because of one or more missing mandatory parameters: {needed}.")
    machine.members.update(given(call, "Location Zones=Zone LicenseType"))
    if call.given("Tag"):
        machine.members["Tags"] = tag_table(call)
    body = sent(machine)
    properties = object_at(body, "properties")
    if inner(machine, "DiagnosticsProfile") is None:  # Az asks for boot diagnostics in an account of Azure's own
        properties["diagnosticsProfile"] = {"bootDiagnostics": {"enabled": True}}
    storage = object_at(properties, "storageProfile")
    if "imageReference" in storage:  # what nobody has to say in Azure either: the image is where the disk comes from
        storage.setdefault("osDisk", {"createOption": "FromImage"})
    where = path(call.shell.api, call.text("ResourceGroupName"), TYPE, name)
    if call.should(name, "New"):
        change(call, f"Creating {name}", "PUT", where, body)
        yield response()


def _from_words(call: Call) -> Iterable[Value]:
    for refused in ("GenerateSshKey", "SshKeyName"):
        if call.given(refused):
            raise argument(
                f"-{refused} is not supported in calco's Cloud Shell. For a key of your own: New-AzVMConfig and "
                "Add-AzVMSshPublicKey."
            )
    name = call.text("Name")
    if not call.should(name, "New"):
        return
    made = _Surroundings.of(call)
    image = source_image(call, call.text("Image") or DEFAULT_IMAGE, made.group, made.location)
    made.make_group()
    public_address = made.public_address()
    interface = made.interface(made.subnet(), public_address, made.security_group(_ports(call, image)))
    machine = made.put(TYPE, name, _machine(call, image, interface))
    shown = read(MACHINE, machine)
    shown.members["FullyQualifiedDomainName"] = text_at(public_address, "properties", "dnsSettings", "fqdn")
    call.verbose(_how_to_connect(call, image, shown.get("FullyQualifiedDomainName") or ""))
    yield shown


def _how_to_connect(call: Call, image: SourceImage, at: Value) -> str:
    if image.is_windows:
        return f"Use 'mstsc /v:{at}' to connect to the VM."
    return f"Use 'ssh {text(call.record('Credential'), 'UserName')}@{at}' to connect to the VM."


def _ports(call: Call, image: SourceImage) -> list[int]:
    given = call.value("OpenPorts")
    if isinstance(given, list):
        return [each for each in given if isinstance(each, int)]
    return [*(WINDOWS_PORTS if image.is_windows else LINUX_PORTS)]


# --- what stands around a machine ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Surroundings:
    """The group and region of a new machine, and what is made in them under its name or under names that were given."""

    call: Call
    group: str
    location: str

    @staticmethod
    def of(call: Call) -> "_Surroundings":
        group = call.text("ResourceGroupName") or call.text("Name")
        known = call.shell.api.find(group_path(call.shell.api, group))
        location = call.text("Location") or text_at(known, "location") or DEFAULT_LOCATION
        return _Surroundings(call, group, location)

    def make_group(self) -> None:
        where = group_path(self.call.shell.api, self.group)
        if self.call.shell.api.find(where) is None:
            change(self.call, f"Creating the resource group {self.group}", "PUT", where, {"location": self.location})

    def named(self, parameter: str) -> str:
        return self.call.text(parameter) or self.call.text("Name")

    def subnet(self) -> str:
        """The id of the subnet, in a network that is there or is made."""
        network, subnet = self.named("VirtualNetworkName"), self.named("SubnetName")
        prefix = self.call.text("SubnetAddressPrefix") or "192.168.1.0/24"
        wanted: Document = {"name": subnet, "properties": {"addressPrefix": prefix}}
        there = self._find(NETWORK, network)
        if there is None:
            space = self.call.text("AddressPrefix") or "192.168.0.0/16"
            properties: Document = {"addressSpace": {"addressPrefixes": [space]}, "subnets": [wanted]}
            there = self.put(NETWORK, network, {"properties": properties})
        known = {(text_at(each, "name") or "").casefold(): text_at(each, "id") for each in _subnets(there)}
        if known.get(subnet.casefold()):
            return known[subnet.casefold()] or ""
        where = path(self.call.shell.api, self.group, f"{NETWORK}/subnets", network, subnet)
        change(self.call, f"Creating the subnet {subnet}", "PUT", where, wanted)
        return where

    def public_address(self) -> Document:
        name = self.named("PublicIpAddressName")
        label = self.call.text("DomainNameLabel") or f"{self.call.text('Name')}-{self.call.shell.chance.guid()[:6]}"
        body: Document = {
            "sku": {"name": self.call.text("PublicIpSku") or "Standard"},
            "properties": {
                "publicIPAllocationMethod": self.call.text("AllocationMethod") or "Static",
                "dnsSettings": {"domainNameLabel": label.lower().replace("_", "-")},
            },
        }
        return self.take(ADDRESS, name, body)

    def security_group(self, ports: list[int]) -> Document:
        name = self.named("SecurityGroupName")
        rules: list[Json] = [_rule(f"{name}{port}", port, FIRST_PRIORITY + index) for index, port in enumerate(ports)]
        return self.take(GUARD, name, {"properties": {"securityRules": rules}})

    def interface(self, subnet: str, public_address: Document, security_group: Document) -> str:
        name = self.call.text("Name")
        place: Document = {
            "name": name,
            "properties": {"subnet": {"id": subnet}, "publicIPAddress": {"id": text_at(public_address, "id")}},
        }
        guarded: Document = {"id": text_at(security_group, "id")}
        body: Document = {"properties": {"ipConfigurations": [place], "networkSecurityGroup": guarded}}
        return text_at(self.take(INTERFACE, name, body), "id") or ""

    def take(self, type: str, name: str, body: Document) -> Document:
        """What is there under that name, or what is made of ``body``."""
        there = self._find(type, name)
        return self.put(type, name, body) if there is None else there

    def put(self, type: str, name: str, body: Document) -> Document:
        where = path(self.call.shell.api, self.group, type, name)
        located: Document = {"location": self.location, **body}
        return change(self.call, f"Creating the {CALLED[type]} {name}", "PUT", where, located).document

    def _find(self, type: str, name: str) -> Document | None:
        try:
            return self.call.shell.api.find(path(self.call.shell.api, self.group, type, name))
        except Refused as refused:
            if refused.code == "ResourceGroupNotFound":
                return None
            raise


def _subnets(network: Document) -> list[Document]:
    return objects_at(network, "properties", "subnets")


def _rule(name: str, port: int, priority: int) -> Document:
    everywhere: Document = {"sourcePortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}
    allowed: Document = {"protocol": "Tcp", "access": "Allow", "direction": "Inbound"}
    return {
        "name": name,
        "properties": {**allowed, "priority": priority, "destinationPortRange": str(port), **everywhere},
    }


# --- the machine -----------------------------------------------------------------------------------------------------


def _machine(call: Call, image: SourceImage, interface: str) -> Document:
    properties: Document = {
        "hardwareProfile": {"vmSize": call.text("Size") or DEFAULT_SIZE},
        "osProfile": _profile(call, image),
        "networkProfile": {"networkInterfaces": [_kept({"id": interface}, call, "NetworkInterfaceDeleteOption")]},
        "storageProfile": {
            "imageReference": image.reference,
            "osDisk": _option({"createOption": "FromImage"}, call, "OSDiskDeleteOption"),
            "dataDisks": _data_disks(call, image),
        },
    }
    if call.text("AvailabilitySetName"):
        group = call.text("ResourceGroupName") or call.text("Name")
        there = path(call.shell.api, group, "Microsoft.Compute/availabilitySets", call.text("AvailabilitySetName"))
        properties["availabilitySet"] = {"id": there}
    if call.text("UserData"):
        properties["userData"] = call.text("UserData")
    if call.given("SecurityType") and call.text("SecurityType") != "Standard":
        properties["securityProfile"] = {"securityType": call.text("SecurityType")}
    zones: list[Json] = [*call.texts("Zone")]
    return {"properties": properties, **({"zones": zones} if zones else {})}


def _profile(call: Call, image: SourceImage) -> Document:
    credential = call.record("Credential")
    password = credential.get("Password")
    profile: Document = {"computerName": call.text("Name"), "adminUsername": text(credential, "UserName")}
    if isinstance(password, SecureString):
        profile["adminPassword"] = password.secret
    if image.is_windows:
        return {**profile, "windowsConfiguration": {"provisionVMAgent": True, "enableAutomaticUpdates": True}}
    return {**profile, "linuxConfiguration": {}}


def _data_disks(call: Call, image: SourceImage) -> list[Json]:
    """Those of the image, then empty ones of the sizes that were given, on the LUNs that are free."""
    disks: list[Json] = [
        _option({"lun": lun, "createOption": "FromImage"}, call, "DataDiskDeleteOption") for lun in image.luns
    ]
    free = (lun for lun in range(64) if lun not in image.luns)
    sizes = call.value("DataDiskSizeInGb")
    for lun, size in zip(free, sizes if isinstance(sizes, list) else [], strict=False):
        if isinstance(size, int):
            empty: Document = {"lun": lun, "createOption": "Empty", "diskSizeGB": size}
            disks.append(_option(empty, call, "DataDiskDeleteOption"))
    return disks


def _option(disk: Document, call: Call, parameter: str) -> Document:
    return {**disk, "deleteOption": call.text(parameter)} if call.text(parameter) else disk


def _kept(interface: Document, call: Call, parameter: str) -> Document:
    return {**interface, "properties": {"deleteOption": call.text(parameter)}} if call.text(parameter) else interface


# --- declarations ----------------------------------------------------------------------------------------------------


_word = partial(plain, sets=SIMPLE)
_DELETE = "Detach Delete"
_GROUP = "The resource group; it is made where there is none. The machine's name when nothing is said."
MODULE = Module(
    (
        cmdlet(
            "New-AzVM",
            "Makes a virtual machine: of a configuration, or from a few words with all that it needs around it.",
            new,
            optional("ResourceGroupName", _GROUP, 0, completes="resourceGroups"),
            replace(LOCATION, position=1),
            replace(VM, sets=(CONFIGURED,), position=2),
            plain("Zone", "The availability zone.", 3, Takes.STRINGS),
            _word("Name", "The name of the machine, and of all that has no name of its own.", mandatory=True),
            _word("Credential", "Its administrator's name and password.", kind=Takes.CREDENTIAL, mandatory=True),
            _word(
                "Image",
                "What it is made from: an image's name or id, a platform image's short name (Debian12) or its "
                "publisher:offer:sku:version.",
                completes="images",
                aliases="ImageName",
            ),
            _word("Size", "How large it is.", completes="vmSizes"),
            _word("VirtualNetworkName", "A virtual network, there or new.", completes="virtualNetworks"),
            _word("AddressPrefix", "The addresses of a new network; 192.168.0.0/16."),
            _word("SubnetName", "A subnet, there or new."),
            _word("SubnetAddressPrefix", "The addresses of a new subnet; 192.168.1.0/24."),
            _word("PublicIpAddressName", "A public address, there or new.", completes="publicIPAddresses"),
            _word("DomainNameLabel", "The first part of its name on the net."),
            _word(
                "AllocationMethod", "Whether the address stays while the machine is stopped.", choices="Static Dynamic"
            ),
            _word("PublicIpSku", "The address's SKU.", choices="Basic Standard"),
            _word("SecurityGroupName", "A network security group, there or new.", completes="networkSecurityGroups"),
            _word(
                "OpenPorts",
                "Ports that a new security group lets in; 22, or 3389 and 5985 for Windows.",
                kind=Takes.INTS,
            ),
            _word("AvailabilitySetName", "An availability set that is there.", completes="availabilitySets"),
            _word("DataDiskSizeInGb", "The sizes of empty data disks.", kind=Takes.INTS),
            _word("OSDiskDeleteOption", "What becomes of the OS disk with the machine.", choices=_DELETE),
            _word("DataDiskDeleteOption", "What becomes of the data disks with the machine.", choices=_DELETE),
            _word("NetworkInterfaceDeleteOption", "What becomes of the interface with the machine.", choices=_DELETE),
            _word("UserData", "What the guest may read from the metadata service, in base64."),
            _word("SecurityType", "How it is protected.", choices="Standard TrustedLaunch ConfidentialVM"),
            switch("GenerateSshKey", "Not here: use Add-AzVMSshPublicKey.", SIMPLE),
            _word("SshKeyName", "Not here: use Add-AzVMSshPublicKey."),
            replace(TAG, sets=(CONFIGURED,)),
            plain("LicenseType", "A licence of one's own.", sets=CONFIGURED),
            switch("DisableBginfoExtension", "Taken for compatibility: nothing is installed here.", CONFIGURED),
            default_set=SIMPLE,
            output=MACHINE.type,
            confirms=True,
            as_job=True,
            examples={
                "A machine and all it needs.": "New-AzVM -Name web -Image Debian12 -Credential (Get-Credential)",
                "A clone of a captured image.": "New-AzVM -ResourceGroupName lab -Name clone1 -Image golden "
                "-Size Standard_B1s -Credential $credential",
                "Of a configuration.": "New-AzVM -ResourceGroupName lab -Location eastus -VM $vm",
            },
        ),
    )
)

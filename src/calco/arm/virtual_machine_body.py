"""How the body of a machine's PUT is read. Shape only; whether such a machine may be is for ``work`` to say."""

from msgspec import Struct, field

from calco.arm import machine_wants, reading, windows_configuration
from calco.arm.windows_configuration import Body as WindowsBody
from calco.model import errors
from calco.model.delete_option import DeleteOption
from calco.model.disk import MAX_DISK_GB, Caching, CreateOption, OsType, Sku
from calco.model.document import Document, object_at, objects_at
from calco.model.ids import ResourceId
from calco.model.virtual_machine import DiskWish, NewVirtualMachine, NicWish, OsProfile, Urn

IMAGE = "Microsoft.Compute/images"
DISK = "Microsoft.Compute/disks"
NIC = "Microsoft.Network/networkInterfaces"
SUBNET = "Microsoft.Network/virtualNetworks/subnets"
AVAILABILITY_SET = "Microsoft.Compute/availabilitySets"


class Reference(Struct):
    id: str | None = None


class HardwareProfile(Struct, rename="camel"):
    vm_size: str | None = None


class ImageReference(Struct, rename="camel"):
    id: str | None = None
    publisher: str | None = None
    offer: str | None = None
    sku: str | None = None
    version: str | None = None
    shared_gallery_image_id: str | None = None
    community_gallery_image_id: str | None = None


class ManagedDisk(Struct, rename="camel"):
    id: str | None = None
    storage_account_type: Sku | None = None


class Hard(Struct):
    """A virtual hard disk in a blob."""

    uri: str | None = None


class Disk(Struct, rename="camel"):
    lun: int | None = None
    name: str | None = None
    create_option: CreateOption | None = None
    caching: Caching | None = None
    disk_size_gb: int | None = field(default=None, name="diskSizeGB")
    managed_disk: ManagedDisk | None = None
    os_type: OsType | None = None
    delete_option: DeleteOption | None = None
    write_accelerator_enabled: bool | None = None
    to_be_detached: bool | None = None
    vhd: Hard | None = None
    image: Hard | None = None


class StorageProfile(Struct, rename="camel"):
    image_reference: ImageReference | None = None
    os_disk: Disk | None = None
    data_disks: list[Disk] | None = None


class SshKey(Struct, rename="camel"):
    path: str | None = None
    key_data: str | None = None


class Ssh(Struct, rename="camel"):
    public_keys: list[SshKey] | None = None


class LinuxConfiguration(Struct, rename="camel"):
    disable_password_authentication: bool | None = None
    provision_vm_agent: bool | None = field(default=None, name="provisionVMAgent")
    ssh: Ssh | None = None


class Os(Struct, rename="camel"):
    computer_name: str | None = None
    admin_username: str | None = None
    admin_password: str | None = None
    custom_data: str | None = None
    linux_configuration: LinuxConfiguration | None = None
    windows_configuration: WindowsBody | None = None


class NicProperties(Struct, rename="camel"):
    primary: bool | None = None
    delete_option: DeleteOption | None = None


class Nic(Struct):
    id: str | None = None
    properties: NicProperties | None = None


class PublicAddressProperties(Struct, rename="camel"):
    delete_option: DeleteOption | None = None


class PublicAddressConfiguration(Struct, rename="camel"):
    name: str | None = None
    properties: PublicAddressProperties | None = None


class IpConfigurationProperties(Struct, rename="camel"):
    subnet: Reference | None = None
    public_ip_address_configuration: PublicAddressConfiguration | None = field(
        default=None, name="publicIPAddressConfiguration"
    )


class IpConfiguration(Struct):
    name: str | None = None
    properties: IpConfigurationProperties | None = None


class NicConfigurationProperties(Struct, rename="camel"):
    primary: bool | None = None
    delete_option: DeleteOption | None = None
    ip_configurations: list[IpConfiguration] | None = None


class NicConfiguration(Struct):
    name: str | None = None
    properties: NicConfigurationProperties | None = None


class NetworkProfile(Struct, rename="camel"):
    network_interfaces: list[Nic] | None = None
    network_interface_configurations: list[NicConfiguration] | None = None


class Properties(Struct, rename="camel"):
    hardware_profile: HardwareProfile | None = None
    storage_profile: StorageProfile | None = None
    os_profile: Os | None = None
    network_profile: NetworkProfile | None = None
    availability_set: Reference | None = None
    user_data: str | None = None


class Body(Struct):
    location: str | None = None
    properties: Properties | None = None
    zones: list[str] | None = None


def read(id: ResourceId, raw: Document, subscription: str) -> NewVirtualMachine:
    """The request as a wish. Raises ApiError."""
    body, document = reading.fit(raw, Body)
    wanted = body.properties
    if wanted is None:
        raise errors.missing("properties")
    document = machine_wants.possible(document)
    storage = wanted.storage_profile
    if wanted.hardware_profile is None or not wanted.hardware_profile.vm_size:
        raise errors.missing("hardwareProfile.vmSize")
    if storage is None:
        raise errors.missing("storageProfile")
    if storage.os_disk is None:
        raise errors.missing("storageProfile.osDisk")
    properties = reading.properties(document, "vmId", "instanceView", "timeCreated", "resources")
    return NewVirtualMachine(
        id=id,
        location=reading.location(document),
        tags=reading.tags(document),
        size=wanted.hardware_profile.vm_size,
        image=_image(storage.image_reference, subscription),
        os_disk=_disk(storage.os_disk, None, "osDisk", subscription),
        data_disks=tuple(
            _disk(each, _lun(each, at), f"dataDisks[{at}]", subscription)
            for at, each in enumerate(storage.data_disks or [])
        ),
        os_profile=None if wanted.os_profile is None else _os_profile(wanted.os_profile),
        nics=_nics(wanted.network_profile, object_at(properties, "networkProfile"), subscription),
        properties=_without_secrets(properties),
        extra=reading.others(document, "resources"),
        availability_set=_availability_set(wanted.availability_set, subscription),
    )


def _availability_set(set: Reference | None, subscription: str) -> ResourceId | None:
    if set is None or set.id is None:
        return None
    return reading.reference(set.id, "properties.availabilitySet.id", AVAILABILITY_SET, subscription)


def _without_secrets(properties: Document) -> Document:
    profile = properties.get("osProfile")
    if not isinstance(profile, dict):
        return properties
    kept: Document = {name: value for name, value in profile.items() if name not in ("adminPassword", "customData")}
    windows = kept.get("windowsConfiguration")
    if isinstance(windows, dict):
        kept["windowsConfiguration"] = windows_configuration.without_secrets(windows)
    return {**properties, "osProfile": kept}


def _image(reference: ImageReference | None, subscription: str) -> ResourceId | Urn | None:
    if reference is None:
        return None
    if reference.shared_gallery_image_id or reference.community_gallery_image_id:
        raise errors.not_supported("imageReference of a shared gallery")
    if reference.id:
        if "/galleries/" in reference.id.lower():
            raise errors.not_supported("imageReference.id of a gallery")
        return reading.reference(reference.id, "properties.storageProfile.imageReference.id", IMAGE, subscription)
    parts = (reference.publisher, reference.offer, reference.sku, reference.version)
    for name, part in zip(("publisher", "offer", "sku", "version"), parts, strict=True):
        if not part:
            raise errors.missing(f"imageReference.{name}")
    return Urn(*(part or "" for part in parts))


def _lun(disk: Disk, at: int) -> int:
    if disk.lun is None:
        raise errors.missing(f"dataDisks[{at}].lun")
    if not 0 <= disk.lun <= 63:
        raise errors.invalid(f"dataDisks[{at}].lun", "A LUN is a number from 0 to 63.")
    return disk.lun


def _disk(disk: Disk, lun: int | None, place: str, subscription: str) -> DiskWish:
    if disk.create_option is None:
        raise errors.missing(f"{place}.createOption")
    for name, hard in (("vhd", disk.vhd), ("image", disk.image)):
        if hard is not None and not hard.uri:
            raise errors.missing(f"{place}.{name}.uri")
    if disk.vhd is not None and disk.managed_disk is not None:
        raise errors.not_allowed(f"{place}.managedDisk")
    if disk.disk_size_gb is not None and not 1 <= disk.disk_size_gb <= MAX_DISK_GB:
        raise errors.invalid(f"{place}.diskSizeGB", f"A disk has 1 to {MAX_DISK_GB} GB.")
    if disk.name is not None:
        reading.disk_name(disk.name, place)
    managed = disk.managed_disk or ManagedDisk()
    path = f"properties.storageProfile.{place}.managedDisk.id"
    return DiskWish(
        lun=lun,
        create_option=disk.create_option,
        name=disk.name,
        size_gb=disk.disk_size_gb,
        caching=disk.caching,
        sku=managed.storage_account_type,
        disk=None if managed.id is None else reading.reference(managed.id, path, DISK, subscription),
        os_type=disk.os_type,
        delete_option=disk.delete_option,
        to_be_detached=disk.to_be_detached is True,
        vhd=None if disk.vhd is None else disk.vhd.uri,
        image_uri=None if disk.image is None else disk.image.uri,
    )


def _os_profile(profile: Os) -> OsProfile:
    linux = profile.linux_configuration or LinuxConfiguration()
    windows = profile.windows_configuration
    agent = linux.provision_vm_agent if windows is None else windows.provision_vm_agent
    keys = (linux.ssh.public_keys if linux.ssh else None) or []
    return OsProfile(
        computer_name=profile.computer_name or "",
        admin_username=profile.admin_username or "",
        admin_password=profile.admin_password or None,
        custom_data=profile.custom_data or None,
        public_keys=tuple(_key(each, profile.admin_username or "") for each in keys),
        disable_password_authentication=bool(linux.disable_password_authentication),
        provision_vm_agent=agent is not False,
        linux=profile.linux_configuration is not None,
        windows=None if windows is None else windows_configuration.read(windows),
    )


KEY_BYTES_MAX = 16 * 1024


def _key(key: SshKey, user: str) -> tuple[str, str]:
    """One public key, on one line. Texts: Azure, public issue threads."""
    path = key.path or f"/home/{user}/.ssh/authorized_keys"
    if path != f"/home/{user}/.ssh/authorized_keys":
        raise errors.invalid(
            "linuxConfiguration.ssh.publicKeys.path",
            f"Destination path for SSH public keys is currently limited to its default value "
            f"/home/{user[:64]}/.ssh/authorized_keys due to a known issue in Linux provisioning agent.",
        )
    data = (key.key_data or "").strip()
    words = data.split()
    if len(words) < 2 or len(data) > KEY_BYTES_MAX or any(ord(char) < 32 for char in data):
        raise errors.invalid(
            "linuxConfiguration.ssh.publicKeys.keyData", "An OpenSSH public key on one line is expected."
        )
    return path, data


def _nics(profile: NetworkProfile | None, document: Document, subscription: str) -> tuple[NicWish, ...]:
    if profile is None:
        return ()
    named = [_named_nic(each, at, subscription) for at, each in enumerate(profile.network_interfaces or [])]
    documents = objects_at(document, "networkInterfaceConfigurations")
    inline = [
        _inline_nic(each, documents[at], at, subscription)
        for at, each in enumerate(profile.network_interface_configurations or [])
    ]
    if named and inline:
        raise errors.not_allowed("networkProfile.networkInterfaceConfigurations")
    return (*named, *inline)


def _named_nic(nic: Nic, at: int, subscription: str) -> NicWish:
    place = f"properties.networkProfile.networkInterfaces[{at}]"
    if nic.id is None:
        raise errors.missing(f"networkInterfaces[{at}].id")
    properties = nic.properties or NicProperties()
    return NicWish(
        nic=reading.reference(nic.id, f"{place}.id", NIC, subscription),
        primary=properties.primary,
        delete_option=properties.delete_option,
    )


def _inline_nic(nic: NicConfiguration, document: Document, at: int, subscription: str) -> NicWish:
    place = f"properties.networkProfile.networkInterfaceConfigurations[{at}]"
    properties = nic.properties
    if not nic.name:
        raise errors.missing(f"networkInterfaceConfigurations[{at}].name")
    if properties is None or not properties.ip_configurations:
        raise errors.missing(f"networkInterfaceConfigurations[{at}].properties.ipConfigurations")
    if len(properties.ip_configurations) > 1:
        raise errors.not_supported(f"networkInterfaceConfigurations[{at}] with several ipConfigurations")
    ip = properties.ip_configurations[0].properties or IpConfigurationProperties()
    if ip.subnet is None or ip.subnet.id is None:
        raise errors.missing(f"networkInterfaceConfigurations[{at}].properties.ipConfigurations[0].properties.subnet")
    public = ip.public_ip_address_configuration
    if public is not None and not public.name:
        raise errors.missing("publicIPAddressConfiguration.name")
    for name in (nic.name, public.name if public else None):
        if name is not None:
            reading.short_name(name, f"{place}.name")
    return NicWish(
        name=nic.name,
        subnet=reading.reference(ip.subnet.id, f"{place}.subnet.id", SUBNET, subscription),
        public_address=None if public is None else public.name,
        public_delete_option=public.properties.delete_option if public and public.properties else None,
        primary=properties.primary,
        delete_option=properties.delete_option,
        document=_inline_document(document),
    )


def _inline_document(document: Document) -> Document:
    """The configuration's members as a NIC has them: what only an inline configuration has goes."""
    inner = object_at(document, "properties")
    configurations = [
        {
            "name": each.get("name"),
            "properties": {
                name: value
                for name, value in object_at(each, "properties").items()
                if name != "publicIPAddressConfiguration"
            },
        }
        for each in objects_at(inner, "ipConfigurations")
    ]
    kept: Document = {name: value for name, value in inner.items() if name not in ("primary", "deleteOption")}
    return {**kept, "ipConfigurations": [*configurations]}

"""Who asks the metadata service, and what guests report: ``ports.GuestDirectory`` on the records."""

from collections.abc import Mapping

from calco.model.document import Document, Json, flag_at, number_at, object_at, objects_at, text_at
from calco.model.guest import Guest, GuestNic, Report
from calco.model.ids import ResourceId
from calco.ports import Reader, Resource
from calco.work import machine_secrets, network_interface
from calco.work.cloud import Cloud
from calco.work.machine_links import nics_in
from calco.work.machine_state import vm_id_of
from calco.work.provisioning import late_success, with_report

MACHINE_KIND = "Microsoft.Compute/virtualMachines"


class Directory:
    """Answers from the records alone, so a restarted service knows its guests at once.

    What was found is remembered by its id, and looked at again before it is believed: guests ask all the time, and a
    look through every NIC or machine costs more with each of them.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._nics: Mapping[object, ResourceId] = {}
        self._machines: Mapping[object, ResourceId] = {}

    def who(self, network: str, address: str) -> Guest | None:
        with self._cloud.records.read() as view:
            nic = self._nic_at(view, network, address)
            owner = None if nic is None else network_interface.machine_of(nic)
            machine = None if owner is None else view.resource(owner)
            return None if machine is None else _guest(view, machine)

    def heard(self, vm_id: str, report: Report) -> None:
        now = self._cloud.clock.now()
        with self._cloud.records.write() as tx:
            machine = self._by_vm_id(tx, vm_id)
            if machine is None:
                return
            told = with_report(machine, report, now)
            tx.put(late_success(told, now) or told)
            waiting = tx.claims(machine.id)
        for operation in waiting:
            self._cloud.wake(operation)

    def _nic_at(self, view: Reader, network: str, address: str) -> Resource | None:
        known = self._nics.get((network, address))
        nic = None if known is None else view.resource(known)
        if nic is not None and _place_of(nic) == (network, address):
            return nic
        nics = view.resources(network_interface.KIND)
        self._nics = {_place_of(each): each.id for each in nics}
        return next((each for each in nics if _place_of(each) == (network, address)), None)

    def _by_vm_id(self, view: Reader, vm_id: str) -> Resource | None:
        known = self._machines.get(vm_id)
        machine = None if known is None else view.resource(known)
        if machine is not None and vm_id_of(machine) == vm_id:
            return machine
        machines = view.resources(MACHINE_KIND)
        self._machines = {vm_id_of(each): each.id for each in machines}
        return next((each for each in machines if vm_id_of(each) == vm_id), None)


def _place_of(nic: Resource) -> tuple[object, object]:
    """Network and address: no two NICs share both."""
    return nic.internal.get(network_interface.NETWORK), nic.internal.get(network_interface.ADDRESS)


def _guest(view: Reader, machine: Resource) -> Guest:
    nics = nics_in(view, machine)
    incarnation = machine.internal.get("incarnation")
    return Guest(
        vm_id=vm_id_of(machine),
        incarnation=incarnation if isinstance(incarnation, int) else 1,
        compute=_compute(machine),
        nics=tuple(_nic(view, nic) for nic in nics),
        has_custom_data=machine_secrets.has(machine, "custom_data"),
    )


def _nic(view: Reader, nic: Resource) -> GuestNic:
    port = network_interface.port_of(view, nic)
    return GuestNic(
        mac=port.mac.replace(":", "").upper(),
        private_address=port.address,
        public_address=network_interface.public_address_of(view, nic),
        subnet=str(port.subnet.prefix),
    )


def _compute(machine: Resource) -> Document:
    """IMDS ``compute`` at its newest version. Source: Azure, "Azure Instance Metadata Service", sample 2021-12-13."""
    properties = machine.properties
    profile, secrets = object_at(properties, "osProfile"), machine_secrets.open_part(machine)
    image = object_at(properties, "storageProfile", "imageReference")
    tags = dict(machine.tags or {})
    keys = secrets.get("public_keys")
    key_list: list[Json] = [
        {"keyData": pair[1], "path": pair[0]}
        for pair in (keys if isinstance(keys, list) else [])
        if isinstance(pair, list) and len(pair) == 2
    ]
    tag_list: list[Json] = [{"name": name, "value": value} for name, value in tags.items()]
    zones = machine.extra.get("zones")
    linux = object_at(profile, "linuxConfiguration")
    return {
        "additionalCapabilities": {"hibernationEnabled": "false"},
        "azEnvironment": "AzurePublicCloud",
        "customData": "",
        "evictionPolicy": "",
        "extendedLocation": {"name": "", "type": ""},
        "host": {"id": ""},
        "hostGroup": {"id": ""},
        "isHostCompatibilityLayerVm": "false",
        "licenseType": text_at(properties, "licenseType") or "",
        "location": machine.location,
        "name": machine.id.name,
        "offer": text_at(image, "offer") or "",
        "osProfile": {
            "adminUsername": text_at(profile, "adminUsername") or "",
            "computerName": text_at(profile, "computerName") or "",
            "disablePasswordAuthentication": str(flag_at(linux, "disablePasswordAuthentication") is True).lower(),
        },
        "osType": text_at(properties, "storageProfile", "osDisk", "osType") or "Linux",
        "physicalZone": "",
        "placementGroupId": "",
        "plan": {"name": "", "product": "", "publisher": ""},
        "platformFaultDomain": "0",
        "platformSubFaultDomain": "",
        "platformUpdateDomain": "0",
        "priority": text_at(properties, "priority") or "",
        "provider": "Microsoft.Compute",
        "publicKeys": key_list,
        "publisher": text_at(image, "publisher") or "",
        "resourceGroupName": machine.id.group,
        "resourceId": str(machine.id),
        "securityProfile": {"encryptionAtHost": "false", "secureBootEnabled": "false", "virtualTpmEnabled": "false"},
        "sku": text_at(image, "sku") or "",
        "storageProfile": _storage(machine, image),
        "subscriptionId": machine.id.subscription,
        "tags": ";".join(f"{name}:{value}" for name, value in tags.items()),
        "tagsList": tag_list,
        "userData": text_at(properties, "userData") or "",
        "version": text_at(image, "version") or "",
        "virtualMachineScaleSet": {"id": ""},
        "vmId": vm_id_of(machine),
        "vmScaleSetName": "",
        "vmSize": text_at(properties, "hardwareProfile", "vmSize") or "",
        "zone": str(zones[0]) if isinstance(zones, list) and zones else "",
    }


def _storage(machine: Resource, image: Document) -> Document:
    profile = object_at(machine.properties, "storageProfile")
    data: list[Json] = [
        {**_disk(each), "lun": str(number_at(each, "lun")), "bytesPerSecondThrottle": "", "opsPerSecondThrottle": ""}
        for each in objects_at(profile, "dataDisks")
    ]
    os_disk = object_at(profile, "osDisk")
    return {
        "dataDisks": data,
        "imageReference": {
            name: text_at(image, name) or "" for name in ("id", "offer", "publisher", "sku", "version", "exactVersion")
        },
        "osDisk": {
            **_disk(os_disk),
            "osType": text_at(os_disk, "osType") or "",
            "diffDiskSettings": {"option": ""},
            "encryptionSettings": {
                "enabled": "false",
                "diskEncryptionKey": {"secretUrl": "", "sourceVault": {"id": ""}},
                "keyEncryptionKey": {"keyUrl": "", "sourceVault": {"id": ""}},
            },
        },
        "resourceDisk": {"size": ""},
    }


def _disk(shown: Document) -> Document:
    return {
        "caching": text_at(shown, "caching") or "None",
        "createOption": text_at(shown, "createOption") or "",
        "diskSizeGB": str(number_at(shown, "diskSizeGB") or ""),
        "image": {"uri": ""},
        "managedDisk": {
            "id": text_at(shown, "managedDisk", "id") or "",
            "storageAccountType": text_at(shown, "managedDisk", "storageAccountType") or "",
        },
        "name": text_at(shown, "name") or "",
        "vhd": {"uri": text_at(shown, "vhd", "uri") or ""},
        "writeAcceleratorEnabled": "false",
    }

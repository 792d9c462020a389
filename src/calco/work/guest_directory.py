"""Who asks the metadata service, and what guests report: ``ports.GuestDirectory`` on the records."""

from calco.model.document import Document, Json, flag_at, number_at, object_at, objects_at, text_at
from calco.model.guest import Guest, GuestNic, Report
from calco.ports import Reader, Resource, Writer
from calco.work import network_interface
from calco.work.cloud import Cloud
from calco.work.machine_state import secrets_of, vm_id_of
from calco.work.power import nics_in
from calco.work.provisioning import late_success, with_report

MACHINE_KIND = "Microsoft.Compute/virtualMachines"


class Directory:
    """Answers from the records alone, so a restarted service knows its guests at once."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def who(self, network: str, address: str) -> Guest | None:
        with self._cloud.records.read() as view:
            for nic in view.resources(network_interface.KIND):
                if nic.internal.get(network_interface.ADDRESS) != address:
                    continue
                if nic.internal.get(network_interface.NETWORK) != network:
                    continue
                owner = network_interface.machine_of(nic)
                machine = None if owner is None else view.resource(owner)
                return None if machine is None else _guest(view, machine)
        return None

    def heard(self, vm_id: str, report: Report) -> None:
        now = self._cloud.clock.now()
        with self._cloud.records.write() as tx:
            machine = _by_vm_id(tx, vm_id)
            if machine is None:
                return
            told = with_report(machine, report, now)
            tx.put(late_success(told, now) or told)
            waiting = tx.claims(machine.id)
        for operation in waiting:
            self._cloud.wake(operation)


def _by_vm_id(tx: Writer, vm_id: str) -> Resource | None:
    return next((each for each in tx.resources(MACHINE_KIND) if vm_id_of(each) == vm_id), None)


def _guest(view: Reader, machine: Resource) -> Guest:
    nics = nics_in(view, machine)
    incarnation = machine.internal.get("incarnation")
    return Guest(
        vm_id=vm_id_of(machine),
        incarnation=incarnation if isinstance(incarnation, int) else 1,
        compute=_compute(machine),
        nics=tuple(_nic(view, nic) for nic in nics),
        has_custom_data="custom_data" in secrets_of(machine),
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
    profile, secrets = object_at(properties, "osProfile"), secrets_of(machine)
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
        "osType": "Linux" if "linuxConfiguration" in profile or not secrets.get("windows") else "Windows",
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
        "vhd": {"uri": ""},
        "writeAcceleratorEnabled": "false",
    }

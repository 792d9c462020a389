"""Virtual machines: PUT, PATCH, GET, lists, acts, DELETE, instance view."""

from msgspec import Struct

from calco.arm import instance_view, operations, reading, showing, windows_configuration
from calco.arm.call import Answer, Call, listed, ok
from calco.arm.reply import accepted_body, deleted
from calco.arm.showing import Field
from calco.arm.virtual_machine_body import Body, read
from calco.model import errors, names
from calco.model.disk import OsType
from calco.model.document import Document, merged, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.virtual_machine import Act
from calco.ports import Resource
from calco.work import instance_view as seen
from calco.work import machine_capture, machine_convert
from calco.work import virtual_machine as work

FIELDS = (
    Field("properties.timeCreated", since="2021-11-01"),
    Field("properties.osProfile.allowExtensionOperations", since="2018-06-01"),
    Field("properties.osProfile.requireGuestProvisionSignal", since="2019-03-01"),
    Field("properties.osProfile.linuxConfiguration.provisionVMAgent", since="2018-06-01"),
    Field("properties.osProfile.linuxConfiguration.patchSettings", since="2020-12-01"),
    Field("properties.osProfile.linuxConfiguration.enableVMAgentPlatformUpdates", since="2022-03-01"),
    Field("properties.osProfile.linuxConfiguration.patchSettings.assessmentMode", since="2021-03-01"),
    Field("properties.osProfile.windowsConfiguration.patchSettings", since="2020-06-01"),
    Field("properties.osProfile.windowsConfiguration.patchSettings.assessmentMode", since="2021-03-01"),
    Field("properties.osProfile.windowsConfiguration.enableVMAgentPlatformUpdates", since="2022-03-01"),
    Field("properties.storageProfile.dataDisks.toBeDetached", since="2019-03-01"),
    Field("properties.storageProfile.osDisk.deleteOption", since="2021-03-01"),
    Field("properties.storageProfile.dataDisks.deleteOption", since="2021-03-01"),
    Field("properties.networkProfile.networkInterfaces.properties.deleteOption", since="2021-03-01"),
    Field("properties.securityProfile", since="2019-12-01"),
    Field("properties.instanceView.hyperVGeneration", since="2018-04-01"),
    Field("etag", since=showing.MACHINE_ETAGS),
)
"""Sources: azure-mgmt-compute 33.1.0, models by api-version; recorded bodies of 2017, 2019 and 2020."""


def put(call: Call) -> Answer:
    names.check(call.id)
    accepted = work.put(call.cloud, read(call.id, call.body, call.subscription))
    return accepted_body(call, operations.Kind.MACHINE_PUT, accepted, show)


def patch(call: Call) -> Answer:
    """What is sent replaces what is there: objects member by member, lists of disks and NICs as a whole."""
    _, body = reading.fit(call.body, Body)
    if not set(body) - {"tags"}:
        accepted = work.patch(call.cloud, call.id, reading.tags(body))
    else:
        now = document_of(work.get(call.cloud, call.id), {})
        changed = merged(now, {name: each for name, each in body.items() if name != "location"})
        accepted = work.update(call.cloud, read(call.id, changed, call.subscription))
    return accepted_body(call, operations.Kind.MACHINE_PATCH, accepted, show)


def document_of(there: Resource, changes: Document) -> Document:
    """The machine as a PUT would have it, with some properties replaced."""
    now: Document = {**there.extra, "location": there.location, "properties": {**there.properties, **changes}}
    if there.tags is not None:
        now["tags"] = dict(there.tags)
    return now


def get(call: Call) -> Answer:
    asked = _expanded(call)
    if asked - {"instanceview", "userdata"}:
        raise errors.invalid("$expand", "Allowed values are 'instanceView' and 'userData'.")
    more: Document = {}
    if "instanceview" in asked:
        machine, view = seen.get(call.cloud, call.id)
        more["instanceView"] = instance_view.show(view)
    else:
        machine = work.get(call.cloud, call.id)
    if "userdata" in asked and "userData" in machine.properties:
        more["userData"] = machine.properties["userData"]
    return ok(show(machine, call.version, more))


def _expanded(call: Call) -> set[str]:
    return {each.strip().lower() for each in call.query.get("$expand", "").split(",") if each.strip()}


def get_instance_view(call: Call) -> Answer:
    _, view = seen.get(call.cloud, call.id)
    return ok(instance_view.show(view))


def list_group(call: Call) -> Answer:
    return listed(_shown(call, call.id))


def list_all(call: Call) -> Answer:
    return listed([showing.upper_group(each) for each in _shown(call, None)])


def _shown(call: Call, group: ResourceId | None) -> list[Document]:
    """Machines, with their instance views where ``statusOnly=true`` or ``$expand=instanceView`` asks for them. In Azure
    the first leaves most of a machine's own members out, and the second takes a ``$filter`` by scale set; here both
    show all there is of every machine. Source: Azure, "Virtual Machines - List All" (2024-07-01)."""
    asked = _expanded(call)
    if asked - {"instanceview"}:
        raise errors.invalid("$expand", "The allowed value is 'instanceView'.")
    if asked or call.query.get("statusonly", "").lower() == "true":
        every = seen.list(call.cloud, group)
        return [show(machine, call.version, {"instanceView": instance_view.show(view)}) for machine, view in every]
    return [show(each, call.version) for each in work.list(call.cloud, group)]


def delete(call: Call) -> Answer:
    return deleted(call, operations.Kind.MACHINE_DELETE, work.delete(call.cloud, call.id))


def start(call: Call) -> Answer:
    return _act(call, Act.START)


def restart(call: Call) -> Answer:
    return _act(call, Act.RESTART)


def power_off(call: Call) -> Answer:
    return _act(call, Act.POWER_OFF, skip_shutdown=call.query.get("skipshutdown", "").lower() == "true")


def deallocate(call: Call) -> Answer:
    return _act(call, Act.DEALLOCATE)


def generalize(call: Call) -> Answer:
    """Synchronous, 200 without a body. Source: recorded traffic."""
    work.act(call.cloud, call.id, Act.GENERALIZE)
    return Answer(200)


class CaptureBody(Struct, rename="camel"):
    """Source: azure-mgmt-compute, VirtualMachineCaptureParameters."""

    vhd_prefix: str | None = None
    destination_container_name: str | None = None
    overwrite_vhds: bool | None = None


def capture(call: Call) -> Answer:
    """Of machines with disks in blobs alone; the template is the operation's output."""
    body, _ = reading.fit(call.body, CaptureBody)
    for name, value in (("vhdPrefix", body.vhd_prefix), ("destinationContainerName", body.destination_container_name)):
        if not value:
            raise errors.missing(name)
    wish = machine_capture.CaptureWish(
        call.id, body.vhd_prefix or "", body.destination_container_name or "", call.version
    )
    accepted = machine_capture.capture(call.cloud, wish)
    assert accepted.operation is not None
    return operations.started(call, operations.Kind.MACHINE_CAPTURE, accepted.operation, None)


def convert_to_managed_disks(call: Call) -> Answer:
    accepted = machine_convert.convert(call.cloud, call.id)
    assert accepted.operation is not None
    return operations.started(call, operations.Kind.MACHINE_CAPTURE, accepted.operation, None)


def reapply(call: Call) -> Answer:
    """The model is what the machine is made of anyway, so it is settled once more and nothing else happens."""
    accepted = work.patch(call.cloud, call.id, None)
    assert accepted.operation is not None
    return operations.started(call, operations.Kind.MACHINE_ACT, accepted.operation, None)


def redeploy(call: Call) -> Answer:
    work.get(call.cloud, call.id)
    raise errors.not_here("redeploy", "There is one host. Deallocate the VM and start it to have it set up anew.")


def reimage(call: Call) -> Answer:
    work.get(call.cloud, call.id)
    raise errors.not_here(
        "reimage", "Its OS disk is kept. Create a VM of the image, or swap the OS disk for a new one."
    )


def _act(call: Call, act: Act, *, skip_shutdown: bool = False) -> Answer:
    accepted = work.act(call.cloud, call.id, act, skip_shutdown=skip_shutdown)
    if accepted.operation is None:
        return Answer(200)
    return operations.started(call, operations.Kind.MACHINE_ACT, accepted.operation, None)


# --- showing ---------------------------------------------------------------------------------------------------------

FIRST = ("vmId", "hardwareProfile", "storageProfile", "osProfile", "networkProfile", "diagnosticsProfile")
LAST = ("provisioningState", "instanceView", "timeCreated")


_HIDDEN = ("userData", "instanceView")


def show(machine: Resource, version: str, more: Document | None = None) -> Document:
    """The machine as ``version`` shows it, without its instance view and what else is told only to who asks for it:
    those are ``more`` properties."""
    properties: Document = {name: value for name, value in machine.properties.items() if name not in _HIDDEN}
    properties |= more or {}
    if "osProfile" in properties:
        is_windows = text_at(properties, "storageProfile", "osDisk", "osType") == OsType.WINDOWS
        properties["osProfile"] = _os_profile(object_at(properties, "osProfile"), is_windows=is_windows)
    if "storageProfile" in properties:
        properties["storageProfile"] = _storage_profile(object_at(properties, "storageProfile"))
    etag = showing.machine_etag(machine)
    shown = showing.resource(machine, showing.ordered(properties, FIRST, LAST), etag=etag)
    return showing.cut(shown, FIELDS, version)


def _os_profile(profile: Document, *, is_windows: bool) -> Document:
    """With Azure's defaults, and without what is secret even if it were there."""
    shown: Document = {name: value for name, value in profile.items() if name not in ("adminPassword", "customData")}
    if is_windows:
        sent = object_at(shown, "windowsConfiguration")
        shown["windowsConfiguration"] = windows_configuration.show(windows_configuration.without_secrets(sent))
    else:
        patching: Document = {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"}
        agent: Document = {"disablePasswordAuthentication": False, **object_at(shown, "linuxConfiguration")}
        agent.setdefault("provisionVMAgent", True)
        agent.setdefault("patchSettings", patching)
        agent.setdefault("enableVMAgentPlatformUpdates", False)
        shown["linuxConfiguration"] = agent
    for name, default in (("secrets", []), ("allowExtensionOperations", True), ("requireGuestProvisionSignal", True)):
        shown.setdefault(name, default)
    return showing.ordered(shown, ("computerName", "adminUsername", "linuxConfiguration", "windowsConfiguration"))


def _storage_profile(profile: Document) -> Document:
    disk_order = ("lun", "osType", "name", "createOption", "vhd", "caching", "managedDisk")
    shown: Document = {**profile}
    if isinstance(shown.get("osDisk"), dict):
        shown["osDisk"] = showing.ordered(object_at(shown, "osDisk"), disk_order)
    shown["dataDisks"] = [showing.ordered(each, disk_order) for each in objects_at(profile, "dataDisks")]
    return showing.ordered(shown, ("imageReference", "osDisk", "dataDisks"))

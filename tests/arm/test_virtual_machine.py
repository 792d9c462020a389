"""Virtual machines over HTTP: what is read, what is shown, what is refused."""

from pathlib import Path
from typing import Any

import pytest

from calco.model.document import Document, merged, object_at
from calco.work.cloud import Rules
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api, machine_body
from tests.work.sources import ACCOUNT, with_account
from tests.world import SUBSCRIPTION, World

MACHINES = f"{COMPUTE}/virtualMachines"
WEB = f"{MACHINES}/web"
PROVIDER = "providers/Microsoft.Compute/virtualMachines"
EVERY_MACHINE = f"{SUB}/{PROVIDER}"


def changed(path: str, value: object) -> Any:
    """The body of a good PUT with one thing changed; ``path`` is dotted, a number is an index."""
    body: Any = machine_body("web", f"{NETWORK}/networkInterfaces/nic")
    spot = body
    *way, last = path.split(".")
    for part in way:
        spot = spot[int(part)] if isinstance(spot, list) else spot.setdefault(part, {})
    if value is None:
        spot.pop(last, None)
    else:
        spot[last] = value
    return body


@pytest.fixture
def lab(api: Api) -> Api:
    api.with_network().nic("nic")
    return api


def test_a_machine_is_shown_as_azure_shows_it(lab: Api) -> None:
    answer = lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))
    shown = lab.get(WEB)

    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
    assert list(shown) == ["name", "id", "etag", "type", "location", "properties"]
    assert list(shown["properties"]) == [
        "vmId",
        "hardwareProfile",
        "storageProfile",
        "osProfile",
        "networkProfile",
        "provisioningState",
        "timeCreated",
    ]
    assert shown["properties"]["provisioningState"] == "Succeeded"
    profile = shown["properties"]["osProfile"]
    assert (profile["secrets"], profile["allowExtensionOperations"]) == ([], True)
    assert profile["linuxConfiguration"]["provisionVMAgent"] is True


def test_secrets_go_in_and_never_come_out(lab: Api) -> None:
    answer = lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))

    said = "".join(
        lab.call("GET", path).text
        for path in (WEB, f"{WEB}?$expand=instanceView", f"{WEB}/instanceView", MACHINES, f"{MACHINES}?statusOnly=true")
    )
    for text in (answer.text, said):
        assert "Secret-word-1" not in text
        assert "I2Nsb3VkLWNvbmZpZwo=" not in text


def test_nulls_are_absent_and_enums_come_in_any_case(lab: Api) -> None:
    body: Any = changed("properties.storageProfile.osDisk.createOption", "fromImage")
    body["properties"]["storageProfile"]["osDisk"] |= {"name": None, "managedDisk": {"storageAccountType": None}}
    body["properties"]["networkProfile"]["networkInterfaces"][0]["properties"] = {"deleteOption": None}
    body["properties"]["storageProfile"]["osDisk"]["caching"] = "readonly"

    lab.put(WEB, body)

    disk = lab.get(WEB)["properties"]["storageProfile"]["osDisk"]
    assert (disk["createOption"], disk["caching"]) == ("FromImage", "ReadOnly")


def test_members_nobody_knows_are_kept(lab: Api) -> None:
    lab.put(WEB, changed("properties.licenseType", "None-of-yours") | {"zones": ["1"]})

    shown = lab.get(WEB)
    assert (shown["properties"]["licenseType"], shown["zones"]) == ("None-of-yours", ["1"])


def test_what_get_shows_may_be_put_again(lab: Api) -> None:
    """az updates a machine by GET and PUT of everything."""
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))
    shown = lab.get(WEB)

    again = lab.put(WEB, shown | {"tags": {"role": "web"}})

    assert (again.status_code, again.json()["properties"]["provisioningState"]) == (200, "Updating")
    assert lab.get(WEB)["tags"] == {"role": "web"}
    assert lab.get(WEB)["properties"] == shown["properties"]


@pytest.mark.parametrize(
    ("path", "value", "target"),
    [
        ("properties.hardwareProfile.vmSize", None, "hardwareProfile.vmSize"),
        ("properties.hardwareProfile.vmSize", 7, "properties.hardwareProfile.vmSize"),
        ("properties.hardwareProfile.vmSize", "Standard_Nothing", "vmSize"),
        ("properties.storageProfile", None, "storageProfile"),
        ("properties.storageProfile.osDisk", None, "storageProfile.osDisk"),
        ("properties.storageProfile.osDisk.createOption", "Sideways", "properties.storageProfile.osDisk.createOption"),
        ("properties.storageProfile.osDisk.diskSizeGB", "big", "properties.storageProfile.osDisk.diskSizeGB"),
        ("properties.storageProfile.osDisk.diskSizeGB", -1, "osDisk.diskSizeGB"),
        ("properties.storageProfile.dataDisks.0.lun", None, "dataDisks[0].lun"),
        ("properties.storageProfile.dataDisks.0.lun", 64, "dataDisks[0].lun"),
        ("properties.storageProfile.dataDisks.0.lun", 1.5, "properties.storageProfile.dataDisks[0].lun"),
        ("properties.storageProfile.dataDisks.0.caching", "Warm", "properties.storageProfile.dataDisks[0].caching"),
        ("properties.storageProfile.dataDisks.0.name", "../x", "dataDisks[0].name"),
        ("properties.storageProfile.imageReference.sku", None, "imageReference.sku"),
        ("properties.osProfile", None, "osProfile"),
        ("properties.osProfile.customData", "no base64!", "customData"),
        ("properties.osProfile.computerName", "a b", "computerName"),
        ("properties.networkProfile.networkInterfaces.0.id", None, "networkInterfaces[0].id"),
        ("properties.networkProfile.networkInterfaces", {}, "properties.networkProfile.networkInterfaces"),
        ("tags", {"a": 1}, "tags.a"),
        ("tags", {"a<b": "c"}, "tags"),
        ("tags", {f"t{n}": "" for n in range(51)}, "tags"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(lab: Api, path: str, value: object, target: str) -> None:
    answer = lab.call("PUT", WEB, changed(path, value))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (400, "InvalidParameter", target)
    assert lab.call("GET", WEB).status_code == 404
    assert lab.get(f"{COMPUTE}/disks")["value"] == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("x" * 65, "InvalidResourceName"),
        ("_x", "InvalidResourceName"),
        ("x.", "InvalidResourceName"),
        ("a%2Fb", "InvalidResourceName"),
        ("a%20b", "InvalidResourceName"),
        ("%00", "InvalidResourceName"),
    ],
)
def test_a_name_follows_azures_rule(lab: Api, name: str, code: str) -> None:
    answer = lab.call(
        "PUT", f"{COMPUTE}/virtualMachines/{name}", machine_body("web", f"{NETWORK}/networkInterfaces/nic")
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("nonsense", "LinkedInvalidPropertyId"),
        (f"{COMPUTE}/disks/nic", "LinkedInvalidPropertyId"),
        (NETWORK.replace("11111111", "00000000") + "/networkInterfaces/nic", "InvalidParameter"),
        (f"{NETWORK}/networkInterfaces/nobody", "InvalidResourceReference"),
    ],
    ids=["no id", "another type", "another subscription", "nothing there"],
)
def test_an_id_in_a_body_must_lead_somewhere(lab: Api, id: str, code: str) -> None:
    answer = lab.call("PUT", WEB, machine_body("web", id))

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("member", ["identity", "properties.virtualMachineScaleSet", "properties.host"])
def test_what_is_not_there_yet_is_refused_not_ignored(lab: Api, member: str) -> None:
    answer = lab.call("PUT", WEB, changed(member, {"id": "x", "type": "SystemAssigned"}))

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NotSupported")


def test_an_inline_nic_is_made_with_its_address(lab: Api) -> None:
    body = machine_body("web", "")
    properties: Any = body["properties"]
    properties["networkProfile"] = {
        "networkApiVersion": "2022-11-01",
        "networkInterfaceConfigurations": [
            {
                "name": "eth",
                "properties": {
                    "primary": True,
                    "deleteOption": "delete",
                    "ipConfigurations": [
                        {
                            "name": "ip",
                            "properties": {
                                "subnet": {"id": f"{NETWORK}/virtualNetworks/net/subnets/default"},
                                "publicIPAddressConfiguration": {"name": "pub", "sku": {"name": "Standard"}},
                            },
                        }
                    ],
                },
            }
        ],
    }

    lab.put(WEB, body)

    network = lab.get(WEB)["properties"]["networkProfile"]
    (named,) = network["networkInterfaces"]
    nic = lab.get(named["id"])
    public = lab.get(nic["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]["id"])
    assert "networkInterfaceConfigurations" not in network
    assert named["properties"] == {"primary": True, "deleteOption": "Delete"}
    assert nic["properties"]["virtualMachine"]["id"] == WEB
    assert nic["name"].startswith("eth-")
    assert public["name"].startswith("pub-")
    assert public["properties"]["ipConfiguration"]["id"] == nic["properties"]["ipConfigurations"][0]["id"]


def test_the_instance_view_is_there_when_asked_for(lab: Api) -> None:
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))
    lab.post(f"{WEB}/deallocate")
    lab.post(f"{WEB}/generalize")

    plain, expanded = lab.get(WEB), lab.get(f"{WEB}?$expand=instanceView")
    alone = lab.get(f"{WEB}/instanceView")

    assert "instanceView" not in plain["properties"]
    assert expanded["properties"]["instanceView"] == alone
    assert [each["code"] for each in alone["statuses"]] == [
        "ProvisioningState/succeeded",
        "OSState/generalized",
        "PowerState/deallocated",
    ]
    assert "time" in alone["statuses"][0]
    assert "time" not in alone["statuses"][1]
    assert lab.call("GET", f"{WEB}?$expand=everything").status_code == 400


@pytest.mark.parametrize("asked", ["statusOnly=true", "$expand=instanceView", "statusOnly=TRUE&$expand=InstanceView"])
def test_a_list_shows_every_machine_with_its_instance_view_when_asked_to(lab: Api, asked: str) -> None:
    ids = [lab.machine("runs"), lab.machine("stopped"), lab.generalized("gone"), lab.machine("stopping")]
    lab.post(f"{ids[1]}/powerOff")
    lab.call("POST", f"{ids[3]}/deallocate")  # and does not get any further
    alone = [lab.get(f"{each}?$expand=instanceView") for each in ids]

    listed = lab.get(f"{MACHINES}?{asked}")["value"]
    everywhere = lab.get(f"{EVERY_MACHINE}?{asked}")["value"]

    assert listed == alone
    assert [each["properties"] for each in everywhere] == [each["properties"] for each in alone]
    assert everywhere[0]["id"] == ids[0].replace("/lab/", "/LAB/")
    power = [[status["code"] for status in each["properties"]["instanceView"]["statuses"]] for each in listed]
    assert [codes[-1] for codes in power] == [
        "PowerState/running",
        "PowerState/stopped",
        "PowerState/deallocated",
        "PowerState/deallocating",
    ]


def test_a_list_shows_no_instance_views_unasked_and_knows_nothing_else_to_expand(lab: Api) -> None:
    lab.machine("runs")

    for path in (MACHINES, EVERY_MACHINE, f"{MACHINES}?statusOnly=false"):
        (machine,) = lab.get(path)["value"]
        assert "instanceView" not in machine["properties"]
    assert lab.call("GET", f"{MACHINES}?$expand=userData").status_code == 400
    assert lab.call("GET", f"{SUB}/resourceGroups/none/{PROVIDER}?$expand=instanceView").status_code == 404


def test_old_versions_do_not_see_what_came_later(lab: Api) -> None:
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))

    old, new = lab.get(WEB, version="2017-12-01"), lab.get(WEB, version="2026-04-01")

    assert "timeCreated" in new["properties"]
    assert "timeCreated" not in old["properties"]
    assert "toBeDetached" not in old["properties"]["storageProfile"]["dataDisks"][0]
    assert "patchSettings" not in old["properties"]["osProfile"]["linuxConfiguration"]


def test_lists_show_groups_as_azure_does(lab: Api) -> None:
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))

    (in_group,) = lab.get(f"{COMPUTE}/virtualMachines")["value"]
    (anywhere,) = lab.get(f"{SUB}/providers/Microsoft.Compute/virtualMachines")["value"]

    assert in_group["id"] == WEB
    assert anywhere["id"] == WEB.replace("/lab/", "/LAB/")


def test_an_id_keeps_the_casing_of_its_first_author(lab: Api) -> None:
    shouted = WEB.replace("web", "WEB").replace("resourceGroups/lab", "resourceGroups/LAB")
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))

    assert lab.get(shouted)["id"] == WEB


def test_patch_changes_what_it_names_and_nothing_else(lab: Api) -> None:
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))
    before = lab.get(WEB)

    assert lab.call("PATCH", WEB, {"tags": {"a": "b"}}).status_code == 200
    lab.world.drive()
    lab.post(f"{WEB}/deallocate")
    changed = lab.call("PATCH", WEB, {"properties": {"HardwareProfile": {"vmSize": "Standard_B2s"}}})
    lab.world.drive()
    absent = lab.call("PATCH", f"{WEB}2", {"properties": {"hardwareProfile": {"vmSize": "Standard_B2s"}}})

    assert (changed.status_code, changed.json()["properties"]["provisioningState"]) == (200, "Updating")
    assert absent.status_code == 404
    after = lab.get(WEB)
    assert after["tags"] == {"a": "b"}
    assert after["properties"] == {**before["properties"], "hardwareProfile": {"vmSize": "Standard_B2s"}}


def test_data_disks_are_attached_and_detached_by_patch(lab: Api) -> None:
    """Source: recording net-vm-add-remove-datadisks, exchanges 24 to 26."""
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))
    new = {"lun": 6, "createOption": "Empty", "diskSizeGB": 2, "caching": "ReadWrite"}
    first = lab.call("PATCH", WEB, {"properties": {"storageProfile": {"dataDisks": [{**new, "lun": 1}]}}})
    lab.world.drive()

    answer = lab.call("PATCH", WEB, {"properties": {"storageProfile": {"dataDisks": [new]}}})
    lab.world.drive()

    assert (first.status_code, answer.status_code) == (200, 200)
    shown = answer.json()["properties"]["storageProfile"]["dataDisks"]
    assert [(each["lun"], each["toBeDetached"]) for each in shown] == [(1, True), (6, False)]
    (left,) = lab.get(WEB)["properties"]["storageProfile"]["dataDisks"]
    assert (left["lun"], left["caching"], left["diskSizeGB"], left["toBeDetached"]) == (6, "ReadWrite", 2, False)


def test_a_running_machine_cannot_be_generalized_and_a_generalized_one_not_started(lab: Api) -> None:
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))

    running = lab.call("POST", f"{WEB}/generalize")
    lab.post(f"{WEB}/powerOff?skipShutdown=true")
    generalized = lab.call("POST", f"{WEB}/generalize")
    start = lab.call("POST", f"{WEB}/start")

    assert (running.status_code, running.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert (generalized.status_code, generalized.content) == (200, b"")
    assert (start.status_code, start.json()["error"]["message"]) == (
        409,
        "Operation 'Start VM' is not allowed on VM 'web' since the VM is generalized.",
    )


def test_deleting_what_is_not_there_is_fine_but_not_in_a_group_that_is_not(lab: Api) -> None:
    assert lab.call("DELETE", WEB).status_code == 204
    assert lab.call("DELETE", WEB.replace(LAB, f"{LAB}2")).status_code == 404


def test_the_template_of_a_capture_is_the_operations_output(lab: Api) -> None:
    """Source: recording xplat-vm-stop-generalize-capture."""
    with_account(lab.world)
    vhd = f"https://{ACCOUNT}.blob.core.windows.net/vhds/os.vhd"
    body = machine_body("web", f"{NETWORK}/networkInterfaces/nic")
    os_disk: Document = {"name": "os", "createOption": "FromImage", "vhd": {"uri": vhd}}
    profile: Document = {"osDisk": {**os_disk}, "dataDisks": []}
    there = object_at(body, "properties", "storageProfile")
    lab.put(WEB, merged(body, {"properties": {"storageProfile": {**there, **profile}}}))
    shown = lab.get(WEB)["properties"]["storageProfile"]["osDisk"]
    assert (shown["vhd"], "managedDisk" in shown) == ({"uri": vhd}, False)
    lab.post(f"{WEB}/deallocate")
    lab.call("POST", f"{WEB}/generalize")
    wish = {"vhdPrefix": "web", "destinationContainerName": "images", "overwriteVhds": True}

    answer = lab.call("POST", f"{WEB}/capture", wish)
    lab.world.drive()

    assert (answer.status_code, answer.content) == (202, b"")
    output = lab.call("GET", answer.headers["azure-asyncoperation"]).json()["properties"]["output"]
    assert output == lab.call("GET", answer.headers["location"]).json()
    assert list(output) == ["$schema", "contentVersion", "parameters", "resources"]
    nameless = lab.call("POST", f"{WEB}/capture", {"vhdPrefix": "web"}).json()["error"]
    assert (nameless["code"], nameless["target"]) == ("InvalidParameter", "destinationContainerName")


def test_a_managed_machine_is_neither_captured_nor_converted(lab: Api) -> None:
    lab.put(WEB, machine_body("web", f"{NETWORK}/networkInterfaces/nic"))
    wish = {"vhdPrefix": "web", "destinationContainerName": "images"}

    answers = [lab.call("POST", f"{WEB}/capture", wish), lab.call("POST", f"{WEB}/convertToManagedDisks")]

    assert [each.status_code for each in answers] == [409, 409]
    assert "blob based disks" in answers[0].json()["error"]["message"]
    assert answers[1].json()["error"]["message"] == "VM 'web' is already using managed disks."


def test_an_operation_that_waits_for_its_turn_says_at_which_place(tmp_path: Path) -> None:
    world = World(tmp_path, Rules(subscription=SUBSCRIPTION, deployments_at_once=1))
    lab = Api(world).with_network()
    image: Document = {"id": lab.image("golden", lab.generalized("source"))}
    nics = [lab.nic(f"nic{number}") for number in range(3)]
    world.guest = lambda _: None

    paths = [f"{COMPUTE}/virtualMachines/web{number}" for number in range(3)]
    answers = [lab.call("PUT", path, machine_body("web", nic, image)) for path, nic in zip(paths, nics, strict=True)]
    polls = [lab.get(each.headers["azure-asyncoperation"]) for each in answers]

    assert [each["status"] for each in polls] == ["InProgress"] * 3
    assert "properties" not in polls[0]
    said = [each["properties"]["statusMessage"] for each in polls[1:]]
    assert [each.partition(" of 2.")[0] for each in said] == [
        f"Waiting for its turn: place {place}" for place in (1, 2)
    ]

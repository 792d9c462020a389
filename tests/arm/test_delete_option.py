"""What goes with a machine that is deleted: said when it is made or later, of disks, NICs and public addresses."""

from pathlib import Path

import pytest

from calco.model.document import Document, object_at
from tests.arm.api import COMPUTE, LAB, NETWORK, machine_body
from tests.arm.people import AUTHORIZATION, People, refused
from tests.world import LOCATION, World

pytestmark = pytest.mark.slow

WEB, NIC = f"{COMPUTE}/virtualMachines/web", f"{NETWORK}/networkInterfaces/web-nic"
DOOR = f"{NETWORK}/publicIPAddresses/door"


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_network().machine("web")
    found.api.put(DOOR, {"location": LOCATION})
    return found


def nic_with_door(option: str) -> Document:
    subnet: Document = {"id": f"{NETWORK}/virtualNetworks/net/subnets/default"}
    public: Document = {"id": DOOR, "properties": {"deleteOption": option}}
    configuration: Document = {"name": "primary", "properties": {"subnet": subnet, "publicIPAddress": public}}
    return {"location": LOCATION, "properties": {"ipConfigurations": [configuration]}}


def with_door(people: People, option: str) -> None:
    people.api.post(f"{WEB}/deallocate")
    people.api.put(NIC, nic_with_door(option))


def there(people: People, id: str) -> bool:
    return people.api.call("GET", id).status_code == 200


def test_a_nic_goes_with_its_machine_when_a_later_change_says_so(people: People) -> None:
    nics: Document = {"networkInterfaces": [{"id": NIC, "properties": {"deleteOption": "delete"}}]}
    assert people.api.call("PATCH", WEB, {"properties": {"networkProfile": nics}}).status_code == 200
    people.world.drive()

    (shown,) = people.api.get(WEB)["properties"]["networkProfile"]["networkInterfaces"]
    people.api.delete(WEB)

    assert shown["properties"]["deleteOption"] == "Delete"
    assert not there(people, NIC)
    assert there(people, DOOR)


def test_a_public_address_goes_with_the_machine_and_its_nic_stays_without_one(people: People) -> None:
    with_door(people, "delete")

    (kept,) = people.api.get(NIC)["properties"]["ipConfigurations"]
    people.api.delete(WEB)

    assert kept["properties"]["publicIPAddress"] == {"id": DOOR, "properties": {"deleteOption": "Delete"}}
    assert not there(people, DOOR)
    (left,) = people.api.get(NIC)["properties"]["ipConfigurations"]
    assert "publicIPAddress" not in left["properties"]
    people.api.delete(NIC)


def test_a_public_address_that_is_to_stay_stays_and_serves_again(people: People) -> None:
    with_door(people, "Detach")

    people.api.delete(WEB)
    people.api.delete(NIC)

    assert "ipConfiguration" not in people.api.get(DOOR)["properties"]
    people.api.nic("next", DOOR)


def test_what_is_neither_of_the_two_is_no_delete_option(people: People) -> None:
    said = refused(people.api.call("PUT", NIC, nic_with_door("perhaps")), 400, "InvalidParameter")

    assert "deleteOption" in said


def test_a_public_address_that_would_go_with_its_machine_keeps_the_machine_while_it_is_locked(people: People) -> None:
    with_door(people, "Delete")
    lock = f"{DOOR}/{AUTHORIZATION}/locks/keep"
    people.api.put(lock, {"properties": {"level": "CanNotDelete"}})

    assert "publicIPAddresses/door'" in refused(people.api.call("DELETE", WEB), 409, "ScopeLocked")

    people.api.call("DELETE", lock)
    assert people.api.call("DELETE", WEB).status_code == 202


def test_a_machine_takes_no_public_address_along_that_its_deleter_may_not_delete(people: People) -> None:
    with_door(people, "Delete")
    people.with_role("maker", "Virtual Machine Contributor", LAB)

    said = refused(people.ask("maker", "DELETE", WEB), 403, "LinkedAuthorizationFailed")

    assert "'Microsoft.Network/publicIPAddresses/delete'" in said
    assert there(people, WEB)


def test_a_public_address_made_within_the_machine_goes_with_it_when_the_machine_says_so(people: People) -> None:
    address: Document = {"name": "own", "properties": {"deleteOption": "delete"}}
    subnet: Document = {"id": f"{NETWORK}/virtualNetworks/net/subnets/default"}
    configuration: Document = {
        "name": "primary",
        "properties": {"subnet": subnet, "publicIPAddressConfiguration": address},
    }
    body = machine_body("web2", "")
    nic: Document = {"name": "nic", "properties": {"ipConfigurations": [configuration]}}
    network: Document = {"networkProfile": {"networkInterfaceConfigurations": [nic]}}
    people.api.put(
        f"{COMPUTE}/virtualMachines/web2", {**body, "properties": {**object_at(body, "properties"), **network}}
    )
    (made,) = [each for each in people.api.get(f"{NETWORK}/publicIPAddresses")["value"] if each["name"] != "door"]

    people.api.delete(f"{COMPUTE}/virtualMachines/web2")

    assert not there(people, made["id"])
    assert there(people, DOOR)


def test_a_machine_whose_creation_failed_is_told_what_goes_with_it_and_is_not_created_again(people: People) -> None:
    hypervisor = people.world.hypervisor
    hypervisor._capacity_mib = 1
    id = f"{COMPUTE}/virtualMachines/web2"
    people.api.call("PUT", id, machine_body("web2", people.api.nic("web2-nic")))
    people.world.drive()
    hypervisor._capacity_mib = 1 << 20
    disks: Document = {
        "osDisk": {"deleteOption": "Delete"},
        "dataDisks": [{"lun": 3, "createOption": "Empty", "deleteOption": "Detach"}],
    }

    assert people.api.call("PATCH", id, {"properties": {"storageProfile": disks}}).status_code == 200
    people.world.drive()

    shown = people.api.get(id)["properties"]
    assert shown["provisioningState"] == "Failed"
    assert shown["storageProfile"]["osDisk"]["deleteOption"] == "Delete"
    assert [each["deleteOption"] for each in shown["storageProfile"]["dataDisks"]] == ["Detach"]
    assert len(hypervisor.machines()) == 1, "the other one"

    assert people.api.call("PATCH", id, {"properties": {"storageProfile": disks}}).status_code == 200
    people.world.drive()
    assert people.api.get(id)["properties"]["provisioningState"] == "Succeeded", "asked for what is so already: again"

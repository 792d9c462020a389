"""What a machine's body may ask for: what clients send is taken, what calco has not is refused by name."""

import base64
from typing import Any

import pytest

from calco.model.document import Document, Json, object_at
from calco.model.user_data import BYTES_MAX
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api
from tests.arm.test_virtual_machine import WEB, changed
from tests.world import KEY, LOCATION

SET = f"{COMPUTE}/availabilitySets/together"


@pytest.fixture
def lab(api: Api) -> Api:
    api.with_network().nic("nic")
    return api


def az_body(**more: Json) -> Document:
    """What `az vm create` of 2.91 puts into its template. Source: clients-az-sdk, 4; az, _template_builder.py."""
    disk: Document = {"createOption": "fromImage", "name": None, "caching": "ReadWrite"}
    image: Document = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
    key: Document = {"keyData": KEY, "path": "/home/azureuser/.ssh/authorized_keys"}
    linux: Document = {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [key]}}
    profile: Document = {"computerName": "web", "adminUsername": "azureuser", "linuxConfiguration": linux}
    nic: Document = {"id": f"{NETWORK}/networkInterfaces/nic", "properties": {"deleteOption": None}}
    return {
        "apiVersion": "2026-04-01",
        "type": "Microsoft.Compute/virtualMachines",
        "name": "web",
        "location": LOCATION,
        "tags": {},
        "dependsOn": [],
        "identity": None,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "networkProfile": {"networkInterfaces": [nic]},
            "storageProfile": {
                "osDisk": {**disk, "managedDisk": {"storageAccountType": None}},
                "imageReference": image,
            },
            "osProfile": profile,
            "additionalCapabilities": {},
            **more,
        },
    }


def test_what_az_creates_a_machine_with_is_taken(lab: Api) -> None:
    lab.put(WEB, az_body())

    shown = lab.get(WEB)
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert "additionalCapabilities" not in shown["properties"]
    assert "identity" not in shown


@pytest.mark.parametrize("identity", [{"type": "None"}, {"type": "none"}, {}], ids=str)
def test_no_identity_is_no_wish(lab: Api, identity: Document) -> None:
    lab.put(WEB, az_body() | {"identity": identity})

    assert "identity" not in lab.get(WEB)


def test_a_machine_goes_into_an_availability_set_and_stays_there(lab: Api) -> None:
    for name in ("together", "other"):
        lab.put(f"{COMPUTE}/availabilitySets/{name}", {"location": LOCATION, "sku": {"name": "Aligned"}})
    lab.put(WEB, az_body(availabilitySet={"id": SET}))

    moved = lab.call("PUT", WEB, az_body(availabilitySet={"id": SET.replace("together", "other")}))

    assert (moved.status_code, moved.json()["error"]["code"]) == (409, "PropertyChangeNotAllowed")
    assert lab.get(WEB)["properties"]["availabilitySet"] == {"id": SET}


def test_a_set_that_is_not_there_is_refused_in_azures_words(lab: Api) -> None:
    answer = lab.call("PUT", WEB, az_body(availabilitySet={"id": SET}))

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")
    assert answer.json()["error"]["message"] == f"The Availability Set {SET} cannot be found."
    assert lab.call("GET", WEB).status_code == 404


def test_a_set_and_a_zone_do_not_go_together(lab: Api) -> None:
    lab.put(SET, {"location": LOCATION, "sku": {"name": "Aligned"}})

    answer = lab.call("PUT", WEB, az_body(availabilitySet={"id": SET}) | {"zones": ["1"]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "profile",
    [
        {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}},
        {"securityType": "trustedlaunch"},
        {"uefiSettings": {"vTpmEnabled": True}},
        {"securityType": "ConfidentialVM"},
    ],
    ids=["as az sends it", "any case", "settings alone", "confidential"],
)
def test_trusted_launch_is_refused_with_what_to_send(lab: Api, profile: Document) -> None:
    error = lab.call("PUT", WEB, az_body(securityProfile=profile)).json()["error"]

    assert (error["code"], error["target"]) == ("BadRequest", "securityProfile.securityType")
    assert "setting is not supported for the provided image" in error["message"]
    assert "--security-type Standard" in error["message"]
    assert lab.call("GET", WEB).status_code == 404


def test_plain_security_is_what_machines_have(lab: Api) -> None:
    plain: Document = {"securityType": "Standard", "encryptionAtHost": False}

    lab.put(WEB, az_body(securityProfile=plain))

    assert lab.get(WEB)["properties"]["securityProfile"] == plain


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("additionalCapabilities.ultraSSDEnabled", True),
        ("securityProfile.encryptionAtHost", True),
        ("storageProfile.diskControllerType", "NVMe"),
        ("storageProfile.osDisk.diffDiskSettings", {"option": "Local"}),
        ("storageProfile.osDisk.managedDisk", {"diskEncryptionSet": {"id": "/subscriptions/x"}}),
        ("storageProfile.dataDisks.0.managedDisk", {"diskEncryptionSet": {"id": "/subscriptions/x"}}),
        ("proximityPlacementGroup", {"id": "/subscriptions/x"}),
    ],
)
def test_what_no_machine_here_has_is_refused_by_name(lab: Api, path: str, value: object) -> None:
    answer = lab.call("PUT", WEB, changed(f"properties.{path}", value))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "NotSupported"), error
    assert path.rsplit(".", maxsplit=1)[-1] in error["message"] or "diskEncryptionSet" in error["message"]


# --- what is shown is accepted back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2017-12-01", "2021-11-01", "2026-04-01"])
@pytest.mark.parametrize("expand", ["", "&$expand=instanceView"], ids=["plain", "with its view"])
def test_what_is_shown_is_accepted_back(lab: Api, version: str, expand: str) -> None:
    """`az vm update` is a GET and a PUT of all of it."""
    lab.put(SET, {"location": LOCATION, "sku": {"name": "Aligned"}})
    plain: Document = {"securityType": "Standard"}
    more: Document = {"availabilitySet": {"id": SET}, "securityProfile": plain, "userData": "aGk="}
    lab.put(WEB, az_body(**more, diagnosticsProfile={"bootDiagnostics": {"enabled": True}}))
    shown = lab.get(f"{WEB}?api-version={version}{expand}")

    lab.put(f"{WEB}?api-version={version}", {**shown, "tags": {"a": "b"}})

    now = lab.get(f"{WEB}?api-version={version}{expand}")
    assert now["tags"] == {"a": "b"}
    assert without_times(now) == without_times({**shown, "tags": {"a": "b"}})
    assert lab.get(f"{WEB}?$expand=userData")["properties"]["userData"] == "aGk="


def without_times(shown: Any) -> Any:
    if isinstance(shown, dict):
        return {name: without_times(each) for name, each in shown.items() if name not in ("time", "etag")}
    return [without_times(each) for each in shown] if isinstance(shown, list) else shown


def test_a_generalized_machine_is_not_updated(lab: Api) -> None:
    lab.put(WEB, az_body())
    lab.post(f"{WEB}/powerOff")
    lab.post(f"{WEB}/generalize")

    answer = lab.call("PUT", WEB, {**lab.get(WEB), "tags": {"a": "b"}})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert "tags" not in lab.get(WEB) or lab.get(WEB)["tags"] == {}


# --- user data -------------------------------------------------------------------------------------------------------


def user_data(lab: Api) -> object:
    return object_at(lab.get(f"{WEB}?$expand=userData"), "properties").get("userData")


def test_user_data_is_shown_to_whoever_asks_for_it_changed_and_taken_away(lab: Api) -> None:
    lab.put(WEB, az_body(userData="Zmlyc3Q="))
    first = user_data(lab)

    lab.put(WEB, lab.get(WEB))
    kept = user_data(lab)
    lab.put(WEB, az_body(userData="c2Vjb25k"))
    second = user_data(lab)
    lab.put(WEB, az_body(userData=""))

    assert (first, kept, second, user_data(lab)) == ("Zmlyc3Q=", "Zmlyc3Q=", "c2Vjb25k", None)
    assert "userData" not in lab.get(WEB)["properties"]
    assert "userData" not in str(lab.get(f"{SUB}/providers/Microsoft.Compute/virtualMachines"))
    assert LAB in str(lab.get(WEB)["id"])


@pytest.mark.parametrize(
    "text", ["no base64!", "aGk", base64.b64encode(bytes(BYTES_MAX + 1)).decode()], ids=["letters", "cut", "too long"]
)
def test_user_data_is_base64_of_a_bounded_size(lab: Api, text: str) -> None:
    answer = lab.call("PUT", WEB, az_body(userData=text))

    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "userData")


def test_the_most_user_data_there_may_be_is_taken(lab: Api) -> None:
    most = base64.b64encode(bytes(BYTES_MAX)).decode()

    lab.put(WEB, az_body(userData=most))

    assert user_data(lab) == most

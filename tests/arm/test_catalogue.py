"""Platform images over HTTP: what is listed, what a name stands for, what is said of names that stand for nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calco.arm.catalogue import alias_document
from calco.catalog.base_images import EmptyImages
from calco.model.catalogue import read_aliases
from calco.model.document import Document, at
from tests.arm.api import COMPUTE, SUB, Api, machine_body
from tests.world import OneBase, World

HERE = f"{SUB}/providers/Microsoft.Compute/locations/eastus/publishers"
DEBIAN = f"{HERE}/Debian/artifacttypes/vmimage/offers"
WINDOWS = f"{HERE}/MicrosoftWindowsServer/artifacttypes/vmimage/offers/WindowsServer/skus"
JAMMY = f"{HERE}/Canonical/artifacttypes/vmimage/offers/0001-com-ubuntu-server-jammy/skus/22_04-lts-gen2/versions"
UBUNTU: Document = {
    "publisher": "Canonical",
    "offer": "0001-com-ubuntu-server-jammy",
    "sku": "22_04-lts-gen2",
    "version": "latest",
}


def names(found: Any) -> list[str]:
    return [each["name"] for each in found]


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def mapped(api: Api, *rows: str) -> Api:
    """The same world, whose owner has set ``image_aliases``."""
    world = api.world
    world.cloud = replace(world.cloud, rules=replace(world.rules, image_aliases=read_aliases(rows)))
    return Api(world)


def machine_of(lab: Api, reference: Document, name: str = "one") -> Any:
    body: Any = machine_body(name, lab.nic(f"{name}-nic"))
    body["properties"]["storageProfile"]["imageReference"] = reference
    body["properties"]["storageProfile"].pop("dataDisks")
    return body


@pytest.fixture
def lab(api: Api) -> Api:
    return api.with_network()


def test_the_catalogue_is_walked_down_from_publishers_in_bare_arrays(lab: Api) -> None:
    (publisher,) = lab.get(HERE)

    assert publisher == {
        "location": "eastus",
        "name": "Debian",
        "id": f"/Subscriptions/{SUB.rpartition('/')[2]}/Providers/Microsoft.Compute/Locations/eastus/Publishers/Debian",
    }
    assert names(lab.get(DEBIAN)) == ["debian-12"]
    assert names(lab.get(f"{DEBIAN}/DEBIAN-12/skus")) == ["12", "12-gen2"]
    (brief,) = lab.get(f"{DEBIAN}/debian-12/skus/12/versions")
    assert (brief["name"], "properties" in brief) == ("0.20240101.0", False)
    query = "$expand=properties&$orderby=name%20desc&$top=1"
    (whole,) = lab.get(f"{DEBIAN}/debian-12/skus/12-gen2/versions?{query}")
    assert whole["properties"]["hyperVGeneration"] == "V2"
    assert whole["properties"]["osDiskImage"] == {"operatingSystem": "Linux"}
    assert lab.get(f"{DEBIAN}/debian-12/skus/12/versions?$top=0") == []
    assert lab.get(f"{DEBIAN}/debian-12/skus/12/versions/latest")["name"] == "0.20240101.0"
    assert lab.get(f"{HERE}/Debian/artifacttypes/vmextension/types") == []


def test_what_is_not_there_is_refused_with_what_to_set(lab: Api) -> None:
    for path in (f"{HERE}/Canonical/artifacttypes/vmimage/offers", f"{DEBIAN}/debian-11/skus"):
        answer = lab.call("GET", path)
        assert refusal(answer) == (404, "NotFound")
        assert "image_aliases" in answer.json()["error"]["message"]
    versions = lab.call("GET", JAMMY)
    assert refusal(versions) == (404, "PlatformImageNotFound")
    assert "image_aliases" in versions.json()["error"]["message"]
    elsewhere = lab.call("GET", HERE.replace("eastus", "moon"))
    assert refusal(elsewhere) == (400, "LocationNotAvailableForResourceType")

    made = lab.call("PUT", f"{COMPUTE}/virtualMachines/one", machine_of(lab, UBUNTU))

    assert refusal(made) == (404, "PlatformImageNotFound")
    assert '"Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest=Debian' in made.json()["error"]["message"]
    assert lab.call("GET", f"{COMPUTE}/virtualMachines/one").status_code == 404


def test_a_name_is_mapped_to_a_base_image_and_shown_as_it_was_written(lab: Api) -> None:
    lab = mapped(lab, "Ubuntu2204=Debian:debian-12:12-gen2:latest")
    lab.put(f"{COMPUTE}/virtualMachines/one", machine_of(lab, UBUNTU))

    shown = lab.get(f"{COMPUTE}/virtualMachines/one")
    assert shown["properties"]["storageProfile"]["imageReference"] == UBUNTU
    assert lab.put(f"{COMPUTE}/virtualMachines/one", shown | {"tags": {"a": "b"}}).status_code == 200
    disk = lab.get(shown["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"])
    assert disk["properties"]["hyperVGeneration"] == "V2"
    assert names(lab.get(HERE)) == ["Debian", "Canonical"]
    (version,) = lab.get(f"{JAMMY}?$expand=properties")
    assert (version["name"], version["properties"]["hyperVGeneration"]) == ("0.20240101.0", "V2")
    same = {**UBUNTU, "version": version["name"]}
    lab.put(f"{COMPUTE}/virtualMachines/two", machine_of(lab, same, "two"))
    assert at(lab.get(f"{COMPUTE}/virtualMachines/two"), "properties", "storageProfile", "imageReference") == same


def test_a_name_is_mapped_to_a_managed_image_of_ones_own(lab: Api) -> None:
    lab.image("golden", lab.generalized("source"))
    lab = mapped(lab, "Canonical:*:*:latest=lab/golden", "mine=lab/golden")
    lab.put(f"{COMPUTE}/virtualMachines/one", machine_of(lab, UBUNTU))

    shown = lab.get(f"{COMPUTE}/virtualMachines/one")["properties"]["storageProfile"]
    assert shown["imageReference"] == UBUNTU
    assert len(shown["dataDisks"]) == 1
    assert lab.get(JAMMY)[0]["name"] == "1.0.0"
    assert lab.get(f"{HERE}/calco/artifacttypes/vmimage/offers/images/skus/mine/versions")[0]["name"] == "1.0.0"
    assert names(lab.get(HERE)) == ["Debian", "calco"], "what a pattern maps is not listed"
    usage = lab.get(f"{COMPUTE}/images/golden/providers/Calco/usages/current")
    assert "one" in str(usage)


def test_a_mapped_image_has_its_own_generation(lab: Api) -> None:
    disk = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": f"{COMPUTE}/disks/source"}}
    empty = {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
    lab.put(f"{COMPUTE}/disks/source", empty)
    properties = {"hyperVGeneration": "V2", "storageProfile": {"osDisk": disk}}
    lab.put(f"{COMPUTE}/images/golden", {"location": "eastus", "properties": properties})
    lab = mapped(lab, "Ubuntu2204=lab/golden")

    (version,) = lab.get(f"{JAMMY}?$expand=properties")

    assert version["properties"]["hyperVGeneration"] == "V2"


def test_an_image_that_is_not_built_yet_is_refused_with_how_to_build_it(lab: Api) -> None:
    class Unbuilt(OneBase):
        def version(self, urn: str) -> str | None:
            assert urn
            return None

    lab.world.cloud = replace(lab.world.cloud, base_images=Unbuilt(lab.world.folder))

    answer = Api(lab.world).call("GET", f"{DEBIAN}/debian-12/skus/12/versions")

    assert refusal(answer) == (404, "PlatformImageNotFound")
    assert "is not built on this machine yet: 'make demo'" in answer.json()["error"]["message"]


def test_a_name_that_is_mapped_to_nothing_says_so(lab: Api) -> None:
    lab = mapped(lab, "Ubuntu2204=lab/nobody")

    listed = lab.call("GET", JAMMY)
    made = lab.call("PUT", f"{COMPUTE}/virtualMachines/one", machine_of(lab, UBUNTU))

    assert refusal(listed) == (404, "PlatformImageNotFound")
    assert "lab/nobody" in listed.json()["error"]["message"]
    assert refusal(made) == (404, "NotFound")
    assert lab.call("GET", f"{COMPUTE}/virtualMachines/one").status_code == 404


def test_a_disk_is_made_of_a_name_that_is_mapped(lab: Api) -> None:
    lab.image("golden", lab.generalized("source"))
    lab = mapped(lab, "Ubuntu2204=Debian:debian-12:12-gen2:latest", "Debian11=lab/golden")

    def made(name: str, id: str) -> Any:
        creation = {"createOption": "FromImage", "imageReference": {"id": id}}
        lab.put(f"{COMPUTE}/disks/{name}", {"location": "eastus", "properties": {"creationData": creation}})
        return lab.get(f"{COMPUTE}/disks/{name}")["properties"]

    debian = f"{HERE}/Debian/artifacttypes/vmimage/offers/debian-11/skus/11-backports-gen2/versions/1.0.0"
    assert made("ubuntu", f"{JAMMY}/0.20240101.0")["hyperVGeneration"] == "V2"
    assert made("golden", debian)["diskState"] == "Unattached"


def test_az_finds_its_short_names_and_those_that_were_added(lab: Api) -> None:
    lab = mapped(lab, "golden=lab/golden", "Ubuntu2204=lab/golden")
    values = at(alias_document(lab.world.cloud), "outputs", "aliases", "value")

    assert isinstance(values, dict)
    linux, windows = values["Linux"], values["Windows"]
    assert isinstance(linux, dict)
    assert isinstance(windows, dict)
    assert linux["golden"] == {
        "publisher": "calco",
        "offer": "images",
        "sku": "golden",
        "version": "latest",
        "architecture": "x64",
    }
    assert {"Debian12", "Debian11", "Ubuntu2204"} <= set(linux)
    assert "Win2022Datacenter" in windows
    assert {name.lower() for name in linux} & {name.lower() for name in windows} == set()


def test_names_of_simulated_machines_include_windows(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.cloud = replace(world.cloud, base_images=EmptyImages(tmp_path / "base.raw"))
    api = Api(world)

    assert "2022-datacenter-g2" in names(api.get(WINDOWS))
    (version,) = api.get(f"{WINDOWS}/2022-datacenter-g2/versions?$expand=properties")
    assert version["name"] == "1.0.0"
    assert version["properties"]["osDiskImage"] == {"operatingSystem": "Windows"}
    assert version["properties"]["hyperVGeneration"] == "V2"
    assert api.get(f"{DEBIAN}/debian-12/skus/12/versions/1.0.0")["name"] == "1.0.0"
    assert refusal(api.call("GET", f"{DEBIAN}/debian-12/skus/12/versions/9.9.9")) == (404, "PlatformImageNotFound")

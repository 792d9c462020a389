"""Platform images from the Cloud Shell: the way from a region to a version, by lists and through the pipeline."""

import pytest

from calco.cloudshell.az import platform_image
from calco.cloudshell.values import Record
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench
from tests.cloudshell.world import SUBSCRIPTION

PUBLISHERS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/eastus/publishers"
OFFERS = f"{PUBLISHERS}/Debian/artifacttypes/vmimage/offers"
SKUS = f"{OFFERS}/debian-12/skus"
VERSIONS = f"{SKUS}/12/versions"


@pytest.fixture
def bench() -> Bench:
    made = Bench((platform_image.MODULE,))
    for path, names in (
        (PUBLISHERS, ["Debian"]),
        (OFFERS, ["debian-12"]),
        (SKUS, ["12"]),
        (VERSIONS, ["1.0.0", "2.0"]),
    ):
        made.api.when("LIST", path, {"value": [{"name": each, "location": "eastus", "id": each} for each in names]})
    return made


def test_each_list_leads_to_the_next_by_the_pipeline(bench: Bench) -> None:
    found = bench.run("Get-AzVMImagePublisher", Location="East US")
    for name in ("Get-AzVMImageOffer", "Get-AzVMImageSku", "Get-AzVMImage"):
        found = bench.run(name, input=found)

    assert [line.rstrip() for line in bench.shown(*found).strip().splitlines()] == [
        "Version Skus Offer     PublisherName Location Id",
        "------- ---- -----     ------------- -------- --",
        "1.0.0   12   debian-12 Debian        eastus   1.0.0",
        "2.0     12   debian-12 Debian        eastus   2.0",
    ]
    assert bench.reported == []


def test_versions_go_by_pattern_and_one_in_full_has_its_details(bench: Bench) -> None:
    named = {"Location": "eastus", "PublisherName": "Debian", "Offer": "debian-12", "Skus": "12"}
    system: Document = {"hyperVGeneration": "V1", "osDiskImage": {"operatingSystem": "Linux"}}
    bench.api.when("GET", f"{VERSIONS}/latest", {"name": "2.0", "properties": system})

    fitting = bench.run("Get-AzVMImage", Version="1.*", **named)
    detail = bench.one("Get-AzVMImage", Version="latest", **named)

    assert [each.get("Version") for each in fitting if isinstance(each, Record)] == ["1.0.0"]
    assert (detail.get("Version"), detail.get("HyperVGeneration")) == ("2.0", "V1")
    assert "OSDiskImage      : Linux" in bench.shown(detail)


def test_a_name_that_is_none_asks_nothing(bench: Bench) -> None:
    assert bench.run("Get-AzVMImageOffer", Location="eastus", PublisherName="a/../b") == []
    assert bench.api.asked == []

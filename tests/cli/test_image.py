"""How one image is told."""

import pytest

from calco.cli.image import facts, spell_bytes
from calco.model.document import Document

ID = "/subscriptions/s/resourceGroups/lab/providers/Microsoft.Compute"
IMAGE: Document = {
    "name": "golden",
    "id": f"{ID}/images/golden",
    "location": "eastus",
    "properties": {
        "provisioningState": "Succeeded",
        "hyperVGeneration": "V2",
        "storageProfile": {
            "osDisk": {
                "osType": "Linux",
                "osState": "Generalized",
                "diskSizeGB": 4,
                "snapshot": {"id": f"{ID}/snapshots/snap"},
                "storageAccountType": "Premium_LRS",
            },
            "dataDisks": [{"lun": 3, "diskSizeGB": 9, "blobUri": "https://a.blob.example/c/data.vhd?sig=secret"}],
        },
    },
}
USAGE: Document = {
    "usedBytes": 1536,
    "sharedBytes": 3 * 2**30,
    "zones": ["1", "3"],
    "disks": [{"usedBytes": 512, "sharedBytes": 3 * 2**30}, {"lun": 3, "usedBytes": 1024, "sharedBytes": 0}],
    "virtualMachines": [{"id": f"{ID}/virtualMachines/web1"}],
    "estimatedMonthlyPrice": 0.4567,
}


def test_an_image_is_told_with_its_sources_its_bytes_and_an_estimate() -> None:
    told = facts(IMAGE, USAGE)

    assert (
        told["os disk"] == "Linux, Generalized, 4 GB, Premium_LRS, from snapshot snap, takes 512 bytes, shares 3.0 GiB"
    )
    assert told["lun 3"] == "9 GB, from https://a.blob.example/c/data.vhd, takes 1.0 KiB, shares 0 bytes"
    assert told["source"] == "snapshot snap"
    assert (told["zones"], told["machines"], told["disks"]) == (["1", "3"], ["web1"], 2)
    assert (told["takes"], told["shares"]) == ("1.5 KiB", "3.0 GiB")
    assert told["costs"] == "0.46 a month in Azure, an estimate by the setting price_per_gib_month"


def test_what_is_not_known_is_not_told() -> None:
    told = facts(IMAGE, {})

    assert [told[each] for each in ("zones", "takes", "shares", "costs", "machines")] == [None] * 5


@pytest.mark.parametrize(
    ("count", "text"), [(None, None), (0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (5 * 2**40, "5.0 TiB")]
)
def test_bytes_are_spelled_in_the_unit_that_fits(count: int | None, text: str | None) -> None:
    assert spell_bytes(count) == text

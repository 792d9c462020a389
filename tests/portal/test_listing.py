"""Lists of a whole subscription: names are said as whoever gave them spelled them."""

import pytest

from tests.arm.api import COMPUTE, SUB
from tests.portal.house import Browser, House
from tests.world import LOCATION

GROUP = "LaB"
"""Everything is in it; whoever made things called it ``lab``."""


@pytest.mark.slow
@pytest.mark.parametrize("path", ["virtual-machines", "images", "disks", "snapshots"])
def test_a_group_is_spelled_in_every_list_as_it_was_when_it_was_made(house: House, browser: Browser, path: str) -> None:
    house.api.put(f"{SUB}/resourceGroups/{GROUP}", {"location": LOCATION})
    house.api.with_network()
    web1 = house.api.generalized("web1")
    house.api.image("golden", web1)
    disk = house.api.get(f"{COMPUTE}/virtualMachines/web1")["properties"]["storageProfile"]["osDisk"]["managedDisk"]
    copy = {"creationData": {"createOption": "Copy", "sourceResourceId": disk["id"]}}
    house.api.put(f"{COMPUTE}/snapshots/snap", {"location": LOCATION, "properties": copy})

    page = browser.visit(f"/portal/{path}")

    assert page.links[GROUP] == f"/portal/resource-groups/{GROUP}"
    assert "LAB" not in page.html
    assert f"/portal/{path}/{GROUP}/" in page.html

"""What cloud-init leaves on every machine it has set up, and takes care of by itself: no finding."""

import pytest

from calco.inspection.look import look
from calco.model.inspection import Result
from tests.inspection.disks import Memory, ext4
from tests.inspection.linux.samples import INSTANCE
from tests.inspection.linux.trees import READY, Change, changed

RULES = b'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:0d:3a:20:91:2b", NAME="eth0"\n'
RENDERED: Change = {
    "/etc/udev/rules.d/70-persistent-net.rules": RULES,
    "/etc/network/interfaces.d/50-cloud-init": b"auto eth0\niface eth0 inet dhcp\n",
}
WRAPPED = b"""Content-Type: multipart/mixed; boundary="===============4257963450836774226=="
MIME-Version: 1.0
Number-Attachments: 1

--===============4257963450836774226==
Content-Type: text/x-not-multipart


--===============4257963450836774226==--
"""
"""No user data at all, as cloud-init keeps it."""


def found(change: Change) -> set[str]:
    """Codes of what failed."""
    disk = ext4(changed(READY, change), options=["-L", "root"])
    return {each.code for each in look(Memory(disk)).seen if each.result is Result.FAILED}


def test_names_of_network_cards_that_every_machines_cloud_init_writes_anew_are_no_finding() -> None:
    assert "linux.persistent-net-rules" not in found(RENDERED)


@pytest.mark.parametrize(
    "off",
    [
        {"/etc/cloud/cloud-init.disabled": b""},
        {"/etc/cloud/cloud.cfg.d/99-off.cfg": b"network: {config: disabled}\n"},
        {"/etc/cloud/cloud.cfg.d/99-off.cfg": b"network:\n  config: disabled\n"},
        {"/etc/network/interfaces.d/50-cloud-init": None},
    ],
    ids=["cloud-init is off", "its network is off", "its network is off, on two lines", "somebody else's"],
)
def test_they_are_one_where_cloud_init_will_not_write_them(off: Change) -> None:
    assert "linux.persistent-net-rules" in found({**RENDERED, **off})


def test_what_cloud_init_makes_of_no_user_data_is_no_user_data() -> None:
    nothing: Change = {f"{INSTANCE}/user-data.txt": b"", f"{INSTANCE}/user-data.txt.i": WRAPPED}

    assert "linux.cloud-init-user-data" not in found(nothing)
    assert "linux.cloud-init-user-data" in found({**nothing, f"{INSTANCE}/user-data.txt": b"#!/bin/sh\necho secret\n"})

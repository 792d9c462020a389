"""What the portal shows for bash, pasted into bash: real az, real curl, a service on simulated machines."""

import os
from dataclasses import replace

import pytest

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.portal.view_as import blocks
from calco.portal.view_as.action import (
    Action,
    CaptureImage,
    CreateImage,
    CreateMachines,
    Delete,
    ExportDisk,
    ImportDisk,
    Place,
    SetTags,
)
from tests.contract.azure_cli import BIN, GUEST_BYTES, Az

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TAGS = {"file": "@key.pub", "a=b": 'it\'s "$(id)" `id` ${x}\x1b[31m\nnext', "ñ": "!!"}


def test_a_vhd_becomes_an_image_a_machine_another_image_and_a_vhd_again(az: Az, group: str) -> None:
    file, key = az.vhd(), az.key().read_text()
    place = Place(az.environ["CALCO_ENDPOINT"], az.environ["AZURE_SUBSCRIPTION_ID"], "eastus")
    up, back, first = named(place, group, "disks", "up"), "back again.vhd", named(place, group, "images", "first")
    web, second = named(place, group, "virtualMachines", "web"), named(place, group, "images", "second")

    for action in (
        ImportDisk(up, file.name, file.stat().st_size, OsType.LINUX),
        CreateImage(first, up, tags=TAGS),
        CreateMachines(web, first, "Standard_B1s", "azureuser", public_key=key),
        CaptureImage(web, second, delete_machine=True),
        ExportDisk(up, back),
        SetTags(second, {"k": TAGS["a=b"]}),
        Delete((first,)),
    ):
        paste(az, action, place)

    assert (az.folder / back).read_bytes()[:GUEST_BYTES] == file.read_bytes()[:GUEST_BYTES]
    assert az("disk", "show", "-g", group, "-n", "up", "--query", "diskState") == "Unattached"
    assert az("vm", "list", "-g", group, "--query", "[].name") == []
    assert az("image", "list", "-g", group, "--query", "[].[name, tags]") == [["second", {"k": TAGS["a=b"]}]]


def test_tags_that_az_would_read_a_file_for_stay_what_they_are(az: Az, group: str) -> None:
    place = Place(az.environ["CALCO_ENDPOINT"], az.environ["AZURE_SUBSCRIPTION_ID"], "eastus")
    az.key()

    paste(az, SetTags(ResourceId(place.subscription, group), TAGS), place)

    assert az("group", "show", "-n", group, "--query", "tags") == TAGS


def named(place: Place, group: str, type: str, name: str) -> ResourceId:
    return ResourceId(place.subscription, group, "Microsoft.Compute", (type,), (name,))


def paste(az: Az, action: Action, place: Place) -> None:
    """What stands under "Azure CLI", run by bash in az's folder; an AssertionError unless all of it worked."""
    theirs = ("CURL_CA_BUNDLE", "SSL_CERT_DIR")  # this machine's own, which curl prefers to what `calco env` prints
    environ = {name: value for name, value in az.environ.items() if name not in theirs}
    shell = replace(az, environ={**environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
    text = blocks(action, place)[0].text
    done = shell.run("bash", "--norc", "-c", text)
    assert done.returncode == 0, f"{text}\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    assert "ERROR" not in done.stderr, f"{text}\n{done.stderr}"

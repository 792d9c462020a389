"""Create a virtual machine from an image, page by page; and all that must not happen."""

import base64
import html
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from calco.model.document import Document
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, image_body
from tests.arm.people import AUTHORIZATION, definition, guid
from tests.portal.house import Browser, House, Shown
from tests.world import KEY

CREATE = "/portal/images/lab/golden/create-vm"
SUBNET = f"{NETWORK}/virtualNetworks/net/subnets/default"
PASSWORD = "Correct-horse-9"
Form = dict[str, str | Sequence[str]]

pytestmark = pytest.mark.slow


@pytest.fixture
def house(house: House) -> House:
    """An image with a data disk, whose machine is gone."""
    house.api.with_network()
    house.api.image("golden", house.api.generalized("src"))
    house.api.delete(f"{COMPUTE}/virtualMachines/src")
    return house


def filled(**changes: str | Sequence[str]) -> Form:
    """The form as a person leaves it: one machine, in the network that is there, with a key of theirs."""
    return {
        "do": "review",
        "group": "lab",
        "new_group": "",
        "name": "web",
        "count": "1",
        "size": "Standard_B1s",
        "user": "azureuser",
        "login": "key",
        "key": KEY,
        "subnet": SUBNET,
        "network": "",
        "public": "off",
        **changes,
    }


def carried(page: Shown, **added: str) -> Form:
    """What the second page sends on."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.html):
        found.setdefault(name, []).append(html.unescape(value))
    return {**found, "do": "create", **added}


def created(house: House, browser: Browser, **changes: str | Sequence[str]) -> Shown:
    """Both pages, and what came of it."""
    review = browser.send(CREATE, **filled(**changes))
    assert review.status == 200, review.text
    page = browser.send(CREATE, **carried(review))
    assert page.status == 200, page.text
    house.world.drive()
    return browser.visit(page.path)


def machines(house: House) -> list[str]:
    return sorted(each["name"] for each in house.api.get(f"{SUB}/providers/Microsoft.Compute/virtualMachines")["value"])


def groups(house: House) -> list[str]:
    return sorted(each["name"] for each in house.api.get(f"{SUB}/resourcegroups")["value"])


def made(house: House) -> list[str]:
    """Everything there is but the image's scene."""
    found = house.api.get(f"{SUB}/resources")["value"]
    return [each["name"] for each in found if each["name"] not in ("golden", "net") and "src" not in each["name"]]


def test_the_form_is_filled_in_as_far_as_can_be_known(house: House, browser: Browser) -> None:
    page = browser.visit(CREATE)

    assert page.status == 200
    assert 'name="name" type="text" value="golden-vm"' in page.html
    assert '<option value="Standard_B1s" selected>Standard_B1s – 1 vCPU, 1 GiB of memory</option>' in page.html
    assert f'<option value="{SUBNET}" selected>net / default (lab)</option>' in page.html
    assert "LUN 3: 1 GiB" in page.text
    assert "1 to 20. Several are called by the name above" in page.text
    assert "Review + create" in page.buttons


def test_the_images_own_group_is_chosen_however_its_id_spells_it(house: House, browser: Browser) -> None:
    house.api.put(f"{SUB}/resourceGroups/Two", {"location": "eastus"})
    house.api.generalized("other")
    golden = f"{SUB}/resourceGroups/TWO/providers/Microsoft.Compute/images/golden"
    house.api.put(golden, image_body(f"{COMPUTE}/virtualMachines/other"))

    page = browser.visit("/portal/images/tWo/golden/create-vm")

    assert '<option value="Two" selected>Two</option>' in page.html


def test_one_machine_in_a_network_that_is_there(house: House, browser: Browser) -> None:
    moment = house.world.clock.now()
    page = created(house, browser, tag=["stage", ""], tag_value=["test", ""])

    assert page.path == f"/portal/deployments/lab/CreateVm-web-{moment:%Y%m%d%H%M%S}"
    assert "The virtual machine web is there." in page.text
    assert page.links["Go to web"] == "/portal/virtual-machines/lab/web"
    machine = house.api.get(f"{COMPUTE}/virtualMachines/web")
    assert machine["tags"] == {"stage": "test"}
    profile = machine["properties"]["storageProfile"]
    assert profile["imageReference"]["id"].endswith("/images/golden")
    assert [each["lun"] for each in profile["dataDisks"]] == [3]
    nic = house.api.get(f"{NETWORK}/networkInterfaces/webVMNic")["properties"]["ipConfigurations"][0]["properties"]
    assert nic["subnet"]["id"] == SUBNET
    assert "publicIPAddress" not in nic
    networks = house.api.get(f"{SUB}/providers/Microsoft.Network/virtualNetworks")["value"]
    assert [each["name"] for each in networks] == ["net"]


def test_three_machines_in_a_group_and_a_network_that_are_new(house: House, browser: Browser) -> None:
    more = {"group": "*", "new_group": "farm", "count": "3", "subnet": "*", "public": "on"}
    review = browser.send(CREATE, **filled(**more))

    assert "web0, web1, web2" in review.text
    assert "webVNET (new)" in review.text
    assert groups(house) == ["lab"]
    assert made(house) == []

    page = created(house, browser, **more)

    assert "3 virtual machines are there." in page.text
    assert machines(house) == ["web0", "web1", "web2"]
    farm = f"{SUB}/resourceGroups/farm/providers"
    for name in machines(house):
        disks = house.api.get(f"{farm}/Microsoft.Compute/virtualMachines/{name}")["properties"]["storageProfile"]
        assert [each["lun"] for each in disks["dataDisks"]] == [3]
        address = house.api.get(f"{farm}/Microsoft.Network/publicIPAddresses/{name}PublicIP")
        assert address["sku"]["name"] == "Standard"
    assert house.api.get(f"{farm}/Microsoft.Network/virtualNetworks/webVNET")["location"] == "eastus"


@pytest.mark.parametrize(
    ("changes", "said", "place"),
    [
        ({"name": "we b"}, "Resource name we b is invalid", "name"),
        ({"name": ""}, "Type a name for the virtual machine.", "name"),
        ({"count": "21"}, "Type a number from 1 to 20.", "count"),
        ({"size": "Standard_X"}, "The size 'Standard_X' is not known here", "size"),
        ({"user": "root"}, "The Admin Username specified is not allowed", "user"),
        ({"key": "ssh-rsa nonsense"}, "This is no SSH public key.", "key"),
        ({"subnet": "*", "network": "a b"}, "Resource name a b is invalid", "network"),
        ({"subnet": f"{SUBNET}x"}, "This subnet is not there", "subnet"),
        ({"group": "*"}, "Type a name for the new resource group", "new_group"),
        ({"group": "*", "new_group": "LAB"}, "There is a resource group of that name.", "new_group"),
        ({"group": "*", "new_group": "far m"}, "InvalidResourceGroup", "new_group"),
        ({"tag": ["a<"], "tag_value": ["b"]}, "Tag names have 1 to 512 characters", "tag-1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_stands_beside_its_field_and_nothing_is_made(
    house: House, browser: Browser, changes: Form, said: str, place: str
) -> None:
    page = browser.send(CREATE, **filled(**changes))

    assert (page.status, page.path) == (400, CREATE)
    fault = re.search(rf'id="{place}-fault"[^>]*>(.*?)</p>', page.html)
    assert fault is not None, page.text
    assert said in html.unescape(fault[1])
    assert 'value="web"' in page.html or "name" in changes
    house.world.drive()
    assert made(house) == []
    assert groups(house) == ["lab"]


def test_a_name_that_is_taken_is_refused_before_the_machine_of_that_name_is_touched(
    house: House, browser: Browser
) -> None:
    created(house, browser)

    page = browser.send(CREATE, **filled(name="WEB"))

    assert page.status == 400
    assert "There is a virtual machine web in the resource group lab already." in page.text


def test_a_password_is_asked_for_on_the_second_page_and_is_on_no_page_ever(house: House, browser: Browser) -> None:
    review = browser.send(CREATE, **filled(login="password", key=""))
    weak = browser.send(CREATE, **carried(review, password="weak1", repeated="weak1"))
    differing = browser.send(CREATE, **carried(review, password=PASSWORD, repeated="other"))
    none = browser.send(CREATE, **carried(review))

    assert 'type="password" value=""' in review.html
    assert "The supplied password must be between 6-72 characters" in weak.text
    assert re.search(r'id="password-fault"', weak.html)
    assert "The two passwords differ." in differing.text
    assert "Type a password." in none.text
    assert made(house) == []

    page = browser.send(CREATE, **carried(review, password=PASSWORD, repeated=PASSWORD))
    house.world.drive()

    assert machines(house) == ["web"]
    log = house.api.call(
        "GET", f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
    )
    shown = house.api.call("GET", f"{LAB}/providers/Microsoft.Resources/deployments")
    for text in (weak.html, differing.html, page.html, log.text, shown.text):
        assert PASSWORD not in text
        assert "weak1" not in text


def test_a_private_key_is_offered_once_and_only_its_public_half_comes_back(
    house: House, browser: Browser, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    review = browser.send(CREATE, **filled(login="generate", key=""))
    again = browser.send(CREATE, **filled(login="generate", key=""))

    private = private_key(review)
    assert private != private_key(again)
    assert 'download="web_key.pem"' in review.html
    assert review.answer.headers["cache-control"] == "no-store"
    unticked = browser.send(CREATE, **carried(review))
    assert (unticked.status, made(house)) == (400, [])
    assert "Download the private key first" in unticked.text
    assert private_key(unticked) != private

    page = browser.send(CREATE, **carried(review, downloaded="on"))
    house.world.drive()

    public = load_ssh_private_key(private, None).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    linux = house.api.get(f"{COMPUTE}/virtualMachines/web")["properties"]["osProfile"]["linuxConfiguration"]
    assert linux["ssh"]["publicKeys"][0]["keyData"] == f"{public.decode()} azureuser"
    kept = private.decode().splitlines()[2]
    for text in (page.html, caplog.text, *texts_in(tmp_path)):
        assert kept not in text
        assert base64.b64encode(private).decode()[60:120] not in text


def private_key(page: Shown) -> bytes:
    found = re.search(r'href="data:application/x-pem-file;base64,([^"]+)"', page.html)
    assert found is not None
    return base64.b64decode(html.unescape(found[1]))


def texts_in(folder: Path) -> list[str]:
    return [data_of(each).decode("latin-1") for each in folder.rglob("*") if each.is_file()]


def data_of(file: Path) -> bytes:
    """What was ever written to it; the base image is a hole of 4 GiB."""
    found, at = b"", 0
    with file.open("rb") as opened, suppress(OSError):  # there is no more
        while True:
            begin = os.lseek(opened.fileno(), at, os.SEEK_DATA)
            at = os.lseek(opened.fileno(), begin, os.SEEK_HOLE)
            found += os.pread(opened.fileno(), at - begin, begin)
    return found


def test_an_image_of_windows_takes_a_password_only(house: House, browser: Browser) -> None:
    disk: Document = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    house.api.put(f"{COMPUTE}/disks/windows", {"location": "eastus", "properties": disk})
    os_disk: Document = {
        "osType": "Windows",
        "osState": "Generalized",
        "managedDisk": {"id": f"{COMPUTE}/disks/windows"},
    }
    properties: Document = {"storageProfile": {"osDisk": os_disk}}
    house.api.put(f"{COMPUTE}/images/golden-windows", {"location": "eastus", "properties": properties})
    create = "/portal/images/lab/golden-windows/create-vm"

    form = browser.visit(create)
    review = browser.send(create, **filled(login="generate", size="Standard_B2s"))

    assert 'value="generate"' not in form.html
    assert 'value="golden-win-vm"' in form.html
    assert 'type="password"' in review.html
    assert "PRIVATE KEY" not in review.html
    page = browser.send(create, **carried(review, password=PASSWORD, repeated=PASSWORD))
    assert page.path.startswith("/portal/deployments/lab/"), page.text


def test_a_private_key_that_was_pasted_is_not_sent_back(house: House, browser: Browser) -> None:
    pasted = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5v\n-----END OPENSSH PRIVATE KEY-----"

    page = browser.send(CREATE, **filled(key=pasted))

    assert page.status == 400
    assert "This is no SSH public key." in page.text
    assert "b3BlbnNzaC1rZXktdjEAAAAABG5v" not in page.html


def test_a_reader_is_offered_nothing_and_refused(house: House) -> None:
    reader = house.browser(house.person("rita", "Reader"))

    page = reader.visit(CREATE)
    assert "Review + create" not in page.buttons
    assert "You lack the right to do this." in page.text

    for do in ("review", "create"):
        refused = reader.send(CREATE, **filled(do=do))
        assert refused.status == 403
        assert "AuthorizationFailed" in refused.text
    assert made(house) == []


def test_who_may_use_one_group_is_offered_that_one_and_no_new_one(house: House) -> None:
    house.api.put(f"{SUB}/resourceGroups/other", {"location": "eastus"})
    ann = house.person("ann", "Contributor", LAB)

    page = house.browser(ann).visit(CREATE)

    assert '<option value="lab" selected>lab</option>' in page.html
    assert ">other<" not in page.html
    assert 'name="new_group"' not in page.html
    refused = house.browser(ann).send(CREATE, **filled(group="*", new_group="hers"))
    assert "Microsoft.Resources/deployments/validate/action" in refused.text
    assert groups(house) == ["lab", "other"]


@pytest.mark.parametrize(
    ("lacks", "left"),
    [
        ([], ["lab"]),
        (["Microsoft.Resources/subscriptions/resourceGroups/delete"], ["farm", "lab"]),
    ],
    ids=["who may delete groups", "who may not"],
)
def test_a_group_that_was_made_for_what_is_then_refused_is_taken_back(
    house: House, lacks: list[str], left: list[str]
) -> None:
    """Trying it takes another right than doing it."""
    role = f"{SUB}/{AUTHORIZATION}/roleDefinitions/{guid('tries')}"
    house.api.put(role, definition("tries", ("*",), (SUB,), ("Microsoft.Resources/deployments/write", *lacks)))
    tess = house.browser(house.person("tess", guid("tries")))

    page = tess.send(CREATE, **filled(do="create", group="*", new_group="farm"))
    house.world.drive()

    assert page.status == 403
    assert "Microsoft.Resources/deployments/write" in page.text
    assert groups(house) == left
    assert made(house) == []


def test_back_to_the_form_brings_everything_that_was_typed(house: House, browser: Browser) -> None:
    typed = filled(count="2", tag=["a", "b"], tag_value=["1", "2"], public="on", user="ana")
    review = browser.send(CREATE, **typed)

    form = browser.send(CREATE, **carried(review, do="edit"))

    assert form.status == 200
    for value in ("web", "2", "ana", "a", "b", "1"):
        assert f'value="{value}"' in form.html
    assert KEY in html.unescape(form.html)
    assert made(house) == []


def test_the_same_action_is_shown_for_other_tools_without_what_is_secret(house: House, browser: Browser) -> None:
    review = browser.send(CREATE, **filled(login="generate", count="2"))

    body = private_key(review).decode().splitlines()[2]
    assert "az vm create" in review.text
    assert "--count 2" in review.text
    assert body not in review.text


def test_the_pages_are_spanish_to_a_spanish_reader(house: House) -> None:
    ana = house.browser(language="es")

    form = ana.visit(CREATE)
    wrong = ana.send(CREATE, **filled(count="99", name=""))
    generated = ana.send(CREATE, **filled(login="generate"))
    password = ana.send(CREATE, **filled(login="password"))
    under_way = ana.send(CREATE, **carried(generated, downloaded="on"))
    house.world.drive()
    done = ana.visit(under_way.path)

    for page in (form, wrong, generated, password, under_way, done):
        assert page.left_in("en") == set()
    assert "Crear una máquina virtual" in form.text
    assert "Revisar y crear" in form.buttons
    assert "La máquina virtual web ya está creada." in done.text

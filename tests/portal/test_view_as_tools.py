"""What is shown is what the tools and this service take: az's own parser, terraform's own formatter, the API itself."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.portal.view_as import blocks
from calco.portal.view_as.action import (
    Action,
    ActOnMachines,
    CaptureImage,
    CreateGroup,
    CreateImage,
    CreateMachines,
    CreateSnapshot,
    Delete,
    ExportDisk,
    ImportDisk,
    MachineVerb,
    Place,
    SetTags,
)
from calco.portal.view_as.parts import machine_names
from tests.arm.api import COMPUTE, LAB, Api
from tests.contract.azure_cli import BIN
from tests.portal.test_view_as_quoting import TERRAFORM, terraform
from tests.portal.view_actions import ACTIONS, KEY, NASTY, PLACE, with_names
from tests.world import LOCATION, SUBSCRIPTION, World

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "az_parsing_script.py"


def shown(action: Action, tool: str, place: Place = PLACE) -> str:
    (found,) = (block.text for block in blocks(action, place) if block.tool == tool)
    return found


# --- az --------------------------------------------------------------------------------------------------------------

FUNCTION = """az() { printf '%s\\0' "$#" "$@"; }
curl() { :; }
tail() { :; }
"""


def az_lines(text: str, folder: Path) -> list[list[str]]:
    """The words of every az command in a bash text, as bash itself hands them over; nothing else in it runs."""
    plain = re.sub(r"sas=\$\((az .*?)\)( &&)?$", r"\1\2", text, flags=re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        ["bash", "--norc", "-c", FUNCTION + plain], capture_output=True, cwd=folder, timeout=20, check=True
    )
    assert done.stderr == b""
    words = iter(done.stdout.decode().split("\0")[:-1])
    return [[next(words) for _ in range(int(count))] for count in words]


@pytest.mark.slow
@pytest.mark.skipif(not BIN.is_dir(), reason="az is not installed")
def test_az_itself_knows_every_command_and_option_and_takes_each_value_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("read from a file")
    tags = {"x": "@secret", "a=b": NASTY}
    given = [*ACTIONS, *with_names("-O'Hara $(id)", tags), *with_names("plain", {"k": NASTY, "é": "=@secret"})]
    texts = [shown(action, "az") for action in given]

    lines = [line for text in texts for line in az_lines(text, tmp_path)]

    assert len(lines) > 60
    found = parsed(lines, tmp_path)
    for line, answer in zip(lines, found, strict=True):
        assert "refused" not in answer, f"az {shlex.join(line)}: {answer}"
        assert answer["command"] == " ".join(line)[: len(answer["command"])]
        assert "read from a file" not in str(answer)
    nasty = [answer["tags"] for answer in found if "tags" in answer]
    assert any(f"k={NASTY}" in each for each in nasty)
    sent = [json.loads(answer["body"])["properties"]["tags"] for answer in found if "body" in answer]
    assert tags in sent


def parsed(lines: list[list[str]], folder: Path) -> list[dict[str, str]]:
    environ = {"HOME": str(folder), "AZURE_CONFIG_DIR": str(folder / "az"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [BIN / "python", "-W", "ignore", SCRIPT],
        input=json.dumps(lines), capture_output=True, text=True, cwd=folder, env=environ, timeout=110, check=True,
    )  # fmt: skip
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


# --- Terraform -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
def test_terraforms_own_formatter_would_change_nothing(tmp_path: Path) -> None:
    for action in (*ACTIONS, *with_names(NASTY, {NASTY: NASTY, "for": "x", "a = b": "y"})):
        text = shown(action, "terraform")
        if text:
            assert terraform(tmp_path, "fmt", f"{text}\n", "-") == f"{text}\n"


# --- REST ------------------------------------------------------------------------------------------------------------

HERE = Place("https://cloud.test:8443", SUBSCRIPTION, LOCATION)


def of(type: str, name: str, group: str = "lab") -> ResourceId:
    return ResourceId(SUBSCRIPTION, group, "Microsoft.Compute", (type,), (name,))


def send(api: Api, action: Action) -> list[tuple[str, int]]:
    """Every request that is shown, one after the other, each carried to its end; blobs are another endpoint's."""
    answers = []
    for request in shown(action, "rest", HERE).split("\n\n###\n\n"):
        head, _, body = request.partition("\n\n")
        method, url = head.split("\n")[0].split(" ")
        if "{accessSAS}" in url:
            continue
        assert "Authorization: Bearer {token}" in head
        answer = api.call(method, url, json.loads(body) if body else None)
        assert answer.status_code < 300, f"{request}\n{answer.text}"
        api._ended(answer)
        answers.append((f"{method} {unquote(url).split('?')[0].rsplit('/', 1)[1]}", answer.status_code))
    return answers


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(World(tmp_path)).with_network()


def test_this_service_takes_a_capture_and_machines_from_it_as_rest_shows_them(api: Api) -> None:
    web1, golden = of("virtualMachines", "web1"), of("images", "golden", "images")
    api.machine("web1")

    captured = send(api, CaptureImage(web1, golden, new_group=True, delete_machine=True, tags={"by": "O'Hara"}))
    create = CreateMachines(
        of("virtualMachines", "clone"), golden, "Standard_B1s", "azureuser", public_key=KEY, count=2, tags={"a": NASTY}
    )
    made = send(api, create)
    alone = CreateMachines(
        of("virtualMachines", "alone"), golden, "Standard_B1s", "azureuser", public_key=KEY, public_address=False,
        subnet=ResourceId.parse(f"{LAB}/providers/Microsoft.Network/virtualNetworks/net").child("subnets", "default"),
    )  # fmt: skip
    send(api, alone)

    assert captured == [
        ("PUT images", 201), ("POST deallocate", 202), ("POST generalize", 200), ("PUT golden", 201),
        ("DELETE web1", 202),
    ]  # fmt: skip
    assert made == [("PUT create-clone", 201)]
    machines = {each["name"]: each for each in api.get(f"{COMPUTE}/virtualMachines")["value"]}
    assert machines.keys() == {*machine_names(create), "alone"}
    assert machines["clone0"]["tags"] == {"a": NASTY}
    data = machines["clone1"]["properties"]["storageProfile"]["dataDisks"]
    assert [disk["lun"] for disk in data] == [3], "the image brings its data disks"


def test_this_service_takes_everything_else_as_rest_shows_it(api: Api) -> None:
    api.machine("web1")
    web1, disk, taken = of("virtualMachines", "web1"), of("disks", "up"), of("snapshots", "taken")
    done = [
        send(api, ActOnMachines(verb, (web1,)))
        for verb in (MachineVerb.DEALLOCATE, MachineVerb.START, MachineVerb.RESTART)
    ]
    lan = ResourceId(SUBSCRIPTION, "grüppe.(1)")
    os_disk = ResourceId.parse(
        api.get(f"{COMPUTE}/virtualMachines/web1")["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    )

    done += [
        send(api, CreateGroup(lan, {"a": "1"})),
        send(api, CreateSnapshot(taken, os_disk)),
        send(api, CreateImage(of("images", "of-snapshot"), taken)),
        send(api, ExportDisk(taken, "t.vhd")),
        send(api, SetTags(web1, {"k": NASTY})),
        send(api, SetTags(lan, {})),
        send(api, Delete((taken, of("images", "of-snapshot"), lan))),
    ]
    created = send_until(api, ImportDisk(disk, "one.vhd", 20_972_032, OsType.LINUX), "beginGetAccess")

    assert [answers[-1][1] for answers in done] == [202, 202, 202, 201, 202, 201, 202, 200, 200, 202]
    assert api.get(f"{COMPUTE}/virtualMachines/web1")["tags"] == {"k": NASTY}
    assert created == "ActiveUpload"


def send_until(api: Api, action: ImportDisk, verb: str) -> str:
    """What is shown up to that request, and the disk's state then: its bytes go to another endpoint."""
    for request in shown(action, "rest", HERE).split("\n\n###\n\n"):
        head, _, body = request.partition("\n\n")
        method, url = head.split("\n")[0].split(" ")
        answer = api.call(method, url, json.loads(body))
        assert answer.status_code == 202, answer.text
        api._ended(answer)
        if verb in url:
            break
    state = api.get(str(action.disk), version="2024-03-02")["properties"]["diskState"]
    assert isinstance(state, str)
    return state

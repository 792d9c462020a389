"""View as: what each tool is told, for every form and command of the portal."""

import inspect
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

import calco
from calco.model.machine import Generation
from calco.portal import view_as
from calco.portal.view_as import blocks, template
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
    SetTags,
)
from calco.portal.view_as.parts import machine_names
from calco.portal.view_as.shown import Block, Note
from tests.portal.view_actions import (
    ACTIONS,
    BY_PASSWORD,
    CAPTURE,
    CREATE,
    KEY,
    PLACE,
    disk,
    group,
    image,
    machine,
    snapshot,
)

GOLDEN = Path(__file__).parent / "golden"
WORDS = Path(calco.__file__).parent / "portal/words"
PRIVATE = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
-----END OPENSSH PRIVATE KEY-----"""


def shown(action: Action, tool: str) -> Block:
    (found,) = (block for block in blocks(action, PLACE) if block.tool == tool)
    return found


def text(action: Action, tool: str) -> str:
    return shown(action, tool).text


# --- as a whole ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "action"),
    [("deallocate", ActOnMachines(MachineVerb.DEALLOCATE, (machine(),))), ("capture", CAPTURE), ("create", CREATE)],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_an_action_reads_as_it_was_looked_at(name: str, action: Action) -> None:
    found = "\n".join(
        f"=== {block.title} ({block.language}): {', '.join(block.notes)}\n{block.text}\n"
        for block in blocks(action, PLACE)
    )

    assert found == (GOLDEN / f"view_as_{name}.txt").read_text()


@pytest.mark.parametrize("action", ACTIONS, ids=lambda each: type(each).__name__)
def test_every_action_has_all_four_tools_and_what_a_tool_cannot_do_is_said(action: Action) -> None:
    found = blocks(action, PLACE)

    assert [block.tool for block in found] == ["az", "powershell", "rest", "terraform"]
    for block in found:
        assert block.text or block.notes, f"{block.tool} says nothing at all"
        assert not block.text.endswith("\n")
        comments = re.findall(r"^\s*(?:#(?!##$)|//).*", block.text, re.MULTILINE)
        assert comments == [], "words belong to the catalogue"


def test_every_kind_of_action_is_among_those_looked_at() -> None:
    assert {type(each) for each in ACTIONS} == set(get_args(Action))


def test_every_note_has_its_sentence_in_every_language_and_is_said_somewhere() -> None:
    said = {note for action in ACTIONS for block in blocks(action, PLACE) for note in block.notes}

    assert said == set(Note)
    for language in ("en", "es"):
        texts = tomllib.loads((WORDS / language / "view_as.toml").read_text())
        assert set(Note) <= texts.keys(), language


def test_view_as_asks_nobody_and_knows_the_model_alone() -> None:
    folder = Path(inspect.getfile(view_as)).parent
    imports = {
        found
        for file in folder.glob("*.py")
        for found in re.findall(r"^(?:from|import) (\S+)", file.read_text(), re.MULTILINE)
    }

    own = {name for name in imports if name.startswith("calco.")}
    assert {name for name in own if not name.startswith(("calco.model", "calco.portal.view_as"))} == set()
    assert imports - own <= {"collections.abc", "dataclasses", "enum", "itertools", "json", "re", "shlex", "types",
                             "typing", "urllib.parse"}  # fmt: skip


# --- steps -----------------------------------------------------------------------------------------------------------


def verbs(action: Action, tool: str) -> list[str]:
    found = {
        "az": r"az (\w+ \w+)",
        "powershell": r"(?:^|= )\s*([A-Z]\w+-Az\w+)",
        "rest": r"^([A-Z]+) \S+?/(\w+)\?",
        "terraform": r'^resource "(\w+)" "\w+"',
    }
    return [
        " ".join(each) if isinstance(each, tuple) else each
        for each in re.findall(found[tool], text(action, tool), re.MULTILINE)
    ]


def test_a_capture_has_the_steps_that_the_page_announces_in_their_order() -> None:
    assert verbs(CAPTURE, "az") == ["group create", "vm deallocate", "vm generalize", "image create", "vm delete"]
    assert verbs(CAPTURE, "powershell") == [
        "New-AzResourceGroup", "Stop-AzVM", "Set-AzVM", "New-AzImageConfig", "New-AzImage", "Remove-AzVM",
    ]  # fmt: skip
    assert verbs(CAPTURE, "rest") == ["PUT images", "POST deallocate", "POST generalize", "PUT golden", "DELETE web1"]
    assert verbs(CAPTURE, "terraform") == [
        "azurerm_resource_group", "azapi_resource_action", "azapi_resource_action", "azurerm_image",
    ]  # fmt: skip


def test_a_generalized_machine_is_neither_stopped_nor_marked_again_nor_deleted_unasked() -> None:
    done = CaptureImage(machine(), image(), deallocate=False, generalize=False)

    assert verbs(done, "az") == ["image create"]
    assert verbs(done, "powershell") == ["New-AzImageConfig", "New-AzImage"]
    assert verbs(done, "rest") == ["PUT golden"]
    assert "depends_on" not in text(done, "terraform")


def test_a_machine_is_deleted_only_when_its_image_was_made() -> None:
    steps = text(CAPTURE, "az").replace(" \\\n", " ").split("\n")

    assert all(step.endswith(" &&") for step in steps[:-1])
    lines = text(CAPTURE, "powershell").split("\n")
    assert (lines[0], lines[1], lines[-1]) == ("& {", "  $ErrorActionPreference = 'Stop'", "}")
    assert Note.REST_WAIT in shown(CAPTURE, "rest").notes


def test_an_image_keeps_the_generation_of_what_it_is_made_of() -> None:
    """az and New-AzImageConfig send V1 when they are not told."""
    for tool, words in {
        "az": "--hyper-v-generation V2",
        "powershell": "-HyperVGeneration V2",
        "rest": '"hyperVGeneration": "V2"',
        "terraform": 'hyper_v_generation  = "V2"',
    }.items():
        action = CreateImage(image(), disk(), generation=Generation.V2)
        assert words in text(action, tool), tool


@pytest.mark.parametrize(
    ("source", "rest", "powershell", "terraform"),
    [
        (disk(), '"managedDisk": {', "-ManagedDiskId ", "managed_disk_id = "),
        (snapshot(), '"snapshot": {', "-SnapshotId ", "managed_disk_id = azurerm_managed_disk.disk.id"),
        ("https://a.blob.x/vhds/a.vhd", '"blobUri": "', "-BlobUri ", "blob_uri     = "),
    ],
    ids=["disk", "snapshot", "blob"],
)
def test_an_image_is_made_of_any_source(source: object, rest: str, powershell: str, terraform: str) -> None:
    assert isinstance(source, str | type(disk()))
    action = CreateImage(image(), source)

    assert rest in text(action, "rest")
    assert powershell in text(action, "powershell")
    assert terraform in text(action, "terraform")


def test_access_to_a_disk_is_taken_back_even_when_the_bytes_did_not_come() -> None:
    for action in (ExportDisk(disk(), "d.vhd"), ImportDisk(disk(), "d.vhd", 20_972_032)):
        before, last = text(action, "az").rsplit("\n", 1)
        assert last == "az disk revoke-access -g lab -n data"
        assert not before.endswith("&&")
        assert text(action, "rest").count("endGetAccess") == 1
    assert "finally { Revoke-AzDiskAccess" in text(ExportDisk(disk(), "d.vhd"), "powershell")


def test_a_snapshots_bytes_are_asked_of_the_snapshot() -> None:
    export = ExportDisk(snapshot(), "t.vhd")

    assert verbs(export, "az") == ["snapshot grant", "storage blob", "snapshot revoke"]
    assert verbs(export, "powershell") == ["Grant-AzSnapshotAccess"]
    assert "Microsoft.Compute/snapshots/taken/beginGetAccess" in text(export, "rest")
    assert text(export, "terraform") == ""


def test_the_pages_that_rest_shows_end_with_the_footer() -> None:
    shown_pages = text(ImportDisk(disk(), "d.vhd", 20_972_032), "rest")

    ranges = re.findall(r"x-ms-range: bytes=(\d+)-(\d+)\nContent-Length: (\d+)", shown_pages)

    assert [tuple(map(int, each)) for each in ranges] == [(0, 4194303, 4194304), (20971520, 20972031, 512)]


def test_many_machines_are_named_as_az_names_them() -> None:
    assert machine_names(CREATE) == ("web0", "web1", "web2")
    assert machine_names(replace(CREATE, count=1)) == ("web",)
    assert "--count 3" in text(CREATE, "az")
    assert "--count" not in text(replace(CREATE, count=1), "az")
    assert "foreach ($name in 'web0', 'web1', 'web2') {" in text(CREATE, "powershell")
    assert 'toset(["web0", "web1", "web2"])' in text(CREATE, "terraform")


def test_a_machine_without_a_public_address_gets_none_from_any_tool() -> None:
    assert "--public-ip-address ''" in text(BY_PASSWORD, "az")
    for tool in ("powershell", "rest", "terraform"):
        assert "ublicI" not in text(BY_PASSWORD, tool)
        assert "public_ip" not in text(BY_PASSWORD, tool)
        assert Note.PUBLIC_ADDRESS not in shown(BY_PASSWORD, tool).notes


def test_a_subnet_that_is_there_is_used_and_no_network_made() -> None:
    for tool in ("az", "powershell", "rest", "terraform"):
        found = text(BY_PASSWORD, tool)
        assert "virtualNetworks/net/subnets/default" in found
        assert "10.0.0.0" not in found
        assert "--vnet-name" not in found


def test_things_that_have_no_cmdlet_of_their_own_are_deleted_by_id() -> None:
    other = group().child("x", "y")
    other = replace(other, namespace="Microsoft.Network", types=("networkInterfaces",), names=("nic",))

    assert verbs(Delete((other,)), "az") == ["resource delete"]
    assert verbs(Delete((other,)), "powershell") == ["Remove-AzResource"]


# --- no secrets ------------------------------------------------------------------------------------------------------


def everything(action: Action) -> str:
    return "\n".join(block.text for block in blocks(action, PLACE))


def test_a_private_key_pasted_for_a_public_one_is_shown_by_no_tool() -> None:
    pasted = replace(CREATE, public_key=PRIVATE)

    assert "PRIVATE" not in everything(pasted)
    assert "b3BlbnNzaC1rZXktdjE" not in everything(pasted)
    assert "--generate-ssh-keys" in text(pasted, "az")
    assert "{publicKey}" in text(pasted, "rest")
    assert "b3Blbn" not in repr(pasted)


def test_a_public_key_is_shown_as_it_is() -> None:
    assert all(KEY in block.text for block in blocks(CREATE, PLACE))


def test_a_password_is_asked_for_by_each_tool_and_stands_in_none() -> None:
    assert "--admin-password" not in text(BY_PASSWORD, "az")
    assert "--authentication-type password" in text(BY_PASSWORD, "az")
    assert "Get-Credential -UserName 'azureuser'" in text(BY_PASSWORD, "powershell")
    assert '"value": "{password}"' in text(BY_PASSWORD, "rest")
    assert '"securestring"' in text(BY_PASSWORD, "rest")
    assert "sensitive = true" in text(BY_PASSWORD, "terraform")


def test_what_a_blobs_address_is_signed_with_is_not_shown() -> None:
    signed = CreateImage(image(), "https://me:pass@a.blob.x/vhds/a.vhd?sv=1&sig=SECRET#SECRET")

    assert "SECRET" not in everything(signed)
    assert "pass" not in everything(signed)
    assert "https://a.blob.x/vhds/a.vhd" in text(signed, "az")


def test_the_password_of_a_deployment_is_a_secure_parameters_value_and_nowhere_else() -> None:
    body = template.deployment(BY_PASSWORD, PLACE, "Correct-horse-9")

    assert str(body).count("Correct-horse-9") == 1
    assert "securestring" in str(body)


# --- tags ------------------------------------------------------------------------------------------------------------


def test_tags_replace_those_that_were_there_and_none_takes_all_away() -> None:
    some, none = SetTags(group(), {"a": "1"}), SetTags(group(), {})

    assert "--operation Replace --tags a=1" in text(some, "az")
    assert verbs(none, "az") == ["tag delete"]
    assert verbs(none, "powershell") == ["Remove-AzTag"]
    assert text(some, "terraform") == 'tags = {\n  a = "1"\n}'


@pytest.mark.parametrize("tags", [{"k": "@/etc/passwd"}, {"a=b": "c"}, {"-x": "y"}, {"@k": "v"}, {"k": "a\0b"}])
def test_az_is_given_no_tag_that_it_would_read_a_file_for_or_take_apart(tags: dict[str, str]) -> None:
    """Source: azure-cli-core 2.91.0, _expand_file_prefixed_files and validate_tag."""
    for action in (SetTags(group(), tags), CreateGroup(group(), tags), CreateSnapshot(snapshot(), disk(), tags)):
        found = shown(action, "az")
        assert "--tags" not in found.text
        assert "az rest --method patch" in found.text
        assert "@" not in found.text
        assert Note.AZ_TAGS in found.notes


def test_an_equals_sign_in_a_tags_name_stays_where_it_is_in_terraform() -> None:
    assert '"a = b"  = "1"' not in text(SetTags(group(), {"a = b": "1", "longer name": "2"}), "terraform")
    assert '"a = b"       = "1"' in text(SetTags(group(), {"a = b": "1", "longer name": "2"}), "terraform")


# --- templates -------------------------------------------------------------------------------------------------------


def test_what_was_typed_is_a_parameters_value_and_never_an_expression() -> None:
    sly = "[parameters('password')]"
    typed = replace(
        CREATE, machine=machine(sly), size=sly, user=sly, network=sly, tags={"t": sly}, image=image(sly), count=1
    )

    properties = template.deployment(typed, PLACE, "")["properties"]

    assert isinstance(properties, dict)
    assert "'password'" not in str(properties["template"])
    assert "'password'" in str(properties["parameters"])


def test_a_template_asks_for_what_it_uses_and_is_given_it() -> None:
    for action in (each for each in ACTIONS if isinstance(each, CreateMachines)):
        properties = template.deployment(action, PLACE, "x")["properties"]
        assert isinstance(properties, dict)
        given, body = properties["parameters"], properties["template"]
        assert isinstance(given, dict)
        assert isinstance(body, dict)
        assert isinstance(body["parameters"], dict)
        assert given.keys() == body["parameters"].keys()
        assert set(re.findall(r"parameters\('(\w+)'\)", str(body["resources"]))) | {"tags"} == given.keys() | {"tags"}

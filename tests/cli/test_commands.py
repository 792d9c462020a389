"""The commands' own words: help, exports, tables, the ssh they run."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from calco import process
from calco.cli import environment, image, virtual_machine
from calco.cli.app import app
from calco.cli.common import Failure, Form, plain, show, show_one
from calco.data_dir import DataDir, Running
from calco.identity import principals
from calco.model.document import Document
from calco.settings import rows
from tests.standing import SeededChance

VM = "11111111-1111-1111-1111-111111111111"
COMMANDS = [
    "up",
    "down",
    "status",
    "env",
    "az",
    "open",
    "doctor",
    "log",
    "user create",
    "user rotate",
    "user delete",
    "user list",
    "sp create",
    "sp rotate",
    "sp delete",
    "sp list",
    "vm list",
    "vm show",
    "vm ssh",
    "vm console",
    "image list",
    "image show",
    "image import",
    "image export",
    "image check",
    "vm check",
    "disk check",
    "snapshot check",
    "vhd check",
]


def help_of(command: str) -> str:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples_and_takes_a_data_directory(command: str) -> None:
    said = help_of(command)

    assert "Examples:" in said
    assert f"calco {command}" in said
    assert "--data-dir" in said


@pytest.mark.parametrize(
    "command",
    [
        *(
            "status",
            "open",
            "doctor",
            "log",
            "vm list",
            "vm show",
            "image list",
            "image show",
            "image import",
            "image export",
        ),
        *(f"{noun} {verb}" for noun in ("user", "sp") for verb in ("create", "rotate", "list")),
        *(f"{noun} check" for noun in ("vm", "image", "disk", "snapshot", "vhd")),
    ],
)
def test_every_command_that_shows_something_speaks_json_too(command: str) -> None:
    assert "-o" in help_of(command)


def test_up_has_a_flag_for_every_setting_with_its_variable() -> None:
    said = help_of("up")

    for row in rows():
        assert f"{row.flag} " in said
        assert row.variable in said
    assert "ready-fd" not in said


def test_help_does_not_wait_for_what_it_does_not_use() -> None:
    script = "import sys; import calco.cli.app; print(sorted(sys.modules))"
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout

    for heavy in ("uvicorn", "httpx", "cryptography", "sqlalchemy", "starlette", "rich.table"):
        assert f"'{heavy}'" not in seen


# --- env -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    found = DataDir(tmp_path / "it's here")
    found.secrets.mkdir(parents=True)
    principals.ensure(found.secrets, SeededChance())
    return found


def test_env_names_everything_clients_read(data: DataDir) -> None:
    values = environment.variables(data)

    assert list(values) == [
        "CALCO_ENDPOINT", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_SUBSCRIPTION_ID",
        "AZURE_AUTHORITY_HOST", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS",
    ]  # fmt: skip
    assert principals.read(data.secrets).has_secret(values["AZURE_CLIENT_SECRET"])


def test_env_says_where_blobs_are_while_a_service_runs(data: DataDir) -> None:
    mark = process.mark(os.getpid())
    assert mark is not None
    data.announce(Running("https://localhost:1", mark, "0", "simulated", "https://localhost:2"))
    running = environment.variables(data)
    data.withdraw()

    assert running["CALCO_BLOB_ENDPOINT"] == "https://localhost:2"
    assert "CALCO_BLOB_ENDPOINT" not in environment.variables(data)


def test_ssh_says_that_a_simulated_machine_is_none_to_log_in_to(data: DataDir) -> None:
    mark = process.mark(os.getpid())
    assert mark is not None
    data.announce(Running("https://localhost:1", mark, "0", "simulated", "https://localhost:2"))

    with pytest.raises(Failure, match="machines are simulated here"):
        virtual_machine.ssh("web1", data_dir_given=os.fspath(data.root))


def test_env_of_a_directory_never_used_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no calco has run") as failed:
        environment.variables(DataDir(tmp_path))
    assert "calco up" in failed.value.hint


@given(st.dictionaries(st.just("A_NAME"), st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_what_is_exported_is_what_a_shell_understands(values: dict[str, str]) -> None:
    # The words a POSIX shell would make of the line, without starting one for each example.
    assert shlex.split(environment.spell(values, "sh")) == ["export", f"A_NAME={values['A_NAME']}"]


def test_other_shells_are_spoken_to_in_their_own_language() -> None:
    values = {"A": "it's"}

    assert environment.spell(values, "powershell") == "$env:A = 'it''s'"
    assert environment.spell(values, "fish").startswith("set -gx A ")
    assert json.loads(environment.spell(values, "json")) == values


def test_an_unknown_shell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no shell known here"):
        environment.env("csh", str(tmp_path))


# --- ssh -------------------------------------------------------------------------------------------------------------


def test_ssh_comes_through_the_door_and_knows_the_machine_by_its_vm_id(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "100% mine")

    argv = virtual_machine.ssh_argv(data, "web1", VM, "azureuser", None, ["uname", "-a"])

    options = dict(argv[i + 1].split("=", 1) for i, word in enumerate(argv) if word == "-o")
    proxy = shlex.split(options["ProxyCommand"].replace("%%", "%"))
    assert proxy[1:] == ["-m", "calco", "vm", "connect", "--data-dir", str(data.root), VM, "22"]
    assert options["HostKeyAlias"] == VM
    assert options["StrictHostKeyChecking"] == "accept-new"
    assert argv[-6:] == ["-l", "azureuser", "--", "web1.calco", "uname", "-a"]


def test_ssh_itself_understands_the_options(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "a folder")
    (tmp_path / "key").touch()
    argv = virtual_machine.ssh_argv(data, "web1", VM, "azureuser", tmp_path / "key", [])

    said = subprocess.run(
        [argv[0], "-G", "-F", "none", *argv[1:]], capture_output=True, text=True, check=True, timeout=30
    )

    shown = dict(line.split(" ", 1) for line in said.stdout.splitlines() if " " in line)
    assert shown["userknownhostsfile"] == str(data.known_hosts / VM)
    assert shown["hostkeyalias"] == VM
    assert (shown["user"], shown["identityfile"]) == ("azureuser", str(tmp_path / "key"))


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_table_shows_whole_cells_when_it_is_not_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show(Form.TABLE, {"a": "FIRST", "b": "SECOND"}, [{"a": "x" * 90, "b": None}, {"a": True}], [])

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["FIRST", "SECOND"], ["x" * 90, "-"], ["yes", "-"]]


def test_json_is_what_the_api_said(capsys: pytest.CaptureFixture[str]) -> None:
    show(Form.JSON, {"a": "A"}, [], [{"id": "x"}])
    show_one(Form.JSON, {}, {"id": "y"})

    assert capsys.readouterr().out == '[\n  {\n    "id": "x"\n  }\n]\n{\n  "id": "y"\n}\n'


@given(st.text())
def test_no_name_can_paint_the_terminal(text: str) -> None:
    assert plain(text).isprintable()


def test_a_machines_row_has_its_power_state_and_not_its_provisioning_state() -> None:
    machine: Document = {
        "name": "web1",
        "id": f"/subscriptions/{VM}/resourceGroups/lab/providers/Microsoft.Compute/virtualMachines/web1",
        "properties": {
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "instanceView": {"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/running"}]},
        },
    }

    assert virtual_machine.summary(machine) == {
        "name": "web1", "group": "lab", "power": "running", "state": "Succeeded", "size": "Standard_B1s",
    }  # fmt: skip


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "name",
                        "id",
                        "properties",
                        "storageProfile",
                        "dataDisks",
                        "osDisk",
                        "sourceVirtualMachine",
                        "usage",
                        "disks",
                        "zones",
                        "usedBytes",
                        "estimatedMonthlyPrice",
                        "instanceView",
                        "statuses",
                        "code",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_document_breaks_a_row(document: object) -> None:
    if isinstance(document, dict):
        image.summary(document)
        image.facts(document, document)
        virtual_machine.summary(document)


def test_the_help_of_the_root_names_every_command() -> None:
    said = help_of("")

    assert all(command.split()[0] in said for command in COMMANDS)

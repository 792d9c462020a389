"""The page for az: its commands are run, word for word, and it shows what they print."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.contract import pages
from tests.contract.azure_cli import BIN, clean
from tests.contract.test_az import TEMPLATES
from tests.service_process import ServiceProcess, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BLOCKS: dict[str, Sequence[str]] = {
    "set up": ["calco az", "alias az='calco az --'"],
    "create": [
        "az group create -n lab -l westeurope",
        (
            "az vm create -g lab -n web1 --image Debian:debian-12:12:latest --size Standard_B2s \\\n"
            "    --admin-username azureuser --generate-ssh-keys"
        ),
        "az vm list -g lab -d -o table",
    ],
    "use": [
        (
            "az vm run-command invoke -g lab -n web1 --command-id RunShellScript --scripts hostname \\\n"
            "    --query 'value[0].code'"
        ),
        "az vm disk attach -g lab --vm-name web1 -n data --new --size-gb 1",
        "az vm boot-diagnostics enable -g lab -n web1",
        "az vm boot-diagnostics get-boot-log-uris -g lab -n web1",
    ],
    "capture": [
        "az vm deallocate -g lab -n web1",
        "az vm generalize -g lab -n web1",
        "az image create -g lab -n golden --source web1",
        (
            "az vm create -g lab -n web2 --image golden --size Standard_B2s --admin-username azureuser \\\n"
            "    --generate-ssh-keys --query powerState"
        ),
        "az vm start -g lab -n web1",
    ],
    "sources": [
        "az disk create -g lab -n system --image-reference Debian:debian-12:12:latest --query diskState",
        "az snapshot create -g lab -n taken --source system --query provisioningState",
        "az image create -g lab -n of-disk --source system --os-type Linux --query provisioningState",
        "az image create -g lab -n of-snapshot --source taken --os-type Linux --query provisioningState",
        "az image list -g lab -o table",
    ],
    "template": [
        "az group create -n templates -l westeurope --query properties.provisioningState",
        "az deployment group what-if -g templates --template-file one_disk.json",
        "az deployment group create -g templates --template-file one_disk.json --query properties.outputs",
    ],
    "rights": [
        "calco sp create looker --role Reader --scope /subscriptions/$AZURE_SUBSCRIPTION_ID -o json",
        (
            "az role assignment list --all --fill-principal-name false \\\n"
            "    --query 'sort_by([], &roleDefinitionName)[].[roleDefinitionName, principalType]' -o tsv"
        ),
        "az lock create -g lab -n kept --lock-type CanNotDelete --query level",
        "az image delete -g lab -n golden",
        "az lock delete -g lab -n kept",
    ],
    "clean up": ["az group delete -n lab --yes", "az group delete -n templates --yes", "az group exists -n lab"],
}
REFUSED = {"az vm start -g lab -n web1", "az image delete -g lab -n golden"}
"""The commands that end with status 1; all others end with 0."""


def test_the_page_for_az_shows_what_its_commands_print(tmp_path: Path) -> None:
    if not BIN.exists() and not os.environ.get("CI"):
        pytest.skip(f"{BIN} is missing: make deps-az")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/one_disk.json").write_bytes((TEMPLATES / "one_disk.json").read_bytes())
    with serving(tmp_path / "data") as service:
        shown = {name: session(service, tmp_path, commands) for name, commands in BLOCKS.items()}
    pages.check("az", shown)


def session(service: ServiceProcess, folder: Path, commands: Sequence[str]) -> str:
    """A terminal: each command behind its prompt, what it printed under it."""
    lines = []
    for command in commands:
        said = pages.steady(
            typed(service, folder, command), (str(folder / "home"), "~"), (str(folder / "data"), "DATA")
        )
        lines.append(f"$ {command}\n{said.rstrip()}".rstrip())
    return pages.fence("console", "\n".join(lines))


def typed(service: ServiceProcess, folder: Path, command: str) -> str:
    """What a shell prints for it, errors and all."""
    programs = (str(Path(sys.executable).parent), str(BIN), os.environ["PATH"])
    environ = {
        **clean(service, folder / "home"),
        "CALCO_HOME": str(service.data.root),
        "PATH": os.pathsep.join(programs),
        "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        "AZURE_CORE_DISPLAY_REGION_IDENTIFIED": "false",
        "COLUMNS": "120",
    }
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1; shopt -s expand_aliases; alias az='calco az --'\n{command}"],
        env=environ,
        cwd=folder / "home",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == (1 if command in REFUSED else 0), f"{command}: exit {done.returncode}\n{done.stdout}"
    return done.stdout

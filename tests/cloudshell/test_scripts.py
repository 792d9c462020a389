"""Scripts as people write them, by the command line, against what each is known to say.

``scripts/NAME.ps1`` runs in a group that looks the same to all of them (``FLEET``), in an order of its own; what it
prints, errors among it, and its exit code are in ``NAME.txt``. With CALCO_WRITE_PAGES set they are written instead,
to be read by a person before they are believed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloudshell.desk import Desk
from tests.contract import pages
from tests.service_process import ServiceProcess, serving

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parent / "scripts"
NAMES = sorted(each.stem for each in SCRIPTS.glob("*.ps1"))
RUNS = {
    "capture": ("web1", "web1 -ImageName second", "nobody", ""),
    "cleanup": ("", "-Delete -Keep 1"),
    "fleet": ("-Count 4",),
}
"""What a script is given, run by run; nothing, once, where it is not here."""

FLEET = """
$ErrorActionPreference = 'Stop'
New-AzResourceGroup -Name lab -Location eastus | Out-Null
$who = New-Object PSCredential 'ada', (ConvertTo-SecureString 'Correct-Horse-9' -AsPlainText -Force)
$same = @{ ResourceGroupName = 'lab'; Location = 'eastus'; Image = 'Debian:debian-12:12:latest'; Credential = $who
    VirtualNetworkName = 'net'; SubnetName = 'default'; SecurityGroupName = 'nsg' }
New-AzVM @same -Name web1 -Size Standard_B1s | Out-Null
New-AzVM @same -Name web2 -Size Standard_B1s | Out-Null
New-AzVM @same -Name db1 -Size Standard_B2s -DataDiskSizeInGb 4, 8 | Out-Null
New-AzVM @same -Name source -Size Standard_B1s | Out-Null
foreach ($role in @{ web1 = 'web'; web2 = 'web'; db1 = 'db' }.GetEnumerator()) {
    $id = (Get-AzVM -ResourceGroupName lab -Name $role.Key).Id
    Update-AzTag -ResourceId $id -Tag @{ role = $role.Value } -Operation Merge | Out-Null
}
Stop-AzVM -ResourceGroupName lab -Name source -Force | Out-Null
Set-AzVM -ResourceGroupName lab -Name source -Generalized | Out-Null
$config = New-AzImageConfig -Location eastus -SourceVirtualMachineId (Get-AzVM -ResourceGroupName lab -Name source).Id
New-AzImage -ResourceGroupName lab -ImageName golden -Image $config | Out-Null
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("scripts") / "data") as service:
        yield service


@pytest.fixture
def fleet(service: ServiceProcess) -> Iterator[ServiceProcess]:
    with Desk(service) as desk:
        desk.run(FLEET)
        yield service
        desk.run("Get-AzResourceGroup | Remove-AzResourceGroup -Force | Out-Null")


def run(service: ServiceProcess, name: str, words: str) -> str:
    """What a person sees who types that, and how it ended."""
    argv = [sys.executable, "-m", "calco", "shell", f"{name}.ps1", *words.split()]
    environ = {**service.environ, "CALCO_HOME": str(service.data.root)}
    done = subprocess.run(
        argv,
        cwd=SCRIPTS,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    typed = " ".join(["> calco shell", f"{name}.ps1", *words.split()])
    return f"{typed}\n{steady(done.stdout)}exit {done.returncode}\n"


def steady(said: str) -> str:
    """Without what differs from run to run."""
    said = re.sub(r"\d\d?/\d\d?/\d{4} \d\d?:\d\d:\d\d [AP]M", "1/1/2026 12:00:00 AM", said)
    said = re.sub(r"-[0-9a-f]{6}\.eastus\.", "-000000.eastus.", said)
    return pages.steady(said, (f"{SCRIPTS}/", ""))


@pytest.mark.parametrize("name", NAMES)
def test_the_script_says_what_it_is_known_to_say(fleet: ServiceProcess, name: str) -> None:
    said = "\n".join(run(fleet, name, words) for words in RUNS.get(name, ("",)))

    known = SCRIPTS / f"{name}.txt"
    if os.environ.get(pages.WRITE):
        known.write_text(said)
    assert said.splitlines() == known.read_text().splitlines()


def test_there_are_as_many_scripts_as_were_promised_and_each_has_what_it_says() -> None:
    assert len(NAMES) >= 15
    assert sorted(each.stem for each in SCRIPTS.glob("*.txt")) == NAMES

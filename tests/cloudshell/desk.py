"""Sessions at a real service, as a terminal holds them, and what scripts need before they begin."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from calco.cli.shell import Local
from calco.cloudshell.session import Outcome
from calco.cloudshell.terminal import TerminalHost
from calco.model.document import Document
from calco.model.vhd import footer
from tests.service_process import ServiceProcess, serving

MIB = 1024 * 1024
WINDOWS, KEEP = "windows", "keep"
"""An image of a generalized Windows, and the group that it lies in."""

FURNISH = """
$ErrorActionPreference = 'Stop'
New-AzResourceGroup -Name {group} -Location eastus | Out-Null
$account = New-AzStorageAccount -ResourceGroupName {group} -Name keepaccount -Location eastus -SkuName Standard_LRS
New-AzStorageContainer -Name vhds -Context $account.Context | Out-Null
$uri = "$($account.PrimaryEndpoints.Blob)vhds/windows.vhd"
Add-AzVhd -ResourceGroupName {group} -Destination $uri -LocalFilePath '{vhd}' | Out-Null
$config = Set-AzImageOsDisk (New-AzImageConfig -Location eastus) -OsType Windows -OsState Generalized -BlobUri $uri
New-AzImage -ResourceGroupName {group} -ImageName {image} -Image $config | Out-Null
"""


@dataclass
class Desk:
    """One session; what it says, errors and all, gathers in ``said``."""

    service: ServiceProcess
    said: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        host = TerminalHost(self.said, self.said, io.StringIO())
        self._local = Local(self.service.data)
        self.session = self._local.begin(host)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self._local.close()

    def run(self, text: str) -> str:
        """What it says to that, which must go well from beginning to end."""
        said, outcome = self.try_run(text)
        errors = self.session.interpreter.shell.variable("Error")
        assert (outcome, errors) == (Outcome(), []), said
        return said

    def try_run(self, text: str) -> tuple[str, Outcome]:
        before = self.said.tell()
        outcome = self.session.run(text)
        return self.said.getvalue()[before:], outcome

    def read(self, group: str, type: str, name: str) -> Document:
        """A resource as the API has it, not as the shell tells it."""
        namespace = "Microsoft.Storage" if type == "storageAccounts" else "Microsoft.Compute"
        group = f"{self.service.client.subscription}/resourceGroups/{group}"
        return self.service.client.get(f"{group}/providers/{namespace}/{type}/{name}")


@contextmanager
def desks(folder: Path) -> Iterator[ServiceProcess]:
    """A service with simulated machines and an image of Windows, for sessions to be held at."""
    with serving(folder / "data") as service:
        with Desk(service) as desk:
            desk.run(FURNISH.format(group=KEEP, image=WINDOWS, vhd=vhd(folder)))
        yield service


def vhd(folder: Path, guest_bytes: int = 4 * MIB) -> Path:
    """A fixed VHD that may pass for a disk of Windows."""
    file = folder / "windows.vhd"
    made = footer(guest_bytes, "1b4e28ba-2fa1-11d2-883f-0016d3cca427", datetime(2026, 1, 1, tzinfo=UTC))
    with file.open("wb") as out:
        out.truncate(guest_bytes)
        out.seek(guest_bytes)
        out.write(made)
    return file

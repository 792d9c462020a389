"""A guest to ask for, a directory that knows it, and a clock that stands still."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from calco.model.document import Document
from calco.model.guest import Guest, GuestNic, Report

VM_ID = "7d1b4f0e-0b0e-4a55-9d3c-3f7b6a1c2e01"
NETWORK = "11111111-2222-4333-8444-555555555555"
ADDRESS = "10.0.0.4"

COMPUTE: Document = {
    "name": "web1",
    "location": "westeurope",
    "vmId": VM_ID,
    "vmSize": "Standard_B2s",
    "osType": "Linux",
    "resourceGroupName": "lab",
    "osProfile": {"adminUsername": "azureuser", "computerName": "web1", "disablePasswordAuthentication": "true"},
    "publicKeys": [{"keyData": "ssh-ed25519 AAAA me", "path": "/home/azureuser/.ssh/authorized_keys"}],
    "storageProfile": {"dataDisks": [{"lun": "0", "name": "data", "isUltraDisk": "false"}]},
    "tags": "team:red;tier:web",
}

NIC = GuestNic("000D3A010203", ADDRESS, None, "10.0.0.0/24")

WEB1 = Guest(VM_ID, incarnation=1, compute=COMPUTE, nics=(NIC,), has_custom_data=True)


@dataclass
class StandingClock:
    """Time that moves when a test says so."""

    seconds: float = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 3, 14, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Directory:
    """Knows the guests of a test by where they are."""

    guests: dict[tuple[str, str], Guest] = field(default_factory=lambda: {(NETWORK, ADDRESS): WEB1})
    reports: list[tuple[str, Report]] = field(default_factory=list)

    def who(self, network: str, address: str) -> Guest | None:
        return self.guests.get((network, address))

    def heard(self, vm_id: str, report: Report) -> None:
        self.reports.append((vm_id, report))


def health(state: str = "Ready", details: str = "") -> bytes:
    """The body of cloud-init's health report."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<Health xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n'
        "<GoalStateIncarnation>1</GoalStateIncarnation><Container><ContainerId>c</ContainerId><RoleInstanceList>"
        f"<Role><InstanceId>i</InstanceId><Health><State>{state}</State>{details}</Health></Role>"
        "</RoleInstanceList></Container></Health>\n"
    ).encode()

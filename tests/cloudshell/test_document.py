"""The document's own scripts, taken out of its file and run as they stand: from each of the four sources to a machine.

What they name is there first, and beside it what a wrong script would take in its stead. The same scripts run once
more as other people would have written them: ``rewriting`` says what it changes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from calco.model.document import Document, Json, at, objects_at, text_at
from tests.cloudshell import rewriting
from tests.cloudshell.desk import KEEP, WINDOWS, Desk, desks
from tests.cloudshell.document import BLOB, DISK, MACHINE, SNAPSHOT, blocks
from tests.cloudshell.rewriting import NAMES
from tests.service_process import ServiceProcess
from tests.shared import needs_shared

pytestmark = [pytest.mark.slow, needs_shared]

SOURCES = (MACHINE, DISK, SNAPSHOT, BLOB)
LABELS = ["OperationId", "Status", "StartTime", "EndTime", "Error"]
IMAGE_LABELS = [
    "ResourceGroupName",
    "SourceVirtualMachine",
    "StorageProfile",
    "ProvisioningState",
    "HyperVGeneration",
    "Id",
    "Name",
    "Type",
    "Location",
    "ExtendedLocation",
    "Tags",
]

GROUP = """
$ErrorActionPreference = 'Stop'
$windows = Get-AzImage -ResourceGroupName {keep} -ImageName {image}
$who = New-Object PSCredential 'ada', (ConvertTo-SecureString 'Correct-Horse-9' -AsPlainText -Force)
New-AzResourceGroup -Name '{myResourceGroup}' -Location eastus | Out-Null
"""
MANAGED = """
foreach ($each in '{myVM}', 'decoy') {{
    New-AzVM -ResourceGroupName '{myResourceGroup}' -Location eastus -Name $each -Image $windows.Id -Credential $who |
        Out-Null
}}
"""
GENERALIZED = """
Stop-AzVM -ResourceGroupName '{myResourceGroup}' -Name '{myVM}' -Force | Out-Null
Set-AzVM -ResourceGroupName '{myResourceGroup}' -Name '{myVM}' -Generalized | Out-Null
"""
SNAPSHOTS = """
foreach ($each in @{{ '{myVM}' = '{mySnapshot}'; decoy = 'decoySnapshot' }}.GetEnumerator()) {{
    $disk = (Get-AzVM -ResourceGroupName '{myResourceGroup}' -Name $each.Key).StorageProfile.OsDisk.ManagedDisk.Id
    $config = New-AzSnapshotConfig -SourceUri $disk -Location eastus -CreateOption Copy
    New-AzSnapshot -ResourceGroupName '{myResourceGroup}' -SnapshotName $each.Value -Snapshot $config | Out-Null
}}
"""
UNMANAGED = """
$account = New-AzStorageAccount -ResourceGroupName '{myResourceGroup}' -Name {mystorageaccount} -Location eastus `
    -SkuName Standard_LRS
New-AzStorageContainer -Name sources -Context $account.Context | Out-Null
$source = "$($account.PrimaryEndpoints.Blob)sources/windows.vhd"
Add-AzVhd -ResourceGroupName '{myResourceGroup}' -Destination $source -LocalFilePath '{vhd}' | Out-Null
$subnet = New-AzVirtualNetworkSubnetConfig -Name default -AddressPrefix 10.1.0.0/24
$network = New-AzVirtualNetwork -ResourceGroupName '{myResourceGroup}' -Location eastus -Name net `
    -AddressPrefix 10.1.0.0/16 -Subnet $subnet
$disks = @{{ '{myVM}' = '{vhdcontainer}/{vhdfilename}.vhd'; decoy = '{vhdcontainer}/decoy.vhd' }}
foreach ($name in $disks.Keys) {{
    $nic = New-AzNetworkInterface -ResourceGroupName '{myResourceGroup}' -Location eastus -Name "nic-$name" `
        -SubnetId $network.Subnets[0].Id
    $vm = New-AzVMConfig -VMName $name -VMSize Standard_B1s |
        Set-AzVMOperatingSystem -Windows -ComputerName old -Credential $who |
        Set-AzVMOSDisk -Name os -VhdUri "$($account.PrimaryEndpoints.Blob)$($disks[$name])" -SourceImageUri $source `
            -CreateOption FromImage -Windows |
        Add-AzVMNetworkInterface -Id $nic.Id
    New-AzVM -ResourceGroupName '{myResourceGroup}' -Location eastus -VM $vm | Out-Null
}}
"""
FIRST = {
    MACHINE: GROUP + MANAGED,
    DISK: GROUP + MANAGED + GENERALIZED,
    SNAPSHOT: GROUP + MANAGED + GENERALIZED + SNAPSHOTS,
    BLOB: GROUP + UNMANAGED,
}
"""What has to be there before each of the scripts."""

DEPLOY = """
$who = New-Object PSCredential 'ada', (ConvertTo-SecureString 'Correct-Horse-9' -AsPlainText -Force)
New-AzVM -ResourceGroupName '{myResourceGroup}' -Location eastus -Name clone -Image '{myImage}' -Credential $who |
    Out-Null
"""
REMOVE = (
    "$Error.Clear(); Get-AzResourceGroup | where ResourceGroupName -ne keep | Remove-AzResourceGroup -Force | Out-Null"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with desks(tmp_path_factory.mktemp("document")) as service:
        yield service


@dataclass
class Scene:
    """What one of the scripts names, made: ``names`` says how it is called, by what the document calls it."""

    desk: Desk
    source: str
    names: Mapping[str, str] = field(default_factory=lambda: NAMES)

    def __post_init__(self) -> None:
        self.desk.run(f"& {{ {self.filled(FIRST[self.source])} }}")

    def filled(self, script: str) -> str:
        vhd = self.desk.service.data.root.parent / "windows.vhd"
        return script.format_map({**self.names, "keep": KEEP, "image": WINDOWS, "vhd": vhd})

    def read(self, type: str, name: str) -> Document:
        return self.desk.read(self.names["myResourceGroup"], type, self.names.get(name, name))

    @property
    def group(self) -> str:
        return f"{self.desk.service.client.subscription}/resourceGroups/{self.names['myResourceGroup']}"

    def id(self, type: str, name: str) -> str:
        return f"{self.group}/providers/Microsoft.Compute/{type}/{self.names.get(name, name)}"

    # --- what must be, and what must not ---

    def holds_one_image_of_its_source(self) -> None:
        images = self.images()
        assert [each["name"] for each in images] == [self.names["myImage"]], "others were made, or none"
        (image,) = images
        assert text_at(image, "location") == "eastus"
        assert text_at(image, "properties", "provisioningState") == "Succeeded"
        disk = at(image, "properties", "storageProfile", "osDisk")
        assert isinstance(disk, dict)
        assert {key: disk.get(key) for key in ("osType", "osState")} == {"osType": "Windows", "osState": "Generalized"}
        told = {key: disk[key] for key in ("managedDisk", "snapshot", "blobUri") if key in disk}
        assert told == self.source_of_its_disk()
        machine: Json = {"id": self.id("virtualMachines", "myVM")} if self.source == MACHINE else None
        assert at(image, "properties", "sourceVirtualMachine") == machine

    def images(self) -> list[Document]:
        return self.desk.service.client.list(f"{self.group}/providers/Microsoft.Compute/images")

    def source_of_its_disk(self) -> dict[str, Json]:
        if self.source == BLOB:
            place = "https://{mystorageaccount}.blob.core.windows.net/{vhdcontainer}/{vhdfilename}.vhd"
            return {"blobUri": place.format_map(self.names)}
        if self.source == SNAPSHOT:
            return {"snapshot": {"id": self.id("snapshots", "mySnapshot")}}
        machine = self.read("virtualMachines", "myVM")
        return {"managedDisk": {"id": text_at(machine, "properties", "storageProfile", "osDisk", "managedDisk", "id")}}

    def left_the_decoy_alone(self) -> None:
        assert states(self, "myVM") == ["VM generalized", "VM deallocated"]
        assert states(self, "decoy") == ["VM running"]

    def deploys(self) -> None:
        self.desk.run(self.filled(DEPLOY))
        clone = self.read("virtualMachines", "clone")
        assert text_at(clone, "properties", "provisioningState") == "Succeeded"
        assert text_at(clone, "properties", "storageProfile", "imageReference", "id") == self.id("images", "myImage")
        assert text_at(clone, "properties", "storageProfile", "osDisk", "osType") == "Windows"
        assert states(self, "clone") == ["VM running"]


def states(scene: Scene, name: str) -> list[str]:
    """What its instance view says of its power and its generalization."""
    view = scene.desk.service.client.get(f"{scene.id('virtualMachines', name)}/instanceView")
    statuses = objects_at(view, "statuses")
    shown = [text_at(each, "displayStatus") or "" for each in statuses]
    return [each for each in shown if each.startswith("VM ")]


def labels(said: str) -> list[str]:
    """Of what is printed as lists, in order."""
    return re.findall(r"^(\w+) +:", said, re.MULTILINE)


def carried_out(scene: Scene, script: list[str]) -> list[str]:
    """What each block says, pasted one after the other into one session; the image is what it should be and deploys."""
    said = [scene.desk.run(each) for each in script]
    assert "WARNING" not in "".join(said)
    scene.holds_one_image_of_its_source()
    scene.left_the_decoy_alone()
    scene.deploys()
    return said


def test_the_document_has_these_scripts_and_no_others() -> None:
    assert {anchor: len(script) for anchor, script in blocks().items()} == dict(zip(SOURCES, (6, 5, 4, 4), strict=True))


@pytest.fixture
def desk(service: ServiceProcess) -> Iterator[Desk]:
    with Desk(service) as desk:
        yield desk
        desk.run(REMOVE)


@pytest.mark.parametrize("source", SOURCES)
def test_the_documents_script_runs_as_it_stands_and_its_image_deploys(desk: Desk, source: str) -> None:
    said = carried_out(Scene(desk, source), blocks()[source])

    shown = {MACHINE: [*LABELS, *LABELS, *IMAGE_LABELS], BLOB: [*LABELS, *LABELS]}
    assert labels("".join(said)) == shown.get(source, IMAGE_LABELS)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("source", SOURCES)
def test_the_script_as_somebody_else_would_have_written_it_does_the_same(desk: Desk, source: str, seed: int) -> None:
    script, names = rewriting.rewritten(blocks()[source], seed=f"{source} {seed}")
    assert script != blocks()[source]

    carried_out(Scene(desk, source, names), script)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("New-AzImage -Image $image", "New-AzImage -Im $image", "the parameter name 'Im' is ambiguous"),
        ("-SourceVirtualMachineId ", "-SourceVM ", "A parameter cannot be found that matches parameter name"),
        ("New-AzImage -Image $image", "New-AzImages -Image $image", "The term 'New-AzImages' is not recognized"),
    ],
)
def test_a_name_that_may_mean_two_things_or_means_none_makes_no_image(
    desk: Desk, right: str, wrong: str, said: str
) -> None:
    scene = Scene(desk, MACHINE)
    text = "".join(blocks()[MACHINE])
    assert right in text

    told, outcome = desk.try_run(text.replace(right, wrong))

    assert said in plain(told)
    assert not outcome.ended, "such an error ends its statement and not the script"
    assert scene.images() == []


def test_where_nothing_of_that_name_is_the_script_says_so_and_makes_nothing(desk: Desk) -> None:
    scene = Scene(desk, DISK, NAMES | {"myVM": "another"})

    told, _ = desk.try_run("".join(blocks()[SNAPSHOT]))

    assert "ErrorCode: ResourceNotFound" in plain(told)
    assert "mySnapshot" in told
    assert scene.images() == []


def plain(told: str) -> str:
    """What an error says, its lines joined."""
    return " ".join(told.replace("|", " ").split())

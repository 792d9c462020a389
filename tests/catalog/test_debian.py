"""What is ours in a Debian image, and how mmdebstrap is asked for the rest."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from calco.catalog.debian import EXECUTABLE, ROOT_FILES, bootstrap_argv, overlay_files, overlay_tar
from calco.catalog.privilege import ROOT, USER
from calco.catalog.recipes import DEBIAN_12

VM_A = "0f0c2a52-5b1e-4c0e-9d42-000000000001"
VM_B = "0f0c2a52-5b1e-4c0e-9d42-000000000002"
OLD_ID = "77a7000000000000000000000000000a\n"


def argv(**changes: object) -> list[str]:
    known: dict[str, object] = {
        "overlay": Path("/a b/overlay.tar"),
        "sources": ["deb http://mirror.example/ bookworm main"],
        "privilege": ROOT,
        "apt": ['Acquire::http::Proxy "http://proxy.example"'],
    }
    return bootstrap_argv(DEBIAN_12, Path("/a b/root.tar"), **(known | changes))  # type: ignore[arg-type]


def test_a_path_with_a_space_stays_one_word_in_the_hook() -> None:
    assert "--essential-hook=tar-in '/a b/overlay.tar' /" in argv()


def test_mirror_and_suite_come_last_and_the_proxy_is_passed_on() -> None:
    words = argv()

    assert words[-3:] == ["bookworm", "/a b/root.tar", "deb http://mirror.example/ bookworm main"]
    assert '--aptopt=Acquire::http::Proxy "http://proxy.example"' in words


@pytest.mark.parametrize(("privilege", "mode"), [(ROOT, "--mode=root"), (USER, "--mode=unshare")])
def test_the_mode_is_what_the_probe_found(privilege: object, mode: str) -> None:
    assert mode in argv(privilege=privilege)


def test_our_files_belong_to_root_and_only_programs_are_executable() -> None:
    with tarfile.open(fileobj=io.BytesIO(overlay_tar(["deb http://u:p@m.example/ x main"]))) as archive:
        members = archive.getmembers()
        listed = archive.extractfile("var/tmp/calco-sources.list")
        assert listed is not None
        assert listed.read() == b"deb http://m.example/ x main\n"

    assert {(member.uid, member.gid) for member in members} == {(0, 0)}
    assert {member.name for member in members if member.mode == 0o755} == EXECUTABLE
    assert not any(member.name.startswith(("/", "..")) for member in members)


def test_every_program_begins_with_an_interpreter_and_no_other_file_does() -> None:
    programs = {path for path, content in overlay_files().items() if content.startswith(b"#!")}

    assert programs == EXECUTABLE | {"var/tmp/calco-setup"}


class GuestRoot:
    """A mounted root file system, as the script in the initramfs sees it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "var/lib/dbus").mkdir(parents=True)
        self._uuid = folder / "product_uuid"
        script = (ROOT_FILES / "etc/initramfs-tools/scripts/local-bottom/calco-machine-id").read_text()
        self._script = script.replace("/sys/class/dmi/id/product_uuid", str(self._uuid))
        self.machine_id = self.root / "etc/machine-id"

    def starts_as(self, vm_id: str, *arguments: str) -> None:
        self._uuid.write_text(f"{vm_id}\n")
        subprocess.run(
            ["/bin/sh", "-e", "-c", self._script, "script", *arguments],
            env={"PATH": "/usr/bin:/bin", "rootmnt": str(self.root), "readonly": "n"},
            check=True,
            timeout=20,
        )


@pytest.fixture
def guest(tmp_path: Path) -> GuestRoot:
    root = GuestRoot(tmp_path)
    root.machine_id.write_text("")
    root.starts_as(VM_A)
    root.machine_id.write_text(OLD_ID)
    return root


def test_the_same_machine_keeps_its_id(guest: GuestRoot) -> None:
    guest.starts_as(VM_A)

    assert guest.machine_id.read_text() == OLD_ID


def test_another_machine_loses_it_once(guest: GuestRoot) -> None:
    guest.starts_as(VM_B)
    assert guest.machine_id.read_text() == ""

    guest.machine_id.write_text("new\n")
    guest.starts_as(VM_B)

    assert guest.machine_id.read_text() == "new\n"


def test_a_machine_whose_firmware_has_no_uuid_keeps_it(guest: GuestRoot) -> None:
    guest.starts_as("")

    assert guest.machine_id.read_text() == OLD_ID


def test_a_d_bus_id_of_its_own_goes_too_but_a_link_out_of_the_root_is_not_followed(
    guest: GuestRoot, tmp_path: Path
) -> None:
    own = guest.root / "var/lib/dbus/machine-id"
    own.write_text(OLD_ID)
    guest.starts_as(VM_B)
    assert own.read_text() == ""

    outside = tmp_path / "outside"
    outside.write_text("untouched")
    own.unlink()
    own.symlink_to(outside)
    guest.starts_as(VM_A)

    assert outside.read_text() == "untouched"
    assert guest.machine_id.read_text() == ""


def test_asked_for_its_prerequisites_the_script_does_nothing(guest: GuestRoot) -> None:
    guest.starts_as(VM_B, "prereqs")

    assert guest.machine_id.read_text() == OLD_ID


class Disks:
    """Block devices in a made-up /sys, and the program that names them for udev."""

    SCSI0 = "devices/pci0000:00/0000:00:03.0/virtio0/host2/target2:0:0/2:0:0:0/block/sdc"

    def __init__(self, folder: Path) -> None:
        sys, mounts = folder / "sys", folder / "mountinfo"
        (sys / self.SCSI0 / "sdc1").mkdir(parents=True)
        (sys / "dev/block").mkdir(parents=True)
        (sys / "dev/block/8:33").symlink_to(sys / self.SCSI0 / "sdc1")
        mounts.write_text(
            "22 1 0:20 / /proc rw - proc proc rw\n23 1 8:33 / / rw - ext4 /dev/sdc1 rw\n"
            "24 23 8:1 / /mnt rw - ext4 /dev/sda1 rw\n"
        )
        script = (ROOT_FILES / "usr/lib/udev/calco-azure-disk").read_text()
        self._script = script.replace("/sys", str(sys)).replace("/proc/self/mountinfo", str(mounts))

    def name(self, device_path: str) -> str | None:
        done = subprocess.run(
            ["/bin/sh", "-c", self._script, "script", device_path],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None


@pytest.mark.parametrize(
    ("device_path", "name"),
    [
        (f"/{Disks.SCSI0}", "root"),
        (f"/{Disks.SCSI0}/sdc1", "root"),
        ("/devices/pci0000:00/0000:00:04.0/virtio1/host3/target3:0:0/3:0:0:0/block/sda", "scsi1/lun0"),
        ("/devices/pci0000:00/0000:00:04.0/virtio1/host3/target3:0:0/3:0:0:63/block/sdb", "scsi1/lun63"),
        ("/devices/pci0000:00/0000:00:04.0/virtio1/host3/target3:0:0/3:0:0:63/block/sdb/sdb1", "scsi1/lun63"),
        ("/devices/pci0000:00/0000:00:02.0/virtio5/host1/target1:0:0/1:0:0:2/block/sdd", "scsi1/lun2"),
        ("/devices/pci0000:00/0000:00:03.0/virtio0/host2/target2:0:0/2:0:0:7/block/sde", None),
        ("/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sdf", None),
        ("/devices/virtual/block/loop0", None),
    ],
    ids=["root", "its partition", "lun 0", "lun 63", "partition of it", "earlier slot", "beside root", "ata", "loop"],
)
def test_a_disk_has_azures_name_whatever_order_controllers_were_found_in(
    device_path: str, name: str | None, tmp_path: Path
) -> None:
    assert Disks(tmp_path).name(device_path) == name

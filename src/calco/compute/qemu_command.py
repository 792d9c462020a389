"""The command line of a machine. Pure: the same machine at the same places gives the same words.

V1 is the machine ``pc`` (Intel 440BX, what Azure's generation 1 shows its guests) with SeaBIOS, V2 is ``q35`` with OVMF
from pflash (the machine OVMF is written for; its code is shared and read-only, its variables are the machine's own).
All else is the same for both: two virtio-scsi controllers (``scsi0`` for the OS disk and the DVD, ``scsi1`` for data
disks, where the LUN in the guest is Azure's LUN), virtio-net, virtio-rng, a guest agent's port, a serial console and a
plain VGA, so that there is a screen to take a picture of.

What makes the guest believe in Azure: the chassis asset tag (cloud-init's ds-identify goes by it alone), the version
string that begins with "Hyper-V" (for systemd's ConditionVirtualization=microsoft, on which waagent waits), and the
system UUID, which is the vmId.
Sources: cloud-init tools/ds-identify; systemd src/basic/virt.c; measured with Debian 12's unmodified packages.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from calco.compute.accelerator import Accelerator
from calco.compute.qemu_drives import arguments, check_drive
from calco.model.machine import Generation, Link, Machine
from calco.model.volume import VolumeId

MAKER = "Microsoft Corporation"
AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"


@dataclass(frozen=True)
class Firmware:
    """UEFI as two flash images: ``code`` is shared and never written, ``variables`` belongs to one machine."""

    code: Path
    variables: Path


@dataclass(frozen=True)
class Places:
    """Where a machine finds what is outside it. ``monitors`` are listening Unix sockets QEMU inherits; ``serial`` and
    ``guest_agent`` are paths at which it makes sockets itself."""

    console_log: Path
    serial: Path
    guest_agent: Path
    monitors: tuple[int, ...]
    firmware: Firmware | None
    volume: Callable[[VolumeId], Path]


def command(
    machine: Machine, places: Places, accelerator: Accelerator, *, qemu: str = "qemu-system-x86_64"
) -> list[str]:
    """The argv of ``machine``, the way into its network in front. Raises ValueError on a machine that cannot be: no or
    two OS disks, a LUN twice or beyond 63, NICs in different networks, V2 without firmware."""
    check(machine)
    if (machine.generation is Generation.V2) != (places.firmware is not None):
        raise ValueError("V2 needs firmware, V1 has its own")
    return [
        *_entrance(machine.links),
        qemu,
        "-name", f"guest={_escaped(machine.name)}",
        "-uuid", machine.vm_id,
        "-nodefaults", "-no-user-config",
        "-sandbox", sandbox(machine.links),
        *accelerator.arguments,
        *_board(places.firmware),
        "-smp", f"cpus={machine.cores},sockets=1,cores={machine.cores},threads=1",
        "-m", f"{machine.memory_mib}M",
        "-rtc", "base=utc",
        "-smbios", f"type=1,manufacturer={MAKER},product=Virtual Machine,version=Hyper-V UEFI Release v4.1",
        "-smbios", f"type=3,manufacturer={MAKER},asset={AZURE_ASSET_TAG}",
        # A guest that switches itself off stays as a stopped process: that is how it is told from a crash.
        "-action", "shutdown=pause",
        "-boot", "strict=on",
        "-display", "none",
        "-device", "VGA",
        "-device", "virtio-rng-pci",
        *_monitors(places.monitors),
        *_serial(places),
        *_guest_agent(places),
        "-device", "virtio-scsi-pci,id=scsi0",
        "-device", "virtio-scsi-pci,id=scsi1",
        *(word for drive in machine.drives for word in arguments(drive, places.volume(drive.volume))),
        *_media(machine.media),
        *(word for number, link in enumerate(machine.links) for word in _nic(number, link)),
    ]  # fmt: skip


def check(machine: Machine) -> None:
    """Raises ValueError on a machine that cannot be."""
    luns = [drive.lun for drive in machine.drives if drive.lun is not None]
    if len(machine.drives) - len(luns) != 1:
        raise ValueError("a machine has exactly one OS disk")
    if len(set(luns)) != len(luns):
        raise ValueError(f"LUNs must differ: {luns}")
    for drive in machine.drives:
        check_drive(drive)
    if len({link.enter for link in machine.links}) > 1:
        raise ValueError("all NICs of a machine lie in one virtual network")


def _entrance(links: tuple[Link, ...]) -> tuple[str, ...]:
    return links[0].enter if links else ()


def sandbox(links: tuple[Link, ...]) -> str:
    """What QEMU forbids itself: the value of -sandbox. Source: qemu(1)."""
    # Slirp's guestfwd=...-cmd: starts a program for each connection, in a session of its own, and the filter kills
    # whoever calls setsid whatever else it is told to allow (seen with QEMU 7.2): no filter there.
    spawns = any("-cmd:" in link.netdev for link in links)
    return "off" if spawns else "on,obsolete=deny,elevateprivileges=deny,resourcecontrol=deny,spawn=deny"


def _board(firmware: Firmware | None) -> list[str]:
    if firmware is None:
        return ["-machine", "pc,usb=off,vmport=off"]
    return [
        "-machine", "q35,usb=off,vmport=off,sata=off,smm=off,pflash0=firmware-code,pflash1=firmware-variables",
        "-blockdev", _raw("firmware-code", firmware.code, read_only=True),
        "-blockdev", _raw("firmware-variables", firmware.variables, read_only=False),
    ]  # fmt: skip


def _monitors(descriptors: tuple[int, ...]) -> list[str]:
    words = []
    for number, descriptor in enumerate(descriptors):
        words += ["-chardev", f"socket,id=qmp{number},fd={descriptor},server=on,wait=off"]
        words += ["-mon", f"chardev=qmp{number},mode=control"]
    return words


def _serial(places: Places) -> list[str]:
    # logappend opens the log with O_APPEND: only then may it be shortened from outside while QEMU writes it.
    log = f"logfile={_escaped(places.console_log)},logappend=on"
    return [
        "-chardev", f"socket,id=serial,path={_escaped(places.serial)},server=on,wait=off,{log}",
        "-serial", "chardev:serial",
    ]  # fmt: skip


def _guest_agent(places: Places) -> list[str]:
    return [
        "-chardev", f"socket,id=agent,path={_escaped(places.guest_agent)},server=on,wait=off",
        "-device", "virtio-serial-pci",
        "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
    ]  # fmt: skip


def _media(media: Path | None) -> list[str]:
    if media is None:
        return ["-device", "scsi-cd,id=dvd,bus=scsi0.0,scsi-id=1,lun=0"]
    return [
        "-blockdev", _raw("media", media, read_only=True),
        "-device", "scsi-cd,id=dvd,drive=media,bus=scsi0.0,scsi-id=1,lun=0",
    ]  # fmt: skip


def _nic(number: int, link: Link) -> list[str]:
    # No option ROM: nobody boots from the network here, and firmware would spend seconds on it.
    return [
        "-netdev", f"{link.netdev},id=net{number}",
        "-device", f"virtio-net-pci,id=nic{number},netdev=net{number},mac={link.mac},romfile=",
    ]  # fmt: skip


def _raw(node: str, file: Path, *, read_only: bool) -> str:
    blocks = {
        "driver": "raw",
        "node-name": node,
        "read-only": read_only,
        "file": {"driver": "file", "filename": str(file), "read-only": read_only},
    }
    return json.dumps(blocks)


def _escaped(text: str | Path) -> str:
    """A value inside a comma-separated option. Source: qemu(1), "Option syntax": a comma is written twice."""
    return str(text).replace(",", ",,")

"""Checks of a Linux: whether it finds its disks wherever it boots, or waits for one that never comes."""

import re

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.linux import fstab
from calco.inspection.linux.boot import command_lines
from calco.inspection.linux.check import PREPARE, UPDATE_GRUB
from calco.inspection.linux.files import lines, named, present, text
from calco.inspection.linux.root import Linux
from calco.model.inspection import Severity

BLOCKS, ADVICE = Severity.BLOCKS_BOOT, Severity.ADVICE

_TEMPORARY = ("/dev/disk/cloud/", "/dev/disk/azure/", "/mnt/")
_FIRST_DISK = re.compile(r"/dev/(sd|hd|vd|xvd)[a-z]+\d*$|/dev/(nvme\d+n\d+|mmcblk\d+)(p\d+)?$")
_DEVICES = (
    f"sed -i 's|^NAME[[:space:]]|UUID=ID |' /etc/fstab; {UPDATE_GRUB}   # for every NAME that was found, with the ID "
    "that blkid shows for it"
)


def _mounts(system: Linux) -> list[fstab.Line]:
    """What a boot waits for; for swap it does not wait for ever."""
    every = fstab.read(text(system.files, "/etc/fstab") or "")
    return [each for each in every if each.is_needed and each.is_of_a_disk]


def _devices(system: Linux) -> list[tuple[str, str]]:
    """Names of devices that the system boots by, and where they stand."""
    found = [(each.what, f"{each.where} in fstab") for each in _mounts(system) if _FIRST_DISK.match(each.what)]
    roots = {word[5:] for each in command_lines(system.files) for word in each.split() if word.startswith("root=/dev/")}
    return found + [(each, "root= on the kernel command line") for each in sorted(roots) if _FIRST_DISK.match(each)]


def _device_names(system: Linux) -> Found:
    found = [f"{what} ({where})" for what, where in _devices(system) if what.startswith("/dev/sd")]
    return failed(named(found)) if found else passed("none")


def _foreign_devices(system: Linux) -> Found:
    found = [f"{what} ({where})" for what, where in _devices(system) if not what.startswith("/dev/sd")]
    return failed(named(found)) if found else passed("none")


def _missing_mounts(system: Linux) -> Found:
    disk = system.disk
    found = [
        f"{each.what} ({each.where})"
        for each in _mounts(system)
        if fstab.is_elsewhere(each.what, disk)
        and not _FIRST_DISK.match(each.what)
        and not each.what.startswith(_TEMPORARY)
        and each.where != "/"
    ]
    return failed(named(found)) if found else passed("none")


def _encrypted(system: Linux) -> Found:
    """Swap with a new random key at every boot needs nobody. Source: crypttab(5)."""
    found = []
    for line in lines(system.files, "/etc/crypttab"):
        words = line.split()
        options = set(words[3].split(",")) if len(words) > 3 else set[str]()
        random_key = len(words) > 2 and words[2] in {"/dev/urandom", "/dev/random"}
        if len(words) > 1 and not random_key and not options & {"nofail", "noauto"}:
            found.append(words[0])
    return failed(f"{named(found)} in crypttab") if found else passed("none")


def _swap(system: Linux) -> Found:
    """On the temporary disk it is fine."""
    every = fstab.read(text(system.files, "/etc/fstab") or "")
    found = [each.what for each in every if each.is_swap and not each.what.startswith(_TEMPORARY)]
    found += [f"{each.name} holds swap" for each in system.disk.volumes if each.content == "swap"]
    found += present(system.files, "/swapfile", "/swap.img", "/swap")
    return failed(named(dict.fromkeys(found))) if found else passed("none")


CHECKS: tuple[Check[Linux], ...] = (
    Check(
        "linux.fstab-device-names",
        ADVICE,
        "Disks by name",
        "UUID= or LABEL=",
        "Which disk is sda may change from boot to boot: with a data disk attached the wrong one may be mounted.",
        _DEVICES,
        'Azure, "Troubleshoot Linux VM device name changes"',
        _device_names,
    ),
    Check(
        "linux.fstab-foreign-devices",
        BLOCKS,
        "Disks by the name of another platform",
        "UUID= or LABEL=",
        "The OS disk is called sda, on Hyper-V and here: a boot waits for a device that never comes.",
        _DEVICES,
        'Azure, "Troubleshoot Linux VM device name changes"; systemd.mount(5)',
        _foreign_devices,
    ),
    Check(
        "linux.fstab-missing",
        BLOCKS,
        "File systems that a boot waits for",
        "all on the OS disk, or with nofail",
        "fstab asks for a file system that is not on this disk: a machine of the image stops in emergency mode.",
        "sed -i 's|^NAME[[:space:]]|#&|' /etc/fstab   # for every NAME that was found; or add the option nofail",
        'systemd.mount(5), nofail; Azure, "Linux VM doesn\'t start because of fstab errors"',
        _missing_mounts,
    ),
    Check(
        "linux.encrypted-volumes",
        BLOCKS,
        "Encrypted volumes",
        "none",
        "A boot waits for a passphrase, or for a key that is this machine's; what is on a volume stays shut once its "
        "line is out, so move it first.",
        "sed -i 's/^[^#]/#&/' /etc/crypttab   # once the data is on volumes that are not encrypted",
        "crypttab(5)",
        _encrypted,
    ),
    Check(
        "linux.swap",
        ADVICE,
        "Swap on the OS disk",
        "none",
        "Swap belongs on the temporary disk: on the OS disk it is slow, is paid for, and carries what was in memory.",
        "swapoff -a; rm -f /swapfile /swap.img /swap; "
        "sed -i -E '/^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap/d' /etc/fstab",
        PREPARE,
        _swap,
    ),
)

"""The command line of a machine, word by word."""

import json
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.compute.accelerator import kvm, tcg
from calco.compute.qemu_command import Firmware, Places, command
from calco.model.machine import Drive, Generation, Link, Machine
from calco.model.volume import Format

VM_ID = "5e9ae7d2-0f62-4a52-9b2f-0d5d3a3c7b11"
TAP = Link(
    "00:0d:3a:00:00:01", "tap,ifname=tap0,script=no,downscript=no,vhost=off", ("nsenter", "-t", "77", "-U", "-n")
)
V1 = Machine(
    VM_ID,
    "web1",
    Generation.V1,
    2,
    1024,
    (Drive("aa", None), Drive("bb", 0), Drive("cc", 63)),
    (TAP,),
    Path("/m/provisioning.iso"),
)
V2 = replace(V1, generation=Generation.V2, drives=(Drive("aa", None),), links=(), media=None)
PLACES = Places(
    console_log=Path("/m/console.log"),
    serial=Path("/r/serial"),
    guest_agent=Path("/r/qga"),
    monitors=(7, 8),
    firmware=None,
    volume=lambda volume: Path(f"/v/{volume}.qcow2"),
)
UEFI = replace(PLACES, firmware=Firmware(Path("/o/CODE.fd"), Path("/m/VARS.fd")))


def disk(node: str, file: str) -> str:
    cache = '{"direct": false, "no-flush": false}'
    return (
        f'{{"driver": "qcow2", "node-name": "{node}", "cache": {cache}, "discard": "unmap", "file": {{"driver": '
        f'"file", "filename": "{file}", "locking": "on", "cache": {cache}, '
        '"discard": "unmap"}}'
    )


def raw(node: str, file: str, read_only: str) -> str:
    return (
        f'{{"driver": "raw", "node-name": "{node}", "read-only": {read_only}, "file": {{"driver": "file", '
        f'"filename": "{file}", "read-only": {read_only}}}}}'
    )


COMMON_BEFORE_BOARD = [
    "-uuid", VM_ID,
    "-nodefaults", "-no-user-config",
    "-sandbox", "on,obsolete=deny,elevateprivileges=deny,resourcecontrol=deny,spawn=deny",
    "-accel", "tcg,thread=multi,tb-size=128", "-cpu", "max,la57=off,tcg-cpuid=off",
]  # fmt: skip
COMMON_AFTER_BOARD = [
    "-smp", "cpus=2,sockets=1,cores=2,threads=1",
    "-m", "1024M",
    "-rtc", "base=utc",
    "-smbios",
    "type=1,manufacturer=Microsoft Corporation,product=Virtual Machine,version=Hyper-V UEFI Release v4.1",
    "-smbios", "type=3,manufacturer=Microsoft Corporation,asset=7783-7084-3265-9085-8269-3286-77",
    "-action", "shutdown=pause",
    "-boot", "strict=on",
    "-display", "none",
    "-device", "VGA",
    "-device", "virtio-rng-pci",
    "-chardev", "socket,id=qmp0,fd=7,server=on,wait=off", "-mon", "chardev=qmp0,mode=control",
    "-chardev", "socket,id=qmp1,fd=8,server=on,wait=off", "-mon", "chardev=qmp1,mode=control",
    "-chardev", "socket,id=serial,path=/r/serial,server=on,wait=off,logfile=/m/console.log,logappend=on",
    "-serial", "chardev:serial",
    "-chardev", "socket,id=agent,path=/r/qga,server=on,wait=off",
    "-device", "virtio-serial-pci",
    "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
    "-device", "virtio-scsi-pci,id=scsi0",
    "-device", "virtio-scsi-pci,id=scsi1",
    "-blockdev", disk("os.aa", "/v/aa.qcow2"),
    "-device", "scsi-hd,drive=os.aa,id=disk-os.aa,bus=scsi0.0,scsi-id=0,lun=0,bootindex=1,write-cache=on",
]  # fmt: skip


def test_a_machine_of_generation_1() -> None:
    assert command(V1, PLACES, tcg("")) == [
        "nsenter", "-t", "77", "-U", "-n",
        "qemu-system-x86_64",
        "-name", "guest=web1",
        *COMMON_BEFORE_BOARD,
        "-machine", "pc,usb=off,vmport=off",
        *COMMON_AFTER_BOARD,
        "-blockdev", disk("lun0.bb", "/v/bb.qcow2"),
        "-device", "scsi-hd,drive=lun0.bb,id=disk-lun0.bb,bus=scsi1.0,scsi-id=0,lun=0,write-cache=on",
        "-blockdev", disk("lun63.cc", "/v/cc.qcow2"),
        "-device", "scsi-hd,drive=lun63.cc,id=disk-lun63.cc,bus=scsi1.0,scsi-id=0,lun=63,write-cache=on",
        "-blockdev", raw("media", "/m/provisioning.iso", "true"),
        "-device", "scsi-cd,id=dvd,drive=media,bus=scsi0.0,scsi-id=1,lun=0",
        "-netdev", "tap,ifname=tap0,script=no,downscript=no,vhost=off,id=net0",
        "-device", "virtio-net-pci,id=nic0,netdev=net0,mac=00:0d:3a:00:00:01,romfile=",
    ]  # fmt: skip


def test_a_machine_of_generation_2() -> None:
    assert command(V2, UEFI, tcg("")) == [
        "qemu-system-x86_64",
        "-name", "guest=web1",
        *COMMON_BEFORE_BOARD,
        "-machine", "q35,usb=off,vmport=off,sata=off,smm=off,pflash0=firmware-code,pflash1=firmware-variables",
        "-blockdev", raw("firmware-code", "/o/CODE.fd", "true"),
        "-blockdev", raw("firmware-variables", "/m/VARS.fd", "false"),
        *COMMON_AFTER_BOARD,
        "-device", "scsi-cd,id=dvd,bus=scsi0.0,scsi-id=1,lun=0",
    ]  # fmt: skip


def test_a_flat_volume_is_opened_as_raw_and_only_as_far_as_the_guest_may_see() -> None:
    words = command(replace(V2, drives=(Drive("aa", None, Format.FLAT, 1 << 20),)), UEFI, tcg(""))
    disk = next(json.loads(word) for word in words if word.startswith('{"driver": "raw", "node-name": "os.aa"'))
    assert (disk["offset"], disk["size"]) == (0, 1 << 20)
    assert disk["file"]["driver"] == "file"


@given(lun=st.integers(0, 63), volume=st.uuids())
def test_names_of_nodes_are_names_to_qemu(lun: int, volume: UUID) -> None:
    words = command(replace(V1, drives=(Drive("aa", None), Drive(str(volume), lun))), PLACES, tcg(""))
    node = json.loads(next(word for word in words if f'"lun{lun}.' in word))["node-name"]
    assert re.fullmatch("[a-z][a-z0-9.-]{0,30}", node)


def test_under_kvm_only_the_accelerator_differs() -> None:
    slow, fast = command(V1, PLACES, tcg("")), command(V1, PLACES, kvm(""))
    assert [word for word in fast if word not in slow] == ["kvm", "host,kvm=off"]


def test_only_a_network_that_starts_programs_may_start_programs() -> None:
    slirp = Link("00:0d:3a:00:00:01", "user,guestfwd=tcp:168.63.129.16:80-cmd:socat - UNIX-CONNECT:x")
    words = command(replace(V1, links=(slirp,)), PLACES, tcg(""))
    assert words[words.index("-sandbox") + 1] == "off"


@pytest.mark.parametrize(
    ("machine", "complaint"),
    [
        (replace(V1, drives=()), "one OS disk"),
        (replace(V1, drives=(Drive("aa", None), Drive("bb", None))), "one OS disk"),
        (replace(V1, drives=(Drive("aa", None), Drive("bb", 1), Drive("cc", 1))), "LUNs"),
        (replace(V1, drives=(Drive("aa", None), Drive("bb", 64))), "LUNs"),
        (replace(V1, drives=(Drive("aa", None), Drive("bb", -1))), "LUNs"),
        (replace(V1, links=(TAP, replace(TAP, enter=()))), "one virtual network"),
        (replace(V1, drives=(Drive("aa", None, Format.FLAT),)), "guest sees"),
        (V2, "firmware"),
    ],
    ids=[
        "no OS disk",
        "two OS disks",
        "a LUN twice",
        "LUN 64",
        "LUN -1",
        "two networks",
        "flat, no size",
        "V2 without firmware",
    ],
)
def test_a_machine_that_cannot_be_is_refused(machine: Machine, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        command(machine, PLACES, tcg(""))


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64))
def test_no_name_and_no_path_adds_an_option(name: str) -> None:
    places = replace(PLACES, console_log=Path("/m") / name.replace("/", ","), volume=lambda _: Path("/v") / name)
    words = command(replace(V1, name=name), places, tcg(""))

    assert len(words) == len(command(V1, PLACES, tcg("")))
    for option in (words[words.index("-name") + 1], words[words.index("-serial") - 1]):
        plain = command(V1, PLACES, tcg(""))[words.index(option)]
        assert option.replace(",,", "").count(",") == plain.count(",")
    first = json.loads(words[words.index("-blockdev") + 1])
    assert first["file"]["filename"] == str(Path("/v") / name)

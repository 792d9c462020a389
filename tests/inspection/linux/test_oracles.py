"""What others know of Linux images, beside what is found here: virt-sysprep's operations, WALinuxAgent's deprovision,
and an image that is fit for Azure."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from calco.disk_file import DiskFormat, opened
from calco.inspection.catalogue import by_code
from calco.inspection.linux.checks import CHECKS
from calco.inspection.look import look
from calco.model.inspection import Result, Severity, Verdict
from tests.inspection.disks import ESP, Folder, Memory, Partition, Tree, fat, gpt, xfs
from tests.inspection.linux.trees import ARGUMENTS, KERNEL, READY, Change, changed

IMAGES = Path.home() / ".cache/calco/images"

NOT_A_STATE = "it is something done to an image, nothing that may be left in one"
OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "abrt-data": "linux.crash-dumps",
        "backup-files": "they say no more than the files themselves; copies of password files are looked at",
        "bash-history": "linux.shell-histories",
        "blkid-tab": "a cache that is made anew: identifiers of file systems, which are the image's own",
        "ca-certificates": "certificates somebody trusts are part of an image; it is off in virt-sysprep too",
        "crash-data": "linux.crash-dumps",
        "cron-spool": "linux.crontabs",
        "customize": NOT_A_STATE,
        "dhcp-client-state": "linux.dhcp-leases",
        "dhcp-server-state": "leases that a DHCP server gave: data of a service, which an image in Azure does not run",
        "dovecot-data": "linux.mail",
        "firewall-rules": "rules are part of an image; it is off in virt-sysprep too",
        "flag-reconfiguration": NOT_A_STATE,
        "fs-uuids": "machines of one image share them by design; it is off in virt-sysprep too",
        "ipa-client": "linux.domain-membership",
        "kerberos-data": "what a Kerberos server serves: data of a service; it is off in virt-sysprep too",
        "kerberos-hostkeytab": "linux.domain-membership",
        "logfiles": "linux.logs",
        "lvm-uuids": "volumes of LVM are named, not read; machines of one image share their ids by design",
        "machine-id": "linux.machine-id",
        "mail-spool": "linux.mail",
        "net-hostname": "linux.hostname",
        "net-hwaddr": "linux.net-hardware-address",
        "net-nmconn": "linux.network-secrets",
        "pacct-log": "linux.logs",
        "package-manager-cache": "linux.package-cache",
        "pam-data": "linux.login-records",
        "passwd-backups": "linux.password-backups",
        "puppet-data-log": "linux.management-keys",
        "rh-subscription-manager": "linux.subscription",
        "rhn-systemid": "linux.subscription",
        "rpm-db": "locks that rpm makes anew; nothing in them tells machines apart",
        "samba-db-log": "linux.domain-membership",
        "script": NOT_A_STATE,
        "smolt-uuid": "linux.subscription",
        "ssh-hostkeys": "linux.ssh-host-keys",
        "ssh-userdir": "linux.authorized-keys",
        "sssd-db-log": "linux.domain-membership",
        "tmp-files": "linux.temporary-files",
        "udev-persistent-net": "linux.persistent-net-rules",
        "user-account": "linux.accounts",
        "utmp": "linux.login-records",
        "yum-uuid": "linux.subscription",
    }
)
"""Each operation, and the check that looks for it or why none does. Source: virt-sysprep(1), guestfs-tools 1.48.2."""

DEPROVISION: Mapping[str, str] = MappingProxyType(
    {
        "SSH host keys": "linux.ssh-host-keys",
        "DHCP leases": "linux.dhcp-leases",
        "host name": "linux.hostname",
        "root's password": "linux.root-password",
        "the agent's folder: provisioned": "linux.waagent-provisioned",
        "the agent's folder: ovf-env.xml": "linux.waagent-ovf-env",
        "the agent's folder: certificates": "linux.waagent-keys",
        "the agent's folder: goal states, extensions": "linux.waagent-state",
        "logs of the agent and extensions": "linux.waagent-logs",
        "root's history": "linux.shell-histories",
        "random seed": "linux.random-seed",
        "resolv.conf": "linux.resolv-conf",
        "the account that was provisioned, and its home": "linux.accounts",
        "not removed: machine-id": "linux.machine-id",
        "not removed: cloud-init's state": "linux.cloud-init-instances",
    }
)
"""What `waagent -deprovision+user` takes away, and what it leaves. Source: WALinuxAgent, pa/deprovision/default.py."""


def test_every_operation_of_virt_sysprep_has_a_check_or_a_reason() -> None:
    assert len(OPERATIONS) == 43
    for operation, answer in OPERATIONS.items():
        assert answer in by_code() or (" " in answer and not answer.startswith("linux.")), operation


@pytest.mark.long
def test_these_are_the_operations_of_the_virt_sysprep_that_is_installed() -> None:
    try:
        done = subprocess.run(
            ["virt-sysprep", "--list-operations"], capture_output=True, text=True, timeout=60, check=True
        )
    except FileNotFoundError:
        pytest.skip("virt-sysprep is not installed (Debian: guestfs-tools)")
    assert {line.split()[0] for line in done.stdout.splitlines() if line} <= set(OPERATIONS)


def test_everything_that_waagent_takes_away_is_looked_for() -> None:
    assert set(DEPROVISION.values()) <= {each.code for each in CHECKS}


def test_the_base_image_is_generalized_and_raises_advice_at_most() -> None:
    images = sorted(IMAGES.glob("*.qcow2"))
    if not images:
        pytest.skip("no base image has been built on this machine (python -m calco.catalog)")
    with opened(images[-1], DiskFormat.QCOW2) as content:
        seen = look(content)

    assert seen.verdict is Verdict.GENERALIZED
    assert (seen.os.type, seen.os.architecture) == ("Linux", "x64")
    assert [each for each in seen.seen if each.result is Result.NOT_READ] == []
    failed = {each.code: by_code()[each.code].severity for each in seen.seen if each.result is Result.FAILED}
    assert {code for code, severity in failed.items() if severity is not Severity.ADVICE} == set()
    assert len([each for each in seen.seen if each.code.startswith("linux.")]) > 60


RED_HAT: Change = {
    **dict.fromkeys(
        (
            "/etc/default/grub",
            "/boot",
            "/etc/initramfs-tools",
            "/var/lib/dpkg",
            "/usr/lib/python3",
            "/etc/cloud/cloud.cfg.d",
        )
    ),
    "/usr/lib/os-release": b'NAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n',
    "/etc/fstab": (
        b"UUID=0f3a5e6e-1111-4222-8333-000000000001 / xfs defaults 0 0\n"
        b"UUID=0f3a5e6e-1111-4222-8333-000000000002 /boot xfs defaults 0 0\n"
        b"UUID=7B77-95E7 /boot/efi vfat defaults,uid=0,gid=0,umask=077,shortname=winnt 0 2\n"
        b"/dev/disk/cloud/azure_resource-part1 /mnt auto defaults,nofail,x-systemd.requires=cloud-init.service 0 2\n"
    ),
    "/boot": Folder(),
    "/var/lib/rpm/rpmdb.sqlite": b"x",
    "/usr/lib/dracut/dracut.conf.d/02-generic-image.conf": b'hostonly="no"\n',
    "/etc/cloud/cloud.cfg.d/91-azure_datasource.cfg": b"datasource_list: [ Azure ]\n",
    "/usr/lib/python3.9/site-packages/cloudinit/version.py": b'__VERSION__ = "23.4"\n',
    "/usr/lib/python3.9/site-packages/azurelinuxagent/common/version.py": b"AGENT_VERSION = '2.7.0.6'\n",
    "/etc/ssh/sshd_config.d/50-redhat.conf": b"Include /etc/crypto-policies/back-ends/opensshserver.config\n",
    "/root/anaconda-ks.cfg": b"# Generated by Anaconda\nrootpw --lock\n",
    "/root/original-ks.cfg": b"# password of root: none\nrootpw --iscrypted thereisnopasswordanditslocked\n",
}
"""What sets Red Hat's images apart: three volumes by their ids, XFS, BLS entries, dracut, its own Python."""


@pytest.mark.slow
def test_an_image_of_red_hats_kind_is_generalized_and_raises_nothing() -> None:
    entry = (
        f"title RHEL\nlinux /vmlinuz-{KERNEL}\noptions root=UUID=0f3a5e6e-1111-4222-8333-000000000001 ro $kernelopts\n"
    )
    boot: Tree = {
        f"/vmlinuz-{KERNEL}": b"kernel",
        "/grub2/grub.cfg": b"set timeout=10\nblscfg\n",
        "/grub2/grubenv": f"# GRUB Environment Block\nkernelopts={ARGUMENTS}\n".encode().ljust(1024, b"#"),
        "/loader/entries/0123-5.14.conf": entry.encode(),
        "/efi": Folder(),
    }
    disk = gpt(
        Partition(fat({"/EFI/redhat/grub.cfg": b"search x\n"}, options=["-i", "7B7795E7"]), ESP),
        Partition(xfs(boot, options=["-m", "uuid=0f3a5e6e-1111-4222-8333-000000000002"])),
        Partition(xfs(changed(READY, RED_HAT), options=["-m", "uuid=0f3a5e6e-1111-4222-8333-000000000001"])),
    )

    seen = look(Memory(disk))

    assert seen.evidence
    assert seen.verdict is Verdict.GENERALIZED, seen.evidence
    assert {each.code: each.found for each in seen.seen if each.result is not Result.PASSED} == {}
    assert seen.os.details["cloudInit"] == "23.4"
    assert "UEFI" in seen.os.details["firmware"]

"""For every check of a Linux, what raises it on a disk that is otherwise fit for an image."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.inspection.linux.trees import (
    ARGUMENTS,
    GROUP,
    KERNEL,
    MODULES,
    PASSWD,
    SHADOW,
    Change,
    grub_cfg,
    grub_default,
)

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----\n"
PUBLIC = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB azureuser@web1\n"
HASH = "$6$salt$hash"
INSTANCE = "/var/lib/cloud/instances/7d1f3a2c-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Sample:
    """``implies``: what this cannot be without. ``name`` takes NAME's place in the fix; ``stated`` is done instead of a
    fix that no tree can be given (a package to install, another system), and says what it comes to."""

    change: Change
    implies: frozenset[str] = frozenset()
    name: str = ""
    stated: Change | None = None


def _at(path: str, content: bytes = b"words\n") -> Sample:
    return Sample({path: content})


def _implying(change: Change, *codes: str, name: str = "") -> Sample:
    return Sample(change, frozenset(codes), name)


_NO_WAAGENT: Change = {"/usr/sbin/waagent": None, "/usr/lib/python3/dist-packages/azurelinuxagent": None}
_NO_CLOUD_INIT: Change = {"/usr/bin/cloud-init": None, "/usr/lib/python3/dist-packages/cloudinit": None}
_CLOUD_INIT: Change = {"/usr/bin/cloud-init": b"#!/usr/bin/python3\n"}
_WAAGENT: Change = {"/usr/sbin/waagent": b"#!/usr/bin/python3\n"}


def _modules_without(*names: str) -> bytes:
    return b"".join(line for line in MODULES.splitlines(True) if not any(each.encode() in line for each in names))


def _kernel(arguments: str = ARGUMENTS, timeout: str = "1", root: str = "LABEL=root") -> Change:
    return {
        "/boot/grub/grub.cfg": grub_cfg(arguments, timeout, root),
        "/etc/default/grub": grub_default(arguments, timeout),
    }


_BOOT: Mapping[str, Sample] = {
    "linux.distribution": Sample(
        {"/usr/lib/os-release": b'PRETTY_NAME="Gentoo Linux"\nID=gentoo\n'},
        stated={"/usr/lib/os-release": b"ID=ubuntu\nVERSION_ID=24.04\n"},
    ),
    "linux.architecture": Sample(
        {"/usr/bin/dash": b"\x7fELF\x01\x01\x01" + bytes(9) + b"\x03\x00\x03\x00" + bytes(40)},
        stated={"/usr/bin/dash": b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\xb7\x00" + bytes(40)},
    ),
    "linux.kernel": Sample({f"/boot/vmlinuz-{KERNEL}": None}, stated={f"/boot/vmlinuz-{KERNEL}": b"kernel"}),
    "linux.hyperv-drivers": Sample(
        {f"/usr/lib/modules/{KERNEL}/modules.dep": _modules_without("hv_storvsc", "hv_netvsc")},
        stated={f"/usr/lib/modules/{KERNEL}/modules.dep": MODULES},
    ),
    "linux.virtio-drivers": Sample(
        {f"/usr/lib/modules/{KERNEL}/modules.dep": _modules_without("virtio_scsi")},
        stated={f"/usr/lib/modules/{KERNEL}/modules.dep": MODULES.replace(b".ko:", b".ko.xz:")},
    ),
    "linux.initramfs-drivers": Sample({"/etc/initramfs-tools/initramfs.conf": b"MODULES=dep\n"}),
    "linux.blocked-modules": Sample(
        {"/etc/modprobe.d/hardening.conf": b"install cramfs /bin/true\ninstall udf /bin/true\n"}
    ),
    "linux.boot-loader": Sample({"/boot/grub": None}, stated={"/boot/grub/grub.cfg": grub_cfg()}),
    "linux.boot-menu-waits": Sample(_kernel(timeout="-1")),
    "linux.console": Sample(_kernel("rootdelay=300 earlyprintk=ttyS0 net.ifnames=0")),
    "linux.quiet-boot": Sample(_kernel(f"quiet splash {ARGUMENTS}")),
    "linux.kernel-arguments": Sample(_kernel("console=ttyS0")),
    "linux.fstab-device-names": Sample(
        {"/etc/fstab": b"/dev/sda1 / ext4 defaults 0 1\n"},
        stated={"/etc/fstab": b"LABEL=root / ext4 defaults 0 1\n"},
    ),
    "linux.fstab-foreign-devices": Sample(
        {"/etc/fstab": b"/dev/vda1 / ext4 defaults 0 1\n"},
        stated={"/etc/fstab": b"LABEL=root / ext4 defaults 0 1\n"},
    ),
    "linux.fstab-missing": Sample(
        {
            "/etc/fstab": (
                b"LABEL=root / ext4 defaults 0 1\nUUID=0f3a5e6e-0000-4000-8000-00000000000a /data xfs defaults 0 2\n"
            )
        },
        name="UUID=0f3a5e6e-0000-4000-8000-00000000000a",
    ),
    "linux.encrypted-volumes": _at(
        "/etc/crypttab", b"# comment\nswap /dev/sdb2 /dev/urandom swap\ndata UUID=1-2 none luks\n"
    ),
    "linux.swap": Sample(
        {"/etc/fstab": b"LABEL=root / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n", "/swapfile": b"SWAP"}
    ),
    "linux.ssh-server": Sample({"/usr/sbin/sshd": None}, stated={"/usr/sbin/sshd": b"sshd"}),
    "linux.ssh-server-on": Sample({"/etc/systemd/system/multi-user.target.wants": None}),
}

_AGENTS: Mapping[str, Sample] = {
    "linux.provisioning-agent": Sample({**_NO_WAAGENT, **_NO_CLOUD_INIT}, stated={**_CLOUD_INIT, **_WAAGENT}),
    "linux.provisioning-agent-on": Sample(
        {"/etc/cloud/cloud-init.disabled": b"", "/etc/waagent.conf": b"Provisioning.Agent=cloud-init\n"}
    ),
    "linux.cloud-init-datasource": Sample(
        {"/etc/cloud/cloud.cfg.d/95_own.cfg": b"datasource_list:\n  - NoCloud\n  - None  # nothing else\n"}
    ),
    "linux.cloud-init-missing": Sample(_NO_CLOUD_INIT, stated=_CLOUD_INIT),
    "linux.waagent-missing": Sample(_NO_WAAGENT, stated=_WAAGENT),
    "linux.waagent-host-keys": _implying(
        {**_NO_CLOUD_INIT, "/etc/waagent.conf": b"Provisioning.RegenerateSshHostKeyPair=n\n"},
        "linux.cloud-init-missing",
    ),
    "linux.waagent-resource-disk": Sample({"/etc/waagent.conf": b"ResourceDisk.Format=y\nResourceDisk.EnableSwap=y\n"}),
    "linux.waagent-provisioned": _at("/var/lib/waagent/provisioned", b"0E9D1C2B-0000-4000-8000-000000000001"),
    "linux.waagent-ovf-env": _at("/var/lib/waagent/ovf-env.xml", b"<Environment/>"),
    "linux.waagent-keys": _at("/var/lib/waagent/ABCDEF.prv", KEY),
    "linux.waagent-state": _at("/var/lib/waagent/Microsoft.Azure.Extension-1.0/config/0.settings", b"{}"),
    "linux.waagent-logs": _at("/var/log/azure/Microsoft.Azure.Extension/1.0/extension.log"),
    "linux.cloud-init-instances": _at(f"{INSTANCE}/obj.pkl"),
    "linux.cloud-init-user-data": _implying(
        {f"{INSTANCE}/user-data.txt": b"#cloud-config\nchpasswd: {list: 'root:secret'}\n"}, "linux.cloud-init-instances"
    ),
    "linux.cloud-init-seed": _at("/var/lib/cloud/seed/nocloud/user-data", b"#cloud-config\n"),
    "linux.cloud-init-logs": _at("/var/log/cloud-init-output.log"),
    "linux.cloud-init-network": _at("/etc/netplan/50-cloud-init.yaml", b"match:\n  macaddress: 00:0d:3a:01:02:03\n"),
    "linux.ssh-password-login": _at("/etc/ssh/sshd_config.d/50-cloud-init.conf", b"PasswordAuthentication yes\n"),
}

_IDENTITY: Mapping[str, Sample] = {
    "linux.ssh-host-keys": _at("/etc/ssh/ssh_host_ed25519_key", KEY),
    "linux.ssh-host-keys-elsewhere": Sample(
        {"/etc/ssh/sshd_config.d/own.conf": b"HostKey /srv/keys/host_key\n", "/srv/keys/host_key": KEY}
    ),
    "linux.ssh-host-certificates": _at("/etc/ssh/ssh_host_rsa_key-cert.pub", PUBLIC),
    "linux.machine-id": _at("/etc/machine-id", b"0123456789abcdef0123456789abcdef\n"),
    "linux.dbus-machine-id": _at("/var/lib/dbus/machine-id", b"0123456789abcdef0123456789abcdef\n"),
    "linux.dhcp-leases": _at("/var/lib/dhcp/dhclient.eth0.leases", b"lease { }\n"),
    "linux.persistent-net-rules": _at(
        "/etc/udev/rules.d/70-persistent-net.rules",
        b'SUBSYSTEM=="net", ATTR{address}=="00:0d:3a:01:02:03", NAME="eth0"\n',
    ),
    "linux.net-hardware-address": _at(
        "/etc/sysconfig/network-scripts/ifcfg-eth0", b"DEVICE=eth0\nHWADDR=00:0D:3A:01:02:03\nBOOTPROTO=dhcp\n"
    ),
    "linux.hostname": _at("/etc/hostname", b"web1\n"),
    "linux.resolv-conf": _at("/etc/resolv.conf", b"nameserver 168.63.129.16\nsearch internal.cloudapp.net\n"),
    "linux.random-seed": _at("/var/lib/systemd/random-seed", b"\x01" * 32),
    "linux.credential-secret": _at("/var/lib/systemd/credential.secret", b"\x01" * 32),
    "linux.storage-identity": _at(
        "/etc/iscsi/initiatorname.iscsi", b"InitiatorName=iqn.1993-08.org.debian:01:abcdef\n"
    ),
    "linux.subscription": _at("/etc/pki/consumer/cert.pem", KEY),
    "linux.management-keys": _at("/etc/salt/pki/minion/minion.pem", KEY),
    "linux.domain-membership": _at("/etc/krb5.keytab", b"\x05\x02"),
    "linux.network-secrets": _at(
        "/etc/NetworkManager/system-connections/home.nmconnection", b"[wifi-security]\npsk=secret\n"
    ),
}

_ACCOUNTS: Mapping[str, Sample] = {
    "linux.accounts": _implying(
        {
            "/etc/passwd": f"{PASSWD}azureuser:x:1000:1000::/home/azureuser:/bin/bash\n".encode(),
            "/etc/shadow": f"{SHADOW}azureuser:!:19000:0:99999:7:::\n".encode(),
            "/etc/group": f"{GROUP}azureuser:x:1000:\n".encode(),
            "/home/azureuser/notes.txt": b"mine\n",
        },
        name="azureuser",
    ),
    "linux.root-password": _at("/etc/shadow", SHADOW.replace("root:*", f"root:{HASH}").encode()),
    "linux.account-passwords": Sample(
        {"/etc/shadow": SHADOW.replace("www-data:*", f"www-data:{HASH}").encode()}, name="www-data"
    ),
    "linux.other-roots": Sample(
        {
            "/etc/passwd": f"{PASSWD}toor:x:0:0::/root:/bin/bash\n".encode(),
            "/etc/shadow": f"{SHADOW}toor:*:19000::::::\n".encode(),
        },
        name="toor",
    ),
    "linux.password-backups": _at("/etc/shadow-", f"{SHADOW}azureuser:!{HASH}:19000:0:99999:7:::\n".encode()),
    "linux.sudoers": _at("/etc/sudoers.d/90-cloud-init-users", b"# by cloud-init\nazureuser ALL=(ALL) NOPASSWD:ALL\n"),
    "linux.orphaned-homes": Sample({"/home/gone/notes.txt": b"mine\n"}, name="/home/gone"),
    "linux.shell-histories": _at("/root/.bash_history", b"mysql -psecret\n"),
    "linux.authorized-keys": _at("/root/.ssh/authorized_keys", b'no-pty,command="echo no" ' + PUBLIC),
    "linux.private-keys": _at("/root/.ssh/id_ed25519", KEY),
    "linux.known-hosts": _at("/root/.ssh/known_hosts", b"web2 " + PUBLIC),
    "linux.cloud-credentials": _at("/root/.azure/msal_token_cache.json", b"{}"),
    "linux.tool-credentials": _at("/root/.docker/config.json", b'{"auths": {"r.example": {"auth": "c2VjcmV0"}}}'),
}

_LEFTOVERS: Mapping[str, Sample] = {
    "linux.tls-keys": _at("/etc/ssl/private/web1.key", KEY),
    "linux.installer-answers": _at("/root/anaconda-ks.cfg", b"rootpw --iscrypted $6$salt$hash\n"),
    "linux.crash-dumps": _at("/var/crash/202601010000/vmcore"),
    "linux.mail": _at("/var/mail/root"),
    "linux.crontabs": _at("/var/spool/cron/crontabs/root", b"* * * * * backup\n"),
    "linux.temporary-files": _at("/tmp/work/archive.tar"),  # noqa: S108  # a folder of the disk
    "linux.logs": _at("/var/log/journal/0123/system.journal"),
    "linux.login-records": _at("/var/log/wtmp"),
    "linux.package-cache": _at("/var/cache/apt/archives/hello_1_amd64.deb"),
}

SAMPLES: Mapping[str, Sample] = MappingProxyType({**_BOOT, **_AGENTS, **_IDENTITY, **_ACCOUNTS, **_LEFTOVERS})

"""A Linux that is fit for an image, as a tree for ``disks.ext4``; and a shell that runs a shown fix on such a tree.

The fix is run as it is shown, with its paths moved below the tree. Programs that change a live machine (``userdel``,
``cloud-init clean``, ``update-grub``) are played by the few lines that state their effect.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.inspection.disks import File, Folder, Link, Tree, laid_out

ELF_X64 = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(44)
KERNEL = "6.1.0-18-cloud-amd64"
ROOT = "LABEL=root"

MODULES = "".join(
    f"kernel/drivers/{path}.ko:\n"
    for path in ("hv/hv_vmbus", "scsi/hv_storvsc", "net/hyperv/hv_netvsc", "scsi/virtio_scsi", "net/virtio_net")
).encode()
BUILT_IN = b"kernel/drivers/virtio/virtio_pci.ko\nkernel/fs/udf/udf.ko\n"

ARGUMENTS = "rootdelay=300 earlyprintk=ttyS0 net.ifnames=0 console=tty1 console=ttyS0,115200"


def grub_cfg(arguments: str = ARGUMENTS, timeout: str = "1", root: str = ROOT) -> bytes:
    return (
        f"set timeout={timeout}\nmenuentry 'Debian' {{\n"
        f"\tlinux /boot/vmlinuz-{KERNEL} root={root} ro {arguments}\n\tinitrd /boot/initrd.img-{KERNEL}\n}}\n"
    ).encode()


def grub_default(arguments: str = ARGUMENTS, timeout: str = "1") -> bytes:
    return f'GRUB_TIMEOUT={timeout}\nGRUB_CMDLINE_LINUX="{arguments}"\n'.encode()


PASSWD = (
    "root:x:0:0:root:/root:/bin/bash\n"
    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
)
SHADOW = "root:*:19000:0:99999:7:::\nwww-data:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n"
GROUP = "root:x:0:\nsudo:x:27:\nnogroup:x:65534:\n"

READY: Tree = {
    "/etc/os-release": Link("../usr/lib/os-release"),
    "/usr/lib/os-release": (
        b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
    ),
    "/etc/passwd": PASSWD.encode(),
    "/etc/shadow": File(SHADOW.encode(), mode=0o640),
    "/etc/group": GROUP.encode(),
    "/etc/login.defs": b"# people\nUID_MIN\t\t\t 1000\nUID_MAX\t\t\t60000\n",
    "/etc/fstab": f"# one file system\n{ROOT} / ext4 defaults 0 1\n".encode(),
    "/etc/hostname": b"localhost.localdomain\n",
    "/etc/machine-id": b"",
    "/etc/ssh/sshd_config": b"Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n",
    "/etc/ssh/sshd_config.d": Folder(),
    "/etc/ssh/moduli": b"# moduli\n",
    "/etc/systemd/system/multi-user.target.wants/ssh.service": Link("/lib/systemd/system/ssh.service"),
    "/usr/sbin/sshd": File(ELF_X64, mode=0o755),
    "/usr/bin/dash": File(ELF_X64, mode=0o755),
    "/usr/bin/sh": Link("dash"),
    "/bin": Link("usr/bin"),
    "/sbin": Link("usr/sbin"),
    "/lib": Link("usr/lib"),
    "/usr/bin/cloud-init": File(b"#!/usr/bin/python3\n", mode=0o755),
    "/usr/lib/python3/dist-packages/cloudinit/version.py": (
        b'__VERSION__ = "22.4.2"\n_PACKAGED_VERSION = "22.4.2-1+deb12u1"\n'
    ),
    "/usr/sbin/waagent": File(b"#!/usr/bin/python3\n", mode=0o755),
    "/usr/lib/python3/dist-packages/azurelinuxagent/common/version.py": b"AGENT_VERSION = '2.7.3.0'\n",
    "/etc/waagent.conf": (
        b"# agent\nProvisioning.Agent=auto\nProvisioning.RegenerateSshHostKeyPair=y\n"
        b"ResourceDisk.Format=n\nResourceDisk.EnableSwap=n\n"
    ),
    "/etc/cloud/cloud.cfg": b"users:\n - default\n",
    "/etc/cloud/cloud.cfg.d/90_dpkg.cfg": b"datasource_list: [ NoCloud, Azure, None ]\n",
    "/etc/cloud/ds-identify.cfg": b"policy: enabled\n",
    "/var/lib/waagent": Folder(mode=0o700),
    "/var/lib/dbus/machine-id": Link("/etc/machine-id"),
    "/var/lib/dpkg/status": b"Package: base-files\n",
    "/var/log/btmp": b"",
    "/home": Folder(),
    "/root/.bashrc": b"# root\n",
    "/tmp": Folder(mode=0o1777),  # noqa: S108  # a folder of the disk
    f"/boot/vmlinuz-{KERNEL}": b"kernel",
    f"/boot/initrd.img-{KERNEL}": b"initrd",
    "/boot/grub/grub.cfg": grub_cfg(),
    "/etc/default/grub": grub_default(),
    f"/usr/lib/modules/{KERNEL}/modules.dep": MODULES,
    f"/usr/lib/modules/{KERNEL}/modules.builtin": BUILT_IN,
    "/etc/initramfs-tools/initramfs.conf": b"MODULES=most\n",
    "/etc/initramfs-tools/modules": b"# one a line\n",
}
"""Debian as it is right before an image is taken: nothing is found in it."""

Change = Mapping[str, bytes | File | Link | Folder | None]
"""What is put over the tree; None takes away, with everything below."""


def changed(tree: Tree, change: Change) -> Tree:
    """The tree with those changes."""
    gone = [path for path, what in change.items() if what is None]
    kept = {path: what for path, what in tree.items() if not any(_is_in(path, each) for each in gone)}
    return {**kept, **{path: what for path, what in change.items() if what is not None}}


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


_EFFECTS = {
    "update-grub": (
        """. "$ROOT/etc/default/grub"
        sed -i -e "s/^set timeout=.*/set timeout=$GRUB_TIMEOUT/" \\
            -e "s|^\\(\\tlinux [^ ]* root=[^ ]* ro\\).*|\\1 $GRUB_CMDLINE_LINUX|" "$ROOT/boot/grub/grub.cfg" """
    ),
    "cloud-init": '[ "$*" = "clean --logs" ] && rm -rf "$ROOT"/var/lib/cloud/* "$ROOT"/var/log/cloud-init*.log',
    "userdel": (
        """for NAME; do :; done
        [ "$2" = --remove ] && rm -rf "$ROOT/home/$NAME"
        sed -i "/^$NAME:/d" "$ROOT/etc/passwd" "$ROOT/etc/shadow" "$ROOT/etc/group" """
    ),
    "usermod": '[ "$1" = --password ] && sed -i "s/^$3:[^:]*:/$3:$2:/" "$ROOT/etc/shadow"',
    "systemctl": (
        """[ "$1" = enable ] && mkdir -p "$ROOT/etc/systemd/system/multi-user.target.wants" &&
        : > "$ROOT/etc/systemd/system/multi-user.target.wants/$2.service" """
    ),
    "update-initramfs": ":",
    "dracut": ":",
    "swapoff": ":",
}
"""What programs do to the machine they are run on, as far as it can be seen here."""
_TOOLS = ("rm", "sed", "find", "truncate", "awk", "grep", "xargs", "mkdir")
_PATH = re.compile(r"(^|(?<=[\s|]))(/(?!dev/null)[a-z])")


def mended(tree: Tree, fix: str) -> Tree:
    """The tree after a shown fix was run on it by root."""
    with laid_out(tree) as folder:
        programs = folder / ".programs"
        _write_programs(programs)
        command = _PATH.sub(rf"\1{folder}\2", fix)
        _run(command, folder, programs)
        shutil.rmtree(programs)
        return dict(_gathered(folder))


def _write_programs(programs: Path) -> None:
    programs.mkdir()
    for name, effect in _EFFECTS.items():
        (programs / name).write_text(f"#!/bin/sh\n{effect}\n")
        (programs / name).chmod(0o755)
    for name in _TOOLS:
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    # What is removed by a path that another program printed is moved below the tree too.
    (programs / "rm").unlink()
    (programs / "rm").write_text(
        '#!/bin/sh\nfor each; do shift; case "$each" in "$ROOT"/*|-*) ;; *) each="$ROOT$each";; esac; '
        f'set -- "$@" "$each"; done\nexec {shutil.which("rm")} "$@"\n'
    )
    (programs / "rm").chmod(0o755)


def _run(command: str, folder: Path, programs: Path) -> None:
    """By somebody who may write nowhere else, where that can be had: a mistake here would be made as root."""
    nobody = 65534 if os.geteuid() == 0 else None
    if nobody is not None:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, nobody, nobody, follow_symlinks=False)
        folder.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PATH": str(programs), "ROOT": str(folder), "LC_ALL": "C"},
        cwd=folder,
        user=nobody,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert "not found" not in done.stderr, done.stderr


def _gathered(folder: Path) -> "list[tuple[str, File | Link | Folder]]":
    found: list[tuple[str, File | Link | Folder]] = []
    for path in sorted(folder.rglob("*")):
        name = f"/{path.relative_to(folder)}"
        if path.is_symlink():
            found.append((name, Link(str(path.readlink()))))
        elif path.is_dir():
            found.append((name, Folder(path.stat().st_mode & 0o7777)))
        else:
            found.append((name, File(path.read_bytes(), mode=path.stat().st_mode & 0o7777)))
    return found

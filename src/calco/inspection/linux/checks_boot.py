"""Checks of a Linux: whether it boots on Hyper-V and here, and can be reached."""

import re

from calco.inspection.check import Check, Found, failed, not_read, passed
from calco.inspection.files.file_system import FileSystem
from calco.inspection.linux.boot import KERNELS, UNIFIED, command_lines, grub_default, kernels, loaders, modules
from calco.inspection.linux.check import PREPARE, UPDATE_GRUB
from calco.inspection.linux.files import lines, matching, named, present, text
from calco.inspection.linux.root import Linux
from calco.inspection.linux.system import architecture, release
from calco.model.inspection import Severity

BLOCKS, ADVICE = Severity.BLOCKS_BOOT, Severity.ADVICE

HYPERV = ("hv_vmbus", "hv_storvsc", "hv_netvsc")
VIRTIO = ("virtio_pci", "virtio_scsi", "virtio_net")
ENDORSED = frozenset(
    [
        "ubuntu",
        "debian",
        "rhel",
        "ol",
        "sles",
        "sles_sap",
        "opensuse-leap",
        "rocky",
        "almalinux",
        "azurelinux",
        "mariner",
        "flatcar",
        "centos",
    ]
)
"""os-release's ID. Source: Azure, "Endorsed Linux distributions" and "Support for Linux images"."""
_UNWANTED = frozenset({"quiet", "rhgb", "splash", "crashkernel=auto"})
ARGUMENTS = ("rootdelay=300", "earlyprintk=ttyS0", "net.ifnames=0")
_KERNEL = "yum install -y kernel-core kernel-modules || yum install -y kernel"
_CLOUD_KERNEL = (
    'apt-get install --yes "linux-image-cloud-$(dpkg --print-architecture)" || apt-get install --yes linux-azure || '
    f"{_KERNEL}"
)
_NEEDED = ("udf", "vfat", *HYPERV)
_SSHD = (
    "/usr/sbin/sshd",
    "/usr/bin/sshd",
    "/usr/local/sbin/sshd",
    "/usr/sbin/dropbear",
    "/usr/lib/systemd/system/tailscaled.service",
)
_SSHD_ON = (
    "/etc/systemd/system/*.wants/ssh.service",
    "/etc/systemd/system/*.wants/sshd.service",
    "/etc/systemd/system/*.wants/ssh.socket",
    "/etc/systemd/system/*.wants/sshd.socket",
    "/etc/systemd/system/*.wants/dropbear*.service",
    "/usr/lib/systemd/system/*.wants/ssh*.service",
    "/usr/lib/systemd/system/*.wants/ssh*.socket",
    "/etc/rc[2345].d/S*ssh*",
    "/etc/runlevels/default/*sshd",
    "/etc/runlevels/default/dropbear",
)


def _arguments_added(words: str) -> str:
    """The family of Red Hat keeps arguments with every kernel, the others in one file. Source: grubby(8)."""
    sed = f"sed -i 's/^GRUB_CMDLINE_LINUX=\"/&{words} /' /etc/default/grub; {UPDATE_GRUB}"
    return _by_grubby(f"--args='{words}'", sed)


def _by_grubby(change: str, otherwise: str) -> str:
    return f"if command -v grubby; then grubby --update-kernel=ALL {change}; else {otherwise}; fi"


def _distribution(system: Linux) -> Found:
    name = release(system.files, "ID")
    return passed(name) if name in ENDORSED else failed(name[:64] or "os-release has no ID")


def _architecture(system: Linux) -> Found | None:
    found = architecture(system.files)
    return None if not found else passed(found) if found in {"x64", "Arm64"} else failed(found)


def _kernel(system: Linux) -> Found:
    found = present(system.files, *KERNELS, *UNIFIED)
    return passed(named(found)) if found else failed("no kernel in /boot, /usr/lib/modules or the EFI system partition")


def _lacking(system: Linux, wanted: tuple[str, ...]) -> Found:
    """The newest kernel is the one that boots, unless somebody chose another: all are looked at, and named."""
    found = kernels(system.files)
    if not found:
        return not_read("no kernel's list of modules (modules.dep) was found")
    lacking = []
    for kernel in found[:8]:
        names = modules(system.files, kernel).names
        if missing := [each for each in wanted if each not in names]:
            lacking.append(f"{kernel} lacks {named(missing)}")
    return failed("; ".join(lacking)) if lacking else passed(f"in {named(found)}")


def _initramfs(system: Linux) -> Found | None:
    """Whether the first stage was told to hold only what the machine needed that built it. Sources:
    initramfs.conf(5), MODULES; dracut.conf(5), hostonly."""
    files = system.files
    found = kernels(files)
    if not found or {"hv_vmbus", "hv_storvsc"} <= modules(files, found[0]).built_in:
        return None
    for own in _initramfs_tools(files), _dracut(files):
        if own is not None:
            return own
    return None


def _initramfs_tools(files: FileSystem) -> Found | None:
    if not files.entry("/etc/initramfs-tools/initramfs.conf"):
        return None
    paths = [
        "/etc/initramfs-tools/initramfs.conf",
        *sorted(p for p, _ in matching(files, "/etc/initramfs-tools/conf.d/*")),
    ]
    chosen = [each for path in paths for each in lines(files, path) if each.startswith("MODULES=")]
    listed = {each.split()[0] for each in lines(files, "/etc/initramfs-tools/modules")}
    if not chosen or chosen[-1] != "MODULES=dep" or {"hv_vmbus", "hv_storvsc"} <= listed:
        return passed("made for any machine")
    return failed("initramfs.conf says MODULES=dep, and /etc/initramfs-tools/modules does not name the Hyper-V drivers")


def _dracut(files: FileSystem) -> Found | None:
    places = matching(files, "/usr/lib/dracut/dracut.conf.d/*.conf", "/etc/dracut.conf.d/*.conf")
    if not (files.entry("/etc/dracut.conf") or places):
        return None
    paths = ["/etc/dracut.conf", *sorted((path for path, _ in places), key=lambda each: each.rpartition("/")[2])]
    said = [each for path in paths for each in lines(files, path)]
    only = [each for each in said if re.match(r"hostonly\s*=", each)]
    drivers = " ".join(each for each in said if re.match(r"(add_|force_)?drivers\s*\+?=", each))
    if (only and re.search(r"=\s*[\"']?no", only[-1])) or ("hv_vmbus" in drivers and "hv_storvsc" in drivers):
        return passed("made for any machine, or with the Hyper-V drivers")
    return failed("dracut makes it for this machine only (hostonly), and no setting adds hv_vmbus and hv_storvsc")


def _blocked(system: Linux) -> Found:
    """Modules that modprobe must not load: a hardening guide's list often has udf. Source: modprobe.d(5)."""
    found = []
    for path, _ in matching(
        system.files, "/etc/modprobe.d/*.conf", "/usr/lib/modprobe.d/*.conf", "/run/modprobe.d/*.conf"
    ):
        for line in lines(system.files, path):
            words = line.replace("-", "_").split() if not line.startswith("install") else line.split()
            name = words[1].replace("-", "_") if len(words) > 1 else ""
            off = words[0] == "install" and words[-1].rpartition("/")[2] in {"true", "false"}
            if name in _NEEDED and (words[0] == "blacklist" or off):
                found.append(f"{name} ({path})")
    return failed(named(found)) if found else passed("none of those that are needed")


def _boot_loader(system: Linux) -> Found:
    found = loaders(system.files)
    return (
        passed(named(found))
        if found
        else failed("no configuration of GRUB, systemd-boot or extlinux, no unified kernel")
    )


def _console(system: Linux) -> Found | None:
    """Judged by what is booted, else by what it is made of."""
    found = _arguments(system.files)
    if not found:
        return None
    lacking = [each for each in found if not re.search(r"(^|\s)console=(ttyS0|ttyAMA0)\b", each)]
    return failed("no console=ttyS0 on the kernel command line") if lacking else passed("console=ttyS0")


def _quiet(system: Linux) -> Found | None:
    found = _arguments(system.files)
    noted = sorted({word for each in found for word in each.split() if word in _UNWANTED})
    return None if not found else failed(named(noted)) if noted else passed("none of them")


def _recommended(system: Linux) -> Found | None:
    found = _arguments(system.files)
    if not found:
        return None
    lacking = [each for each in ARGUMENTS if not all(each in line.replace(",115200", "") for line in found)]
    return failed(f"without {named(lacking)}") if lacking else passed(named(ARGUMENTS))


def _arguments(files: FileSystem) -> list[str]:
    return command_lines(files)


def _menu_waits(system: Linux) -> Found | None:
    """Source: GRUB manual, GRUB_TIMEOUT."""
    if not loaders(system.files):
        return None
    says = grub_default(system.files, "GRUB_TIMEOUT")
    configs = (text(system.files, each) or "" for each in loaders(system.files) if each.endswith("grub.cfg"))
    waits = says == "-1" or any(re.search(r"^[ \t]*set timeout=-1[ \t]*$", each, re.MULTILINE) for each in configs)
    return failed("GRUB_TIMEOUT=-1") if waits else passed(f"{says or 'not set'}")


def _ssh_server(system: Linux) -> Found:
    found = [each for each in _SSHD if system.files.entry(each)]
    return passed(named(found)) if found else failed("no sshd")


def _ssh_on(system: Linux) -> Found | None:
    """Links that lead to units made at boot count as well."""
    files = system.files
    if not any(files.entry(each) for each in _SSHD):
        return None
    found = [path for pattern in _SSHD_ON for path in _names_at(files, pattern)]
    return passed(named(found)) if found else failed("no service or socket of sshd is started at boot")


def _names_at(files: FileSystem, pattern: str) -> list[str]:
    """As ``matching``, dangling links too."""
    folder, _, name = pattern.rpartition("/")
    expression = re.compile(re.escape(name).replace(r"\*", ".*"))
    return [
        f"{path}/{each.name}"
        for path, _ in matching(files, folder)
        for each in files.list(path) or ()
        if expression.fullmatch(each.name)
    ]


CHECKS: tuple[Check[Linux], ...] = (
    Check(
        "linux.distribution",
        ADVICE,
        "Distribution",
        "one that Azure endorses",
        "Azure's support and its service agreement hold for endorsed distributions.",
        "# no command mends this: choose another distribution, or do without",
        'Azure, "Endorsed Linux distributions on Azure"',
        _distribution,
    ),
    Check(
        "linux.architecture",
        BLOCKS,
        "Architecture",
        "64 bit (x64 or Arm64)",
        "Azure has no machines that run it.",
        "# no command mends this: install a system of 64 bit",
        'Azure, "Support for Linux images in Microsoft Azure"',
        _architecture,
    ),
    Check(
        "linux.kernel",
        BLOCKS,
        "Kernel",
        "at least one",
        "There is no kernel to boot.",
        _CLOUD_KERNEL,
        PREPARE,
        _kernel,
    ),
    Check(
        "linux.hyperv-drivers",
        BLOCKS,
        "Drivers for Hyper-V",
        f"{named(HYPERV)} in every kernel",
        "A kernel without them finds neither disk nor network in Azure.",
        f"{_CLOUD_KERNEL}   # and remove the kernels that were found",
        PREPARE,
        lambda system: _lacking(system, HYPERV),
    ),
    Check(
        "linux.virtio-drivers",
        BLOCKS,
        "Drivers for virtio",
        f"{named(VIRTIO)} in every kernel",
        "A kernel without them finds neither disk nor network on a machine of calco's (in Azure it may).",
        'apt-get install --yes "linux-image-cloud-$(dpkg --print-architecture)" || apt-get install --yes linux-virtual '
        f"|| {_KERNEL}   # and remove the kernels that were found",
        "calco, docs/architecture.md (a machine's hardware); Linux, drivers/scsi/virtio_scsi.c",
        lambda system: _lacking(system, VIRTIO),
    ),
    Check(
        "linux.initramfs-drivers",
        ADVICE,
        "Drivers in the first stage of boot",
        "hv_vmbus and hv_storvsc, whatever machine it was made on",
        "The first stage may hold only the drivers of the machine it was made on, and not find the disk in Azure.",
        "if [ -d /etc/initramfs-tools ]; then printf 'hv_vmbus\\nhv_storvsc\\n' >> /etc/initramfs-tools/modules; "
        "update-initramfs -u -k all; else echo 'add_drivers+=\" hv_vmbus hv_storvsc hv_netvsc \"' > "
        "/etc/dracut.conf.d/90-hyper-v.conf; dracut -f --regenerate-all; fi",
        PREPARE,
        _initramfs,
    ),
    Check(
        "linux.blocked-modules",
        BLOCKS,
        "Modules that may not be loaded",
        f"none of {named(_NEEDED)}",
        "Without udf the provisioning DVD cannot be read, without vfat neither that nor the EFI partition: a machine's "
        "creation fails.",
        "sed -i -E '/^(install|blacklist)[[:space:]]+(udf|vfat|hv[_-](vmbus|storvsc|netvsc))\\b/d' "
        "/etc/modprobe.d/*.conf",
        f"{PREPARE} (note on udf and vfat)",
        _blocked,
    ),
    Check(
        "linux.boot-loader",
        BLOCKS,
        "Boot loader",
        "configured",
        "No boot loader's configuration was found: nothing would boot.",
        UPDATE_GRUB,
        PREPARE,
        _boot_loader,
    ),
    Check(
        "linux.boot-menu-waits",
        BLOCKS,
        "Time the boot menu waits",
        "not for ever",
        "The boot menu waits for a key that nobody presses.",
        f"sed -i 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=1/' /etc/default/grub; {UPDATE_GRUB}",
        "GRUB manual, GRUB_TIMEOUT",
        _menu_waits,
    ),
    Check(
        "linux.console",
        ADVICE,
        "Serial console",
        "console=ttyS0 on the kernel command line",
        "What the kernel says does not come to the serial console: boot diagnostics stay empty.",
        _arguments_added("console=tty1 console=ttyS0,115200"),
        PREPARE,
        _console,
    ),
    Check(
        "linux.quiet-boot",
        ADVICE,
        "Arguments of the kernel that Azure asks to leave out",
        "no quiet, rhgb, splash or crashkernel=auto on the kernel command line",
        "The serial console shows little of a boot that goes wrong, or memory is set aside for crash dumps.",
        _by_grubby(
            "--remove-args='quiet rhgb splash crashkernel=auto'",
            "sed -i -E '/^GRUB_CMDLINE_LINUX/s/\\b(quiet|rhgb|splash|crashkernel=auto)\\b ?//g' /etc/default/grub; "
            f"{UPDATE_GRUB}",
        ),
        PREPARE,
        _quiet,
    ),
    Check(
        "linux.kernel-arguments",
        ADVICE,
        "Arguments of the kernel for Azure",
        named(ARGUMENTS),
        "Azure recommends them: time for the root disk to appear, early messages, network cards named eth0 (network "
        "settings that call a card otherwise have to follow).",
        _arguments_added("rootdelay=300 earlyprintk=ttyS0 net.ifnames=0"),
        PREPARE,
        _recommended,
    ),
    Check(
        "linux.ssh-server",
        BLOCKS,
        "SSH server",
        "installed",
        "A machine of this image cannot be reached.",
        "apt-get install --yes openssh-server || yum install -y openssh-server || zypper install -y openssh",
        PREPARE,
        _ssh_server,
    ),
    Check(
        "linux.ssh-server-on",
        BLOCKS,
        "SSH server at boot",
        "started",
        "The SSH server is not started at boot: a machine of this image cannot be reached.",
        "systemctl enable ssh || systemctl enable sshd",
        PREPARE,
        _ssh_on,
    ),
)

"""Checks of a Linux: the agents that set a machine up in Azure, and what they leave behind when they have."""

import re

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.linux.boot import command_lines
from calco.inspection.linux.check import DEPROVISION, PREPARE, leftover
from calco.inspection.linux.files import below, lines, matching, named, present, setting, text
from calco.inspection.linux.root import Linux
from calco.inspection.linux.system import cloud_init_version, waagent_version
from calco.inspection.linux.verdict import waagent_folders
from calco.model.inspection import Severity

BLOCKS, LEAKS, ADVICE = Severity.BLOCKS_BOOT, Severity.LEAKS, Severity.ADVICE
PROVISIONING = 'Azure, "Azure Linux VM provisioning"'
INSTANCES_MAX = 100
CLEAN = "cloud-init clean --logs"
_WRITTEN = (
    "/etc/netplan/50-cloud-init.yaml",
    "/etc/network/interfaces.d/50-cloud-init*",
    "/etc/systemd/network/10-cloud-init-*",
    "/etc/NetworkManager/system-connections/cloud-init-*",
)
_SECRETS = (".prv", ".pem", ".crt", ".p7m", ".pfx", ".cer", "Certificates.xml")


def _agents(system: Linux) -> Found:
    found = [
        f"{name} {version}"
        for name, version in (
            ("cloud-init", cloud_init_version(system.files)),
            ("waagent", waagent_version(system.files)),
        )
        if version
    ]
    return passed(named(found)) if found else failed("neither cloud-init nor waagent")


def _agent_setting(files: FileSystem) -> str:
    """Who provisions, as waagent is told. Source: WALinuxAgent, README, Provisioning.Agent; before it there was
    Provisioning.Enabled."""
    conf = lines(files, "/etc/waagent.conf")
    chosen = (setting(conf, "Provisioning.Agent") or "").casefold()
    if not chosen and (setting(conf, "Provisioning.Enabled") or "").casefold() == "n":
        return "disabled"
    return chosen or "auto"


def _provisions(system: Linux) -> Found | None:
    files = system.files
    has_cloud_init, has_waagent = bool(cloud_init_version(files)), bool(waagent_version(files))
    if not (has_cloud_init or has_waagent):
        return None
    off = _cloud_init_off(files)
    if has_cloud_init and not off:
        return passed("cloud-init")
    chosen = _agent_setting(files)
    if has_waagent and (chosen == "waagent" or (chosen == "auto" and not has_cloud_init)):
        return passed("waagent")
    return failed("; ".join([*([f"cloud-init is off ({off})"] if off else []), f"waagent.conf says {chosen[:20]}"]))


def _cloud_init_off(files: FileSystem) -> str:
    """Why it does nothing; empty when it does. Source: cloud-init, "Disable cloud-init"."""
    if files.entry("/etc/cloud/cloud-init.disabled"):
        return "/etc/cloud/cloud-init.disabled"
    policy = next((each for each in lines(files, "/etc/cloud/ds-identify.cfg") if each.startswith("policy:")), "")
    if policy.removeprefix("policy:").strip().startswith("disabled"):
        return "ds-identify.cfg"
    if any("cloud-init=disabled" in each.split() for each in command_lines(files)):
        return "the kernel command line"
    return ""


def _datasources(system: Linux) -> Found | None:
    """The last list in name order holds. Only where cloud-init provisions."""
    files = system.files
    if not cloud_init_version(files) or (waagent_version(files) and _agent_setting(files) == "waagent"):
        return None
    paths = ["/etc/cloud/cloud.cfg", *sorted(path for path, _ in matching(files, "/etc/cloud/cloud.cfg.d/*.cfg"))]
    chosen: tuple[str, list[str]] | None = None
    for path in paths:
        if (names := _datasource_list(text(files, path) or "")) is not None:
            chosen = path, names
    if chosen is None:
        return passed("no list of data sources")
    path, names = chosen
    shown = f"{path} allows {named(each[:30] for each in names) or 'none'}"
    return passed(shown) if not names or "azure" in {each.casefold() for each in names} else failed(shown)


def _datasource_list(content: str) -> list[str] | None:
    """The list under that key of a YAML document, in either of YAML's two ways to write one."""
    content = re.sub(r"#[^\n]*", "", content)
    if found := re.search(r"^datasource_list[ \t]{0,9}:[ \t]{0,9}\[([^\]]{0,2000})\]", content, re.MULTILINE):
        return [name for each in found[1].split(",") if (name := each.strip(" \t\r\n\"'"))]
    if found := re.search(
        r"^datasource_list[ \t]{0,9}:[ \t\r]{0,9}\n((?:[ \t]{0,9}-[^\n]{0,100}(?:\n|$)){1,50})", content, re.MULTILINE
    ):
        return [name for each in found[1].split("\n") if (name := each.strip(" \t\r-\"'"))]
    return None


def _cloud_init_there(system: Linux) -> Found | None:
    if not waagent_version(system.files):
        return None
    version = cloud_init_version(system.files)
    return passed(version) if version else failed("waagent alone")


def _waagent_there(system: Linux) -> Found | None:
    if not cloud_init_version(system.files):
        return None
    version = waagent_version(system.files)
    return passed(version) if version else failed("cloud-init alone")


def _resource_disk(system: Linux) -> Found | None:
    """Both would format it. Only where cloud-init provisions."""
    files = system.files
    if not (waagent_version(files) and cloud_init_version(files)) or _agent_setting(files) == "waagent":
        return None
    conf = lines(files, "/etc/waagent.conf")
    names = ("ResourceDisk.Format", "ResourceDisk.EnableSwap")
    found = [f"{each}=y" for each in names if (setting(conf, each) or "").casefold() == "y"]
    return failed(named(found)) if found else passed("left to cloud-init")


def _regenerates(system: Linux) -> Found | None:
    """cloud-init makes host keys itself."""
    if not waagent_version(system.files) or cloud_init_version(system.files):
        return None
    value = setting(lines(system.files, "/etc/waagent.conf"), "Provisioning.RegenerateSshHostKeyPair") or "y"
    return (
        failed("Provisioning.RegenerateSshHostKeyPair=n")
        if value.casefold() == "n"
        else passed("new at every first boot")
    )


def _at_waagent(name: str, system: Linux) -> Found:
    found = [path for path, _ in matching(system.files, *(f"{each}/{name}" for each in waagent_folders(system.files)))]
    return failed(named(found)) if found else passed("none")


def _waagent_files(system: Linux) -> list[str]:
    """Everything below its folder but the two that have checks of their own."""
    return [
        path
        for folder in waagent_folders(system.files)
        for path, entry in below(system.files, folder)
        if entry.kind is Kind.FILE and path not in {f"{folder}/ovf-env.xml", f"{folder}/provisioned"}
    ]


def _waagent_keys(system: Linux) -> Found:
    found = [each for each in _waagent_files(system) if each.endswith(_SECRETS)]
    return failed(named(found)) if found else passed("none")


def _waagent_state(system: Linux) -> Found:
    found = [each for each in _waagent_files(system) if not each.endswith(_SECRETS)]
    return failed(named(found)) if found else passed("none")


def _instances(system: Linux) -> Found:
    """``cloud-init clean`` removes all of it."""
    files = system.files
    found = [
        f"/var/lib/cloud/instances/{each.name}"
        for each in (files.list("/var/lib/cloud/instances") or ())[:INSTANCES_MAX]
        if any(entry.kind is Kind.FILE for _, entry in below(files, f"/var/lib/cloud/instances/{each.name}"))
    ]
    found += present(files, "/var/lib/cloud/data/*", "/var/lib/cloud/sem/*")
    return failed(named(found)) if found else passed("none")


def _user_data(system: Linux) -> Found:
    # Not user-data.txt.i: cloud-init wraps nothing at all into one too.
    names = ("user-data.txt", "cloud-config.txt", "vendor-data.txt")
    found = present(system.files, *(f"/var/lib/cloud/instances/*/{each}" for each in names))
    found += present(system.files, "/var/lib/cloud/instances/*/scripts/*", "/var/lib/waagent/CustomData")
    found = [each for each in found if len((system.files.read(each, 4096) or b"").strip()) > len(b"#cloud-config")]
    return failed(named(found)) if found else passed("none")


def _password_login(system: Linux) -> Found:
    said = [each.split() for each in lines(system.files, "/etc/ssh/sshd_config.d/50-cloud-init.conf")]
    on = any([word.casefold() for word in each] == ["passwordauthentication", "yes"] for each in said)
    return failed("50-cloud-init.conf allows it") if on else passed("not switched on by cloud-init")


CHECKS: tuple[Check[Linux], ...] = (
    Check(
        "linux.provisioning-agent",
        BLOCKS,
        "Agent that sets a machine up",
        "cloud-init, waagent, or both",
        "Nothing on this disk tells Azure that a machine is ready: its creation ends in OSProvisioningTimedOut.",
        "apt-get install --yes cloud-init waagent || apt-get install --yes cloud-init walinuxagent || "
        "yum install -y cloud-init WALinuxAgent || zypper install -y cloud-init python-azure-agent",
        PROVISIONING,
        _agents,
    ),
    Check(
        "linux.provisioning-agent-on",
        BLOCKS,
        "Agent that provisions is switched on",
        "cloud-init, or waagent with Provisioning.Agent=waagent",
        "The agents are installed, but none of them provisions: a machine's creation ends in OSProvisioningTimedOut.",
        "rm -f /etc/cloud/cloud-init.disabled; "
        "sed -i 's/^policy:.*disabled.*/policy: enabled/' /etc/cloud/ds-identify.cfg; "
        "sed -i 's/^Provisioning.Agent=.*/Provisioning.Agent=auto/; "
        "s/^Provisioning.Enabled=.*/Provisioning.Enabled=y/' /etc/waagent.conf",
        "cloud-init, Disable cloud-init; WALinuxAgent, README, Provisioning.Agent",
        _provisions,
    ),
    Check(
        "linux.cloud-init-datasource",
        BLOCKS,
        "Data sources of cloud-init",
        "Azure among them",
        "cloud-init may not look for Azure: it sets nothing up, and creating a machine ends in OSProvisioningTimedOut.",
        "echo 'datasource_list: [Azure]' > /etc/cloud/cloud.cfg.d/zz-azure.cfg",
        f"{PREPARE}; cloud-init, datasource_list",
        _datasources,
    ),
    Check(
        "linux.cloud-init-missing",
        ADVICE,
        "cloud-init",
        "installed",
        "waagent provisions alone; Azure recommends cloud-init for it, with waagent for extensions.",
        "apt-get install --yes cloud-init || yum install -y cloud-init || zypper install -y cloud-init",
        PROVISIONING,
        _cloud_init_there,
    ),
    Check(
        "linux.waagent-missing",
        ADVICE,
        "waagent",
        "installed",
        "Without waagent a machine has no extensions: no reset of passwords, no run-command, no monitoring.",
        "apt-get install --yes waagent || apt-get install --yes walinuxagent || yum install -y WALinuxAgent || "
        "zypper install -y python-azure-agent",
        PROVISIONING,
        _waagent_there,
    ),
    Check(
        "linux.waagent-host-keys",
        BLOCKS,
        "Who makes new SSH host keys",
        "Provisioning.RegenerateSshHostKeyPair=y",
        "Nobody makes new SSH host keys, without which sshd does not start, and so `waagent -deprovision` leaves this "
        "machine's.",
        "sed -i 's/^Provisioning.RegenerateSshHostKeyPair=.*/Provisioning.RegenerateSshHostKeyPair=y/' "
        "/etc/waagent.conf",
        DEPROVISION,
        _regenerates,
    ),
    Check(
        "linux.waagent-resource-disk",
        ADVICE,
        "Who prepares the temporary disk",
        "cloud-init (ResourceDisk.Format=n, ResourceDisk.EnableSwap=n)",
        "waagent and cloud-init both prepare the temporary disk, and get in each other's way.",
        "sed -i 's/^ResourceDisk.Format=.*/ResourceDisk.Format=n/; "
        "s/^ResourceDisk.EnableSwap=.*/ResourceDisk.EnableSwap=n/' /etc/waagent.conf",
        PREPARE,
        _resource_disk,
    ),
    Check(
        "linux.waagent-provisioned",
        LEAKS,
        "waagent's mark of a machine that is set up",
        "none",
        "waagent takes a machine of this image for one that is set up, or reports that it was not deprovisioned.",
        "rm -f /var/lib/waagent/provisioned",
        DEPROVISION,
        lambda system: _at_waagent("provisioned", system),
    ),
    Check(
        "linux.waagent-ovf-env",
        LEAKS,
        "waagent's copy of the provisioning data",
        "none",
        "ovf-env.xml names the account that was created, and may hold its password and the custom data.",
        "rm -f /var/lib/waagent/ovf-env.xml",
        DEPROVISION,
        lambda system: _at_waagent("ovf-env.xml", system),
    ),
    Check(
        "linux.waagent-keys",
        LEAKS,
        "waagent's certificates and keys",
        "none",
        "Keys that settings and secrets are sent to this machine with are still there.",
        "find /var/lib/waagent -type f \\( -name '*.prv' -o -name '*.pem' -o -name '*.crt' -o -name '*.p7m' "
        "-o -name '*.pfx' -o -name '*.cer' -o -name '*Certificates.xml' \\) -delete",
        DEPROVISION,
        _waagent_keys,
    ),
    Check(
        "linux.waagent-state",
        LEAKS,
        "waagent's state and extensions",
        "none",
        "Goal states and extensions of this machine, with their settings, are still there; waagent writes them again "
        "while it runs.",
        "systemctl stop waagent walinuxagent 2>/dev/null; rm -rf /var/lib/waagent/*",
        DEPROVISION,
        _waagent_state,
    ),
    leftover(
        "linux.waagent-logs",
        ADVICE,
        "Logs of waagent and extensions",
        "Logs of waagent and of extensions tell of this machine: accounts, addresses, what was run.",
        ("/var/log/waagent*.log*", "/var/log/azure/*", "/var/log/azure/*/*", "/var/log/azure/*/*/*"),
        source=DEPROVISION,
        fix="rm -rf /var/log/waagent*.log* /var/log/azure/*",
    ),
    Check(
        "linux.cloud-init-instances",
        LEAKS,
        "cloud-init's state of this machine",
        "none",
        "cloud-init keeps what this machine was set up with (account, keys, perhaps a password's hash); `waagent "
        "-deprovision` leaves it.",
        CLEAN,
        "cloud-init, CLI commands, clean",
        _instances,
    ),
    Check(
        "linux.cloud-init-user-data",
        LEAKS,
        "Custom data that cloud-init was given",
        "none",
        "The custom data of this machine is readable on every machine of the image, with the secrets in it.",
        f"{CLEAN}; rm -f /var/lib/waagent/CustomData",
        "cloud-init, CLI commands, clean; WALinuxAgent, pa/provision/default.py",
        _user_data,
    ),
    leftover(
        "linux.cloud-init-seed",
        LEAKS,
        "Seeds of cloud-init",
        "Provisioning data is baked into the image: every machine of it is set up the same.",
        ("/var/lib/cloud/seed/*/user-data", "/var/lib/cloud/seed/*/meta-data", "/var/lib/cloud/seed/*/ovf-env.xml"),
        source="cloud-init, NoCloud",
    ),
    leftover(
        "linux.cloud-init-logs",
        ADVICE,
        "Logs of cloud-init",
        "cloud-init's logs tell of this machine, and of what its custom data printed.",
        ("/var/log/cloud-init.log*", "/var/log/cloud-init-output.log*"),
        source="cloud-init, CLI commands, clean",
        fix=CLEAN,
    ),
    leftover(
        "linux.cloud-init-network",
        ADVICE,
        "Network settings that cloud-init wrote",
        "They name this machine's network card; a new machine's cloud-init writes its own over them, unless it is told "
        "to leave the network alone, and this machine's only when it is cleaned too.",
        _WRITTEN,
        source="cloud-init, Network configuration",
    ),
    Check(
        "linux.ssh-password-login",
        ADVICE,
        "SSH login with passwords",
        "as the image's makers want it, not as this machine was created",
        "cloud-init let people log in with passwords on this machine, and left it so for every machine of the image.",
        "rm -f /etc/ssh/sshd_config.d/50-cloud-init.conf",
        "cloud-init, ssh_pwauth",
        _password_login,
    ),
)

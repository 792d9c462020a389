"""Checks of a Linux: what tells one machine from another, and would be the same on every machine of the image."""

import re

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.files.file_system import FileSystem
from calco.inspection.linux.check import BUILDING, DEPROVISION, PREPARE, leftover, saying, there
from calco.inspection.linux.files import lines, matching, named, present, text
from calco.inspection.linux.host_keys import host_keys, named_keys
from calco.inspection.linux.root import Linux
from calco.inspection.linux.system import release
from calco.model.inspection import Severity

LEAKS, ADVICE = Severity.LEAKS, Severity.ADVICE

_LEASES = (
    "/var/lib/dhclient/*.lease*",
    "/var/lib/dhcpcd/*.lease*",
    "/var/lib/dhcp/*.lease*",
    "/var/lib/dhcp3/*.lease*",
    "/var/lib/NetworkManager/*.lease",
    "/var/lib/systemd/network/leases/*",
    "/var/lib/wicked/lease-*.xml",
)
_RULES = "/etc/udev/rules.d/70-persistent-net.rules"
_NETWORK_OFF = re.compile(r"^network:\s{0,9}\{?\s{0,9}config:\s{0,9}['\"]?disabled", re.MULTILINE)
_SEEDS = (
    "/etc/random.seed",
    "/var/lib/systemd/random-seed",
    "/var/lib/urandom/random-seed",
    "/var/lib/random-seed",
    "/boot/efi/loader/random-seed",
)
_NETWORKS = (
    "/etc/sysconfig/network-scripts/ifcfg-*",
    "/etc/sysconfig/network/ifcfg-*",
    "/etc/netplan/*.yaml",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/systemd/network/*",
    "/etc/NetworkManager/system-connections/*",
)
_HARDWARE_ADDRESS = re.compile(
    r"^[ \t-]*(hwaddr|macaddress|macaddr|lladdr|hwaddress|permanentmacaddress|mac-address)\b[ \t=:\"']{0,9}(ether )?"
    r"[ \t\"']{0,9}[0-9a-f]{2}([:-][0-9a-f]{2}){5}",
    re.IGNORECASE | re.MULTILINE,
)
_SECRET_SETTINGS = saying(
    r"(?i)^[ \t]*(psk|password|wep-key\d|leap-password|private-?key|secret)\b[ \t]{0,9}[=:][ \t]{0,9}[^\s#]"
)
_SECRET_LINES = saying(r"^(?!include\b)[^#\s]")
_OWN_NAMES = frozenset(
    {"localhost", "localhost.localdomain", "localhost4", "localhost6", "localhost-live", "none", "(none)"}
)


def _host_keys(system: Linux) -> Found:
    elsewhere = set(named_keys(system.files))
    found = [each for each in host_keys(system.files) if each not in elsewhere]
    return failed(named(found)) if found else passed("none")


def _keys_elsewhere(system: Linux) -> Found:
    found = named_keys(system.files)
    return failed(named(found)) if found else passed("none")


def _machine_id(system: Linux) -> Found:
    content = (text(system.files, "/etc/machine-id") or "").strip()
    if content in {"", "uninitialized"}:
        return passed(content or "empty")
    return failed("/etc/machine-id holds an id")


def _dbus_id(system: Linux) -> Found | None:
    """A link to /etc/machine-id is how it should be."""
    path = "/var/lib/dbus/machine-id"
    if system.files.link(path) is not None or not system.files.entry("/var/lib/dbus"):
        return None
    return failed(f"{path} holds an id of its own") if (text(system.files, path) or "").strip() else passed("none")


def _hardware_addresses(system: Linux) -> Found:
    """What cloud-init wrote for this machine, it writes anew for the next."""
    found = [
        path
        for path in there(system.files, _NETWORKS)
        if "cloud-init" not in path and _HARDWARE_ADDRESS.search(text(system.files, path) or "")
    ]
    return failed(named(found)) if found else passed("none")


def _hostname(system: Linux) -> Found:
    name = next(iter(lines(system.files, "/etc/hostname")), "")
    usual = {*_OWN_NAMES, release(system.files, "ID"), ""}
    return passed(name or "none") if name in usual else failed(f"/etc/hostname says {name[:64]}")


def _resolv_conf(system: Linux) -> Found:
    """A link leads to what a running service writes."""
    path = "/etc/resolv.conf"
    if system.files.link(path) is not None:
        return passed("a link to what is written at boot")
    servers = [each for each in lines(system.files, path) if each.startswith("nameserver") and "127.0.0." not in each]
    return failed(f"{path} names {len(servers)} name servers") if servers else passed("no name server of its own")


def _is_own_rule(files: FileSystem, path: str) -> bool:
    """Names bound to addresses of network cards, unless every machine's cloud-init writes them anew."""
    if not re.search(r"ATTRS?\{address\}==", text(files, path) or ""):
        return False
    return path != _RULES or not _renders_for_ifupdown(files)


def _renders_for_ifupdown(files: FileSystem) -> bool:
    """Whether cloud-init did, and will. Source: cloud-init, net/eni.py (netrules_path) and "Disable network config"."""
    if not present(files, "/etc/network/interfaces.d/50-cloud-init*") or files.entry("/etc/cloud/cloud-init.disabled"):
        return False
    settings = ["/etc/cloud/cloud.cfg", *(path for path, _ in matching(files, "/etc/cloud/cloud.cfg.d/*.cfg"))]
    return not any(_NETWORK_OFF.search(text(files, each) or "") for each in settings)


def _iscsi_name(files: FileSystem, path: str) -> bool:
    if path.endswith(".iscsi"):
        return any(each.startswith("InitiatorName=") for each in lines(files, path))
    return bool((text(files, path) or "").strip())


def _certificates(system: Linux) -> Found | None:
    found = [path for path, _ in matching(system.files, "/etc/ssh/ssh_host_*-cert.pub")]
    return failed(named(found)) if found else passed("none")


CHECKS: tuple[Check[Linux], ...] = (
    Check(
        "linux.ssh-host-keys",
        LEAKS,
        "SSH host keys",
        "none",
        "Every machine of this image has the same SSH host keys: whoever holds one machine can pose as all of them.",
        "rm -f /etc/ssh/ssh_host_* /etc/openssh/ssh_host_* /usr/local/etc/ssh_host_* /usr/local/etc/ssh/ssh_host_* "
        "/etc/dropbear/dropbear_*_host_key /etc/dropbear/initramfs/dropbear_*_host_key "
        "/etc/dropbear-initramfs/dropbear_*_host_key /etc/tinyssh/sshkeydir/.*.sk",
        DEPROVISION,
        _host_keys,
    ),
    Check(
        "linux.ssh-host-keys-elsewhere",
        LEAKS,
        "SSH host keys in other places",
        "none",
        "sshd_config names host keys in other places, which `waagent -deprovision` leaves: every machine of this image "
        "has the same.",
        "rm -f $(awk 'tolower($1) == \"hostkey\" { print $2 }' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf "
        "2>/dev/null)",
        "sshd_config(5), HostKey",
        _keys_elsewhere,
    ),
    Check(
        "linux.ssh-host-certificates",
        LEAKS,
        "SSH host certificates",
        "none",
        "A certificate vouches for this one machine's SSH host key.",
        "rm -f /etc/ssh/ssh_host_*-cert.pub",
        "sshd_config(5), HostCertificate",
        _certificates,
    ),
    Check(
        "linux.machine-id",
        LEAKS,
        "Machine id",
        "empty, or `uninitialized`",
        "Every machine of this image has the same machine id: DHCP, journals and licences take them for one, and "
        "`waagent -deprovision` leaves it.",
        "truncate -s 0 /etc/machine-id",
        "machine-id(5)",
        _machine_id,
    ),
    Check(
        "linux.dbus-machine-id",
        LEAKS,
        "D-Bus machine id",
        "none, or a link to /etc/machine-id",
        "D-Bus keeps a machine id of its own, and a new /etc/machine-id is copied from it.",
        "rm -f /var/lib/dbus/machine-id",
        "machine-id(5); systemd-machine-id-setup(1)",
        _dbus_id,
    ),
    leftover(
        "linux.dhcp-leases",
        ADVICE,
        "DHCP leases",
        "Leases of this machine's address are left, and another may ask for the same one; a shutdown may write them "
        "again after `waagent -deprovision`.",
        _LEASES,
        source=DEPROVISION,
    ),
    leftover(
        "linux.persistent-net-rules",
        Severity.BLOCKS_BOOT,
        "Persistent names of network cards",
        "Rules bind a network card's name to this machine's card: another machine's card gets another name, and stays "
        "without an address.",
        (
            _RULES,
            "/etc/udev/rules.d/75-persistent-net*.rules",
            "/lib/udev/rules.d/75-persistent-net-generator.rules",
        ),
        source='Azure, "Prepare a CentOS-based virtual machine"; virt-sysprep(1), udev-persistent-net',
        holds=_is_own_rule,
    ),
    Check(
        "linux.net-hardware-address",
        LEAKS,
        "Network settings for one network card",
        "none",
        "Network settings name this machine's network card, and do not hold for another's; in netplan `match:` and "
        "`set-name:` go together with the address, by hand.",
        "grep -lriE '^[[:space:]-]*(hwaddr|macaddress|macaddr|lladdr|hwaddress|permanentmacaddress|mac-address)' "
        "/etc/sysconfig/network-scripts /etc/sysconfig/network /etc/network /etc/systemd/network "
        "/etc/NetworkManager/system-connections 2>/dev/null | xargs -r sed -i -E "
        "'/^[[:space:]-]*(hwaddr|macaddress|macaddr|lladdr|hwaddress|permanentmacaddress|mac-address)/Id'",
        "virt-sysprep(1), net-hwaddr",
        _hardware_addresses,
    ),
    Check(
        "linux.hostname",
        ADVICE,
        "Host name",
        "localhost.localdomain, none, or the distribution's",
        "The image carries this machine's name; machines of it have it until their agent sets their own.",
        "echo localhost.localdomain > /etc/hostname",
        DEPROVISION,
        _hostname,
    ),
    Check(
        "linux.resolv-conf",
        ADVICE,
        "Name servers",
        "none, or a link",
        "/etc/resolv.conf names the name servers of the network where this machine was (without it no name is found "
        "until it is written at the next boot).",
        "rm -f /etc/resolv.conf",
        DEPROVISION,
        _resolv_conf,
    ),
    leftover(
        "linux.random-seed",
        ADVICE,
        "Random seed",
        "Every machine of this image starts from the same random seed.",
        _SEEDS,
        source=f"{DEPROVISION}; {BUILDING}",
    ),
    leftover(
        "linux.credential-secret",
        LEAKS,
        "Secret that systemd encrypts credentials with",
        "Whoever has one machine of this image can read the encrypted credentials of all.",
        ("/var/lib/systemd/credential.secret",),
        source=BUILDING,
    ),
    leftover(
        "linux.storage-identity",
        LEAKS,
        "iSCSI and NVMe host names",
        "Every machine of this image has the same name towards storage: targets take them for one.",
        ("/etc/iscsi/initiatorname.iscsi", "/etc/nvme/hostnqn", "/etc/nvme/hostid"),
        source="iscsi-iname(8); nvme-gen-hostnqn(1)",
        holds=_iscsi_name,
    ),
    leftover(
        "linux.subscription",
        LEAKS,
        "Subscription identity",
        "Every machine of this image uses this one's subscription.",
        (
            "/etc/pki/consumer/*.pem",
            "/etc/pki/entitlement/*.pem",
            "/etc/sysconfig/rhn/systemid",
            "/etc/zypp/credentials.d/SCCcredentials",
            "/var/lib/ubuntu-advantage/private/machine-token.json",
            "/var/lib/ubuntu-pro/private/machine-token.json",
            "/etc/smolt/hw-uuid",
            "/etc/sysconfig/hw-uuid",
            "/var/lib/yum/uuid",
        ),
        source=f"virt-sysprep(1), rh-subscription-manager, rhn-systemid; {PREPARE}",
    ),
    leftover(
        "linux.management-keys",
        LEAKS,
        "Keys towards management servers",
        "Every machine of this image is the same one to its management server (Puppet, Salt, Chef...).",
        (
            "/etc/puppetlabs/puppet/ssl/private_keys/*.pem",
            "/var/lib/puppet/ssl/private_keys/*.pem",
            "/var/lib/puppet/*/ssl/private_keys/*.pem",
            "/etc/puppet/ssl/private_keys/*.pem",
            "/etc/salt/pki/minion/minion.pem",
            "/etc/salt/minion_id",
            "/etc/chef/client.pem",
            "/var/lib/cfengine*/ppkeys/localhost.priv",
            "/var/lib/tailscale/tailscaled.state",
            "/etc/opt/microsoft/omsagent/*/certs/oms.key",
            "/var/opt/azcmagent/certs/*",
        ),
        source="virt-sysprep(1), puppet-data-log; each tool's own documentation",
    ),
    leftover(
        "linux.domain-membership",
        LEAKS,
        "Membership of a domain",
        "The image holds this machine's own account in a domain (Kerberos keys, SSSD, Samba, FreeIPA), which this "
        "machine loses too: accounts of the domain no longer sign in here.",
        (
            "/etc/krb5.keytab",
            "/var/lib/sss/db/*.ldb",
            "/var/lib/sss/secrets/*",
            "/var/lib/samba/private/secrets.tdb",
            "/etc/samba/secrets.tdb",
            "/etc/ipa/default.conf",
            "/var/lib/ipa-client/sysrestore/*",
        ),
        source="virt-sysprep(1), kerberos-hostkeytab, sssd-db-log, samba-db-log, ipa-client",
    ),
    leftover(
        "linux.network-secrets",
        LEAKS,
        "Passwords and keys of networks",
        "Network settings hold a password or a private key (Wi-Fi, VPN); they are deleted whole, and this machine "
        "loses those connections.",
        (
            "/etc/NetworkManager/system-connections/*",
            "/etc/wpa_supplicant/*.conf",
            "/etc/wpa_supplicant.conf",
            "/etc/wireguard/*.conf",
            "/etc/netplan/*.yaml",
            "/etc/ppp/chap-secrets",
            "/etc/ppp/pap-secrets",
            "/etc/ipsec.secrets",
        ),
        source="virt-sysprep(1), net-nmconn; nm-settings-keyfile(5)",
        holds=lambda files, path: (_SECRET_LINES if path.endswith("secrets") else _SECRET_SETTINGS)(files, path),
        fix="grep -lriE '^[[:space:]]*(psk|password|wep-key|leap-password|private-?key|secret)' "
        "/etc/NetworkManager/system-connections /etc/wpa_supplicant /etc/wpa_supplicant.conf /etc/wireguard "
        "/etc/netplan 2>/dev/null | xargs -r rm -f; "
        "rm -f /etc/ppp/chap-secrets /etc/ppp/pap-secrets /etc/ipsec.secrets",
    ),
)

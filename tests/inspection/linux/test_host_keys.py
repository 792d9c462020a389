"""Host keys that a server uses and a look might miss: then a disk would be called generalized that is not."""

import pytest

from calco.model.inspection import Verdict
from tests.inspection.disks import Folder, Link
from tests.inspection.linux.samples import KEY
from tests.inspection.linux.test_look import verdict
from tests.inspection.linux.trees import READY, Change

CONFIG = "/etc/ssh/sshd_config"
FSTAB = "/etc/fstab"
ROOT = b"LABEL=root / ext4 defaults 0 1\n"


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (b'HostKey "/srv/my key"\n', "/srv/my key"),
        (b"HostKey '/srv/key'\n", "/srv/key"),
        (b"HostKey /srv/my\\ key\n", "/srv/my key"),
        (b"HostKey srv/key\n", "/srv/key"),
        (b'"hostkey" = "/srv/key" # ours\n', "/srv/key"),
        (b"Include '/srv/*.conf'\n", "/srv/key"),
        (b"Include /srv/[^x].conf\n", "/srv/key"),
    ],
)
def test_sshd_config_is_read_as_sshd_reads_it(config: bytes, key: str) -> None:
    seen = verdict({CONFIG: config, "/srv/a.conf": b"HostKey /srv/key\n", key: KEY})

    assert seen.verdict is Verdict.SPECIALIZED
    assert any(key in each for each in seen.evidence)


@pytest.mark.parametrize(
    "key",
    [
        "/etc/openssh/ssh_host_rsa_key",
        "/usr/local/etc/ssh_host_rsa_key",
        "/usr/local/etc/ssh/ssh_host_rsa_key",
        "/etc/dropbear/initramfs/dropbear_rsa_host_key",
        "/etc/dropbear-initramfs/dropbear_rsa_host_key",
        "/etc/tinyssh/sshkeydir/.ed25519.sk",
    ],
)
def test_servers_that_were_built_otherwise_keep_their_keys_elsewhere(key: str) -> None:
    assert verdict({key: KEY}).verdict is Verdict.SPECIALIZED


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({CONFIG: Link("/mnt/config")}, "/mnt/config"),
        ({"/etc/ssh/sshd_config.d/1.conf": Link("/mnt/config")}, "/mnt/config"),
        ({CONFIG: b"Include /srv/*/ssh.conf\n"}, "not followed"),
        ({CONFIG: b"HostKey '/srv/key\n"}, "does not end"),
        ({"/etc/ssh/ssh_host_rsa_key.bak": KEY}, "ssh_host_rsa_key.bak"),
        ({"/etc/ssh/of-this-host": KEY}, "of-this-host"),
        ({"/etc/default/ssh": b'SSHD_OPTS="-h /srv/key"\n'}, "/etc/default/ssh"),
        ({"/etc/default/dropbear": b'DROPBEAR_EXTRA_ARGS="-w -r /srv/key"\n'}, "/etc/default/dropbear"),
        ({"/etc/default/dropbear": b'DROPBEAR_RSAKEY="/srv/key"\n'}, "/etc/default/dropbear"),
        ({"/etc/systemd/system/mine.service": b"[Service]\nExecStart=/opt/sshd -f /srv/x\n"}, "mine.service"),
        ({"/etc/sysconfig/sshd": b"OPTIONS='-u0 -f /srv/config'\n"}, "/etc/sysconfig/sshd"),
        (
            {"/etc/systemd/system/ssh.service.d/1.conf": b"[Service]\nExecStart=/sbin/sshd -D -oHostKey=/k\n"},
            "/etc/systemd/system/ssh.service.d/1.conf",
        ),
    ],
)
def test_what_is_not_followed_leaves_it_unknown(change: Change, word: str) -> None:
    seen = verdict(change)

    assert seen.verdict is Verdict.UNKNOWN
    assert any(word in each for each in seen.evidence)


@pytest.mark.parametrize(
    "change",
    [
        {"/etc/default/ssh": b"# -h /srv/key\nSSHD_OPTS=\n", "/etc/sysconfig/sshd": b'OPTIONS="-u0 -4"\n'},
        {"/usr/lib/systemd/system/ssh.service": b"[Service]\nExecStartPre=/usr/sbin/sshd -t\n"
         b"ExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n"},
        {"/etc/systemd/system/ssh.service": Folder(), "/etc/systemd/system/tmp.mount": Folder()},
        {"/etc/default/dropbear": b'DROPBEAR_RSAKEY="/etc/dropbear/dropbear_rsa_host_key"\nDROPBEAR_EXTRA_ARGS="-w"\n'},
        {"/etc/ssh/ca.pub": b"ssh-rsa AAAA\n", "/etc/ssh/of-others": Link("/nowhere")},
    ],
    ids=["options of the usual kind", "the unit of Debian", "masked units", "Dropbear's", "public keys"],
)  # fmt: skip
def test_what_every_server_has_is_no_doubt(change: Change) -> None:
    assert verdict(change).verdict is Verdict.GENERALIZED


def test_a_key_that_is_there_counts_whatever_else_cannot_be_read() -> None:
    assert verdict({CONFIG: bytes(64), "/etc/ssh/ssh_host_rsa_key": KEY}).verdict is Verdict.SPECIALIZED


# ----- the agent's folder


@pytest.mark.parametrize(
    "config",
    [
        {"/etc/waagent.conf": b"Lib.Dir=/srv/agent # ours\n"},
        {"/etc/waagent.conf": b'Lib.Dir = "/srv/agent"\n'},
        {"/usr/share/oem/waagent.conf": b"Lib.Dir=/srv/agent\n"},
        {"/etc/cloud/cloud.cfg.d/91.cfg": b"datasource: {Azure: {data_dir: '/srv/agent'}}\n"},
    ],
    ids=["with a comment", "quoted", "the agent of CoreOS", "cloud-init's"],
)
def test_the_agents_folder_is_where_its_configuration_says(config: Change) -> None:
    assert verdict({**config, "/srv/agent/ovf-env.xml": b"<x/>"}).verdict is Verdict.SPECIALIZED
    assert verdict(config).verdict is Verdict.GENERALIZED


# ----- what lies over /etc/ssh


@pytest.mark.parametrize(
    "change",
    [
        {FSTAB: ROOT + b"/data/ssh /etc/ssh none bind 0 0\n"},
        {FSTAB: ROOT + b"/data/ssh /etc/ssh tmpfs bind 0 0\n"},
        {FSTAB: ROOT + b"/data/ssh /etc/ssh fuse.bindfs defaults 0 0\n"},
        {FSTAB: ROOT + b"LABEL=root /etc/ssh ext4 X-mount.subdir=data/ssh 0 0\n"},
        {FSTAB: b"LABEL=root / ext4 X-mount.subdir=data 0 0\n"},
        {FSTAB: ROOT + b"#\n" * 500 + b"/data/ssh /etc/ssh none bind 0 0\n"},
        {"/usr/lib/systemd/system/etc-ssh.mount": b"[Mount]\nWhat=/data/ssh\nWhere=/etc/ssh\nOptions=bind\n"},
        {"/etc/systemd/system/etc-ssh.mount": b'[Mount]\nWhat="/data/ssh"\nWhere="/etc/ssh"\nOptions=bind\n'},
        {"/ostree/deploy/debian/deploy/1.0/etc/hostname": b"x\n"},
    ],
    ids=[
        "bind",
        "bind of any type",
        "FUSE",
        "a folder of a volume",
        "a folder for a root",
        "a long fstab",
        "a unit of the vendor's",
        "a quoted unit",
        "OSTree",
    ],
)
def test_keys_that_something_else_puts_over_etc_ssh_are_not_missed(change: Change) -> None:
    seen = verdict({**change, "/data/ssh/ssh_host_rsa_key": KEY})

    assert seen.verdict is Verdict.UNKNOWN
    assert verdict({FSTAB: READY[FSTAB]}).verdict is Verdict.GENERALIZED

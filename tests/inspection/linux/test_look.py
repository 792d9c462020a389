"""Which Linux is on a disk, and whether it is generalized: what is there, what is not, and what could not be read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calco.inspection.files.volumes import Disk
from calco.inspection.linux.look import find, sighting
from calco.inspection.look import look
from calco.inspection.sighting import Sighting
from calco.model.inspection import Result, Verdict
from tests.inspection.disks import File, Folder, Link, Memory, Partition, Tree, ext4, gpt, xfs
from tests.inspection.fake_files import FakeFiles, fake_disk
from tests.inspection.linux.samples import KEY
from tests.inspection.linux.trees import PASSWD, READY, Change, changed

KEY_FILE: Change = {"/etc/ssh/ssh_host_ed25519_key": KEY}


def looked_at(disk: Disk) -> Sighting:
    system = find(disk)
    assert system is not None
    return sighting(system)


def verdict(change: Change, tree: Tree = READY) -> Sighting:
    return looked_at(fake_disk(FakeFiles(changed(tree, change), label="root")))


def result(seen: Sighting, code: str) -> tuple[Result, str]:
    (found,) = [(each.result, each.found) for each in seen.seen if each.code == code]
    return found


# ----- signs


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (KEY_FILE, "ssh_host_ed25519_key"),
        ({"/etc/ssh/ssh_host_key": KEY}, "ssh_host_key"),
        ({"/etc/dropbear/dropbear_rsa_host_key": b"key"}, "dropbear_rsa"),
        ({"/etc/ssh/ssh_host_rsa_key": Link("/srv/rsa"), "/srv/rsa": KEY}, "ssh_host_rsa_key"),
        ({"/etc/ssh/sshd_config.d/1.conf": b"hostkey /srv/key\n", "/srv/key": KEY}, "/srv/key"),
        ({"/etc/ssh/sshd_config": b'HostKey="/srv/key"\n', "/srv/key": KEY}, "/srv/key"),
        ({"/etc/ssh/sshd_config": b"Include more/*\n", "/etc/ssh/more/x": b"HostKey /k\n", "/k": KEY}, "/k"),
        ({"/var/lib/waagent/provisioned": b""}, "provisioned"),
        ({"/var/lib/waagent/ovf-env.xml": b"<x/>"}, "ovf-env.xml"),
        ({"/etc/waagent.conf": b"Lib.Dir=/srv/agent\n", "/srv/agent/provisioned": b"id"}, "/srv/agent/provisioned"),
    ],
    ids=[
        "host key", "old host key", "dropbear", "a link to one", "HostKey", "HostKey with =", "included HostKey",
        "provisioned", "ovf-env", "agent's own folder",
    ],
)  # fmt: skip
def test_a_host_key_or_what_the_agent_wrote_makes_it_specialized(change: Change, word: str) -> None:
    seen = verdict(change)

    assert seen.verdict is Verdict.SPECIALIZED
    assert any(word in each for each in seen.evidence)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"/etc/ssh/ssh_host_rsa_key.pub": b"ssh-rsa AAAA"},
        {"/etc/ssh/sshd_config": b"#HostKey /srv/key\nHostKey /etc/ssh/ssh_host_rsa_key\n", "/srv/key": KEY},
        {"/var/lib/waagent": None},
        {"/etc/machine-id": b"0123\n", "/var/lib/dhcp/x.leases": b"lease", "/root/.bash_history": b"ls"},
        {
            "/etc/passwd": f"{PASSWD}a:x:1000:1000::/home/a:/bin/sh\n".encode(),
            "/var/lib/cloud/instances/1/obj.pkl": b"x",
        },
    ],
    ids=[
        "as it should be", "a public key", "a comment",
        "no agent's folder", "machine id, leases and histories", "accounts and cloud-init's state",
    ],
)  # fmt: skip
def test_nothing_else_does(change: Change) -> None:
    assert verdict(change).verdict is Verdict.GENERALIZED


# ----- what is not known


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"/etc/os-release": None, "/usr/lib/os-release": None}, "os-release"),
        ({"/usr/lib/os-release": b"\0" * 64}, "os-release"),
        ({"/etc/ssh": None}, "/etc/ssh"),
        ({"/etc/ssh": Folder()}, "/etc/ssh"),
        ({"/var/lib": None}, "/var/lib"),
        ({"/etc/passwd": None}, "passwd"),
        ({"/etc/passwd": b"x" * 5_000_000}, "passwd"),
        ({"/etc/shadow": b"\0" * 64}, "shadow"),
        ({"/etc/group": None}, "group"),
        ({"/etc/ssh/sshd_config": b"x" * 2_000_000}, "sshd_config"),
        ({"/etc/fstab": b"x" * 2_000_000}, "fstab"),
        ({"/etc/ssh": Link("/etc/ssh")}, "links"),
        ({"/etc/ssh/ssh_host_rsa_key": b""}, "ssh_host_rsa_key"),
        ({"/etc/ssh/ssh_host_rsa_key": Folder()}, "ssh_host_rsa_key"),
        ({"/etc/ssh/ssh_host_rsa_key": Link("/nowhere")}, "ssh_host_rsa_key"),
        ({"/etc/ssh/sshd_config": b"HostKey /srv/key\n", "/srv/key": Folder()}, "/srv/key"),
        ({"/var/lib/waagent/provisioned": Folder()}, "provisioned"),
        ({"/var/lib/waagent/ovf-env.xml": Link("/nowhere")}, "ovf-env.xml"),
        ({"/etc/ssh/sshd_config": Folder()}, "sshd_config"),
        ({"/etc/fstab": bytes(64)}, "fstab"),
        ({"/etc/fstab": Folder()}, "fstab"),
        ({"/etc/ssh/sshd_config": bytes(64)}, "sshd_config"),
        ({"/etc/waagent.conf": b"Lib.Dir=/x\0"}, "waagent.conf"),
        ({"/etc/passwd": PASSWD.encode() + bytes(8)}, "passwd"),
    ],
    ids=[
        "no release", "zeros for a release", "no ssh", "nothing of ssh", "nothing in /var/lib", "no passwd",
        "a huge passwd", "zeros for shadow", "no group", "a huge sshd_config", "a huge fstab", "links in a circle",
        "an empty key", "a folder for a key", "a dangling link", "a folder for a named key", "a folder for a mark",
        "a dangling mark", "a folder for sshd_config", "zeros for fstab", "a folder for fstab", "zeros for sshd_config",
        "a zero in waagent.conf", "zeros in passwd",
    ],
)  # fmt: skip
def test_what_is_missing_or_makes_no_sense_leaves_it_unknown(change: Change, word: str) -> None:
    cut = {each: None for each in change if change[each] is not None}
    seen = verdict(change, changed(READY, cut))

    assert seen.verdict is Verdict.UNKNOWN
    assert any(word in each for each in seen.evidence)


@pytest.mark.parametrize(
    "broken",
    ["/etc", "/etc/ssh", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d", "/etc/passwd", "/etc/shadow", "/etc/group",
     "/etc/fstab", "/etc/waagent.conf", "/usr/lib/os-release", "/var", "/var/lib", "/var/lib/waagent"],
)  # fmt: skip
def test_what_cannot_be_read_is_never_taken_for_absent(broken: str) -> None:
    seen = looked_at(fake_disk(FakeFiles(READY, broken={broken})))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("damaged" in each for each in seen.evidence)
    assert any(each.result is Result.NOT_READ for each in seen.seen) or broken == "/etc/group"


def test_a_folder_that_cannot_be_read_is_not_called_clean_and_what_was_found_elsewhere_still_counts() -> None:
    log: Change = {"/var/log/dpkg.log": b"words\n"}

    clean = looked_at(fake_disk(FakeFiles(READY, broken={"/var/log/nothing"})))
    assert result(clean, "linux.logs")[0] is Result.PASSED
    unread = looked_at(fake_disk(FakeFiles(changed(READY, {"/var/log/apt": Folder()}), broken={"/var/log/apt"})))
    assert result(unread, "linux.logs") == (Result.NOT_READ, "/var/log/apt is damaged")
    found = looked_at(fake_disk(FakeFiles(changed(READY, {**log, "/var/log/apt": Folder()}), broken={"/var/log/apt"})))
    assert result(found, "linux.logs") == (Result.FAILED, "/var/log/dpkg.log")


def test_a_sign_counts_although_something_else_cannot_be_read() -> None:
    seen = looked_at(
        fake_disk(FakeFiles(changed(READY, KEY_FILE), broken={"/var"}, stale="the journal was not replayed"))
    )

    assert seen.verdict is Verdict.SPECIALIZED


def test_a_root_that_was_not_closed_is_never_generalized() -> None:
    seen = looked_at(fake_disk(FakeFiles(READY, stale="the journal was not replayed")))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("journal" in each for each in seen.evidence)


def test_two_roots_on_a_disk_are_never_generalized() -> None:
    seen = looked_at(fake_disk(FakeFiles(READY), FakeFiles(changed(READY, KEY_FILE))))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("partition 1, partition 2" in each for each in seen.evidence)


def test_a_second_volume_that_may_be_a_root_leaves_it_unknown() -> None:
    seen = looked_at(fake_disk(FakeFiles(READY), FakeFiles({"/etc/x": b"1"}, broken={"/etc"})))

    assert seen.verdict is Verdict.UNKNOWN


def test_a_disk_without_a_linux_has_none() -> None:
    assert find(fake_disk()) is None
    assert find(fake_disk("luks", FakeFiles({"/data/notes": b"mine"}))) is None


@pytest.mark.parametrize("root", ["LABEL=other", "/dev/mapper/vg-root", "/dev/sda2", "UUID=0a-1b"])
def test_a_root_whose_fstab_names_another_one_leaves_it_unknown(root: str) -> None:
    """An old copy of the root beside the one that boots, on a logical volume say."""
    seen = looked_at(
        fake_disk(FakeFiles(changed(READY, {"/etc/fstab": f"{root} / ext4 defaults 0 1\n".encode()})), "lvm")
    )

    assert seen.verdict is Verdict.UNKNOWN
    assert any(root in each for each in seen.evidence)


# ----- several file systems

VAR: Tree = {path[len("/var") :]: what for path, what in READY.items() if path.startswith("/var/")}
NO_VAR: Change = {"/var": None}
FSTAB = b"LABEL=root / ext4 defaults 0 1\n"


def test_a_separate_var_is_read_where_fstab_mounts_it() -> None:
    root = changed(READY, {**NO_VAR, "/etc/fstab": FSTAB + b"UUID=0A-1b /var ext4 defaults 0 2\n"})
    clean = FakeFiles(VAR, uuid="0a-1B")
    used = FakeFiles(changed(VAR, {"/lib/waagent/provisioned": b"id"}), uuid="0a-1B")

    assert looked_at(fake_disk(FakeFiles(root), clean)).verdict is Verdict.GENERALIZED
    assert looked_at(fake_disk(FakeFiles(root), used)).verdict is Verdict.SPECIALIZED
    assert looked_at(fake_disk(used, FakeFiles(root))).verdict is Verdict.SPECIALIZED


def test_a_mount_unit_counts_like_a_line_of_fstab() -> None:
    unit = b"[Mount]\nWhat=/dev/disk/by-uuid/0a-1b\nWhere=/var\nType=ext4\n"
    root = changed(READY, {**NO_VAR, "/etc/systemd/system/var.mount": unit, "/etc/systemd/system/x.mount": b"[Unit]\n"})
    used = FakeFiles(changed(VAR, {"/lib/waagent/provisioned": b"id"}), uuid="0a-1b")

    assert looked_at(fake_disk(FakeFiles(root), used)).verdict is Verdict.SPECIALIZED
    assert looked_at(fake_disk(FakeFiles(root))).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "what",
    ["LABEL=var", "PARTUUID=PART-2", "/dev/disk/by-label/var", "/dev/disk/by-partuuid/part-2", "/dev/sda2", "/dev/vda2",
     "/dev/nvme0n1p2", 'LABEL="var"'],
)  # fmt: skip
def test_fstab_may_name_a_volume_in_many_ways(what: str) -> None:
    root = changed(READY, {**NO_VAR, "/etc/fstab": FSTAB + f"{what}\t/var\text4\tdefaults\n".encode()})
    used = FakeFiles(changed(VAR, {"/lib/waagent/provisioned": b"id"}), label="var")

    assert looked_at(fake_disk(FakeFiles(root), used)).verdict is Verdict.SPECIALIZED


@pytest.mark.parametrize(
    ("line", "others"),
    [
        (b"UUID=0a-1b /var ext4 defaults 0 2\n", ()),
        (b"UUID=0a-1b /var ext4 nofail 0 2\n", ()),
        (b"/dev/vg/var /var xfs defaults 0 0\n", ("lvm",)),
        (b"PARTUUID=part-2 /var btrfs subvol=@var 0 0\n", ("btrfs",)),
        (b"/dev/sdb1 /var/lib/waagent ext4 defaults 0 2\n", ()),
        (b"/srv/ssh /etc/ssh none bind 0 0\n", ()),
    ],
    ids=["elsewhere", "elsewhere, nofail", "a logical volume", "btrfs", "another disk", "a bind mount"],
)
def test_a_mount_that_cannot_be_read_hides_what_is_below(line: bytes, others: tuple[str, ...]) -> None:
    root = changed(READY, {"/etc/fstab": FSTAB + line})
    seen = looked_at(fake_disk(FakeFiles(root, label="root"), *others))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("cannot be read" in each for each in seen.evidence)


def test_a_label_that_two_volumes_have_is_neither() -> None:
    root = changed(READY, {"/etc/fstab": FSTAB + b"LABEL=var /var ext4 nofail 0 2\n"})
    used = FakeFiles(changed(VAR, {"/lib/waagent/provisioned": b"id"}), label="var")

    seen = looked_at(fake_disk(FakeFiles(root), FakeFiles(VAR, label="var"), used))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("more than one volume" in each for each in seen.evidence)


def test_a_sign_below_a_mount_is_still_on_the_disk() -> None:
    root = changed(READY, {"/var/lib/waagent/provisioned": b"id", "/etc/fstab": FSTAB + b"UUID=0a-1b /var ext4 x\n"})

    seen = looked_at(fake_disk(FakeFiles(root), FakeFiles(VAR, uuid="0a-1b")))

    assert seen.verdict is Verdict.SPECIALIZED
    assert any("below a mount" in each for each in seen.evidence)


@pytest.mark.parametrize(
    "line",
    [b"UUID=0a-1b /data ext4 nofail 0 2\n", b"/dev/disk/cloud/azure_resource-part1 /mnt auto defaults,nofail 0 2\n",
     b"tmpfs /var/lib tmpfs defaults 0 0\n", b"server:/x /home nfs defaults 0 0\n", b"nonsense\n# LABEL=x /var ext4\n"],
    ids=["a data disk", "the temporary disk", "memory", "another machine's", "no line of fstab"],
)  # fmt: skip
def test_what_is_not_of_this_disk_takes_nothing_away(line: bytes) -> None:
    seen = verdict({"/etc/fstab": FSTAB + line})

    assert seen.verdict is Verdict.GENERALIZED


def test_homes_on_a_volume_of_their_own_are_looked_through() -> None:
    root = changed(READY, {"/etc/fstab": FSTAB + b"LABEL=home /home ext4 defaults 0 2\n"})
    homes = FakeFiles({"/ann/.bash_history": b"ls\n", "/lost+found": Folder()}, label="home")

    found, words = result(looked_at(fake_disk(FakeFiles(root), homes)), "linux.shell-histories")

    assert (found, words) == (Result.FAILED, "/home/ann/.bash_history")


def test_homes_that_cannot_be_read_are_not_called_clean() -> None:
    root = changed(READY, {"/etc/fstab": FSTAB + b"/dev/vg/home /home ext4 defaults 0 2\n"})

    seen = looked_at(fake_disk(FakeFiles(root), "lvm"))

    assert seen.verdict is Verdict.GENERALIZED
    assert result(seen, "linux.shell-histories")[0] is Result.NOT_READ
    assert result(seen, "linux.authorized-keys")[0] is Result.NOT_READ


def test_a_link_leads_from_one_file_system_into_another() -> None:
    root = changed(READY, {"/etc/fstab": FSTAB + b"LABEL=data /data ext4 defaults 0 2\n", "/etc/ssh": None})
    data = FakeFiles({"/ssh/ssh_host_rsa_key": KEY}, label="data")

    assert (
        looked_at(fake_disk(FakeFiles({**root, "/etc/ssh": Link("../data/ssh")}), data)).verdict is Verdict.SPECIALIZED
    )


def test_a_separate_usr_is_no_root_and_holds_the_release() -> None:
    usr: Tree = {path[len("/usr") :]: what for path, what in READY.items() if path.startswith("/usr/")}
    root = changed(READY, {"/usr": None, "/etc/fstab": FSTAB + b"LABEL=usr /usr ext4 defaults 0 2\n"})
    seen = looked_at(fake_disk(FakeFiles(usr, label="usr"), FakeFiles(root)))

    assert (seen.verdict, seen.os.version) == (Verdict.GENERALIZED, "12")


def test_a_file_system_that_a_boot_waits_for_blocks_it_and_one_with_nofail_does_not() -> None:
    missing = FSTAB + b"UUID=0a-1b /data ext4 defaults 0 2\n"

    assert result(verdict({"/etc/fstab": missing}), "linux.fstab-missing")[0] is Result.FAILED
    assert result(verdict({"/etc/fstab": missing.replace(b"defaults 0 2", b"nofail")}), "linux.fstab-missing")[0] is (
        Result.PASSED
    )


@pytest.mark.slow
def test_real_file_systems_are_joined_by_their_labels_and_ids() -> None:
    mounted = b"LABEL=root / ext4 defaults 0 1\nLABEL=var /var xfs defaults 0 0\nPARTUUID=%b /home ext4 defaults 0 2\n"
    home_id = "0f3a5e6e-1111-4222-8333-000000000001"
    root = changed(READY, {**NO_VAR, "/etc/fstab": mounted % home_id.encode(), "/home": Folder()})
    used = changed(VAR, {"/lib/waagent/provisioned": b"id"})
    homes = ext4({"/ann/.bash_history": b"ls\n"}, size_mib=4)

    def seen(var: Tree) -> Sighting:
        parts = (
            Partition(ext4(root, size_mib=4, options=["-L", "root"])),
            Partition(xfs(var, options=["-L", "var"])),
            Partition(homes, uuid=home_id),
        )
        return look(Memory(gpt(*parts)))

    clean = seen(VAR)
    assert clean.verdict is Verdict.GENERALIZED
    assert result(clean, "linux.shell-histories") == (Result.FAILED, "/home/ann/.bash_history")
    assert seen(used).verdict is Verdict.SPECIALIZED


# ----- the system


def test_the_system_is_described() -> None:
    system = verdict({}).os

    assert (system.type, system.name, system.version) == ("Linux", "Debian GNU/Linux 12 (bookworm)", "12")
    assert system.architecture == "x64"
    assert system.details == {"kernel": "6.1.0-18-cloud-amd64", "cloudInit": "22.4.2-1+deb12u1", "waagent": "2.7.3.0"}


def test_evidence_never_shows_a_secret() -> None:
    secret = "hunter2-c2VjcmV0"
    seen = verdict(
        {
            "/etc/shadow": f"root:$6${secret}:1::::::\n".encode(),
            "/etc/shadow-": f"a:$6${secret}:1::::::\n".encode(),
            "/root/.netrc": f"machine x password {secret}\n".encode(),
            "/root/.bash_history": f"mysql -p{secret}\n".encode(),
            "/root/.ssh/authorized_keys": f"ssh-rsa AAAA{secret}\n".encode(),
            "/var/lib/waagent/ovf-env.xml": f"<UserPassword>{secret}</UserPassword>".encode(),
            "/var/lib/cloud/instances/i/user-data.txt": f"#cloud-config\npassword: {secret}\n".encode(),
            "/etc/machine-id": secret.encode(),
            "/etc/wireguard/wg0.conf": f"PrivateKey = {secret}\n".encode(),
            "/boot/grub/grub.cfg": f"linux /vmlinuz root=/dev/vda1 password={secret}\n".encode(),
        }
    )

    shown = [*seen.evidence, *(each.found for each in seen.seen)]
    assert sum(each.result is Result.FAILED for each in seen.seen) > 8
    assert not any(secret in each for each in shown)


# ----- hostile disks

WRITTEN_BY_ANYBODY = (
    "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/fstab", "/etc/login.defs", "/usr/lib/os-release", "/etc/crypttab",
    "/etc/ssh/sshd_config", "/etc/waagent.conf", "/etc/cloud/cloud.cfg", "/boot/grub/grub.cfg", "/etc/default/grub",
    "/etc/hostname", "/usr/bin/dash", "/etc/modprobe.d/x.conf", "/boot/grub2/grubenv", "/etc/sudoers.d/waagent",
    "/usr/lib/modules/1/modules.dep", "/etc/netplan/x.yaml", "/root/.ssh/authorized_keys", "/etc/dracut.conf",
)  # fmt: skip

_words = st.sampled_from(
    ["root", "x", ":", "0", "1000", "\n", " ", "\t", "=", "/", "..", "*", "[", "LABEL", "\\777", "Include", "HostKey",
     "/etc/ssh/sshd_config", "/home", "\0", "\u0661", "$x", "datasource_list", "-", "install", "linux", "nofail"]
)  # fmt: skip
_contents = st.lists(_words, max_size=30).map("".join).map(str.encode) | st.binary(max_size=80)


@pytest.mark.slow
@given(files=st.dictionaries(st.sampled_from(WRITTEN_BY_ANYBODY), _contents, max_size=6), key=st.booleans())
@example(files={"/etc/fstab": b"LABEL=root /etc/ssh ext4"}, key=True)
@example(files={"/etc/login.defs": "UID_MIN \u0661".encode()}, key=False)
@example(files={"/etc/ssh/sshd_config": b"Include sshd_config [\nHostKey /"}, key=True)
def test_whatever_a_disk_says_there_is_an_answer_and_a_host_key_is_never_generalized(
    files: dict[str, bytes], key: bool
) -> None:
    seen = verdict({**files, **(KEY_FILE if key else {})})

    assert seen.verdict is not Verdict.GENERALIZED or not key
    assert all(isinstance(each.found, str) for each in seen.seen)


@pytest.mark.slow
def test_more_homes_than_are_looked_through_are_not_called_clean() -> None:
    homes = {f"/home/u{number}": Folder() for number in range(300)}

    assert result(verdict(homes), "linux.shell-histories")[0] is Result.NOT_READ
    found, words = result(verdict({**homes, "/root/.bash_history": b"ls\n"}), "linux.shell-histories")
    assert (found, words) == (Result.FAILED, "/root/.bash_history")


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [b"\n", b" ", b"linux ", b"datasource_list: [", b"ssh-", b"- HWADDR", b"a.ko", b"#", b"include *\n", b'"auth"'],
)
def test_no_line_makes_a_look_long(line: bytes) -> None:
    """As large as is read, in every file that a pattern is looked for in: seconds would be minutes."""
    content = File(line * (260_000 // len(line)))
    kept = {"/etc/passwd", "/etc/shadow"}
    changes = {path: content for path in WRITTEN_BY_ANYBODY if path not in kept}

    seen = verdict({**changes, "/root/.docker/config.json": content, "/etc/wireguard/wg0.conf": content})

    assert seen.verdict is not Verdict.SPECIALIZED

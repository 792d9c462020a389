"""Checks of a Linux: accounts, passwords, and what people leave in their homes."""

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.linux.accounts import accounts, has_hash, of_people, opens, passwords
from calco.inspection.linux.check import DEPROVISION, PREPARE, leftover, saying
from calco.inspection.linux.files import lines, named, present
from calco.inspection.linux.root import Linux
from calco.model.inspection import Severity

LEAKS, ADVICE = Severity.LEAKS, Severity.ADVICE
_BACKUPS = (
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/passwd-",
    "/etc/shadow.bak",
    "/var/backups/shadow.bak",
    "/var/backups/gshadow.bak",
)


def _people(system: Linux) -> Found:
    found = [f"{each.name} ({each.uid})" for each in of_people(system.files)]
    return failed(named(found)) if found else passed("none")


def _root_password(system: Linux) -> Found:
    here = _open_accounts(system.files)
    return (
        failed("root's password is set" if here["root"] else "root has an empty password")
        if "root" in here
        else passed("locked")
    )


def _other_passwords(system: Linux) -> Found:
    found = [each for each in _open_accounts(system.files) if each != "root"]
    return failed(named(found)) if found else passed("none")


def _open_accounts(files: FileSystem) -> dict[str, str]:
    """Accounts that one can log in to with a password, and what stands for it."""
    shadow = passwords(files)
    every = {
        each.name: shadow.get(each.name, "*") if each.password == "x" else each.password  # noqa: S105  # "see shadow"
        for each in accounts(files)
    }
    return {name: password for name, password in every.items() if opens(password)}


def _other_roots(system: Linux) -> Found:
    found = [each.name for each in accounts(system.files) if each.uid == 0 and each.name != "root"]
    return failed(named(found)) if found else passed("none")


def _backups(system: Linux) -> Found:
    found = [
        path
        for path in present(system.files, *_BACKUPS)
        if any(has_hash(each) for each in passwords(system.files, path).values())
    ]
    return failed(f"password hashes in {named(found)}") if found else passed("no password hash")


def _sudoers(system: Linux) -> Found:
    """What cloud-init and waagent wrote for the account they made."""
    paths = present(system.files, "/etc/sudoers.d/90-cloud-init-users", "/etc/sudoers.d/waagent")
    found = [path for path in paths if any("ALL" in each for each in lines(system.files, path))]
    return failed(named(found)) if found else passed("none")


def _orphans(system: Linux) -> Found:
    """Homes that are nobody's, and hold something."""
    owned = {each.home.rstrip("/") for each in accounts(system.files)}
    found = [
        f"/home/{each.name}"
        for each in system.files.list("/home") or ()
        if each.kind is Kind.FOLDER
        and f"/home/{each.name}" not in owned
        and each.name not in {"lost+found", "linuxbrew"}
    ]
    found = [each for each in found[:1000] if system.files.list(each)]
    return failed(named(found)) if found else passed("none")


CHECKS: tuple[Check[Linux], ...] = (
    Check(
        "linux.accounts",
        LEAKS,
        "Accounts of people",
        "none",
        "Every machine of this image has these accounts, with their files and whoever knows how to log in; they are "
        "deleted with their homes.",
        "userdel --force --remove NAME   # for every NAME that was found; or: waagent -deprovision+user -force",
        DEPROVISION,
        _people,
    ),
    Check(
        "linux.root-password",
        LEAKS,
        "Password of root",
        "locked",
        "Every machine of this image has the same password for root.",
        "sed -i 's/^root:[^:]*:/root:*:/' /etc/shadow; sed -i 's/^root:[^:]*:/root:x:/' /etc/passwd",
        DEPROVISION,
        _root_password,
    ),
    Check(
        "linux.account-passwords",
        LEAKS,
        "Passwords of other accounts",
        "none",
        "Accounts can be logged in to with a password that every machine of this image shares.",
        "usermod --password '!' NAME   # for every NAME that was found",
        PREPARE,
        _other_passwords,
    ),
    Check(
        "linux.other-roots",
        LEAKS,
        "Other accounts with root's rights",
        "none",
        "Accounts other than root have the user id 0.",
        "userdel --force NAME   # for every NAME that was found",
        "passwd(5)",
        _other_roots,
    ),
    Check(
        "linux.password-backups",
        LEAKS,
        "Older copies of the password files",
        "no password hash",
        "Older copies still hold password hashes, also of accounts that have been removed since.",
        "rm -f " + " ".join(_BACKUPS),
        "virt-sysprep(1), passwd-backups",
        _backups,
    ),
    Check(
        "linux.sudoers",
        LEAKS,
        "sudo rules for the account that was provisioned",
        "none",
        "Whoever gets an account of the same name on a machine of this image becomes root without a password; who has "
        "it here no longer does.",
        "rm -f /etc/sudoers.d/90-cloud-init-users /etc/sudoers.d/waagent",
        "cloud-init, distros/__init__.py (write_sudo_rules); WALinuxAgent, osutil/default.py (conf_sudoer)",
        _sudoers,
    ),
    Check(
        "linux.orphaned-homes",
        LEAKS,
        "Homes of accounts that are gone",
        "none",
        "The files of somebody whose account was removed are still there.",
        "rm -rf NAME   # for every folder that was found, once nobody needs what is in it",
        "userdel(8), --remove",
        _orphans,
    ),
    leftover(
        "linux.shell-histories",
        LEAKS,
        "Histories of shells and clients",
        "Histories hold what was typed, passwords on command lines included.",
        tuple(
            f"~/{each}"
            for each in [
                ".bash_history",
                ".zsh_history",
                ".histfile",
                ".sh_history",
                ".ash_history",
                ".history",
                ".python_history",
                ".mysql_history",
                ".psql_history",
                ".rediscli_history",
                ".sqlite_history",
                ".lesshst",
                ".viminfo",
                ".wget-hsts",
                ".node_repl_history",
                ".local/share/fish/fish_history",
            ]
        ),
        source=f"{DEPROVISION}; virt-sysprep(1), bash-history",
    ),
    leftover(
        "linux.authorized-keys",
        LEAKS,
        "Authorized SSH keys",
        "Whoever holds these keys can log in to every machine of this image; once they are removed, nobody logs in "
        "here with them.",
        ("~/.ssh/authorized_keys", "~/.ssh/authorized_keys2", "/etc/ssh/authorized_keys/*", "/etc/ssh/authorized_keys"),
        source=f"{PREPARE}; virt-sysprep(1), ssh-userdir",
        holds=saying(r"^[^#\n]{0,4096}?(ssh-|ecdsa-|sk-)[\w@.-]{1,60} {1,9}AAAA"),
    ),
    leftover(
        "linux.private-keys",
        LEAKS,
        "Private keys in homes",
        "Private keys are in somebody's home, and may be the only copies: keep elsewhere what is still needed.",
        (
            "~/.ssh/id_*",
            "~/.ssh/*.pem",
            "~/.ssh/*.key",
            "~/*.pem",
            "~/*.key",
            "~/*.ppk",
            "~/.gnupg/private-keys-v1.d/*.key",
            "~/.gnupg/secring.gpg",
            "~/.config/sops/age/keys.txt",
        ),
        source=f"{PREPARE}; ssh-keygen(1)",
        holds=lambda files, path: (
            "/.gnupg/" in path or saying(r"PRIVATE KEY-----|^PuTTY-User-Key-File|^AGE-SECRET-KEY-", 4096)(files, path)
        ),
    ),
    leftover(
        "linux.known-hosts",
        ADVICE,
        "Known SSH hosts",
        "Known hosts show which machines were reached from this one.",
        ("~/.ssh/known_hosts", "~/.ssh/known_hosts.old"),
        source="virt-sysprep(1), ssh-userdir",
    ),
    leftover(
        "linux.cloud-credentials",
        LEAKS,
        "Credentials of clouds",
        "Whoever has a machine of this image can act in somebody's cloud account.",
        (
            "~/.aws/credentials",
            "~/.aws/sso/cache/*.json",
            "~/.azure/msal_token_cache.*",
            "~/.azure/accessTokens.json",
            "~/.azure/service_principal_entries.*",
            "~/.Azure/AzureRmContext.json",
            "~/.config/gcloud/credentials.db",
            "~/.config/gcloud/access_tokens.db",
            "~/.config/gcloud/application_default_credentials.json",
            "~/.kube/config",
            "~/.oci/*.pem",
            "~/.config/doctl/config.yaml",
            "~/.terraform.d/credentials.tfrc.json",
        ),
        source=f"{PREPARE}; each tool's own documentation",
    ),
    leftover(
        "linux.tool-credentials",
        LEAKS,
        "Credentials of tools",
        "Tokens and passwords for registries, repositories and databases are in somebody's home.",
        (
            "~/.docker/config.json",
            "~/.config/containers/auth.json",
            "~/.netrc",
            "~/.git-credentials",
            "~/.npmrc",
            "~/.pypirc",
            "~/.config/gh/hosts.yml",
            "~/.vault-token",
            "~/.pgpass",
            "~/.my.cnf",
            "~/.s3cfg",
            "~/.config/rclone/rclone.conf",
            "~/.cargo/credentials*",
        ),
        source=f"{PREPARE}; each tool's own documentation",
        holds=lambda files, path: (
            path.endswith((".vault-token", ".pgpass", ".git-credentials"))
            or saying(r'(?i)"auth"\s{0,9}:\s{0,9}"[^"]|identitytoken|_authToken|_password|password|token|secret')(
                files, path
            )
        ),
    ),
)

"""Checks of a Linux: what else a machine gathers in its life, and an image should not carry."""

from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.linux.check import PREPARE, leftover, saying
from calco.inspection.linux.files import below, named
from calco.inspection.linux.root import Linux
from calco.model.inspection import Severity

LEAKS, ADVICE = Severity.LEAKS, Severity.ADVICE

_LOGS = (
    "/var/log/*.log",
    "/var/log/*.log[.-]*",
    "/var/log/syslog*",
    "/var/log/messages*",
    "/var/log/secure*",
    "/var/log/auth.log*",
    "/var/log/maillog*",
    "/var/log/cron*",
    "/var/log/dmesg*",
    "/var/log/debug*",
    "/var/log/journal/*/*",
    "/var/log/audit/*",
    "/var/log/apt/*",
    "/var/log/rhsm/*",
    "/var/log/sa/*",
    "/var/log/apache2/*",
    "/var/log/httpd/*",
    "/var/log/nginx/*",
    "/var/log/account/pacct*",
    "/var/account/pacct*",
)
_OTHERS_LOGS = ("/var/log/cloud-init", "/var/log/waagent")


def _is_a_log(_files: FileSystem, path: str) -> bool:
    """cloud-init's and waagent's have checks of their own."""
    return not path.startswith(_OTHERS_LOGS)


def _temporary(system: Linux) -> Found:
    found = [
        path
        for folder in ("/tmp", "/var/tmp")  # noqa: S108  # a folder of the disk that is looked at
        for path, entry in below(system.files, folder)
        if entry.kind is Kind.FILE and entry.size_bytes
    ]
    return failed(named(found)) if found else passed("none")


def _is_private(files: FileSystem, path: str) -> bool:
    return saying(r"PRIVATE KEY-----", 64 << 10)(files, path)


CHECKS: tuple[Check[Linux], ...] = (
    leftover(
        "linux.tls-keys",
        LEAKS,
        "Private keys of services",
        "Every machine of this image has the same private key, and whoever holds one can pose as all; services of this "
        "machine stop without: keep elsewhere what is still needed.",
        (
            "/etc/ssl/private/*",
            "/etc/pki/tls/private/*",
            "/etc/letsencrypt/archive/*/privkey*.pem",
            "/etc/dovecot/private/*",
            "/etc/postfix/*.key",
            "/etc/nginx/ssl/*",
            "/etc/apache2/ssl/*",
            "/etc/cockpit/ws-certs.d/*.key",
            "/etc/openvpn/*.key",
            "/etc/openvpn/*/*.key",
            "/etc/kubernetes/pki/*.key",
            "/etc/kubernetes/*.conf",
        ),
        source=PREPARE,
        holds=lambda files, path: path.startswith("/etc/kubernetes/") or _is_private(files, path),
    ),
    leftover(
        "linux.installer-answers",
        LEAKS,
        "Answers given to the installer",
        "The installer's files hold what it was told, password hashes included.",
        (
            "/root/anaconda-ks.cfg",
            "/root/original-ks.cfg",
            "/root/initial-setup-ks.cfg",
            "/root/preseed.cfg",
            "/preseed.cfg",
            "/root/autoinst.xml",
            "/var/adm/autoinstall/cache/*",
            "/var/log/installer/*user-data*",
            "/var/log/installer/cdebconf/*",
            "/var/log/anaconda/ks-script*",
        ),
        source="virt-sysprep(1), logfiles",
        holds=saying(
            # Not a word that opens nothing: --lock, or the images of CentOS, "thereisnopasswordanditslocked".
            r"(?i)^[ \t]{0,9}rootpw[ \t](?!.{0,200}lock)"
            r"|^[^#\n]{0,400}?(password\S{0,20}[ \t]{0,9}[=: >]|hashed.passw|passwd: *[\"'$])"
        ),
    ),
    leftover(
        "linux.crash-dumps",
        LEAKS,
        "Crash dumps",
        "Dumps hold what was in memory, passwords and keys included.",
        (
            "/var/crash/*",
            "/var/crash/*/*",
            "/var/spool/abrt/*/*",
            "/var/lib/systemd/coredump/*",
            "/var/lib/systemd/pstore/*",
            "/var/log/dump/*",
        ),
        source="virt-sysprep(1), abrt-data, crash-data",
        holds=lambda _files, path: not path.endswith(("/kexec_cmd", "/.lock")),
    ),
    leftover(
        "linux.mail",
        LEAKS,
        "Mail",
        "Somebody's mail is still there: keep elsewhere what is still needed.",
        ("/var/mail/*", "/var/spool/mail/*", "/var/spool/mqueue/*", "/var/lib/dovecot/*"),
        source="virt-sysprep(1), mail-spool, dovecot-data",
    ),
    leftover(
        "linux.crontabs",
        ADVICE,
        "Jobs of accounts",
        "What people had run at certain times runs on every machine of this image.",
        (
            "/var/spool/cron/crontabs/*",
            "/var/spool/cron/tabs/*",
            "/var/spool/cron/*",
            "/var/spool/at/*",
            "/var/spool/cron/atjobs/*",
        ),
        source="virt-sysprep(1), cron-spool",
        holds=lambda _files, path: not path.endswith("/.SEQ"),
    ),
    Check(
        "linux.temporary-files",
        ADVICE,
        "Temporary files",
        "none",
        "Somebody left files in /tmp or /var/tmp.",
        "find /tmp /var/tmp -xdev -mindepth 1 -delete",
        "virt-sysprep(1), tmp-files",
        _temporary,
    ),
    leftover(
        "linux.logs",
        ADVICE,
        "Logs",
        "Logs tell of this machine, its addresses and who used it.",
        _LOGS,
        source="virt-sysprep(1), logfiles, pacct-log",
        holds=_is_a_log,
        fix="find /var/log /var/account -xdev -type f -delete 2>/dev/null",
    ),
    leftover(
        "linux.login-records",
        ADVICE,
        "Records of logins",
        "Records tell who logged in, from where, and what was mistyped as a name.",
        (
            "/var/log/wtmp*",
            "/var/log/btmp*",
            "/var/log/lastlog",
            "/var/log/faillog",
            "/var/log/tallylog",
            "/var/run/utmp",
            "/var/lib/wtmpdb/*",
        ),
        source="virt-sysprep(1), utmp, logfiles, pam-data",
    ),
    leftover(
        "linux.package-cache",
        ADVICE,
        "Packages that were fetched",
        "Packages that were fetched make the image larger for nothing.",
        (
            "/var/cache/apt/archives/*.deb",
            "/var/cache/dnf/*/packages/*.rpm",
            "/var/cache/yum/*/*/*/packages/*.rpm",
            "/var/cache/zypp/packages/*/*/*.rpm",
        ),
        source="virt-sysprep(1), package-manager-cache",
    ),
)

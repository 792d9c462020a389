"""HTTPS with an authority of our own: clients trust its certificate once, the server's is renewed under it.

Every client of Azure insists on https. The authority is made at first start and lasts ten years; the server's
certificate names this machine (``localhost``, its loopback addresses, its host name) and is made anew when it is about
to run out, when the names have changed or when the authority has.
"""

import ipaddress
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from calco.private_file import write_private

AUTHORITY_LASTS = timedelta(days=3650)
AUTHORITY_RENEWED_BEFORE = timedelta(days=400)
SERVER_LASTS = timedelta(days=397)
"""No longer: some trust stores refuse more than 398 days. Source: CA/Browser Forum, Ballot SC-31."""
SERVER_RENEWED_BEFORE = timedelta(days=30)

SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu, Arch
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, RHEL
    Path("/etc/ssl/ca-bundle.pem"),  # openSUSE
    Path("/etc/ssl/cert.pem"),  # Alpine
)


@dataclass(frozen=True)
class Certificates:
    """Where everything is. ``bundle`` is the system's authorities plus ours."""

    authority: Path
    bundle: Path
    server: Path
    server_key: Path


def ensure(
    *, secrets: Path, certificates: Path, host_name: str, now: datetime, system_bundle: Path | None
) -> Certificates:
    """Make what is missing, renew what is due, leave the rest alone. ``now`` is in UTC.

    ``secrets`` gets the keys (0600), ``certificates`` what may be shown. Raises OSError.
    """
    found = Certificates(
        authority=certificates / "ca.pem",
        bundle=certificates / "ca-bundle.pem",
        server=certificates / "server.pem",
        server_key=secrets / "server.key",
    )
    authority_key, authority = _authority(secrets / "ca.key", found.authority, now)
    _server(found, authority_key, authority, _names(host_name), now)
    ours = authority.public_bytes(serialization.Encoding.PEM)
    _write_public(found.bundle, (system_bundle.read_bytes().rstrip() + b"\n" if system_bundle else b"") + ours)
    return found


def system_bundle(environ: Mapping[str, str], certificates: Path) -> Path | None:
    """The file of authorities that programs here trust; None when there is none.

    What the environment names comes first, for companies put their proxy's authority there; not when it is our own
    bundle, as it is in a shell where ``calco env`` was evaluated.
    """
    named = [Path(environ[name]) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE") if environ.get(name)]
    foreign = [path for path in named if path.name != "ca-bundle.pem" and not path.is_relative_to(certificates)]
    default = ssl.get_default_verify_paths().openssl_cafile
    candidates = (*foreign, *SYSTEM_BUNDLES, Path(default))
    return next((path for path in candidates if path.is_file() and os.access(path, os.R_OK)), None)


def _authority(key_file: Path, file: Path, now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key, certificate = _load_key(key_file), _load_certificate(file)
    if (
        key
        and certificate
        and certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - AUTHORITY_RENEWED_BEFORE
    ):
        return key, certificate
    key = ec.generate_private_key(ec.SECP256R1())
    # The serial number is in the name: a renewed authority must not be mistaken for the one it replaces.
    serial = x509.random_serial_number()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "calco"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"calco authority {serial:x}"[:64]),
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    _write_public(file, certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate


def _server(
    found: Certificates,
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    names: Sequence[x509.GeneralName],
    now: datetime,
) -> None:
    key, old = _load_key(found.server_key), _load_certificate(found.server)
    if key and old and old.public_key() == key.public_key() and _still_good(old, authority, names, now):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(min(now + SERVER_LASTS, authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        # Python 3.13 verifies strictly: without both identifiers it refuses the chain.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write_key(found.server_key, key)
    _write_public(found.server, certificate.public_bytes(serialization.Encoding.PEM))


def _still_good(
    old: x509.Certificate, authority: x509.Certificate, names: Sequence[x509.GeneralName], now: datetime
) -> bool:
    try:
        old.verify_directly_issued_by(authority)
        named = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return (
        list(named) == list(names) and old.not_valid_before_utc <= now < old.not_valid_after_utc - SERVER_RENEWED_BEFORE
    )


def _names(host_name: str) -> list[x509.GeneralName]:
    hosts = ["localhost", "*.blob.localhost"]  # the second for storage accounts, where such names resolve
    # A host name of another form than DNS's cannot be written into a certificate.
    if host_name and host_name != "localhost" and len(host_name) <= 253 and host_name.isascii():
        hosts.append(host_name.lower())
    return [
        *(x509.DNSName(host) for host in hosts),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]


def _key_usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _load_certificate(file: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return None


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    write_private(
        file,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _write_public(file: Path, content: bytes) -> None:
    """Whole or not at all; left alone when it says the same already."""
    if file.is_file() and file.read_bytes() == content:
        return
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(content)
    fresh.replace(file)

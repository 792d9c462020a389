"""Certificates: made once, renewed when due, good enough for a strict client."""

import ssl
from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from calco.identity import certificates
from calco.identity.certificates import Certificates, ensure, system_bundle

Make = Callable[..., Certificates]
NOW = datetime.now(UTC)  # the handshake below is judged by OpenSSL against the real time


@pytest.fixture
def make(tmp_path: Path) -> Make:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "public").mkdir()
    system = tmp_path / "system.pem"
    system.write_text("# the system's\n")

    def run(now: datetime = NOW, host_name: str = "box") -> Certificates:
        return ensure(
            secrets=tmp_path / "secrets",
            certificates=tmp_path / "public",
            host_name=host_name,
            now=now,
            system_bundle=system,
        )

    return run


def contents(found: Certificates) -> list[bytes]:
    return [path.read_bytes() for path in astuple(found)]


def shake_hands(found: Certificates, host: str) -> None:
    """One TLS handshake in memory, verified as strictly as Python can."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(found.server, found.server_key)
    client = ssl.create_default_context(cafile=str(found.authority))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ends[0].version() == "TLSv1.3"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "box"])
def test_a_strict_client_that_trusts_the_authority_accepts_every_name_of_this_machine(make: Make, host: str) -> None:
    shake_hands(make(), host)


def test_another_name_is_not_accepted(make: Make) -> None:
    found = make()

    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(found, "management.azure.com")


def test_a_second_start_changes_nothing(make: Make) -> None:
    before = contents(make())

    assert contents(make(NOW + timedelta(days=300))) == before


def test_the_server_certificate_is_renewed_before_it_runs_out_and_the_authority_stays(make: Make) -> None:
    first = make()
    authority, server = first.authority.read_bytes(), first.server.read_bytes()

    make(NOW + certificates.SERVER_LASTS - timedelta(days=29))

    assert first.authority.read_bytes() == authority
    assert first.server.read_bytes() != server


def test_a_new_host_name_gets_a_new_certificate(make: Make) -> None:
    server = make().server.read_bytes()

    renewed = make(host_name="other")

    assert renewed.server.read_bytes() != server
    shake_hands(renewed, "other")


@pytest.mark.parametrize("lost", ["ca.key", "server.key"])
def test_a_lost_key_is_replaced_with_what_hangs_on_it(make: Make, lost: str, tmp_path: Path) -> None:
    make()
    (tmp_path / "secrets" / lost).unlink()

    shake_hands(make(), "localhost")


def test_a_damaged_certificate_is_replaced(make: Make) -> None:
    found = make()
    found.server.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    found.authority.write_bytes(b"\xff")

    shake_hands(make(), "localhost")


def test_keys_are_for_their_owner_only(make: Make, tmp_path: Path) -> None:
    make()

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()}

    assert modes == {"ca.key": 0o600, "server.key": 0o600}


def test_the_bundle_holds_the_systems_authorities_and_ours(make: Make) -> None:
    found = make()

    assert found.bundle.read_text() == "# the system's\n" + found.authority.read_text()


def test_the_authority_may_sign_servers_and_no_further_authority(make: Make) -> None:
    authority = x509.load_pem_x509_certificate(make().authority.read_bytes())

    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints).value

    assert (limits.ca, limits.path_length) == (True, 0)


@pytest.mark.parametrize("name", ["", "localhost", "ünicode", "x" * 300])
def test_a_host_name_that_no_certificate_can_hold_is_left_out(make: Make, name: str) -> None:
    shake_hands(make(host_name=name), "localhost")


def test_a_companys_bundle_is_taken_and_our_own_is_not(tmp_path: Path) -> None:
    company, ours = tmp_path / "company.pem", tmp_path / "public" / "ca-bundle.pem"
    ours.parent.mkdir()
    company.touch()
    ours.touch()

    assert system_bundle({"SSL_CERT_FILE": str(company)}, ours.parent) == company
    assert system_bundle({"REQUESTS_CA_BUNDLE": str(ours)}, ours.parent) != ours

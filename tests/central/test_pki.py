"""The TLS authority: who may be what, and what is never overwritten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central import pki
from edge.core.errors import ConfigError, InputError

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pki.make_ca(tmp_path, name="authority", now=NOW)
    return tmp_path


def usages(path: Path) -> list[x509.ObjectIdentifier]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_client_certificate_cannot_serve_and_a_brokers_cannot_connect(folder: Path) -> None:
    assert usages(pki.issue(folder, "unit-a", now=NOW).certificate) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    broker = pki.issue(folder, "broker", server_names=("localhost", "127.0.0.1"), now=NOW)
    assert usages(broker.certificate) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_private_keys_are_for_their_owner_only(folder: Path) -> None:
    identity = pki.issue(folder, "unit-a", now=NOW)
    assert {p.stat().st_mode & 0o777 for p in (identity.private_key, folder / "ca.key")} == {0o600}


def test_identity_is_never_overwritten(folder: Path) -> None:
    pki.issue(folder, "unit-a", now=NOW)
    with pytest.raises(ConfigError):
        pki.issue(folder, "unit-a", now=NOW)
    with pytest.raises(ConfigError):
        pki.make_ca(folder, name="authority", now=NOW)


def request(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signed = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return signed.public_bytes(Encoding.PEM)


def test_request_is_signed_for_the_unit_that_it_names_only(folder: Path) -> None:
    path = pki.issue_for_request(folder, "unit-a", request("unit-a"), now=NOW)
    assert usages(path) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not (folder / "unit-a.key").exists()
    with pytest.raises(InputError):
        pki.issue_for_request(folder, "unit-b", request("unit-a"), now=NOW)
    with pytest.raises(InputError):
        pki.issue_for_request(folder, "unit-b", b"nonsense", now=NOW)

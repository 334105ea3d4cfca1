"""A small TLS certificate authority for broker, central and units: EC P-256, one folder.

A unit's certificate carries its id as common name, which the broker's ACL turns into what it may write. The
unit's private key is best made on the unit: `issue_for_request` signs a request; `issue` makes both, for
demonstrations and for the machines of the server room. TLS identities say nothing about records: those are
signed by other keys.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.core.errors import ConfigError, InputError, SigningError

CA_YEARS = 10
LEAF_YEARS = 2
# A unit whose clock lags a little must still accept a certificate made a moment ago.
BACKDATED = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The files of one TLS identity."""

    certificate: Path
    private_key: Path


def make_ca(folder: Path, *, name: str, now: datetime) -> Identity:
    """Make ca.crt and ca.key in `folder`. Raises ConfigError when there is a CA already."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key.public_key(), now, CA_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _write(folder, "ca", key, builder.sign(key, hashes.SHA256()))


def issue(folder: Path, name: str, *, server_names: Sequence[str] = (), now: datetime) -> Identity:
    """Make NAME.crt and NAME.key, signed by the CA in `folder`: a server's with `server_names`, else a client's."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _write(folder, name, key, _leaf(folder, name, key.public_key(), server_names, now))


def issue_for_request(folder: Path, name: str, request: bytes, *, now: datetime) -> Path:
    """Sign a client's certificate request, whose common name must be `name`. Gives the certificate's file."""
    try:
        csr = x509.load_pem_x509_csr(request)
    except ValueError as e:
        raise InputError(f"not a certificate request: {e}") from e
    names = [str(a.value) for a in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    public = csr.public_key()
    if not csr.is_signature_valid or names != [name] or not isinstance(public, ec.EllipticCurvePublicKey):
        raise InputError(f"expected a self-signed EC request for {name!r}, got one for {names}")
    certificate = _leaf(folder, name, public, (), now)
    path = folder / f"{name}.crt"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path


def _leaf(
    folder: Path, name: str, public: ec.EllipticCurvePublicKey, server_names: Sequence[str], now: datetime
) -> x509.Certificate:
    ca_certificate, ca_key = _load_ca(folder)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server_names else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(subject, ca_certificate.subject, public, now, LEAF_YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    if server_names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(n) for n in server_names]), critical=False
        )
    return builder.sign(ca_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=365 * years))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _load_ca(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    except OSError as e:
        remedy = "Make the authority first: doorstep-central pki init DIR"
        raise ConfigError(f"{folder}: no certificate authority: {e.strerror}", remedy=remedy) from e
    except (ValueError, TypeError) as e:
        raise SigningError(f"{folder}: the certificate authority's files are damaged: {e}") from e
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SigningError(f"{folder}/ca.key: expected an EC key, got {type(key).__name__}")
    return certificate, key


def _write(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Identity:
    private, public = folder / f"{name}.key", folder / f"{name}.crt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        private.touch(mode=0o600, exist_ok=False)
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(certificate.public_bytes(Encoding.PEM))
    except OSError as e:
        raise ConfigError(f"{private}: {e.strerror}", remedy="Keys are never overwritten; take another name.") from e
    return Identity(certificate=public, private_key=private)

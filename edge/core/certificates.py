"""X.509 for the links between units, broker and central: EC P-256, one authority, short-lived leaves (RFC 5280).

A unit's certificate carries its id as common name, which the broker's ACL turns into what it may write. TLS
identities say nothing about records: those are signed by other keys. Keys, times and serial numbers are arguments.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.core.errors import InputError

# A unit whose clock lags a little must still accept a certificate made a moment ago.
BACKDATED = timedelta(days=1)
CRL_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An authority that can sign."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def authority_certificate(
    key: ec.EllipticCurvePrivateKey, *, name: str, now: datetime, days: int, serial: int
) -> x509.Certificate:
    """The authority's own certificate, which signs leaves and revocation lists and nothing below a leaf."""
    subject = _name(name)
    builder = (
        _builder(subject, subject, key.public_key(), now, days, serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def leaf_certificate(
    issuer: Issuer,
    name: str,
    public: ec.EllipticCurvePublicKey,
    *,
    now: datetime,
    days: int,
    serial: int,
    server_names: Sequence[str] = (),
) -> x509.Certificate:
    """A server's certificate with `server_names`, else a client's; it never outlives the authority."""
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server_names else ExtendedKeyUsageOID.CLIENT_AUTH
    authority = issuer.certificate
    days = min(days, (authority.not_valid_after_utc - now).days)
    builder = (
        _builder(_name(name), authority.subject, public, now, days, serial)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    if server_names:
        names = x509.SubjectAlternativeName([_general_name(n) for n in server_names])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def revocation_list(
    issuer: Issuer, revoked: Sequence[tuple[int, datetime]], *, now: datetime
) -> x509.CertificateRevocationList:
    """Serial numbers that count no more, and since when."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(now + timedelta(days=CRL_DAYS))
    )
    for serial, since in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, hashes.SHA256())


def certificate_request(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    """A self-signed request for a client's certificate, DER (RFC 2986)."""
    signed = x509.CertificateSigningRequestBuilder().subject_name(_name(name)).sign(key, hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def requested_key(request: bytes, name: str) -> ec.EllipticCurvePublicKey:
    """The public key of a request (PEM or DER) whose common name must be `name`. Raises InputError."""
    try:
        is_pem = request.lstrip().startswith(b"-----")
        csr = x509.load_pem_x509_csr(request) if is_pem else x509.load_der_x509_csr(request)
    except ValueError as e:
        raise InputError(f"not a certificate request: {e}") from e
    public = csr.public_key()
    if not csr.is_signature_valid or common_name(csr.subject) != name or not _is_p256(public):
        found = common_name(csr.subject)
        raise InputError(f"expected a self-signed P-256 request for {name!r}, got one for {found!r}")
    assert isinstance(public, ec.EllipticCurvePublicKey)
    return public


def common_name(name: x509.Name) -> str:
    """The one common name, or "" when there is none or more than one."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else ""


def certificate_sha256(certificate: x509.Certificate) -> str:
    """The fingerprint that people compare: SHA-256 of the DER, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _is_p256(public: object) -> bool:
    return isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=days))
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

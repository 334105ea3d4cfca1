"""The certificate with which phones reach the unit's pages: self-signed, made on the unit.

Nobody vouches for an address on the unit's own access point, so the pairing page shows its fingerprint beside the QR
code, to be compared.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from edge.core.errors import SigningError
from edge.signing.keyfile import write_new

VALID = dt.timedelta(days=800)
"""Phones refuse what is valid for longer than 825 days."""


def page_certificate(folder: Path, address: str, *, unit_id: str, now: dt.datetime) -> tuple[Path, Path]:
    """Certificate and key for `address` (an IP address) in `folder`, made anew when it is for another or is over.

    Raises SigningError.
    """
    certificate, key = folder / "page.crt", folder / "page.key"
    if not (key.exists() and _serves(certificate, address, now)):
        try:
            _make(folder, certificate, key, address, unit_id, now)
        except OSError as e:
            raise SigningError(f"cannot write the page's certificate in {folder}: {e.strerror}") from e
    return certificate, key


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the certificate, in groups of four as phones show it."""
    raw = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER)
    text = hashlib.sha256(raw).hexdigest().upper()
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def _serves(certificate: Path, address: str, now: dt.datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    served = names.get_values_for_type(x509.IPAddress)
    # A unit whose clock is unset is at its first day: only the end is held against a certificate.
    return ipaddress.ip_address(address) in served and now < found.not_valid_after_utc


def _make(folder: Path, certificate: Path, key: Path, address: str, unit_id: str, now: dt.datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, unit_id)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (certificate, key):
        path.unlink(missing_ok=True)
    write_new(key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    write_new(certificate, made.public_bytes(Encoding.PEM), 0o644)

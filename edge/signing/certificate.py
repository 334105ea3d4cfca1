"""Certificates of the link to the broker, read for people: whose, by whom, until when, and their fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from edge.core.certificates import certificate_sha256, common_name
from edge.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """name, issuer: common names. Times are UTC. sha256: of the certificate's DER, in hex."""

    name: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    sha256: str


def read_certificate(path: Path) -> CertificateFacts:
    """Raises ConfigError when there is none at `path`, or it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise ConfigError(
            f"no certificate at {path}: {e.strerror}", remedy="Ask for one with `doorstep provision request`."
        ) from e
    return facts_of(parse_certificate(raw, str(path)))


def parse_certificate(raw: bytes, what: str) -> x509.Certificate:
    """A PEM certificate. Raises ConfigError, naming `what`."""
    try:
        return x509.load_pem_x509_certificate(raw)
    except ValueError as e:
        raise ConfigError(f"{what} is not a PEM certificate") from e


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    return CertificateFacts(
        name=common_name(certificate.subject),
        issuer=common_name(certificate.issuer),
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=certificate_sha256(certificate),
    )

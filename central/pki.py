"""A small TLS certificate authority in the server room: one folder, what it signs as edge/core/certificates.py says.

A unit's private key is best made on the unit: `issue_for_request` signs a request; `issue` makes both, for
demonstrations and for the machines of the server room. The technicians' authority (`doorstep provision ca`) is
another, with its key under a passphrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge.core.certificates import Issuer, authority_certificate, leaf_certificate, requested_key
from edge.core.errors import ConfigError, SigningError

CA_DAYS = 365 * 10
LEAF_DAYS = 365 * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The files of one TLS identity."""

    certificate: Path
    private_key: Path


def make_ca(folder: Path, *, name: str, now: datetime) -> Identity:
    """Make ca.crt and ca.key in `folder`. Raises ConfigError when there is a CA already."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority_certificate(key, name=name, now=now, days=CA_DAYS, serial=x509.random_serial_number())
    return _write(folder, "ca", key, certificate)


def issue(folder: Path, name: str, *, server_names: Sequence[str] = (), now: datetime) -> Identity:
    """Make NAME.crt and NAME.key, signed by the CA in `folder`: a server's with `server_names`, else a client's."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _write(folder, name, key, _leaf(folder, name, key.public_key(), server_names, now))


def issue_for_request(folder: Path, name: str, request: bytes, *, now: datetime) -> Path:
    """Sign a client's certificate request, whose common name must be `name`. Gives the certificate's file."""
    certificate = _leaf(folder, name, requested_key(request, name), (), now)
    path = folder / f"{name}.crt"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path


def _leaf(
    folder: Path, name: str, public: ec.EllipticCurvePublicKey, server_names: Sequence[str], now: datetime
) -> x509.Certificate:
    return leaf_certificate(
        _load_ca(folder),
        name,
        public,
        now=now,
        days=LEAF_DAYS,
        serial=x509.random_serial_number(),
        server_names=server_names,
    )


def _load_ca(folder: Path) -> Issuer:
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
    return Issuer(certificate=certificate, key=key)


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

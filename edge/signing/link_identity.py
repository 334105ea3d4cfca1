"""The certificate and key of the link to the broker, in force and next, as files beside one another.

unit.crt, unit.key (the names are unit.toml's) are in force; next.key is a key for which a certificate is asked,
next.crt the answer over it, on trial. Switching renames the key first: whoever finds next.crt without next.key was
cut off between the two renames, and makes the second.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from edge.core.errors import ConfigError, SigningError
from edge.signing.certificate import parse_certificate
from edge.signing.erase import erase
from edge.signing.tls_key import put, tls_key


def next_files(certificate: Path, private_key: Path) -> tuple[Path, Path]:
    """Where the next certificate and key lie, beside those in force."""
    return certificate.with_name("next.crt"), private_key.with_name("next.key")


class LinkFiles:
    """LinkIdentity over files: those of edge/sync/tls.py, in its order."""

    def __init__(self, authority: Path, certificate: Path, private_key: Path) -> None:
        self._authority, self._certificate, self._key = authority, certificate, private_key
        self._next_certificate, self._next_key = next_files(certificate, private_key)

    def in_force(self) -> x509.Certificate | None:
        self._mend()
        try:
            return parse_certificate(self._certificate.read_bytes(), str(self._certificate))
        except (OSError, ConfigError):
            return None

    def authority(self) -> x509.Certificate:
        try:
            return parse_certificate(self._authority.read_bytes(), str(self._authority))
        except OSError as e:
            raise ConfigError(f"cannot read {self._authority}: {e.strerror}") from e

    def next_key(self) -> ec.EllipticCurvePrivateKey | None:
        return tls_key(self._next_key) if self._next_key.exists() else None

    def make_next_key(self) -> ec.EllipticCurvePrivateKey:
        key = tls_key(self._next_key)
        _sync_folder(self._next_key.parent)
        return key

    def put_on_trial(self, certificate: x509.Certificate) -> None:
        put(self._next_certificate, certificate.public_bytes(Encoding.PEM))
        _sync_folder(self._next_certificate.parent)

    def on_trial(self) -> x509.Certificate | None:
        self._mend()
        try:
            return parse_certificate(self._next_certificate.read_bytes(), str(self._next_certificate))
        except FileNotFoundError:
            return None
        except OSError as e:
            raise ConfigError(f"cannot read {self._next_certificate}: {e.strerror}") from e

    def switch(self) -> None:
        try:
            self._next_key.replace(self._key)
            _sync_folder(self._key.parent)
        except OSError as e:
            raise SigningError(f"cannot change the key {self._key}: {e.strerror}") from e
        self._mend()

    def drop_next(self) -> None:
        # The certificate first: alone it would be taken for one whose key is in force.
        self._next_certificate.unlink(missing_ok=True)
        _sync_folder(self._next_certificate.parent)
        erase([self._next_key])

    def _mend(self) -> None:
        """The second rename of a switch that was cut off; does nothing otherwise."""
        try:
            if not self._next_certificate.exists() or self._next_key.exists():
                return
            fresh = parse_certificate(self._next_certificate.read_bytes(), str(self._next_certificate))
            if fresh.public_key() == tls_key(self._key).public_key():
                self._next_certificate.replace(self._certificate)
            else:
                self._next_certificate.unlink()  # somebody took the key away: it is of no use
            _sync_folder(self._certificate.parent)
        except (OSError, ConfigError, SigningError):
            return  # a process that may only read, or not even that; the one that may do more does it


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

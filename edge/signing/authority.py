"""The technicians' certificate authority: a folder on a laptop, its key under a passphrase.

ca.crt       the authority's certificate, for everybody
ca.key       its private key: AES-256-GCM under scrypt of the passphrase (RFC 7914, N=2^17, r=8, p=1), as JSON
ledger.json  every certificate issued and every token given out, the latter by digest only; written whole or not
ca.crl       what is revoked, as the broker reads it
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from edge.core.certificate_renewal import open_renewal
from edge.core.certificates import Issuer, authority_certificate, leaf_certificate, revocation_list
from edge.core.errors import ConfigError, InputError, SigningError
from edge.core.ledger import Issued, Ledger
from edge.core.provisioning import ProvisionRequest, answer_of, sign_answer
from edge.signing.certificate import parse_certificate
from edge.signing.keyfile import read_private, replace_whole, write_new

CA_DAYS = 365 * 10
LEAST_PASSPHRASE = 12
_COST = {"n": 2**17, "r": 8, "p": 1}


class _SealedKey(msgspec.Struct, frozen=True, kw_only=True):
    salt: bytes
    nonce: bytes
    sealed: bytes
    n: int = _COST["n"]
    r: int = _COST["r"]
    p: int = _COST["p"]
    format: str = "doorstep.authority-key/1"


class Authority:
    """An authority's folder, opened. Its key is asked for only by what signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.certificate = parse_certificate((folder / "ca.crt").read_bytes(), str(folder / "ca.crt"))
            self._ledger = msgspec.json.decode((folder / "ledger.json").read_bytes(), type=Ledger)
        except (OSError, msgspec.DecodeError) as e:
            remedy = "Make one with `doorstep provision ca init DIR`, or name its folder with --ca."
            raise ConfigError(f"no certificate authority in {folder}: {e}", remedy=remedy) from e

    @property
    def ledger(self) -> Ledger:
        return self._ledger

    def unlock(self, passphrase: str) -> Issuer:
        """Raises SigningError for a wrong passphrase."""
        sealed = msgspec.json.decode(read_private(self.folder / "ca.key"), type=_SealedKey)
        try:
            der = AESGCM(_stretched(passphrase, sealed)).decrypt(sealed.nonce, sealed.sealed, b"")
        except InvalidTag as e:
            raise SigningError("the passphrase is wrong", remedy="Try again; nobody can recover it.") from e
        key = load_der_private_key(der, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return Issuer(certificate=self.certificate, key=key)

    def issue(self, issuer: Issuer, request: ProvisionRequest, *, now: datetime, days: int) -> x509.Certificate:
        """Sign a request whose fingerprints a person has compared. Raises InputError: the id is another unit's."""
        self._ledger.check_free(request.unit_id, request.record_key.keyid)
        serial = x509.random_serial_number()
        certificate = leaf_certificate(issuer, request.unit_id, request.tls_public, now=now, days=days, serial=serial)
        self._note(certificate, request.unit_id, request.record_key.keyid, now)
        return certificate

    def renew(self, issuer: Issuer, raw: bytes, *, now: datetime, days: int) -> bytes:
        """The signed answer to a unit's request for renewal. Nobody compares fingerprints: the record key that
        vouches for it must be the one under which this authority signed before.

        Raises DoesNotVerify, CouldNotBeChecked, InputError (revoked, or never signed here).
        """
        request = open_renewal(raw)
        unit_id, keyid = request.unit_id, request.record_key.keyid
        self._ledger.check_renews(unit_id, keyid)
        serial = x509.random_serial_number()
        certificate = leaf_certificate(issuer, unit_id, request.tls_public, now=now, days=days, serial=serial)
        self._note(certificate, unit_id, keyid, now)
        return sign_answer(answer_of(unit_id, certificate, issuer, issued_utc=_iso(now)), issuer)

    def issue_machine(
        self, issuer: Issuer, name: str, *, server_names: Sequence[str], now: datetime, days: int
    ) -> tuple[bytes, bytes]:
        """Certificate and private key, both PEM, of a machine in the server room: the broker, or central's own."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._ledger.check_free(name, "")
        certificate = leaf_certificate(
            issuer, name, key.public_key(), now=now, days=days, serial=x509.random_serial_number(),
            server_names=server_names,
        )  # fmt: skip
        self._note(certificate, name, "", now)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM), private

    def _note(self, certificate: x509.Certificate, name: str, record_keyid: str, now: datetime) -> None:
        entry = Issued(
            serial=f"{certificate.serial_number:x}",
            unit_id=name,
            record_keyid=record_keyid,
            issued_utc=_iso(now),
            until_utc=_iso(certificate.not_valid_after_utc),
        )
        self._write(self._ledger.with_issued(entry))

    def revoke(self, issuer: Issuer, unit_id: str, *, now: datetime, reason: str) -> list[Issued]:
        """Revoke all of a unit's certificates and write ca.crl. Raises InputError when it has none."""
        after, revoked = self._ledger.with_revoked(unit_id, _iso(now), reason)
        self._write(after)
        self.write_crl(issuer, now=now)
        return revoked

    def write_crl(self, issuer: Issuer, *, now: datetime) -> Path:
        entries = [(int(i.serial, 16), datetime.fromisoformat(i.revoked_utc)) for i in self._ledger.revoked]
        crl = revocation_list(issuer, entries, now=now).public_bytes(Encoding.PEM)
        return _replace(self.folder / "ca.crl", crl)

    def new_token(self, *, now: datetime, hours: float, unit_id: str = "") -> str:
        """A token for one enrolment; only its digest is kept."""
        token = "".join(secrets.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(20))
        self._write(self._ledger.with_token(token, _iso(now + timedelta(hours=hours)), unit_id))
        return token

    def use_token(self, token: str, request: ProvisionRequest, request_sha256: str, *, now: datetime) -> None:
        """Mark a token used for this request. Raises InputError: unknown, over, used, or for another unit."""
        self._write(self._ledger.with_used(token, request.unit_id, request_sha256, _iso(now)))

    def _write(self, ledger: Ledger) -> None:
        raw = msgspec.json.format(msgspec.json.encode(ledger), indent=1)
        _replace(self.folder / "ledger.json", raw + b"\n")
        self._ledger = ledger


def make_authority(folder: Path, *, name: str, passphrase: str, now: datetime) -> Authority:
    """Make an authority in `folder`. Never over another. Raises InputError (passphrase), ConfigError."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise InputError(f"a passphrase has at least {LEAST_PASSPHRASE} characters", remedy="Take several words.")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority_certificate(key, name=name, now=now, days=CA_DAYS, serial=x509.random_serial_number())
    sealed = _SealedKey(salt=secrets.token_bytes(16), nonce=secrets.token_bytes(12), sealed=b"")
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    cipher = AESGCM(_stretched(passphrase, sealed))
    sealed = msgspec.structs.replace(sealed, sealed=cipher.encrypt(sealed.nonce, der, b""))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_new(folder / "ca.key", msgspec.json.encode(sealed), 0o600)
        write_new(folder / "ledger.json", msgspec.json.encode(Ledger()), 0o600)
        write_new(folder / "ca.crt", certificate.public_bytes(Encoding.PEM), 0o644)
    except OSError as e:
        raise ConfigError(
            f"{folder}: {e.strerror}", remedy="An authority is never made over another; choose a new folder."
        ) from e
    made = Authority(folder)
    made.write_crl(Issuer(certificate=certificate, key=key), now=now)
    return made


def _stretched(passphrase: str, sealed: _SealedKey) -> bytes:
    return Scrypt(salt=sealed.salt, length=32, n=sealed.n, r=sealed.r, p=sealed.p).derive(passphrase.encode())


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _replace(path: Path, content: bytes) -> Path:
    try:
        replace_whole(path, content, 0o644 if path.suffix == ".crl" else 0o600)
    except OSError as e:
        raise ConfigError(f"cannot write {path}: {e.strerror}", remedy="Make room, or mend who may write.") from e
    return path

"""Renewing a unit's TLS certificate from afar: when it is asked for, what is asked, and how the unit stands with it.

Rules: it is asked for in the last third of the certificate's life, by each unit at a moment of its own, with a new
key, until an answer is here. The request is signed by the confirmation key, for which the record key vouches in a
statement that the request carries: so the authority that knows the record key can check it without asking anybody. A
unit's clock decides only when it asks, never whether an answer is good: the broker, which has the last word, has a
clock of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.signer import Signer

from edge.core.certificates import certificate_sha256, common_name, requested_key
from edge.core.document import read_json
from edge.core.envelope import open_envelope, parse, seal
from edge.core.errors import DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument, has_own_keyid, keys_of
from edge.core.unit_keys import open_unit_keys

REQUEST_TYPE = "application/vnd.doorstep.renewal-request.v1+json"
FORMAT = "doorstep.renewal-request/1"
LAST_SHARE, SPREAD_SHARE = 1 / 3, 1 / 12
RETRY_BASE_S, RETRY_CAP_S = 3600.0, 86400.0
DOUBTFUL_CLOCK_S = 3600.0
"""A clock that stands before the certificate's beginning is wrong; one that stays so for this long will not be
set."""


class RenewalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """csr: DER, by the new key. statement: the unit's keys as its record key signed them. until_utc: of the
    certificate in force, for people."""

    unit_id: str
    record_key: PublicKeyDocument
    statement: bytes
    csr: bytes
    until_utc: str
    made_utc: str
    format: str = FORMAT

    @property
    def tls_public(self) -> ec.EllipticCurvePublicKey:
        """The key to be certified. Raises InputError."""
        return requested_key(self.csr, self.unit_id)


class CertificateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What central passes down: the authority's signed answer (edge/core/provisioning.py), as it came."""

    answer: bytes
    format: str = "doorstep.certificate/1"


class CertificateState(StrEnum):
    IN_FORCE = "in_force"  # nothing is under way
    ASKED = "asked"
    TRIED = "tried"  # the answer is here, the broker has not yet been connected to with it
    REFUSED = "refused"  # the answer did no good; the one before stays in force, another is asked for later


class CertificateStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit tells central of its certificate. sha256, until_utc: of the one in force. `reason` is for
    people."""

    sha256: str
    until_utc: str
    state: CertificateState
    reason: str = ""


def sign_renewal(request: RenewalRequest, signer: Signer) -> bytes:
    """signer: of the confirmation key that `statement` names."""
    return seal(msgspec.json.encode(request, order="deterministic"), REQUEST_TYPE, [signer])


def open_renewal(raw: bytes) -> RenewalRequest:
    """A request that holds by the record key that it names itself; whether that is a unit's, the caller must know.

    Raises DoesNotVerify, CouldNotBeChecked, InputError.
    """
    claimed = _read(parse(raw).payload)
    key = claimed.record_key
    if (key.role, key.owner) != (KeyRole.RECORD, claimed.unit_id) or not has_own_keyid(key):
        raise DoesNotVerify("the request names a key that is not this unit's record key", step="key")
    confirmation = open_unit_keys(claimed.statement, key).confirmation
    own = keys_of([confirmation], KeyRole.CONFIRMATION)
    request = _read(open_envelope(raw, keys=own, payload_types={REQUEST_TYPE}).payload)
    _ = request.tls_public
    return request


def asks_from(certificate: x509.Certificate) -> datetime:
    """From when on a certificate is to be renewed: units that were made on one day do not all ask at one moment."""
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    share01 = int.from_bytes(certificate.fingerprint(hashes.SHA256())[:4]) / 2**32
    return certificate.not_valid_before_utc + life * (1 - LAST_SHARE + share01 * SPREAD_SHARE)


def is_due(certificate: x509.Certificate, now: datetime, *, running_s: float) -> bool:
    """running_s: for how long the asking process has run."""
    if now < certificate.not_valid_before_utc:
        return running_s >= DOUBTFUL_CLOCK_S
    return now >= asks_from(certificate)


def retry_s(asked: int) -> float:
    """How long until it is asked for again after so many times."""
    return min(RETRY_CAP_S, RETRY_BASE_S * 2.0 ** min(asked - 1, 16))


def standing_of(certificate: x509.Certificate, state: CertificateState, reason: str = "") -> CertificateStanding:
    until = certificate.not_valid_after_utc.isoformat(timespec="seconds").replace("+00:00", "Z")
    return CertificateStanding(
        sha256=certificate_sha256(certificate), until_utc=until, state=state, reason=reason[:300]
    )


def answer_fault(fresh: x509.Certificate, in_force: x509.Certificate) -> str:
    """Why a certificate does not renew the one in force; empty when it does. No clock is asked."""
    if common_name(fresh.subject) != common_name(in_force.subject):
        return "it is for another unit"
    if fresh.not_valid_after_utc - in_force.not_valid_after_utc < timedelta(hours=1):
        return f"it ends {fresh.not_valid_after_utc:%Y-%m-%d}, no later than the one in force"
    return ""


def _read(payload: bytes) -> RenewalRequest:
    return read_json(payload, RenewalRequest, format_=FORMAT, what="the renewal request")

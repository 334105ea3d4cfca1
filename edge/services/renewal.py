"""The unit's side of renewing its TLS certificate: ask in time, take the answer, try it, and only then use it.

Rules: a new key for each certificate, made here; the request is repeated until an answer is here; an answer counts
when it is by the authority that the unit believes, over that very key, and ends later than the one in force; it comes
into force once the broker has let the unit in with it. If the broker does not, although it does with the one in
force, the answer is dropped after MOST_TRIES and another is asked for a day later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.signer import Signer

from edge.core.certificate_renewal import (
    RETRY_CAP_S,
    CertificateStanding,
    CertificateState,
    RenewalRequest,
    answer_fault,
    is_due,
    retry_s,
    sign_renewal,
    standing_of,
)
from edge.core.certificates import certificate_request, certificate_sha256
from edge.core.downward_apply import MessageRefused
from edge.core.errors import ConfigError, DoorstepError, SyncError, VerificationError
from edge.core.keys import PublicKeyDocument
from edge.core.provisioning import open_answer
from edge.ports import Clock, LinkIdentity

MOST_TRIES = 3
TRY_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """In whose name a certificate is asked for: the confirmation key signs, the record key's statement vouches."""

    unit_id: str
    record_key: PublicKeyDocument
    statement: bytes
    confirmer: Signer


class CertificateRenewer:
    """Over its port; `probe` connects to the broker with the pair on trial and leaves, or raises SyncError or
    ConfigError."""

    def __init__(self, *, asker: Asker, identity: LinkIdentity, clock: Clock, probe: Callable[[], object]) -> None:
        self._asker, self._identity, self._clock, self._probe = asker, identity, clock, probe
        self._since_s = clock.monotonic_s()
        self._asked, self._ask_again_s = 0, 0.0
        self._tries, self._try_again_s = 0, 0.0
        self._reason = ""
        self._heard = datetime.min.replace(tzinfo=UTC)
        self._told: CertificateStanding | None = None

    def heard(self, issued_utc: str) -> None:
        """A time that central has signed: it was no earlier than that, whatever this unit's clock says."""
        try:
            self._heard = max(self._heard, datetime.fromisoformat(issued_utc).astimezone(UTC))
        except (ValueError, OverflowError):
            return

    def request(self, *, greeting: bool = False) -> bytes | None:
        """What is to be asked now; None when nothing is, or it was a while ago. A greeting asks in any case."""
        now_s, certificate = self._clock.monotonic_s(), self._identity.in_force()
        may_ask = now_s >= self._ask_again_s
        if certificate is None or self._identity.on_trial() or not (may_ask or greeting):
            return None
        if self._identity.next_key() is None and not (may_ask and self._is_due(certificate, now_s)):
            return None
        if may_ask:
            self._asked += 1
            self._ask_again_s = now_s + retry_s(self._asked)
        key = self._identity.next_key() or self._identity.make_next_key()
        request = RenewalRequest(
            unit_id=self._asker.unit_id,
            record_key=self._asker.record_key,
            statement=self._asker.statement,
            csr=certificate_request(key, self._asker.unit_id),
            until_utc=standing_of(certificate, CertificateState.ASKED).until_utc,
            made_utc=self._clock.now_utc(),
        )
        return sign_renewal(request, self._asker.confirmer)

    def take(self, raw: bytes) -> None:
        """Keep an answer and put it on trial; the same once more changes nothing. Raises MessageRefused."""
        in_force, key = self._identity.in_force(), self._identity.next_key()
        if in_force is None:
            raise MessageRefused("no_request", "this unit has no certificate of its own to renew")
        public = in_force.public_key() if key is None else key.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        try:
            answer = open_answer(raw, unit_id=self._asker.unit_id, tls_public=public)
            authority, believed = x509.load_der_x509_certificate(answer.authority), self._identity.authority()
        except VerificationError as e:
            reason = "no_request" if key is None else "bad_answer"
            raise MessageRefused(reason, f"{e.step}: {e.message}") from e
        except DoorstepError as e:
            raise MessageRefused("bad_answer", e.message) from e
        if certificate_sha256(authority) != certificate_sha256(believed):
            raise MessageRefused("other_authority", "it is by another authority than the one this unit believes")
        fresh = x509.load_der_x509_certificate(answer.certificate)
        if fresh == in_force:
            return  # a cut came after it was put in force, before that was noted
        fault = answer_fault(fresh, in_force)
        if key is None or fault:
            raise MessageRefused("bad_answer", fault or "no answer is waited for")
        self._tries, self._try_again_s, self._reason = 0, 0.0, ""
        self._identity.put_on_trial(fresh)

    def try_out(self, *, connected: bool) -> tuple[str, bool]:
        """Try what is on trial, where it is time; gives what is to be told, and whether it is in force now.

        A failure counts only while the one in force has a link: without one, nothing is known of the new.
        """
        now_s, fresh = self._clock.monotonic_s(), self._identity.on_trial()
        if fresh is None or (connected and now_s < self._try_again_s):
            return "", False
        try:
            self._probe()
        except (SyncError, ConfigError) as e:
            return self._failed(e.message, now_s) if connected else "", False
        self._identity.switch()
        self._asked, self._ask_again_s = 0, 0.0
        return f"the new certificate is in force, until {fresh.not_valid_after_utc:%Y-%m-%d}", True

    def standing(self) -> CertificateStanding | None:
        """For the greeting and for a stick."""
        certificate = self._identity.in_force()
        if certificate is None:
            return None
        state = CertificateState.REFUSED if self._reason else CertificateState.IN_FORCE
        if self._identity.on_trial():
            state = CertificateState.TRIED
        elif self._identity.next_key():
            state = CertificateState.ASKED
        return standing_of(certificate, state, self._reason)

    def news(self) -> CertificateStanding | None:
        """The standing, where central has not heard it."""
        standing = self.standing()
        return standing if standing != self._told else None

    def said(self, standing: CertificateStanding | None) -> None:
        self._told = standing

    def hint(self) -> str:
        """Why there may be no link, where the certificate has ended, and what to do; to stand behind another text."""
        certificate = self._identity.in_force()
        if certificate is None or certificate.not_valid_after_utc > self._now():
            return ""
        ended = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
        return f"; the unit's certificate ended {ended}: carry its request by stick (doorstep export)"

    def _now(self) -> datetime:
        return max(self._heard, datetime.fromisoformat(self._clock.now_utc()).astimezone(UTC))

    def _is_due(self, certificate: x509.Certificate, now_s: float) -> bool:
        return is_due(certificate, self._now(), running_s=now_s - self._since_s)

    def _failed(self, why: str, now_s: float) -> str:
        self._tries += 1
        self._try_again_s = now_s + TRY_AGAIN_S * self._tries
        if self._tries < MOST_TRIES:
            return f"the new certificate is not in force yet: {why}"
        self._identity.drop_next()
        self._tries, self._reason, self._ask_again_s = 0, why, now_s + RETRY_CAP_S
        return f"the new certificate is dropped, the one in force stays: {why}"

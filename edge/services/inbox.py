"""Messages from central: checked, applied in order and once, and confirmed with the unit's signature.

Rules: nothing is applied before its signature, unit and place are checked; a message before its turn waits; one that
was settled is confirmed again and not applied again; one that cannot be applied is settled as refused, so that it
blocks nothing. Another message under a settled or waiting number is told, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from securesystemslib.signer import Signer

from edge.core.bundle_fetch import BundleStanding, ReleaseOffer
from edge.core.certificate_renewal import CertificateAnswer, CertificateStanding
from edge.core.chunks import is_chunk
from edge.core.confirmation import Applied, Confirmation, ConfirmedMessage, sign_confirmation
from edge.core.downward import Downward, Later, Turn, content_of, is_downward, open_message, turn_of
from edge.core.downward_apply import DownwardState, Effects, MessageRefused, Standing, decide
from edge.core.downward_content import decode_content
from edge.core.envelope import digest
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, VerificationError
from edge.core.keys import KeyPurpose, PublicKeyDocument
from edge.ports import Clock, InboxStore
from edge.services.bundles import BundleFetcher
from edge.services.releases import ReleaseFetcher
from edge.services.renewal import CertificateRenewer

MOST_WAITING = 64
"""How far ahead of its turn a message is kept; central sends it again anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one message. `settled` and `repeated` (settled before) are to be confirmed, `remark` told;
    `news`: of a bundle on its way."""

    settled: tuple[ConfirmedMessage, ...] = ()
    repeated: tuple[ConfirmedMessage, ...] = ()
    remark: str = ""
    news: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """How the unit stands with what is fetched and renewed; None: nothing is to be said of it."""

    bundle: BundleStanding | None = None
    release: BundleStanding | None = None
    certificate: CertificateStanding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncKeys:
    """The keys of the sync side, and the statement of the record key that they are the unit's."""

    sealing: X25519PrivateKey
    confirmer: Signer
    statement: bytes
    purpose: KeyPurpose


class Inbox:
    """The unit's side of what comes down, over its ports."""

    def __init__(
        self,
        *,
        unit_id: str,
        store: InboxStore,
        keys: SyncKeys,
        trusted: Sequence[PublicKeyDocument],
        clock: Clock,
        bundles: BundleFetcher | None = None,
        releases: ReleaseFetcher | None = None,
        renewer: CertificateRenewer | None = None,
        erase: Callable[[], object] = lambda: None,
    ) -> None:
        """erase: the sync side's part of a wipe; it may be called again when it is done."""
        self._unit_id, self._store, self._keys = unit_id, store, keys
        self._bundles, self._releases, self.renewer, self._erase = bundles, releases, renewer, erase
        self._trusted, self._clock = list(trusted), clock

    def greeting(self) -> list[bytes]:
        """What central is told after connecting: the unit's keys, how far it has come, and what it asks for."""
        refused = self._store.refused(MOST_WAITING)
        asked = self._request(greeting=True)
        standings = self._said(
            Standings(
                bundle=self._bundles.standing() if self._bundles else None,
                release=self._releases.standing() if self._releases else None,
                certificate=self.renewer.standing() if self.renewer else None,
            )
        )
        return [self._keys.statement, self.confirm(refused, greeting=True, standings=standings), *asked]

    def due(self) -> list[bytes]:
        """What is to be said now, unasked: which chunks of a bundle or a release are wanted, or what became of it or
        of the certificate; and a request for a new one."""
        asked, now_s = self._request(greeting=False), self._clock.monotonic_s()
        standings = Standings(
            bundle=self._bundles.due(now_s) if self._bundles else None,
            release=self._releases.due(now_s) if self._releases else None,
            certificate=self.renewer.news() if self.renewer else None,
        )
        if standings == Standings():
            return asked
        return [self.confirm((), standings=self._said(standings)), *asked]

    @staticmethod
    def takes(raw: bytes) -> bool:
        """Whether it claims to be for `take`: a message, or a chunk of a bundle."""
        return is_chunk(raw) or is_downward(raw)

    def state(self) -> DownwardState:
        return self._store.state()

    def take(self, raw: bytes) -> Taken:
        """Check one message or chunk and apply what is due. Raises StoreError only."""
        if is_chunk(raw):
            now_s, fetchers = self._clock.monotonic_s(), (self._bundles, self._releases)
            return Taken(news=" ".join(filter(None, (f.take(raw, now_s) for f in fetchers if f is not None))))
        try:
            message = self._open(raw)
        except VerificationError as e:
            return Taken(remark=f"{e.step}: {e.message}")
        applied = self._store.state().applied_sequence
        turn = turn_of(message.sequence, applied=applied)
        if turn is Turn.REPEATED:
            return self._again(message, raw)
        if turn is Turn.WAITS:
            if message.sequence <= applied + MOST_WAITING:
                self._store.hold(message.sequence, raw)
            return Taken(remark=f"message {message.sequence} waits for {applied + 1}")
        settled = [self._settle(message, raw)]
        settled += self._settle_waiting(message.sequence + 1)
        return Taken(settled=tuple(settled))

    def confirm(
        self,
        items: Sequence[ConfirmedMessage],
        *,
        greeting: bool = False,
        standings: Standings | None = None,
    ) -> bytes:
        """The signed confirmation of `items`, with the place reached."""
        state = self._store.state()
        if state.standing is Standing.WIPED:
            self._erase()  # nothing says that a wipe was obeyed before it was
        confirmation = Confirmation(
            unit_id=self._unit_id,
            made_utc=self._clock.now_utc(),
            applied_sequence=state.applied_sequence,
            list_version=state.list_version,
            items=tuple(items),
            greeting=greeting,
            bundle=standings.bundle if standings else None,
            release=standings.release if standings else None,
            certificate=standings.certificate if standings else None,
        )
        return sign_confirmation(confirmation, self._keys.confirmer)

    def _request(self, *, greeting: bool) -> list[bytes]:
        if self.renewer is None or self._store.state().standing is not Standing.ACTIVE:
            return []
        request = self.renewer.request(greeting=greeting)
        return [] if request is None else [request]

    def _said(self, standings: Standings) -> Standings:
        """They go to the wire; what is lost of them is said again with the next greeting."""
        for fetcher, said in ((self._bundles, standings.bundle), (self._releases, standings.release)):
            if fetcher is not None and said is not None:
                fetcher.said(said, self._clock.monotonic_s())
        if self.renewer is not None and standings.certificate is not None:
            self.renewer.said(standings.certificate)
        return standings

    def _open(self, raw: bytes) -> Downward | Later:
        return open_message(raw, self._trusted, unit_id=self._unit_id, purpose=self._keys.purpose)

    def _again(self, message: Downward | Later, raw: bytes) -> Taken:
        known = self._store.settled(message.sequence)
        if known is not None and known.sha256 == digest(raw):
            return Taken(repeated=(known,))
        return Taken(remark=f"another message than the one settled under number {message.sequence}")

    def _settle_waiting(self, sequence: int) -> list[ConfirmedMessage]:
        settled = []
        while (raw := self._store.held(sequence)) is not None:
            try:
                settled.append(self._settle(self._open(raw), raw))
            except VerificationError:
                break  # its key is no longer believed; central sends what counts instead
            sequence += 1
        return settled

    def _settle(self, message: Downward | Later, raw: bytes) -> ConfirmedMessage:
        outcome, reason, detail, effects = Applied.APPLIED, "", "", Effects()
        try:
            effects = self._decided(message, self._store.state())
        except MessageRefused as refusal:
            outcome, reason, detail = Applied.REFUSED, refusal.reason, refusal.detail
        item = ConfirmedMessage(
            sequence=message.sequence, sha256=digest(raw), outcome=outcome, reason=reason, detail=detail
        )
        self._store.settle(item, message.kind, effects)
        return item

    def _decided(self, message: Downward | Later, state: DownwardState) -> Effects:
        if isinstance(message, Later):
            raise MessageRefused("unknown_format", f"{message.format[:40]}, kind {message.kind[:40]!r}")
        try:
            content = decode_content(content_of(message, self._keys.sealing), message.kind)
        except CouldNotBeChecked as e:
            raise MessageRefused("unknown_format", e.message) from e
        except DoesNotVerify as e:
            raise MessageRefused("not_sealed_to_unit" if e.step == "seal" else "bad_content", e.message) from e
        effects = decide(content, state)
        if isinstance(content, CertificateAnswer):
            if self.renewer is None:
                raise MessageRefused("no_request", "this unit renews no certificate")
            self.renewer.take(content.answer)
        if isinstance(content, ReleaseOffer):
            if self._releases is None:
                raise MessageRefused("not_taken", "this unit's software is not changed from afar")
            self._releases.offered(message.sequence, content)
        return effects

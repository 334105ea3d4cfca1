"""What goes to central and comes from it, and the wire between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edge.core.bundle_fetch import BundleEntry
from edge.core.confirmation import ConfirmedMessage
from edge.core.delivery import OutboxEntry, WireOutcome
from edge.core.downward_apply import DownwardState, Effects
from edge.core.evidence_delivery import EvidenceEntry
from edge.core.protocol import Channel, UnitStatus
from edge.core.receipt import Receipt
from edge.core.release import TrialOutcome


class Outbox(Protocol):
    """The delivery side of the same store."""

    def entries(self) -> list[OutboxEntry]:
        """All entries not yet receipted, in order of sequence."""

    def envelope(self, sequence: int) -> bytes: ...

    def find(self, sha256: str) -> OutboxEntry | None:
        """The entry of the envelope with this digest, in whatever state; None when this unit never wrote it."""

    def receipted(self, first_sequence: int, last_sequence: int) -> list[OutboxEntry]:
        """The receipted entries among first..last, both included, in order of sequence."""

    def save(self, entry: OutboxEntry) -> None:
        """Write an entry's new state."""

    def save_all(self, entries: Sequence[OutboxEntry]) -> None:
        """Write several entries' new states in one transaction: a commit is what costs time on a card."""

    def save_receipt(self, raw: bytes, receipt: Receipt, entries: Sequence[OutboxEntry]) -> None:
        """Keep a verified receipt and the states that it brings about, in one transaction."""


class InboxStore(Protocol):
    """What has come down from central, in the same store. Every method is one transaction."""

    def state(self) -> DownwardState: ...

    def settled(self, sequence: int) -> ConfirmedMessage | None:
        """What became of a message; None when it is not settled."""

    def refused(self, limit: int) -> list[ConfirmedMessage]:
        """The messages settled as refused, the latest first, at most `limit`."""

    def hold(self, sequence: int, raw: bytes) -> None:
        """Keep a message that came before its turn."""

    def held(self, sequence: int) -> bytes | None: ...

    def settle(self, item: ConfirmedMessage, kind: str, effects: Effects) -> DownwardState:
        """Write a message's effects, its outcome and the new place. Raises StoreError when it is not its turn."""


class EvidenceStore(Protocol):
    """Sealed evidence on its way, in the same store. Every method is one transaction."""

    def keep(self, evidence_id: str, manifest: bytes, sealed: bytes, *, chunks: int, person_id: str) -> None: ...

    def under_way(self) -> list[EvidenceEntry]:
        """What is not settled; what is being sent comes first, then the oldest."""

    def next_up(self, limit: int) -> list[EvidenceEntry]:
        """The first of them."""

    def open_count(self) -> int: ...

    def settled(self) -> list[EvidenceEntry]:
        """What is receipted or refused, and not purged."""

    def find(self, evidence_id: str) -> EvidenceEntry | None: ...

    def manifest(self, evidence_id: str) -> bytes: ...

    def chunk(self, evidence_id: str, number: int) -> bytes: ...

    def save(self, entry: EvidenceEntry) -> None:
        """Write a new state; a purged piece loses its content, and stays purged."""

    def of_person(self, person_id: str) -> list[EvidenceEntry]:
        """What is kept of a person's, sent or not, and not purged."""

    def drop(self, evidence_ids: Sequence[str], reason: str) -> None:
        """Delete the content of these pieces, whatever their state."""


class BundleStore(Protocol):
    """The model bundle (or the release) that central offered. Every method is one transaction."""

    def newest(self) -> BundleEntry | None: ...

    def numbers(self, entry: BundleEntry) -> set[int]:
        """The chunks that are here."""

    def keep_chunk(self, entry: BundleEntry, number: int, data: bytes) -> None:
        """Keep a chunk that fits; the same again changes nothing."""

    def whole_sha256(self, entry: BundleEntry) -> str:
        """The digest of the chunks that are here, joined in order."""

    def save(self, entry: BundleEntry) -> None:
        """Write a new state; what is done with loses its chunks."""


class ReleaseStore(BundleStore, Protocol):
    """A release on its way, in a folder from which whoever may change releases takes it when it is whole."""

    def note(self, entry: BundleEntry) -> None:
        """A new offer, in the place of the one before. Raises StoreError."""

    def outcome(self) -> TrialOutcome | None:
        """What became of the release that was taken last; None before the first."""


class LinkIdentity(Protocol):
    """The certificate and key of the link, and the next pair on its way. Each change is whole or not, also in a
    cut."""

    def in_force(self) -> x509.Certificate | None:
        """None when there is none that this process can read: then nothing is renewed."""

    def authority(self) -> x509.Certificate:
        """The one authority that this unit believes. Raises ConfigError."""

    def next_key(self) -> ec.EllipticCurvePrivateKey | None:
        """The key for which a certificate is asked, or has come; None when none is under way."""

    def make_next_key(self) -> ec.EllipticCurvePrivateKey:
        """Raises SigningError."""

    def put_on_trial(self, certificate: x509.Certificate) -> None:
        """Lay a certificate over the next key beside that key. Raises ConfigError."""

    def on_trial(self) -> x509.Certificate | None: ...

    def switch(self) -> None:
        """The pair on trial is in force from now on; the one before goes."""

    def drop_next(self) -> None:
        """Erase what is under way."""


class Uplink(Protocol):
    """The wire to central. A broker's acknowledgement is no delivery; only `received` receipts count."""

    def connect(self) -> None: ...

    def publish(self, content: bytes, channel: Channel = Channel.RECORDS) -> None:
        """Hand an envelope, or a batch of records, to the wire. Raises SyncError when there is none."""

    def received(self, timeout_s: float) -> list[bytes]:
        """Envelopes from central that have come in, unverified; waits up to `timeout_s` for the first.

        Raises SyncError when the link is gone and nothing is left to hand over.
        """

    def outcomes(self) -> list[WireOutcome]:
        """The envelopes that the wire did not take, once each; a lost link tells of all still open."""

    def announce(self, status: UnitStatus) -> None:
        """Leave the unit's state with the broker. Raises SyncError when there is no link."""

    def close(self) -> None: ...

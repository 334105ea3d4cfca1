"""The unit's outside, as Protocols: what services may ask for, and of which shape the answer is.

Adapters (capture, models, store, signing, sync, device) implement these; only edge/wiring.py knows which.
All of them raise members of the DoorstepError tree and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from securesystemslib.signer import Signer

from edge.core.bundle_fetch import BundleEntry
from edge.core.chain import ChainHead, StoredRecord
from edge.core.confirmation import ConfirmedMessage
from edge.core.delivery import OutboxEntry, WireOutcome
from edge.core.downward import MessageKind
from edge.core.downward_apply import DownwardState, Effects
from edge.core.evidence_delivery import EvidenceEntry
from edge.core.keys import PublicKeyDocument
from edge.core.panel import Button, Sign
from edge.core.protocol import Channel, UnitStatus
from edge.core.receipt import Receipt
from edge.core.record import CaptureSource, ClockState
from edge.core.session import VisitSession

if TYPE_CHECKING:  # faces are numpy arrays, which the sync side does without
    from edge.core.face import Embedding, FaceMesh, FaceRegion, Frame, Points
    from edge.core.light_code import LampState


class Camera(Protocol):
    """A source of frames. A context manager; `close` is idempotent."""

    @property
    def source(self) -> CaptureSource:
        """What this source is: kind, model and serial, or the digest of the file it plays."""

    def frames(self) -> Iterator[Frame]:
        """Frames in order of exposure, until the source ends or is closed. Raises CameraError."""

    def close(self) -> None: ...

    def __enter__(self) -> Camera: ...

    def __exit__(self, *_exc: object) -> None: ...


class FaceDetector(Protocol):
    def detect(self, frame: Frame, turn_deg: float = 0.0) -> list[FaceRegion]:
        """Faces whose roll is near `turn_deg`, best score first, in frame coordinates (any roll)."""


class Landmarker(Protocol):
    def fit(self, frame: Frame, region: FaceRegion) -> FaceMesh:
        """The mesh of the face in `region`, read from a crop turned upright by its roll."""


class LivenessNet(Protocol):
    def live_probability(self, frame: Frame, region: FaceRegion) -> float:
        """Probability 0..1, by texture alone, that the face is of flesh."""


class Light(Protocol):
    """The unit's own lamps. `close` is idempotent and leaves them dark."""

    @property
    def present(self) -> bool:
        """Whether there are lamps at all; without them `set` does nothing."""

    def set(self, state: LampState) -> None:
        """Bring both lamps to a state, at once. Raises LampError."""

    def close(self) -> None: ...


class Voice(Protocol):
    """Reads texts of the catalogue aloud, for browsers without a voice of their own."""

    @property
    def present(self) -> bool: ...

    def wav(self, text: str, language: str) -> bytes:
        """The text as a WAV file. Raises VoiceError."""


class Panel(Protocol):
    """The unit's buttons, status lamps and buzzer. `close` is idempotent and leaves all dark and silent."""

    def listen(self, press: Callable[[Button], None]) -> None:
        """Call `press` for every press from now on, from a thread of the panel's own; it has to be quick."""

    def show(self, sign: Sign) -> None:
        """Light the one lamp of `sign`, and sound its signal when it is new. Raises PanelError."""

    def close(self) -> None: ...


class Embedder(Protocol):
    def embed(self, frame: Frame, points5_px: Points) -> Embedding:
        """Embedding of the face whose eyes, nose tip and mouth corners (5×2, image left first) are given."""


class Clock(Protocol):
    def now_utc(self) -> str:
        """Wall time, ISO 8601 with `Z`, milliseconds."""

    def monotonic_s(self) -> float:
        """Seconds on a clock that is never set, of this boot."""

    def state(self) -> ClockState:
        """Both, with the source of the wall clock and how far it may be off."""


class RecordSigner(Protocol):
    """The unit's record key. The private half never leaves the adapter."""

    @property
    def public(self) -> PublicKeyDocument: ...

    @property
    def signer(self) -> Signer: ...


class AtRest(Protocol):
    """The unit's data key: what is personal is encrypted with it before it reaches the disk."""

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        """Encrypt and authenticate. context: what the value is and where it lies (table, row); it is not stored."""

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """What was sealed under the same context. Raises DoesNotVerify (altered, moved), SigningError (other key)."""


class RecordStore(Protocol):
    """Records, their chain and their way out, in one file. Every method is one transaction."""

    def append(self, make: Callable[[ChainHead], bytes]) -> StoredRecord:
        """Ask `make` for the envelope that follows the head; store it, the new head and its outbox row at once.

        Durable when it returns. `make` runs inside the write lock, so that no two records share a sequence;
        it may read the store, and must not write to it.
        Raises StoreError; then nothing was stored.
        """

    def head(self) -> ChainHead: ...

    def records(self, first_sequence: int = 1) -> Iterator[StoredRecord]:
        """In order of sequence, exactly the bytes that were stored."""

    def find(self, record_id: str) -> StoredRecord | None:
        """The record with this id; None when there is none."""

    def receipts(self) -> Iterator[bytes]:
        """The signed receipt envelopes kept so far."""

    def close(self) -> None: ...


class SessionStore(Protocol):
    """Visits on their way, encrypted at rest. Every method is one transaction, durable when it returns."""

    def open_of(self, worker_id: str) -> VisitSession | None:
        """The worker's open visit; there is one at most."""

    def begin(self, session: VisitSession) -> None:
        """Raises StoreError when the worker has an open visit already."""

    def save(self, session: VisitSession, photos: Mapping[str, bytes]) -> None:
        """Write the session's next revision with new photographs; those it let go of are deleted.

        Raises StoreError when another request has moved the visit on meanwhile.
        """

    def photo(self, photo_id: str) -> bytes | None: ...

    def close(self, visit_id: str) -> None:
        """Delete the session and its photographs."""


class RecordArchive(Protocol):
    """Records to be looked at as a whole, of one moment, while others may be writing."""

    def snapshot(self) -> AbstractContextManager[object]:
        """Inside the block everything read by this thread is of one moment."""

    def unit_id(self) -> str: ...

    def head(self) -> ChainHead: ...

    def records(self, first_sequence: int = 1) -> Iterator[StoredRecord]: ...

    def receipts(self) -> Iterator[bytes]: ...


class RecordExport(Protocol):
    """A stretch of a unit's records in a file; what the file claims of itself is unsigned."""

    @property
    def unit_id(self) -> str: ...

    @property
    def first_sequence(self) -> int: ...

    @property
    def last(self) -> ChainHead:
        """The last record of the stretch."""

    def envelopes(self) -> Iterator[bytes]:
        """The records' envelopes in the order of the file."""


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

    def settle(self, item: ConfirmedMessage, kind: MessageKind, effects: Effects) -> DownwardState:
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
    """The model bundle that central offered, in the same store. Every method is one transaction."""

    def newest(self) -> BundleEntry | None: ...

    def numbers(self, entry: BundleEntry) -> set[int]:
        """The chunks that are here."""

    def keep_chunk(self, entry: BundleEntry, number: int, data: bytes) -> None:
        """Keep a chunk that fits; the same again changes nothing."""

    def content(self, entry: BundleEntry) -> bytes:
        """The chunks that are here, joined in order."""

    def save(self, entry: BundleEntry) -> None:
        """Write a new state; what is done with loses its chunks."""


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

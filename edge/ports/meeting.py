"""What stands between a unit and its worker: voice, buttons and lamps, the clock, and the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from securesystemslib.signer import Signer

from edge.core.keys import PublicKeyDocument
from edge.core.panel import Button, Sign
from edge.core.record import ClockState


class Voice(Protocol):
    """Reads texts of the catalogue aloud, for browsers without a voice of their own."""

    @property
    def present(self) -> bool: ...

    def wav(self, text: str, language: str) -> bytes:
        """The text as a WAV file. Raises VoiceError."""


class CardReader(Protocol):
    """Reads what is printed on a card, for its number; a person confirms it."""

    @property
    def present(self) -> bool: ...

    def text(self, jpeg: bytes) -> str:
        """The lines in a photograph. Raises CardReaderError."""


class Panel(Protocol):
    """The unit's buttons, status lamps and buzzer. `close` is idempotent and leaves all dark and silent."""

    def listen(self, press: Callable[[Button], None]) -> None:
        """Call `press` for every press from now on, from a thread of the panel's own; it has to be quick."""

    def show(self, sign: Sign) -> None:
        """Light the one lamp of `sign`, and sound its signal when it is new. Raises PanelError."""

    def close(self) -> None: ...


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

"""What a screen shows of the camera: the newest picture, the person's box, one hint, the time that is left.

The newest wins. Whoever owns the camera only leaves a reference here and goes on; a picture is encoded when somebody
asks for it, once for all who ask, in the asker's thread. There is no queue: who is slow misses pictures and holds up
nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.core.face import FaceRegion, Frame
from edge.core.guidance import Guidance, crowded, guided
from edge.services.burst import Burst
from edge.services.perceive import Observation

GOOD = "good"

Encode = Callable[[Frame, FaceRegion | None, bool], bytes]
"""A frame as a JPEG for a screen, with the box of a face; the last is whether the picture can serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """left_s: of the window. still_s: for which the person has to be held in the picture. share: 0..1 of what is
    wanted."""

    left_s: float
    still_s: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glimpse:
    """One moment. number: counts pictures, 0 before the first. hint: a code of room `hint`, `good`, or empty before
    the first. say: grows by one each time that the hint is to be said aloud. countdown: None outside of a window."""

    number: int = 0
    hint: str = ""
    say: int = 0
    people: int = 0
    countdown: Countdown | None = None
    frame: Frame | None = field(default=None, repr=False)
    region: FaceRegion | None = field(default=None, repr=False)


class LiveView:
    """One camera's view, one thread that shows, any number that look."""

    def __init__(self, encode: Encode, *, dominant_area_ratio: float) -> None:
        self._encode = encode
        self._dominant_area_ratio = dominant_area_ratio
        self._guidance = Guidance()
        self._glimpse = Glimpse()
        self._encoding = threading.Lock()
        self._encoded: tuple[int, bytes] = (0, b"")

    def watch(self, frame: Frame, observation: Observation, burst: Burst) -> None:
        """Show a frame of a capture window; a Watcher (edge/services/burst.py)."""
        policy = burst.policy
        window_s = max(policy.window_s, burst.ask.at_most_s if burst.ask else 0.0)
        left_s = max(0.0, window_s - (burst.last_s - (burst.begun_s or 0.0)))
        share = min(1.0, len(burst.live_probabilities) / max(policy.min_liveness_frames, 1))
        self.show(frame, observation, Countdown(left_s=left_s, still_s=burst.still_s, share=share))

    def show(self, frame: Frame, observation: Observation | None, countdown: Countdown | None = None) -> None:
        """Show a frame. observation: None where no face is looked for, as with a document."""
        hint, say, region, people = "", self._guidance.say, None, 0
        if observation is not None:
            crowd = crowded(observation.rival_area_ratio, self._dominant_area_ratio)
            self._guidance = guided(self._guidance, observation.hint, crowd=crowd, at_s=frame.captured_s)
            hint = self._guidance.hint.value if self._guidance.hint else GOOD
            say, people = self._guidance.say, observation.people
            region = observation.face.region if observation.face else None
        # One assignment, which other threads see whole: no lock is ever waited for here.
        self._glimpse = Glimpse(
            number=self._glimpse.number + 1, hint=hint, say=say, people=people,
            countdown=countdown, frame=frame, region=region,
        )  # fmt: skip

    def glimpse(self) -> Glimpse:
        return self._glimpse

    def picture(self) -> tuple[int, bytes]:
        """The newest picture's number and JPEG; 0 and nothing before the first."""
        now = self._glimpse
        if now.frame is None or now.number == self._encoded[0]:
            return self._encoded if now.frame is not None else (now.number, b"")
        with self._encoding:
            now = self._glimpse
            if now.frame is not None and now.number != self._encoded[0]:
                self._encoded = (now.number, self._encode(now.frame, now.region, now.hint in ("", GOOD)))
            return self._encoded

    def clear(self) -> None:
        """Forget what was seen: no picture of anybody stays behind."""
        with self._encoding:
            self._guidance = Guidance(say=self._guidance.say)
            self._glimpse = Glimpse(number=self._glimpse.number + 1, say=self._glimpse.say)
            self._encoded = (self._glimpse.number, b"")

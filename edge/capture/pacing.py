"""Plays a recorded or scripted camera at its own speed, as if it were live: what comes too late is dropped.

A live camera never waits for its reader; a replay that queued late frames would show a lag no real unit has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge.core.face import Frame
from edge.core.record import CaptureSource
from edge.ports import Camera

LATE_S = 0.050
LONGEST_GAP_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PacedCamera:
    """Wraps `camera`. `monotonic_s` reads a clock in seconds, `sleep_s` waits that many seconds.

    Frames more than LATE_S behind are left out; a source that cannot keep up at all still gives one
    frame each LONGEST_GAP_S of its own time, and the clock starts anew from there.
    """

    camera: Camera
    monotonic_s: Callable[[], float]
    sleep_s: Callable[[float], None]

    @property
    def source(self) -> CaptureSource:
        return self.camera.source

    def frames(self) -> Iterator[Frame]:
        """Frames at the times at which they were exposed. Raises CameraError."""
        began_s: float | None = None
        shown_s = 0.0
        for frame in self.camera.frames():
            now_s = self.monotonic_s()
            if began_s is None:
                began_s, shown_s = now_s - frame.captured_s, frame.captured_s
            late_s = now_s - began_s - frame.captured_s
            if late_s > LATE_S and frame.captured_s - shown_s < LONGEST_GAP_S:
                continue
            if late_s > LATE_S:
                began_s = now_s - frame.captured_s
            elif late_s < 0:
                self.sleep_s(-late_s)
            shown_s = frame.captured_s
            yield frame

    def close(self) -> None:
        self.camera.close()

    def __enter__(self) -> PacedCamera:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

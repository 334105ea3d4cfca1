"""The camera as the pages see it: opened while somebody looks, and the one thread that runs capture windows.

It shows what it sees (edge/services/live_view.py) until it is told to capture, runs the window, and lets go of the
camera when that is over or nobody has looked for IDLE_S.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from edge.core.errors import DoorstepError
from edge.core.face import Frame
from edge.services.burst import Burst, Watcher
from edge.services.live_view import LiveView
from edge.services.perceive import Observation

IDLE_S = 5.0
HANGS_S = 20.0


class Phase(StrEnum):
    OFF = "off"
    LOOKING = "looking"
    CAPTURING = "capturing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeing:
    """What the camera is doing. error: what went wrong, for people; empty otherwise. document: what to do about a
    document's picture, a code of room `document_hint`; empty where a face is looked for.

    asked: what the optional active check asks now, a code of room `action`; empty without one.
    """

    phase: Phase = Phase.OFF
    error: str = ""
    document: str = ""
    asked: str = ""


class Stopped(Exception):
    """Ends a window from outside."""


Job = Callable[[Watcher], None]


class Eye(Protocol):
    """The camera with what looks through it (edge/wiring/web.py)."""

    def look(self, *, faces: bool) -> Iterator[tuple[Frame, Observation | None, str]]:
        """Frames as they come, with the face in them, or how a document can be read when `faces` is off."""


class Viewer:
    """One per unit. All methods may be called from any thread."""

    def __init__(
        self, eye: Eye, view: LiveView, monotonic_s: Callable[[], float], failed: Callable[[DoorstepError], None]
    ) -> None:
        """failed: hears what the camera or a net could not do."""
        self.view = view
        self._eye, self._monotonic_s, self._failed = eye, monotonic_s, failed
        self._guard = threading.Condition()
        self._seeing = Seeing()
        self._job: Job | None = None
        self._faces = True
        self._asked_s = self._shown_s = 0.0
        self._stop = False
        self.gone = False
        self._thread: threading.Thread | None = None

    def seeing(self) -> Seeing:
        with self._guard:
            return self._seeing

    def healthy(self) -> bool:
        """Whether pictures still come while they should: a camera or net that hangs is seen from outside."""
        with self._guard:
            return not self._alive() or self._monotonic_s() - self._shown_s < HANGS_S

    def want(self, *, faces: bool) -> None:
        """Somebody looks: keep the camera open, or open it. Said again at least every IDLE_S."""
        with self._guard:
            self._asked_s, self._faces = self._monotonic_s(), faces
            if self._seeing.phase not in (Phase.FAILED, Phase.DONE) and not self._alive():
                self._begin()

    def capture(self, job: Job) -> bool:
        """Run a capture window with `job`; False when one is running."""
        with self._guard:
            if self._job is not None or self._seeing.phase is Phase.CAPTURING:
                return False
            self._job, self._asked_s = job, self._monotonic_s()
            if not self._alive():
                self._begin()
            return True

    def ready(self) -> None:
        """Forget a failure or a finished window, so that the next look opens the camera again."""
        with self._guard:
            if not self._alive():
                self._seeing = Seeing()

    def leave(self) -> None:
        """The pages are about to end: streams end by themselves (`gone`), so that nobody waits for them."""
        self.gone = True

    def close(self) -> None:
        """Let go of the camera, whatever it does; idempotent."""
        with self._guard:
            self._stop, thread = True, self._thread
        if thread and thread is not threading.current_thread():
            thread.join(10)
        with self._guard:
            self._stop, self._job = False, None
            self._seeing = Seeing()

    def _alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _begin(self) -> None:
        self._seeing = Seeing(phase=Phase.LOOKING)
        self._shown_s = self._monotonic_s()
        self._thread = threading.Thread(target=self._run, name="viewer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        after = Seeing(phase=Phase.FAILED, error="fault")  # what is not foreseen must not look like an end
        try:
            while self._look():
                with self._guard:
                    job, self._job = self._job, None
                if job:
                    self._see(Seeing(phase=Phase.CAPTURING))
                    job(self._watch)
                    after = Seeing(phase=Phase.DONE)
                    return
            after = Seeing()
        except Stopped:
            after = Seeing()
        except DoorstepError as e:
            after = Seeing(phase=Phase.FAILED, error=f"{e.message} {e.remedy}")
            self._failed(e)
        finally:
            self._see(after)
            self.view.clear()

    def _look(self) -> bool:
        """Show what is seen until there is a window to run (True), or nobody looks any more (False)."""
        with self._guard:
            if self._job is not None:
                return True
            faces = self._faces
        for frame, observation, document in self._eye.look(faces=faces):
            self.view.show(frame, observation)
            self._see(Seeing(phase=Phase.LOOKING, document=document))
            with self._guard:
                if self._job is not None or faces is not self._faces:
                    return True
                if self._stop or self._monotonic_s() - self._asked_s > IDLE_S:
                    return False
        return True  # a recording is over: from its beginning again

    def _watch(self, frame: Frame, observation: Observation, burst: Burst) -> None:
        self.view.watch(frame, observation, burst)
        asked = ""
        if burst.ask and not burst.ask.over:
            action = burst.ask.prompt.action
            asked = action.value if action else "rest"
        self._see(Seeing(phase=Phase.CAPTURING, asked=asked))
        with self._guard:
            if self._stop:
                raise Stopped

    def _see(self, seeing: Seeing) -> None:
        with self._guard:
            self._seeing, self._shown_s = seeing, self._monotonic_s()

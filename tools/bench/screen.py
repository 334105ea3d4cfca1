"""The screen's live picture while a capture window runs: pictures a second, how soon a hint shows, what it costs.

A portrait is played in real time before the real nets; a real web server sends pictures and events over loopback to
readers in another process, as a browser would take them. The light goes out and comes back, the person goes and
comes back; the reaction is the time from the first such frame leaving the camera to the event arriving.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, cycle, islice
from statistics import median

import msgspec
import numpy as np

from edge.capture.pacing import PacedCamera
from edge.capture.preview import preview_jpeg
from edge.core.face import Frame
from edge.core.policy import Policy
from edge.core.record import CaptureSource, SourceKind
from edge.models.nets import Nets
from edge.services.burst import collect
from edge.services.live_view import LiveView
from edge.services.perceive import Perceiver
from tools.bench.screen_wire import Reader, Served

RATE_FPS = 30.0
SCENE_S = 1.6
LIT, DARK, EMPTY = "lit", "dark", "empty"
WANTED = {LIT: "good", DARK: "more_light", EMPTY: "nobody"}


class ScreenReport(msgspec.Struct, frozen=True, kw_only=True):
    """fps: pictures that arrived a second, of each reader; frames_fps: that the camera gave and the nets looked at.
    reaction_ms: of every change, by the hint it led to. picture_ms: median from the camera to a reader.
    share_*: of one core, processor time: of all, of the same without readers, and so of the picture."""

    seconds: float
    frames_fps: float
    fps: tuple[float, ...]
    reaction_ms: dict[str, list[float]]
    picture_ms: float
    encode_ms: float
    draw_ms: float
    share_all: float
    share_detection: float
    share_picture: float

    @property
    def slowest_reaction_ms(self) -> float:
        return max(chain.from_iterable(self.reaction_ms.values()), default=0.0)


@dataclass(slots=True)
class Changes:
    """When each scene's first frame left the camera, on the machine's monotonic clock."""

    scenes: list[tuple[float, str]] = field(default_factory=list)
    shown_s: dict[int, float] = field(default_factory=dict)


class Played:
    """A Camera that plays scenes of SCENE_S each, one after the other, from frames made beforehand."""

    def __init__(self, scenes: dict[str, list[Frame]], order: list[str]) -> None:
        self._scenes, self._order = scenes, order
        self.source = CaptureSource(kind=SourceKind.SCRIPTED, model="bench")

    def frames(self) -> Iterator[Frame]:
        count = round(SCENE_S * RATE_FPS)
        for at, name in enumerate(self._order):
            there_and_back = cycle([*self._scenes[name], *reversed(self._scenes[name])])
            for index, frame in enumerate(islice(there_and_back, count)):
                yield Frame(bgr=frame.bgr, captured_s=(at * count + index) / RATE_FPS)

    def scene_at(self, captured_s: float) -> str:
        return self._order[int(captured_s * RATE_FPS + 0.5) // round(SCENE_S * RATE_FPS)]

    def close(self) -> None:
        return

    def __enter__(self) -> Played:
        return self

    def __exit__(self, *_exc: object) -> None:
        return


def scenes_of(lit: list[Frame]) -> dict[str, list[Frame]]:
    """The same frames lit, nearly dark, and without anybody."""
    dark = [Frame(bgr=(f.bgr // 8).astype(np.uint8), captured_s=f.captured_s) for f in lit]
    rng = np.random.default_rng(3)
    shape = lit[0].bgr.shape
    empty = [Frame(bgr=rng.normal(128, 3, shape).astype(np.uint8), captured_s=f.captured_s) for f in lit[:8]]
    return {LIT: lit, DARK: dark, EMPTY: empty}


def measure_screen(nets: Nets, policy: Policy, lit: list[Frame], *, rounds: int, readers: int) -> ScreenReport:
    """Run the window `rounds` times through all changes, with readers and then without."""
    order = [LIT, *[DARK, LIT, EMPTY, LIT] * rounds]
    played = Played(scenes_of(lit), order)
    view = LiveView(preview_jpeg, dominant_area_ratio=policy.burst.dominant_area_ratio)
    with Served(view) as port, Reader(port, readers) as reader:
        changes, frames, seconds, all_s = _window(nets, policy, played, view)
        arrived = reader.finish()
    unwatched = LiveView(preview_jpeg, dominant_area_ratio=policy.burst.dominant_area_ratio)
    _, _, alone_s, detection_s = _window(nets, policy, Played(scenes_of(lit), order[:2]), unwatched)
    late = [at_s - changes.shown_s[n] for at_s, n in arrived.pictures[0] if n in changes.shown_s]
    plain_ms, drawn_ms = _encode_ms(nets, policy, lit)
    return ScreenReport(
        seconds=seconds,
        frames_fps=frames / seconds,
        fps=tuple(len(pictures) / seconds for pictures in arrived.pictures),
        reaction_ms=_reactions(changes.scenes[1:], arrived.hints),
        picture_ms=median(late) * 1e3,
        encode_ms=drawn_ms,
        draw_ms=drawn_ms - plain_ms,
        share_all=all_s / seconds,
        share_detection=detection_s / alone_s,
        share_picture=all_s / seconds - detection_s / alone_s,
    )


def _window(nets: Nets, policy: Policy, played: Played, view: LiveView) -> tuple[Changes, int, float, float]:
    """One capture window; gives the changes, the frames looked at, and the wall and processor time it took."""
    changes = Changes()
    perceiver = Perceiver(nets.detector, nets.landmarker, policy.quality)
    whole = msgspec.structs.replace(policy.burst, window_s=1e6)
    wall_s, cpu_s = time.monotonic(), time.process_time()

    def frames() -> Iterator[Frame]:
        camera = PacedCamera(camera=played, monotonic_s=time.monotonic, sleep_s=time.sleep)
        for frame in camera.frames():
            scene, now_s = played.scene_at(frame.captured_s), time.monotonic()
            if not changes.scenes or changes.scenes[-1][1] != scene:
                changes.scenes.append((now_s, scene))
            changes.shown_s[view.glimpse().number + 1] = now_s
            yield frame

    done = []
    thread = threading.Thread(
        target=lambda: done.append(
            collect(frames(), perceiver, nets.liveness, whole, watch=view.watch, until_complete=False)
        )
    )
    thread.start()
    thread.join()
    return changes, done[0].frames_seen, time.monotonic() - wall_s, time.process_time() - cpu_s


def _reactions(scenes: list[tuple[float, str]], hints: list[tuple[float, str]]) -> dict[str, list[float]]:
    """Milliseconds from each change to the first event with the hint it must lead to; a scene's length when none."""
    found: dict[str, list[float]] = {}
    for at_s, scene in scenes:
        wanted = WANTED[scene]
        came = (told_s - at_s for told_s, hint in hints if hint == wanted and told_s > at_s)
        found.setdefault(wanted, []).append(min(next(came, SCENE_S), SCENE_S) * 1e3)
    return found


def _encode_ms(nets: Nets, policy: Policy, lit: list[Frame]) -> tuple[float, float]:
    """Median processor time of a preview without and with the box."""
    found = Perceiver(nets.detector, nets.landmarker, policy.quality).look_at_still(lit[0]).face
    times: list[list[float]] = [[], []]
    for frame in lit * 3:
        for kind, region in enumerate((None, found.region if found else None)):
            began_s = time.thread_time()
            preview_jpeg(frame, region, True)
            times[kind].append(time.thread_time() - began_s)
    return median(times[0]) * 1e3, median(times[1]) * 1e3

"""The live loop (detect, landmarks, quality) beside YuNet alone: same frames, same run, taken in turn.

Timed are `tracking`, as in a visit, where the face is followed by its mesh and searched now and then; `every_frame`,
with a detection on each frame besides, which is what YuNet does; and `with_cues`, which is `tracking` with what the
liveness cues keep of each frame (tools/bench/cues.py says what they cost after the window). They are taken in turn.
On a busy machine wall time counts other programs' work too, and more of it in the longer task; the processor time of
the calling thread does not (but leaves out worker threads, so it is for one thread only).
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import fmean, median, quantiles

import msgspec

from edge.core.face import FaceMesh, FaceRegion, Frame
from edge.core.quality import QualityLimits, measure, worst_fault
from edge.models.nets import Nets
from edge.ports import FaceDetector, Landmarker
from edge.services.perceive import Perceiver
from tools.bench.baseline import YuNet
from tools.bench.cues import SightingLoop, cue_times_ms, sighted_window


class LoopTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds per frame. cpu_*: of the calling thread. faces: share of the frames in which a face was found."""

    median_ms: float
    p90_ms: float
    mean_ms: float
    cpu_median_ms: float
    cpu_mean_ms: float
    faces: float


class Allocated(msgspec.Struct, frozen=True, kw_only=True):
    """The most new memory at one moment of handling a frame, bytes: below a frame's size none was copied."""

    median_bytes: int
    most_bytes: int


class LiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """ratio: YuNet's median over the loop's, of wall time; ratio_cpu: the same of processor time; ratio_cpu_mean: of
    the means, which also weigh the frames of a search. share: of the loop's time, by stage. frame_bytes: of one.
    cues_add: mean processor time of what the cues keep of a frame, over that of `tracking`. after_window_ms: what
    each cue takes when a window of `window_frames` is over, of processor time."""

    frames: int
    rounds: int
    frame_bytes: int
    yunet: LoopTimes
    tracking: LoopTimes
    every_frame: LoopTimes
    with_cues: LoopTimes
    cues_add: float
    after_window_ms: dict[str, float]
    window_frames: int
    ratio: dict[str, float]
    ratio_cpu: dict[str, float]
    ratio_cpu_mean: dict[str, float]
    share: dict[str, dict[str, float]]
    allocated: dict[str, Allocated]


class _Timed:
    """A detector and a landmarker that add up the time spent in them."""

    def __init__(self, detector: FaceDetector, landmarker: Landmarker) -> None:
        self._detector, self._landmarker = detector, landmarker
        self.detect_s = self.mesh_s = 0.0

    def detect(self, frame: Frame, turn_deg: float = 0.0) -> list[FaceRegion]:
        start = time.perf_counter()
        found = self._detector.detect(frame, turn_deg)
        self.detect_s += time.perf_counter() - start
        return found

    def fit(self, frame: Frame, region: FaceRegion) -> FaceMesh:
        start = time.perf_counter()
        mesh = self._landmarker.fit(frame, region)
        self.mesh_s += time.perf_counter() - start
        return mesh


def measure_live(nets: Nets, limits: QualityLimits, yunet: YuNet, frames: Sequence[Frame], rounds: int) -> LiveReport:
    """Time all three on each frame in turn, `rounds` times over the clip; the first frame of each is a warm-up."""
    tracking = Perceiver(nets.detector, nets.landmarker, limits)
    every = Perceiver(nets.detector, nets.landmarker, limits, frames_between_searches=0)
    sighting = SightingLoop(Perceiver(nets.detector, nets.landmarker, limits))
    loops: dict[str, Callable[[Frame], bool]] = {
        "yunet": lambda frame: yunet.detect(frame) > 0,
        "tracking": lambda frame: tracking.look(frame).face is not None,
        "every_frame": lambda frame: every.look(frame).face is not None,
        "with_cues": sighting,
    }
    for loop in loops.values():
        loop(frames[0])
    wall_s: dict[str, list[float]] = {name: [] for name in loops}
    cpu_s: dict[str, list[float]] = {name: [] for name in loops}
    found = dict.fromkeys(loops, 0)
    for _ in range(rounds):
        for frame in frames:
            for name, loop in loops.items():
                cpu_start, start = time.thread_time(), time.perf_counter()
                found[name] += loop(frame)
                wall_s[name].append(time.perf_counter() - start)
                cpu_s[name].append(time.thread_time() - cpu_start)
    times = {name: _times(wall_s[name], cpu_s[name], found[name]) for name in loops}
    own = ("tracking", "every_frame")
    window = sighted_window(nets, limits, frames)
    return LiveReport(
        frames=len(frames), rounds=rounds, frame_bytes=int(frames[0].bgr.nbytes), **times,
        cues_add=fmean(sighting.kept_ms) / times["tracking"].cpu_mean_ms,
        after_window_ms=cue_times_ms(window), window_frames=len(window.frames),
        ratio={name: times["yunet"].median_ms / times[name].median_ms for name in own},
        ratio_cpu={name: times["yunet"].cpu_median_ms / times[name].cpu_median_ms for name in own},
        ratio_cpu_mean={name: times["yunet"].cpu_mean_ms / times[name].cpu_mean_ms for name in own},
        share={name: _shares(nets, limits, frames, between) for name, between in zip(own, (None, 0), strict=True)},
        allocated={name: _allocated(loops[name], frames) for name in own},
    )  # fmt: skip


def _times(wall_s: list[float], cpu_s: list[float], found: int) -> LoopTimes:
    return LoopTimes(
        median_ms=median(wall_s) * 1e3,
        p90_ms=quantiles(wall_s, n=10)[-1] * 1e3,
        mean_ms=fmean(wall_s) * 1e3,
        cpu_median_ms=median(cpu_s) * 1e3,
        cpu_mean_ms=fmean(cpu_s) * 1e3,
        faces=found / len(wall_s),
    )


def _shares(nets: Nets, limits: QualityLimits, frames: Sequence[Frame], between: int | None) -> dict[str, float]:
    timed = _Timed(nets.detector, nets.landmarker)
    extra = {} if between is None else {"frames_between_searches": between}
    perceiver = Perceiver(timed, timed, limits, **extra)
    total_s = quality_s = 0.0
    for frame in frames:
        start = time.perf_counter()
        face = perceiver.look(frame).face
        total_s += time.perf_counter() - start
        if face:
            start = time.perf_counter()
            size_px = (frame.width_px, frame.height_px)
            worst_fault(measure(face.mesh, roll_deg=face.region.roll_deg, frame_size_px=size_px), limits)
            quality_s += time.perf_counter() - start
    shares = {"detect": timed.detect_s / total_s, "mesh": timed.mesh_s / total_s, "quality": quality_s / total_s}
    return {**shares, "rest": 1.0 - sum(shares.values())}


def _allocated(loop: Callable[[Frame], bool], frames: Sequence[Frame]) -> Allocated:
    peaks = []
    tracemalloc.start()
    try:
        for frame in frames[:60]:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            loop(frame)
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return Allocated(median_bytes=int(median(peaks)), most_bytes=max(peaks))

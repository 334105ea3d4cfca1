"""Each clip through the capture window of a visit: liveness over time, findings, outcome.

The burst is the unit's own (edge/services/burst.py), from the clip's first frame until it is complete. `live` is: the
liveness band is clear. `outcome` is what the policy decides when the person is compared with the clip itself, so
that only liveness, continuity, quality and the number of people speak.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from edge.capture.opencv_sources import VideoFile
from edge.core.comparison import Band, Reference, band, fuse
from edge.core.errors import CameraError, InputError
from edge.core.face import Frame
from edge.core.policy import decide_face
from edge.services.burst import Burst, collect
from edge.services.judge import judge
from edge.services.perceive import Observation
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm"})


def measure_clips(
    rig: Rig, folder: Path, *, limit: int | None, track: Track, every_s: float | None = None
) -> dict[str, Any]:
    """The whole report; keys as in docs/measurements.md. every_s: also begin a window every so many seconds."""
    try:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in CLIP_SUFFIXES)[:limit]
    except OSError as e:
        raise InputError(f"{folder} cannot be read: {e.strerror}") from e
    if not files:
        raise InputError(f"{folder} holds no clip ({', '.join(sorted(CLIP_SUFFIXES))})")
    clips, unreadable = [], []
    for file in track(files, "clips", len(files)):
        try:
            clips.append(_measure(rig, file, every_s))
        except CameraError as e:
            unreadable.append({"file": file.name, "error": e.message})
    return {"clips": clips, "unreadable": unreadable, "threshold": rig.policy.liveness.accept}


def _measure(rig: Rig, file: Path, every_s: float | None) -> dict[str, Any]:
    report = _window(rig, file, 0.0)
    if every_s:
        report["windows"] = list(_later_windows(rig, file, every_s))
    return report


def _later_windows(rig: Rig, file: Path, every_s: float) -> Iterator[dict[str, Any]]:
    """Windows begun later in the clip, while it is long enough for the least that the policy asks for."""
    for number in count(1):
        found = _window(rig, file, number * every_s)
        if found["seconds"] < rig.policy.burst.min_liveness_s:
            return
        yield {"start_s": number * every_s, **{k: found[k] for k in ("live", "outcome", "liveness", "continuity")}}


def _window(rig: Rig, file: Path, start_s: float) -> dict[str, Any]:
    hints: dict[str, int] = {}

    def watch(_frame: Frame, observation: Observation, _burst: Burst) -> None:
        name = observation.hint.value if observation.hint else "usable"
        hints[name] = hints.get(name, 0) + 1

    with VideoFile.open(file) as video:
        frames = (f for f in video.frames() if f.captured_s >= start_s)
        burst = collect(frames, rig.perceiver, rig.nets.liveness, rig.policy.burst, watch=watch)
    findings = judge(burst, _itself(rig, burst), rig.nets.embedder, rig.policy, references_verified=True)
    outcome = decide_face(findings)
    return {
        "file": file.name,
        "live": band(findings.liveness) is Band.CLEAR,
        "outcome": outcome.kind.value,
        "reasons": [reason.value for reason in outcome.reasons],
        "liveness": findings.liveness.value,
        "continuity": findings.continuity.value,
        "people_seen": findings.people_seen,
        "roll_deg": findings.roll_deg,
        "seconds": round(burst.last_s - (burst.begun_s or 0.0), 2),
        "hints": hints,
        "scores": [
            {"t_s": round(t, 3), "score": s}
            for t, s in zip(burst.live_times_s, burst.live_probabilities, strict=True)
        ],
    }


def _itself(rig: Rig, burst: Burst) -> list[Reference]:
    probes = [rig.embed(p.frame, p.observation.face) for p in burst.probes if p.observation.face]
    if not probes:
        return []
    vector = fuse(probes)
    return [Reference(embedding=vector, sha256=hashlib.sha256(vector.vector.tobytes()).hexdigest())]

"""Each clip through the capture window of a visit: liveness cue by cue, findings, outcome, and rates over all clips.

The burst is the unit's own (edge/services/burst.py), from the clip's first frame until it is complete. `live` is: as
far as liveness goes the visit could be certified. `outcome` is what the policy decides when the person is compared
with the clip itself, so that only liveness, continuity, quality and the number of people speak. `whole` looks at the
clip from end to end, for the pulse and the times at which the eyes were shut.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from edge.capture.opencv_sources import VideoFile
from edge.core.comparison import Reference, fuse
from edge.core.cues.eyes import eyes_cue
from edge.core.cues.pulse import pulse_cue
from edge.core.errors import CameraError, InputError
from edge.core.face import Frame
from edge.core.light_code import LightCode, draw_code
from edge.core.policy import decide_face, liveness_clear
from edge.core.record import FaceFindings
from edge.services.burst import Burst, collect
from edge.services.judge import judge
from edge.services.perceive import Observation
from tools.evaluate.clip_labels import ClipLabel, read_labels
from tools.evaluate.pad import Window, cue_table, summarise, window_of
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm"})
_PULSE_WINDOW_S = 10.0


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
    labels = read_labels(folder, [f.name for f in files])
    clips: list[dict[str, Any]] = []
    windows: list[Window] = []
    unreadable = []
    for file in track(files, "clips", len(files)):
        try:
            report, window = _measure(rig, file, labels[file.name], every_s)
        except CameraError as e:
            unreadable.append({"file": file.name, "error": e.message})
            continue
        clips.append(report)
        windows.append(window)
    accept = rig.policy.liveness.accept
    return {
        "clips": clips, "unreadable": unreadable, "threshold": accept,
        "rates": summarise(windows, texture_accept=accept), "cue_scores": cue_table(windows), "_windows": windows,
    }  # fmt: skip


def _measure(rig: Rig, file: Path, label: ClipLabel, every_s: float | None) -> tuple[dict[str, Any], Window]:
    report, findings = _window(rig, file, 0.0, label)
    report["whole"] = _whole(rig, file, label)
    if every_s:
        report["windows"] = list(_later_windows(rig, file, every_s, label))
    window = window_of(
        findings, source=file.name, label=label.label, species=label.species, simulated=label.simulated
    )
    return report, window


def _later_windows(rig: Rig, file: Path, every_s: float, label: ClipLabel) -> Iterator[dict[str, Any]]:
    """Windows begun later in the clip, while it is long enough for the least that the policy asks for."""
    for number in count(1):
        found, _ = _window(rig, file, number * every_s, label)
        if found["seconds"] < rig.policy.burst.min_liveness_s:
            return
        yield {"start_s": number * every_s, **{k: found[k] for k in ("live", "outcome", "liveness", "continuity")}}


def _window(rig: Rig, file: Path, start_s: float, label: ClipLabel) -> tuple[dict[str, Any], FaceFindings]:
    hints: dict[str, int] = {}

    def watch(_frame: Frame, observation: Observation, _burst: Burst) -> None:
        name = observation.hint.value if observation.hint else "usable"
        hints[name] = hints.get(name, 0) + 1

    code = _code(label) if start_s == 0.0 else None  # the clip's lamps began with the clip
    with VideoFile.open(file) as video:
        frames = (f for f in video.frames() if f.captured_s >= start_s)
        burst = collect(frames, rig.perceiver, rig.nets.liveness, rig.policy.burst, watch=watch, code=code)
    findings = judge(burst, _itself(rig, burst), rig.nets.embedder, rig.policy, references_verified=True)
    outcome = decide_face(findings)
    return {
        "file": file.name,
        "label": label.label,
        "species": label.species,
        "live": liveness_clear(findings),
        "outcome": outcome.kind.value,
        "reasons": [reason.value for reason in outcome.reasons],
        "liveness": findings.liveness.value,
        "continuity": findings.continuity.value,
        "people_seen": findings.people_seen,
        "roll_deg": findings.roll_deg,
        "seconds": round(burst.last_s - (burst.begun_s or 0.0), 2),
        "cues": {name: msgspec.to_builtins(cue) for name, cue in findings.cues.items()},
        "hints": hints,
        "scores": [
            {"t_s": round(t, 3), "score": s}
            for t, s in zip(burst.live_times_s, burst.live_probabilities, strict=True)
        ],
    }, findings


def _whole(rig: Rig, file: Path, label: ClipLabel) -> dict[str, Any]:
    """Pulse over the clip's first seconds, eyes over all of it, beside what the labels say."""
    endless = msgspec.structs.replace(rig.policy.burst, window_s=1e9, liveness_gap_s=1e9)
    with VideoFile.open(file) as video:
        burst = collect(video.frames(), rig.perceiver, rig.nets.liveness, endless, until_complete=False)
    frames = burst.sightings.frames
    early = [f for f in frames if f.captured_s - burst.sightings.begun_s <= _PULSE_WINDOW_S]
    sightings = burst.sightings
    pulse = pulse_cue(type(sightings)(frames=early, scenes=(), begun_s=sightings.begun_s))
    eyes = eyes_cue(sightings)
    shut = [
        [eyes.details[f"shut_{n}_from_s"], eyes.details[f"shut_{n}_to_s"]]
        for n in range(1, 9) if f"shut_{n}_from_s" in eyes.details
    ]  # fmt: skip
    return {
        "bpm": round(pulse.details["bpm"], 1) if pulse.score is not None and pulse.score > 0.5 else None,
        "bpm_known": label.bpm, "pulse": pulse.score, "pulse_not_assessable": pulse.not_assessable,
        "eyes_shut_s": shut, "eyes_shut_known_s": [list(s) for s in label.eyes_shut_s],
    }  # fmt: skip


def _code(label: ClipLabel) -> LightCode | None:
    if label.code_seed is None:
        return None
    return draw_code(label.code_seed, slots=label.slots or 24, slot_s=label.slot_s or 0.4)


def _itself(rig: Rig, burst: Burst) -> list[Reference]:
    probes = [rig.embed(p.frame, p.observation.face) for p in burst.probes if p.observation.face]
    if not probes:
        return []
    vector = fuse(probes)
    return [Reference(embedding=vector, sha256=hashlib.sha256(vector.vector.tobytes()).hexdigest())]

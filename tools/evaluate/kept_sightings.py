"""What a capture window left behind for the cues, in a file, so that a changed cue is measured without the pictures.

Faces of rendered people are in it: it is for a folder outside of the project, to be thrown away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from edge.core.errors import InputError
from edge.core.light_code import LightCode, draw_code, state_at
from edge.core.policy import BurstPolicy
from edge.core.sighting import Scene, Sighting
from edge.services.burst import Burst


def save(path: Path, burst: Burst) -> None:
    """Write what the cues need of a window. Raises InputError."""
    frames, scenes = burst.sighted, burst.scenes
    code = [] if burst.code is None else [burst.code.seed, len(burst.code.states), burst.code.slot_s]
    found: dict[str, Any] = {
        "begun_last_s": [burst.begun_s or 0.0, burst.last_s],
        "counts": [burst.frames_seen, burst.faces_seen, burst.people_seen, burst.ambiguous_frames],
        "live": np.array([burst.live_times_s, burst.live_probabilities]),
        "code": np.array(code, np.float64),
        "scene_s": np.array([s.captured_s for s in scenes]),
        "step": scenes[0].step if scenes else 1,
        "captured_s": np.array([f.captured_s for f in frames]),
        "presence": np.array([f.presence for f in frames]),
    }
    if frames:
        found |= {n: np.array([getattr(f, n) for f in frames]) for n in _ARRAYS}
        found |= {"green": np.array([s.green for s in scenes]), "scene_points": np.array([s.points for s in scenes])}
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, **found)
        part.replace(path)
    except OSError as e:
        raise InputError(f"{path} cannot be written: {e.strerror}") from e


_ARRAYS = ("points_px", "crop", "crop_from_frame", "skin_rgb", "behind_rgb")


def read(path: Path, policy: BurstPolicy) -> Burst:
    """The window again, without its probes. Raises InputError."""
    try:
        with np.load(path) as kept:
            return _burst(dict(kept), policy)
    except (OSError, ValueError, KeyError, BadZipFile) as e:
        raise InputError(f"{path} is no kept window: {e}", remedy="Remove it; the window is rendered anew.") from e


def _burst(kept: dict[str, Any], policy: BurstPolicy) -> Burst:
    frames_seen, faces_seen, people_seen, ambiguous = kept["counts"].tolist()
    begun_s, last_s = kept["begun_last_s"].tolist()
    burst = Burst(
        policy=policy, frames_seen=frames_seen, faces_seen=faces_seen, people_seen=people_seen,
        ambiguous_frames=ambiguous, begun_s=begun_s, last_s=last_s, code=_code(kept["code"].tolist()),
        live_times_s=kept["live"][0].tolist(), live_probabilities=kept["live"][1].tolist(),
    )  # fmt: skip
    code = burst.code
    for number, captured_s in enumerate(kept["captured_s"].tolist()):
        burst.sighted.append(Sighting(
            captured_s=captured_s, presence=float(kept["presence"][number]),
            lamps=state_at(code, captured_s - begun_s) if code else None,
            **{name: kept[name][number] for name in _ARRAYS},
        ))  # fmt: skip
    for number, captured_s in enumerate(kept["scene_s"].tolist()):
        burst.scenes.append(Scene(
            captured_s=captured_s, green=kept["green"][number], step=int(kept["step"]),
            points=kept["scene_points"][number],
        ))  # fmt: skip
    return burst


def _code(kept: list[float]) -> LightCode | None:
    return draw_code(int(kept[0]), slots=int(kept[1]), slot_s=kept[2]) if kept else None

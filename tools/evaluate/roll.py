"""How recall and embedding bear the roll of the head: each picture turned to every angle.

A picture is turned about its middle on a square canvas that holds all of it at any angle; around it the border's
colours go on. A face counts as found when the centre of the face that the unit chose lies within a quarter of its
longer side (half the distance between the eyes of a frontal face) of where the face of the upright picture was
turned to. A face not found counts with cosine 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.core import geometry
from edge.core.face import Affine, Embedding, Frame
from edge.models.picture import warped
from edge.services.perceive import SeenFace
from tools.evaluate.pictures import Sight, Tally, list_pictures, sights
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

ANGLES_DEG = tuple(range(0, 360, 15))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What became of one face at one roll. roll_error_deg: None when no face was found."""

    found: bool
    cosine: float
    roll_error_deg: float | None


def measure_roll(
    rig: Rig, folder: Path, *, limit: int | None, track: Track, angles_deg: Sequence[int] = ANGLES_DEG
) -> dict[str, Any]:
    """The whole report; keys as in docs/measurements.md."""
    names, tally = list_pictures(folder)[:limit], Tally()
    per_angle: dict[int, list[Turned]] = {angle: [] for angle in angles_deg}
    misses: dict[str, list[int]] = {}
    for sight in track(sights(rig, folder, names, tally), "turned faces", len(names)):
        if sight is None:
            continue
        upright = rig.embed(sight.frame, sight.face)
        for angle in angles_deg:
            result = _at(rig, sight, upright, angle)
            per_angle[angle].append(result)
            if not result.found:
                misses.setdefault(sight.name, []).append(angle)
    for results in per_angle.values():
        # Without a face upright there is nothing to find again: it counts as not found.
        results += [Turned(found=False, cosine=0.0, roll_error_deg=None)] * (tally.images - tally.faces_found)
    return {**tally.as_dict(), **_summary(per_angle), "misses": misses}


def turned(frame: Frame, roll_deg: float) -> tuple[Frame, Affine]:
    """The picture with its head rolled by `roll_deg`, on a canvas as wide as the diagonal; and the map to it."""
    side_px = math.ceil(math.hypot(frame.width_px, frame.height_px))
    middle = (frame.width_px / 2, frame.height_px / 2)
    affine = geometry.turned_map(middle, -roll_deg, 1.0, (side_px / 2, side_px / 2))
    picture = warped(frame.bgr, affine, (side_px, side_px), repeat_border=True)
    return Frame(bgr=picture, captured_s=frame.captured_s), affine


def _at(rig: Rig, sight: Sight, upright: Embedding, angle_deg: int) -> Turned:
    frame, affine = turned(sight.frame, angle_deg)
    before, after = sight.face.region, rig.perceiver.look_at_still(frame).face
    if after is None:
        return Turned(found=False, cosine=0.0, roll_error_deg=None)
    there = geometry.apply(affine, np.asarray(before.center_px)[None])[0]
    off_px = float(np.hypot(*(there - np.asarray(after.region.center_px))))
    found = off_px <= 0.25 * max(before.width_px, before.height_px)
    return Turned(
        found=found,
        cosine=_cosine(rig, frame, after, upright) if found else 0.0,
        roll_error_deg=abs(geometry.wrap_deg(after.region.roll_deg - before.roll_deg - angle_deg)),
    )


def _cosine(rig: Rig, frame: Frame, face: SeenFace, upright: Embedding) -> float:
    return float(rig.embed(frame, face).vector @ upright.vector)


def _summary(per_angle: dict[int, list[Turned]]) -> dict[str, Any]:
    cosines = {str(a): np.array([r.cosine for r in results]) for a, results in per_angle.items()}
    errors = {str(a): [r.roll_error_deg for r in rs if r.roll_error_deg is not None] for a, rs in per_angle.items()}
    recall = {str(a): float(np.mean([r.found for r in results])) for a, results in per_angle.items()}
    p10 = {a: float(np.percentile(values, 10)) for a, values in cosines.items()}
    return {
        "recall": recall,
        "cosine_p10": p10,
        "cosine_median": {a: float(np.median(values)) for a, values in cosines.items()},
        "roll_error_deg_p90": {a: float(np.percentile(e, 90)) if e else None for a, e in errors.items()},
        "worst": {"recall": min(recall.values()), "cosine_p10": min(p10.values())},
    }

"""Patch motion: takes out of the skin's colour what the mesh's own unrest puts in.

The mesh net's points tremble by a part of a pixel from frame to frame, and the patches of skin with them, over
wrinkles and stubble: in a lively face that moves the patches' colour ten times as much as a heart does. Where the
patches lay is known, so what their colour owes to it is found by least squares and subtracted (a small shift's effect
is proportional to it; squares for the rest), after what is slow has been taken out of both. Motion as a nuisance
regressed out of a signal: Friston et al., "Movement-related effects in fMRI time-series", Magnetic Resonance in
Medicine 1996.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.core.cues.pulse_signals import detrended, moving_mean
from edge.core.sighting import EYES, PATCH_VERTICES, Floats, Sighting


def patch_places(sightings: Sequence[Sighting]) -> Floats:
    """T×3×4: for each frame and patch its x and y along and across the face, and the eyes' distance and angle; px and
    radians. Frames and patches as in skin_rgb, so that both are resampled alike."""
    points = np.array([s.points_px[:, :2] for s in sightings], np.float64)
    upright = np.mean([s.crop_from_frame[:, :2] for s in sightings], axis=0)
    upright = upright / max(float(np.sqrt(abs(np.linalg.det(upright)))), 1e-9)
    apart = points[:, EYES[1]] - points[:, EYES[0]]
    eyes = np.column_stack([np.hypot(*apart.T), np.unwrap(np.arctan2(apart[:, 1], apart[:, 0]))])
    places = [points[:, list(vertices)].mean(axis=1) @ upright.T for vertices in PATCH_VERTICES]
    return np.stack([np.column_stack([place, eyes]) for place in places], axis=1)


def stilled(patches: Floats, places: Floats) -> Floats:
    """P×T×3 colours without what goes with their P×T×4 places."""
    return np.array([_one_stilled(colours, place) for colours, place in zip(patches, places, strict=True)])


def _one_stilled(colours: Floats, place: Floats) -> Floats:
    mean = moving_mean(colours)
    own = detrended(colours / np.maximum(mean, 1e-6) - 1.0)
    moved = detrended(place)
    moved /= np.maximum(moved.std(axis=0), 1e-9)
    x, y = moved[:, 0], moved[:, 1]
    causes = detrended(np.column_stack([moved, x * x, y * y, x * y]))
    due = causes @ np.linalg.lstsq(causes, own, rcond=None)[0]
    return np.asarray(mean * (1.0 + own - due), np.float64)

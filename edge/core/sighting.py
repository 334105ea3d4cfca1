"""What is kept of each frame of a capture window for the liveness cues: a few numbers and two small grey pictures.

Taken once per frame from what perception has already made (the mesh and its upright crop), so that the live loop pays
for slices and means only; everything dear is done after the window, from these values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.asking import Asked
from edge.core.face import Affine, FaceMesh, Frame, Picture, Points
from edge.core.geometry import apply
from edge.core.light_code import LampState, LightCode

Floats = NDArray[np.float64]

# Mesh vertices amid each skin patch, and the patch's half width and half height in distances between the outer eye
# corners: as large as keeps clear of hair, eyes and beard, for the noise of a mean falls with its area.
FOREHEAD, RIGHT_CHEEK, LEFT_CHEEK = 0, 1, 2
_PATCHES = (((151, 9), 0.45, 0.22), ((50, 205), 0.24, 0.3), ((280, 425), 0.24, 0.3))
PATCH_VERTICES = tuple(vertices for vertices, _, _ in _PATCHES)
EYES = (33, 263)
_CORNER = 10  # the upper corners of the crop, a tenth of its side, show what is behind the head
SCENE_WIDTH_PX = 640


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """One face in one frame.

    points_px: 468×3 in frame coordinates. crop: the upright crop's green channel. crop_from_frame: as in FaceMesh.
    skin_rgb: 3×3, mean red, green, blue 0..255 of forehead, right and left cheek; not a number where a patch leaves
    the crop. behind_rgb: the same of what is behind the head. live_probability: the net's, on frames where it ran.
    lamps: what the lamps were told to do at that moment, None when they follow no code.
    """

    captured_s: float
    points_px: Points
    crop: Picture
    crop_from_frame: Affine
    presence: float
    skin_rgb: NDArray[np.float32]
    behind_rgb: NDArray[np.float32]
    lamps: LampState | None = None
    live_probability: float | None = None

    @property
    def crop_points(self) -> Points:
        """468×2 in pixels of the crop."""
        return apply(self.crop_from_frame, self.points_px[:, :2])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """The whole picture of a moment, thinned by a whole number: `green` of H×W, `step` frame pixels apart.

    points: 468×3, the mesh in its pixels.
    """

    captured_s: float
    green: Picture
    step: int
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sightings:
    """A capture window: its frames with a face, its scenes, and the code that the lamps followed from `begun_s`.
    asked: what was asked of the person meanwhile, in an order drawn from `asked_seed`; nothing without the check.
    twin_likeness: cosine of another face in the picture to the person's, None without another."""

    frames: Sequence[Sighting]
    scenes: Sequence[Scene]
    begun_s: float = 0.0
    code: LightCode | None = None
    asked: Sequence[Asked] = ()
    asked_seed: int = 0
    twin_likeness: float | None = None

    @property
    def times_s(self) -> Floats:
        return np.array([f.captured_s for f in self.frames], np.float64)

    @property
    def seconds(self) -> float:
        return self.frames[-1].captured_s - self.frames[0].captured_s if self.frames else 0.0


def sight(
    mesh: FaceMesh, captured_s: float, *, lamps: LampState | None = None, live_probability: float | None = None
) -> Sighting:
    """Measure one face."""
    crop = mesh.crop_rgb
    corner = max(1, crop.shape[0] // _CORNER)
    behind = np.concatenate([crop[:corner, :corner], crop[:corner, -corner:]])
    return Sighting(
        captured_s=captured_s,
        points_px=mesh.points_px,
        crop=crop[..., 1].copy(),
        crop_from_frame=mesh.crop_from_frame,
        presence=mesh.presence,
        skin_rgb=_skin(mesh),
        behind_rgb=behind.mean(axis=(0, 1), dtype=np.float32),
        lamps=lamps,
        live_probability=live_probability,
    )


def scene_of(frame: Frame, mesh: FaceMesh) -> Scene:
    """The whole picture around a face, small enough to keep."""
    step = max(1, frame.width_px // SCENE_WIDTH_PX)
    return Scene(
        captured_s=frame.captured_s,
        green=frame.bgr[::step, ::step, 1].copy(),
        step=step,
        points=mesh.points_px / np.float32(step),
    )


def _skin(mesh: FaceMesh) -> NDArray[np.float32]:
    size = mesh.crop_rgb.shape[0]
    wanted = [*EYES, *(vertex for vertices, _, _ in _PATCHES for vertex in vertices)]
    places = apply(mesh.crop_from_frame, mesh.points_px[wanted, :2]).tolist()
    apart = float(np.hypot(places[1][0] - places[0][0], places[1][1] - places[0][1]))
    means, at = np.full((3, 3), np.nan, np.float32), 2
    for patch, (vertices, half_width, half_height) in enumerate(_PATCHES):
        own = places[at : at + len(vertices)]
        at += len(vertices)
        x, y = (sum(p[axis] for p in own) / len(own) for axis in (0, 1))
        left, right = round(x - half_width * apart), round(x + half_width * apart)
        top, bottom = round(y - half_height * apart), round(y + half_height * apart)
        if 0 <= left < right <= size and 0 <= top < bottom <= size:
            means[patch] = mesh.crop_rgb[top:bottom, left:right].mean(axis=(0, 1), dtype=np.float32)
    return means

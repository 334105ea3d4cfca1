"""Heads as layers: living ones that pulse, breathe, blink and move a little, and rigid ones that do none of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tools.attacks.eyelids import Eyelids
from tools.attacks.head_shape import STEP_PX, HeadShape
from tools.attacks.motion import Breath, Hand, Pose, Wander, turning
from tools.attacks.physiology import PULSE_BGR, Heart, Lids
from tools.attacks.projection import Grid
from tools.attacks.scene import Placed

Paint = Callable[[float], Grid]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Life:
    """What a living head does. stir: motion of the resting head. mouth, brows: non-rigid motion, mm root mean square.
    breath_mm: how far the head rocks with the breath."""

    heart: Heart
    lids: Lids
    stir: Hand
    breath: Breath
    mouth: Wander
    brows: Wander
    breath_mm: float = 0.8

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, seconds: float, bpm: float, strength: float, still: float) -> Life:
        """still: 1 an ordinary resting person, smaller is stiller (asleep, very ill)."""
        return cls(
            heart=Heart.drawn(rng, bpm=bpm, strength=strength),
            lids=Lids.drawn(rng, seconds=seconds),
            stir=Hand(rng, sway_mm=1.2 * still, sway_deg=0.7 * still),
            breath=Breath(rng, per_min=float(rng.uniform(11, 22))),
            mouth=Wander(rng, 2, sway=0.5 * still),
            brows=Wander(rng, 2, sway=0.35 * still),
        )


class Head:
    """A head of a shape at a pose. life: None for a mask or a bust. paint: gives the texture, H×W×4, at a time, for
    heads whose skin is a film; else the shape's own is used. gloss, shine: as in lighting.answers."""

    def __init__(
        self,
        shape: HeadShape,
        pose: Pose,
        *,
        life: Life | None,
        carried: Hand | None = None,
        paint: Paint | None = None,
        gloss: float = 0.03,
        shine: float = 14.0,
    ) -> None:
        self._shape, self._pose, self._life, self._carried, self._film = shape, pose, life, carried, paint
        self._gloss, self._shine = gloss, shine
        self._paint = np.dstack([shape.albedo * shape.cover[..., None], shape.cover]).astype(np.float32)
        self._lids = Eyelids(self._paint, shape.marks_px) if life and paint is None else None
        self._delay_s, self._depth = _spread_of_pulse(shape)
        self._mouth, self._brows = _softness(shape)

    def at(self, time_s: float) -> Placed:
        points, tint, pose = self._shape.points_mm, None, self._pose
        paint = self._film(time_s) if self._film else self._paint
        if self._life is not None:
            life = self._life
            points = self._moved(points, life, time_s)
            breath = life.breath.at(time_s)
            rocked = Pose(
                turn=turning(0, 0.25 * breath, 0), shift_mm=np.array([0.0, -0.4, -0.6]) * life.breath_mm * breath
            )
            pose = pose.after(rocked).after(life.stir.at(time_s))
            if life.heart.strength > 0:
                tint = self.pulse(time_s)
        if self._lids is not None and self._life is not None:
            self._lids.close(self._paint, self._life.lids.closed(time_s))
        if self._carried is not None:
            pose = pose.after(self._carried.at(time_s))
        return Placed(
            points_mm=pose.of(points), step_px=STEP_PX, paint=paint, tint=tint, gloss=self._gloss, shine=self._shine
        )

    def pulse(self, time_s: float) -> Grid:
        """Factor of the skin's reflectance on the grid, ×3, at a time."""
        assert self._life is not None
        heart = self._life.heart
        # The wave is the same everywhere but for its delay: two terms of its series are exact to a thousandth.
        wave, ahead = heart.wave(np.array([time_s, time_s + 0.01]))
        slope = (ahead - wave) / 0.01
        local = (np.float32(wave) - self._delay_s * np.float32(slope)) * self._depth * np.float32(heart.strength)
        return np.asarray(1 - local[..., None] * PULSE_BGR, np.float32)

    def _moved(self, points: Grid, life: Life, time_s: float) -> Grid:
        (mx, my), (bx, by) = life.mouth.at(time_s).tolist(), life.brows.at(time_s).tolist()
        moved = points.copy()
        moved[..., 0] += self._mouth * np.float32(0.6 * mx) + self._brows * np.float32(0.3 * bx)
        moved[..., 1] += self._mouth * np.float32(my) + self._brows * np.float32(by)
        return moved


def _spread_of_pulse(shape: HeadShape) -> tuple[Grid, Grid]:
    """Delay in seconds (the forehead a little after the cheeks) and relative depth 0..1 at each node."""
    rows, columns = shape.skin.shape
    y = np.arange(rows, dtype=np.float32)[:, None] * STEP_PX
    forehead, chin = float(shape.marks_px[10, 1]), float(shape.marks_px[152, 1])
    down = np.clip((y - forehead) / max(chin - forehead, 1), 0, 1)
    delay = np.broadcast_to(0.012 * (1 - down), (rows, columns))
    patches = np.random.default_rng(5).normal(0, 1, (6, 6)).astype(np.float32)
    uneven = 1 + 0.15 * cv2.resize(patches, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return delay.astype(np.float32), np.asarray(shape.skin * uneven * (1.05 - 0.25 * down), np.float32)


def _softness(shape: HeadShape) -> tuple[Grid, Grid]:
    """How much each node goes with the mouth, and with the brows, 0..1."""
    rows, columns = shape.skin.shape
    x, y = np.meshgrid(np.arange(columns) * STEP_PX, np.arange(rows) * STEP_PX)
    width = float(np.linalg.norm(shape.marks_px[454] - shape.marks_px[234]))

    def around(center: Grid, wide: float, high: float) -> Grid:
        field = np.exp(-0.5 * (((x - center[0]) / (wide * width)) ** 2 + ((y - center[1]) / (high * width)) ** 2))
        return np.asarray(field, np.float32)

    lower_lip = (shape.marks_px[17] + shape.marks_px[152]) / 2
    right, left = (shape.marks_px[list(b)].mean(axis=0) for b in ([46, 53, 52, 65, 55], [285, 295, 282, 283, 276]))
    return around(lower_lip, 0.25, 0.16), around(right, 0.16, 0.06) + around(left, 0.16, 0.06)

"""What stands around a face: wall, pillow, blanket, and the thumbs that hold a sheet or a telephone."""

from __future__ import annotations

import cv2
import numpy as np

from tools.attacks.motion import Hand, Pose, turning
from tools.attacks.projection import Grid
from tools.attacks.sheets import Sheet, creased, flat_points

THUMB_PX = (190, 64)
# Plain white linen is rare here on purpose: around a simulated head it alone makes the texture net see an attack.
PATTERNS, PATTERN_SHARES = (0.0, 0.08, 0.14, 0.2), (0.1, 0.3, 0.3, 0.3)
SKINS_BGR = ((0.22, 0.33, 0.52), (0.17, 0.27, 0.44), (0.10, 0.17, 0.30))


def cloth(rng: np.random.Generator, side_px: int, colour_bgr: tuple[float, float, float], *, pattern: float) -> Grid:
    """side×side×3 reflectance of woven stuff with stripes or checks. pattern: contrast of the pattern, 0 plain."""
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32)
    weave = 1 + 0.04 * np.sin(x * 1.9) * np.sin(y * 1.7) + rng.normal(0, 0.015, (side_px, side_px)).astype(np.float32)
    period = float(rng.uniform(7, 26))
    stripes = np.sin(2 * np.pi * x / period) + rng.integers(0, 2) * np.sin(2 * np.pi * y / period)
    blots = cv2.resize(
        rng.normal(0, 0.05, (9, 9)).astype(np.float32), (side_px, side_px), interpolation=cv2.INTER_CUBIC
    )
    tone = weave * (1 + pattern * np.tanh(2 * stripes)) * (1 + blots)
    return np.asarray(np.clip(tone[..., None] * np.array(colour_bgr, np.float32), 0.02, 0.95), np.float32)


def whole(colour: Grid) -> Grid:
    """Reflectance with full cover."""
    return np.dstack([colour, np.ones(colour.shape[:2], np.float32)]).astype(np.float32)


def wall(rng: np.random.Generator, distance_mm: float) -> Sheet:
    """A wall with a picture frame or a cupboard's edge, far enough behind to fill the frame."""
    side_px, mm_per_px = 384, distance_mm * 2.0 / 384
    tint = rng.uniform(0.45, 0.75) * np.array([rng.uniform(0.85, 1.0), rng.uniform(0.93, 1.0), 1.0])
    colour = cloth(rng, side_px, tuple(tint.tolist()), pattern=0.0)
    for _ in range(int(rng.integers(2, 6))):
        x, y = rng.integers(0, side_px, 2).tolist()
        w, h = rng.integers(20, 130, 2).tolist()
        shade = rng.uniform(0.05, 0.7, 3).tolist()
        cv2.rectangle(colour, (x, y), (x + w, y + h), shade, -1)
        cv2.rectangle(colour, (x, y), (x + w, y + h), [0.6 * s for s in shade], 3)
    points, step = flat_points(side_px, side_px, mm_per_px, about_px=(side_px / 2, side_px / 2))
    return Sheet(paint=whole(colour), points_mm=points, step_px=step, pose=_at(0, 0, distance_mm), opaque=True)


def pillow(rng: np.random.Generator, pose: Pose, behind_mm: float) -> Sheet:
    """A pillow that the head lies on, `behind_mm` from the nose tip, creased."""
    side_px, mm_per_px = 512, 1400 / 512
    tone = float(rng.uniform(0.22, 0.62))
    hue = (tone * float(rng.uniform(0.85, 1.05)), tone, tone * float(rng.uniform(0.9, 1.05)))
    colour = cloth(rng, side_px, hue, pattern=float(rng.choice(PATTERNS, p=PATTERN_SHARES)))
    points, step = flat_points(side_px, side_px, mm_per_px, about_px=(side_px / 2, side_px / 2))
    points = creased(points, rng, depth_mm=7.0)
    colour *= _shade_of_head(points)[..., None]
    # The pillow rises around the head that sinks into it.
    points[..., 2] += np.float32(behind_mm) - 25 * np.exp(
        -0.5 * ((np.hypot(*points[..., :2].transpose(2, 0, 1)) - 170) / 60) ** 2
    )
    return Sheet(paint=whole(colour), points_mm=points.astype(np.float32), step_px=step, pose=pose, opaque=True)


def _shade_of_head(points_mm: Grid) -> Grid:
    """How much of the room's light reaches the pillow around the head that lies on it."""
    away = np.hypot(points_mm[..., 0] / 1.0, points_mm[..., 1] / 1.25)
    shade = (1 - 0.5 * np.exp(-((away / 125) ** 4))).astype(np.float32)
    side_px = 512
    return np.asarray(cv2.resize(shade, (side_px, side_px), interpolation=cv2.INTER_CUBIC), np.float32)


def blanket(rng: np.random.Generator, pose: Pose, *, below_mm: float, behind_mm: float) -> Sheet:
    """A blanket drawn up to `below_mm` under the nose tip; its upper edge is not straight."""
    side_px, mm_per_px = 420, 1000 / 420
    tone = float(rng.uniform(0.15, 0.7))
    hue = tuple((tone * rng.uniform(0.6, 1.15, 3)).tolist())
    colour = cloth(rng, side_px, hue, pattern=float(rng.uniform(0.0, 0.35)))
    points, step = flat_points(side_px, side_px, mm_per_px, about_px=(side_px / 2, 20.0))
    points = creased(points, rng, depth_mm=5.0)
    points[..., 1] += below_mm
    points[..., 2] += behind_mm - 0.12 * points[..., 1]
    x = np.arange(side_px)
    edge = 20 + 9 * np.sin(x / 47 + rng.uniform(0, 6)) + 4 * np.sin(x / 19 + rng.uniform(0, 6))
    cover = np.clip((np.arange(side_px)[:, None] - edge[None]) / 2.5, 0, 1).astype(np.float32)
    paint = np.dstack([colour * cover[..., None], cover]).astype(np.float32)
    return Sheet(paint=paint, points_mm=points.astype(np.float32), step_px=step, pose=pose)


def fingers(
    rng: np.random.Generator, pose: Pose, *, half_wide_mm: float, y_mm: float, carried: Hand | None, both: bool
) -> list[Sheet]:
    """Thumbs that lie over the left and right edge of what is held at `pose`."""
    sheets = []
    for side in (-1, 1) if both else (int(rng.choice([-1, 1])),):
        points, step = flat_points(
            THUMB_PX[0], THUMB_PX[1], 1.0, about_px=(48.0 if side > 0 else THUMB_PX[0] - 48.0, 32.0)
        )
        points[..., 2] += -9 + 0.02 * points[..., 1] ** 2
        turn = turning(0, 0, float(rng.uniform(-25, 25)))
        place = Pose(turn=turn, shift_mm=np.array([side * (half_wide_mm + 10), y_mm + rng.uniform(-15, 15), 0.0]))
        paint = _thumb(rng, tip_left=side > 0)
        sheets.append(
            Sheet(paint=paint, points_mm=points, step_px=step, pose=pose.after(place), carried=None, gloss=0.03)
            if carried is None
            else Sheet(paint=paint, points_mm=place.of(points), step_px=step, pose=pose, carried=carried, gloss=0.03)
        )
    return sheets


def _thumb(rng: np.random.Generator, *, tip_left: bool) -> Grid:
    cover = np.zeros((THUMB_PX[1], THUMB_PX[0]), np.uint8)
    cv2.ellipse(cover, (34, 32), (28, 11), 0, 0, 360, 255, -1)
    cv2.rectangle(cover, (34, 20), (THUMB_PX[0], 44), 255, -1)
    soft = cv2.GaussianBlur(cover, (0, 0), 1.2).astype(np.float32) / 255
    tone = np.ones((THUMB_PX[1], THUMB_PX[0], 3), np.float32) * np.array(
        SKINS_BGR[int(rng.integers(len(SKINS_BGR)))], np.float32
    )
    tone *= 1 - 0.35 * (np.abs(np.arange(64) - 32) / 14)[:, None, None].clip(0, 1) ** 2
    cv2.ellipse(tone, (16, 32), (9, 7), 0, 0, 360, [0.42, 0.46, 0.62], -1)
    paint = np.dstack([tone * soft[..., None], soft]).astype(np.float32)
    return np.ascontiguousarray(paint if tip_left else paint[:, ::-1])


def _at(x_mm: float, y_mm: float, z_mm: float) -> Pose:
    return Pose(turn=np.eye(3), shift_mm=np.array([x_mm, y_mm, z_mm]))

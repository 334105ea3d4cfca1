"""Attacks made of paper, and the rigid mask: photographs held, bent, cut out, worn with eye holes, and a bust."""

from __future__ import annotations

import cv2
import numpy as np

from tools.attacks import props
from tools.attacks.head import Head, Life
from tools.attacks.head_shape import STEP_PX, HeadShape
from tools.attacks.living import base_pose, bedding, kept_moving
from tools.attacks.motion import Hand, Pose
from tools.attacks.paper import Print, eye_holes, face_outline, printed, rectangle
from tools.attacks.projection import Grid
from tools.attacks.scene import Layer
from tools.attacks.sensor import LUMA_BGR
from tools.attacks.sheets import Sheet, bent, creased, moulded
from tools.attacks.species import Casting, species


def _plane(shape: HeadShape) -> Grid:
    """The head's grid without its depth: a sheet at life size, the nose at the origin."""
    flat = shape.points_mm.copy()
    flat[..., 2] = 0
    return flat


def _paper(cast: Casting, shape: HeadShape, cover: Grid, points_mm: Grid, pose: Pose, carried: Hand | None) -> Sheet:
    how = Print.drawn(cast.rng)
    colour = printed(shape.linear, how, cast.rng)
    if cast.conditions.distance_mm < 380:  # ink spreads: a near lens sees how soft the print is
        colour = np.asarray(cv2.GaussianBlur(colour, (0, 0), 0.7), np.float32)
    paint = np.dstack([colour * cover[..., None], cover]).astype(np.float32)
    return Sheet(
        paint=paint,
        points_mm=points_mm,
        step_px=STEP_PX,
        pose=pose,
        carried=carried,
        gloss=how.gloss,
        shine=how.shine,
    )


def _sheet_size(cast: Casting) -> tuple[float, float]:
    """A4, or a poster whose edges stay out of the picture, mm."""
    return (420.0, 420.0) if cast.rng.random() < 0.4 else (210.0, 290.0)


def _behind(cast: Casting, behind_mm: float) -> Layer:
    """A room's wall, or the pillow of a bed that somebody else lies in."""
    if cast.rng.random() < 0.5:
        return props.wall(cast.rng, cast.conditions.distance_mm + 900)
    return props.pillow(cast.rng, base_pose(cast, turned=False), behind_mm)


def _holder(cast: Casting, behind_mm: float) -> list[Layer]:
    """Whoever holds the sheet, some way behind it."""
    pose = base_pose(cast)
    away = Pose(turn=np.eye(3), shift_mm=np.array([cast.rng.normal(0, 25), cast.rng.normal(10, 20), behind_mm]))
    life = Life.drawn(cast.rng, seconds=cast.seconds, bpm=72.0, strength=0.006, still=1.2)
    return [Head(cast.fit(cast.other, True), pose.after(away), life=life)]


@species("print_flat", "attack", "a photograph on flat paper or card, held in the hands")
def print_flat(cast: Casting) -> list[Layer]:
    shape, pose = cast.fit(cast.identity, False), base_pose(cast)
    carried, (width_mm, height_mm) = Hand(cast.rng, sway_mm=2.0, sway_deg=1.2), _sheet_size(cast)
    sheet = _paper(cast, shape, rectangle(shape, width_mm, height_mm), _plane(shape), pose, carried)
    thumbs = props.fingers(
        cast.rng, pose, half_wide_mm=width_mm / 2, y_mm=60, carried=carried, both=bool(cast.rng.random() < 0.5)
    )
    return [_behind(cast, 60.0), sheet, *thumbs]


@species("print_bent", "attack", "the same paper bent like a cylinder, to look less flat")
def print_bent(cast: Casting) -> list[Layer]:
    shape, pose = cast.fit(cast.identity, False), base_pose(cast)
    carried = Hand(cast.rng, sway_mm=2.0, sway_deg=1.2)
    points = bent(_plane(shape), float(cast.rng.uniform(90, 220)), across=bool(cast.rng.random() < 0.75))
    points = creased(points, cast.rng, depth_mm=0.8)
    sheet = _paper(cast, shape, rectangle(shape, *_sheet_size(cast)), points, pose, carried)
    return [_behind(cast, 130.0), sheet]


@species("print_cutout", "attack", "a person cut out of a print along the outline, before a living head or a pillow")
def print_cutout(cast: Casting) -> list[Layer]:
    shape, pose = cast.fit(cast.identity, True), base_pose(cast)
    carried = Hand(cast.rng, sway_mm=1.5, sway_deg=1.0)
    points = creased(_plane(shape), cast.rng, depth_mm=1.0)
    if cast.rng.random() < 0.5:
        sheet = _paper(cast, shape, shape.cover, points, pose, carried)
        behind, before = bedding(cast)
        return [*behind, sheet, *before]
    points = bent(points, float(cast.rng.uniform(130, 400)))
    sheet = _paper(cast, shape, face_outline(shape, cast.rng), points, pose, carried)
    wall = props.wall(cast.rng, cast.conditions.distance_mm + 900)
    return [wall, *_holder(cast, 25.0), sheet]


@species(
    "mask_eye_holes",
    "attack",
    "a printed face worn on a living head: bent or moulded, the wearer's eyes blink behind it",
)
def mask_eye_holes(cast: Casting) -> list[Layer]:
    return _worn(cast, Hand(cast.rng, sway_mm=2.0, sway_deg=1.5))


@species("mask_holes_moved", "attack", "the same mask, its wearer turning and swaying all the time")
def mask_holes_moved(cast: Casting) -> list[Layer]:
    return _worn(cast, kept_moving(cast))


def _worn(cast: Casting, worn: Hand) -> list[Layer]:
    shape, pose = cast.fit(cast.identity, True), base_pose(cast)
    wearer_shape = cast.fit(cast.other, True)
    life = Life.drawn(cast.rng, seconds=cast.seconds, bpm=72.0, strength=0.006, still=0.4)
    behind = Pose(turn=np.eye(3), shift_mm=_eyes_of(shape) - _eyes_of(wearer_shape) + np.array([0.0, 0.0, 6.0]))
    wearer = Head(wearer_shape, pose.after(behind), life=life, carried=worn)
    flat = creased(_plane(shape), cast.rng, depth_mm=0.8)
    if cast.rng.random() < 0.5:
        points = bent(flat, float(cast.rng.uniform(85, 130)))
    else:
        points = moulded(flat, half_wide_mm=95, half_high_mm=130, depth_mm=float(cast.rng.uniform(35, 60)))
    cover = face_outline(shape, cast.rng) * eye_holes(shape, cast.rng)
    mask = _paper(cast, shape, cover, points, pose, worn)
    back, before = bedding(cast)
    return [*back, wearer, mask, *before]


@species(
    "mask_3d_rigid",
    "attack",
    "a rigid head of resin or silicone in the person's shape: no pulse, no lid moves, shines",
)
def mask_3d_rigid(cast: Casting) -> list[Layer]:
    return _bust(cast, Hand(cast.rng, sway_mm=1.2, sway_deg=0.8))


@species(
    "mask_3d_moved",
    "attack",
    "the same head kept turning and swaying, so that no pulse can be looked for",
)
def mask_3d_moved(cast: Casting) -> list[Layer]:
    return _bust(cast, kept_moving(cast))


def _bust(cast: Casting, carried: Hand) -> list[Layer]:
    shape = cast.fit(cast.identity, True)
    smooth = cv2.bilateralFilter(np.sqrt(shape.albedo), 7, 0.08, 4) ** 2
    grey = smooth @ LUMA_BGR
    colour = np.asarray(np.clip(grey[..., None] + 0.85 * (smooth - grey[..., None]), 0.01, 0.9), np.float32)
    paint = np.dstack([colour * shape.cover[..., None], shape.cover]).astype(np.float32)
    resin = bool(cast.rng.random() < 0.5)
    head = Head(
        shape, base_pose(cast), life=None, carried=carried, paint=lambda time_s: paint,
        gloss=0.05 if resin else 0.035, shine=60.0 if resin else 22.0,
    )  # fmt: skip
    behind, before = bedding(cast)
    return [*behind, head, *before]


def _eyes_of(shape: HeadShape) -> np.ndarray:
    """Where the middle between the eyes is, mm of the head's axes, without depth."""
    middle = (shape.marks_px[[33, 133, 362, 263]].mean(axis=0) - shape.marks_px[1]) * shape.mm_per_px
    return np.array([middle[0], middle[1], 0.0])

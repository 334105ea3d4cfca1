"""A head from one picture: the mesh's depth as a relief, the skin's own colour, where it pulses, what is the person.

The mesh gives the face; hair, ears and neck follow a membrane that runs from its border back to the head's depth.
Shading that the photograph brought with it is fitted from the normals and for the most part divided out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.errors import InputError
from edge.core.face import Affine, FaceMesh, FaceRegion, Frame, Picture
from edge.core.geometry import apply, region_from_mesh, scale_of, upright_crop
from edge.core.quality import measure
from edge.models.nets import Nets
from edge.models.picture import warped
from tools.attacks import topology
from tools.attacks.lighting import normals_of
from tools.attacks.projection import Grid
from tools.attacks.sensor import LUMA_BGR, to_linear

SIDE_PX = 576
STEP_PX = 6
CROP_FACES = 2.3
EYES_APART_MM = 63.0
DELIT = 0.75
# Linear reflectance of skin against green 1 (blue, green, red), and how far a photograph is bent towards it.
SKIN_HUE_BGR, HUE_TRUST = (0.66, 1.0, 1.55), 0.6
LEAST_PRESENCE, LARGEST_TURN_DEG, LEAST_FACE_PX = 0.9, 16.0, 90.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadShape:
    """All on one upright square texture of SIDE_PX.

    linear: H×W×3, the picture's own light, blue first. relight: H×W×3, the factor that makes it reflectance.
    cover: H×W 0..1, the person. inside: H×W 0..1, what the picture held. face: H×W 0..1, the mesh's own area.
    skin: grid 0..1, what pulses. points_mm: grid, the head's own axes, nose tip near (0, 0, 0), z away from the
    camera. marks_px: 468×2. mm_per_px: of the texture. crop_from_picture: where the texture was taken."""

    linear: Grid
    relight: Grid
    cover: Grid
    inside: Grid
    face: Grid
    skin: Grid
    points_mm: Grid
    marks_px: NDArray[np.float32]
    mm_per_px: float
    crop_from_picture: Affine

    @property
    def albedo(self) -> Grid:
        """H×W×3 reflectance, blue first."""
        return np.asarray(np.clip(self.linear * self.relight, 0.004, 1.0), np.float32)


def find_mesh(nets: Nets, picture: Picture) -> FaceMesh:
    """The mesh of the best face, fitted until it settles. Raises InputError when there is none."""
    frame = Frame(bgr=picture, captured_s=0.0)
    found = nets.detector.detect(frame)
    if not found:
        raise InputError("no face in the picture that the simulated head is to be made from")
    region = found[0]
    for _ in range(3):
        mesh = nets.landmarker.fit(frame, region)
        region = region_from_mesh(mesh)
    return mesh


def head_from(nets: Nets, picture: Picture, *, cut_out: bool = True) -> HeadShape:
    """Fit a head. cut_out: separate the person from the background (a second of work); else cover is all there is.

    Raises InputError when the picture shows no face that is large, whole and frontal enough.
    """
    mesh = find_mesh(nets, picture)
    region = region_from_mesh(mesh)
    _refuse_unfit(mesh, region)
    side_px = CROP_FACES * max(region.width_px, region.height_px)
    crop = upright_crop(region.center_px, side_px, region.roll_deg, SIDE_PX)
    marks = apply(crop, mesh.points_px[:, :2]) - np.float32(0.5)
    depth = mesh.points_px[:, 2] * np.float32(scale_of(crop))
    texture = warped(picture, crop, (SIDE_PX, SIDE_PX), repeat_border=True)
    inside = _within(warped(np.full_like(picture, 255), crop, (SIDE_PX, SIDE_PX))[..., 0])
    eyes = np.array([marks[[33, 133]].mean(axis=0), marks[[362, 263]].mean(axis=0)])
    mm_per_px = EYES_APART_MM / float(np.linalg.norm(eyes[1] - eyes[0]))
    relief, known = _relief(marks, depth)
    points = _points(relief, marks, mm_per_px)
    hull = topology.outline_mask(marks, SIDE_PX)
    linear = to_linear(texture)
    cover = _person(texture, hull) * inside if cut_out else inside
    relight = _relighting(linear, points, known)
    return HeadShape(
        linear=linear, relight=relight, cover=cover, inside=inside, face=_softened(hull, 9), skin=_skin(marks, hull),
        points_mm=points, marks_px=marks, mm_per_px=mm_per_px, crop_from_picture=crop,
    )  # fmt: skip


def _refuse_unfit(mesh: FaceMesh, region: FaceRegion) -> None:
    """A head turned away hides half of itself, and the relief of a poor fit folds."""
    seen = measure(mesh, roll_deg=region.roll_deg, frame_size_px=(1, 1))
    turned = max(abs(seen.yaw_deg), abs(seen.pitch_deg))
    if mesh.presence < LEAST_PRESENCE or turned > LARGEST_TURN_DEG or region.width_px < LEAST_FACE_PX:
        raise InputError("the face in the picture is too small, covered, or turned away, to make a head from")


def _relief(marks: NDArray[np.float32], depth: NDArray[np.float32]) -> tuple[Grid, NDArray[np.bool_]]:
    """Depth in texture px at the grid's nodes, and which of them lie on the mesh."""
    field = topology.filled(marks, topology.triangles_of(marks), depth, SIDE_PX)
    nodes = field[::STEP_PX, ::STEP_PX]
    known = ~np.isnan(nodes)
    back = float(np.nanmax(nodes)) + 0.10 * SIDE_PX
    full = np.where(known, nodes, back).astype(np.float32)
    free = ~known
    free[0] = free[-1] = free[:, 0] = free[:, -1] = False
    # A membrane between the mesh's border and the back: coarse to fine would be faster, but this is done once.
    for _ in range(900):
        mean = cv2.blur(full, (3, 3), borderType=cv2.BORDER_REPLICATE)
        full[free] = mean[free]
    smooth = cv2.GaussianBlur(full, (0, 0), 0.8)
    return np.asarray(smooth, np.float32), known


def _points(relief: Grid, marks: NDArray[np.float32], mm_per_px: float) -> Grid:
    rows, columns = relief.shape
    x, y = np.meshgrid(np.arange(columns) * STEP_PX, np.arange(rows) * STEP_PX)
    nose = marks[1]
    points = np.dstack([x - nose[0], y - nose[1], relief - relief.min()])
    return np.asarray(points * mm_per_px, np.float32)


def _relighting(linear: Grid, points_mm: Grid, known: NDArray[np.bool_]) -> Grid:
    """What makes the picture's light reflectance: most of the shading that its normals explain divided out."""
    normals = normals_of(points_mm)
    luma = cv2.GaussianBlur(linear, (0, 0), 4)[::STEP_PX, ::STEP_PX] @ LUMA_BGR
    design = np.concatenate([np.ones((int(known.sum()), 1), np.float32), normals[known]], axis=1)
    target = luma[known]
    trusted = target > 0.4 * np.median(target)  # eyes, brows and nostrils say nothing of the light
    weights, *_ = np.linalg.lstsq(design[trusted], target[trusted], rcond=None)
    shading = weights[0] + normals @ weights[1:].astype(np.float32)
    shading = np.clip(shading / np.median(target), 0.45, 1.9)
    shading = cv2.GaussianBlur(np.where(known, shading, 1.0).astype(np.float32), (0, 0), 2.0) ** DELIT
    relight = 1 / cv2.resize(shading, (SIDE_PX, SIDE_PX))[..., None]
    even = (linear * relight)[::STEP_PX, ::STEP_PX][known][trusted]
    return np.asarray(relight * _skin_balance(np.median(even, axis=0)), np.float32)


def _skin_balance(skin_bgr: NDArray[np.floating]) -> NDArray[np.float32]:
    """Factors that bring the skin of a photograph near the reflectance of skin, dark staying darker than light.

    The photograph's exposure and white balance are unknown; half of what they may have done is taken back.
    """
    green = float(np.clip(0.30 * (skin_bgr[1] / 0.25) ** 0.5, 0.09, 0.40))
    hue = (np.array(SKIN_HUE_BGR) / (skin_bgr / skin_bgr[1])) ** HUE_TRUST
    return np.asarray(green / skin_bgr[1] * hue, np.float32)


def _person(texture: Picture, hull: NDArray[np.uint8]) -> Grid:
    """Where the person is, 0..1, by graph cut from the face outwards."""
    small = cv2.resize(texture, (192, 192), interpolation=cv2.INTER_AREA)
    face = cv2.resize(hull, (192, 192), interpolation=cv2.INTER_NEAREST) > 0
    guess = np.full((192, 192), cv2.GC_PR_BGD, np.uint8)
    rows, columns = np.where(face)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    wide, high = right - left, bottom - top
    hair = np.zeros((192, 192), np.uint8)
    middle = (int(left + right) // 2, int(top + 0.42 * high))
    cv2.ellipse(hair, middle, (int(0.62 * wide), int(0.78 * high)), 0, 0, 360, 1, -1)
    hair[bottom - high // 5 :, max(0, left - wide // 4) : right + wide // 4] = 1
    guess[hair > 0] = cv2.GC_PR_FGD
    # Dark hair before a dark wall, and a neck in shade, are lost to the cut: so much of them is always kept.
    sure = face.astype(np.uint8)
    cv2.ellipse(sure, middle, (int(0.53 * wide), int(0.64 * high)), 0, 0, 360, 1, -1)
    sure[bottom - high // 5 :, left + wide // 4 : right - wide // 4] = 1
    guess[sure > 0] = cv2.GC_FGD
    guess[: max(2, int(top - 0.55 * high))] = cv2.GC_BGD
    guess[: int(bottom), : max(2, int(left - 0.5 * wide))] = cv2.GC_BGD
    guess[: int(bottom), min(190, int(right + 0.5 * wide)) :] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(small, guess, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    mine = np.where((guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    mine = _u8(cv2.morphologyEx(mine, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    _, parts = cv2.connectedComponents(mine)
    mine = np.where(parts == parts[rows[len(rows) // 2], columns[len(rows) // 2]], mine, 0).astype(np.uint8)
    mine = _u8(cv2.morphologyEx(mine, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)))
    large = cv2.resize(cv2.GaussianBlur(mine, (0, 0), 1.2), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip((large.astype(np.float32) / 255 - 0.35) / 0.5, 0, 1), np.float32)


def _within(covered: NDArray[np.uint8]) -> Grid:
    """1 where the picture was, falling softly to 0 at its border and at the texture's."""
    mask = (covered > 250).astype(np.uint8)
    mask[[0, -1]] = mask[:, [0, -1]] = 0
    return np.asarray(np.clip(cv2.distanceTransform(mask, cv2.DIST_L2, 5) / 14, 0, 1), np.float32)


def _skin(marks: NDArray[np.float32], hull: NDArray[np.uint8]) -> Grid:
    mask = _u8(cv2.dilate(hull, np.ones((9, 9), np.uint8)))
    for ring in (
        topology.RIGHT_UPPER_LID + topology.RIGHT_LOWER_LID[::-1],
        topology.LEFT_UPPER_LID + topology.LEFT_LOWER_LID[::-1],
        topology.RIGHT_BROW, topology.LEFT_BROW,
    ):  # fmt: skip
        cv2.fillConvexPoly(mask, cv2.convexHull(marks[list(ring)]).astype(np.int32), 0)
    return np.asarray(_softened(mask, 7)[::STEP_PX, ::STEP_PX], np.float32)


def _u8(picture: Any) -> Picture:
    return np.asarray(picture, np.uint8)


def _softened(mask: NDArray[np.uint8], sigma: float) -> Grid:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma).astype(np.float32) / 255, np.float32)


def roll_of(shape: HeadShape) -> float:
    """How far the face lay turned in its picture, degrees."""
    return math.degrees(math.atan2(-shape.crop_from_picture[1, 0], shape.crop_from_picture[0, 0]))

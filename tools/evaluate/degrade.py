"""What a bedside does to a picture, drawn onto a sharp one: little light, blur, distance, bedding, tubes, glasses.

Drawn by rule from a seed on the mesh of the face, so that a calibration can be repeated; no claim that the real thing
looks like this.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edge.core.face import Picture, Points

Degrade = Callable[[Picture, Points, np.random.Generator], Picture]

_EYES = (33, 133, 362, 263)
_LEFT_SIDE, _RIGHT_SIDE, _CHIN, _BROW, _NOSE, _LIP = 234, 454, 152, 10, 2, 0


def drawn(name: str, picture: Picture, points: Points, seed: int) -> Picture:
    """The picture as `name` of DEGRADATIONS leaves it. points: 468×2 or ×3, of the face."""
    return DEGRADATIONS[name](picture, points[:, :2], np.random.default_rng(seed))


def _as_it_is(picture: Picture, _points: Points, _random: np.random.Generator) -> Picture:
    return picture


def dimmed(share: float, noise: float) -> Degrade:
    """share: of the light that is left. noise: standard deviation, grey levels, after the gain brought half back."""

    def dim(picture: Picture, _points: Points, random: np.random.Generator) -> Picture:
        light = picture.astype(np.float32) * share
        return _levels(light + random.normal(0, noise, picture.shape).astype(np.float32))

    return dim


def _blurred(sigma_px: float) -> Degrade:
    return lambda picture, _points, _random: np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)


def _moved(picture: Picture, points: Points, random: np.random.Generator) -> Picture:
    """A hand that moved during the exposure: a line of a tenth of the face's width."""
    length = max(3, int(_width(points) * 0.1))
    kernel = np.zeros((length, length), np.float32)
    angle = float(random.uniform(0, np.pi))
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    middle = np.array([length / 2, length / 2])
    ends = [tuple(int(v) for v in middle + side * reach) for side in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def _small(share: float) -> Degrade:
    """As from further off: thinned, and brought back to its size by the camera."""

    def shrink(picture: Picture, _points: Points, _random: np.random.Generator) -> Picture:
        less = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        return np.asarray(less, np.uint8)

    return shrink


def _glaring(picture: Picture, _points: Points, _random: np.random.Generator) -> Picture:
    return _levels(picture.astype(np.float32) * 2.3)


def _lit_from_one_side(picture: Picture, points: Points, random: np.random.Generator) -> Picture:
    x = (np.arange(picture.shape[1], dtype=np.float32) - points[1, 0]) / _width(points)
    slope = 1 / (1 + np.exp(-8 * x * random.choice([-1, 1])))
    return _levels(picture.astype(np.float32) * (0.12 + 0.88 * slope)[None, :, None])


def _under_a_blanket(picture: Picture, points: Points, random: np.random.Generator) -> Picture:
    """Bedding drawn up to between mouth and nose."""
    edge = points[_LIP] + (points[_NOSE] - points[_LIP]) * random.uniform(-0.8, 0.6)
    return _covered(picture, points, edge, down=points[_CHIN] - points[_BROW], random=random)


def _sunk_into_a_pillow(picture: Picture, points: Points, random: np.random.Generator) -> Picture:
    """A third of the face hidden from one side."""
    side, other = (_LEFT_SIDE, _RIGHT_SIDE) if random.random() < 0.5 else (_RIGHT_SIDE, _LEFT_SIDE)
    edge = points[side] + (points[other] - points[side]) * random.uniform(0.2, 0.38)
    return _covered(picture, points, edge, down=points[side] - points[other], random=random)


def _with_a_cannula(picture: Picture, points: Points, _random: np.random.Generator) -> Picture:
    """A clear tube from ear to ear under the nose."""
    out, thick = picture.copy(), max(2, round(0.035 * _width(points)))
    way = np.array([points[_LEFT_SIDE], points[205], points[_NOSE], points[425], points[_RIGHT_SIDE]])
    for colour, width in (((150, 150, 150), thick), ((235, 235, 230), max(1, thick // 2))):
        cv2.polylines(out, [np.round(way).astype(np.int32)], False, colour, width, cv2.LINE_AA)
    return out


def _with_glasses(picture: Picture, points: Points, _random: np.random.Generator) -> Picture:
    """Dark frames, and a reflection on one glass."""
    out, width = picture.copy(), _width(points)
    for outer, inner in ((33, 133), (263, 362)):
        middle = (points[outer] + points[inner]) / 2
        axes = (round(0.19 * width), round(0.14 * width))
        cv2.ellipse(out, _whole(middle), axes, 0, 0, 360, (25, 25, 30), max(2, round(0.03 * width)), cv2.LINE_AA)
    cv2.line(out, _whole(points[133]), _whole(points[362]), (25, 25, 30), max(2, round(0.03 * width)), cv2.LINE_AA)
    cv2.ellipse(out, _whole(points[[33, 133]].mean(axis=0)), (round(0.06 * width), round(0.03 * width)), -30, 0, 360,
                (245, 245, 245), -1, cv2.LINE_AA)  # fmt: skip
    return out


DEGRADATIONS: dict[str, Degrade] = {
    "as it is": _as_it_is,
    "a quarter of the light": dimmed(0.25, 4.0),
    "a tenth of the light": dimmed(0.10, 5.0),
    "blur, 2 px": _blurred(2.0),
    "blur, 4 px": _blurred(4.0),
    "moved": _moved,
    "half the size": _small(0.5),
    "a third of the size": _small(0.33),
    "too much light": _glaring,
    "light from one side": _lit_from_one_side,
    "blanket": _under_a_blanket,
    "pillow": _sunk_into_a_pillow,
    "cannula": _with_a_cannula,
    "glasses": _with_glasses,
}


def _covered(
    picture: Picture, points: Points, edge: Points, *, down: Points, random: np.random.Generator
) -> Picture:
    """Cloth over everything beyond a line through `edge`, across `down`."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = down / max(float(np.linalg.norm(down)), 1e-6)
    beyond = (x - edge[0]) * along[0] + (y - edge[1]) * along[1]
    across = (x - edge[0]) * -along[1] + (y - edge[1]) * along[0]
    beyond += 0.03 * _width(points) * np.sin(across / (0.12 * _width(points)) + random.uniform(0, 6))
    tone = random.uniform(90, 215) * random.uniform(0.85, 1.0, 3)
    folds = 12 * np.sin(beyond / (0.07 * _width(points))) + random.normal(0, 3, (height, width))
    cloth = tone[None, None] + folds[..., None]
    mask = np.clip(beyond / 2.0, 0, 1)[..., None]
    return _levels(picture * (1 - mask) + cloth.astype(np.float32) * mask)


def _width(points: Points) -> float:
    return max(float(np.linalg.norm(points[_RIGHT_SIDE] - points[_LEFT_SIDE])), 1.0)


def _whole(point: Points) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _levels(light: np.ndarray) -> Picture:
    return np.asarray(np.clip(np.rint(light), 0, 255), np.uint8)

"""Capture windows made of nothing but formulas: a face of known shape, its texture a sum of waves, its skin a
number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.core.light_code import LightCode, state_at
from edge.core.sighting import Scene, Sighting, Sightings

SIZE = 192
WIDTH_PX = 100.0
RATE_HZ = 30.0
_PLACES = {
    33: (-0.32, -0.15), 133: (-0.12, -0.15), 362: (0.12, -0.15), 263: (0.32, -0.15), 234: (-0.5, 0.0),
    454: (0.5, 0.0),
    10: (0.0, -0.6), 152: (0.0, 0.6), 1: (0.0, 0.08), 151: (0.0, -0.4), 9: (0.0, -0.3), 50: (-0.25, 0.1),
    205: (-0.25, 0.15), 280: (0.25, 0.1), 425: (0.25, 0.15),
}  # fmt: skip


def face_points() -> np.ndarray:
    """468×3 in face widths around the nose bridge: an oval, bowed, with a nose; z towards the camera negative."""
    random = np.random.default_rng(5)
    angle, radius = random.uniform(0, 2 * np.pi, 468), np.sqrt(random.uniform(0, 1, 468))
    flat = np.stack([0.48 * radius * np.cos(angle), 0.58 * radius * np.sin(angle)], axis=1)
    for vertex, place in _PLACES.items():
        flat[vertex] = place
    return np.column_stack([flat, depth(flat)])


def depth(flat: np.ndarray) -> np.ndarray:
    x, y = flat[..., 0], flat[..., 1]
    return 0.9 * x**2 + 0.35 * y**2 - 0.16 * np.exp(-((x / 0.09) ** 2 + ((y - 0.05) / 0.14) ** 2))


def in_pixels(points: np.ndarray, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    placed = points * WIDTH_PX
    placed[:, :2] += np.array([SIZE / 2, SIZE / 2]) + shift
    return placed.astype(np.float32)


def texture(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Grey levels of a lively surface, at any place in pixels."""
    random = np.random.default_rng(11)
    total = np.full(np.shape(x), 128.0)
    for _ in range(40):
        fx, fy = random.normal(0, 0.06, 2)
        total += 9.0 * np.sin(2 * np.pi * (fx * x + fy * y) + random.uniform(0, 6.28))
    return total


def sighting(captured_s: float, **changes: object) -> Sighting:
    values: dict[str, object] = {
        "captured_s": captured_s,
        "points_px": in_pixels(face_points()),
        "crop": np.full((SIZE, SIZE), 140, np.uint8),
        "crop_from_frame": np.array([[1.0, 0, 0], [0, 1.0, 0]]),
        "presence": 1.0,
        "skin_rgb": np.full((3, 3), 140, np.float32),
        "behind_rgb": np.full(3, 90, np.float32),
    }
    return Sighting(**{**values, **changes})  # type: ignore[arg-type]


def skin_window(colour: Callable[[float, int], np.ndarray], *, seconds: float, noise: float, seed: int) -> Sightings:
    """Frames whose patches have the colour that `colour(time, patch)` gives, with noise; the crop flickers a
    little."""
    random = np.random.default_rng(seed)
    frames = []
    for number in range(int(seconds * RATE_HZ)):
        at_s = number / RATE_HZ
        skin = np.array([colour(at_s, patch) for patch in range(3)]) + random.normal(0, noise, (3, 3))
        crop = np.clip(140 + random.normal(0, 2, (SIZE, SIZE)), 0, 255).astype(np.uint8)
        behind = np.full(3, 90.0) + random.normal(0, noise, 3)
        frames.append(
            sighting(at_s, skin_rgb=skin.astype(np.float32), behind_rgb=behind.astype(np.float32), crop=crop)
        )
    return Sightings(frames=frames, scenes=())


def moving_window(bend: Callable[[np.ndarray, np.ndarray, float], tuple[np.ndarray, np.ndarray]]) -> Sightings:
    """Scenes of a surface whose point (x, y), in face widths, moves by bend(x, y, time) face widths."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    scenes = []
    for number in range(30):
        at_s = number * 0.25
        # The way back from a picture's place to the surface's, by a few rounds: motions are small.
        u, v = (x - SIZE / 2) / WIDTH_PX, (y - SIZE / 2) / WIDTH_PX
        a, b = u.copy(), v.copy()
        for _ in range(6):
            du, dv = bend(a, b, at_s)
            a, b = u - du, v - dv
        green = texture(a * WIDTH_PX, b * WIDTH_PX) + random.normal(0, 1.5, x.shape)
        points = face_points()
        du, dv = bend(points[:, 0], points[:, 1], at_s)
        moved = points + np.stack([du, dv, np.zeros_like(du)], axis=1)
        moved[:, :2] += random.normal(0, 0.003, (468, 2))  # the mesh net's own unrest
        scenes.append(
            Scene(
                captured_s=at_s, green=np.clip(green, 0, 255).astype(np.uint8), step=1, points=in_pixels(moved)
            )
        )
    return Sightings(frames=(), scenes=scenes)


Response = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def lit_window(code: LightCode, response: Response, *, lag_s: float = 0.05) -> Sightings:
    """Frames of a surface that adds response(x, y) = (left, right) grey levels of each lamp to a room's 80."""
    random = np.random.default_rng(9)
    y, x = (np.mgrid[0:SIZE, 0:SIZE] + 0.5 - SIZE / 2) / WIDTH_PX
    left, right = response(x, y)
    frames = []
    for number in range(240):
        at_s = number / RATE_HZ
        state = state_at(code, at_s - lag_s)
        crop = 80 + state.left * left + state.right * right + random.normal(0, 2, x.shape)
        frames.append(sighting(at_s, crop=np.clip(crop, 0, 255).astype(np.uint8), lamps=state_at(code, at_s)))
    return Sightings(frames=frames, scenes=(), code=code)

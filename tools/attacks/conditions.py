"""What a visit's place and camera are like, drawn from a seed: distance, light, lens, sensor, hand, roll.

The ranges are those of a bedside: 0.3–0.8 m, 30–500 lux, warm to cool lamps, a head at any roll.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.core.light_code import LightCode
from tools.attacks.lighting import Lamps, Room, Shutter
from tools.attacks.projection import Lens
from tools.attacks.sensor import Sensor

ROLLS_DEG = (0.0, 90.0, -90.0, 35.0, -40.0, 180.0)
ROLL_SHARES = (0.5, 0.17, 0.17, 0.07, 0.07, 0.02)
# Blue and red against green of what is left after a camera's daylight balance: warm bulb, office tube, window.
TINTS_BGR = ((0.55, 1.0, 1.35), (0.92, 1.0, 1.04), (1.15, 1.0, 0.88))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """distance_mm: lens to nose. yaw_deg, pitch_deg: how far the face looks past the lens. off_mm: of the middle.
    sway_mm, sway_deg: the hand that holds the unit, root mean square."""

    distance_mm: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    off_mm: tuple[float, float]
    sway_mm: float
    sway_deg: float
    room: Room
    lamps: Lamps | None
    lens: Lens
    shutter: Shutter
    sensor: Sensor


def draw_conditions(
    seed: int, *, code: LightCode | None, roll_deg: float | None = None, near_mm: float = 300.0, far_mm: float = 620.0
) -> Conditions:
    """near_mm, far_mm: range of the distance; roll_deg: None to draw it; code: None for a unit without lamps."""
    rng = np.random.default_rng((seed, 1))
    roll = float(rng.choice(ROLLS_DEG, p=ROLL_SHARES) + rng.normal(0, 6))
    lux = float(np.exp(rng.uniform(np.log(30), np.log(450))))
    lamp_lux = float(rng.uniform(90, 220))
    return Conditions(
        distance_mm=float(rng.triangular(near_mm, near_mm + 0.3 * (far_mm - near_mm), far_mm)),
        yaw_deg=float(rng.normal(0, 5)),
        pitch_deg=float(rng.normal(0, 5)),
        roll_deg=roll if roll_deg is None else roll_deg,
        off_mm=(float(rng.normal(0, 12)), float(rng.normal(0, 10))),
        sway_mm=float(rng.uniform(1.0, 5.0)),
        sway_deg=float(rng.uniform(0.2, 0.9)),
        room=_room(rng, lux),
        lamps=None if code is None else Lamps(code=code, lux=lamp_lux, apart_mm=float(rng.uniform(140, 200))),
        lens=Lens(
            k1=float(rng.uniform(-0.05, 0.01)), vignetting=float(rng.uniform(0.05, 0.25)),
            blur_px=float(rng.uniform(0.35, 0.9)),
        ),
        shutter=_shutter(rng, lux),
        sensor=Sensor(
            well_e=float(np.exp(rng.uniform(np.log(8000), np.log(60000)))), read_e=float(rng.uniform(3, 9)),
            target=float(rng.uniform(0.16, 0.26)), jpeg_quality=int(rng.choice([0, 88, 94])) or None,
        ),
    )  # fmt: skip


def _room(rng: np.random.Generator, lux: float) -> Room:
    towards = np.array([rng.normal(0, 0.6), -abs(rng.normal(0.6, 0.4)), -abs(rng.normal(0.6, 0.3))])
    towards /= np.linalg.norm(towards)
    tint = TINTS_BGR[int(rng.integers(len(TINTS_BGR)))]
    mains = float(rng.choice([0.0, 0.04, 0.25], p=[0.5, 0.3, 0.2]))
    return Room(
        ambient_lux=lux, tint_bgr=tint, towards=tuple(towards.tolist()), direct=float(rng.uniform(0.15, 0.6)),
        flicker=mains, mains_hz=50.0,
    )  # fmt: skip


def _shutter(rng: np.random.Generator, lux: float) -> Shutter:
    dim = lux < 120
    exposure = float(rng.choice([0.030, 0.020] if dim else [0.020, 0.010]))
    return Shutter(readout_s=float(rng.uniform(0.010, 0.022)), exposure_s=exposure)

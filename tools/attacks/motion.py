"""How hands and heads move: sums of sines whose phases come from a seed, so any moment can be drawn alone.

A held camera sways slowly and trembles at 8–12 Hz (physiological tremor, Elble & Koller 1990); amplitudes fall with
frequency. A resting head drifts, and rocks with the breath.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

SWAY_HZ = (0.13, 0.31, 0.57, 0.93, 1.7, 3.1)
TREMOR_HZ = (8.2, 9.4, 10.7)


class Wander:
    """Smooth random motion along `axes` axes. sway, tremor: root mean square of the slow and of the fast part."""

    def __init__(self, rng: np.random.Generator, axes: int, *, sway: float, tremor: float = 0.0) -> None:
        self._hz = np.array(SWAY_HZ + TREMOR_HZ) * rng.uniform(0.85, 1.15, len(SWAY_HZ) + len(TREMOR_HZ))
        self._phase = rng.uniform(0, 2 * math.pi, (axes, len(self._hz)))
        slow = 1 / np.array(SWAY_HZ)
        fast = np.ones(len(TREMOR_HZ))
        self._amplitude = np.concatenate(
            [sway * slow / math.sqrt((slow**2).sum() / 2), tremor * fast / math.sqrt((fast**2).sum() / 2)]
        )

    def at(self, time_s: float) -> Vector:
        waves = np.sin(2 * math.pi * self._hz * time_s + self._phase)
        return np.asarray(waves @ self._amplitude)


def turning(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Matrix:
    """Rotation: yaw about y, then pitch about x, then roll about z (clockwise as seen by the camera)."""
    a, b, c = (math.radians(v) for v in (yaw_deg, pitch_deg, roll_deg))
    yaw = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    pitch = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    roll = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return np.asarray(roll @ pitch @ yaw)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """points → turn @ points + shift_mm."""

    turn: Matrix
    shift_mm: Vector

    def of(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(points @ self.turn.T.astype(np.float32) + self.shift_mm.astype(np.float32), np.float32)

    def after(self, first: Pose) -> Pose:
        """This pose applied after `first`."""
        return Pose(turn=self.turn @ first.turn, shift_mm=self.turn @ first.shift_mm + self.shift_mm)


class Hand:
    """What holds something: a pose near identity. sway_mm, sway_deg: root mean square of the slow part."""

    def __init__(self, rng: np.random.Generator, *, sway_mm: float, sway_deg: float) -> None:
        self._shift = Wander(rng, 3, sway=sway_mm, tremor=0.03 * sway_mm)
        self._turn = Wander(rng, 3, sway=sway_deg, tremor=0.06 * sway_deg)

    def at(self, time_s: float) -> Pose:
        yaw, pitch, roll = self._turn.at(time_s).tolist()
        return Pose(turn=turning(yaw, pitch, roll), shift_mm=self._shift.at(time_s))


class Breath:
    """A resting chest: one value, about -1..1, at `per_min` breaths a minute, uneven as breath is."""

    def __init__(self, rng: np.random.Generator, *, per_min: float) -> None:
        self._hz = per_min / 60
        self._phase = rng.uniform(0, 2 * math.pi)
        self._uneven = Wander(rng, 1, sway=0.35)

    def at(self, time_s: float) -> float:
        phase = 2 * math.pi * self._hz * time_s + self._phase + float(self._uneven.at(time_s)[0])
        return math.sin(phase) + 0.2 * math.sin(2 * phase)

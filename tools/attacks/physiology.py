"""A beating heart and blinking eyes, as functions of time drawn from a seed.

The beat has heart-rate variability (respiratory and slow parts, Task Force of the ESC 1996) and the shape of a
photoplethysmogram: a steep rise and a second, smaller wave. Skin pulses most in green (de Haan & Jeanne 2013).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Relative pulse strength in blue, green, red light, green 1 (de Haan & Jeanne 2013, RGB .33/.77/.53).
PULSE_BGR = np.array([0.53, 0.77, 0.33], np.float32) / np.float32(0.77)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    """bpm: mean rate. strength: amplitude of the green light's relative change, .005 is half a percent, 0 none.
    phases: of the two parts of the rate's variability. variability: their depth, share of the rate."""

    bpm: float
    strength: float
    phases: tuple[float, float, float] = (0.0, 0.0, 0.0)
    variability: float = 0.02

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, bpm: float, strength: float) -> Heart:
        a, b, c = rng.uniform(0, 2 * math.pi, 3).tolist()
        return cls(bpm=bpm, strength=strength, phases=(a, b, c), variability=float(rng.uniform(0.01, 0.03)))

    def wave(self, time_s: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Blood volume, about -1..1, at a time or at many."""
        t = np.asarray(time_s, np.float64)
        start, breath, slow = self.phases
        hz, depth = self.bpm / 60, self.variability
        # The phase is the integral of the rate, so the mean rate stays what it is called.
        phase = 2 * math.pi * hz * t + start
        phase = phase + hz * depth / 0.25 * np.sin(2 * math.pi * 0.25 * t + breath)
        phase = phase + hz * depth * 0.7 / 0.09 * np.sin(2 * math.pi * 0.09 * t + slow)
        return np.asarray(0.78 * np.sin(phase) + 0.30 * np.sin(2 * phase - 0.9) + 0.08 * np.sin(3 * phase - 1.6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lids:
    """When eyes shut. blinks_s: begins of blinks. shut_s: stretches (from, to) with eyes shut."""

    blinks_s: tuple[float, ...] = ()
    shut_s: tuple[tuple[float, float], ...] = ()
    closing_s: float = field(default=0.09)
    opening_s: float = field(default=0.17)

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, seconds: float, per_min: float = 14.0) -> Lids:
        """Blinks at irregular times, the gaps log-normal as they are in people at rest."""
        begins, at = [], float(rng.uniform(0.4, 2.5))
        while at < seconds:
            begins.append(at)
            at += float(np.clip(60 / per_min * rng.lognormal(-0.2, 0.6), 0.7, 12.0))
        return cls(blinks_s=tuple(begins))

    def closed(self, time_s: float) -> float:
        """0 open to 1 shut."""
        most = 0.0
        for begin_s in self.blinks_s:
            most = max(most, self._one(time_s - begin_s, 0.04))
        for begin_s, end_s in self.shut_s:
            most = max(most, self._one(time_s - begin_s, end_s - begin_s))
        return most

    def _one(self, since_s: float, held_s: float) -> float:
        if since_s <= 0:
            return 0.0
        if since_s < self.closing_s:
            return _eased(since_s / self.closing_s)
        since_s -= self.closing_s + held_s
        return 1.0 if since_s <= 0 else _eased(max(0.0, 1 - since_s / self.opening_s))


def _eased(x: float) -> float:
    return x * x * (3 - 2 * x)

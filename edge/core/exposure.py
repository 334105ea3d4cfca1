"""Exposure and gain for a capture window, planned once from the light that was measured, and then held.

A camera that goes on adjusting itself changes the colour of skin at the pace of a pulse, and answers the lamps' code
instead of the face. Rules: as much light as the automatics had found; exposures of whole half-periods of the mains,
because lamps flicker (10 ms at 50 Hz); the shortest of these that leaves the gain at FREE_GAIN or less, because a
hand moves; in low light the longest that the frame rate allows, and gain up to what the camera has.
"""

from __future__ import annotations

from dataclasses import dataclass

MAINS_HALF_PERIOD_US = 10_000
FREE_GAIN = 4.0
MOST_GAIN = 8.0
_READ_OUT = 0.95  # of the frame's duration at most is exposed
_AGREES = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """exposure_us, gain (1 and more). colour_gains: of red and blue against green; None where not known."""

    exposure_us: float
    gain: float
    colour_gains: tuple[float, float] | None = None

    @property
    def light(self) -> float:
        """How much of it is gathered, microseconds at gain 1."""
        return self.exposure_us * self.gain

    def agrees(self, other: Exposure) -> bool:
        """Whether a camera that was told one of these does the other."""
        pairs = [(self.exposure_us, other.exposure_us), (self.gain, other.gain)]
        if self.colour_gains and other.colour_gains:
            pairs += list(zip(self.colour_gains, other.colour_gains, strict=True))
        return all(abs(a - b) <= _AGREES * max(abs(a), abs(b)) for a, b in pairs)


def planned(metered: Exposure, *, frame_us: float, most_gain: float = MOST_GAIN) -> Exposure:
    """What to hold, from what the camera's automatics had settled on. frame_us: a frame's duration."""
    light = metered.light
    if light <= MAINS_HALF_PERIOD_US:
        return Exposure(exposure_us=light, gain=1.0, colour_gains=metered.colour_gains)
    most = max(1, int(_READ_OUT * frame_us // MAINS_HALF_PERIOD_US))
    # At gain below 1 a frame would be too bright: no longer than the light allows.
    fitting = [n for n in range(1, most + 1) if n * MAINS_HALF_PERIOD_US <= light]
    halves = next((n for n in fitting if light / (n * MAINS_HALF_PERIOD_US) <= FREE_GAIN), fitting[-1])
    exposure_us = float(halves * MAINS_HALF_PERIOD_US)
    gain = min(light / exposure_us, max(most_gain, 1.0))
    return Exposure(exposure_us=exposure_us, gain=gain, colour_gains=metered.colour_gains)

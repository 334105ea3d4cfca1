"""The pulse's signal in the colour of skin over time, and its spectrum.

POS: Wang, den Brinker, Stuijk & de Haan, "Algorithmic principles of remote PPG", IEEE TBME 2017. CHROM: de Haan &
Jeanne, "Robust pulse rate from chrominance-based rPPG", IEEE TBME 2013, whose signal-to-noise ratio is used too. PBV:
de Haan & van Leest, "Improved motion robustness of remote-PPG by using the blood volume pulse signature",
Physiological Measurement 2014: the mixture of colours that keeps the signature of blood and has the least of all
else, the sensor's noise included, which in dim light is what hides a beat. Trend removed after Tarvainen, Ranta-aho &
Karjalainen, IEEE TBME 2002. All work on T×3 colours at RATE_HZ, red first.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.core.sighting import Floats

RATE_HZ = 30.0
LOW_HZ, HIGH_HZ = 0.7, 3.0
_NOISE_FROM_HZ, _NOISE_TO_HZ = 0.6, 4.0
_WINDOW_S = 1.6
_SMOOTHNESS = 200.0  # at 30 Hz: takes away what is slower than about .35 Hz
_BINS = 4096
_NEAR_HZ, _NEAR_SECOND_HZ = 0.13, 0.2
# Between the bare sensor's of the paper, .33 .77 .53, and .21 .95 .22, which a real clip shows after its camera's own
# correction of colours: what is tuned to one of them misses the other.
_BLOOD_RGB = np.array([0.27, 0.88, 0.38])
# Keeps the mixture away from colours whose noise merely happens to cancel in so short a time.
_EVENNESS = 1e-3


def pos(rgb: Floats) -> Floats:
    """The pulse signal by the plane orthogonal to skin, overlap-added, trend removed, unit
    variance."""
    return _unit(detrended(pos_mean(rgb)))


def pos_mean(rgb: Floats) -> Floats:
    """The same in its own size: overlapping windows averaged, relative to the skin's colour."""
    length = round(_WINDOW_S * RATE_HZ)
    windows = np.lib.stride_tricks.sliding_window_view(rgb, length, axis=0)  # N×3×L
    normal = windows / np.maximum(windows.mean(axis=2, keepdims=True), 1e-6)
    first, second = normal[:, 1] - normal[:, 2], normal[:, 1] + normal[:, 2] - 2.0 * normal[:, 0]
    mixed = first + (first.std(axis=1) / np.maximum(second.std(axis=1), 1e-9))[:, None] * second
    mixed -= mixed.mean(axis=1, keepdims=True)
    summed, count = np.zeros(len(rgb)), np.zeros(len(rgb))
    for offset in range(length):
        summed[offset : offset + len(mixed)] += mixed[:, offset]
        count[offset : offset + len(mixed)] += 1.0
    return summed / np.maximum(count, 1.0)


def chrom(rgb: Floats) -> Floats:
    """The pulse signal by chrominance, half-overlapping Hann windows, trend removed, unit variance."""
    length = round(_WINDOW_S * RATE_HZ) // 2 * 2
    weight, signal = np.hanning(length), np.zeros(len(rgb))
    for start in range(0, len(rgb) - length + 1, length // 2):
        part = rgb[start : start + length]
        red, green, blue = (part / np.maximum(part.mean(axis=0), 1e-6) - 1.0).T
        first, second = 3.0 * red - 2.0 * green, 1.5 * red + green - 1.5 * blue
        signal[start : start + length] += weight * (first - first.std() / max(second.std(), 1e-9) * second)
    return _unit(detrended(signal))


def pbv(rgb: Floats) -> Floats:
    """The pulse signal by the signature of blood volume, unit variance."""
    relative = detrended(rgb / np.maximum(moving_mean(rgb), 1e-6) - 1.0)
    spectrum, hz = np.fft.rfft(relative, axis=0), np.fft.rfftfreq(len(rgb), 1.0 / RATE_HZ)
    spectrum[(hz < _NOISE_FROM_HZ) | (hz > _NOISE_TO_HZ)] = 0.0
    heard = np.fft.irfft(spectrum, len(rgb), axis=0)
    spread = heard.T @ heard / len(heard)
    even = _EVENNESS * max(float(np.trace(spread)), 1e-12) / 3.0 * np.eye(3)
    return _unit(heard @ np.linalg.solve(spread + even, _BLOOD_RGB))


def moving_mean(values: Floats) -> Floats:
    """Over the rows of a window around each, the ends carried on."""
    length = round(_WINDOW_S * RATE_HZ)
    padded = np.pad(values, ((length // 2, length - 1 - length // 2), (0, 0)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0)
    return np.asarray((sums[length:] - sums[:-length]) / length, np.float64)


def power(signal: Floats) -> Floats:
    """Power over frequency, 0 to RATE_HZ/2, in _BINS/2 + 1 bins."""
    spectrum = np.fft.rfft(signal * np.hanning(len(signal)), _BINS)
    return np.asarray(np.abs(spectrum) ** 2, np.float64)


def resampled(times_s: Floats, values: Floats, even_s: Floats) -> Floats:
    """T×P×3 at uneven times as P×T'×3 at even ones."""
    return np.array(
        [
            np.stack([np.interp(even_s, times_s, values[:, patch, channel]) for channel in range(3)], axis=1)
            for patch in range(values.shape[1])
        ]
    )


def detrended(signal: Floats) -> Floats:
    """T or T×n values without what is slower than a heart."""
    return signal - _trend_solver(len(signal)) @ signal


@lru_cache(maxsize=4)
def _trend_solver(length: int) -> NDArray[np.float64]:
    second = np.diff(np.eye(length), 2, axis=0)
    return np.asarray(np.linalg.inv(np.eye(length) + _SMOOTHNESS**2 * (second.T @ second)), np.float64)


def _unit(signal: Floats) -> Floats:
    return np.asarray((signal - signal.mean()) / max(float(signal.std()), 1e-12), np.float64)


_HZ = np.fft.rfftfreq(_BINS, 1.0 / RATE_HZ)
_BAND = (_HZ >= LOW_HZ) & (_HZ <= HIGH_HZ)
_HEARD = (_HZ >= LOW_HZ) & (_HZ <= _NOISE_TO_HZ)


def share(spectrum: Floats) -> Floats:
    """The spectrum with the power of the band that is heard as 1."""
    return spectrum / max(float(spectrum[_HEARD].sum()), 1e-12)


def peak_hz(spectrum: Floats) -> float:
    """Where it is highest, within the range of a heart."""
    return float(_HZ[_BAND][int(np.argmax(spectrum[_BAND]))])


def snr_db(spectrum: Floats, beat_hz: float) -> float:
    """Power at the beat and its first overtone over the rest of the band, decibels."""
    signal = (np.abs(_HZ - beat_hz) < _NEAR_HZ) | (np.abs(_HZ - 2 * beat_hz) < _NEAR_SECOND_HZ)
    own, rest = float(spectrum[_HEARD & signal].sum()), float(spectrum[_HEARD & ~signal].sum())
    return 10.0 * float(np.log10(max(own, 1e-12) / max(rest, 1e-12)))


def narrow(signal: Floats, beat_hz: float) -> Floats:
    """The signal without what is further than half an octave from the beat."""
    spectrum, hz = np.fft.rfft(signal), np.fft.rfftfreq(len(signal), 1.0 / RATE_HZ)
    spectrum[(hz < beat_hz / 1.4) | (hz > beat_hz * 1.4)] = 0.0
    return np.asarray(np.fft.irfft(spectrum, len(signal)), np.float64)


def correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-12 and b.std() > 1e-12 else 0.0

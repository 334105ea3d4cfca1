"""Pulse: the heart's beat in the colour of the skin (remote photoplethysmography).

POS: Wang, den Brinker, Stuijk & de Haan, "Algorithmic principles of remote PPG", IEEE TBME 2017. CHROM: de Haan &
Jeanne, "Robust pulse rate from chrominance-based rPPG", IEEE TBME 2013, whose signal-to-noise ratio is used too.
Trend removed after Tarvainen, Ranta-aho & Karjalainen, IEEE TBME 2002. What makes it a liveness cue (Liu et al., "3D
mask face anti-spoofing with remote photoplethysmography", ECCV 2016): forehead and both cheeks beat together, and
what is behind the head does not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.core.cues.result import PULSE, CueResult, Unable
from edge.core.sighting import Floats, Sightings

MIN_S = 6.0
RATE_HZ = 30.0
LOW_HZ, HIGH_HZ = 0.7, 3.0
_NOISE_TO_HZ = 4.0
_POS_WINDOW_S = 1.6
_SMOOTHNESS = 200.0  # at 30 Hz: takes away what is slower than about .35 Hz
_BINS = 4096
_NEAR_HZ, _NEAR_SECOND_HZ = 0.13, 0.2
# A camera's own noise makes no two frames alike; a codec that skips what hardly changed also skips the pulse
# (McDuff, Blackford & Estepp, "The impact of video compression on remote cardiac pulse measurement", 2017).
_STILL_SHARE_COMPRESSED = 0.3
# A head that turns carries other skin and other light through the patches, at the pace of a slow heart.
_TURN_MOST = 0.12
_SETTLING_S = 0.1  # an exposure, a read-out and a frame's delay after a lamp changed
_EDGE_DB = 4.0  # noise grows towards low frequencies, so that a peak at the band's end is worth less


def pulse_cue(sightings: Sightings) -> CueResult:
    """Whether the skin beats: signal-to-noise of the common beat, and how well the three patches agree on it."""
    times_s, skin = sightings.times_s, np.array([f.skin_rgb for f in sightings.frames], np.float64)
    if len(times_s) == 0:
        return CueResult.unable(PULSE, Unable.TOO_SHORT, seconds=0.0)
    whole = np.isfinite(skin).all(axis=(1, 2)) & _steady(times_s, sightings)
    if whole.sum() < 2 or times_s[whole][-1] - times_s[whole][0] < MIN_S:
        return CueResult.unable(PULSE, Unable.TOO_SHORT, seconds=sightings.seconds)
    times_s, skin = times_s[whole], skin[whole]
    seconds = float(times_s[-1] - times_s[0])
    frames_per_s = (len(times_s) - 1) / seconds
    if frames_per_s < 2.5 * HIGH_HZ:
        return CueResult.unable(PULSE, Unable.SLOW_FRAMES, frames_per_s=frames_per_s)
    if not 25.0 < float(np.median(skin[..., 1])) < 250.0:
        return CueResult.unable(PULSE, Unable.BAD_LIGHT, green=float(np.median(skin[..., 1])))
    even_s = np.arange(times_s[0], times_s[-1], 1.0 / RATE_HZ)
    patches = _resampled(times_s, skin, even_s)
    behind = np.array([f.behind_rgb for f in sightings.frames], np.float64)[whole]
    measured = measure_beat(patches, _resampled(times_s, behind[:, None], even_s)[0])
    measured |= {"seconds": seconds, "still_share": still_share(sightings), "turn": _turn(sightings)}
    return _judged(measured)


def _steady(times_s: Floats, sightings: Sightings) -> NDArray[np.bool_]:
    """The frames in which the lamps did not follow their code, which has the pace of a heart."""
    code = sightings.code
    if code is None:
        return np.ones(len(times_s), np.bool_)
    return np.asarray(times_s - sightings.begun_s > code.code_s + _SETTLING_S, np.bool_)


def measure_beat(patches: Floats, behind: Floats) -> dict[str, float]:
    """Figures of the beat in 3×T×3 patch colours and T×3 of the background, at RATE_HZ."""
    whole = [pos(patches.mean(axis=0)), chrom(patches.mean(axis=0))]
    each = [pos(p) for p in patches]
    spectra = [power(s) for s in (*whole, *each, pos(behind))]
    joint = spectra[0] / _total(spectra[0]) + spectra[1] / _total(spectra[1])
    beat_hz = _peak_hz(joint)
    spread = [abs(_peak_hz(s) - beat_hz) for s in spectra[2:5]]
    narrow = [_narrow(s, beat_hz) for s in each]
    agreement = min(_correlation(narrow[0], narrow[1]), _correlation(narrow[0], narrow[2]))
    return {
        "bpm": 60.0 * beat_hz,
        "snr_db": _snr_db(joint, beat_hz),
        "snr_pos_db": _snr_db(spectra[0], beat_hz),
        "snr_chrom_db": _snr_db(spectra[1], beat_hz),
        "snr_worst_patch_db": min(_snr_db(s, beat_hz) for s in spectra[2:5]),
        "spread_bpm": 60.0 * float(np.median(spread)),
        "phase_agreement": agreement,
        "snr_behind_db": _snr_db(spectra[5], beat_hz),
        "amplitude_percent": 100.0 * float(np.std(_narrow(pos_mean(patches.mean(axis=0)), beat_hz))),
    }


def pos(rgb: Floats) -> Floats:
    """The pulse signal of T×3 colours by the plane orthogonal to skin, overlap-added, trend removed, unit
    variance."""
    return _unit(_detrended(pos_mean(rgb)))


def pos_mean(rgb: Floats) -> Floats:
    """The same in its own size: overlapping windows averaged, relative to the skin's colour."""
    length = round(_POS_WINDOW_S * RATE_HZ)
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
    length = round(_POS_WINDOW_S * RATE_HZ) // 2 * 2
    weight, signal = np.hanning(length), np.zeros(len(rgb))
    for start in range(0, len(rgb) - length + 1, length // 2):
        part = rgb[start : start + length]
        red, green, blue = (part / np.maximum(part.mean(axis=0), 1e-6) - 1.0).T
        first, second = 3.0 * red - 2.0 * green, 1.5 * red + green - 1.5 * blue
        signal[start : start + length] += weight * (first - first.std() / max(second.std(), 1e-9) * second)
    return _unit(_detrended(signal))


def power(signal: Floats) -> Floats:
    """Power over frequency, 0 to RATE_HZ/2, in _BINS/2 + 1 bins."""
    spectrum = np.fft.rfft(signal * np.hanning(len(signal)), _BINS)
    return np.asarray(np.abs(spectrum) ** 2, np.float64)


def still_share(sightings: Sightings) -> float:
    """The share of a cheek's pixels that do not change at all from one frame to the next."""
    frames = sightings.frames
    pairs = [(frames[i - 1].crop, frames[i].crop) for i in range(1, len(frames), max(1, len(frames) // 24))]
    shares = []
    for before, after in pairs:
        side = after.shape[0]
        part = np.s_[side // 2 : 2 * side // 3, side // 3 : 2 * side // 3]
        shares.append(float(np.mean(before[part] == after[part])))
    return float(np.median(shares)) if shares else 0.0


def _judged(found: dict[str, float]) -> CueResult:
    if found["still_share"] > _STILL_SHARE_COMPRESSED and found["snr_db"] < 3.0:
        return CueResult.unable(PULSE, Unable.COMPRESSED, **found)
    if found["turn"] > _TURN_MOST:
        return CueResult.unable(PULSE, Unable.MOTION, **found)
    snr_db = found["snr_db"] - _EDGE_DB * (found["bpm"] < 60.0 * LOW_HZ + 3.0)
    agreement, spread_bpm = found["phase_agreement"], found["spread_bpm"]
    # Patches in step that have that pace each by itself are a heart, even in noise: chance gives one of the two.
    concord = min(max((agreement - 0.2) / 0.4, 0.0), 1.0) * float(np.exp(-spread_bpm / 3.0))
    evidence = 0.7 * (snr_db + 1.0) + 4.0 * (agreement - 0.35) - 0.05 * min(spread_bpm, 40.0) + 2.5 * concord
    score = 1.0 / (1.0 + float(np.exp(-np.clip(evidence, -30, 30))))
    confidence = min(1.0, found["seconds"] / 10.0)
    return CueResult(name=PULSE, score=score, confidence=confidence, details=found)


def _turn(sightings: Sightings) -> float:
    """How far the nose travelled between the cheeks and between brow and chin, in face widths: middle nine tenths."""
    points = np.array([f.points_px[[1, 234, 454, 10, 152], :2] for f in sightings.frames], np.float64)
    nose, across, down = points[:, 0], points[:, 2] - points[:, 1], points[:, 4] - points[:, 3]
    middle = points[:, 1:].mean(axis=1)
    travelled = [
        np.subtract(*np.quantile(((nose - middle) * axis).sum(axis=1) / (axis**2).sum(axis=1), [0.95, 0.05]))
        for axis in (across, down)
    ]
    return float(max(travelled))


def _resampled(times_s: Floats, values: Floats, even_s: Floats) -> Floats:
    """T×P×3 at uneven times as P×T'×3 at even ones."""
    return np.array([
        np.stack([np.interp(even_s, times_s, values[:, patch, channel]) for channel in range(3)], axis=1)
        for patch in range(values.shape[1])
    ])


def _detrended(signal: Floats) -> Floats:
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


def _total(spectrum: Floats) -> float:
    return max(float(spectrum[_HEARD].sum()), 1e-12)


def _peak_hz(spectrum: Floats) -> float:
    return float(_HZ[_BAND][int(np.argmax(spectrum[_BAND]))])


def _snr_db(spectrum: Floats, beat_hz: float) -> float:
    """Power at the beat and its first overtone over the rest of the band, decibels."""
    signal = (np.abs(_HZ - beat_hz) < _NEAR_HZ) | (np.abs(_HZ - 2 * beat_hz) < _NEAR_SECOND_HZ)
    own, rest = float(spectrum[_HEARD & signal].sum()), float(spectrum[_HEARD & ~signal].sum())
    return 10.0 * float(np.log10(max(own, 1e-12) / max(rest, 1e-12)))


def _narrow(signal: Floats, beat_hz: float) -> Floats:
    """The signal without what is further than half an octave from the beat."""
    spectrum, hz = np.fft.rfft(signal), np.fft.rfftfreq(len(signal), 1.0 / RATE_HZ)
    spectrum[(hz < beat_hz / 1.4) | (hz > beat_hz * 1.4)] = 0.0
    return np.asarray(np.fft.irfft(spectrum, len(signal)), np.float64)


def _correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-12 and b.std() > 1e-12 else 0.0

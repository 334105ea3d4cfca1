"""Pulse: the heart's beat in the colour of the skin (remote photoplethysmography).

It is read off the colours in two ways (edge/core/cues/pulse_signals.py), of which the better counts. What makes it a
liveness cue (Liu et al., "3D mask face anti-spoofing with remote photoplethysmography", ECCV 2016): forehead and both
cheeks beat in step, each at that pace by itself. Noise has a strongest frequency too, and a screen that flickers a
strong one, but neither has these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.core.cues.patch_motion import patch_places, stilled
from edge.core.cues.pulse_signals import (
    HIGH_HZ,
    LOW_HZ,
    RATE_HZ,
    chrom,
    correlation,
    narrow,
    pbv,
    peak_hz,
    pos,
    pos_mean,
    power,
    resampled,
    share,
    snr_db,
)
from edge.core.cues.result import PULSE, CueResult, Unable
from edge.core.sighting import Floats, Sightings

MIN_S = 6.0
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
    followed = [f for f, w in zip(sightings.frames, whole, strict=True) if w]
    patches = stilled(resampled(times_s, skin, even_s), resampled(times_s, patch_places(followed), even_s))
    behind = np.array([f.behind_rgb for f in sightings.frames], np.float64)[whole]
    measured = measure_beat(patches, resampled(times_s, behind[:, None], even_s)[0])
    measured |= {"seconds": seconds, "still_share": still_share(sightings), "turn": _turn(sightings)}
    return _judged(measured)


def _steady(times_s: Floats, sightings: Sightings) -> NDArray[np.bool_]:
    """The frames in which the lamps did not follow their code, which has the pace of a heart."""
    code = sightings.code
    if code is None:
        return np.ones(len(times_s), np.bool_)
    return np.asarray(times_s - sightings.begun_s > code.code_s + _SETTLING_S, np.bool_)


def measure_beat(patches: Floats, behind: Floats) -> dict[str, float]:
    """Figures of the beat in 3×T×3 patch colours and T×3 of the background, at RATE_HZ: of the reading that speaks
    more for a heart. by_blood: 1 where that is the one by the blood's signature, 0 where by POS and CHROM."""
    skin = patches.mean(axis=0)
    plain = _reading([pos(skin), chrom(skin)], [pos(patch) for patch in patches])
    blood = _reading([pbv(skin)], [pbv(patch) for patch in patches])
    best = blood if blood["evidence"] > plain["evidence"] else plain
    beat_hz = best["bpm"] / 60.0
    return best | {
        "by_blood": float(best is blood),
        "snr_behind_db": snr_db(power(pos(behind)), beat_hz),
        "amplitude_percent": 100.0 * float(np.std(narrow(pos_mean(skin), beat_hz))),
    }


def _reading(whole: Sequence[Floats], each: Sequence[Floats]) -> dict[str, float]:
    """Rate, strength and concord of a beat. whole: the signals of all the skin; each: of forehead, right and left."""
    joint = np.sum([share(power(signal)) for signal in whole], axis=0)
    beat_hz = peak_hz(joint)
    spectra = [power(signal) for signal in each]
    forehead, right, left = (narrow(signal, beat_hz) for signal in each)
    found = {
        "bpm": 60.0 * beat_hz,
        "snr_db": snr_db(joint, beat_hz),
        "snr_worst_patch_db": min(snr_db(spectrum, beat_hz) for spectrum in spectra),
        "spread_bpm": 60.0 * float(np.median([abs(peak_hz(spectrum) - beat_hz) for spectrum in spectra])),
        "phase_agreement": min(correlation(forehead, right), correlation(forehead, left)),
    }
    return found | {"evidence": _evidence(found)}


def _evidence(found: dict[str, float]) -> float:
    """Log odds of skin that beats against noise: by logistic regression on rendered windows, leaning to noise."""
    strength_db = found["snr_db"] - _EDGE_DB * (found["bpm"] < 60.0 * LOW_HZ + 3.0)
    alike = float(np.exp(-found["spread_bpm"] / 3.0))
    return 0.28 * float(np.clip(strength_db, -6.0, 6.0)) + 4.75 * found["phase_agreement"] + 3.3 * alike - 3.4


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
    score = 1.0 / (1.0 + float(np.exp(-np.clip(found["evidence"], -30, 30))))
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

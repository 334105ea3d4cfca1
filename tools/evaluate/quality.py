"""Whether the quality profile predicts comparisons that fail: error against reject, on pictures degraded as at a bed.

The first picture of each listed same-person pair is the reference as it is, the second is degraded in every way of
tools/evaluate/degrade.py and compared. A comparison fails below the policy's accept threshold. Error versus reject:
of the probes, the worst by quality are put aside, and the error is that of the rest (Grother & Tabassi, TPAMI 2007;
ISO/IEC 29794-1). People are parted in two halves by name: the profile is fitted on the one, reported on the other.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.capture.opencv_sources import read_picture
from edge.core.bedside import TERMS, WEIGHTS, failure_log_odds, terms
from edge.core.errors import CameraError, InputError
from edge.core.face import Frame
from edge.core.quality import Quality
from tools.evaluate.degrade import DEGRADATIONS, drawn
from tools.evaluate.low_light import DarkProbe, dark_probes, low_light_report
from tools.evaluate.metrics import auc, wilson
from tools.evaluate.pictures import read_table
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

REJECT = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
_RIDGE = 1.0
_DARK_EVERY = 3


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison. cosine, quality: None where no face was found. fitting: of the half that the fit may see."""

    degradation: str
    fitting: bool
    cosine: float | None
    quality: Quality | None
    usable: bool


def measure_quality(
    rig: Rig, pairs_csv: Path, folder: Path, *, limit: int | None, track: Track, fit: bool
) -> dict[str, Any]:
    """The whole report; `_probes` and `_accept` for the plot. limit: of same-person pairs."""
    rows = [r for r in read_table(pairs_csv, ("same_person", "image_a", "image_b")) if r["same_person"] == "1"]
    probes: list[Probe] = []
    dark: list[DarkProbe] = []
    for number, row in enumerate(track(rows[:limit], "pairs", len(rows[:limit]))):
        probes += _compared(rig, folder, row["image_a"], row["image_b"], dark if number % _DARK_EVERY == 0 else None)
    if not probes:
        raise InputError(f"{pairs_csv}: no same-person pair whose reference shows a face")
    accept = rig.policy.comparison.accept
    weights = fitted(probes, accept) if fit else WEIGHTS
    ways = merits(weights)
    judged = [p for p in probes if not p.fitting and p.quality]
    return {
        "pairs": len(rows[:limit]), "probes": len(probes), "accept": accept,
        "no_face": sum(p.quality is None for p in probes),
        "judged_on": f"{len(judged)} probes of the half of the people that no fit has seen",
        "by_degradation": _by_degradation(probes, accept),
        "fnmr_at_reject": {name: _curve(judged, merit, accept) for name, merit in ways.items()},
        "auc_of_failure": {name: _auc(judged, merit, accept) for name, merit in ways.items()},
        "low_light": low_light_report(dark, accept),
        **({"weights": {k: round(v, 2) for k, v in weights.items()}} if fit else {}),
        "_probes": judged, "_weights": weights,
    }  # fmt: skip


def _compared(rig: Rig, folder: Path, reference: str, probe: str, dark: list[DarkProbe] | None) -> list[Probe]:
    try:
        pictures = [read_picture(folder / name) for name in (reference, probe)]
    except CameraError:
        return []
    seen = [rig.perceiver.look_at_still(Frame(bgr=p, captured_s=0.0)).face for p in pictures]
    if seen[0] is None or seen[1] is None:
        return []
    own = rig.embed(Frame(bgr=pictures[0], captured_s=0.0), seen[0]).vector
    fitting = zlib.crc32(reference.rpartition("_")[0].encode()) % 2 == 0
    points, seed = seen[1].mesh.points_px, zlib.crc32(probe.encode())
    if dark is not None:
        dark += dark_probes(rig, pictures[1], points, own, seed)
    found = []
    for name in DEGRADATIONS:
        picture = drawn(name, pictures[1], points, seed)
        frame = Frame(bgr=picture, captured_s=0.0)
        observation = rig.perceiver.look_at_still(frame)
        face = observation.face
        found.append(Probe(
            degradation=name, fitting=fitting, quality=observation.quality, usable=observation.hint is None,
            cosine=float(rig.embed(frame, face).vector @ own) if face else None,
        ))  # fmt: skip
    return found


def _by_degradation(probes: list[Probe], accept: float) -> dict[str, dict[str, Any]]:
    rows = {}
    for name in dict.fromkeys(p.degradation for p in probes):
        own = [p for p in probes if p.degradation == name]
        seen = [p for p in own if p.cosine is not None]
        failed = sum(_failed(p, accept) for p in seen)
        rows[name] = {
            "fnmr": failed / max(len(seen), 1), "ci": wilson(failed, len(seen)), "no_face": len(own) - len(seen),
            "put_aside_by_the_limits": sum(not p.usable for p in seen) / max(len(seen), 1),
        }  # fmt: skip
    return rows


def _failed(probe: Probe, accept: float) -> bool:
    return probe.cosine is None or probe.cosine < accept


def merits(weights: dict[str, float]) -> dict[str, Any]:
    """Ways to say how good a probe is, higher is better."""
    return {
        "profile": lambda q: -failure_log_odds(q) if weights is WEIGHTS else -_dot(weights, q),
        "sharp and frontal": _sharp_and_frontal,
        "sharpness": lambda q: q.sharpness,
        "brightness": lambda q: q.brightness,
        "eye distance": lambda q: q.eye_distance_px,
        "presence": lambda q: q.presence,
    }


def _sharp_and_frontal(quality: Quality) -> float:
    """By rule, as frames were chosen before there was a profile."""
    yaw, pitch = (np.radians(min(abs(v), 90.0)) for v in (quality.yaw_deg, quality.pitch_deg))
    whole = quality.presence * quality.inside
    return float(np.log1p(quality.sharpness) * np.cos(yaw) * np.cos(pitch) * whole)


def _dot(weights: dict[str, float], quality: Quality) -> float:
    return sum(weights[name] * value for name, value in terms(quality).items())


def _curve(probes: list[Probe], merit: Any, accept: float) -> dict[str, float]:
    """The share of failed comparisons among what is left when the worst are put aside."""
    failed = ordered_failures(probes, merit, accept)
    return {f"{share:.0%}": float(failed[round(share * len(failed)) :].mean()) for share in REJECT}


def ordered_failures(probes: list[Probe], merit: Any, accept: float) -> NDArray[np.float64]:
    """1 for each comparison that failed, the worst probe first; chance decides among equals."""
    ranks = np.array([merit(p.quality) for p in probes])
    order = np.lexsort([np.random.default_rng(0).random(len(ranks)), ranks])
    return np.array([_failed(probes[i], accept) for i in order], np.float64)


def _auc(probes: list[Probe], merit: Any, accept: float) -> float:
    failed = np.array([_failed(p, accept) for p in probes])
    ranks = np.array([merit(p.quality) for p in probes])
    return auc(ranks[~failed], ranks[failed]) if failed.any() and not failed.all() else float("nan")


def fitted(probes: list[Probe], accept: float) -> dict[str, float]:
    """The weights of edge/core/bedside.py, by ridge-penalised logistic regression; none rewards a worse measure."""
    some = [p for p in probes if p.fitting and p.quality]
    inputs = np.array([[terms(p.quality)[name] for name in TERMS] for p in some if p.quality])
    failed = np.array([_failed(p, accept) for p in some], np.float64)
    free, weights = np.ones(len(TERMS), bool), np.zeros(len(TERMS))
    for _ in range(len(TERMS)):
        weights = np.zeros(len(TERMS))
        weights[free] = _newton(inputs[:, free], failed)
        wrong = free & (weights < 0) & (np.arange(len(TERMS)) > 0)
        if not wrong.any():
            break
        free &= ~wrong
    return dict(zip(TERMS, weights.tolist(), strict=True))


def _newton(inputs: NDArray[np.float64], failed: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.zeros(inputs.shape[1])
    penalty = _RIDGE * np.eye(inputs.shape[1])
    penalty[0, 0] = 0.0
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (failed - chance) - penalty @ weights
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + penalty
        weights = weights + np.linalg.solve(bend, slope)
    return weights

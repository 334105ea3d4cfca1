"""How well flesh is told from pictures of it, on single labelled pictures, in the terms of ISO/IEC 30107-3.

BPCER: share of bona fide pictures below the policy's accept threshold. APCER: share of a species' attacks at or
above it. A picture without a face gives no score: it is counted as non-response, and in neither rate.
A visit judges the median over seconds (edge/core/cues/texture.py), so single pictures are the harder test.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.core.errors import InputError
from tools.evaluate.metrics import Interval, auc, equal_error, percentile_interval, wilson
from tools.evaluate.pictures import Tally, read_table, sights
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig
from tools.evaluate.weakened import measure_weakened

LIVE = "live"
Floats = NDArray[np.float64]


def measure_liveness(rig: Rig, labels_csv: Path, folder: Path, *, limit: int | None, track: Track) -> dict[str, Any]:
    """The whole report; keys as in docs/measurements.md, and `_scores` by label for a plot."""
    rows = _spread(read_table(labels_csv, ("image", "label", "subject")), limit)
    tally = Tally()
    scores: dict[str, list[tuple[float, str]]] = {row["label"]: [] for row in rows}
    silent: dict[str, int] = defaultdict(int)
    faulted: dict[str, int] = defaultdict(int)
    seen = sights(rig, folder, [row["image"] for row in rows], tally)
    for row, sight in zip(rows, track(seen, "liveness", len(rows)), strict=True):
        if sight is None:
            silent[row["label"]] += 1
            continue
        faulted[row["label"]] += sight.observation.hint is not None
        value = rig.nets.liveness.live_probability(sight.frame, sight.face.region)
        scores[row["label"]].append((value, row["subject"]))
    if LIVE not in scores or len(scores) < 2 or not all(scores.values()):
        counts = {label: len(values) for label, values in scores.items()}
        raise InputError(f"{labels_csv}: needs faces under `{LIVE}` and every attack species, got {counts}")
    report = _rates({k: np.array([v for v, _ in vs]) for k, vs in scores.items()}, rig.policy.liveness.accept)
    report["ci"]["auc"] = _auc_interval(scores)
    return {**tally.as_dict(), **report, "subjects": len({row["subject"] for row in rows}),
            "non_response": {label: silent[label] for label in scores},
            "not_usable_as_probe": {label: faulted[label] for label in scores},
            "_scores": {k: [v for v, _ in vs] for k, vs in scores.items()}}  # fmt: skip


def measure_degraded(rig: Rig, labels_csv: Path, folder: Path, *, limit: int | None, track: Track) -> dict[str, Any]:
    """The same pictures degraded in every way of tools/evaluate/degrade.py, by the name of the degradation."""
    rows = _spread(read_table(labels_csv, ("image", "label", "subject")), limit)
    tally = Tally()
    seen = track(sights(rig, folder, [row["image"] for row in rows], tally), "degraded", len(rows))
    found = measure_weakened(rig, zip((row["label"] for row in rows), seen, strict=True), live=LIVE)
    return {"images": tally.images, "threshold": rig.policy.liveness.accept, **found}


def _spread(rows: list[dict[str, str]], limit: int | None) -> list[dict[str, str]]:
    """At most `limit` rows, evenly over the list, so that no label or subject is cut off."""
    if limit is None or limit >= len(rows):
        return rows
    return [rows[i * len(rows) // limit] for i in range(limit)]


def _rates(scores: dict[str, Floats], accept: float) -> dict[str, Any]:
    live = scores[LIVE]
    attacks = {label: values for label, values in scores.items() if label != LIVE}
    together = np.concatenate(list(attacks.values()))
    eer, eer_threshold = equal_error(live, together)
    apcer = {label: float(np.mean(values >= accept)) for label, values in attacks.items()}
    apcer = dict(sorted(apcer.items(), key=lambda item: -item[1]))  # the worst species first
    return {
        "auc": auc(live, together),
        "eer": eer,
        "eer_threshold": eer_threshold,
        "threshold": accept,
        "bpcer": float(np.mean(live < accept)),
        "apcer": apcer,
        "apcer_worst": max(apcer.values()),
        "live": int(live.size),
        "attacks": {label: int(values.size) for label, values in attacks.items()},
        "quantiles": {k: np.quantile(v, [0, 0.01, 0.05, 0.5, 0.95, 0.99, 1]).tolist() for k, v in scores.items()},
        "ci": {
            "bpcer": wilson(int(np.sum(live < accept)), live.size),
            "apcer": {k: wilson(int(np.sum(v >= accept)), v.size) for k, v in attacks.items()},
        },
        "ci_method": "95 %: Wilson, which takes pictures as independent, so with few subjects the truth is wider; "
        "bootstrap over subjects for the AUC",
    }


def _auc_interval(scores: dict[str, list[tuple[float, str]]], replicates: int = 300) -> Interval:
    random = np.random.default_rng(0)
    live: dict[str, list[float]] = defaultdict(list)
    attack: dict[str, list[float]] = defaultdict(list)
    for label, values in scores.items():
        for value, subject in values:
            (live if label == LIVE else attack)[subject].append(value)
    subjects, found = sorted({*live, *attack}), []
    for _ in range(replicates):
        drawn = [subjects[i] for i in random.integers(0, len(subjects), len(subjects))]
        living = [v for s in drawn for v in live[s]]
        attacking = [v for s in drawn for v in attack[s]]
        if living and attacking:
            found.append(auc(np.array(living), np.array(attacking)))
    return percentile_interval(np.array(found)) if found else Interval(low=0.0, high=1.0)

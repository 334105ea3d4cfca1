"""How well faces are told apart: LFW's accuracy on listed pairs, and TAR at fixed FAR over all pairs.

Accuracy: ten folds, each judged at the threshold best on the other nine. TAR: all same-person pairs of all
pictures; FAR: all pictures of different people against one another. A picture without a face is a miss for its
same-person pairs and cannot be an impostor.
"""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.core.errors import InputError
from edge.core.policy import Policy
from tools.evaluate.all_pairs import AtRate, PairScores, at_rate, identities, joined, score_all
from tools.evaluate.metrics import Scores, auc, fold_accuracy, wilson
from tools.evaluate.pictures import Tally, read_table, sights
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

RATES = ("1e-2", "1e-3", "1e-4")
_LFW_NAME = re.compile(r"(.+)_\d{4}\.\w+")


def measure_matching(rig: Rig, pairs_csv: Path, folder: Path, *, limit: int | None, track: Track) -> dict[str, Any]:
    """The whole report; keys as in docs/measurements.md, and `_curve` with the scores for a plot."""
    rows = read_table(pairs_csv, ("same_person", "image_a", "image_b"))[:limit]
    same = np.array([row["same_person"].lower() in ("1", "true", "yes") for row in rows], bool)
    if not same.any() or same.all():
        raise InputError(f"{pairs_csv} needs pairs of one person and pairs of two, in its first {len(rows)}")
    names = list(dict.fromkeys(row[c] for row in rows for c in ("image_a", "image_b")))
    tally, vectors = Tally(), {}
    for sight in track(sights(rig, folder, names, tally), "faces", len(names)):
        if sight is not None:
            vectors[sight.name] = rig.embed(sight.frame, sight.face).vector
    if len(vectors) < 2:
        raise InputError(f"{folder}: faces in {len(vectors)} of {len(names)} pictures")
    scores = np.array([_cosine(vectors, row["image_a"], row["image_b"]) for row in rows])
    person, rule = _people(names, [(r["image_a"], r["image_b"]) for r, s in zip(rows, same, strict=True) if s])
    kept = [i for i, name in enumerate(names) if name in vectors]
    pairs = score_all(np.stack([vectors[names[i]] for i in kept]), person[kept], tail_rate=0.02)
    missed = _pair_count(person) - _pair_count(person[kept])
    at = {rate: at_rate(pairs, float(rate), missed=missed) for rate in RATES}
    return {
        **tally.as_dict(),
        **_accuracy(scores, same),
        **_rates(at, pairs, missed),
        "at_policy": {name: _at(pairs, threshold, missed) for name, threshold in _thresholds(rig.policy).items()},
        "identity_rule": rule,
        "_curve": (pairs.genuine, pairs.tail, pairs.impostors),
    }


def _thresholds(policy: Policy) -> dict[str, float]:
    """Every cosine by which the policy tells faces apart."""
    return {
        "accept": policy.comparison.accept,
        "review": policy.comparison.review,
        "own_face": policy.own_face.match_at,
        "continuity_accept": policy.continuity.accept,
        "continuity_review": policy.continuity.review,
    }


def _at(pairs: PairScores, threshold: float, missed: int) -> dict[str, float | None]:
    """TAR and FAR at a threshold; FAR is None where it lies below the scores that were kept."""
    kept = pairs.tail.size == pairs.impostors or (pairs.tail.size and pairs.tail[-1] < threshold)
    passed = int(np.count_nonzero(pairs.tail >= threshold))
    return {
        "threshold": threshold,
        "tar": int(np.count_nonzero(pairs.genuine >= threshold)) / max(pairs.genuine.size + missed, 1),
        "far": passed / max(pairs.impostors, 1) if kept else None,
    }


def _cosine(vectors: dict[str, NDArray[np.float32]], a: str, b: str) -> float:
    return float(vectors[a] @ vectors[b]) if a in vectors and b in vectors else -1.0


def _people(names: list[str], same_person: list[tuple[str, str]]) -> tuple[NDArray[np.int64], str]:
    if all(_LFW_NAME.fullmatch(Path(name).name) for name in names):
        return identities(names, _name_before_number), "the name before the last _NNNN"
    stands_for = joined(names, same_person)
    return identities(
        names, stands_for.get
    ), "same-person pairs joined; unlisted same-person pairs count as impostors"


def _name_before_number(name: str) -> str | None:
    found = _LFW_NAME.fullmatch(Path(name).name)
    return found.group(1) if found else None


def _pair_count(person: NDArray[np.int64]) -> int:
    people = np.bincount(person)
    return int((people * (people - 1) // 2).sum())


def _accuracy(scores: Scores, same: NDArray[np.bool_]) -> dict[str, Any]:
    right, thresholds = fold_accuracy(scores, same)
    return {
        "pairs": len(scores),
        "accuracy": float(right.mean()),
        "accuracy_threshold": median(thresholds),
        "accuracy_interval": wilson(int(right.sum()), right.size),
        "accuracy_method": "10 folds, threshold from the other nine",
        "auc_listed_pairs": auc(scores[same], scores[~same]),
    }


def _rates(at: dict[str, AtRate], pairs: PairScores, missed: int) -> dict[str, Any]:
    return {
        "tar": {rate: found.tar for rate, found in at.items()},
        "threshold": {rate: found.threshold for rate, found in at.items()},
        "ci": {rate: found.interval for rate, found in at.items()},
        "ci_method": "95 %: Wilson for accuracy; bootstrap over identities (500 draws) for TAR at FAR",
        "identities": int(np.count_nonzero(pairs.people)),
        "genuine_pairs": int(pairs.genuine.size) + missed,
        "genuine_pairs_missed": missed,
        "impostor_pairs": pairs.impostors,
    }

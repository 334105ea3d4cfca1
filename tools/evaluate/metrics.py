"""Error rates, curves and intervals: the arithmetic of a biometric evaluation, on arrays, without pictures.

Scores are higher for what is to be accepted; a score is accepted when it is at least the threshold.
Sources: ISO/IEC 19795-1 (false match and non-match rates), ISO/IEC 30107-3 (APCER, BPCER), Wilson (1927)
for the interval of a share, Mann & Whitney (1947) for the area under the curve.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
_Z95 = 1.959963984540054


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A 95 % confidence interval."""

    low: float
    high: float


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Error rates at every threshold worth trying, ascending: `false_accept` falls, `false_reject` rises."""

    threshold: Scores
    false_accept: Scores
    false_reject: Scores


def wilson(successes: int, trials: int) -> Interval:
    """The Wilson score interval of a share; 0..1 when nothing was tried. Trials are taken as independent."""
    if not 0 <= successes <= trials:
        raise ValueError(f"expected 0 <= successes <= trials, got {successes} of {trials}")
    if trials == 0:
        return Interval(low=0.0, high=1.0)
    share, square = successes / trials, _Z95 * _Z95
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    spread = _Z95 / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - spread)
    return Interval(low=low, high=1.0 if successes == trials else min(1.0, middle + spread))


def curve(genuine: Scores, impostor: Scores) -> Curve:
    """False accept and false reject rates at each score that occurs, and above the highest."""
    genuine, impostor = np.sort(_filled(genuine, "genuine")), np.sort(_filled(impostor, "impostor"))
    values = np.unique(np.concatenate([genuine, impostor]))
    threshold = np.append(values, np.nextafter(values[-1], np.inf))
    return Curve(
        threshold=threshold,
        false_accept=1.0 - np.searchsorted(impostor, threshold, side="left") / impostor.size,
        false_reject=np.searchsorted(genuine, threshold, side="left") / genuine.size,
    )


def auc(genuine: Scores, impostor: Scores) -> float:
    """The chance that a genuine score is above an impostor's; a tie counts half."""
    genuine, impostor = _filled(genuine, "genuine"), np.sort(_filled(impostor, "impostor"))
    below = np.searchsorted(impostor, genuine, side="left").astype(np.float64)
    not_above = np.searchsorted(impostor, genuine, side="right")
    return float((below + not_above).mean() / (2.0 * impostor.size))


def equal_error(genuine: Scores, impostor: Scores) -> tuple[float, float]:
    """The equal error rate and its threshold: the point where the two rates are nearest, their mean taken there."""
    errors = curve(genuine, impostor)
    nearest = int(np.argmin(np.abs(errors.false_accept - errors.false_reject)))
    rate = (errors.false_accept[nearest] + errors.false_reject[nearest]) / 2
    return float(rate), float(errors.threshold[nearest])


def threshold_at(tail: Scores, trials: int, rate: float) -> float:
    """The lowest threshold that lets through at most `rate` of `trials` impostors.

    tail: the highest impostor scores, any order; at least floor(rate·trials)+1 of them, or all there are.
    """
    allowed = math.floor(rate * trials + 1e-9)
    if tail.size <= allowed:
        if tail.size < trials:
            raise ValueError(f"expected {allowed + 1} impostor scores or more, got {tail.size} of {trials}")
        return -1.0
    first_refused = np.partition(tail, tail.size - allowed - 1)[tail.size - allowed - 1]
    return float(np.nextafter(np.asarray(first_refused, tail.dtype), np.asarray(np.inf, tail.dtype)))


def accept_rate(scores: Scores, threshold: float) -> float:
    """The share of scores at or over the threshold; not a number without scores."""
    return float(np.mean(scores >= threshold)) if scores.size else math.nan


def best_threshold(scores: Scores, same: NDArray[np.bool_]) -> float:
    """The threshold with the fewest errors on these labelled pairs: midway between two scores, and where several
    places are equally good, at the middle one of them."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], same[order]
    # Accepting the first k pairs: k = 0 .. n, allowed only where the scores on both sides differ.
    correct = np.concatenate([[0], np.cumsum(hits)]) + (~hits).sum() - np.concatenate([[0], np.cumsum(~hits)])
    cut = np.concatenate([[True], ranked[1:] < ranked[:-1], [True]])
    equally_good = np.flatnonzero(cut & (correct == correct[cut].max()))
    best = int(equally_good[len(equally_good) // 2])
    above = ranked[best - 1] if best else ranked[0] + 1.0
    below = ranked[best] if best < ranked.size else ranked[-1] - 1.0
    return float((above + below) / 2)


def fold_accuracy(scores: Scores, same: NDArray[np.bool_], folds: int = 10) -> tuple[NDArray[np.bool_], list[float]]:
    """LFW's procedure: each fold is judged at the threshold that is best on the others.

    Fold k is the k-th part of the same-person pairs and the k-th part of the others, in the order given: on LFW's
    full list these are its own folds. Gives which pairs were judged rightly, and the thresholds.
    """
    fold = np.empty(scores.size, np.int64)
    for label in (True, False):
        places = np.flatnonzero(same == label)
        fold[places] = np.arange(places.size) * folds // max(places.size, 1)
    right, thresholds = np.zeros(scores.size, bool), []
    for number in range(folds):
        held_out = fold == number
        if held_out.all():
            raise ValueError("too few pairs to choose a threshold on other folds")
        thresholds.append(best_threshold(scores[~held_out], same[~held_out]))
        right[held_out] = (scores[held_out] >= thresholds[-1]) == same[held_out]
    return right, thresholds


def percentile_interval(values: Scores) -> Interval:
    """The middle 95 % of bootstrap replicates."""
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(low=float(low), high=float(high))


def _filled(scores: Scores, name: str) -> Scores:
    if scores.size == 0 or not np.isfinite(scores).all():
        raise ValueError(f"{name}: expected finite scores, got {scores.size} of which some are missing")
    return scores

"""Every picture against every other: same-person scores, the highest impostor scores, and their uncertainty.

Scores come from blocked matrix products, so that memory does not grow with the square of the pictures. Intervals
resample identities, not pairs (Bolle, Ratha & Pankanti, CVIU 2004): pairs that share a person are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tools.evaluate.metrics import Interval, Scores, accept_rate, percentile_interval, threshold_at

BLOCK = 512


class PairScores(msgspec.Struct, frozen=True, kw_only=True):
    """people: pictures per identity. genuine, genuine_of: scores of all same-person pairs and whose they are.
    tail, tail_of: the highest impostor scores, descending, and the two identities of each. impostors: all of them."""

    people: NDArray[np.int64]
    genuine: Scores
    genuine_of: NDArray[np.int64]
    tail: Scores
    tail_of: NDArray[np.int64]
    impostors: int


class AtRate(msgspec.Struct, frozen=True, kw_only=True):
    """Genuine pairs accepted at a false accept rate, and the threshold that gives it."""

    tar: float
    threshold: float
    interval: Interval


def identities(names: Sequence[str], name_of: Callable[[str], str | None]) -> NDArray[np.int64]:
    """A number per picture, the same for pictures of one person, in order of appearance."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name_of(name) or name, len(numbers)) for name in names], np.int64)


def joined(names: Sequence[str], same_person: Sequence[tuple[str, str]]) -> dict[str, str]:
    """For each picture one that stands for its person: all that same-person pairs link, directly or not."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in same_person:
        parent[root(a)] = root(b)
    return {name: root(name) for name in names}


def score_all(vectors: NDArray[np.float32], person: NDArray[np.int64], *, tail_rate: float) -> PairScores:
    """All pairs of unit vectors (N×D); of the impostors the highest `tail_rate` share and one more are kept."""
    people = np.bincount(person)
    genuine_pairs = int((people * (people - 1) // 2).sum())
    impostors = len(person) * (len(person) - 1) // 2 - genuine_pairs
    keep = min(impostors, int(tail_rate * impostors) + 2)
    genuine, genuine_of = [np.empty(0, np.float32)], [np.empty(0, np.int64)]
    tail, tail_of = np.empty(0, np.float32), np.empty((0, 2), np.int64)
    for start in range(0, len(person), BLOCK):
        rows = person[start : start + BLOCK]
        scores = vectors[start : start + BLOCK] @ vectors[start:].T
        later = np.arange(scores.shape[1])[None, :] > np.arange(len(rows))[:, None]
        same = rows[:, None] == person[None, start:]
        genuine.append(scores[later & same])
        genuine_of.append(np.broadcast_to(rows[:, None], same.shape)[later & same])
        floor = tail.min() if 0 < keep <= tail.size else -np.inf
        row, column = np.nonzero(later & ~same & (scores >= floor))
        tail = np.concatenate([tail, scores[row, column]])
        tail_of = np.concatenate([tail_of, np.stack([rows[row], person[start + column]], axis=1)])
        if tail.size > keep:
            best = np.argpartition(-tail, keep - 1)[:keep]
            tail, tail_of = tail[best], tail_of[best]
    order = np.argsort(-tail, kind="stable")
    return PairScores(
        people=people, genuine=np.concatenate(genuine), genuine_of=np.concatenate(genuine_of),
        tail=tail[order], tail_of=tail_of[order], impostors=impostors,
    )  # fmt: skip


def at_rate(pairs: PairScores, rate: float, *, missed: int, replicates: int = 500, seed: int = 0) -> AtRate:
    """Genuine accept rate at a false accept rate, with its bootstrap interval.

    missed: same-person pairs of which one picture gave no face; they count as refused.
    """
    threshold = threshold_at(pairs.tail, pairs.impostors, rate)
    total = pairs.genuine.size + missed
    share = pairs.genuine.size / total if total else 0.0
    random = np.random.default_rng(seed)
    count = len(pairs.people)
    drawn = [np.bincount(random.integers(0, count, count), minlength=count) for _ in range(replicates)]
    tars = np.array([_replicate(pairs, rate, weight) for weight in drawn])
    tars = tars[np.isfinite(tars)] * share
    interval = percentile_interval(tars) if tars.size else Interval(low=0.0, high=1.0)
    return AtRate(tar=accept_rate(pairs.genuine, threshold) * share, threshold=threshold, interval=interval)


def _replicate(pairs: PairScores, rate: float, weight: NDArray[np.int64]) -> float:
    """TAR with each identity counted `weight` times. A person drawn twice makes no impostor pairs with itself."""
    pictures = weight * pairs.people
    impostors = (int(pictures.sum()) ** 2 - int((pictures**2).sum())) / 2
    passed = np.cumsum(weight[pairs.tail_of[:, 0]] * weight[pairs.tail_of[:, 1]])
    first_refused = int(np.searchsorted(passed, rate * impostors, side="right"))
    threshold = pairs.tail[min(first_refused, pairs.tail.size - 1)] if pairs.tail.size else -1.0
    weights = weight[pairs.genuine_of]
    return float((weights * (pairs.genuine > threshold)).sum() / weights.sum()) if weights.sum() else float("nan")

"""Reads the output of an anchor-based face detector: anchors, boxes, keypoints, and boxes that mean one face.

Source: Bazarevsky et al., BlazeFace (2019), with its blending of overlapping boxes in place of suppression.
Only anchors over the score threshold are decoded, which is what keeps it at some tens of microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.manifest import AnchorLayer

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detections:
    """M faces in pixels of the detector's input, best first.

    scores: M, 0..1. boxes: M×4 (cx, cy, width, height). keypoints: M×K×2 (x, y).
    """

    scores: Floats
    boxes: Floats
    keypoints: Floats


def anchor_centers(side_px: int, layers: Sequence[AnchorLayer]) -> Floats:
    """N×2 (x, y) in pixels of a square input; row by row, the anchors of one cell next to each other."""
    grids = []
    for layer in layers:
        cells = -(-side_px // layer.stride_px)
        along = (np.arange(cells, dtype=np.float32) + 0.5) * (side_px / cells)
        y, x = np.meshgrid(along, along, indexing="ij")
        grids.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), layer.per_cell, axis=0))
    return np.concatenate(grids).astype(np.float32)


def decode(
    regressors: Floats, logits: Floats, anchors: Floats, *, input_per_unit: float, min_score: float
) -> Detections:
    """The anchors whose score is at least `min_score`, unmerged.

    regressors: N×(4+2K), relative to the anchors, in units of `input_per_unit` input pixels. logits: N.
    """
    chosen = np.flatnonzero(logits >= math.log(min_score / (1.0 - min_score)))
    chosen = chosen[np.argsort(-logits[chosen], kind="stable")]
    values = regressors[chosen] * np.float32(input_per_unit)
    centers = anchors[chosen]
    boxes = values[:, :4]
    boxes[:, :2] += centers
    keypoints = values[:, 4:].reshape(len(chosen), (regressors.shape[1] - 4) // 2, 2) + centers[:, None, :]
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits[chosen], -80.0, 80.0)))
    return Detections(scores=scores.astype(np.float32), boxes=boxes, keypoints=keypoints)


def blend(found: Detections, *, overlap: float) -> Detections:
    """One detection per face: those overlapping the best one by more than `overlap` are averaged by score."""
    rows = np.concatenate(
        [found.boxes, found.keypoints.reshape(len(found.boxes), 2 * found.keypoints.shape[1])], axis=1
    )
    scores, left = found.scores, np.arange(len(rows))
    blended, best_scores = [], []
    while left.size:
        together = _intersection_over_union(found.boxes[left[0]], found.boxes[left]) > overlap
        together[0] = True
        group = left[together]
        weights = scores[group]
        blended.append(weights @ rows[group] / weights.sum())
        best_scores.append(scores[left[0]])
        left = left[~together]
    merged = np.array(blended, np.float32).reshape(-1, rows.shape[1])
    return Detections(
        scores=np.array(best_scores, np.float32),
        boxes=merged[:, :4],
        keypoints=merged[:, 4:].reshape(len(merged), found.keypoints.shape[1], 2),
    )


def _intersection_over_union(box: Floats, boxes: Floats) -> Floats:
    low = np.maximum(box[:2] - box[2:] / 2, boxes[:, :2] - boxes[:, 2:] / 2)
    high = np.minimum(box[:2] + box[2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2)
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = box[2] * box[3] + boxes[:, 2] * boxes[:, 3] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)

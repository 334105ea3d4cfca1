"""Anchors and boxes against values worked out by hand."""

from __future__ import annotations

import numpy as np

from edge.core.blazeface import Detections, anchor_centers, blend, decode
from edge.core.manifest import AnchorLayer

LAYERS = (AnchorLayer(stride_px=8, per_cell=2), AnchorLayer(stride_px=16, per_cell=6))


def test_short_range_grid_has_896_anchors_at_cell_centres() -> None:
    anchors = anchor_centers(128, LAYERS)
    assert anchors.shape == (896, 2)
    assert anchors[0].tolist() == anchors[1].tolist() == [4.0, 4.0]
    assert anchors[2].tolist() == [12.0, 4.0]
    assert anchors[32].tolist() == [4.0, 12.0]
    assert anchors[512].tolist() == [8.0, 8.0]
    assert anchors[-1].tolist() == [120.0, 120.0]


def test_only_anchors_over_the_threshold_are_decoded_best_first() -> None:
    anchors = np.array([[10, 20], [30, 40], [50, 60]], np.float32)
    regressors = np.zeros((3, 16), np.float32)
    regressors[1, :6] = (1, -2, 8, 6, 0.5, 0.25)
    regressors[2, 2:4] = (4, 4)
    found = decode(regressors, np.array([-1.0, 2.0, 3.0], np.float32), anchors, input_per_unit=2.0, min_score=0.5)
    assert found.boxes.tolist() == [[50, 60, 8, 8], [32, 36, 16, 12]]
    assert found.keypoints[1, 0].tolist() == [31.0, 40.5]
    assert np.allclose(found.scores, [0.952574, 0.880797])


def test_no_anchor_over_the_threshold_gives_no_face() -> None:
    found = decode(
        np.zeros((4, 16), np.float32),
        np.full(4, -200, np.float32),
        np.zeros((4, 2), np.float32),
        input_per_unit=1.0,
        min_score=0.5,
    )
    assert found.keypoints.shape == (0, 6, 2)
    assert len(blend(found, overlap=0.3).scores) == 0


def test_boxes_on_one_face_are_averaged_by_score_and_others_stay() -> None:
    boxes = np.array([[10, 10, 10, 10], [12, 10, 10, 10], [50, 50, 8, 8]], np.float32)
    found = Detections(
        scores=np.array([0.9, 0.6, 0.5], np.float32), boxes=boxes, keypoints=boxes[:, None, :2].repeat(6, axis=1)
    )
    faces = blend(found, overlap=0.3)
    assert np.allclose(faces.boxes, [[10.8, 10, 10, 10], [50, 50, 8, 8]])
    assert np.allclose(faces.keypoints[0, 3], [10.8, 10])
    assert np.allclose(faces.scores, [0.9, 0.5])


def test_empty_box_ends_the_blending() -> None:
    boxes = np.array([[10, 10, 0, 0], [10, 10, 0, 0]], np.float32)
    found = Detections(
        scores=np.array([0.9, 0.8], np.float32), boxes=boxes, keypoints=np.zeros((2, 6, 2), np.float32)
    )
    assert len(blend(found, overlap=0.3).scores) == 2

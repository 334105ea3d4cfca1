"""The shipped nets on public research pictures; they are not part of the project and may be absent."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.geometry import five_points, region_from_mesh
from edge.models.nets import Nets
from tests.models.conftest import frame_of

_PLACE = os.environ.get("DOORSTEP_EVAL_DATA")
pytestmark = pytest.mark.skipif(not _PLACE, reason="DOORSTEP_EVAL_DATA is not set")


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as source:
        return list(csv.DictReader(source))


def test_printed_photographs_are_told_from_faces(nets: Nets) -> None:
    folder = Path(_PLACE or "") / "nuaa"
    scores: dict[str, list[float]] = {"live": [], "print": []}
    for row in rows_of(folder / "labels.csv"):
        frame = frame_of(cv2.imread(str(folder / row["image"])))
        mesh = nets.landmarker.fit(frame, nets.detector.detect(frame)[0])
        scores[row["label"]].append(nets.liveness.live_probability(frame, region_from_mesh(mesh)))
    live, printed = np.array(scores["live"]), np.array(scores["print"])
    assert (live[:, None] > printed[None, :]).mean() >= 0.999
    assert (live < 0.7).mean() <= 0.02
    assert (printed >= 0.7).mean() <= 0.01


def test_quarter_turned_old_people_are_found_and_recognised(nets: Nets) -> None:
    folder = Path(_PLACE or "") / "elderly"
    for turn_deg, rotate in ((90.0, cv2.ROTATE_90_CLOCKWISE), (180.0, cv2.ROTATE_180)):
        cosines = []
        for file in sorted(folder.glob("*.jpg")):
            bgr = cv2.imread(str(file))
            vectors = []
            for picture, turn in ((bgr, 0.0), (cv2.rotate(bgr, rotate), turn_deg)):
                frame = frame_of(picture)
                faces = nets.detector.detect(frame, turn)
                assert faces, file.name
                mesh = nets.landmarker.fit(frame, max(faces, key=lambda face: face.width_px))
                mesh = nets.landmarker.fit(frame, region_from_mesh(mesh))
                vectors.append(nets.embedder.embed(frame, five_points(mesh)).vector)
            cosines.append(float(vectors[0] @ vectors[1]))
        assert np.percentile(cosines, 10) >= 0.95


def test_strangers_are_told_apart(nets: Nets) -> None:
    folder = Path(_PLACE or "") / "lfw"
    pairs = rows_of(folder / "pairs.csv")
    vectors: dict[str, np.ndarray] = {}
    right = 0
    chosen = pairs[:100] + pairs[-100:]
    for pair in chosen:
        for name in (pair["image_a"], pair["image_b"]):
            if name not in vectors:
                bgr = cv2.imread(str(folder / "images" / name))
                frame, middle = frame_of(bgr), np.array(bgr.shape[1::-1]) / 2
                faces = nets.detector.detect(frame)
                face = min(faces, key=lambda f: float(np.linalg.norm(f.center_px - middle)) - f.width_px / 4)
                mesh = nets.landmarker.fit(frame, region_from_mesh(nets.landmarker.fit(frame, face)))
                vectors[name] = nets.embedder.embed(frame, five_points(mesh)).vector
        cosine = float(vectors[pair["image_a"]] @ vectors[pair["image_b"]])
        right += (cosine >= 0.3) == (pair["same_person"] == "1")
    assert right / len(chosen) >= 0.98

"""The measuring commands on a handful of pictures from the portraits: keys, counts, nothing dropped unseen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tools.evaluate.cli import main

pytest.importorskip("matplotlib", reason="plots are an extra")


@pytest.fixture(scope="module")
def pictures(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three portraits of one man, one of another, an empty wall, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"):
        picture = cv2.imread(str(portraits / name))
        scale = 400 / max(picture.shape[:2])
        cv2.imwrite(str(folder / name), cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    cv2.imwrite(str(folder / "wall.jpg"), np.full((300, 300, 3), 170, np.uint8))
    (folder / "torn.jpg").write_bytes(b"not a picture")
    return folder


def report(*arguments: str, bundle: Path) -> dict:
    done = CliRunner().invoke(main, [*arguments, "--bundle", str(bundle), "--json", "-"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_matching_counts_what_gave_no_face_as_missed(pictures: Path, bundle_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    pairs = ["1,obama.jpg,obama2.jpg", "1,obama2.jpg,obama3.jpg", "1,wall.jpg,torn.jpg", "1,obama.jpg,wall.jpg",
             "0,obama.jpg,biden.jpg", "0,obama2.jpg,biden.jpg", "0,obama3.jpg,biden.jpg"]  # fmt: skip
    table.write_text("\n".join(["same_person,image_a,image_b", *pairs]))
    plot = tmp_path / "m.png"
    found = report(
        "matching", "--pairs", str(table), "--images", str(pictures), "--plot", str(plot), bundle=bundle_folder
    )
    assert (found["images"], found["faces_found"]) == (6, 4)
    assert (found["unreadable"], found["no_face"]) == (["torn.jpg"], ["wall.jpg"])
    assert set(found["tar"]) == set(found["threshold"]) == set(found["ci"]) == {"1e-2", "1e-3", "1e-4"}
    assert found["genuine_pairs"] == 10  # five pictures are said to be of one man
    assert found["genuine_pairs_missed"] == 7
    assert found["tar"]["1e-2"] == pytest.approx(0.3)
    assert plot.stat().st_size > 1000


def test_liveness_counts_pictures_without_a_score(pictures: Path, bundle_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    rows = ["obama.jpg,live,a", "obama2.jpg,live,a", "wall.jpg,live,a", "biden.jpg,print,b", "torn.jpg,replay,b",
            "obama3.jpg,replay,b"]  # fmt: skip
    table.write_text("\n".join(["image,label,subject", *rows]))
    found = report("liveness", "--labels", str(table), "--images", str(pictures), bundle=bundle_folder)
    assert found["non_response"] == {"live": 1, "print": 0, "replay": 1}
    assert set(found["apcer"]) == {"print", "replay"}
    assert {"auc", "eer", "bpcer", "threshold", "ci"} <= set(found)


def test_roll_reports_every_angle(portraits: Path, bundle_folder: Path, tmp_path: Path, pictures: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copy(pictures / "obama.jpg", folder)
    found = report("roll", "--images", str(folder), bundle=bundle_folder)
    angles = [str(a) for a in range(0, 360, 15)]
    assert [list(found[key]) for key in ("recall", "cosine_p10", "cosine_median")] == [angles] * 3
    assert found["worst"]["recall"] == 1.0
    assert found["worst"]["cosine_p10"] > 0.9


def test_clips_give_an_outcome_and_scores_over_time(pictures: Path, bundle_folder: Path, tmp_path: Path) -> None:
    picture = cv2.imread(str(pictures / "obama.jpg"))
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    writer = cv2.VideoWriter(str(tmp_path / "still.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (width, height))
    for _ in range(60):
        writer.write(picture[:height, :width])
    writer.release()
    (tmp_path / "torn.mp4").write_bytes(b"not a clip")
    found = report("clips", str(tmp_path), bundle=bundle_folder)
    (clip,) = found["clips"]
    assert (clip["file"], clip["people_seen"]) == ("still.avi", 1)
    assert clip["outcome"] in ("certified", "review")
    assert clip["live"] == (clip["liveness"] >= found["threshold"])
    assert [s["t_s"] for s in clip["scores"]] == sorted(s["t_s"] for s in clip["scores"])
    assert found["unreadable"][0]["file"] == "torn.mp4"


def test_a_missing_column_is_named(pictures: Path, bundle_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("same,image_a,image_b\n1,a,b\n")
    done = CliRunner().invoke(
        main, ["matching", "--pairs", str(table), "--images", str(pictures), "--bundle", str(bundle_folder)]
    )
    assert done.exit_code == 1
    assert "same_person missing" in done.output


def test_a_missing_bundle_says_how_to_build_one(pictures: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["roll", "--images", str(pictures), "--bundle", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "tools.bundle build" in done.output

"""What the shipped bundle and policy must reach on the development data. About four minutes on two slow cores.

Liveness, clips and matching run in full; roll on every fourth picture, since each is searched at 24 angles. In full:
`python -m tools.evaluate roll --images $DOORSTEP_EVAL_DATA/elderly` (docs/measurements.md has the figures).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.evaluate.clips import measure_clips
from tools.evaluate.liveness import measure_liveness
from tools.evaluate.matching import measure_matching
from tools.evaluate.pictures import list_pictures
from tools.evaluate.progress import silent
from tools.evaluate.rig import RESOURCES, Choice, Rig
from tools.evaluate.roll import measure_roll

ROLL_EVERY = 4


@pytest.fixture(scope="module")
def rig(bundle_folder: Path, eval_data: Path) -> Rig:
    return Choice(bundle=bundle_folder, policy=RESOURCES / "policy.toml", runtime="auto", threads=2).open()


@pytest.mark.timeout(600)
def test_people_are_told_apart(rig: Rig, eval_data: Path) -> None:
    lfw = eval_data / "lfw"
    found = measure_matching(rig, lfw / "pairs.csv", lfw / "images", limit=None, track=silent)
    assert found["faces_found"] == found["images"] == 2320
    assert found["accuracy"] >= 0.996
    assert found["tar"]["1e-4"] >= 0.98


def test_printed_photographs_are_refused_and_the_living_are_not(rig: Rig, eval_data: Path) -> None:
    found = measure_liveness(rig, eval_data / "nuaa" / "labels.csv", eval_data / "nuaa", limit=None, track=silent)
    assert found["faces_found"] == found["images"] == 300
    assert found["auc"] >= 0.999
    assert found["bpcer"] <= 0.02
    assert max(found["apcer"].values()) <= 0.01


def test_clips_of_the_living_are_live_and_the_replay_is_not(rig: Rig, eval_data: Path) -> None:
    found = measure_clips(rig, eval_data / "clips", limit=None, track=silent)
    assert {clip["file"]: (clip["live"], clip["outcome"]) for clip in found["clips"]} == {
        "eyes_open_and_shut.mp4": (True, "certified"),
        "live_man.mp4": (True, "certified"),
        "older_man_53bpm.mp4": (True, "certified"),
        "screen_replay_of_same_man.mp4": (False, "review"),
    }


def test_a_head_is_found_and_known_at_every_roll(rig: Rig, eval_data: Path, tmp_path: Path) -> None:
    for name in list_pictures(eval_data / "elderly")[::ROLL_EVERY]:
        (tmp_path / name).symlink_to(eval_data / "elderly" / name)
    found = measure_roll(rig, tmp_path, limit=None, track=silent)
    assert min(found["recall"].values()) >= 0.99
    assert min(found["cosine_p10"].values()) >= 0.80

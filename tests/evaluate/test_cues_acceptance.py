"""What the cues must reach on the development clips, under the policy that has them all in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.evaluate.clips import measure_clips
from tools.evaluate.progress import silent
from tools.evaluate.rig import RESOURCES, Choice

# Read off the frames of eyes_open_and_shut.mp4, one by one: a blink, and two times with the eyes shut.
SHUT_S = ((3.6, 3.7), (6.6, 12.0), (15.45, 17.2))


@pytest.fixture(scope="module")
def clips(bundle_folder: Path, eval_data: Path) -> dict[str, dict[str, Any]]:
    rig = Choice(bundle=bundle_folder, policy=RESOURCES / "policy-strict.toml", runtime="auto", threads=2).open()
    return {c["file"]: c for c in measure_clips(rig, eval_data / "clips", limit=None, track=silent)["clips"]}


@pytest.mark.timeout(600)
def test_the_living_are_live_with_every_cue_in_force(clips: dict[str, dict[str, Any]]) -> None:
    for name in ("eyes_open_and_shut.mp4", "live_man.mp4", "older_man_53bpm.mp4"):
        assert clips[name]["live"], name


def test_the_pulse_of_the_older_man_is_his(clips: dict[str, dict[str, Any]]) -> None:
    assert clips["older_man_53bpm.mp4"]["whole"]["bpm"] == pytest.approx(53.0, abs=4.0)


def test_eyes_are_reported_shut_when_they_are(clips: dict[str, dict[str, Any]]) -> None:
    found = clips["eyes_open_and_shut.mp4"]["whole"]["eyes_shut_s"]
    assert [tuple(pair) for pair in found] == [pytest.approx(pair, abs=0.5) for pair in SHUT_S]


def test_no_pulse_is_claimed_where_none_can_be_seen(clips: dict[str, dict[str, Any]]) -> None:
    assert clips["eyes_open_and_shut.mp4"]["whole"]["pulse_not_assessable"] == "compressed"
    assert clips["screen_replay_of_same_man.mp4"]["whole"]["bpm"] is None


def test_the_replay_is_refused_by_two_cues_on_their_own(clips: dict[str, dict[str, Any]]) -> None:
    cues = clips["screen_replay_of_same_man.mp4"]["cues"]
    assert sum(cue["refuses"] for cue in cues.values()) >= 2
    assert clips["screen_replay_of_same_man.mp4"]["outcome"] == "review"

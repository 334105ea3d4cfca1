"""Rates of attack detection: no species hides behind a mean, and simulated windows never count as real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core.errors import InputError
from edge.core.liveness import CuePolicy
from edge.core.record import CueFinding
from tools.evaluate.clip_labels import read_labels
from tools.evaluate.pad import Window, at_bpcer, summarise


def window(
    species: str, label: str, liveness: float | None, *, simulated: bool = True, refuses: bool = False
) -> Window:
    cue = CueFinding(mode="enforced", score=0.9, confidence=1.0, refuses=refuses)
    return Window(
        source=species,
        label=label,
        species=species,
        simulated=simulated,
        accepted=liveness is not None and liveness >= 0.5 and not refuses,
        liveness=liveness,
        texture=0.9,
        cues={"texture": cue},
    )


WINDOWS = [
    *(window("live_head", "live", 0.8) for _ in range(39)),
    window("live_head", "live", 0.4),
    *(window("print", "attack", 0.1) for _ in range(10)),
    *(window("mask", "attack", 0.6) for _ in range(2)),
    *(window("mask", "attack", 0.2) for _ in range(2)),
]


def test_the_worst_species_comes_first_and_is_not_averaged_away() -> None:
    attacks = summarise(WINDOWS, texture_accept=0.5)["simulated"]["attacks"]
    assert list(attacks)[0] == "mask" and attacks["mask"]["apcer"] == 0.5
    assert attacks["mask"]["apcer_texture_alone"] == 1.0


def test_simulated_and_real_windows_are_counted_apart() -> None:
    real = [window("replay", "attack", 0.9, simulated=False), window("live", "live", 0.9, simulated=False)]
    report = summarise([*WINDOWS, *real], texture_accept=0.5)
    assert report["real"]["attacks"]["replay"]["windows"] == 1
    assert "replay" not in report["simulated"]["attacks"]
    assert "real" not in summarise(WINDOWS, texture_accept=0.5)


def test_a_recording_without_a_pulse_is_neither_bona_fide_nor_attack() -> None:
    report = summarise([*WINDOWS, window("live_clip", "live_compressed", 0.1)], texture_accept=0.5)["simulated"]
    assert list(report["bona_fide_compressed"]) == ["live_clip"]
    assert report["bona_fide"]["live_head"]["bpcer"] == 1 / 40


def test_an_undecided_window_is_an_error_for_the_living_and_none_for_an_attack() -> None:
    report = summarise([window("a", "live", None), window("b", "attack", None)], texture_accept=0.5)["simulated"]
    assert report["bona_fide"]["a"]["bpcer"] == 1.0 and report["attacks"]["b"]["apcer"] == 0.0


def test_threshold_at_a_bpcer_lets_no_more_of_the_living_fall() -> None:
    found = at_bpcer(WINDOWS, CuePolicy(basis="test"), 0.025)
    assert found["bpcer"] <= 0.025 and found["threshold"] == 0.8
    assert found["apcer"] == {"print": 0.0, "mask": 0.0}


def test_a_refusal_by_a_cue_stands_at_any_threshold() -> None:
    some = [*WINDOWS[:40], window("mask", "attack", 0.99, refuses=True)]
    assert at_bpcer(some, CuePolicy(basis="test"), 0.5)["apcer"] == {"mask": 0.0}


def test_labels_beside_the_clips_are_believed_before_names(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "file,label,species,bpm,eyes_shut_s\nscreen.mp4,live,,61,6-12;16-17\nb.mp4,attack,mask,,\n", encoding="utf-8"
    )
    found = read_labels(tmp_path, ["screen.mp4", "b.mp4", "man_53bpm.mp4", "screen_replay.mp4"])
    assert found["screen.mp4"].label == "live" and found["screen.mp4"].eyes_shut_s == ((6.0, 12.0), (16.0, 17.0))
    assert found["b.mp4"].species == "mask"
    assert found["man_53bpm.mp4"].bpm == 53.0 and found["man_53bpm.mp4"].label == "live"
    assert found["screen_replay.mp4"].label == "attack"


@pytest.mark.parametrize("text", ["clip,label\na,live\n", "file,label,bpm\na.mp4,live,fast\n"])
def test_broken_labels_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="labels.csv"):
        read_labels(tmp_path, ["a.mp4"])

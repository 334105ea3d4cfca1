"""Every species renders, alike each time, and says what it is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from edge.capture.opencv_sources import VideoFile
from edge.core.errors import InputError
from edge.core.face import Frame
from edge.core.light_code import draw_code, state_at
from edge.core.record import SourceKind
from tools.attacks.clips import COLUMNS, write_clips
from tools.attacks.species import SPECIES
from tools.attacks.studio import Studio


def first_frames(studio: Studio, species: str, count: int, seed: int = 4, **rest: object) -> list[Frame]:
    with studio.camera(species, seed, seconds=2.0, **rest) as camera:  # type: ignore[arg-type]
        return list(islice(camera.frames(), count))


@pytest.mark.parametrize("species", list(SPECIES))
def test_no_species_fails_to_render(studio: Studio, species: str) -> None:
    frames = first_frames(studio, species, 10)
    assert len(frames) == 10
    assert all(f.bgr.shape == (480, 640, 3) and f.bgr.dtype == np.uint8 for f in frames)
    middle = frames[0].bgr[180:300, 240:400]
    assert 25 < middle.mean() < 235 and middle.std() > 5, "exposed, and not empty"
    assert any((a.bgr != b.bgr).any() for a, b in zip(frames, frames[1:], strict=False)), "nothing moves"


@pytest.mark.parametrize("species", ["live_head", "live_clip", "mask_eye_holes", "phone_replay"])
def test_the_same_seed_never_gives_other_frames(studio: Studio, species: str) -> None:
    once, again = (first_frames(studio, species, 4) for _ in range(2))
    assert all((a.bgr == b.bgr).all() for a, b in zip(once, again, strict=True))
    other = first_frames(studio, species, 4, seed=5)
    assert any((a.bgr != b.bgr).any() for a, b in zip(once, other, strict=True))


def test_reading_a_camera_twice_gives_the_clip_twice(studio: Studio) -> None:
    camera = studio.camera("live_head", 4, seconds=0.2)
    once, again = list(camera.frames()), list(camera.frames())
    assert all((a.bgr == b.bgr).all() for a, b in zip(once, again, strict=True))


def test_simulated_input_cannot_pass_for_a_camera(studio: Studio) -> None:
    source = studio.camera("print_flat", 4).source
    assert source.kind is SourceKind.SCRIPTED and source.simulated
    assert source.model == "attack simulator: print_flat"
    assert source.sha256 == studio.camera("print_flat", 4).source.sha256
    assert source.sha256 != studio.camera("print_flat", 5).source.sha256


def test_lamps_follow_the_code_that_was_given(studio: Studio) -> None:
    code = draw_code(77, slots=8, slot_s=0.3)
    camera = studio.camera("live_head", 4, code=code)
    assert camera.code == code and camera.clip.code_seed == 77
    assert all(camera.lamp_state(t) == state_at(code, t) for t in (0.0, 0.31, 1.7, 5.0))
    assert studio.camera("live_head", 4, lamps=False).lamp_state(0.5) is None


def test_an_unknown_species_is_refused_by_name(studio: Studio) -> None:
    with pytest.raises(InputError, match="no species 'hologram'"):
        studio.camera("hologram", 1)


def test_written_clips_play_and_are_labelled(studio: Studio, tmp_path: Path) -> None:
    cameras = [studio.camera(species, 4, seconds=0.3) for species in ("live_head", "print_bent")]
    labels = write_clips(cameras, tmp_path, container="avi")
    head, *rows = labels.read_text().splitlines()
    assert tuple(head.split(",")) == COLUMNS and head.startswith("file,label,species,subject,bpm,seed,lamps")
    assert [row.split(",")[1:3] for row in rows] == [["live", "live_head"], ["attack", "print_bent"]]
    assert rows[0].split(",")[4] and not rows[1].split(",")[4], "only what has a pulse has a rate"
    with VideoFile.open(tmp_path / rows[0].split(",")[0]) as video:
        assert len(list(video.frames())) == 9

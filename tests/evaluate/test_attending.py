"""Measuring cheaply must not change what is measured: frames drawn in part, and windows read back from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.core.cues.relief import relief_cue
from edge.core.errors import InputError
from edge.core.policy import decode_policy
from edge.models.nets import Nets
from edge.services.burst import Burst, collect
from edge.services.perceive import Perceiver
from tools.attacks.identities import Identity
from tools.attacks.studio import Studio
from tools.evaluate import kept_sightings
from tools.evaluate.attending import attending
from tools.evaluate.rig import RESOURCES

POLICY = decode_policy((RESOURCES / "policy.toml").read_bytes())


@pytest.fixture(scope="module")
def studio(nets: Nets, portraits: Path) -> Studio:
    return Studio(nets, [Identity(subject=name, path=portraits / f"{name}.jpg") for name in ("obama", "biden")])


def window(studio: Studio, nets: Nets, species: str, *, in_part: bool) -> Burst:
    perceiver = Perceiver(nets.detector, nets.landmarker, POLICY.quality)
    with studio.camera(species, 5, seconds=1.5, rate_fps=15) as camera:
        watch = attending(camera) if in_part else None
        return collect(
            camera.frames(), perceiver, nets.liveness, POLICY.burst, until_complete=False, code=camera.code,
            watch=watch,
        )  # fmt: skip


@pytest.mark.parametrize("species", ["live_head", "phone_replay"])
def test_drawing_the_face_alone_changes_no_pixel_that_is_looked_at(studio: Studio, nets: Nets, species: str) -> None:
    whole, part = (window(studio, nets, species, in_part=p) for p in (False, True))
    assert len(whole.sighted) == len(part.sighted) > 10
    assert all((a.crop == b.crop).all() for a, b in zip(whole.sighted, part.sighted, strict=True))
    assert all((a.green == b.green).all() for a, b in zip(whole.scenes, part.scenes, strict=True))
    assert whole.live_probabilities == part.live_probabilities


def test_most_frames_are_drawn_in_part_only(studio: Studio) -> None:
    with studio.camera("live_head", 5, seconds=0.3) as camera:
        frames = camera.frames()
        first = next(frames).bgr
        camera.attend((200.0, 150.0), (300.0, 250.0))
        second = next(frames).bgr
    changed = (first != second).any(axis=2)
    assert changed[150:250, 200:300].any()
    changed[144:256, 192:304] = False
    assert not changed.any()


def test_a_window_read_back_tells_the_cues_the_same(studio: Studio, nets: Nets, tmp_path: Path) -> None:
    burst = window(studio, nets, "live_head", in_part=True)
    kept_sightings.save(tmp_path / "w.npz", burst)
    again = kept_sightings.read(tmp_path / "w.npz", POLICY.burst)
    assert again.code == burst.code and again.live_probabilities == burst.live_probabilities
    assert again.sighted[3].lamps == burst.sighted[3].lamps
    assert np.array_equal(again.sighted[3].skin_rgb, burst.sighted[3].skin_rgb, equal_nan=True)
    assert relief_cue(again.sightings) == relief_cue(burst.sightings)


def test_a_torn_file_of_a_window_is_said(tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(InputError, match="no kept window"):
        kept_sightings.read(tmp_path / "w.npz", POLICY.burst)

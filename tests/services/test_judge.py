"""From frames to findings with the real nets: the same person, another one, too few probes, no reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edge.capture.opencv_sources import read_picture
from edge.capture.script import Script, empty_room
from edge.capture.scripted import ScriptedCamera
from edge.core.comparison import Band, Reference, band
from edge.core.errors import FaceNotUsable
from edge.core.face import Frame, Picture
from edge.core.policy import Policy, decide_face, decode_policy
from edge.core.visit import Reason
from edge.models.nets import Nets
from edge.services.burst import Burst, collect
from edge.services.judge import judge, make_reference
from edge.services.perceive import Perceiver
from tools.evaluate.rig import RESOURCES

POLICY = decode_policy((RESOURCES / "policy.toml").read_bytes())


def perceiver(nets: Nets) -> Perceiver:
    return Perceiver(nets.detector, nets.landmarker, POLICY.quality)


def burst_of(nets: Nets, picture: Picture | None, *, seconds: float = 5.0, roll_deg: float = 0.0) -> Burst:
    script = Script(seconds=seconds, span=1.2, roll_deg=roll_deg)
    frames: Iterator[Frame] = ScriptedCamera(picture, script, seed=7).frames()
    return collect(frames, perceiver(nets), nets.liveness, POLICY.burst)


@pytest.fixture(scope="module")
def reference(nets: Nets, portraits: Path) -> Reference:
    picture = read_picture(portraits / "obama2.jpg")
    return make_reference(Frame(bgr=picture, captured_s=0.0), "0" * 64, perceiver(nets), nets.embedder)


@pytest.mark.parametrize("roll_deg", [0.0, 90.0])
def test_same_person_on_another_day_is_a_clear_match(
    nets: Nets, portraits: Path, reference: Reference, roll_deg: float
) -> None:
    burst = burst_of(nets, read_picture(portraits / "obama.jpg"), roll_deg=roll_deg)
    found = judge(burst, [reference], nets.embedder, POLICY, references_verified=True)
    assert burst.complete
    assert band(found.comparison) is Band.CLEAR
    assert band(found.continuity) is Band.CLEAR
    assert found.roll_deg == pytest.approx(roll_deg, abs=10)
    assert (found.people_seen, found.ambiguous) == (1, False)


def test_another_person_is_no_match(nets: Nets, portraits: Path, reference: Reference) -> None:
    burst = burst_of(nets, read_picture(portraits / "biden.jpg"))
    found = judge(burst, [reference], nets.embedder, POLICY, references_verified=True)
    assert found.comparison.value is not None
    assert band(found.comparison) is Band.LOW


def test_the_workers_own_face_in_the_picture_is_found_by_the_nets(
    nets: Nets, portraits: Path, reference: Reference
) -> None:
    other = read_picture(portraits / "biden.jpg")
    stranger = make_reference(Frame(bgr=other, captured_s=0.0), "1" * 64, perceiver(nets), nets.embedder)
    burst = burst_of(nets, read_picture(portraits / "obama.jpg"))
    for face, band_ in ((reference, Band.CLEAR), (stranger, Band.LOW)):
        found = judge(
            burst, [reference], nets.embedder, POLICY, references_verified=True, worker_faces=[face]
        )
        assert found.worker_similarity and band(found.worker_similarity) is band_
        assert (Reason.WORKER_FACE in decide_face(found).reasons) is (face is reference)
    off = msgspec.structs.replace(POLICY, own_face=msgspec.structs.replace(POLICY.own_face, enabled=False))
    found = judge(burst, [reference], nets.embedder, off, references_verified=True, worker_faces=[reference])
    assert found.worker_similarity is None


def test_too_few_frames_give_no_score_rather_than_a_poor_one(
    nets: Nets, portraits: Path, reference: Reference
) -> None:
    burst = burst_of(nets, read_picture(portraits / "obama.jpg"), seconds=0.3)
    found = judge(burst, [reference], nets.embedder, POLICY, references_verified=True)
    assert (found.comparison.value, found.liveness.value, found.continuity.value) == (None, None, None)


def test_empty_room_gives_findings_without_people(nets: Nets, reference: Reference) -> None:
    found = judge(burst_of(nets, None, seconds=1.0), [reference], nets.embedder, POLICY, references_verified=True)
    assert (found.people_seen, found.frames_used, found.roll_deg) == (0, 0, None)


def test_photograph_without_a_face_is_refused_as_reference(nets: Nets) -> None:
    with pytest.raises(FaceNotUsable, match="no face"):
        make_reference(Frame(bgr=empty_room(640, 480), captured_s=0.0), "0" * 64, perceiver(nets), nets.embedder)


def test_policy_that_ships_names_the_basis_of_every_threshold() -> None:
    policy: Policy = POLICY
    for thresholds in (policy.comparison, policy.liveness, policy.continuity):
        assert any(character.isdigit() for character in thresholds.basis)
        assert len(thresholds.basis) > 100


def square_around(nets: Nets, picture: Picture, side_px: int) -> Picture:
    """The face with about half its width of room on every side."""
    face = perceiver(nets).look_at_still(Frame(bgr=picture, captured_s=0.0)).face
    assert face is not None
    (x, y), reach = face.region.center_px, 1.1 * face.region.width_px
    top, left = max(0, int(y - reach)), max(0, int(x - reach))
    part = picture[top : int(y + reach), left : int(x + reach)]
    return np.asarray(cv2.resize(part, (side_px, side_px)), np.uint8)


@pytest.mark.parametrize(("beside", "again"), [("obama3.jpg", True), ("biden.jpg", False)])
def test_the_same_face_twice_in_the_picture_is_noticed(
    nets: Nets, portraits: Path, beside: str, again: bool
) -> None:
    """A photograph of the person beside the person; another person beside him is no such thing."""
    both = np.full((480, 860, 3), 120, np.uint8)
    both[:, :480] = square_around(nets, read_picture(portraits / "obama.jpg"), 480)
    both[100:400, 520:820] = square_around(nets, read_picture(portraits / beside), 300)
    frames = (Frame(bgr=both, captured_s=number / 15) for number in range(45))
    burst = collect(frames, perceiver(nets), nets.liveness, POLICY.burst)
    cue = judge(burst, [], nets.embedder, POLICY, references_verified=False).cues["surroundings"]
    assert (cue.details["twin_likeness"] > 0.5) is again
    if again:
        assert cue.score is not None and cue.score < 0.25

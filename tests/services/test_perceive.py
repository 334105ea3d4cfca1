"""Following and finding with the real nets on the portraits: rolls, several people, nobody, profiles, lost faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.capture.opencv_sources import place_picture, read_picture
from edge.capture.script import Script, empty_room
from edge.capture.scripted import ScriptedCamera
from edge.core.face import FaceRegion, Frame, Picture
from edge.core.geometry import turned_map, wrap_deg
from edge.core.policy import decode_policy
from edge.core.quality import Hint
from edge.models.nets import Nets
from edge.services import perceive
from edge.services.perceive import Observation, Perceiver
from tools.evaluate.rig import RESOURCES

LIMITS = decode_policy((RESOURCES / "policy.toml").read_bytes()).quality


@pytest.fixture
def perceiver(nets: Nets) -> Perceiver:
    return Perceiver(nets.detector, nets.landmarker, LIMITS)


@pytest.fixture(scope="module")
def man(portraits: Path) -> Picture:
    return read_picture(portraits / "obama.jpg")


@pytest.fixture(scope="module")
def other(portraits: Path) -> Picture:
    return read_picture(portraits / "biden.jpg")


def placed(
    picture: Picture, onto: Picture, *, x: float, y: float, height_px: float, roll_deg: float = 0.0
) -> Picture:
    """The upper half of a portrait, its middle brought to (x, y) of `onto`; height_px: of the whole portrait."""
    half = picture[: picture.shape[0] // 2]
    middle = (half.shape[1] / 2, half.shape[0] / 2)
    return place_picture(half, turned_map(middle, -roll_deg, height_px / picture.shape[0], (x, y)), onto)


def still(bgr: Picture) -> Frame:
    return Frame(bgr=bgr, captured_s=0.0)


def played(picture: Picture, seconds: float, **script: float) -> list[Frame]:
    camera = ScriptedCamera(picture, Script(seconds=seconds, span=1.2, **script), seed=3)
    return list(camera.frames())


@pytest.mark.parametrize("roll_deg", [0, 30, 60, 90, 135, 180, -45, -90, -150])
def test_head_at_any_roll_is_found_and_its_roll_is_right(perceiver: Perceiver, man: Picture, roll_deg: int) -> None:
    scene = placed(man, empty_room(640, 480), x=320, y=240, height_px=480, roll_deg=roll_deg)
    seen = perceiver.look_at_still(still(scene))
    assert seen.people == 1
    assert seen.face is not None
    assert abs(wrap_deg(seen.face.region.roll_deg - roll_deg)) < 8
    assert np.hypot(seen.face.region.center_px[0] - 320, seen.face.region.center_px[1] - 240) < 100


def test_empty_room_has_nobody_in_it(perceiver: Perceiver) -> None:
    frame = still(empty_room(640, 480))
    for seen in (perceiver.look_at_still(frame), *(perceiver.look(frame) for _ in range(20))):
        assert (seen.people, seen.face, seen.hint) == (0, None, Hint.NOBODY)


def test_nearer_person_is_chosen_and_the_other_counted(perceiver: Perceiver, man: Picture, other: Picture) -> None:
    scene = placed(man, empty_room(640, 480), x=400, y=180, height_px=560)
    scene = placed(other, scene, x=110, y=300, height_px=750)
    seen = perceiver.look_at_still(still(scene))
    assert seen.people == 2
    assert seen.face is not None
    assert abs(seen.face.region.center_px[0] - 400) < 80
    assert 0.0 < seen.rival_area_ratio < 1.0


def test_large_face_at_the_edge_does_not_displace_the_one_in_the_middle(
    perceiver: Perceiver, man: Picture, other: Picture
) -> None:
    scene = placed(man, empty_room(640, 480), x=330, y=240, height_px=480)
    scene = placed(other, scene, x=60, y=230, height_px=1000)
    seen = perceiver.look_at_still(still(scene))
    assert seen.people == 2
    assert seen.face is not None
    assert abs(seen.face.region.center_px[0] - 330) < 80


def test_followed_face_is_kept_when_a_larger_one_enters(perceiver: Perceiver, man: Picture, other: Picture) -> None:
    room = empty_room(640, 480)
    alone = placed(man, room, x=420, y=220, height_px=380)
    joined = placed(other, alone, x=150, y=300, height_px=1100)
    for _ in range(3):
        perceiver.look(still(alone))
    seen = [perceiver.look(still(joined)) for _ in range(perceive.FRAMES_BETWEEN_SEARCHES + 2)]
    assert all(s.face and abs(s.face.region.center_px[0] - 420) < 80 for s in seen)
    assert seen[-1].people == 2
    assert seen[-1].rival_area_ratio > 1.0


def test_face_that_left_is_forgotten_at_once_and_found_again(perceiver: Perceiver, man: Picture) -> None:
    room = empty_room(640, 480)
    here = still(placed(man, room, x=320, y=220, height_px=420))
    assert perceiver.look(here).face
    assert perceiver.look(still(room)).hint is Hint.NOBODY
    assert perceiver.look(here).face


def test_moving_stream_is_followed_in_every_frame(perceiver: Perceiver, man: Picture) -> None:
    seen = [perceiver.look(frame) for frame in played(man, 2.0, roll_deg=20.0, shake=0.02)]
    assert all(s.face for s in seen)
    assert max(s.people for s in seen) == 1


def test_lying_head_is_acquired_within_a_few_frames(perceiver: Perceiver, man: Picture) -> None:
    seen = [perceiver.look(frame) for frame in played(man, 0.5, roll_deg=180.0)]
    first = next(i for i, s in enumerate(seen) if s.face)
    assert first < len(perceive.TURNS_DEG)


class CountingDetector:
    """Counts the searches that reach the real detector."""

    def __init__(self, nets: Nets) -> None:
        self._inner, self.searches = nets.detector, 0

    def detect(self, frame: Frame, turn_deg: float = 0.0) -> list[FaceRegion]:
        self.searches += 1
        return self._inner.detect(frame, turn_deg)


def test_followed_face_is_searched_now_and_then_only(nets: Nets, man: Picture) -> None:
    counted = {}
    frames = played(man, 1.1)
    for between in (perceive.FRAMES_BETWEEN_SEARCHES, 0):
        detector = CountingDetector(nets)
        perceiver = Perceiver(detector, nets.landmarker, LIMITS, frames_between_searches=between)
        for frame in frames:
            perceiver.look(frame)
        counted[between] = detector.searches - 2 - len(perceive.TURNS_DEG)  # the first frame's own search
    assert counted == {perceive.FRAMES_BETWEEN_SEARCHES: 2, 0: len(frames) - 1}


class BlindLandmarker:
    """The mesh of a real face, with a presence as of a profile."""

    def __init__(self, nets: Nets) -> None:
        self._inner = nets.landmarker

    def fit(self, frame: Frame, region: FaceRegion) -> perceive.FaceMesh:
        mesh = self._inner.fit(frame, region)
        return perceive.FaceMesh(
            points_px=mesh.points_px, presence=0.01, crop_rgb=mesh.crop_rgb, crop_from_frame=mesh.crop_from_frame
        )


@pytest.fixture
def seen_from_the_side(nets: Nets, man: Picture) -> Observation:
    scene = placed(man, empty_room(640, 480), x=320, y=240, height_px=480)
    return Perceiver(nets.detector, BlindLandmarker(nets), LIMITS).look_at_still(still(scene))


def test_face_that_the_mesh_does_not_fit_is_there_but_never_a_probe(seen_from_the_side: Observation) -> None:
    assert seen_from_the_side.people == 1
    assert seen_from_the_side.face is not None
    assert seen_from_the_side.hint is Hint.WHOLE_FACE


def test_face_too_far_away_is_asked_to_come_closer(perceiver: Perceiver, man: Picture) -> None:
    scene = placed(man, empty_room(320, 240), x=160, y=120, height_px=190)
    assert perceiver.look_at_still(still(scene)).hint is Hint.COME_CLOSER

"""The capture window: when it is over, which frames it keeps, and what it must not be fooled by."""

import numpy as np
import pytest

from edge.core.errors import CameraError
from edge.core.face import FaceMesh, FaceRegion, Frame
from edge.core.light_code import DARK, LampState, draw_code, state_at
from edge.core.policy import BurstPolicy
from edge.core.quality import Hint
from edge.services.burst import Burst, Probe, collect
from edge.services.perceive import Observation, SeenFace

POLICY = BurstPolicy(
    window_s=10.0,
    min_liveness_s=2.0,
    min_liveness_frames=6,
    liveness_gap_s=0.2,
    probes=3,
    min_probes=2,
    probe_gap_s=0.4,
    dominant_area_ratio=2.0,
)
FRAME = Frame(bgr=np.zeros((4, 4, 3), np.uint8), captured_s=0.0)
FACE = SeenFace(
    region=FaceRegion(center_px=(2, 2), width_px=1, height_px=1, roll_deg=0, score=1),
    mesh=FaceMesh(
        points_px=np.zeros((468, 3), np.float32),
        presence=1.0,
        crop_rgb=np.zeros((4, 4, 3), np.uint8),
        crop_from_frame=np.zeros((2, 3)),
    ),
)


def seen(at_s: float, *, hint: Hint | None = None, people: int = 1, rival: float = 0.0) -> Observation:
    face = FACE if people else None
    return Observation(
        captured_s=at_s, people=people, rival_area_ratio=rival, face=face, quality=None, hint=hint
    )


def probe(at_s: float, merit: float = 1.0, live: float = 0.9) -> Probe:
    return Probe(frame=FRAME, observation=seen(at_s), live_probability=live, merit=merit)


def test_window_ends_by_the_sources_clock_not_by_frames() -> None:
    burst = Burst(policy=POLICY)
    for at_s in (100.0, 105.0, 109.9):
        burst.count(seen(at_s))
        assert not burst.over
    burst.count(seen(110.0))
    assert burst.over


def test_neighbouring_frames_do_not_fill_the_probes() -> None:
    burst = Burst(policy=POLICY)
    for i in range(6):
        burst.take(probe(1.21 + i * 0.05, merit=i))
    assert [p.merit for p in burst.probes] == [5]


def test_pictures_that_get_better_and_better_still_fill_the_probes() -> None:
    burst = Burst(policy=POLICY)
    for i in range(20):
        burst.take(probe(i * 0.2, merit=i))
    assert len(burst.probes) == POLICY.probes


def test_the_best_frames_of_the_window_are_kept() -> None:
    burst = Burst(policy=POLICY)
    for i, merit in enumerate([1, 9, 2, 8, 3, 7, 4]):
        burst.take(probe(float(i), merit=merit))
    assert [p.merit for p in burst.probes] == [9, 8, 7]
    assert len(burst.live_probabilities) == 7


def test_a_lucky_second_is_not_enough_for_liveness() -> None:
    burst = Burst(policy=POLICY)
    for i in range(9):
        burst.take(probe(i * 0.2, merit=i))
    assert len(burst.live_probabilities) >= POLICY.min_liveness_frames
    assert not burst.complete
    burst.take(probe(2.1, merit=9))
    assert burst.complete


def test_the_screen_counts_down_to_what_liveness_needs() -> None:
    burst = Burst(policy=POLICY)
    assert burst.still_s == 2.0
    burst.count(seen(10.0))
    burst.take(probe(10.0))
    burst.count(seen(11.5))
    assert burst.still_s == 0.5
    burst.count(seen(19.0))
    assert burst.still_s == 0.0


def test_liveness_is_sampled_in_time_and_only_on_usable_frames() -> None:
    burst = Burst(policy=POLICY)
    assert burst.wants_liveness(seen(0.0))
    burst.take(probe(0.0))
    assert not burst.wants_liveness(seen(0.1))
    assert burst.wants_liveness(seen(0.2))
    assert not burst.wants_liveness(seen(5.0, hint=Hint.MORE_LIGHT))


@pytest.mark.parametrize(("rival", "ambiguous"), [(0.3, False), (0.49, False), (0.6, True), (1.4, True)])
def test_two_faces_of_like_size_leave_the_person_unsure(rival: float, ambiguous: bool) -> None:
    burst = Burst(policy=POLICY)
    for i in range(8):
        burst.count(seen(float(i), people=2, rival=rival))
    assert burst.people_seen == 2
    assert burst.ambiguous is ambiguous


def test_somebody_walking_through_does_not_spoil_the_window() -> None:
    burst = Burst(policy=POLICY)
    for i in range(20):
        burst.count(seen(float(i), people=2 if i in (5, 6) else 1, rival=0.9 if i in (5, 6) else 0.0))
    assert burst.people_seen == 2 and not burst.ambiguous


class Lamps:
    """A Light that remembers what it was told."""

    present = True

    def __init__(self) -> None:
        self.told: list[LampState] = []

    def set(self, state: LampState) -> None:
        self.told.append(state)

    def close(self) -> None:
        return


class Blind:
    """A Perceiver that sees nobody."""

    def forget(self) -> None:
        return

    def look(self, frame: Frame) -> Observation:
        return seen(frame.captured_s, people=0)


def test_lamps_follow_the_code_by_the_cameras_clock_and_are_dark_in_the_end() -> None:
    code, lamps = draw_code(7, slots=8, slot_s=0.25), Lamps()
    frames = [Frame(bgr=FRAME.bgr, captured_s=48 + n / 32) for n in range(60)]
    burst = collect(frames, Blind(), None, POLICY, light=lamps, code=code)  # type: ignore[arg-type]
    assert lamps.told == [*(state_at(code, n / 32) for n in range(60)), DARK]
    assert burst.sightings.code == code


def test_lamps_do_not_stay_lit_when_the_camera_fails() -> None:
    def frames():
        yield FRAME
        raise CameraError("gone")

    lamps = Lamps()
    with pytest.raises(CameraError):
        collect(frames(), Blind(), None, POLICY, light=lamps, code=draw_code(1))  # type: ignore[arg-type]
    assert lamps.told[-1] == DARK


def test_what_the_cues_need_is_kept_of_every_frame_with_a_face() -> None:
    burst = Burst(policy=POLICY, code=draw_code(3))
    mesh = FaceMesh(
        points_px=np.ones((468, 3), np.float32), presence=1.0, crop_rgb=np.zeros((192, 192, 3), np.uint8),
        crop_from_frame=np.array([[1.0, 0, 0], [0, 1.0, 0]]),
    )  # fmt: skip
    for number in range(30):
        at_s = number / 30
        face = SeenFace(region=FACE.region, mesh=mesh) if number % 3 else None
        frame = Frame(bgr=np.zeros((480, 640, 3), np.uint8), captured_s=at_s)
        observation = Observation(
            captured_s=at_s, people=1, rival_area_ratio=0.0, face=face, quality=None, hint=None
        )
        burst.count(observation)
        burst.sight(frame, observation, None)
    assert len(burst.sightings.frames) == 20
    assert 4 <= len(burst.sightings.scenes) <= 6
    assert burst.sightings.frames[0].lamps is not None

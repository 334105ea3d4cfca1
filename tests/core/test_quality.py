"""Quality measures on pictures whose answer is known."""

import numpy as np
import pytest

from edge.core.bedside import merit
from edge.core.face import MESH_POINTS, FaceMesh
from edge.core.quality import (
    CHIN,
    FOREHEAD,
    LEFT_CHEEK,
    LEFT_EYE,
    RIGHT_CHEEK,
    RIGHT_EYE,
    Hint,
    Quality,
    QualityLimits,
    measure,
    worst_fault,
)

LIMITS = QualityLimits(
    min_eye_distance_px=30,
    min_brightness=40,
    max_brightness=220,
    max_clipped=0.2,
    max_unevenness=0.5,
    min_sharpness=5,
    max_yaw_deg=30,
    max_pitch_deg=30,
    min_presence=0.6,
    min_inside=0.95,
)
GOOD = Quality(
    eye_distance_px=60,
    brightness=120,
    clipped=0.0,
    unevenness=0.1,
    sharpness=50,
    yaw_deg=0,
    pitch_deg=0,
    roll_deg=0,
    eye_opening=0.3,
    presence=1.0,
    inside=1.0,
)


def mesh(crop: np.ndarray | int = 120, *, yaw_deg: float = 0, roll_deg: float = 0, eye_height: float = 6) -> FaceMesh:
    """A made-up head of 200 px at (320, 240): only the points that are measured are placed."""
    points = np.zeros((MESH_POINTS, 3), np.float32)
    points[FOREHEAD], points[CHIN] = (0, -100, 0), (0, 100, 0)
    points[RIGHT_CHEEK], points[LEFT_CHEEK] = (-80, 0, 0), (80, 0, 0)
    for eye, x in ((RIGHT_EYE, -35), (LEFT_EYE, 35)):
        side = np.sign(x)
        xs = np.array([15, 5, -5, -15, -5, 5]) * side
        ys = np.array([0, -1, -1, 0, 1, 1]) * eye_height / 2
        points[eye] = np.stack([x + xs, -20 + ys, np.zeros(6)], axis=1)
    for angle, (i, j) in ((np.radians(yaw_deg), (0, 2)), (np.radians(roll_deg), (0, 1))):
        turn = np.eye(3, dtype=np.float32)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        points = points @ turn.T
    picture = np.full((192, 192, 3), crop, np.uint8) if isinstance(crop, int) else crop
    return FaceMesh(
        points_px=points + np.array([320, 240, 0], np.float32),
        presence=0.98,
        crop_rgb=picture,
        crop_from_frame=np.eye(2, 3),
    )


def look(m: FaceMesh, roll_deg: float = 0.0) -> Quality:
    return measure(m, roll_deg=roll_deg, frame_size_px=(640, 480))


@pytest.mark.parametrize("level", [0, 30, 128, 250])
def test_brightness_is_the_faces_mean_luma(level: int) -> None:
    assert look(mesh(level)).brightness == pytest.approx(level, abs=0.5)


def test_burnt_out_and_drowned_pixels_are_counted() -> None:
    assert look(mesh(255)).clipped == 1.0
    assert look(mesh(2)).clipped == 1.0
    assert look(mesh(128)).clipped == 0.0


def test_a_window_on_one_side_shows_as_unevenness() -> None:
    crop = np.full((192, 192, 3), 60, np.uint8)
    crop[:, 96:] = 180
    assert look(mesh(crop)).unevenness == pytest.approx(1.0, abs=0.05)
    assert look(mesh(60)).unevenness == pytest.approx(0.0, abs=1e-3)


def test_blur_lowers_sharpness() -> None:
    noise = np.random.default_rng(1).integers(60, 180, (192, 192, 3)).astype(np.uint8)
    blurred = noise.astype(np.float32)
    for axis in (0, 1):
        blurred = sum(np.roll(blurred, k, axis) for k in range(-4, 5)) / 9
    assert look(mesh(noise)).sharpness > 20 * look(mesh(blurred.astype(np.uint8))).sharpness


@pytest.mark.parametrize("roll_deg", [0, 45, 90, 179, -90, -135])
@pytest.mark.parametrize("yaw_deg", [-40, 0, 25])
def test_yaw_does_not_depend_on_roll(yaw_deg: float, roll_deg: float) -> None:
    quality = look(mesh(yaw_deg=yaw_deg, roll_deg=roll_deg), roll_deg=roll_deg)
    assert abs(quality.yaw_deg) == pytest.approx(abs(yaw_deg), abs=1.0)
    assert quality.pitch_deg == pytest.approx(0, abs=1.0)


def test_shut_eyes_are_measured_and_not_a_fault() -> None:
    shut, opened = look(mesh(eye_height=1)), look(mesh(eye_height=10))
    assert shut.eye_opening < 0.1 < opened.eye_opening
    assert worst_fault(GOOD, LIMITS) is None


def test_face_cut_off_by_the_edge_shows_in_inside() -> None:
    cut = mesh()
    cut.points_px[:] = np.random.default_rng(1).uniform((500, 100, 0), (700, 300, 1), (MESH_POINTS, 3))
    assert look(cut).inside == pytest.approx(0.7, abs=0.06)


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("eye_distance_px", 20, Hint.COME_CLOSER),
        ("inside", 0.8, Hint.WHOLE_FACE),
        ("presence", 0.5, Hint.WHOLE_FACE),
        ("brightness", 20, Hint.MORE_LIGHT),
        ("brightness", 240, Hint.LESS_LIGHT),
        ("clipped", 0.5, Hint.LESS_LIGHT),
        ("unevenness", 0.9, Hint.EVEN_LIGHT),
        ("yaw_deg", -50, Hint.FACE_THE_CAMERA),
        ("pitch_deg", 45, Hint.FACE_THE_CAMERA),
        ("sharpness", 1, Hint.HOLD_STILL),
    ],
)
def test_each_fault_has_its_hint_and_the_others_rank_lower(field: str, value: float, hint: Hint) -> None:
    from dataclasses import replace

    faulty = replace(GOOD, **{field: value})
    assert worst_fault(faulty, LIMITS) is hint
    assert merit(faulty) <= merit(GOOD)


def test_roll_is_never_a_fault() -> None:
    from dataclasses import replace

    for roll_deg in range(-180, 181, 15):
        assert worst_fault(replace(GOOD, roll_deg=float(roll_deg)), LIMITS) is None

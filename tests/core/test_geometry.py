"""Maps between frame and crops go there and back, and a head of roll r is upright in its crop."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.core.face import MESH_POINTS, FaceMesh
from edge.core.geometry import (
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    apply,
    fit_similarity,
    five_points,
    invert,
    letterbox_map,
    region_from_mesh,
    roll_between,
    roll_of_mesh,
    scale_of,
    upright_crop,
    wrap_deg,
)

angles = st.floats(-720, 720, allow_nan=False)
places = st.tuples(st.floats(-50, 700), st.floats(-50, 500))
sides = st.floats(10, 800)


def mesh_at(center: tuple[float, float], size: float, roll_deg: float) -> FaceMesh:
    """A flat made-up mesh: a disc of points, the outer eye corners level, turned by the roll."""
    golden = np.arange(MESH_POINTS) * 2.39996
    radius = np.sqrt(np.arange(MESH_POINTS) / (MESH_POINTS - 1))
    upright = np.stack([radius * np.cos(golden), radius * np.sin(golden)], axis=1) * 0.5
    upright[RIGHT_EYE_CORNERS[0]], upright[RIGHT_EYE_CORNERS[1]] = (-0.3, -0.1), (-0.1, -0.1)
    upright[LEFT_EYE_CORNERS[1]], upright[LEFT_EYE_CORNERS[0]] = (0.3, -0.1), (0.1, -0.1)
    points = apply(invert(upright_crop(center, 1.0, roll_deg, 1)), upright * size + 0.5)
    return FaceMesh(
        points_px=np.column_stack([points, np.zeros(MESH_POINTS)]).astype(np.float32),
        presence=0.9,
        crop_rgb=np.zeros((2, 2, 3), np.uint8),
        crop_from_frame=np.eye(2, 3),
    )


@given(angles)
def test_wrapped_angle_is_the_same_direction(angle: float) -> None:
    wrapped = wrap_deg(angle)
    assert -180.0 < wrapped <= 180.0
    assert math.isclose(math.cos(math.radians(wrapped)), math.cos(math.radians(angle)), abs_tol=1e-6)


def test_half_turn_is_positive() -> None:
    assert wrap_deg(-180.0) == wrap_deg(180.0) == 180.0


@given(places, sides, angles, places)
def test_crop_map_and_its_inverse_cancel(
    center: tuple[float, float], side: float, roll: float, point: tuple[float, float]
) -> None:
    affine = upright_crop(center, side, roll, 192)
    back = apply(invert(affine), apply(affine, np.array([point])))
    assert np.allclose(back, [point], atol=1e-2)
    assert math.isclose(scale_of(affine), 192 / side, rel_tol=1e-9)


@given(st.floats(-179, 180), sides)
def test_crown_of_a_rolled_head_is_up_in_its_crop(roll: float, side: float) -> None:
    crown = (math.sin(math.radians(roll)) * side / 4, -math.cos(math.radians(roll)) * side / 4)
    ((x, y),) = apply(upright_crop((0.0, 0.0), side, roll, 100), np.array([crown])).tolist()
    assert math.isclose(x, 50.0, abs_tol=1e-2)
    assert math.isclose(y, 25.0, abs_tol=1e-2)


def test_crown_to_the_right_is_roll_90() -> None:
    assert roll_between(np.array([100.0, 80.0]), np.array([100.0, 120.0])) == 90.0


@given(st.integers(8, 4000), st.integers(8, 4000), angles)
def test_letterbox_holds_every_corner(width: int, height: int, turn: float) -> None:
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    placed = apply(letterbox_map(width, height, turn, 128), corners)
    assert placed.min() > -0.01
    assert placed.max() < 128.01


@given(places, st.floats(0.05, 20), angles)
def test_similarity_is_found_again(shift: tuple[float, float], scale: float, turn: float) -> None:
    source = np.array([[38, 51], [73, 51], [56, 71], [41, 92], [70, 92]], np.float64)
    a = math.radians(turn)
    true = scale * np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    found = fit_similarity(source, source @ true.T + shift)
    assert np.allclose(found[:, :2], true, atol=1e-6 * max(1.0, scale))
    assert np.allclose(found[:, 2], shift, atol=1e-3)


def test_similarity_of_one_place_does_not_divide_by_zero() -> None:
    assert np.isfinite(fit_similarity(np.ones((5, 2)), np.zeros((5, 2)))).all()


@given(st.tuples(st.floats(100, 500), st.floats(100, 400)), st.floats(30, 300), st.floats(-179, 179))
def test_region_of_a_mesh_turns_with_the_head(center: tuple[float, float], size: float, roll: float) -> None:
    mesh = mesh_at(center, size, roll)
    region, upright = region_from_mesh(mesh), region_from_mesh(mesh_at(center, size, 0.0))
    assert abs(wrap_deg(region.roll_deg - roll)) < 0.1
    assert abs(wrap_deg(roll_of_mesh(mesh) - roll)) < 0.1
    assert math.isclose(region.width_px, upright.width_px, rel_tol=1e-2)
    assert math.isclose(region.height_px, upright.height_px, rel_tol=1e-2)
    assert math.dist(region.center_px, center) < size * 0.02


def test_five_points_are_image_left_first() -> None:
    points = five_points(mesh_at((200.0, 200.0), 100.0, 0.0))
    assert points.shape == (5, 2)
    assert np.allclose(points[:2], [[180, 190], [220, 190]], atol=0.1)

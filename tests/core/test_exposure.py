"""A window is exposed alike from first to last, without the mains in it, and no brighter than it was metered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.exposure import FREE_GAIN, MAINS_HALF_PERIOD_US, Exposure, planned

FRAME_US = 33_333.0
exposures = st.builds(
    Exposure, exposure_us=st.floats(50, 33_000), gain=st.floats(1, 16), colour_gains=st.just((1.7, 1.5))
)


@given(exposures)
def test_lamps_never_flicker_through_where_there_is_light_for_a_half_period(metered: Exposure) -> None:
    plan = planned(metered, frame_us=FRAME_US)
    if metered.light > MAINS_HALF_PERIOD_US:
        assert plan.exposure_us % MAINS_HALF_PERIOD_US == 0
    assert plan.exposure_us < FRAME_US and 1.0 <= plan.gain <= 8.0
    assert plan.colour_gains == (1.7, 1.5)


@given(exposures)
def test_no_window_is_brighter_or_darker_than_it_was_metered(metered: Exposure) -> None:
    plan = planned(metered, frame_us=FRAME_US, most_gain=100.0)
    assert plan.light == pytest.approx(metered.light)


def test_a_moving_hand_gets_the_short_exposure_while_gain_is_cheap() -> None:
    plan = planned(Exposure(exposure_us=30_000, gain=1.3), frame_us=FRAME_US)
    assert (plan.exposure_us, plan.gain) == (10_000, pytest.approx(3.9)) and plan.gain <= FREE_GAIN


def test_a_dim_room_gets_the_longest_exposure_before_the_gain_rises() -> None:
    plan = planned(Exposure(exposure_us=33_000, gain=8.0), frame_us=FRAME_US)
    assert (plan.exposure_us, plan.gain) == (30_000, 8.0)


def test_a_camera_that_does_something_else_is_noticed() -> None:
    told = Exposure(exposure_us=20_000, gain=2.0, colour_gains=(1.7, 1.5))
    assert told.agrees(Exposure(exposure_us=19_990, gain=2.02, colour_gains=(1.7, 1.5)))
    assert not told.agrees(Exposure(exposure_us=20_000, gain=2.0, colour_gains=(1.9, 1.5)))
    assert not told.agrees(Exposure(exposure_us=33_000, gain=2.0, colour_gains=(1.7, 1.5)))

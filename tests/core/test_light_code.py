"""The lamps' code: the same from the same seed, hard to guess, and with every state in it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.light_code import BOTH, DARK, STATES, draw_code, state_at


@given(seed=st.integers(0, 2**63 - 1), slots=st.integers(4, 64))
def test_no_code_leaves_a_state_out(seed: int, slots: int) -> None:
    counts = Counter(draw_code(seed, slots=slots).states)
    assert set(counts) == set(STATES)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_the_seed_in_the_record_gives_the_code_again() -> None:
    assert draw_code(20260101) == draw_code(20260101)
    # Known answer: a change of the drawing would make old records impossible to check.
    drawn = "".join(str(STATES.index(s)) for s in draw_code(20260101, slots=12).states)
    assert drawn == "023123110302"


def test_visits_do_not_share_a_code() -> None:
    assert len({draw_code(seed).states for seed in range(200)}) == 200


def test_before_the_code_begins_all_is_dark_and_after_its_end_the_light_is_steady() -> None:
    code = draw_code(7, slots=8, slot_s=0.5)
    assert state_at(code, -0.01) == DARK
    assert state_at(code, 0.0) == code.states[0]
    assert state_at(code, 0.74) == code.states[1]
    assert {state_at(code, code.code_s + later_s) for later_s in (0.0, 0.7, 3.1, 60.0)} == {BOTH}


@pytest.mark.parametrize(("slots", "slot_s"), [(3, 0.4), (8, 0.0)])
def test_a_code_that_cannot_hold_every_state_is_refused(slots: int, slot_s: float) -> None:
    with pytest.raises(ValueError, match="slots"):
        draw_code(1, slots=slots, slot_s=slot_s)

"""A hint must not flicker, must come soon, and must not be said over and over."""

from __future__ import annotations

import pytest

from edge.core.guidance import SAY_AFTER_S, SAY_AGAIN_S, STEADY_S, Guidance, crowded, guided
from edge.core.quality import Hint

RATE_FPS = 30.0


def played(*parts: tuple[Hint | None, float], crowd: bool = False, begin_s: float = 100.0) -> list[Guidance]:
    """What is shown after each frame of a scene: hints, each for so many seconds."""
    now, at_s, all_of_them = Guidance(), begin_s, []
    for hint, seconds in parts:
        for _ in range(round(seconds * RATE_FPS)):
            now = guided(now, hint, crowd=crowd, at_s=at_s)
            all_of_them.append(now)
            at_s += 1 / RATE_FPS
    return all_of_them


def changes(shown: list[Guidance]) -> int:
    return sum(a.hint != b.hint for a, b in zip(shown, shown[1:], strict=False))


def test_hint_at_its_limit_does_not_flicker() -> None:
    scene = [(Hint.COME_CLOSER, 1.0), *[(None, 1 / RATE_FPS), (Hint.COME_CLOSER, 2 / RATE_FPS)] * 30]
    shown = played(*scene)
    assert changes(shown) == 0 and shown[-1].hint is Hint.COME_CLOSER


def test_change_of_light_is_told_within_the_time_that_frames_must_agree() -> None:
    shown = played((None, 1.0), (Hint.MORE_LIGHT, 1.0))
    first = next(g for g in shown if g.hint is Hint.MORE_LIGHT)
    assert first.at_s is not None and first.at_s - 101.0 <= STEADY_S + 1.5 / RATE_FPS
    assert changes(shown) == 1


def test_first_frame_is_judged_at_once() -> None:
    assert guided(Guidance(), None, crowd=False, at_s=5.0).hint is None


def test_face_that_was_looked_for_is_told_with_its_first_frame() -> None:
    lost = played((Hint.NOBODY, 1.0))[-1]
    assert lost.at_s is not None
    assert guided(lost, Hint.COME_CLOSER, crowd=False, at_s=lost.at_s + 1 / RATE_FPS).hint is Hint.COME_CLOSER


def test_face_that_comes_and_goes_does_not_flicker() -> None:
    shown = played((Hint.NOBODY, 0.5), *[(None, 2 / RATE_FPS), (Hint.NOBODY, 2 / RATE_FPS)] * 20)
    assert changes(shown) == 1


def test_source_that_stalls_or_begins_anew_is_no_agreement() -> None:
    before = played((None, 1.0))[-1]
    assert guided(before, Hint.NOBODY, crowd=False, at_s=150.0).hint is Hint.NOBODY
    assert guided(before, Hint.NOBODY, crowd=False, at_s=0.0).hint is Hint.NOBODY


@pytest.mark.parametrize("hint", [None, Hint.COME_CLOSER, Hint.MORE_LIGHT])
def test_another_person_comes_before_all_else(hint: Hint | None) -> None:
    assert played((hint, 0.5), crowd=True)[-1].hint is Hint.SEVERAL_PEOPLE
    assert played((Hint.NOBODY, 0.5), crowd=True)[-1].hint is Hint.NOBODY


def test_small_face_in_the_background_is_no_crowd() -> None:
    assert not crowded(0.3, 1.8)
    assert crowded(0.6, 1.8)
    assert not crowded(0.0, 1.8)


def test_hint_is_said_when_it_stands_and_again_after_a_while() -> None:
    assert played((Hint.COME_CLOSER, SAY_AFTER_S * 0.9))[-1].say == 0
    assert played((Hint.COME_CLOSER, SAY_AFTER_S + 0.2))[-1].say == 1
    assert played((Hint.COME_CLOSER, SAY_AFTER_S + SAY_AGAIN_S + 0.3))[-1].say == 2


def test_praise_is_said_once() -> None:
    assert played((None, 30.0))[-1].say == 1


def test_hints_that_pass_quickly_are_never_said() -> None:
    assert played(*[(Hint.COME_CLOSER, 0.4), (Hint.MORE_LIGHT, 0.4)] * 10)[-1].say == 0

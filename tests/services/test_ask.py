"""The optional check while it runs: one request after another, none skipped, none that holds a visit up."""

from __future__ import annotations

import pytest

from edge.core.asking import Action
from edge.core.cues.active import active_cue
from edge.core.sighting import Sighting, Sightings
from edge.services.ask import REST_S, ActiveCheck, Prompt
from tests.core.cues.windows import RATE_HZ, face_points, in_pixels, sighting

BEGUN_S = 500.0
SEED = next(s for s in range(500) if Action.BLINK not in ActiveCheck(s).actions)


def frame(since_s: float, doing: Action | None) -> Sighting:
    points = face_points()
    gap = 0.08 if doing is Action.MOUTH else 0.0
    points[[61, 291], :2] = [[-0.15, 0.3], [0.15, 0.3]]
    points[[13, 14], :2] = [[0, 0.3 - gap], [0, 0.3 + gap]]
    points[1, 0] += {Action.TURN_LEFT: 0.2, Action.TURN_RIGHT: -0.2}.get(doing, 0.0)  # type: ignore[arg-type]
    return sighting(BEGUN_S + since_s, points_px=in_pixels(points))


def played(check: ActiveCheck, *, obeys: bool, seconds: float = 20.0) -> tuple[list[Prompt], list[Sighting]]:
    """Somebody who begins half a second after each request, or does nothing."""
    prompts, frames, asked_s, last = [], [], 0.0, None
    for number in range(int(seconds * RATE_HZ)):
        since_s = number / RATE_HZ
        action = check.prompt.action
        if action != last:
            last, asked_s = action, since_s
        frames.append(frame(since_s, action if obeys and since_s - asked_s > 0.5 else None))
        check.follow(frames[-1], since_s)
        prompts.append(check.prompt)
        if check.over:
            break
    return prompts, frames


def score_of(check: ActiveCheck, frames: list[Sighting]) -> float | None:
    return active_cue(
        Sightings(frames=frames, scenes=(), begun_s=BEGUN_S, asked=check.asked, asked_seed=check.seed)
    ).score


def test_an_answer_brings_the_next_request_at_once() -> None:
    check = ActiveCheck(SEED)
    prompts, frames = played(check, obeys=True)
    assert check.over and prompts[-1].answered == (True, True, True)
    assert frames[-1].captured_s - BEGUN_S < 1.0 + 3 * (1.0 + REST_S), "it waited although it was answered"
    shown = list(dict.fromkeys(p.action for p in prompts if p.action))
    assert shown == list(check.actions)
    score = score_of(check, frames)
    assert score is not None and score > 0.9


def test_a_person_who_does_nothing_holds_up_nothing() -> None:
    check = ActiveCheck(SEED)
    prompts, frames = played(check, obeys=False)
    assert check.over and prompts[-1].answered == (False, False, False)
    assert frames[-1].captured_s - BEGUN_S <= check.at_most_s
    assert score_of(check, frames) == pytest.approx(0.0)


def test_a_face_that_is_lost_answers_nothing() -> None:
    check = ActiveCheck(SEED, each_s=1.0)
    for number in range(200):
        check.follow(None, number / RATE_HZ)
    assert check.over and check.prompt.answered == (False, False, False)


def test_nothing_is_asked_while_the_lamps_follow_their_code() -> None:
    check = ActiveCheck(SEED, lead_s=3.5)
    check.follow(frame(3.4, None), 3.4)
    assert check.prompt.action is None
    check.follow(frame(3.6, None), 3.6)
    assert check.prompt.action is check.actions[0] and check.prompt.left_s == pytest.approx(3.9)

"""The optional active check while it runs: draws the order, asks one thing after another, sees when it was done.

For those who can, and never the gate. A screen shows `prompt` after every frame; the next request comes as soon as
one was answered, or when its time is over. What was asked, and when, goes with the window to the cue that judges it.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.asking import Action, Asked, draw_actions
from edge.core.cues.active import Gesture, answered, gesture
from edge.core.sighting import Sighting

REST_S = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What to show now. action: None while nothing is asked (before the first, between two, after the last).
    number, of: which request this is, from 1. left_s: of its time. answered: of the requests gone by, in order."""

    action: Action | None
    number: int
    of: int
    left_s: float
    answered: tuple[bool, ...]


class ActiveCheck:
    """One check in one capture window; not for two. lead_s: of rest before the first request, for a level to compare
    with; as long as the lamps' code where there is one, which moves the shadows of the lids."""

    def __init__(self, seed: int, *, count: int = 3, each_s: float = 4.0, lead_s: float = 1.0) -> None:
        self.seed = seed
        self.actions = draw_actions(seed, count)
        self.asked: tuple[Asked, ...] = ()
        self._each_s, self._lead_s = each_s, lead_s
        self._gestures: list[Gesture] = []
        self._answered: list[bool] = []
        self._from_s: float | None = lead_s
        self._now_s = 0.0

    @property
    def at_most_s(self) -> float:
        """How long it takes when nothing is answered, from the window's beginning."""
        return self._lead_s + len(self.actions) * (self._each_s + REST_S)

    @property
    def over(self) -> bool:
        return len(self.asked) == len(self.actions) and self._from_s is None

    @property
    def prompt(self) -> Prompt:
        asking = self._from_s is not None and self._now_s >= self._from_s
        left_s = self._from_s + self._each_s - self._now_s if asking and self._from_s is not None else 0.0
        return Prompt(
            action=self.actions[len(self._answered)] if asking else None,
            number=min(len(self._answered) + 1, len(self.actions)), of=len(self.actions), left_s=max(0.0, left_s),
            answered=tuple(self._answered),
        )  # fmt: skip

    def follow(self, sighting: Sighting | None, since_s: float) -> None:
        """Take note of a frame, `since_s` after the window began. sighting: None where no face was seen."""
        self._now_s = since_s
        if sighting is not None:
            self._gestures.append(gesture(sighting, sighting.captured_s - since_s))
        if self._from_s is None or since_s < self._from_s:
            return
        request = Asked(action=self.actions[len(self._answered)], from_s=self._from_s, to_s=since_s)
        done = sighting is not None and answered(self._gestures, request)
        if done or since_s - self._from_s >= self._each_s:
            self.asked = (*self.asked, request)
            self._answered.append(done)
            self._from_s = since_s + REST_S if len(self._answered) < len(self.actions) else None

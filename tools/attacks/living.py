"""The bona fide: heads of real shape that pulse, breathe and blink, from a portrait or playing a real clip."""

from __future__ import annotations

import numpy as np

from tools.attacks import props
from tools.attacks.film import skin_film, whole_film
from tools.attacks.head import Head, Life
from tools.attacks.motion import Breath, Hand, Pose, Wander, turning
from tools.attacks.physiology import Heart, Lids
from tools.attacks.scene import Layer
from tools.attacks.species import Casting, species


def base_pose(cast: Casting, *, turned: bool = True) -> Pose:
    """Where the subject is at rest: at the drawn distance, roll, and turned a little past the lens."""
    c = cast.conditions
    yaw, pitch = (c.yaw_deg, c.pitch_deg) if turned else (0.0, 0.0)
    return Pose(turn=turning(yaw, pitch, c.roll_deg), shift_mm=np.array([*c.off_mm, c.distance_mm]))


def kept_moving(cast: Casting) -> Hand:
    """A head that turns by ten degrees and more either way without a rest: too much for a pulse to be seen."""
    return Hand(cast.rng, sway_mm=5.0, sway_deg=7.0)


def bedding(cast: Casting, *, covered: bool = True) -> tuple[list[Layer], list[Layer]]:
    """Pillow behind and blanket before a head that lies at the base pose."""
    pose = base_pose(cast, turned=False)
    blankets = [props.blanket(cast.rng, pose, below_mm=95.0, behind_mm=55.0)] if covered else []
    return [props.pillow(cast.rng, pose, 135.0)], list(blankets)


@species(
    "live_head", "live", "a 3-D head from a portrait on a pillow: pulse, breath, blinks, small movements", pulse=True
)
def live_head(cast: Casting) -> list[Layer]:
    shape = cast.fit(cast.identity, True)
    life = Life.drawn(cast.rng, seconds=cast.seconds, bpm=cast.bpm, strength=cast.strength, still=1.0)
    behind, before = bedding(cast)
    return [*behind, Head(shape, base_pose(cast), life=life), *before]


@species("live_asleep", "live", "the same with shut eyes and hardly a movement: asleep or very ill", pulse=True)
def live_asleep(cast: Casting) -> list[Layer]:
    shape = cast.fit(cast.identity, True)
    rng = cast.rng
    life = Life(
        heart=Heart.drawn(rng, bpm=cast.bpm, strength=cast.strength), lids=Lids(shut_s=((-5.0, cast.seconds + 5.0),)),
        stir=Hand(rng, sway_mm=0.3, sway_deg=0.15), breath=Breath(rng, per_min=float(rng.uniform(10, 18))),
        mouth=Wander(rng, 2, sway=0.15), brows=Wander(rng, 2, sway=0.05),
    )  # fmt: skip
    behind, before = bedding(cast)
    return [*behind, Head(shape, base_pose(cast), life=life), *before]


@species(
    "live_restless",
    "live",
    "the same, the head turning and swaying all the time, as with unrest",
    pulse=True,
    restless=True,
)
def live_restless(cast: Casting) -> list[Layer]:
    shape, rng = cast.fit(cast.identity, True), cast.rng
    life = Life(
        heart=Heart.drawn(rng, bpm=cast.bpm, strength=cast.strength), lids=Lids.drawn(rng, seconds=cast.seconds),
        stir=kept_moving(cast), breath=Breath(rng, per_min=float(rng.uniform(14, 24))),
        mouth=Wander(rng, 2, sway=0.8), brows=Wander(rng, 2, sway=0.5),
    )  # fmt: skip
    behind, before = bedding(cast)
    return [*behind, Head(shape, base_pose(cast), life=life), *before]


@species(
    "live_clip",
    "live",
    "a real clip as the skin of a 3-D head: its own pulse, blinks and mimics",
    film=True,
    still=True,
)
def live_clip(cast: Casting) -> list[Layer]:
    shape = cast.fit(cast.identity, True)
    head = Head(shape, base_pose(cast), life=None, paint=skin_film(shape, cast.identity, cast.rng))
    behind, before = bedding(cast)
    return [*behind, head, *before]


@species(
    "live_refilmed", "live", "a real clip whole, through the sensor; the unit on a table", film=True, lamps=False
)
def live_refilmed(cast: Casting) -> list[Layer]:
    return [whole_film(cast.identity, cast.rng)]

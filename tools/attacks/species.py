"""The species: what each puts before the camera. `SPECIES` is the list; `build` makes the layers of one clip.

Instruments follow ISO/IEC 30107-3's use of the word: a class of attacks made in one way. Living people are species
here too, so that bona fide and attack run through the same lens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tools.attacks.conditions import Conditions
from tools.attacks.head_shape import HeadShape
from tools.attacks.identities import Identity
from tools.attacks.scene import Layer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Casting:
    """What a clip is made of. other: the attacker. bpm: of the person shown (live, or in the replayed film);
    fit: gives the head of an identity, cut out of its background or not."""

    identity: Identity
    other: Identity
    conditions: Conditions
    seconds: float
    bpm: float
    strength: float
    rng: np.random.Generator = field(repr=False)
    fit: Callable[[Identity, bool], HeadShape] = field(repr=False)


Build = Callable[[Casting], list[Layer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Species:
    """label: "live" or "attack". near_mm, far_mm: distance to the lens. film: whether it needs a clip as source.
    pulse: whether the simulated heart shows in the picture. lamps: whether lamps can light it at all; if not, the
    unit stands on a table. still: only clips of people who hold still will do. restless: too much moved for
    a pulse."""

    name: str
    label: str
    what: str
    build: Build
    near_mm: float = 300.0
    far_mm: float = 560.0
    film: bool = False
    pulse: bool = False
    lamps: bool = True
    still: bool = False
    restless: bool = False


SPECIES: dict[str, Species] = {}


def species(name: str, label: str, what: str, **rest: float | bool) -> Callable[[Build], Build]:
    """Enters a builder into the list."""

    def enter(build: Build) -> Build:
        SPECIES[name] = Species(name=name, label=label, what=what, build=build, **rest)  # type: ignore[arg-type]
        return build

    return enter

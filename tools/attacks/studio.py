"""Puts clips together: species × identity × seed → a simulated camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edge.core.errors import InputError
from edge.core.light_code import LightCode, draw_code
from edge.models.nets import Nets
from tools.attacks import living, paper_attacks, screen_attacks
from tools.attacks.camera import RATE_FPS, AttackCamera, Clip
from tools.attacks.conditions import draw_conditions
from tools.attacks.identities import Identity, largest_move, shapes
from tools.attacks.species import SPECIES, Casting

# Importing these files enters their species into the list.
ROOMS = (living, paper_attacks, screen_attacks)
# Largest move of the nose against the eyes' distance in a clip that may be the skin of a head.
STILL = 0.35


class Studio:
    """Makes cameras. identities: whose faces are shown. attackers: who holds and wears, pictures with open eyes; None
    for any of the identities."""

    def __init__(
        self, nets: Nets, identities: Sequence[Identity], *, attackers: Sequence[Identity] | None = None
    ) -> None:
        if not identities:
            raise InputError("nobody to show: name a picture or a clip")
        self.fit = shapes(nets)
        self._nets = nets
        self._fits: dict[Identity, bool] = {}
        self._still: dict[Identity, bool] = {}
        self.identities = tuple(identities)
        self._attackers = [i for i in (attackers or identities) if not i.film]

    def camera(
        self,
        species: str,
        seed: int,
        *,
        code: LightCode | None = None,
        identity: Identity | None = None,
        seconds: float = 11.0,
        roll_deg: float | None = None,
        bpm: float | None = None,
        lamps: bool = True,
        rate_fps: float = RATE_FPS,
    ) -> AttackCamera:
        """One clip. code: what the lamps follow (None: drawn from the seed; lamps=False: a unit without).
        identity, roll_deg, bpm: None to draw them. rate_fps: frames a second."""
        kind = SPECIES.get(species)
        if kind is None:
            raise InputError(f"no species {species!r}", remedy=f"One of: {', '.join(SPECIES)}.")
        rng = np.random.default_rng((seed, 0))
        suited = [
            i for i in self.identities if (i.film or not kind.film) and (not kind.still or self._holds_still(i))
        ]
        if not suited:
            raise InputError(f"{species} plays clips, and there is none among the identities")
        chosen = identity or self._fitting(suited, rng)
        code, lamps = code or draw_code(seed), lamps and kind.lamps
        conditions = draw_conditions(
            seed, code=code if lamps else None, roll_deg=roll_deg, near_mm=kind.near_mm, far_mm=kind.far_mm
        )
        if not kind.lamps:
            conditions = replace(conditions, sway_mm=0.05, sway_deg=0.02, off_mm=(0.0, 0.0))
        own_bpm = bpm if bpm is not None else float(rng.uniform(48, 108))
        cast = Casting(
            identity=chosen, other=self._other(chosen, rng), conditions=conditions, seconds=seconds, bpm=own_bpm,
            strength=float(rng.uniform(0.004, 0.010)), rng=rng, fit=self.fit,
        )  # fmt: skip
        real_bpm = chosen.bpm if kind.film else None
        clip = Clip(
            species=species, label=kind.label, subject=chosen.subject, bpm=own_bpm if kind.pulse else real_bpm,
            seed=seed, code_seed=code.seed if lamps else None, seconds=seconds,
            rate_fps=rate_fps,
        )  # fmt: skip
        return AttackCamera(clip, kind, cast)

    def _fitting(self, identities: Sequence[Identity], rng: np.random.Generator) -> Identity:
        """The first of a shuffled list whose picture makes a head. Raises InputError when none does."""
        for number in rng.permutation(len(identities)).tolist():
            chosen: Identity = identities[number]
            if self._makes_a_head(chosen):
                return chosen
        raise InputError("none of the pictures shows a face that is large, whole and frontal enough")

    def _holds_still(self, identity: Identity) -> bool:
        """Whether the head of a clip stays where the shape is fitted."""
        if identity not in self._still:
            self._still[identity] = largest_move(self._nets, identity) < STILL
        return self._still[identity]

    def _makes_a_head(self, identity: Identity) -> bool:
        if identity not in self._fits:
            try:
                self.fit(identity, False)
                self._fits[identity] = True
            except InputError:
                self._fits[identity] = False
        return self._fits[identity]

    def _other(self, chosen: Identity, rng: np.random.Generator) -> Identity:
        others = [i for i in self._attackers if i.subject != chosen.subject]
        return self._fitting(others, rng) if others else chosen

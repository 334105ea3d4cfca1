"""All liveness cues that a policy wants, over one capture window."""

from __future__ import annotations

from collections.abc import Callable

from edge.core.cues.active import active_cue
from edge.core.cues.eyes import eyes_cue
from edge.core.cues.light import light_cue
from edge.core.cues.pulse import pulse_cue
from edge.core.cues.relief import relief_cue
from edge.core.cues.result import ACTIVE, EYES, LIGHT, PULSE, RELIEF, SURROUNDINGS, TEXTURE, CueResult
from edge.core.cues.surroundings import surroundings_cue
from edge.core.cues.texture import texture_cue
from edge.core.liveness import CuePolicy
from edge.core.sighting import Sightings

FROM_SIGHTINGS: dict[str, Callable[[Sightings], CueResult]] = {
    PULSE: pulse_cue,
    EYES: eyes_cue,
    RELIEF: relief_cue,
    LIGHT: light_cue,
    SURROUNDINGS: surroundings_cue,
    ACTIVE: active_cue,
}


def assess(
    sightings: Sightings, live_probabilities: list[float], policy: CuePolicy, *, min_texture_frames: int
) -> dict[str, CueResult]:
    """What each wanted cue says, by name, in the order of CUE_NAMES. Takes about a third of a second."""
    results: dict[str, CueResult] = {}
    for name in policy.wanted:
        if name == TEXTURE:
            results[name] = texture_cue(live_probabilities, min_frames=min_texture_frames)
        else:
            results[name] = FROM_SIGHTINGS[name](sightings)
    return results

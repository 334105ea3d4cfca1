"""Comparison of a probe with references, and the bands that a score falls into.

Scores are cosines, -1..1, higher is more alike. Where the thresholds come from stands in the policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edge.core.errors import ModelError
from edge.core.face import Embedding
from edge.core.record import Score


class Band(StrEnum):
    CLEAR = "clear"
    GREY = "grey"
    LOW = "low"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One face from the file. sha256: of the picture (or template) it was made from."""

    embedding: Embedding
    sha256: str


def band(score: Score) -> Band:
    """The band of a score; a value that is not a number counts as absent."""
    if score.value is None or score.value != score.value:
        return Band.ABSENT
    if score.value >= score.accept:
        return Band.CLEAR
    return Band.GREY if score.value >= score.review else Band.LOW


def fuse(probes: Sequence[Embedding]) -> Embedding:
    """The direction that several probes of one face share: the normalised mean of their unit vectors."""
    vector = np.mean([p.vector for p in probes], axis=0)
    return Embedding(vector=vector / max(float(np.linalg.norm(vector)), 1e-9), model_sha256=probes[0].model_sha256)


def comparison_score(probe: Embedding, references: Sequence[Reference]) -> float | None:
    """The best cosine over all references, or None without any.

    Raises ModelError when a reference was made by another model: such numbers mean nothing.
    """
    for reference in references:
        if reference.embedding.model_sha256 != probe.model_sha256:
            raise ModelError(
                "a reference was made by another embedding model",
                remedy="Make the references again from their photographs with the installed bundle.",
            )
    return max((float(probe.vector @ r.embedding.vector) for r in references), default=None)


def continuity(probes: Sequence[Embedding]) -> float | None:
    """The least cosine between any two probes of one burst: low when faces were exchanged on the way."""
    if len(probes) < 2:
        return None
    matrix = np.stack([p.vector for p in probes])
    return float((matrix @ matrix.T).min())

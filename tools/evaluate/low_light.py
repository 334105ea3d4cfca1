"""Whether frames taken in low light are better averaged as pictures, or as embeddings, or left alone.

Five noisy frames of one moment lie exactly on one another here, which a hand never does: averaging pictures gets the
best case that there is.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.core.comparison import fuse
from edge.core.face import Embedding, Frame, Picture, Points
from tools.evaluate.degrade import drawn
from tools.evaluate.metrics import wilson
from tools.evaluate.rig import Rig

DARK = ("a quarter of the light", "a tenth of the light")
FRAMES = 5


class DarkProbe(msgspec.Struct, frozen=True, kw_only=True):
    """Cosines to the reference, each None without a face: of one frame, of the fused embeddings, of the averaged
    frames."""

    degradation: str
    one: float | None
    embeddings: float | None
    pictures: float | None


def dark_probes(rig: Rig, picture: Picture, points: Points, own: NDArray[np.float32], seed: int) -> list[DarkProbe]:
    found = []
    for name in DARK:
        frames = [drawn(name, picture, points, seed + number) for number in range(FRAMES)]
        each = [_embedded(rig, frame) for frame in frames]
        seen = [e for e in each if e]
        mean = np.asarray(np.rint(np.mean(frames, axis=0)), np.uint8)
        found.append(DarkProbe(
            degradation=name, one=_cosine(each[0], own), embeddings=_cosine(fuse(seen) if seen else None, own),
            pictures=_cosine(_embedded(rig, mean), own),
        ))  # fmt: skip
    return found


def low_light_report(probes: list[DarkProbe], accept: float) -> dict[str, Any]:
    """The share of same-person comparisons at or over the threshold, for each way."""
    report: dict[str, Any] = {}
    for name in DARK:
        own = [p for p in probes if p.degradation == name]
        if own:
            report[name] = {"comparisons": len(own)} | {
                way: _share([getattr(p, way) for p in own], accept) for way in ("one", "embeddings", "pictures")
            }
    return report


def _share(cosines: list[float | None], accept: float) -> dict[str, Any]:
    passed = sum(c is not None and c >= accept for c in cosines)
    return {"tar": passed / len(cosines), "ci": wilson(passed, len(cosines))}


def _embedded(rig: Rig, picture: Picture) -> Embedding | None:
    frame = Frame(bgr=picture, captured_s=0.0)
    face = rig.perceiver.look_at_still(frame).face
    return rig.embed(frame, face) if face else None


def _cosine(embedding: Embedding | None, own: NDArray[np.float32]) -> float | None:
    return None if embedding is None else float(embedding.vector @ own)

"""Whether a document in a photograph can be read by a person: sharp enough, and neither dark nor washed out.

Measured at WIDTH_PX, so that cameras compare. The limits are of printed lines 14 px high at that width: blurred by a
Gaussian of 1 px they stand at 230 and can be read, by 1.5 px at 43 and cannot.
"""

from __future__ import annotations

from enum import StrEnum

WIDTH_PX = 640
MIN_SHARPNESS = 60.0
MIN_LUMA, MAX_LUMA = 50.0, 235.0


class DocumentHint(StrEnum):
    """What to do about the picture; READY: take it."""

    BLURRED = "blurred"
    DARK = "dark"
    GLARE = "glare"
    READY = "ready"


def judge_document(*, sharpness: float, luma: float) -> DocumentHint:
    """sharpness: variance of the Laplacian, grey levels squared. luma: mean, 0..255. The worst comes first."""
    if luma < MIN_LUMA:
        return DocumentHint.DARK
    if luma > MAX_LUMA:
        return DocumentHint.GLARE
    return DocumentHint.READY if sharpness >= MIN_SHARPNESS else DocumentHint.BLURRED

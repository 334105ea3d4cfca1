"""Scores and bands: absent is never low, foreign models are refused, exchanged faces show."""

import numpy as np
import pytest

from edge.core.comparison import Band, Reference, band, comparison_score, continuity, fuse
from edge.core.cues.texture import texture_score
from edge.core.errors import ModelError
from edge.core.face import Embedding
from edge.core.record import Score


def embedding(*values: float, model: str = "m") -> Embedding:
    vector = np.zeros(128, np.float32)
    vector[: len(values)] = values
    return Embedding(vector=vector / np.linalg.norm(vector), model_sha256=model)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Band.ABSENT),
        (float("nan"), Band.ABSENT),
        (0.29, Band.LOW),
        (0.30, Band.GREY),
        (0.4799, Band.GREY),
        (0.48, Band.CLEAR),
    ],
)
def test_band_edges(value: float | None, expected: Band) -> None:
    assert band(Score(value=value, review=0.30, accept=0.48)) is expected


def test_best_of_several_references_counts() -> None:
    references = [Reference(embedding=embedding(0, 1), sha256="a"), Reference(embedding=embedding(1, 1), sha256="b")]
    assert comparison_score(embedding(1, 0), references) == pytest.approx(np.sqrt(0.5), abs=1e-6)


def test_no_reference_gives_no_score_rather_than_zero() -> None:
    assert comparison_score(embedding(1), []) is None


def test_reference_of_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match="another embedding model"):
        comparison_score(embedding(1), [Reference(embedding=embedding(1, model="other"), sha256="a")])


def test_fused_probe_is_a_unit_vector_between_its_parts() -> None:
    fused = fuse([embedding(1, 0), embedding(0, 1)])
    assert np.linalg.norm(fused.vector) == pytest.approx(1.0)
    assert fused.vector[0] == pytest.approx(fused.vector[1])


def test_exchanged_face_shows_in_continuity() -> None:
    assert continuity([embedding(1, 0.1), embedding(1, -0.1)]) == pytest.approx(0.98, abs=0.01)
    assert continuity([embedding(1, 0), embedding(1, 0), embedding(0, 1)]) == pytest.approx(0.0, abs=1e-6)
    assert continuity([embedding(1)]) is None


def test_single_frames_do_not_move_the_liveness_of_a_burst() -> None:
    assert texture_score([0.95] * 9 + [0.006] * 3, min_frames=5) == pytest.approx(0.95)
    assert texture_score([0.1] * 9 + [0.99] * 3, min_frames=5) == pytest.approx(0.1)


def test_too_few_frames_give_no_liveness_rather_than_a_guess() -> None:
    assert texture_score([0.99] * 4, min_frames=5) is None
    assert texture_score([], min_frames=0) is None

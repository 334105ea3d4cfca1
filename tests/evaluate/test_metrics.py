"""Faults in the arithmetic would make every published figure wrong: small cases by hand, and properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.evaluate.metrics import (
    auc,
    best_threshold,
    curve,
    equal_error,
    fold_accuracy,
    threshold_at,
    wilson,
)

SCORES = st.lists(st.integers(-20, 20).map(lambda n: n / 20), min_size=1, max_size=40).map(np.array)


def test_wilson_agrees_with_published_example() -> None:
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for successes, trials, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
                                         (1, 29, 0.0061, 0.1718)):  # fmt: skip
        found = wilson(successes, trials)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_without_trials_says_nothing_is_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_itself(a: int, b: int) -> None:
    successes, trials = min(a, b), max(a, b)
    found = wilson(successes, trials)
    assert 0.0 <= found.low <= found.high <= 1.0
    if trials:
        assert found.low <= successes / trials <= found.high


def test_auc_counts_ties_half() -> None:
    # Pairs: (3,1) (3,2) won, (2,1) won, (2,2) tied: 3.5 of 4.
    assert auc(np.array([3.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(3.5 / 4)


@given(SCORES, SCORES)
def test_auc_is_the_mean_over_all_pairs(genuine: np.ndarray, impostor: np.ndarray) -> None:
    wins = (genuine[:, None] > impostor[None, :]) + 0.5 * (genuine[:, None] == impostor[None, :])
    assert auc(genuine, impostor) == pytest.approx(wins.mean())


@given(SCORES, SCORES)
def test_auc_turns_round_when_the_sides_are_exchanged(genuine: np.ndarray, impostor: np.ndarray) -> None:
    assert auc(genuine, impostor) + auc(impostor, genuine) == pytest.approx(1.0)


def test_equal_error_by_hand() -> None:
    # At 0.4 one of four genuine is below and one of four impostors at or above.
    rate, threshold = equal_error(np.array([0.3, 0.5, 0.6, 0.9]), np.array([0.0, 0.1, 0.2, 0.4]))
    assert rate == pytest.approx(0.25)
    assert threshold == pytest.approx(0.4)


def test_equal_error_of_separate_sets_is_zero() -> None:
    assert equal_error(np.array([0.8, 0.9]), np.array([0.1, 0.2]))[0] == 0.0


@given(SCORES, SCORES)
def test_curve_is_monotone_and_ends_with_nothing_accepted(genuine: np.ndarray, impostor: np.ndarray) -> None:
    errors = curve(genuine, impostor)
    assert (np.diff(errors.false_accept) <= 0).all()
    assert (np.diff(errors.false_reject) >= 0).all()
    assert (errors.false_accept[0], errors.false_reject[0]) == (1.0, 0.0)
    assert (errors.false_accept[-1], errors.false_reject[-1]) == (0.0, 1.0)


def test_threshold_at_rate_is_just_above_the_first_refused() -> None:
    scores = np.linspace(0, 0.99, 100)
    threshold = threshold_at(scores, 100, 0.02)
    assert np.sum(scores >= threshold) == 2
    assert threshold == np.nextafter(scores[97], 1)


def test_tied_impostors_are_refused_together() -> None:
    scores = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    assert np.mean(scores >= threshold_at(scores, 5, 0.4)) == pytest.approx(0.2)


@given(SCORES, st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]))
def test_threshold_never_lets_more_through_than_the_rate(scores: np.ndarray, rate: float) -> None:
    assert np.mean(scores >= threshold_at(scores, scores.size, rate)) <= rate + 1e-9


def test_threshold_refuses_a_tail_that_is_too_short() -> None:
    with pytest.raises(ValueError, match="expected 11"):
        threshold_at(np.array([0.5] * 5), 1000, 0.01)


def test_best_threshold_separates_what_can_be_separated() -> None:
    threshold = best_threshold(np.array([0.9, 0.7, 0.3, 0.1]), np.array([True, True, False, False]))
    assert threshold == pytest.approx(0.5)


@given(st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=1, max_size=30))
def test_no_threshold_is_better_than_the_best(pairs: list[tuple[int, bool]]) -> None:
    scores, same = np.array([s / 9 for s, _ in pairs]), np.array([b for _, b in pairs])
    best = np.sum((scores >= best_threshold(scores, same)) == same)
    tried = [np.sum((scores >= t) == same) for t in (*np.unique(scores), scores.max() + 1)]
    assert best == max(tried)


def test_folds_are_judged_at_a_threshold_from_elsewhere() -> None:
    # Two folds; in the second one everything lies 0.5 higher, so that the other fold's threshold fails there.
    scores = np.array([0.2, 0.2, 0.9, 0.9, 0.0, 0.0, 0.6, 0.6])
    same = np.array([True] * 4 + [False] * 4)
    right, thresholds = fold_accuracy(scores, same, folds=2)
    assert thresholds == pytest.approx([0.75, 0.1])
    assert right.tolist() == [False, False, True, True, True, True, False, False]


def test_folds_follow_the_order_of_the_list_within_each_label() -> None:
    same = np.array([True, False] * 10)
    scores = np.where(same, 0.9, 0.1)
    right, thresholds = fold_accuracy(scores, same)
    assert right.all()
    assert len(thresholds) == 10


def test_missing_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        auc(np.array([math.nan]), np.array([0.1]))

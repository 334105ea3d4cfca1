"""All-pairs scoring must see each pair once, whatever the block size, and resample people, not pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.evaluate import all_pairs
from tools.evaluate.all_pairs import at_rate, identities, joined, score_all


def unit_vectors(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=40), st.integers(1, 16))
def test_blocks_lose_and_double_no_pair(people: list[int], block: int) -> None:
    person, vectors = identities([str(p) for p in people], lambda name: name), unit_vectors(len(people), 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(all_pairs, "BLOCK", block)
        found = score_all(vectors, person, tail_rate=1.0)
    expected: dict[bool, list[float]] = {True: [], False: []}
    for a, b in combinations(range(len(people)), 2):
        expected[bool(person[a] == person[b])].append(float(vectors[a] @ vectors[b]))
    assert np.sort(found.genuine) == pytest.approx(np.sort(expected[True]), abs=1e-5)
    assert np.sort(found.tail) == pytest.approx(np.sort(expected[False]), abs=1e-5)
    assert found.impostors == len(expected[False])


def test_tail_holds_the_highest_impostors() -> None:
    vectors, person = unit_vectors(300, 1), np.arange(300)
    every = np.sort((vectors @ vectors.T)[np.triu_indices(300, 1)])[::-1]
    found = score_all(vectors, person, tail_rate=0.01)
    assert found.tail == pytest.approx(every[: found.tail.size], abs=1e-5)
    assert found.tail.size >= 0.01 * every.size


def test_pictures_without_a_face_lower_the_accept_rate() -> None:
    vectors = np.repeat(np.eye(8, dtype=np.float32), 2, axis=0)
    pairs = score_all(vectors, np.repeat(np.arange(8), 2), tail_rate=0.02)
    assert at_rate(pairs, 0.01, missed=0).tar == 1.0
    assert at_rate(pairs, 0.01, missed=8).tar == 0.5


def test_interval_is_wide_when_one_person_makes_all_pairs() -> None:
    rng = np.random.default_rng(5)
    few = score_all(unit_vectors(40, 2), np.repeat(np.arange(2), 20), tail_rate=0.5)
    interval = at_rate(few, 0.1, missed=0).interval
    many = score_all(unit_vectors(400, 2), rng.permutation(np.repeat(np.arange(200), 2)), tail_rate=0.5)
    assert interval.high - interval.low > 0
    assert at_rate(many, 0.1, missed=0).interval.low <= at_rate(many, 0.1, missed=0).tar


def test_links_join_a_person_over_several_pairs() -> None:
    stands_for = joined(["a", "b", "c", "d"], [("a", "b"), ("b", "c")])
    assert stands_for["a"] == stands_for["b"] == stands_for["c"] != stands_for["d"]

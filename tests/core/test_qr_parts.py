"""A document in several QR codes: whole or refused, whatever order they were read in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.errors import InputError
from edge.core.qr_parts import join, split

DOCUMENT = bytes(range(256)) * 8 + b"the end"


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=3000), st.randoms(use_true_random=False))
def test_parts_join_in_any_order_and_twice(document: bytes, random: object) -> None:
    parts = split(document) * 2
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert join(parts) == document


def test_part_that_is_wanting_is_named() -> None:
    parts = split(DOCUMENT + bytes(str(list(range(900))), "ascii"))
    assert len(parts) > 2
    with pytest.raises(InputError, match="part 2 of"):
        join([parts[0], *parts[2:]])


def test_parts_of_two_documents_never_mix() -> None:
    with pytest.raises(InputError, match="different documents"):
        join([*split(b"one"), *split(b"two")])


@pytest.mark.parametrize("text", ["", "DP1:", "DS1:ABC", "DP1:0000:1/1:AAAA", "DP1:ZZZZ:1/1:AAAA", "DP1:0000:1/1:A"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        join([text])

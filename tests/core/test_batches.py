"""Records in one packet: nothing lost between joining and splitting, and no packet that is a flood in itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.core.protocol import BATCH_BYTES, MOST_IN_BATCH, in_batches, join_records, split_records

ENVELOPES = st.lists(st.integers(1, BATCH_BYTES + 100).map(lambda n: b"e" * n), max_size=40)


@given(ENVELOPES)
def test_what_goes_in_comes_out_in_order(envelopes: list[bytes]) -> None:
    batches = list(in_batches(envelopes))
    assert [one for batch in batches for one in split_records(join_records(batch))] == envelopes
    assert all(len(batch) == 1 or len(join_records(batch)) <= BATCH_BYTES for batch in batches)


def test_small_records_are_not_gathered_without_end() -> None:
    assert max(map(len, in_batches([b"e"] * 1000))) == MOST_IN_BATCH


def test_packet_of_line_feeds_is_one_thing_and_no_envelope() -> None:
    assert len(split_records(b"\n" * 250_000)) == 1

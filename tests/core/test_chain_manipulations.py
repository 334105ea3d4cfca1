"""Whatever is done to a chain of rows, it never verifies, and its name fits what was done."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.chain import ChainFault, ChainHead, StoredRecord
from edge.core.verdict import Report, Verdict
from edge.core.verify import verify_chain
from tests.samples import KEYS, UNIT, sample_chain

LENGTH = 7
CHAIN = sample_chain(LENGTH)
HEAD = ChainHead(sequence=LENGTH, sha256=CHAIN[-1].sha256)
PLACES = st.integers(0, LENGTH - 1)
FEW = settings(max_examples=40, deadline=None, derandomize=True)


def audit(rows: list[StoredRecord], head: ChainHead = HEAD) -> Report:
    return verify_chain(rows, KEYS, unit_id=UNIT, head=head)


def as_exported(rows: list[StoredRecord]) -> Report:
    return verify_chain([r.envelope for r in rows], KEYS, unit_id=UNIT, head=HEAD)


def columns_made_to_fit(rows: list[StoredRecord]) -> list[StoredRecord]:
    """The thorough forger: sequence columns are rewritten to run on."""
    return [replace(row, sequence=place) for place, row in enumerate(rows, start=1)]


@FEW
@given(st.sets(PLACES, min_size=1, max_size=LENGTH - 1))
def test_records_cut_out_are_named(cut: set[int]) -> None:
    rows = [r for i, r in enumerate(CHAIN) if i not in cut]
    tail_only = cut == set(range(min(cut), LENGTH))
    for report in (audit(rows), as_exported(rows)):
        assert report.verdict is Verdict.DOES_NOT_VERIFY
        assert (ChainFault.TAIL_CUT in report.faults) is (LENGTH - 1 in cut)
        assert (ChainFault.GAP in report.faults) is not tail_only
        assert not report.faults - {ChainFault.GAP, ChainFault.TAIL_CUT}


@FEW
@given(PLACES, PLACES, st.booleans())
def test_swapped_records_are_named(first: int, second: int, fitted: bool) -> None:
    rows = list(CHAIN)
    rows[first], rows[second] = rows[second], rows[first]
    report = audit(columns_made_to_fit(rows) if fitted else rows)
    if first == second:
        assert report.verdict is Verdict.VERIFIES
        return
    assert report.verdict is Verdict.DOES_NOT_VERIFY
    assert report.faults == {ChainFault.SWAP}
    assert {i for i, r in enumerate(report.records) if ChainFault.SWAP in r.faults} == {first, second}


@FEW
@given(st.permutations(range(LENGTH)))
def test_reordered_records_are_named(order: list[int]) -> None:
    report = audit([CHAIN[i] for i in order])
    if order == sorted(order):
        assert report.verdict is Verdict.VERIFIES
        return
    assert report.verdict is Verdict.DOES_NOT_VERIFY
    assert report.faults and report.faults <= {ChainFault.SWAP, ChainFault.MOVED}


@FEW
@given(PLACES, st.integers(0, LENGTH), st.booleans())
def test_replayed_record_is_named(again: int, at: int, fitted: bool) -> None:
    rows = [*CHAIN[:at], CHAIN[again], *CHAIN[at:]]
    report = audit(columns_made_to_fit(rows) if fitted else rows)
    assert report.verdict is Verdict.DOES_NOT_VERIFY
    assert ChainFault.REPLAY in report.faults


@FEW
@given(PLACES, PLACES)
def test_record_replaced_by_a_copy_of_another_is_named(victim: int, source: int) -> None:
    if victim == source:
        return
    rows = list(CHAIN)
    rows[victim] = CHAIN[source]
    report = audit(columns_made_to_fit(rows))
    assert report.verdict is Verdict.DOES_NOT_VERIFY
    assert ChainFault.REPLAY in report.faults


@FEW
@given(st.integers(1, LENGTH - 1))
def test_tail_cut_is_named(kept: int) -> None:
    assert audit(CHAIN[:kept]).faults == {ChainFault.TAIL_CUT}


@FEW
@given(st.integers(0, LENGTH), st.sampled_from(["sequence", "digest"]))
def test_altered_head_is_named(sequence: int, what: str) -> None:
    head = ChainHead(sequence=sequence, sha256=CHAIN[sequence - 1].sha256) if sequence else ChainHead()
    if what == "digest":
        head = ChainHead(sequence=LENGTH, sha256="f" * 64)
    report = audit(CHAIN, head)
    if head == HEAD:
        assert report.verdict is Verdict.VERIFIES
    else:
        assert report.faults == {ChainFault.HEAD_MOVED}


@FEW
@given(st.data())
def test_several_manipulations_at_once_never_verify(data: st.DataObject) -> None:
    rows = list(CHAIN)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(rows) - 1))
        match data.draw(st.sampled_from(["cut", "double", "move", "flip"])):
            case "cut" if len(rows) > 1:
                del rows[place]
            case "double":
                rows.insert(data.draw(st.integers(0, len(rows))), rows[place])
            case "move":
                rows.insert(data.draw(st.integers(0, len(rows) - 1)), rows.pop(place))
            case "flip":
                raw = bytearray(rows[place].envelope)
                raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
                rows[place] = replace(rows[place], envelope=bytes(raw))
    for fitted in (rows, columns_made_to_fit(rows)):
        if fitted != CHAIN:
            assert audit(fitted).verdict is Verdict.DOES_NOT_VERIFY

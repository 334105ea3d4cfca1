"""Keeping a visit: its place, its clock, and the keys that may not sign it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.core.envelope import SIMULATED_VISIT_TYPE, VISIT_TYPE
from edge.core.errors import SigningError, SimulatedInputRefused
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.record import SourceKind
from edge.device.clock import ManualClock
from edge.services.keep import keep_visit
from tests.samples import UNIT_KEY, MemoryStore, opened, sample_draft, sample_key

SIMULATED = [SourceKind.VIDEO_FILE, SourceKind.STILLS, SourceKind.SCRIPTED]


@pytest.mark.parametrize("source", SIMULATED)
def test_provisioned_key_never_signs_simulated_input(source: SourceKind) -> None:
    store, key = MemoryStore(), sample_key(purpose=KeyPurpose.PROVISIONED)
    with pytest.raises(SimulatedInputRefused):
        keep_visit(sample_draft(source=source), store=store, signer=key, clock=ManualClock())
    assert store.stored == []


@pytest.mark.parametrize("source", list(SourceKind))
def test_demonstration_key_signs_as_simulated_whatever_the_camera(source: SourceKind) -> None:
    stored = keep_visit(sample_draft(source=source), store=MemoryStore(), signer=UNIT_KEY, clock=ManualClock())
    assert stored.payload_type == SIMULATED_VISIT_TYPE


def test_provisioned_key_signs_a_live_visit_as_genuine() -> None:
    key = sample_key(purpose=KeyPurpose.PROVISIONED)
    draft = sample_draft(source=SourceKind.LIVE_CAMERA)
    assert keep_visit(draft, store=MemoryStore(), signer=key, clock=ManualClock()).payload_type == VISIT_TYPE


def test_key_of_another_unit_or_role_is_refused() -> None:
    for key in (sample_key("unit-0002"), sample_key(role=KeyRole.RECEIPT)):
        with pytest.raises(SigningError):
            keep_visit(sample_draft(), store=MemoryStore(), signer=key, clock=ManualClock())


def test_clock_set_back_is_marked_once() -> None:
    store, clock = MemoryStore(), ManualClock("2026-01-05T08:00:00.000Z")
    marks = []
    for number, wall in enumerate(("08:00", "08:30", "07:00", "07:10"), start=1):
        clock.advance(60)
        clock.set_wall(f"2026-01-05T{wall}:00.000Z")
        marks.append(opened(keep_visit(sample_draft(number), store=store, signer=UNIT_KEY, clock=clock)).clock)
    assert [m.set_back for m in marks] == [False, False, True, False]
    assert [m.monotonic_s for m in marks] == sorted(m.monotonic_s for m in marks)


def test_damaged_record_before_does_not_hold_up_the_visit() -> None:
    store = MemoryStore()
    first = keep_visit(sample_draft(1), store=store, signer=UNIT_KEY, clock=ManualClock())
    store.stored[0] = replace(first, envelope=b"rubbish")
    assert keep_visit(sample_draft(2), store=store, signer=UNIT_KEY, clock=ManualClock()).sequence == 2

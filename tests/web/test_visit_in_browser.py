"""Visits as a worker makes them, in a real browser, on the real command; what counts is the signed record."""

from __future__ import annotations

import time

from edge.core.verdict import Verdict
from edge.services.audit import audit_store
from edge.wiring.unit import open_unit_readonly
from tests.web.kiosk import WITNESS, WORKER, Kiosk, Walk, needs_chromium

pytestmark = needs_chromium
MOST_PRESSES, MOST_S = 8, 20.0


def test_cooperative_visit_is_certified_in_few_presses_and_seconds(
    kiosk: Kiosk, walk: Walk, complaints: list[str]
) -> None:
    began_s = time.monotonic()
    walk.sign_in()
    walk.begin("演示甲")
    walk.confirm()
    walk.agree("match")
    walk.capture()
    walk.press("button[value=yes]")
    walk.at("outcome")
    took_s = time.monotonic() - began_s
    print(f"\n{walk.presses} presses, {took_s:.1f} s from sign-in to outcome")
    assert walk.presses <= MOST_PRESSES
    assert took_s <= MOST_S
    (record,) = kiosk.records()
    assert (record.outcome.kind.value, record.visit.person_serving) == ("certified", WORKER)
    assert record.consents.match_on_unit and not record.consents.send_photo
    assert record.attestation and record.attestation.no_mask_or_photo
    assert [c.worker_id for c in record.cosigners] == [WORKER]
    assert complaints == []
    with open_unit_readonly(kiosk.root) as unit:
        assert audit_store(unit.store, unit.known()).verdict is Verdict.VERIFIES


def test_low_similarity_is_review_and_the_list_says_so(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示乙")
    walk.confirm()
    walk.agree("match")
    walk.capture()
    walk.press("button[value=yes]")
    walk.at("outcome")
    (record,) = kiosk.records()
    assert record.outcome.kind.value == "review"
    assert "low_similarity" in [r.value for r in record.outcome.reasons]
    walk.press("form[action='/visit/close'] button")
    walk.at("list")
    assert walk.page.locator("li.in_review:has-text('演示乙')").count() == 1


def test_way_without_a_face_is_signed_by_worker_and_witness(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示丙")
    walk.confirm()
    walk.refuse()
    walk.document()
    walk.declare()
    walk.witness()
    walk.at("outcome")
    (record,) = kiosk.records()
    assert [r.value for r in record.outcome.reasons] == ["manual_attestation", "refused_face"]
    assert record.face is None and record.attestation and record.attestation.document_kinds == ("id_card",)
    assert {c.worker_id for c in record.cosigners} == {WORKER, WITNESS}
    assert not record.consents.match_on_unit


def test_visit_that_is_left_is_signed_with_its_reason(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示丁")
    walk.press("a[href='/visit/leave']")
    walk.at("leave")
    walk.press(".choice:has(input[value=in_hospital])")
    walk.press("main button.main")
    walk.at("outcome")
    (record,) = kiosk.records()
    reasons = [r.value for r in record.outcome.reasons]
    assert (record.outcome.kind.value, reasons) == ("not_performed", ["in_hospital"])
    assert [c.worker_id for c in record.cosigners] == [WORKER]


def test_added_person_goes_to_review_whatever_the_face_says(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.press("a[href='/add']")
    walk.at("add")
    walk.page.fill("input[name=name]", "演示庚")
    walk.page.fill("input[name=id_number]", "１１０１０１ 19400101 0029")
    walk.press(".choice:has(input[value=resident])")
    walk.press("main button.main")
    walk.at("add")
    assert "逐位核对" in walk.page.inner_text("[role=alert]"), "the check character is wrong"
    walk.page.fill("input[name=id_number]", "１１０１０１ 19400101 0020")
    walk.press("main button.main")
    walk.at("confirm")
    walk.confirm()
    walk.agree("match")
    walk.capture()
    walk.press("button[value=yes]")
    walk.at("outcome")
    (record,) = kiosk.records()
    assert record.outcome.kind.value == "review"
    assert "not_on_list" in [r.value for r in record.outcome.reasons]
    assert "19400101" not in str(record), "the full number never enters a record"

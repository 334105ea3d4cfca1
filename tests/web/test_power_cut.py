"""The plug is pulled at every step: the page comes back at that very step, with what was entered, and signs once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.kiosk import Kiosk, Walk, needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def kiosk(root: Path, clip: Path) -> Iterator[Kiosk]:
    made = Kiosk(root, clip)
    made.start()
    yield made
    made.stop()


def cut(kiosk: Kiosk, walk: Walk, step: str) -> None:
    """Pull the plug, start again, sign in: the visit must stand at `step`."""
    kiosk.kill()
    kiosk.start()
    walk.sign_in()
    walk.at(step)


def test_visit_by_face_returns_to_every_step(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示甲")
    cut(kiosk, walk, "confirm")
    assert "演示甲" in walk.page.inner_text("main")
    walk.confirm()
    cut(kiosk, walk, "consent")
    walk.agree("match")
    cut(kiosk, walk, "capture")
    walk.press("#start button")
    walk.page.wait_for_selector("body[data-phase=capturing]")
    cut(kiosk, walk, "capture")
    assert kiosk.records() == []
    walk.capture()
    similarity = walk.page.inner_text("dl")
    cut(kiosk, walk, "review")
    assert walk.page.inner_text("dl") == similarity
    walk.press("button[value=yes]")
    walk.at("outcome")
    cut(kiosk, walk, "outcome")
    assert "认证通过" in walk.page.inner_text("main")
    walk.press("form[action='/visit/close'] button")
    cut(kiosk, walk, "list")
    (record,) = kiosk.records()
    assert record.outcome.kind.value == "certified"


def test_visit_without_a_face_returns_to_every_step(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示丙")
    walk.confirm()
    walk.refuse()
    cut(kiosk, walk, "documents")
    walk.document("household_book")
    cut(kiosk, walk, "documents")
    assert walk.page.locator(".had").count() == 1
    walk.press("form[action='/visit/documents'] button")
    walk.at("declare")
    cut(kiosk, walk, "declare")
    walk.page.go_back()
    walk.page.goto(walk.address + "/visit")
    for name in ("input[name=person_seen]", "input[name=no_mask_or_photo]", "input[value=known_to_witness]"):
        walk.press(f".choice:has({name})")
    walk.press("form[action='/visit/declare'] button")
    walk.at("witness")
    cut(kiosk, walk, "witness")
    walk.witness()
    walk.at("outcome")
    (record,) = kiosk.records()
    assert record.attestation
    assert record.attestation.document_kinds == ("household_book",)
    assert record.attestation.recognised_how == "known_to_witness"


def test_document_beside_the_face_survives_with_its_photograph(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.to_first_reference("演示丙")
    walk.document()
    cut(kiosk, walk, "first_reference")
    assert walk.page.locator(".had").count() == 1
    walk.press("form[action='/visit/back'] button.main")
    walk.at("review")
    walk.sign()
    (record,) = kiosk.records()
    assert record.offer and record.attestation and set(record.attestation.document_photos) == {"id_card"}


def test_leaving_is_signed_once_though_the_plug_is_pulled(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示丁")
    walk.press("a[href='/visit/leave']")
    walk.at("leave")
    cut(kiosk, walk, "confirm")
    walk.press("a[href='/visit/leave']")
    walk.press(".choice:has(input[value=asleep])")
    walk.press("main button.main")
    walk.at("outcome")
    cut(kiosk, walk, "outcome")
    (record,) = kiosk.records()
    assert [r.value for r in record.outcome.reasons] == ["asleep"]

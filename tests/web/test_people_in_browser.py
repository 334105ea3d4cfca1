"""The people around a visit, in a real browser: guardian, a witness who signs by hand, consent that is taken back."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from edge.core.keys import KeyPurpose
from edge.core.people import Part
from edge.core.unlock_code import Unlock, sign_code
from edge.wiring.unit import believe, open_unit, open_unit_readonly
from edge.wiring.web import make_room
from edge.wiring.workers import load_technician, make_technician
from tests.web.kiosk import WORKER, Kiosk, Walk, needs_chromium
from tests.web.rooms import Screen, sign_in

pytestmark = needs_chromium
GUARDIAN, NEIGHBOUR = "演示监护人", "演示邻居"


def draw(walk: Walk) -> None:
    """A signature, by finger."""
    walk.page.locator("#drawing").scroll_into_view_if_needed()
    box = walk.page.locator("#drawing").bounding_box()
    walk.page.mouse.move(box["x"] + 20, box["y"] + 30)
    walk.page.mouse.down()
    for x, y in ((80, 80), (140, 20), (200, 90), (260, 40)):
        walk.page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    walk.page.mouse.up()


def test_guardian_and_witness_by_hand_are_committed_to_and_named_nowhere(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示丙")
    walk.confirm()
    walk.press(".choice:has(input[value=guardian])")
    walk.page.fill("input[name=relative_name]", GUARDIAN)
    walk.page.select_option("select[name=relation]", "child")
    walk.refuse()
    walk.document()
    walk.declare()
    walk.press(".choice:has(input[value='-'])")
    walk.press("form[action='/visit/witness'] button.main")
    walk.at("witness")
    walk.page.fill("input[name=relative_name]", NEIGHBOUR)
    walk.page.select_option("select[name=relation]", "neighbour")
    draw(walk)
    walk.press("form[action='/visit/witness'] button.main")
    walk.at("outcome")
    (record,) = kiosk.records()
    assert record.consents.guardian and record.consents.guardian.relation.value == "child"
    witness = record.attestation.witness if record.attestation else None
    assert witness and (witness.how.value, witness.relation.value) == ("drawn", "neighbour")
    assert witness.drawing_sha256 and [c.worker_id for c in record.cosigners] == [WORKER]
    assert record.outcome.kind.value == "review"
    raw = (kiosk.root / "records.sqlite3").read_bytes() + (kiosk.root / "records.sqlite3-wal").read_bytes()
    assert GUARDIAN.encode() not in raw and NEIGHBOUR.encode() not in raw
    with open_unit(kiosk.root) as unit:
        people = make_room(unit).consents().people_of(record)
    assert {p.part: p.name for p in people} == {Part.GUARDIAN: GUARDIAN, Part.WITNESS: NEIGHBOUR}


def test_first_reference_is_offered_and_consent_taken_back_is_signed(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.to_first_reference("演示丙")
    walk.document()
    walk.press("form[action='/visit/back'] button.main")
    walk.at("review")
    walk.sign()
    (record,) = kiosk.records()
    assert record.offer and record.offer.kind.value == "first"
    assert "first_reference" in [r.value for r in record.outcome.reasons] and record.outcome.kind.value == "review"
    walk.press("form[action='/visit/close'] button")
    walk.at("list")
    walk.press("li:has-text('演示丙') form[action='/history'] button")
    walk.at("history")
    walk.press("summary:has-text('撤回')")
    walk.press(".choice:has(input[name=send_photo])")
    walk.press("form[action='/history/withdraw'] button")
    walk.at("history")
    withdrawal = kiosk.records()[1]
    assert withdrawal.withdrawal and [p.value for p in withdrawal.withdrawal.purposes] == ["send_photo"]
    assert [c.worker_id for c in withdrawal.cosigners] == [WORKER]
    with open_unit_readonly(kiosk.root) as unit:
        (before, _) = unit.store.records()
    assert withdrawal.withdrawal.record_sha256 == (before.sha256,)


def test_technicians_code_ends_a_lock_and_a_wrong_one_does_not(root: Path, tmp_path: Path) -> None:
    make_technician(tmp_path / "tech", "tech-1", KeyPurpose.DEMONSTRATION)
    technician = load_technician(tmp_path / "tech")
    with open_unit(root) as unit:
        believe(unit, next((tmp_path / "tech").glob("*.pub.json")))
    screen = Screen(root)
    client = screen.stranger()
    for _ in range(3):
        page = sign_in(client, pin="975310").text
    locked = next(w for w in screen.unit.workers.workers() if w.worker_id == WORKER)
    assert locked.challenge in page
    assert client.post("/unlock", data={"worker": WORKER, "code": "0" * 40}).status_code == 403
    assert sign_in(client).status_code == 403
    unlock = Unlock(unit_id=screen.unit.config.unit_id, worker_id=WORKER, challenge=locked.challenge)
    code = sign_code(unlock, technician.signer)
    assert client.post("/unlock", data={"worker": WORKER, "code": code}).status_code == 200
    assert sign_in(client).status_code == 303
    screen.close()


def test_support_bundle_downloads_in_the_browser(walk: Walk) -> None:
    walk.sign_in()
    walk.at("list")
    walk.page.goto(walk.address + "/technician")
    assert re.search(r"剩余 [\d.]+ GB，共", walk.page.inner_text("main")), "the bench speaks the page's language"
    with walk.page.expect_download() as download:
        walk.press("form[action='/technician/bundle'] button")
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as bundle:
        assert "standing.json" in bundle.namelist()

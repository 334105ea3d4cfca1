"""What the family gets, from the page that the worker sees: a code that verifies, a form, a slip to be checked."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader

from edge.core.errors import DoesNotVerify
from edge.core.slip import open_slip
from edge.paper.qr import qr_png
from edge.paper.qr_reading import read_qr
from edge.signing import trust
from tests.web.kiosk import Kiosk, Walk, needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def left(walk: Walk) -> Walk:
    """A visit that was left with a reason: the shortest way to an outcome."""
    walk.sign_in()
    walk.begin("演示丁")
    walk.press("a[href='/visit/leave']")
    walk.press(".choice:has(input[value=in_hospital])")
    walk.press("main button.main")
    walk.at("outcome")
    return walk


def test_code_on_the_outcome_page_verifies_with_public_keys_only(
    left: Walk, kiosk: Kiosk, complaints: list[str], tmp_path: Path
) -> None:
    code = left.page.locator(".slip img")
    assert code.evaluate("image => image.complete && image.naturalWidth > 0")
    text = read_qr(code.screenshot())
    shutil.copy(kiosk.root / "keys" / "record.pub.json", tmp_path / "unit.pub.json")
    slip = open_slip(text, trust.read_folder(tmp_path))
    (record,) = kiosk.records()
    assert (slip.sequence, slip.outcome) == (record.sequence, record.outcome.kind)
    with pytest.raises(DoesNotVerify):
        open_slip(text[:-1] + ("A" if text[-1] != "A" else "B"), trust.read_folder(tmp_path))
    assert complaints == []


def test_form_is_handed_out_and_named_by_the_records_number(left: Walk) -> None:
    with left.page.expect_download() as download:
        left.page.click(".slip a[download]")
    assert download.value.suggested_filename == "demo-page-1.pdf"
    (page,) = PdfReader(io.BytesIO(Path(download.value.path()).read_bytes())).pages
    said = "".join(page.extract_text().replace("\0", "").split())
    assert "演示丁" in said and "住院" in said and "城乡居民" in said


def test_slip_is_checked_on_the_page_by_text_and_by_photograph(left: Walk) -> None:
    text = read_qr(left.page.locator(".slip img").screenshot())
    page = left.page
    page.goto(left.address + "/check")
    page.fill("input[name=slip]", text)
    page.click("main button.main")
    page.wait_for_selector(".outcome.certified")
    assert "未完成上门认证" in page.inner_text("main dl")
    sent = {"name": "slip.png", "mimeType": "image/png", "buffer": qr_png(text)}
    form = {"csrf": page.input_value("main input[name=csrf]"), "photograph": sent}
    headers = {"Origin": left.address}
    answer = page.request.post(left.address + "/check", multipart=form, headers=headers)
    assert answer.status == 200 and "未完成上门认证" in answer.text()
    page.fill("input[name=slip]", text[:-2] + "AA")
    page.click("main button.main")
    page.wait_for_selector(".outcome.not_certified")
    assert page.locator("main dl").count() == 0


def test_what_shows_no_code_is_told_and_nothing_is_read_of_others(left: Walk) -> None:
    page = left.page
    page.goto(left.address + "/check")
    page.wait_for_function("document.querySelector('.picture img').naturalWidth > 0")
    page.click("main button.main")  # the camera shows a face, no code
    page.wait_for_selector("[role=alert]")
    for path in ("/paper/99/slip", "/paper/99/form", "/paper/-1/slip", "/paper/1%2F..%2F2/form"):
        assert page.request.get(left.address + path).status in (400, 404), path


def test_prompts_are_heard_without_a_network_and_nothing_else_is(left: Walk) -> None:
    get = left.page.request.get
    sound = get(left.address + "/voice/hint/more_light")
    assert sound.status == 200 and sound.headers["content-type"] == "audio/wav" and sound.body()[:4] == b"RIFF"
    for path in ("/voice/hint/no_such_hint", "/voice/form/name", "/voice/hint/..%2Fx", "/voice/consent/match"):
        assert get(left.address + path).status == 404, path


def test_hint_that_stands_is_spoken_while_the_camera_looks(walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示甲")
    walk.confirm()
    with walk.page.expect_response("**/voice/hint/*", timeout=20_000) as heard:
        walk.agree("match")
    assert heard.value.status == 200


def test_consent_is_read_aloud_on_request_by_the_units_own_voice(walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示甲")
    walk.confirm()
    with walk.page.expect_response("**/voice/consent/explain") as heard:
        walk.page.click("[data-say=explained]")
    assert heard.value.status == 200

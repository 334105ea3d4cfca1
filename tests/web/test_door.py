"""Who gets in: PINs, phones, idle sessions, and what the screen looks like to them."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.demo.page import PIN
from edge.paper.qr_reading import read_qr as read_picture
from edge.web.app import PHONE_COOKIE
from edge.web.door import IDLE_S, WARNING_S
from tests.web.kiosk import PHONE_HOST, WORKER, Kiosk, Walk, needs_chromium
from tests.web.rooms import Screen, sign_in

WRONG = "975310"


@pytest.fixture
def screen(root: Path) -> Iterator[Screen]:
    made = Screen(root)
    yield made
    made.close()


def test_phone_without_the_code_sees_nothing(screen: Screen) -> None:
    phone = screen.phone()
    for path in ("/", "/sign-in", "/list", "/visit"):
        assert phone.get(path).headers["location"] in ("/join", "/sign-in"), path
    assert sign_in(phone).headers["location"] == "/join"
    assert phone.post("/join", data={"code": "guessed"}).status_code == 403


def test_code_pairs_one_phone_once(screen: Screen) -> None:
    code = screen.room.pairing.offer()
    phone = screen.phone()
    assert phone.post("/join", data={"code": code}).headers["location"] == "/sign-in"
    assert phone.cookies[PHONE_COOKIE] and sign_in(phone).headers["location"] == "/"
    assert screen.phone().post("/join", data={"code": code}).status_code == 403


def test_guess_ends_the_code_on_offer(screen: Screen) -> None:
    code = screen.room.pairing.offer()
    assert screen.phone().post("/join", data={"code": "guessed"}).status_code == 403
    assert screen.phone().post("/join", data={"code": code}).status_code == 403


def test_kiosk_serves_no_phone_and_phones_get_no_pairing_code(screen: Screen) -> None:
    assert screen.worker().get("/join").status_code == 404
    phone = screen.phone()
    phone.post("/join", data={"code": screen.room.pairing.offer()})
    sign_in(phone)
    assert phone.get("/pair").status_code == 404


def test_session_ends_when_nobody_uses_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Screen(root)
    client, now_s = made.worker(), made.unit.clock.monotonic_s()
    assert client.get("/list").status_code == 200
    monkeypatch.setattr(made.room.door, "_monotonic_s", lambda: now_s + IDLE_S + 5)
    assert client.get("/list").headers["location"] == "/sign-in"
    made.close()


@needs_chromium
def test_three_wrong_pins_lock_through_restart_and_a_clock_set_forward_or_back(kiosk: Kiosk, walk: Walk) -> None:
    for _ in range(3):
        walk.sign_in(pin=WRONG)
        walk.page.wait_for_selector("[role=alert]")
    assert "锁定" in walk.page.inner_text("[role=alert]")
    for offset_s in (0, 3 * 86400, -3 * 86400):
        kiosk.stop()
        kiosk.start(clock_offset_s=offset_s)
        walk.sign_in(pin=PIN)
        walk.page.wait_for_selector("[role=alert]")
        assert "锁定" in walk.page.inner_text("[role=alert]"), offset_s
    assert kiosk.records() == []


@needs_chromium
def test_quiet_page_warns_and_then_signs_out(kiosk: Kiosk, walk: Walk) -> None:
    walk.page.clock.install()
    walk.sign_in()
    walk.begin("演示甲")
    walk.page.clock.fast_forward((IDLE_S - WARNING_S + 5) * 1000)
    walk.page.wait_for_selector("dialog#idle[open]")
    walk.press("#stay")
    walk.page.clock.fast_forward((IDLE_S - WARNING_S - 5) * 1000)
    assert walk.page.locator("dialog#idle[open]").count() == 0, "the touch counted"
    walk.page.clock.fast_forward((WARNING_S + 20) * 1000)
    walk.at("sign_in")
    walk.page.goto(walk.address + "/visit")
    walk.at("sign_in")


@needs_chromium
def test_language_switches_at_any_step_and_the_visit_stays(kiosk: Kiosk, walk: Walk) -> None:
    walk.sign_in()
    walk.begin("演示丙")
    walk.confirm()
    walk.press("summary")
    walk.press("text=English")
    walk.at("consent")
    assert "Ask for consent" in walk.page.inner_text("h1")
    walk.refuse()
    walk.press("summary")
    walk.press("text=中文")
    walk.at("documents")
    walk.document()
    walk.declare()
    walk.witness()
    walk.at("outcome")
    assert "转人工审核" in walk.page.inner_text("h1")
    (record,) = kiosk.records()
    assert record.outcome.kind.value == "review"


@needs_chromium
def test_phone_reads_the_code_and_makes_the_visit(kiosk: Kiosk, walk: Walk, browser: object, portraits: Path) -> None:
    walk.sign_in()
    walk.page.goto(walk.address + "/pair")
    shown = walk.page.inner_text("code.groups").replace(" ", "").lower()
    pem = ssl.get_server_certificate((PHONE_HOST, kiosk.phone_port))
    assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() == shown
    url = read_qr(walk)
    assert url.startswith(f"https://{PHONE_HOST}:{kiosk.phone_port}/join#")
    complaints: list[str] = []
    phone = Walk(
        browser, f"https://{PHONE_HOST}:{kiosk.phone_port}", complaints=complaints,
        viewport={"width": 390, "height": 844}, ignore_https_errors=True, has_touch=True, is_mobile=True,
    )  # fmt: skip
    phone.page.goto(url)
    phone.at("sign_in")
    assert "#" not in phone.page.url
    phone.sign_in()
    phone.begin("演示丙")
    phone.confirm()
    phone.press(".choice:has(input[name=match])")
    phone.press(".choice:has(input[name=send])")
    phone.press("button[value=agreed]")
    phone.at("capture")
    phone.press("details summary.button")
    phone.page.select_option("select[name=reason]", "too_ill")
    phone.press("form[action='/visit/without-face'] button")
    phone.at("documents")
    phone.page.set_input_files("li:has(input[value=id_card]) input[type=file]", str(portraits / "obama.jpg"))
    phone.press("li:has(input[value=id_card]) button")
    phone.page.wait_for_selector(".had")
    phone.declare()
    phone.witness()
    phone.at("outcome")
    (record,) = kiosk.records()
    assert [r.value for r in record.outcome.reasons] == ["manual_attestation", "too_ill"]
    assert record.visit.person_serving == WORKER and record.consents.send_photo
    assert complaints == []


def read_qr(walk: Walk) -> str:
    """What a phone's camera makes of the code on the screen."""
    return read_picture(walk.page.locator(".qr").screenshot()).strip()


def test_serve_says_what_to_do_when_the_port_is_taken(root: Path, kiosk: Kiosk) -> None:
    command = [sys.executable, "-m", "edge.cli.main", "serve", "--unit", str(root), "--port", str(kiosk.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4 and "another port" in done.stderr

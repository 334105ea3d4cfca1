"""A walk past every page of the unit, in one browser: sign in, look around, a visit by face, one without.

At each stop `look` is called with the page's name; what it does there (a picture, a check) is its own affair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.core.workers import MOST_WRONG
from edge.demo.page import PIN
from edge.web.app import COOKIE
from tools.screens.standin import card_jpeg, person_jpeg, slip_jpeg

WORKER, WITNESS = "demo-worker", "demo-witness"
SIZES = ((800, 480), (1024, 600), (390, 844))
"""The unit's two screens and a phone, in CSS px."""

Look = Callable[[Any, str], None]
"""(page, name of the stop). It leaves the page as it found it."""


class Stroll:
    """One walk over the pages at `address`; `phone_address` is the entrance for phones."""

    def __init__(self, page: Any, address: str, phone_address: str, look: Look) -> None:
        self._page, self._address, self._phone_address, self._look = page, address, phone_address, look
        self._drawn = person_jpeg()
        slip = slip_jpeg()
        page.route("**/visit/picture", lambda route: route.fulfill(body=self._drawn, content_type="image/jpeg"))
        page.route("**/check/picture", lambda route: route.fulfill(body=slip, content_type="image/jpeg"))

    def walk(self) -> None:
        self._door()
        self._around()
        self._by_face()
        self._without_face()
        self._afterwards()

    def _door(self) -> None:
        self._go("/")
        self._stop("sign_in")
        self._sign_in("000000")
        self._stop("sign_in_wrong")
        self._go("/")
        self._sign_in(PIN)
        self._at("list")
        self._stop("list")
        self._press(".more > summary")
        self._stop("menu")

    def _around(self) -> None:
        for name in ("add", "status", "technician", "pair", "check"):
            self._go(f"/{name}")
            self._stop(name)
        self._page.fill("input[name=slip]", "DS1:NOSLIP")
        self._press("main button.main")
        self._page.wait_for_selector(".outcome")
        self._stop("check_refused")
        self._go("/no-such-page")
        self._go("/list")

    def _by_face(self) -> None:
        self._begin("演示甲")
        self._stop("confirm")
        self._page.fill("form[action='/visit/confirm'] input[name=id_number]", "110101194001010079")
        self._press("form[action='/visit/confirm'] button.main")
        self._page.wait_for_selector("[role=alert]")
        self._stop("confirm_different")
        self._go("/visit")
        self._press("details:has(input[name=scheme]) summary")
        self._stop("confirm_scheme")
        self._go("/visit")
        self._press("form[action='/visit/confirm'] button.main")
        self._at("consent")
        self._stop("consent")
        self._press(".choice:has(input[value=guardian])")
        self._stop("consent_by_guardian")
        self._go("/visit")
        self._press(".choice:has(input[name=match])")
        self._press("button[value=agreed]")
        self._at("capture")
        self._page.wait_for_selector("#hint.good", timeout=20_000)
        self._stop("capture")
        self._go("/visit/leave")
        self._stop("leave")
        self._go("/visit")
        self._press(".choice:has(input[name=ask])")
        self._press("#start button")
        self._page.wait_for_selector("body[data-phase=capturing]")
        self._stop("capture_running")
        self._at("review", timeout_s=60)
        self._stop("review")
        self._press("button[value=yes]")
        self._at("outcome")
        self._stop("outcome_certified")
        self._press("form[action='/visit/close'] button")
        self._at("list")

    def _without_face(self) -> None:
        self._begin("演示丙")
        self._press("form[action='/visit/confirm'] button.main")
        self._at("consent")
        for purpose in ("match", "send"):
            self._press(f".choice:has(input[name={purpose}])")
        self._press("button[value=agreed]")
        self._at("capture")
        self._press("details:has(form[action='/visit/without-face']) summary")
        self._stop("capture_without_face")
        self._press("#start button")
        self._at("review", timeout_s=60)
        self._drawn = card_jpeg()
        self._press("form[action='/visit/beside-face'] button")
        self._at("first_reference")
        self._stop("first_reference")
        self._press("form[action='/visit/back'] button.main")
        self._at("review")
        self._press("details:has(form[action='/visit/without-face']) summary")
        self._press("form[action='/visit/without-face'] button")
        self._at("documents")
        self._stop("documents_photo")
        self._press("form[action='/visit/back'] button")
        self._at("consent")
        self._press("button[value=refused]")
        self._at("documents")
        self._press("form:has(input[value=id_card]) button")
        self._page.wait_for_selector(".had")
        self._stop("documents_seen")
        self._press("form[action='/visit/documents'] button")
        self._at("declare")
        self._stop("declare")
        for name in ("input[name=person_seen]", "input[name=no_mask_or_photo]", "input[value=id_card]"):
            self._press(f".choice:has({name})")
        self._press("form[action='/visit/declare'] button")
        self._at("witness")
        self._stop("witness")
        self._press(".choice:has(input[name=witness][value='-'])")
        self._stop("witness_by_hand")
        self._press(f".choice:has(input[value={WITNESS}])")
        self._page.fill("input[name=pin]", PIN)
        self._press("form[action='/visit/witness'] button.main")
        self._at("outcome")
        self._stop("outcome_review")
        self._press("form[action='/visit/close'] button")
        self._at("list")

    def _afterwards(self) -> None:
        self._stop("list_afterwards")
        self._page.fill(".search input[type=text], .search input:not([type])", "没有的人")
        self._press(".search button")
        self._at("list")
        self._stop("list_nobody")
        self._go("/list")
        self._press("li:has-text('演示甲') form[action='/history'] button")
        self._at("history")
        self._stop("history")
        self._press("details:has(form[action='/history/withdraw']) summary")
        self._stop("history_withdraw")
        self._page.context.clear_cookies(name=COOKIE)
        for _ in range(MOST_WRONG):
            self._go("/")
            self._sign_in("000000", WITNESS)
        self._stop("sign_in_locked")
        self._page.goto(f"{self._phone_address}/join#no-such-code")
        self._page.wait_for_selector("[role=alert], .error")
        self._stop("join_refused")

    def _go(self, path: str) -> None:
        self._page.goto(self._address + path)

    def _press(self, selector: str) -> None:
        self._page.click(selector)

    def _sign_in(self, pin: str, worker: str = WORKER) -> None:
        self._page.check(f"input[name=worker][value={worker}]")
        self._page.fill("input[name=pin]", pin)
        self._press("main button.main")

    def _begin(self, name: str) -> None:
        self._press(f"button.person:has-text('{name}')")
        self._at("confirm")

    def _at(self, step: str, *, timeout_s: float = 15) -> None:
        self._page.wait_for_selector(f"body[data-page={step}]", timeout=timeout_s * 1000)

    def _stop(self, name: str) -> None:
        self._look(self._page, name)

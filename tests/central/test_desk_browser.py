"""The desk as a person uses it, in a real browser: from a list with wrong rows to a refusal by two people."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from central import clock
from central.broker import free_port
from central.config import ModelsConfig
from central.desk import proofs
from central.desk.room import desk_server
from central.desk.signing_in import Door, Role
from central.founding import DEFAULT_DATABASE
from central.status import Said, hear_status
from edge.core.chain import ChainHead
from edge.core.downward_content import Decision, VisitListChange
from edge.core.envelope import digest
from edge.core.protocol import LinkState, UnitStatus, encode_status
from edge.core.record import ClockSource, FaceFindings, Score, VisitRecord
from edge.core.visit import Outcome, OutcomeKind, PersonServed, Reason
from tests.central.conftest import Desk, record
from tests.central.desks import ACCOUNTS, PASSWORD, ReviewDesk, give_keys, open_desk, sent_down
from tests.central.lists import csv_list, row
from tools.bundle.places import public_key_file

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENSHOTS = os.environ.get("DOORSTEP_SCREENSHOTS")
MANUAL = Path(__file__).parents[2] / "docs" / "central.md"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium not found: apt-get install chromium")


@pytest.fixture
def database() -> str:
    return DEFAULT_DATABASE


class Walk:
    """A browser at the desk. Every page is looked at for what the browser's console complains of."""

    def __init__(
        self, desk: ReviewDesk, address: str, browser: object, secrets: dict[str, bytes], folder: Path
    ) -> None:
        self.desk, self.address, self.secrets = desk, address, secrets
        self._browser = browser
        self.complaints: list[str] = []
        self.pictures: list[str] = []
        self._folder = folder

    def sign_in(self, name: str):
        context = self._browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address + "/")
        self.shot(page, "sign-in")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        step = int(clock.now().timestamp()) // proofs.STEP_S
        page.fill("input[name=code]", proofs.totp_code(self.secrets[name], step))
        page.click("main button")
        playwright.expect(page.locator("nav")).to_be_visible()
        return page

    def shot(self, page, name: str) -> None:
        """A picture for docs/central.md, in the folder of DOORSTEP_SCREENSHOTS; faces are covered."""
        self.pictures.append(f"desk-{name}.png")
        path = self._folder / self.pictures[-1]
        page.screenshot(path=str(path), full_page=True, mask=[page.locator("img")], mask_color="#aab4be")


@pytest.fixture
def walk(desk: Desk, bundle_folder: Path, tmp_path: Path) -> Iterator[Walk]:
    opened = open_desk(desk).room
    config = msgspec.structs.replace(
        opened.config,
        desk=msgspec.structs.replace(opened.config.desk, port=free_port()),
        models=ModelsConfig(bundle=str(bundle_folder), publisher=str(public_key_file(bundle_folder))),
    )
    room = dataclasses.replace(opened, config=config, now=clock.now)
    door = Door(room.store, room.vault)
    secrets = {name: door.add(name, Role(role), PASSWORD, at=clock.now()) for name, role in ACCOUNTS.items()}
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(desk_server(room))
        tool = stack.enter_context(playwright.sync_playwright())
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stack.callback(browser.close)
        review_desk = ReviewDesk(central=desk, room=room, now=clock.now())
        yield Walk(review_desk, address, browser, secrets, Path(SCREENSHOTS or tmp_path))


WRONG = ["p-2,code-2,110101194001010021,resident,,village-1,", row(3, scheme="none"), row(4, reference="gone.jpg"),
         row(1), "p-5,,,,,,"]  # fmt: skip


def visited() -> VisitRecord:
    """A visit with a low similarity, of a person of the list."""
    made = record("unit-a", ChainHead())
    visit = msgspec.structs.replace(made.visit, person_served=PersonServed(person_id="p-1"))
    outcome = Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.GREY_SIMILARITY, Reason.LIVENESS_UNCERTAIN))
    face = FaceFindings(
        frames_seen=120, frames_used=30, people_seen=1, ambiguous=False,
        comparison=Score(value=0.31, review=0.25, accept=0.38), liveness=Score(value=0.55, review=0.4, accept=0.7),
        continuity=Score(value=0.83, review=0.4, accept=0.5), roll_deg=88.0, quality={}, reference_count=1,
        reference_verified=True,
    )  # fmt: skip
    return msgspec.structs.replace(made, visit=visit, outcome=outcome, face=face, attestation=None)


def say_status(central: Desk) -> None:
    """unit-a tells how it stands, so that the page of units has something to show."""
    status = UnitStatus(
        unit_id="unit-a", state=LinkState.ONLINE, software="doorstep 0.1", outbox_open=12, evidence_open=3,
        free_mb=21_400, clock_source=ClockSource.NTP, clock_uncertainty_s=0.2,
    )  # fmt: skip
    said = Said(unit_id="unit-a", raw=encode_status(status), retained=False, protocol="1")
    with central.store.transaction() as transaction:
        hear_status(transaction, [said], at_utc="2026-03-02T02:10:00.000Z")


def shown_in_the_manual() -> set[str]:
    return set(re.findall(r"pictures/(desk-[a-z-]+\.png)", MANUAL.read_text(encoding="utf-8")))


def test_pictures_of_the_manual_are_there() -> None:
    assert all((MANUAL.parent / "pictures" / name).is_file() for name in shown_in_the_manual())


def test_list_is_imported_assigned_and_a_visit_reviewed_by_two(  # noqa: PLR0915
    walk: Walk, tmp_path: Path, portraits: Path
) -> None:
    central = walk.desk.central
    private = give_keys(walk.desk)
    (tmp_path / "list.csv").write_bytes(csv_list(row(1, reference="obama.jpg"), *WRONG))
    page = walk.sign_in("sup-1")
    page.click("nav >> text=访问名单")
    page.set_input_files("input[name=list]", str(tmp_path / "list.csv"))
    page.set_input_files("input[name=photographs]", str(portraits / "obama.jpg"))
    page.click("form.card button")
    playwright.expect(page.locator("table.wrong tbody tr")).to_have_count(5)
    first = page.locator("table.wrong tbody tr").first
    playwright.expect(first).to_contain_text("身份证号校验码不符")
    playwright.expect(first.locator("small")).to_contain_text("check character does not fit")
    walk.shot(page, "imported")
    page.click("text=返回")
    page.select_option("select[name=unit]", "unit-a")
    page.click("td button")
    playwright.expect(page.locator("[role=status]")).to_contain_text("下发")
    walk.shot(page, "lists")

    raw = central.sealed(visited())
    central.submit(raw)
    say_status(central)

    page = walk.sign_in("rev-1")
    playwright.expect(page.locator("tbody tr")).to_have_count(1)
    walk.shot(page, "queue")
    page.click("td >> text=查看")
    page.click("text=打开照片")
    # Not wait_for_function: once it has to wait, it needs the eval that the desk's policy forbids.
    playwright.expect(page.locator("figure img")).to_have_js_property("complete", True)
    assert page.locator("figure img").evaluate("img => img.naturalWidth") > 0
    walk.shot(page, "review")
    page.check("input[value=not_certified]")
    page.fill("textarea", "照片与见证情况不符，需核实")
    page.click("text=保存决定")
    playwright.expect(page.locator("main")).to_contain_text("须由另一位审核人员确认")
    assert page.locator("text=同意不通过").count() == 0
    walk.shot(page, "proposed")

    page = walk.sign_in("rev-2")
    page.goto(f"{walk.address}/reviews/{digest(raw)}")
    page.click("text=同意不通过")
    playwright.expect(page.locator("main")).to_contain_text("已下发终端")
    walk.shot(page, "decided")
    for path in ("units", "reports", "people"):
        page.goto(f"{walk.address}/{path}")
        walk.shot(page, path)
    page.click("text=English")
    playwright.expect(page.locator("h1")).to_contain_text("Waiting")
    walk.shot(page, "english")
    page = walk.sign_in("aud-1")
    page.click("nav >> text=操作日志")
    playwright.expect(page.locator("main")).to_contain_text("打开底库照片")
    walk.shot(page, "log")
    listed, decision = sent_down(walk.desk, private)
    assert isinstance(listed, VisitListChange)
    assert [(p.person_id, len(p.references)) for p in listed.put] == [("p-1", 1)]
    assert isinstance(decision, Decision)
    assert (decision.record_sha256, decision.decision) == (digest(raw), "not_certified")
    assert walk.complaints == []
    assert shown_in_the_manual() == set(walk.pictures), "each page has its picture; `make pictures` makes them"

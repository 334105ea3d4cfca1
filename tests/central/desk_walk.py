"""A genuine central with its desk, a real broker, and a unit that is really there; and a browser to go round with."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from central import clock
from central.broker import find_mosquitto, free_port
from central.config import ModelsConfig, load_config
from central.desk import proofs
from central.desk.at import Room
from central.desk.room import desk_server, open_room
from central.desk.signing_in import Door, Role
from edge.core.evidence import EvidenceKind
from edge.core.record import FaceFindings, Score
from edge.core.visit import Consents, Outcome, OutcomeKind, PersonServed, Reason
from edge.device.clock import ManualClock
from edge.services.evidence import keep_evidence
from edge.services.keep import keep_visit
from edge.store.evidence import SqliteEvidence
from edge.wiring.unit import Unit, open_unit
from tests.central.desks import ACCOUNTS, PASSWORD
from tools.bundle.places import public_key_file
from tools.faults.scene import Scene, draft
from tools.manual.pictures import MOST_DRIFT, drift, outline, outline_file

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SCREENSHOTS = os.environ.get("DOORSTEP_SCREENSHOTS")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Walk:
    """A browser at the desk. Every page is looked at for what the browser's console complains of."""

    def __init__(self, room: Room, address: str, browser: Any, secrets: dict[str, bytes], unit: Unit) -> None:
        self.room, self.address, self.unit = room, address, unit
        self._browser, self._secrets = browser, secrets
        self.complaints: list[str] = []
        self.pictures: list[str] = []

    def sign_in(self, name: str) -> Any:
        context = self._browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address + "/")
        if name == "sup-1":
            self.shot(page, "sign-in")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        step = int(clock.now().timestamp()) // proofs.STEP_S
        page.fill("input[name=code]", proofs.totp_code(self._secrets[name], step))
        page.click("main button")
        page.locator("nav").wait_for()
        return page

    def shot(self, page: Any, name: str) -> None:
        """Compare a page with its picture of docs/central.md, faces covered; DOORSTEP_SCREENSHOTS makes it again."""
        self.pictures.append(f"desk-{name}.png")
        kept = PICTURES / self.pictures[-1]
        made = page.screenshot(full_page=True, mask=[page.locator("img")], mask_color="#aab4be")
        if SCREENSHOTS:
            kept.write_bytes(made)
            outline_file(kept).write_text(outline(page), encoding="utf-8")
        assert outline(page) == outline_file(kept).read_text("utf-8"), f"`make pictures`: {name} shows something else"
        apart = drift(kept.read_bytes(), made)
        assert apart < MOST_DRIFT, f"`make pictures`: {name} looks otherwise, {apart:.2f} of it"


@contextlib.contextmanager
def walking(folder: Path, bundle_folder: Path) -> Iterator[Walk]:
    """A walk with everything that it needs, ended afterwards."""
    if find_mosquitto() is None or CHROMIUM is None:
        pytest.skip("mosquitto or chromium is not installed on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    scene = Scene(folder, simulated=False)
    with contextlib.ExitStack() as stack:
        stack.enter_context(scene.broker)
        unit = stack.enter_context(open_unit(scene.add_unit("unit-a")))
        ingest = scene.ingest()
        stack.callback(ingest.wait)
        stack.callback(ingest.kill)
        room = _room(scene, stack.enter_context(scene.store()), bundle_folder)
        door = Door(room.store, room.vault)
        secrets = {name: door.add(name, Role(role), PASSWORD, at=clock.now()) for name, role in ACCOUNTS.items()}
        address = stack.enter_context(desk_server(room))
        tool = stack.enter_context(playwright.sync_playwright())
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--lang=zh-CN"])
        stack.callback(browser.close)
        yield Walk(room, address, browser, secrets, unit)


def _room(scene: Scene, store: Any, bundle_folder: Path) -> Room:
    opened = open_room(load_config(scene.central), store, scene.central)
    config = msgspec.structs.replace(
        opened.config,
        desk=msgspec.structs.replace(opened.config.desk, port=free_port()),
        models=ModelsConfig(bundle=str(bundle_folder), publisher=str(public_key_file(bundle_folder))),
    )
    return dataclasses.replace(opened, config=config)


def visit_with_photograph(unit: Unit, photograph: bytes) -> str:
    """A visit of p-1 whose similarity is not clear, its picture sealed to central; gives the record's digest."""
    made = draft("unit-a", "visit-1")
    visit = msgspec.structs.replace(made.visit, person_served=PersonServed(person_id="p-1"))
    face = FaceFindings(
        frames_seen=120, frames_used=30, people_seen=1, ambiguous=False,
        comparison=Score(value=0.31, review=0.25, accept=0.38), liveness=Score(value=0.55, review=0.4, accept=0.7),
        continuity=Score(value=0.83, review=0.4, accept=0.5), roll_deg=88.0, quality={}, reference_count=1,
        reference_verified=True,
    )  # fmt: skip
    record = keep_visit(
        replace(
            made, visit=visit, face=face, attestation=None, consents=Consents(match_on_unit=True, send_photo=True),
            outcome=Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.GREY_SIMILARITY, Reason.LIVENESS_UNCERTAIN)),
        ),
        store=unit.store, signer=unit.record_key, clock=ManualClock(),
    )  # fmt: skip
    keep_evidence(
        photograph, evidence_id="0123456789abcdef" * 4, kind=EvidenceKind.FACE_PHOTO, record=record,
        store=SqliteEvidence(unit.store_file), signer=unit.record_key, trusted=unit.believed(),
    )  # fmt: skip
    return record.sha256

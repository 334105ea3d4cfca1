"""Buttons and lamps beside the page, on mock pins: a press does what the page's does, and nothing it would not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge.core import session as steps
from edge.core.session import Declaration, Step
from edge.core.visit import Consents
from edge.demo.page import PIN
from edge.web.at import Room
from edge.wiring.serve import Plan, pages
from edge.wiring.unit import open_unit
from tests.web.kiosk import WORKER

START, CANCEL, READY, BUSY, PASS, REVIEW, FAULT = 5, 6, 16, 17, 22, 23, 24
TOML = f"""
[panel]
start_pin = {START}
cancel_pin = {CANCEL}
ready_pin = {READY}
busy_pin = {BUSY}
pass_pin = {PASS}
review_pin = {REVIEW}
fault_pin = {FAULT}
"""


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


@pytest.fixture
def room(root: Path, clip: Path, pins: MockFactory) -> Iterator[Room]:
    with (root / "unit.toml").open("a") as file:
        file.write(TOML)
    with open_unit(root) as unit, pages(unit, Plan(port=0, camera=f"video:{clip}")) as (_, made):
        yield made


def press(pins: MockFactory, pin: int) -> None:
    pins.pin(pin).drive_low()
    threading.Event().wait(0.1)  # longer than the bounce that a button is allowed
    pins.pin(pin).drive_high()


def until(what: Callable[[], bool], *, limit_s: float = 40.0) -> None:
    """Wait until the panel's and the viewer's own threads have got there."""
    tick = threading.Event()
    for _ in range(round(limit_s / 0.05)):
        if what():
            return
        tick.wait(0.05)
    raise AssertionError("it never came")


def at_capture(room: Room) -> object:
    """A visit to the first person of the list, up to the camera."""
    token = room.door.sign_in(WORKER, PIN)
    visitor = room.door.visitor(token)
    assert visitor
    session = room.visiting.begin(WORKER, room.unit.people()[0])
    session = room.visiting.save(steps.confirmed(session))
    room.visiting.save(steps.consented(session, Consents(match_on_unit=True)))
    return visitor.worker


def test_start_runs_the_window_and_the_lamps_follow_to_the_outcome(room: Room, pins: MockFactory) -> None:
    until(lambda: bool(pins.pin(READY).state))
    worker = at_capture(room)
    press(pins, START)
    until(lambda: bool(pins.pin(BUSY).state))
    assert not pins.pin(READY).state
    until(lambda: _step(room) is Step.REVIEW)
    session = room.visiting.open_of(WORKER)
    assert session and session.seen
    room.visiting.sign_face(session, Declaration(person_seen=True, no_mask_or_photo=True), [worker])
    until(lambda: bool(pins.pin(PASS).state))
    assert not pins.pin(BUSY).state and not pins.pin(REVIEW).state


def test_cancel_ends_the_window_and_keeps_the_visit_where_it_was(room: Room, pins: MockFactory) -> None:
    at_capture(room)
    press(pins, START)
    until(lambda: bool(pins.pin(BUSY).state))
    press(pins, CANCEL)
    until(lambda: bool(pins.pin(READY).state))
    assert _step(room) is Step.CAPTURE


def test_press_before_consent_opens_no_camera(room: Room, pins: MockFactory) -> None:
    room.door.sign_in(WORKER, PIN)
    room.visiting.begin(WORKER, room.unit.people()[0])
    press(pins, START)
    threading.Event().wait(0.5)
    assert room.viewer.seeing().phase.value == "off" and _step(room) is Step.CONFIRM


def test_nobody_signed_in_no_press_counts(room: Room, pins: MockFactory) -> None:
    press(pins, START)
    press(pins, CANCEL)
    threading.Event().wait(0.3)
    assert room.viewer.seeing().phase.value == "off"


def _step(room: Room) -> Step | None:
    session = room.visiting.open_of(WORKER)
    return session.step if session else None

"""The panel on gpiozero's mock pins: one lamp at a time, one press for one press, dark and silent in the end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from gpiozero.pins.mock import MockFactory

from edge.core.bench_sheet import LineState
from edge.core.config import PanelConfig, decode_config
from edge.core.errors import ConfigError, PanelError
from edge.core.panel import SIGNALS, Button, Sign, sign_of
from edge.core.visit import OutcomeKind
from edge.device.panel import GpioPanel, NoPanel
from edge.services.examine import buttons_line

CONFIG = PanelConfig(
    start_pin=5, cancel_pin=6, ready_pin=16, busy_pin=17, pass_pin=22, review_pin=23, fault_pin=24, buzzer_pin=25
)
LAMPS = {Sign.READY: 16, Sign.BUSY: 17, Sign.PASS: 22, Sign.REVIEW: 23, Sign.FAULT: 24}


def lit(pins: MockFactory) -> list[Sign]:
    return [sign for sign, pin in LAMPS.items() if pins.pin(pin).state]


@pytest.mark.parametrize("sign", list(Sign))
def test_one_lamp_is_lit_at_a_time(sign: Sign) -> None:
    pins = MockFactory()
    panel = GpioPanel(CONFIG, pin_factory=pins)
    for before in Sign:
        panel.show(before)
    panel.show(sign)
    assert lit(pins) == ([sign] if sign in LAMPS else [])
    panel.close()


def test_each_button_is_its_own_and_a_held_one_counts_once() -> None:
    pins = MockFactory()
    panel = GpioPanel(CONFIG, pin_factory=pins)
    pressed: list[Button] = []
    came = threading.Semaphore(0)

    def press(button: Button) -> None:
        pressed.append(button)
        came.release()

    panel.listen(press)
    for pin in (CONFIG.start_pin, CONFIG.cancel_pin):
        pins.pin(pin).drive_low()
        assert came.acquire(timeout=5)
        pins.pin(pin).drive_high()
    assert pressed == [Button.START, Button.CANCEL]
    panel.close()


def test_buzzer_sounds_for_what_is_new_only() -> None:
    pins = MockFactory()
    panel = GpioPanel(CONFIG, pin_factory=pins)
    buzzer = pins.pin(CONFIG.buzzer_pin)
    panel.show(Sign.READY)
    assert SIGNALS.keys() == {Sign.BUSY, Sign.PASS, Sign.REVIEW, Sign.FAULT} and len(buzzer.states) == 1
    panel.show(Sign.BUSY)
    panel._buzzer._blink_thread.join(5)
    once = len(buzzer.states)
    panel.show(Sign.BUSY)
    assert once > 1 and len(buzzer.states) == once
    panel.close()


def test_closed_panel_is_dark_and_silent() -> None:
    pins = MockFactory()
    panel = GpioPanel(CONFIG, pin_factory=pins)
    panel.show(Sign.FAULT)
    panel.close()
    panel.close()
    assert lit(pins) == [] and not pins.pin(CONFIG.buzzer_pin).state
    with pytest.raises(PanelError):
        panel.show(Sign.READY)


def test_unit_with_a_part_of_a_panel_uses_that_part() -> None:
    pins = MockFactory()
    panel = GpioPanel(PanelConfig(ready_pin=16), pin_factory=pins)
    panel.listen(lambda button: None)
    panel.show(Sign.READY)
    assert pins.pin(16).state
    panel.show(Sign.PASS)
    assert not pins.pin(16).state
    panel.close()
    NoPanel().show(Sign.FAULT)


def test_pins_that_cannot_be_opened_are_an_error_of_ours_and_leave_none_taken() -> None:
    pins = MockFactory()
    with pytest.raises(PanelError, match="GPIO"):
        GpioPanel(PanelConfig(start_pin=5, ready_pin=9999), pin_factory=pins)
    GpioPanel(PanelConfig(start_pin=5), pin_factory=pins).close()


def test_two_parts_on_one_pin_are_refused_before_anything_is_lit() -> None:
    head = 'unit_id = "unit-0001"\n'
    with pytest.raises(ConfigError, match="one pin"):
        decode_config(f"{head}[panel]\nstart_pin = 5\nbuzzer_pin = 5\n".encode())
    with pytest.raises(ConfigError, match="one pin"):
        decode_config(f"{head}[lamps]\nleft_pin = 12\nright_pin = 13\n[panel]\nready_pin = 13\n".encode())


def test_review_is_no_failure_on_the_panel() -> None:
    assert sign_of(OutcomeKind.REVIEW) is sign_of(OutcomeKind.NOT_CERTIFIED) is Sign.REVIEW
    assert sign_of(OutcomeKind.CERTIFIED) is Sign.PASS and sign_of(OutcomeKind.NOT_PERFORMED) is Sign.READY


@pytest.mark.parametrize(
    ("pins_pressed", "state", "sign"),
    [((5, 6), LineState.PASS, Sign.PASS), ((5,), LineState.FAIL, Sign.FAULT), ((), LineState.FAIL, Sign.FAULT)],
)
def test_bench_passes_only_with_every_button_pressed(
    pins_pressed: tuple[int, ...], state: LineState, sign: Sign
) -> None:
    pins = MockFactory()
    panel = GpioPanel(CONFIG, pin_factory=pins)

    def wait(done: Callable[[], bool]) -> None:
        for pin in pins_pressed:
            pins.pin(pin).drive_low()
        pause, left = threading.Event(), 250 if len(pins_pressed) == 2 else 10
        while not done() and left:
            pause.wait(0.02)
            left -= 1

    line = buttons_line(panel, {Button.START, Button.CANCEL}, wait)
    assert line.state is state and ("cancel" in " ".join(line.details.values()))
    assert lit(pins) == [sign]
    panel.close()

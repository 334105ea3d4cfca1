"""The lamps: on gpiozero's mock pins, and the unit that has none."""

from __future__ import annotations

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from edge.core.config import LampsConfig
from edge.core.errors import LampError
from edge.core.light_code import BOTH, DARK, LEFT, LampState
from edge.device.lamps import GpioLamps, NoLamps

CONFIG = LampsConfig(left_pin=12, right_pin=13, power=0.5)


def test_each_lamp_is_on_its_own_pin_and_no_brighter_than_the_unit_allows() -> None:
    pins = MockFactory(pin_class=MockPWMPin)
    lamps = GpioLamps(CONFIG, pin_factory=pins)
    lamps.set(LEFT)
    assert [pins.pin(n).state for n in (12, 13)] == [0.5, 0.0]
    lamps.set(LampState(left=0.2, right=1.0))
    assert [pins.pin(n).state for n in (12, 13)] == [pytest.approx(0.1), 0.5]
    lamps.close()


def test_closed_lamps_do_not_stay_lit_and_say_that_they_are_closed() -> None:
    pins = MockFactory(pin_class=MockPWMPin)
    lamps = GpioLamps(CONFIG, pin_factory=pins)
    lamps.set(BOTH)
    lamps.close()
    lamps.close()
    assert [bool(pins.pin(n).state) for n in (12, 13)] == [False, False]
    with pytest.raises(LampError):
        lamps.set(DARK)


def test_pins_that_cannot_be_opened_are_an_error_of_ours() -> None:
    with pytest.raises(LampError, match="GPIO"):
        GpioLamps(LampsConfig(left_pin=9999, right_pin=13), pin_factory=MockFactory(pin_class=MockPWMPin))


def test_a_unit_without_lamps_goes_on() -> None:
    lamps = NoLamps()
    lamps.set(BOTH)
    assert not lamps.present
    lamps.close()

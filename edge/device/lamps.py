"""The unit's two lamps on PWM pins (gpiozero), and the adapter for a unit that has none."""

from __future__ import annotations

from typing import Any

from edge.core.config import LampsConfig
from edge.core.errors import LampError
from edge.core.light_code import DARK, LampState

PWM_HZ = 1000  # far above any exposure's reciprocal, so that a lamp at half power is not seen to flicker


class GpioLamps:
    """Implements the Light port. pin_factory: gpiozero's, None for the machine's own; its mock one in tests."""

    present = True

    def __init__(self, config: LampsConfig, *, pin_factory: Any = None) -> None:
        self._open: list[Any] = []
        try:
            from gpiozero import PWMLED  # here, so that a machine without pins can import this file

            for pin in (config.left_pin, config.right_pin):
                self._open.append(PWMLED(pin, frequency=PWM_HZ, pin_factory=pin_factory))
        except Exception as e:
            self.close()
            raise LampError(f"cannot open the lamps on GPIO {config.left_pin} and {config.right_pin}: {e}") from e
        self._power = config.power

    def set(self, state: LampState) -> None:
        if not self._open:
            raise LampError("the lamps are closed")
        try:
            for lamp, power in zip(self._open, (state.left, state.right), strict=True):
                lamp.value = power * self._power
        except Exception as e:
            raise LampError(f"the lamps do not answer: {e}") from e

    def close(self) -> None:
        lamps, self._open = self._open, []
        for lamp in lamps:
            lamp.close()


class NoLamps:
    """Implements the Light port where there are no lamps: everything stays dark."""

    present = False

    def set(self, state: LampState) -> None:
        if state != DARK:
            return

    def close(self) -> None:
        return

"""The unit's panel on its pins (gpiozero), and the adapter for a unit that has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.core.config import PanelConfig
from edge.core.errors import PanelError
from edge.core.panel import SIGNALS, Button, Sign

BOUNCE_S = 0.03


class GpioPanel:
    """Implements the Panel port. pin_factory: gpiozero's, None for the machine's own; its mock one in tests."""

    def __init__(self, config: PanelConfig, *, pin_factory: Any = None) -> None:
        self._open: list[Any] = []
        self._buttons: dict[Button, Any] = {}
        self._sign = Sign.OFF
        try:
            self._lamps, self._buzzer = self._parts(config, pin_factory)
        except Exception as e:
            self.close()
            raise PanelError(f"cannot open the panel on GPIO {', '.join(map(str, config.pins))}: {e}") from e

    def _parts(self, config: PanelConfig, factory: Any) -> tuple[dict[Sign, Any], Any]:
        import gpiozero  # here, so that a machine without pins can import this file

        def opened(kind: Any, pin: int | None, **options: Any) -> Any:
            if pin is None:
                return None
            self._open.append(kind(pin, pin_factory=factory, **options))
            return self._open[-1]

        for button, pin in ((Button.START, config.start_pin), (Button.CANCEL, config.cancel_pin)):
            self._buttons[button] = opened(gpiozero.Button, pin, pull_up=True, bounce_time=BOUNCE_S)
        pins = (config.ready_pin, config.busy_pin, config.pass_pin, config.review_pin, config.fault_pin)
        signs = (Sign.READY, Sign.BUSY, Sign.PASS, Sign.REVIEW, Sign.FAULT)
        lamps = {sign: opened(gpiozero.LED, pin) for sign, pin in zip(signs, pins, strict=True)}
        return lamps, opened(gpiozero.Buzzer, config.buzzer_pin)

    def listen(self, press: Callable[[Button], None]) -> None:
        for button, part in self._buttons.items():
            if part is not None:
                part.when_pressed = lambda button=button: press(button)

    def show(self, sign: Sign) -> None:
        if not self._open:
            raise PanelError("the panel is closed")
        if sign is self._sign:
            return
        try:
            for own, lamp in self._lamps.items():
                if lamp is not None:
                    lamp.value = own is sign
            signal = SIGNALS.get(sign)
            if self._buzzer is not None and signal:
                self._buzzer.beep(signal.on_s, signal.off_s, signal.count)
        except Exception as e:
            raise PanelError(f"the panel does not answer: {e}") from e
        self._sign = sign

    def close(self) -> None:
        parts, self._open = self._open, []
        for part in parts:
            if part not in self._buttons.values():
                part.off()  # a pin that is only let go keeps its level on some boards
            part.close()


class NoPanel:
    """Implements the Panel port where there is none: the page says it all."""

    def listen(self, press: Callable[[Button], None]) -> None:
        return

    def show(self, sign: Sign) -> None:
        return

    def close(self) -> None:
        return

"""The panel beside the pages: its buttons do what the page's do, its lamps say what the page says.

The buttons are those of whoever used the unit last. Nothing is decided here: a press that does not fit is no event.
"""

from __future__ import annotations

import threading
from typing import Self

from edge.core.errors import DoorstepError, PanelError
from edge.core.panel import Button, Sign, sign_of
from edge.core.session import Step
from edge.ports import Panel
from edge.web.at import Room
from edge.web.viewer import Phase
from edge.web.views_visit import start_window

LOOK_S = 0.2


class PanelBesidePages:
    """Follows a room while the block lasts; a context manager that closes the panel."""

    def __init__(self, panel: Panel, room: Room) -> None:
        self._panel, self._room = panel, room
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="panel", daemon=True)

    def __enter__(self) -> Self:
        self._panel.listen(self._pressed)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join(5)
        self._panel.close()

    def sign(self) -> Sign:
        """What is to be lit now: what the camera does, else what the visit on the screen came to."""
        phase = self._room.viewer.seeing().phase
        if phase is Phase.FAILED:
            return Sign.FAULT
        if phase is Phase.CAPTURING:
            return Sign.BUSY
        visitor = self._room.door.latest()
        session = self._room.visiting.open_of(visitor.worker_id) if visitor else None
        return sign_of(session.outcome.kind) if session and session.outcome else Sign.READY

    def _follow(self) -> None:
        while not self._over.wait(LOOK_S):
            try:
                self._panel.show(self.sign())
            except PanelError:
                return  # a broken panel is no reason to hold up a visit; the page shows all of it
            except DoorstepError:
                continue

    def _pressed(self, button: Button) -> None:
        threading.Thread(target=self._do, args=(button,), name="press", daemon=True).start()

    def _do(self, button: Button) -> None:
        if button is Button.CANCEL:
            self._room.viewer.close()
            return
        visitor = self._room.door.latest()
        try:
            session = self._room.visiting.open_of(visitor.worker_id) if visitor else None
            if session and session.step is Step.CAPTURE:
                start_window(self._room, session)
        except DoorstepError:
            return  # the page at the same step says what is wrong

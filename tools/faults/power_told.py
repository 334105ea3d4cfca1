"""What the activities of a power cut say, line by line, on a file outside the disk that is cut."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any


class Activity(StrEnum):
    """What is begun before a cut. BUNDLE: an update of the nets; SOFTWARE: of the application, in two slots."""

    VISIT = "visit"
    BUNDLE = "bundle"
    SOFTWARE = "software"
    PURGE = "purge"


BEGUN, DONE = "begun", "done"
_AT = "at"


class Told:
    """Written by one activity: `what name` once the unit said that a thing is kept, and which phase it reached."""

    def __init__(self, path: Path, who: str) -> None:
        self._who = who
        self._out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tell(self, what: str, name: str) -> None:
        os.write(self._out, f"{what} {name}\n".encode())

    def reached(self, phase: str) -> None:
        self.tell(_AT, f"{self._who}: {phase}")

    def watch(self, marks: Mapping[str, Mapping[str, str]]) -> None:
        """Tell phases by what this process asks of the system: event -> name -> phase (sys.addaudithook).

        The name is that of a rename's target, or a word of a command. Seen from outside, so that what is cut is the
        unit's own code and nothing made for the purpose.
        """

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event not in marks:
                return
            asked = arguments[1]
            for word in asked if isinstance(asked, list | tuple) else [asked]:
                if phase := marks[event].get(Path(str(word)).name):
                    self.reached(phase)

        sys.addaudithook(hook)


class Said:
    """All that was told so far, in order. A line that the kill cut short was not told."""

    def __init__(self, path: Path) -> None:
        lines = path.read_bytes().split(b"\n")[:-1]
        self._lines = [(what, name) for what, _, name in (line.decode().partition(" ") for line in lines)]

    def names(self, what: str) -> list[str]:
        return [name for told, name in self._lines if told == what]

    def last(self, *whats: str) -> tuple[str, str]:
        """The last line of any of these kinds; two empty words when there is none."""
        return next(((what, name) for what, name in reversed(self._lines) if what in whats), ("", ""))

    def phase(self, activity: Activity) -> str:
        """The phase that the activity reached last; empty before the first."""
        reached = [name.partition(": ") for name in self.names(_AT)]
        return next((phase for who, _, phase in reversed(reached) if who == activity), "")

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for what, _ in self._lines:
            if what != _AT:
                found[what] = found.get(what, 0) + 1
        return dict(sorted(found.items()))

"""The composition root of the technician's page: the bench's lines, how the unit stands, and both as one file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict
from typing import Any

import msgspec

from edge.core.bench_sheet import SheetLine
from edge.web.faults import LastFaults
from edge.wiring.doctor import Bench
from edge.wiring.standing import standing_of
from edge.wiring.unit import Unit

SLOW = ("camera", "lamps", "models", "store", "trust", "certificate", "keys", "broker")
"""Lines that take a second or more, or a device: examined when somebody asks."""


class Technician:
    """Implements the pages' Technician over one opened unit."""

    def __init__(self, unit: Unit, faults: LastFaults, *, camera: str | None = None) -> None:
        self._unit, self._faults = unit, faults
        self._bench = Bench(unit, camera=camera)
        self._examined: dict[str, SheetLine] = {}

    def standing(self) -> dict[str, Any]:
        return standing_of(self._unit)

    def lines(self) -> list[SheetLine]:
        """What is known at once, and what was examined since the start; the board is looked at anew."""
        self._bench.__dict__.pop("facts", None)
        quick = [name for name in self._bench.checks() if name not in SLOW]
        return [*self._bench.examine(quick, _silent).lines, *self._examined.values()]

    def examine(self) -> None:
        """Examine everything; takes some seconds. The camera must be free."""
        for line in self._bench.examine(SLOW, _silent).lines:
            self._examined[line.check] = line

    def support_bundle(self) -> bytes:
        """A zip of what a technician needs to see from afar; nothing in it tells of any person."""
        out = io.BytesIO()
        contents = {
            "standing.json": self.standing(),
            "bench.json": self.lines(),
            "faults.json": [asdict(fault) for fault in self._faults.latest()],
        }
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in contents.items():
                file.writestr(name, msgspec.json.format(msgspec.json.encode(content), indent=2))
        return out.getvalue()


def _silent(_name: str) -> None:
    """Nobody waits for the single lines."""

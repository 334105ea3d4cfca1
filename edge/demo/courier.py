"""The unit's sync process in the demonstration: started when something is to be delivered, ended when all is."""

from __future__ import annotations

from pathlib import Path

from edge.demo.processes import UNIT, Child, StageError, wait_until
from edge.wiring.unit import Unit

DELIVERY_TIMEOUT_S = 60.0


class Courier:
    """Runs `doorstep sync --until-empty`, a process of its own as on a unit. A context manager."""

    def __init__(self, unit: Unit, log: Path) -> None:
        self._unit = unit
        self._log = log
        self._child: Child | None = None

    def wake(self) -> None:
        """See that it runs. Raises StageError when it ended with something undelivered."""
        if self._child and self._child.failed:
            raise StageError(f"the sync process failed: {self._child.last_line()}")
        if self._child is None or not self._child.running:
            command = [*UNIT, "sync", "--until-empty", "--json", "--unit", str(self._unit.root)]
            self._child = Child(command, self._log)

    def finish(self) -> None:
        """Wait until every record has its receipt. Raises StageError."""
        if not wait_until(self._all_delivered, DELIVERY_TIMEOUT_S):
            raise StageError(f"after {DELIVERY_TIMEOUT_S:.0f} s there are records without a receipt")

    def close(self) -> None:
        if self._child:
            self._child.end()

    def __enter__(self) -> Courier:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _all_delivered(self) -> bool:
        if not self._unit.outbox.entries():
            return True
        self.wake()
        return False

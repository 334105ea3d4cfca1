"""The desk's decisions as they came back to this unit: opened with the unit's key, and ticked off."""

from __future__ import annotations

import msgspec

from edge.core.downward_content import Decision
from edge.core.errors import InputError
from edge.core.sealing import open_sealed
from edge.store.inbox import TASK, finish_task, open_tasks
from edge.wiring.unit import Unit


def tasks_of(unit: Unit) -> list[tuple[int, Decision]]:
    """Number and decision of what is not done, the latest last. Raises SigningError, DoesNotVerify."""
    rows = list(open_tasks(unit.store_file))
    if not rows:
        return []
    key = unit.sealing_key()
    return [(number, msgspec.json.decode(open_sealed(key, raw, info=TASK), type=Decision)) for number, raw in rows]


def tick_off(unit: Unit, number: int) -> None:
    """Note that a task is done. Raises InputError when there is none of that number."""
    if not finish_task(unit.store_file, number):
        raise InputError(f"there is no open task {number}", remedy="`doorstep tasks` lists them with their numbers.")

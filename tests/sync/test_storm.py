"""A minute of storm over the whole way: proxies that fail, and SIGKILLs of unit, broker and central."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.broker import find_mosquitto
from tools.faults.storm import run_storm

OF_THE_WIRE = {"cut", "delay", "reorder", "truncate", "half_close"}
OF_PROCESSES = {
    "kill unit's write",
    "kill unit's sync",
    "kill central",
    "kill broker, persistence wiped",
    "kill broker, persistence old",
}


def _enough(faults: dict[str, int]) -> bool:
    return sum(faults.values()) >= 100 and set(faults) >= OF_THE_WIRE | OF_PROCESSES


@pytest.mark.timeout(600)
@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed on this machine")
def test_sync_01_to_05_a_minute_of_storm_loses_nothing_and_doubles_nothing(tmp_path: Path, database: str) -> None:
    report = run_storm(
        tmp_path, seconds=60, seed=12, units=3, database=database, tell=lambda _s, _n: None, enough=_enough
    )
    assert report.clean, report
    assert _enough(report.faults), f"a storm that does nothing proves nothing: {report.faults}"
    assert all(unit.receipts and unit.messages_issued for unit in report.units)

"""Sudden death of the units' processes, at random moments, against real broker and central."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.broker import find_mosquitto
from tools.faults.kill import run_kills


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed on this machine")
def test_twenty_sigkills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    report = run_kills(tmp_path, kills=20, seed=5, tell=lambda _: None)
    assert report.clean, report
    assert sum(report.kills.values()) == 20
    assert all(unit.acknowledged and unit.receipted for unit in report.units)

"""Sudden death of the units' processes, at random moments, against real broker and central."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.broker import find_mosquitto
from tests.sync.loopback import Bench
from tools.faults.check import check
from tools.faults.kill import run_kills


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed on this machine")
def test_twenty_sigkills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    report = run_kills(tmp_path, kills=20, seed=5, tell=lambda _: None)
    assert report.clean, report
    assert sum(report.kills.values()) == 20
    assert all(unit.acknowledged and unit.receipted for unit in report.units)


def test_the_comparison_sees_what_is_lost(tmp_path: Path) -> None:
    """The run above proves something only if its check can fail."""
    bench = Bench(tmp_path)
    made = bench.visit(3)
    bench.run(steps=3)
    acknowledged = tmp_path / "acknowledged"
    acknowledged.write_text("\n".join(made))
    assert check(bench.scene, bench.unit.root, acknowledged).clean
    acknowledged.write_text("\n".join([*made, "f" * 64]))
    assert check(bench.scene, bench.unit.root, acknowledged).lost_unit == 1
    with bench.store.transaction() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM records WHERE sequence = 2")
    outcome = check(bench.scene, bench.unit.root, acknowledged)
    assert (outcome.lost_central, outcome.central_chain) == (1, "does_not_verify")
    bench.close()

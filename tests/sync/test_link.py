"""A narrow link after a long absence, scaled down: results first and whole, evidence after them, through resets."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.broker import find_mosquitto
from tools.faults.link import LinkPlan, run_link


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed on this machine")
def test_sync_03_results_come_first_and_whole_over_a_narrow_link_that_stalls_and_breaks(tmp_path: Path) -> None:
    """A thirtieth of a month's visits on the link's own terms: two minutes of it, and time to spare."""
    often = {"resets_every_s": 40.0, "stalls_every_s": 30.0, "stall_s": 5.0}
    plan = LinkPlan(visits=100, pictures=100, hour_s=900.0, speedup=12.0, **often)
    report = run_link(tmp_path, plan, lambda _text: None)
    assert (report.results, report.pictures, report.pictures_before_results) == (100, 100, 0), report
    assert report.results_s is not None and report.results_s < report.total_s
    assert report.bytes_per_result <= 4000, report
    assert report.resets and report.stalls

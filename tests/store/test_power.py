"""The power goes in the middle of a visit, an update of nets or software, a purge: the disk held a working unit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.faults.power import Cuts, drawn
from tools.faults.power_told import Activity
from tools.faults.release import why_no_releases


@pytest.mark.skipif(bool(why_no_releases()), reason=why_no_releases())
def test_power_cuts_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    run = Cuts(tmp_path, seed=3, measured=1)
    try:
        for number, activity in enumerate(Activity, start=1):
            run.cut(number, activity)
        print(f"on {run.disk.kind}: {run.tally.phases}")
        said = run.said
        assert run.tally.faults == []
        assert all(said.names(what) for what in ("record", "evidence", "purged", "installed", "confirmed"))
        assert run.tally.records >= len(said.names("record"))
        # The run proves something only if its look can fail.
        with run.told.open("a") as told:
            told.write("record " + "f" * 64 + "\nevidence nowhere\ninstalled " + "e" * 64 + "\ntrial 99\n")
        said_of = ("record ffff", "evidence nowhere is gone", "bundle eeee", "release ")
        assert [fault.startswith(said_of) for fault in run.look()] == [True] * 4
        (run.root / "models" / "manifest.dsse.json").unlink()
        assert any("does not come up" in fault for fault in run.look())
    finally:
        run.disk.close()


def test_every_activity_is_cut_as_often_as_the_others() -> None:
    deck = drawn(100, seed=1)
    assert [deck.count(activity) for activity in Activity] == [25] * 4
    assert deck != sorted(deck)

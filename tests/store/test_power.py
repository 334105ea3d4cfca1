"""The power goes in the middle of a visit, an update of nets and a purge: what the disk held is a working unit."""

from __future__ import annotations

from pathlib import Path

from tools.faults.power import Cuts


def test_power_cuts_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    run = Cuts(tmp_path, seed=3)
    try:
        for number in range(1, 4):
            run.cut(number)
        print(f"on {run.disk.kind}")
        said = run.acknowledged()
        assert run.faults == []
        assert said["record"] and said["evidence"] and run.records >= len(said["record"])
        # The run proves something only if its look can fail.
        with (tmp_path / "told").open("a") as told:
            told.write("record " + "f" * 64 + "\nevidence nowhere\n")
        assert [fault.endswith("is gone") for fault in run.look()] == [True, True]
        (run.root / "models" / "manifest.dsse.json").unlink()
        assert any("does not come up" in fault for fault in run.look())
    finally:
        run.disk.close()

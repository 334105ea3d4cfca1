"""Gaps, reports and the simulated load, over a real broker and a real ingest process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central.broker import find_mosquitto
from central.cli import main
from tools.faults.scene import Scene

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto not found: apt-get install mosquitto")
UNITS, VISITS, KEPT_BACK = 6, 25, 9


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A central for simulated records with its broker and an ingest that runs."""
    made = Scene(tmp_path)
    with made.broker:
        ingest = made.ingest("--json", out=subprocess.PIPE)
        assert ingest.stdout is not None
        ingest.stdout.readline()
        yield made
        ingest.terminate()
        ingest.communicate(timeout=20)


def test_gaps_reported_are_exactly_those_made(scene: Scene) -> None:
    options = ("--units", UNITS, "--visits", VISITS, "--gaps", KEPT_BACK, "--dir", scene.central, "--json")
    simulated = run("simulate", *options)
    assert simulated.exit_code == 0, simulated.output
    load = json.loads(simulated.stdout)
    assert (load["records"], load["receipted"]) == (UNITS * VISITS - KEPT_BACK,) * 2
    assert (load["refused"], load["bad_receipts"], load["failed_units"]) == (0, 0, [])
    found = run("gaps", "--dir", scene.central, "--json")
    assert found.exit_code == 1
    told = {u: [n for a, b in s for n in range(a, b + 1)] for u, s in json.loads(found.stdout).items()}
    assert told == load["gaps"]
    assert f"{KEPT_BACK} records missing" in run("gaps", "--dir", scene.central).output
    assert run("gaps", "--unit-id", "none-such", "--dir", scene.central).exit_code == 0
    counted = json.loads(run("report", "--by", "village", "--dir", scene.central, "--json").stdout)
    assert sum(row["records"] for row in counted) == load["records"]
    lines = run("report", "--by", "outcome", "--csv", "--dir", scene.central).stdout.splitlines()
    assert lines[0] == "outcome,outcome,records,reviewed"


def test_genuine_central_is_not_simulated_into(tmp_path: Path) -> None:
    run("init", tmp_path / "g", "--id", "central-g")
    refused = run("simulate", "--units", 1, "--visits", 1, "--dir", tmp_path / "g")
    assert refused.exit_code == 4
    assert "--simulated" in refused.output

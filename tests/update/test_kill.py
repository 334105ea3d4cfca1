"""An update that dies at any moment leaves a whole release in force, and the next try goes through."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from edge.device.slots import Slots
from edge.wiring import open_unit_readonly
from edge.wiring_update import apply_update, confirm_update
from tests.update.conftest import ROOT, Package

KILLS = int(os.environ.get("DOORSTEP_KILLS", "3"))
PROGRAM = """
import sys
from pathlib import Path
from edge.device.slots import Slots
from edge.wiring_update import apply_update, confirm_update
unit, package, slots, own, program, keys = map(Path, sys.argv[1:])
print("begun", flush=True)
apply_update(unit, package, Slots(slots, program, own), keys)
confirm_update(unit, Slots(slots, program, own))
"""


def test_update_killed_at_any_moment(
    unit: Path, slots: Slots, package: Package, key_dir: Path, tmp_path: Path
) -> None:
    dice, made = random.Random(1), package(2)
    places = (unit, made, slots.folder, tmp_path / "own", ROOT / "systemd/programs/slot", key_dir)
    command = [sys.executable, "-c", PROGRAM, *(str(place) for place in places)]
    began_s = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=120)
    whole_s = time.monotonic() - began_s
    moments = []
    for _ in range(KILLS):
        subprocess.run(["sh", str(places[4]), "own"], env={**os.environ, "SLOTS": str(slots.folder)}, check=True)
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True) as process:
            assert process.stdout and process.stdout.readline()
            time.sleep(dice.uniform(0.0, whole_s))
            os.killpg(process.pid, signal.SIGKILL)
        moments.append(slots.facts(slots.in_force).serial)
        assert subprocess.run([slots.in_force / "bin/python", "-I", "-c", "import edge"]).returncode == 0
        if slots.on_trial:
            assert confirm_update(unit, slots)
    subprocess.run(["sh", str(places[4]), "own"], env={**os.environ, "SLOTS": str(slots.folder)}, check=True)
    apply_update(unit, made, slots, key_dir)
    assert confirm_update(unit, slots) and slots.facts(slots.in_force).serial == 2
    with open_unit_readonly(unit) as opened:
        assert opened.store.head().sequence == 3

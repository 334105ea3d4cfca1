"""Central's systemd units: accepted by systemd's own checker, and exposed as little as they can be."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "central" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 2.0


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze not found")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_unit_is_accepted_and_little_exposed(unit: Path, tmp_path: Path) -> None:
    file = tmp_path / unit.name.replace("@.", "@1.")
    # The program and the account are there after installation only.
    text = re.sub(r"/opt/doorstep/bin/doorstep-central", "/bin/true", unit.read_text(encoding="utf-8"))
    file.write_text(re.sub(r"(?m)^User=.*$", "User=daemon", text), encoding="utf-8")
    checked = subprocess.run([str(ANALYZE), "verify", str(file)], capture_output=True, text=True, check=False)
    said = [line for line in checked.stderr.splitlines() if unit.stem.split("@")[0] in line]
    assert said == []
    graded = subprocess.run(
        [str(ANALYZE), "security", "--offline=true", str(file)], capture_output=True, text=True, check=False
    )
    found = re.search(r"exposure level for .*: ([\d.]+)", graded.stdout)
    assert found, graded.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_units_call_commands_that_exist() -> None:
    from central.cli import main

    for unit in UNITS:
        (command,) = re.findall(r"(?m)^ExecStart=\S+ (\w+)", unit.read_text(encoding="utf-8"))
        assert command in main.commands

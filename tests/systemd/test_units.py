"""The units are read by the real systemd: no unknown key, and little exposed."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).parents[2] / "systemd").glob("*.service"))
MAX_EXPOSURE = 1.5

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@pytest.fixture(params=UNITS, ids=lambda p: p.name)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The unit with a program that exists here in place of the installed one: systemd refuses absent ones."""
    copy = tmp_path / request.param.name
    copy.write_text(request.param.read_text().replace("/opt/doorstep/bin/python", shutil.which("true") or ""))
    return copy


@needs_systemd
def test_unit_has_no_key_that_systemd_does_not_know(unit: Path) -> None:
    run = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=yes", "--man=no", str(unit)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert unit.stem not in run.stderr


@needs_systemd
def test_misspelt_key_would_be_caught(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHomee="))
    run = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=yes", "--man=no", str(unit)], capture_output=True, text=True
    )
    assert run.returncode != 0 or "ProtectHomee" in run.stderr


@needs_systemd
def test_exposure_stays_low(unit: Path) -> None:
    run = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={int(MAX_EXPOSURE * 10)}", str(unit)],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-200:]

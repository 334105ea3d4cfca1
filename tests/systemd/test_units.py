"""The units are read by the real systemd: no unknown key, little exposed, and every relaxation is accounted for."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from edge.cli.main import COMMANDS
from tests.systemd.conftest import SERVICES, SYSTEMD, UNITS

MAX_EXPOSURE = 1.5
TABLE = (SYSTEMD / "README.md").read_text().partition("## What is relaxed")[2]


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def exposed(unit: Path) -> dict[str, float]:
    """What systemd counts against a service, by its name for it."""
    run = analyze("security", "--offline=true", "--json=short", unit)
    rows = json.loads(run.stdout)
    return {row["name"]: float(row["exposure"]) for row in rows if float(row["exposure"] or 0) and not row["set"]}


@pytest.mark.parametrize("name", UNITS)
def test_unit_has_no_key_that_systemd_does_not_know(folder: Path, name: str) -> None:
    run = analyze("verify", "--recursive-errors=yes", "--man=no", folder / name)
    assert (run.returncode, run.stderr) == (0, "")


def test_misspelt_key_would_be_caught(folder: Path) -> None:
    unit = folder / "doorstep-.service.d" / "10-sealed.conf"
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHomee="))
    assert "ProtectHomee" in analyze("verify", "--man=no", folder / "doorstep-sync.service").stderr


@pytest.mark.parametrize("name", SERVICES)
def test_exposure_stays_low(folder: Path, name: str) -> None:
    threshold = f"--threshold={int(MAX_EXPOSURE * 10)}"
    run = analyze("security", "--offline=true", threshold, folder / name)
    assert run.returncode == 0, run.stdout[-200:]


@pytest.mark.parametrize("name", SERVICES)
def test_every_relaxation_is_explained(folder: Path, name: str) -> None:
    rows = [line.split(" | ")[:2] for line in TABLE.splitlines() if line.startswith("| `")]
    service = name.removeprefix("doorstep-").removesuffix(".service")
    explained = {what.strip("|` ").replace("\\|", "|") for what, who in rows if {service, "all"} & set(who.split())}
    assert set(exposed(folder / name)) <= explained


@pytest.mark.parametrize("name", SERVICES)
def test_command_that_a_unit_starts_exists(name: str) -> None:
    started = re.findall(r"(?m)^Exec\w+=/usr/lib/doorstep/python -m (\S+)(?: (\w+))?", (SYSTEMD / name).read_text())
    for module, command in started:
        assert module == "edge.daemon" or command in COMMANDS, f"{name} starts {command}"


def test_only_one_service_reaches_the_record_key() -> None:
    shut = {name for name in SERVICES if "InaccessiblePaths=-/var/lib/doorstep" in (SYSTEMD / name).read_text()}
    assert set(SERVICES) - shut == {"doorstep-visit.service"}


def test_root_runs_only_what_changes_the_release() -> None:
    unnamed = {name for name in SERVICES if "\nUser=doorstep" not in (SYSTEMD / name).read_text()}
    assert unnamed == {f"doorstep-{name}.service" for name in ("attempt", "confirm", "fetched", "update")}
    for name in unnamed:
        assert "\nCapabilityBoundingSet=\n" in (SYSTEMD / name).read_text()


def test_no_process_has_both_the_network_and_the_camera() -> None:
    visit, sync = ((SYSTEMD / f"doorstep-{name}.service").read_text() for name in ("visit", "sync"))
    assert "PrivateNetwork=yes" in visit and "char-video4linux" in visit
    assert "PrivateDevices=yes" in sync and "AF_INET" in sync

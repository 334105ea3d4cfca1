"""What is tried on an emulated board: versions, golden vectors, and a whole visit, from a bare unit to a check.

Every board runs each net against the golden vectors that the bundle's builder recorded on another processor; the
visit, which takes minutes under emulation, is made on one board a release.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.arm64.emulate import Machine

IMPORTS = """
import platform, cryptography, cv2, gpiozero, numpy, paho.mqtt, sqlite3, sqlite_utils
import ai_edge_litert.interpreter
print(platform.machine(), "Python", platform.python_version(), "numpy", numpy.__version__, "cv2", cv2.__version__,
      "cryptography", cryptography.__version__, "SQLite", sqlite3.sqlite_version)
"""
PERSON = ("--person-id", "p-1", "--worker", "w-1", "--consent", "match")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was tried. said: its figures, or the last line of what went wrong."""

    release: str
    board: str
    name: str
    passed: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a visit is made of: the exported bundle, its publisher's key, pictures of one person, and a policy."""

    bundle: Path
    key: Path
    stills: Path
    reference: Path
    policy: Path


def nets_of(machine: Machine, material: Material) -> Iterator[Step]:
    """The dependencies import, and every net gives its golden vectors."""
    yield _step(machine, "imports", machine.python("-c", IMPORTS))
    unit = machine.work / f"unit-{machine.release.name}-{machine.board.name}"
    yield _step(machine, "unit", _doorstep(machine, "unit", "init", str(unit), "--id", "demo-arm64", "--demo"))
    install = ("models", "install", str(material.bundle), "--key", str(material.key), "--unit", str(unit))
    yield _step(machine, "golden vectors", _doorstep(machine, *install))


def visit_of(machine: Machine, material: Material) -> Iterator[Step]:
    """A simulated visit on the unit that `nets_of` made, certified, and its record and chain verified."""
    unit = machine.work / f"unit-{machine.release.name}-{machine.board.name}"
    config = unit / "unit.toml"
    (unit / "policy-arm64.toml").write_bytes(material.policy.read_bytes())
    config.write_text(
        'policy = "policy-arm64.toml"\n' + config.read_text().replace("[camera]\n", "[camera]\nrate_fps = 1.0\n")
    )
    # The clock is that of the machine underneath, and nobody is there to be believed. Emulated nets have no speed;
    # their golden vectors were checked when they were installed.
    examined = ("doctor", "--unit", str(unit), "--skip", "clock,trust,models")
    yield _step(machine, "doctor", _doorstep(machine, *examined))
    pictures = ("--stills", str(material.stills), "--reference", str(material.reference))
    visit = _doorstep(machine, "visit", "--unit", str(unit), *PERSON, *pictures, "--json")
    yield _step(machine, "visit", visit, wanted={"outcome": "certified"})
    yield _step(machine, "verify", _doorstep(machine, "verify", "--unit", str(unit)))


def _doorstep(machine: Machine, *words: str) -> subprocess.CompletedProcess[str]:
    return machine.python("-m", "edge.cli.main", *words)


def _step(
    machine: Machine, name: str, done: subprocess.CompletedProcess[str], wanted: dict[str, str] | None = None
) -> Step:
    passed = done.returncode == 0
    lines = (done.stdout if passed else done.stderr or done.stdout).strip().splitlines() or ["nothing said"]
    faults = [line for line in lines if line.startswith("✗")] or lines[-2:]
    said = lines[-1] if passed else " ".join(line.strip() for line in faults)
    if passed and wanted is not None:
        found = json.loads(done.stdout)
        passed = all(found.get(key) == value for key, value in wanted.items())
        said = ", ".join(f"{key} {found.get(key)}" for key in ("outcome", "reasons"))
    return Step(release=machine.release.name, board=machine.board.name, name=name, passed=passed, said=said)

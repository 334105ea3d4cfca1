"""The border: help, exit codes, and errors as people and programs read them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge.cli.main import COMMANDS
from tests.cli.conftest import Run

THERE = [n for n, lazy in COMMANDS.items() if find_spec(lazy.target.split(":")[0])]


HEAVY = ("sqlite3", "sqlite_utils", "cv2", "numpy", "paho", "cryptography", "rich", "edge.wiring", "edge.cli.verify")
SHOW_HELP = """
import sys, edge.cli.main
try:
    edge.cli.main.main(["--help"])
except SystemExit:
    print(*sys.modules)
"""


def test_help_imports_no_command() -> None:
    done = subprocess.run([sys.executable, "-c", SHOW_HELP], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_help_lists_every_command_and_exit_code(run: Run) -> None:
    text = run("--help").output
    assert all(name in text for name in COMMANDS)
    assert "3  could not be checked" in text


@pytest.mark.parametrize("name", [n for n in ("history", "status", "verify", "unit") if n in THERE])
def test_help_of_each_command_shows_an_example(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"doorstep {name}" in result.output


def test_registry_points_at_commands() -> None:
    for name in ("history", "status", "verify", "unit"):
        module, _, attribute = COMMANDS[name].target.partition(":")
        assert getattr(import_module(module), attribute).name == name


def test_error_says_what_and_what_to_do(run: Run, tmp_path: Path) -> None:
    result = run("status", "--unit", tmp_path / "none")
    assert result.exit_code == 4
    assert "no unit in" in result.stderr and "doorstep unit init" in result.stderr
    assert result.stdout == ""


def test_error_is_json_where_json_was_asked_for(run: Run, tmp_path: Path) -> None:
    result = run("verify", tmp_path / "none", "--json")
    assert result.exit_code == 3
    error = json.loads(result.stdout)["error"]
    assert error["kind"] == "CouldNotBeChecked" and error["step"] == "open" and error["remedy"]


def test_wrong_usage_is_two(run: Run) -> None:
    assert run("verify", "--nonsense").exit_code == 2
    assert run("nonsense").exit_code == 2

"""A unit in a folder of its own, and the command run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli.main import main
from edge.core.keys import KeyPurpose
from edge.services.keep import keep_visit
from edge.wiring.unit import found_unit, open_unit
from tests.samples import UNIT, sample_draft

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def run_command(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)

    return run_command


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "unit"
    found_unit(folder, UNIT, KeyPurpose.DEMONSTRATION).close()
    return folder


@pytest.fixture
def used(root: Path) -> Path:
    """A unit with four records."""
    with open_unit(root) as unit:
        for number in range(1, 5):
            keep_visit(sample_draft(number), store=unit.store, signer=unit.record_key, clock=unit.clock)
    return root

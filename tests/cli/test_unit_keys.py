"""The sync side's keys: made with the unit, or when an older unit first needs them, and never silently exchanged."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.main import main
from edge.core.errors import SigningError
from edge.core.unit_keys import open_unit_keys
from edge.wiring.sync import STATEMENT, make_inbox, sync_keys
from edge.wiring.unit import open_unit

NAMES = ("sealing.key", "confirmation.key", "confirmation.pub.json", STATEMENT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "unit"
    run = CliRunner().invoke(main, ["unit", "init", str(made), "--id", "unit-a", "--demo"])
    assert run.exit_code == 0, run.output
    return made


def test_unit_init_makes_them_private_and_vouched_for(root: Path) -> None:
    for name in ("sealing.key", "confirmation.key"):
        assert (root / "sync-keys" / name).stat().st_mode & 0o777 == 0o600
    with open_unit(root) as unit:
        assert open_unit_keys(sync_keys(unit).statement, unit.public).unit_id == "unit-a"


def test_older_unit_makes_them_when_first_needed_and_then_keeps_them(root: Path) -> None:
    for name in NAMES:
        (root / "sync-keys" / name).unlink()
    with open_unit(root) as unit:
        assert sync_keys(unit).statement == sync_keys(unit).statement


@pytest.mark.parametrize("there", range(4))
def test_making_that_was_interrupted_is_done_again(root: Path, there: int) -> None:
    for name in NAMES[there:]:
        (root / "sync-keys" / name).unlink()
    with open_unit(root) as unit:
        sync_keys(unit)


def test_exchanged_key_is_found_out(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    CliRunner().invoke(main, ["unit", "init", str(other), "--id", "unit-a", "--demo"])
    (other / "sync-keys" / "sealing.key").replace(root / "sync-keys" / "sealing.key")
    with open_unit(root) as unit, pytest.raises(SigningError, match="names"):
        sync_keys(unit)


def test_sync_side_does_without_the_folder_of_the_record_key(root: Path) -> None:
    """systemd/doorstep-sync.service makes keys/ inaccessible to the process that has the network."""
    (root / "keys").rename(root.parent / "out-of-reach")
    with open_unit(root) as unit:
        assert unit.public.owner == "unit-a"
        assert make_inbox(unit).state().applied_sequence == 0
        with pytest.raises(SigningError):
            unit.record_key.signer  # noqa: B018

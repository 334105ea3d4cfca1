"""Updates: only a signed, newer release that does no harm comes into force, and one that fails goes by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edge.core.errors import CouldNotBeChecked, DoesNotVerify, InputError, StoreError
from edge.device.slots import Slots
from edge.wiring.unit import open_unit_readonly
from edge.wiring.update import UpdateFailed, apply_update, confirm_update
from tests.update.conftest import ROOT, Package, add_record


def attempt(slots: Slots, own: Path) -> str:
    """A start of the visit's service, as doorstep-attempt.service does it."""
    environment = {"SLOTS": str(slots.folder), "OWN": str(own), "PATH": "/usr/bin:/bin"}
    command = ["sh", str(ROOT / "systemd/programs/slot"), "attempt"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def test_release_that_does_no_harm_stays(unit: Path, slots: Slots, package: Package, key_dir: Path) -> None:
    apply_update(unit, package(2), slots, key_dir)
    assert slots.on_trial and slots.facts(slots.in_force).serial == 2
    add_record(unit, 4)
    assert confirm_update(unit, slots)
    assert not slots.on_trial and slots.facts(slots.in_force).serial == 2
    apply_update(unit, package(3), slots, key_dir)
    assert slots.in_force.name == "b", "the one before is kept to go back to"


def test_unit_says_which_release_it_runs(unit: Path, slots: Slots, package: Package, key_dir: Path) -> None:
    apply_update(unit, package(2), slots, key_dir)
    told = slots.run(slots.in_force, "-c", "from edge.device.slots import running_version as v; print(v())")
    assert told.stdout.strip() == "0.1.0+2~bookworm", told.stderr


def test_three_starts_that_fail_bring_the_old_release_back(
    unit: Path, slots: Slots, package: Package, key_dir: Path, tmp_path: Path
) -> None:
    apply_update(unit, package(2), slots, key_dir)
    for _ in range(3):
        assert attempt(slots, tmp_path / "own") == ""
        assert slots.facts(slots.in_force).serial == 2
    assert "went back" in attempt(slots, tmp_path / "own")
    assert slots.facts(slots.in_force).serial == 1 and not slots.on_trial
    assert attempt(slots, tmp_path / "own") == ""


def test_release_that_cannot_run_is_never_in_force(
    unit: Path, slots: Slots, package: Package, key_dir: Path
) -> None:
    with pytest.raises(UpdateFailed, match="cannot say how the unit would stand"):
        apply_update(unit, package(2, spoilt="raise SystemExit(1)"), slots, key_dir)
    assert slots.facts(slots.in_force).serial == 1 and not slots.on_trial


def test_record_lost_on_trial_takes_the_release_back(
    unit: Path, slots: Slots, package: Package, key_dir: Path, tmp_path: Path
) -> None:
    fewer = tmp_path / "fewer.sqlite3"
    fewer.write_bytes((unit / "records.sqlite3").read_bytes())
    add_record(unit, 4)
    apply_update(unit, package(2), slots, key_dir)
    (unit / "records.sqlite3").write_bytes(fewer.read_bytes())
    with pytest.raises(UpdateFailed, match="the chain ended with record 4, now with 3"):
        confirm_update(unit, slots)
    assert slots.facts(slots.in_force).serial == 1


@pytest.mark.parametrize("serial", [0, 1])
def test_older_or_same_release_is_not_taken(
    unit: Path, slots: Slots, package: Package, key_dir: Path, serial: int
) -> None:
    with pytest.raises(InputError, match="is not newer"):
        apply_update(unit, package(serial), slots, key_dir)


def test_altered_package_is_not_unpacked(unit: Path, slots: Slots, package: Package, key_dir: Path) -> None:
    made = package(2)
    raw = bytearray(made.read_bytes())
    raw[-2000] ^= 1
    made.write_bytes(raw)
    with pytest.raises(DoesNotVerify, match="not the package that was signed"):
        apply_update(unit, made, slots, key_dir)
    assert [path.name for path in slots.folder.iterdir()] == []


def test_package_of_a_stranger_is_not_unpacked(
    unit: Path, slots: Slots, package: Package, tmp_path: Path
) -> None:
    (tmp_path / "others").mkdir()
    with pytest.raises(CouldNotBeChecked):
        apply_update(unit, package(2), slots, tmp_path / "others")
    with pytest.raises(CouldNotBeChecked, match="cannot read"):
        apply_update(unit, package(3, signed=False), slots, tmp_path / "others")


def test_second_update_waits_for_the_first(unit: Path, slots: Slots, package: Package, key_dir: Path) -> None:
    apply_update(unit, package(2), slots, key_dir)
    third = package(3)
    with pytest.raises(InputError, match="on trial"):
        apply_update(unit, third, slots, key_dir)
    slots.give_back()
    apply_update(unit, third, slots, key_dir)
    assert slots.facts(slots.in_force).serial == 3


def test_full_slot_is_a_clear_error(
    unit: Path, slots: Slots, package: Package, key_dir: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", small], capture_output=True).returncode:
        pytest.skip("a small disk takes root")
    try:
        tight = Slots(small, ROOT / "systemd/programs/slot", tmp_path / "own")
        with pytest.raises(StoreError, match="No space left"):
            apply_update(unit, package(2), tight, key_dir)
        assert tight.facts(tight.in_force).serial == 1
    finally:
        subprocess.run(["umount", small], check=True)
    with open_unit_readonly(unit) as opened:
        assert opened.store.head().sequence == 3

"""Making a unit and saying whom it believes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.core.keys import KeyPurpose
from edge.signing.keyfile import encode_public
from edge.wiring.unit import open_unit
from tests.cli.conftest import Run
from tests.samples import CENTRAL_KEY, UNIT


@pytest.mark.parametrize(("flag", "purpose"), [("--demo", "demonstration"), ("--provisioned", "provisioned")])
def test_new_unit_is_whole_and_private(run: Run, tmp_path: Path, flag: str, purpose: str) -> None:
    folder = tmp_path / "new" / "unit"
    result = run("unit", "init", folder, "--id", UNIT, flag, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["key"]["purpose"] == purpose
    with open_unit(folder) as unit:
        assert unit.record_key.public.purpose is KeyPurpose(purpose)
        assert unit.store.head().sequence == 0
        assert unit.store.unit_id() == UNIT
    assert (folder / "keys" / "record.key").stat().st_mode & 0o777 == 0o600
    assert run("verify", "--unit", folder).exit_code == 0


def test_unit_is_never_made_over_another(run: Run, root: Path) -> None:
    key = (root / "keys" / "record.key").read_bytes()
    result = run("unit", "init", root, "--id", UNIT, "--demo")
    assert result.exit_code == 4 and "not empty" in result.stderr
    assert (root / "keys" / "record.key").read_bytes() == key


def test_purpose_must_be_said_and_id_must_be_one(run: Run, tmp_path: Path) -> None:
    assert run("unit", "init", tmp_path / "u", "--id", UNIT).exit_code == 2
    result = run("unit", "init", tmp_path / "u", "--id", "Kreis 7", "--demo")
    assert result.exit_code == 4 and "unit's id" in result.stderr
    assert not (tmp_path / "u").exists()


def test_trusted_key_is_believed_from_then_on(run: Run, root: Path, tmp_path: Path) -> None:
    file = tmp_path / "central.pub.json"
    file.write_bytes(encode_public(CENTRAL_KEY.public))
    for _ in range(2):
        assert run("unit", "trust", file, "--unit", root).exit_code == 0
    with open_unit(root) as unit:
        assert CENTRAL_KEY.public in unit.believed()
        assert len(unit.believed()) == 2


def test_file_that_is_no_key_is_not_trusted(run: Run, root: Path) -> None:
    result = run("unit", "trust", root / "unit.toml", "--unit", root)
    assert result.exit_code == 3
    assert list((root / "trust").iterdir()) == []


def test_shown_key_is_a_document_others_can_use(run: Run, root: Path, tmp_path: Path) -> None:
    shown = tmp_path / "shown.pub.json"
    shown.write_text(run("unit", "show", "--unit", root).stdout)
    assert run("verify", root / "records.sqlite3", "--key", shown).exit_code == 0


def test_edited_purpose_is_refused_when_the_key_is_used(root: Path) -> None:
    path = root / "keys" / "record.pub.json"
    path.write_text(path.read_text().replace("demonstration", "provisioned"))
    from edge.core.errors import SigningError

    with open_unit(root) as unit, pytest.raises(SigningError, match="says purpose"):
        _ = unit.record_key

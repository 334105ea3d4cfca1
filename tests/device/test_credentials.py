"""Keys kept as systemd credentials: the real systemd-creds, then a service's folder as systemd makes it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.core.errors import SigningError
from edge.core.keys import KeyPurpose
from edge.device.credentials import seal_credential
from edge.wiring.provision import keep_as_credentials
from edge.wiring.unit import found_unit, open_unit

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-creds") is None or os.geteuid() != 0, reason="systemd-creds seals for root only"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found_unit(tmp_path / "unit", "unit-a", KeyPurpose.PROVISIONED).close()
    return tmp_path / "unit"


def as_service(store: Path, folder: Path) -> None:
    """What systemd does for LoadCredentialEncrypted=: opened, root's, its access list's mask shown as the group's."""
    folder.mkdir()
    for sealed in store.iterdir():
        command = ["systemd-creds", "decrypt", f"--name={sealed.name}", str(sealed), str(folder / sealed.name)]
        subprocess.run(command, check=True, capture_output=True)
        (folder / sealed.name).chmod(0o440)


def test_sealed_keys_serve_the_service_and_nobody_else(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_unit(root) as unit:
        sealed, public = unit.at_rest.seal(b"name", context=b"a"), unit.record_key.public
        keep_as_credentials(unit, tmp_path / "store")
    assert not list(root.rglob("*.key"))
    assert b"PRIVATE KEY" not in (tmp_path / "store" / "doorstep-record-key").read_bytes()
    with open_unit(root) as unit:
        with pytest.raises(SigningError):
            _ = unit.record_key
        with pytest.raises(SigningError):
            _ = unit.at_rest
    as_service(tmp_path / "store", tmp_path / "given")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    with open_unit(root) as unit:
        assert unit.at_rest.open(sealed, context=b"a") == b"name"
        assert unit.record_key.public == public


def test_credential_of_another_name_does_not_open(root: Path, tmp_path: Path) -> None:
    made = seal_credential("doorstep-record-key", root / "keys" / "record.key", tmp_path / "store", sealed_by="host")
    command = ["systemd-creds", "decrypt", "--name=doorstep-data-key", str(made), "-"]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_nothing_is_erased_when_sealing_fails(root: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file stands where the folder should be")
    with open_unit(root) as unit, pytest.raises(SigningError):
        keep_as_credentials(unit, tmp_path / "store")
    assert (root / "keys" / "record.key").exists() and (root / "keys" / "data.key").exists()

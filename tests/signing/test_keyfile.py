"""Private keys on disk: private, whole, and for the purpose they were made for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.core.envelope import SIMULATED_VISIT_TYPE, open_envelope, seal
from edge.core.errors import SigningError
from edge.core.keys import KeyPurpose, KeyRole, decode_public_key
from edge.signing.keyfile import KeyFile, generate, load


@pytest.fixture
def made(tmp_path: Path) -> KeyFile:
    return generate(tmp_path, "record", role=KeyRole.RECORD, purpose=KeyPurpose.DEMONSTRATION, owner="unit-0001")


def test_loaded_key_signs_for_its_public_document(made: KeyFile, tmp_path: Path) -> None:
    key = load(tmp_path, "record")
    assert key.public == made.public == decode_public_key((tmp_path / "record.pub.json").read_bytes())
    raw = seal(b"{}", SIMULATED_VISIT_TYPE, [key.signer])
    opened = open_envelope(raw, keys={key.public.keyid: key.public.key()}, payload_types={SIMULATED_VISIT_TYPE})
    assert opened.key_ids == (key.public.keyid,)


def test_private_file_is_for_its_owner_only(made: KeyFile, tmp_path: Path) -> None:
    assert (tmp_path / "record.key").stat().st_mode & 0o777 == 0o600


def test_key_is_never_overwritten(made: KeyFile, tmp_path: Path) -> None:
    before = (tmp_path / "record.key").read_bytes()
    with pytest.raises(SigningError, match="already a key"):
        generate(tmp_path, "record", role=KeyRole.RECORD, purpose=KeyPurpose.PROVISIONED, owner="unit-0001")
    assert (tmp_path / "record.key").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_key_that_others_may_read_is_refused(made: KeyFile, tmp_path: Path, mode: int) -> None:
    (tmp_path / "record.key").chmod(mode)
    with pytest.raises(SigningError, match="open to others") as caught:
        load(tmp_path, "record")
    assert "chmod 600" in caught.value.remedy


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", "provisioned"),
        ("role", "receipt"),
        ("owner", "unit-0002"),
        ("public_hex", "00" * 32),
        ("keyid", "x"),
    ],
)
def test_edited_public_document_is_caught(made: KeyFile, tmp_path: Path, field: str, value: str) -> None:
    path = tmp_path / "record.pub.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(SigningError, match=f"says {field}"):
        load(tmp_path, "record")


def test_public_document_of_another_key_is_caught(made: KeyFile, tmp_path: Path) -> None:
    generate(tmp_path, "other", role=KeyRole.RECORD, purpose=KeyPurpose.PROVISIONED, owner="unit-0001")
    (tmp_path / "other.pub.json").replace(tmp_path / "record.pub.json")
    with pytest.raises(SigningError, match="says purpose"):
        load(tmp_path, "record")


def test_missing_public_document_loses_nothing(made: KeyFile, tmp_path: Path) -> None:
    (tmp_path / "record.pub.json").unlink()
    assert load(tmp_path, "record").public == made.public


def _ec_pem() -> bytes:
    return generate_ec(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("what", "message"),
    [("absent", "no private key"), ("link", "cannot open"), ("folder", "not a plain file"), ("empty", "holds no"),
     ("broken", "cannot be read"), ("other kind", "not an Ed25519"), ("no purpose", "does not say")],
)  # fmt: skip
def test_file_that_is_no_private_key_is_said(made: KeyFile, tmp_path: Path, what: str, message: str) -> None:
    path = tmp_path / "record.key"
    text = path.read_bytes()
    path.unlink()
    contents = {
        "empty": b"",
        "broken": text.replace(b"MC4C", b"MC4D"),
        "other kind": text[: text.index(b"-----BEGIN")] + _ec_pem(),
        "no purpose": text.replace(b"purpose: demonstration\n", b""),
    }
    if what == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif what == "folder":
        path.mkdir(mode=0o700)
    elif what in contents:
        path.write_bytes(contents[what])
        path.chmod(0o600)
    with pytest.raises(SigningError, match=message):
        load(tmp_path, "record")


def test_private_half_shows_nowhere(made: KeyFile, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = (tmp_path / "record.key").read_text().split("-----")[2].strip()
    said = [repr(made), repr(made.signer), str(vars(made.signer))]
    (tmp_path / "record.key").write_text(f"role: record\n-----BEGIN PRIVATE KEY-----\n{secret[:-8]}\n")
    (tmp_path / "record.key").chmod(0o600)
    with pytest.raises(SigningError) as caught:
        load(tmp_path, "record")
    said += [str(caught.value), caught.value.remedy, repr(caught.value.__cause__), caplog.text]
    assert not any(secret[10:30] in text for text in said)


def test_owner_cannot_bring_a_line_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="one line"):
        generate(
            tmp_path, "k", role=KeyRole.RECORD, purpose=KeyPurpose.DEMONSTRATION, owner="u\npurpose: provisioned"
        )

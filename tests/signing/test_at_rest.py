"""What lies encrypted on the unit: opened by its own key, in its own place; never a new key over old data."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core.errors import DoesNotVerify, SigningError
from edge.core.keys import KeyPurpose
from edge.signing.at_rest import CREDENTIAL, AtRestKey, load_data_key, make_data_key
from edge.wiring.unit import found_unit, open_unit, open_unit_readonly

PLAIN = "张三 11010119491231002X".encode()


@pytest.fixture
def key(tmp_path: Path) -> AtRestKey:
    return make_data_key(tmp_path)


def test_sealed_value_opens_in_its_place_and_shows_nothing(key: AtRestKey, tmp_path: Path) -> None:
    sealed = key.seal(PLAIN, context=b"listed/1")
    assert load_data_key(tmp_path, None).open(sealed, context=b"listed/1") == PLAIN
    assert PLAIN not in sealed and key.seal(PLAIN, context=b"listed/1") != sealed


@pytest.mark.parametrize("place", [0, 3, 5, 11, 12, 23, 24, 30, -1])
def test_one_flipped_bit_anywhere_is_noticed(key: AtRestKey, place: int) -> None:
    sealed = bytearray(key.seal(PLAIN, context=b"a"))
    sealed[place] ^= 1
    with pytest.raises((DoesNotVerify, SigningError)):
        key.open(bytes(sealed), context=b"a")


def test_value_moved_to_another_row_does_not_open(key: AtRestKey) -> None:
    with pytest.raises(DoesNotVerify, match="moved"):
        key.open(key.seal(PLAIN, context=b"listed/1"), context=b"listed/2")


def test_value_cut_short_or_of_another_kind_is_refused(key: AtRestKey) -> None:
    sealed = key.seal(b"", context=b"a")
    for raw in (b"", sealed[:-1], sealed[:20], PLAIN * 3):
        with pytest.raises(DoesNotVerify):
            key.open(raw, context=b"a")


def test_another_units_value_names_the_wrong_key_and_not_a_forgery(key: AtRestKey, tmp_path: Path) -> None:
    other = make_data_key(tmp_path / "other")
    with pytest.raises(SigningError, match="another data key"):
        key.open(other.seal(PLAIN, context=b"a"), context=b"a")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_data_key_that_others_may_read_is_refused(key: AtRestKey, tmp_path: Path, mode: int) -> None:
    (tmp_path / "data.key").chmod(mode)
    with pytest.raises(SigningError, match="open to others"):
        load_data_key(tmp_path, None)


def test_credential_of_the_service_comes_before_the_file(key: AtRestKey, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (tmp_path / "data.key").rename(credentials / CREDENTIAL)
    sealed = key.seal(PLAIN, context=b"a")
    (credentials / CREDENTIAL).chmod(0o440)
    assert load_data_key(tmp_path, credentials).open(sealed, context=b"a") == PLAIN
    (credentials / CREDENTIAL).chmod(0o444)
    with pytest.raises(SigningError, match="open to others"):
        load_data_key(tmp_path, credentials)


def test_exchanged_key_is_noticed_before_anything_is_written_with_it(key: AtRestKey, tmp_path: Path) -> None:
    make_data_key(tmp_path / "other")
    (tmp_path / "other" / "data.key").replace(tmp_path / "data.key")
    with pytest.raises(SigningError, match="not the one"):
        load_data_key(tmp_path, None)


def test_lost_key_is_never_silently_made_anew(tmp_path: Path) -> None:
    root = tmp_path / "unit"
    found_unit(root, "unit-a", KeyPurpose.DEMONSTRATION).close()
    (root / "keys" / "data.key").unlink()
    with open_unit(root) as unit, pytest.raises(SigningError):
        _ = unit.at_rest


def test_older_unit_gets_its_key_when_first_needed_for_writing(tmp_path: Path) -> None:
    root = tmp_path / "unit"
    found_unit(root, "unit-a", KeyPurpose.DEMONSTRATION).close()
    for name in ("data.key", "data.id"):
        (root / "keys" / name).unlink()
    with open_unit_readonly(root) as unit, pytest.raises(SigningError):
        _ = unit.at_rest
    with open_unit(root) as unit:
        sealed = unit.at_rest.seal(PLAIN, context=b"a")
    with open_unit_readonly(root) as unit:
        assert unit.at_rest.open(sealed, context=b"a") == PLAIN

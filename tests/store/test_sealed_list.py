"""The list put on the unit by hand: nothing of it in the clear, and the old one whole until the new one is."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from edge.core.errors import ConfigError, DoesNotVerify, InputError, StoreError
from edge.signing.at_rest import AtRestKey, make_data_key
from edge.store.sealed_list import PLAIN, TABLE, SealedList

CSV = "person_id,name,id_number,scheme,reference\np-1,张三,11010119491231002X,enterprise,张三.jpg\n"
PICTURES = {"张三.jpg": b"\xff\xd8 the first picture", "b.jpg": b"\xff\xd8 the second"}


@pytest.fixture
def key(tmp_path: Path) -> AtRestKey:
    return make_data_key(tmp_path / "keys")


@pytest.fixture
def installed(key: AtRestKey, tmp_path: Path) -> SealedList:
    made = SealedList(tmp_path / "list", key)
    made.install(CSV, PICTURES)
    return made


def test_installed_list_reads_back_and_shows_nothing(installed: SealedList, tmp_path: Path) -> None:
    assert installed.table() == CSV
    assert {name: installed.picture(name) for name in PICTURES} == PICTURES
    for path in (tmp_path / "list").iterdir():
        shown = path.name.encode() + path.read_bytes()
        assert not any(word in shown for word in ("张三".encode(), b"11010119491231002X", b"picture"))


def test_next_list_takes_the_place_of_the_one_before(installed: SealedList, tmp_path: Path) -> None:
    installed.install("person_id\n", {})
    assert [path.name for path in (tmp_path / "list").iterdir()] == [TABLE]
    with pytest.raises(InputError):
        installed.picture("b.jpg")


class FullAtTheSecondPicture:
    """AtRest as the disk of a unit may end: the first picture is written, the second is not."""

    def __init__(self, key: AtRestKey) -> None:
        self._key = key

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        if plain == b"second":
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._key.seal(plain, context=context)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        return self._key.open(sealed, context=context)


def test_disk_full_in_the_middle_leaves_the_list_before(
    installed: SealedList, key: AtRestKey, tmp_path: Path
) -> None:
    before = sorted((tmp_path / "list").iterdir())
    with pytest.raises(StoreError, match="disk is full"):
        SealedList(tmp_path / "list", FullAtTheSecondPicture(key)).install("new", {"a": b"first", "b": b"second"})
    assert sorted((tmp_path / "list").iterdir()) == before
    assert installed.table() == CSV and installed.picture("b.jpg") == PICTURES["b.jpg"]


def test_picture_put_in_the_place_of_another_does_not_open(installed: SealedList, tmp_path: Path) -> None:
    first, second = sorted(path for path in (tmp_path / "list").iterdir() if path.name != TABLE)
    first.write_bytes(second.read_bytes())
    with pytest.raises(DoesNotVerify):
        installed.picture("张三.jpg")


def test_list_left_in_the_clear_is_told_and_goes_when_it_is_installed(key: AtRestKey, tmp_path: Path) -> None:
    folder = tmp_path / "list"
    folder.mkdir()
    (folder / PLAIN).write_text(CSV, "utf-8")
    (folder / "张三.jpg").write_bytes(PICTURES["张三.jpg"])
    sealed = SealedList(folder, key)
    with pytest.raises(ConfigError, match="in the clear"):
        _ = sealed.present
    sealed.install(CSV, {"张三.jpg": PICTURES["张三.jpg"]})
    assert sealed.present and not (folder / PLAIN).exists() and not (folder / "张三.jpg").exists()

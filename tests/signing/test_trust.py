"""Who is believed: exactly the documents in the folder, each key id once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.core.errors import CouldNotBeChecked, SigningError
from edge.core.keys import KeyRole, fingerprint
from edge.signing.trust import add, owners, read_document, read_folder
from tests.samples import CENTRAL_KEY, UNIT_KEY, sample_key


def test_added_documents_are_read_back_once(tmp_path: Path) -> None:
    for document in (CENTRAL_KEY.public, UNIT_KEY.public, CENTRAL_KEY.public):
        add(tmp_path / "trust", document)
    found = read_folder(tmp_path / "trust")
    assert {d.keyid for d in found} == {CENTRAL_KEY.public.keyid, UNIT_KEY.public.keyid}
    assert len(found) == 2
    assert owners(found, KeyRole.RECEIPT) == ["central-test"]


def test_two_keys_under_one_id_are_refused(tmp_path: Path) -> None:
    add(tmp_path, CENTRAL_KEY.public)
    forged = msgspec.structs.replace(sample_key("forger").public, keyid=CENTRAL_KEY.public.keyid)
    with pytest.raises(SigningError, match="differ under the key id"):
        add(tmp_path, forged)
    assert read_folder(tmp_path) == [CENTRAL_KEY.public]


def test_owner_cannot_choose_where_its_key_is_written(tmp_path: Path) -> None:
    hostile = msgspec.structs.replace(CENTRAL_KEY.public, owner="../../etc/x", keyid="../../y")
    path = add(tmp_path / "trust", hostile)
    assert path.parent == tmp_path / "trust"


def test_broken_document_is_not_passed_over(tmp_path: Path) -> None:
    add(tmp_path, CENTRAL_KEY.public)
    (tmp_path / "zz.pub.json").write_text("{}")
    with pytest.raises(CouldNotBeChecked, match=r"zz\.pub\.json"):
        read_folder(tmp_path)


def test_absent_folder_is_empty_and_absent_file_is_said(tmp_path: Path) -> None:
    assert read_folder(tmp_path / "none") == []
    with pytest.raises(CouldNotBeChecked, match="cannot read"):
        read_document(tmp_path / "none.pub.json")


def test_fingerprint_tells_keys_apart() -> None:
    assert fingerprint(CENTRAL_KEY.public) != fingerprint(UNIT_KEY.public)
    assert len(fingerprint(UNIT_KEY.public).split()) == 16

"""Guardians and withdrawal by the commands: names are asked for and kept from eyes, photographs go when told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central.config import load_config
from central.keys import evidence_key
from edge.capture.no_camera import NoCamera
from edge.cli.main import main
from edge.core.evidence_delivery import EvidenceState
from edge.core.visit import ConsentGiver
from edge.store.evidence import SqliteEvidence
from edge.wiring.people import consent_book
from edge.wiring.unit import open_unit, open_unit_readonly
from edge.wiring.visit import VisitSide
from tests.central.conftest import make_desk
from tests.samples import opened

NAME = "Guardian Zhao Example"
VISIT = (
    "visit", "--person-id", "p-1", "--worker", "w-1", "--attest", "--witness", "w-2", "--recognised-how", "known",
    "--document", "id_card", "--json",
)  # fmt: skip
Say = Callable[..., Result]


@pytest.fixture
def say(root: Path, tmp_path: Path) -> Say:
    def run(*words: object, lines: str = "", code: int = 0) -> Result:
        found = CliRunner().invoke(
            main, [*(str(w) for w in words), "--unit", str(root)], input=lines, catch_exceptions=False
        )
        assert found.exit_code == code, found.output
        return found

    desk = make_desk(tmp_path / "central-side", simulated=True)
    desk.store.close()
    folder = desk.folder / "central"
    evidence_key(folder, load_config(folder))
    run("unit", "trust", folder / "keys" / "evidence.pub.json")
    return run


def test_a_guardians_name_is_asked_for_kept_encrypted_and_committed_to(say: Say, root: Path) -> None:
    output = say(*VISIT, "--consent", "match", "--guardian-relation", "child", lines=f"{NAME}\n").output
    with open_unit(root) as unit:
        (stored,) = unit.store.records()
        record = opened(stored)
        book = consent_book(unit, VisitSide(unit).provenance(NoCamera().source, by_face=False))
        assert [(n.name, n.relation.value) for n in book.people_of(record)] == [(NAME, "child")]
    assert record.consents.given_by is ConsentGiver.GUARDIAN and record.consents.guardian
    lying = b"".join(p.read_bytes() for p in root.rglob("*") if p.is_file())
    assert NAME.encode() not in lying and NAME not in output


def test_the_name_goes_from_the_unit_when_its_evidence_is_purged(say: Say, root: Path) -> None:
    say(*VISIT, "--consent", "match", "--guardian-relation", "child", lines=f"{NAME}\n")
    with open_unit(root) as unit:
        (stored,) = unit.store.records()
        book = consent_book(unit, lambda: VisitSide(unit).provenance(NoCamera().source, by_face=False))
        assert book.people_of(opened(stored))
        (entry,) = SqliteEvidence(unit.store_file).under_way()
        SqliteEvidence(unit.store_file).save(replace(entry, state=EvidenceState.PURGED))
        assert book.people_of(opened(stored)) == ()


def test_without_a_name_no_visit_is_made(say: Say, root: Path) -> None:
    say(*VISIT, "--consent", "match", "--guardian-relation", "child", code=4)
    with open_unit_readonly(root) as unit:
        assert unit.store.head().sequence == 0


def test_withdrawal_deletes_the_photograph_and_is_signed(say: Say, root: Path, tmp_path: Path) -> None:
    photo = tmp_path / "card.jpg"
    photo.write_bytes(b"\xff\xd8\xff photograph \xff\xd9")
    say(*VISIT, "--consent", "match,keep,send", "--photo", photo)
    assert json.loads(say("consent", "show", "p-1", "--json").output)["purposes"] == [
        "match_on_unit", "keep_photo", "send_photo",
    ]  # fmt: skip
    say("consent", "withdraw", "p-1", "--worker", "w-1", "--purpose", "keep,send")
    assert json.loads(say("consent", "show", "p-1", "--json").output)["purposes"] == ["match_on_unit"]
    with open_unit_readonly(root) as unit:
        *_, last = unit.store.records()
        rows = unit.store_file.database.execute("SELECT state, length(sealed), reason FROM evidence").fetchall()
    assert opened(last).withdrawal and rows == [("purged", 0, "consent withdrawn")]
    assert json.loads(say("verify", "--json").output)["verdict"] == "verifies"
    say("consent", "withdraw", "p-1", "--worker", "w-1", "--purpose", "send", code=4)
    say("consent", "withdraw", "p-1", "--worker", "w-1", "--purpose", "everything", code=2)

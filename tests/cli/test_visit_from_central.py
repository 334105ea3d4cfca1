"""What came down from central is what the visit goes by: its list, its references, its policy, its word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edge.cli.main import main
from edge.core.downward_content import (
    Command,
    CommandName,
    Decision,
    ListedPerson,
    ListedReference,
    PolicyFile,
    VisitListChange,
)
from edge.core.envelope import parse
from edge.core.record import VisitRecord, decode_record
from edge.core.visit import Scheme
from edge.wiring.visit import VisitSide
from tests.sync.loopback import Bench

VECTOR = np.linspace(-1, 1, 128, dtype="<f4")
REFERENCE = ListedReference(sha256="ab" * 32, embedding=VECTOR.tobytes(), model_sha256="cd" * 32)
LI = ListedPerson(
    person_id="p-1", name="李小明", id_number="11010519491231002X", scheme=Scheme.ENTERPRISE, references=(REFERENCE,)
)
POLICY = (resources.files("edge.resources") / "policy.toml").read_bytes()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.issue(VisitListChange(version=1, base_version=0, put=(LI,)))
    made.run(steps=2)
    yield made
    made.close()


def attest(bench: Bench, *more: str, person_id: str = "p-1") -> tuple[int, dict[str, str]]:
    options = ["--attest", "--witness", "w-2", "--recognised-how", "id card", "--document", "id_card"]
    who = ["--person-id", person_id, "--worker", "w-1", "--why", "refused_face"]
    run = CliRunner().invoke(main, ["visit", "--unit", str(bench.unit.root), *who, *options, "--json", *more])
    return run.exit_code, json.loads(run.output) if run.output.startswith("{") else {}


def last_record(bench: Bench) -> VisitRecord:
    envelope = parse(list(bench.unit.store.records())[-1].envelope)
    return decode_record(envelope.payload, envelope.payload_type)


def test_person_is_found_on_centrals_list(bench: Bench) -> None:
    code, _ = attest(bench)
    assert code == 0
    served = last_record(bench).visit.person_served
    assert (served.person_id, served.scheme) == ("p-1", Scheme.ENTERPRISE)
    assert served.id_number_masked == "110105***********X"


def test_person_not_on_centrals_list_is_told_so(bench: Bench) -> None:
    code, answer = attest(bench, person_id="p-9")
    assert code == 4 and "查无此人" in answer["error"]["message"]


def test_references_come_as_central_made_them(bench: Bench) -> None:
    (reference,) = VisitSide(bench.unit).references_from_central("p-1")
    assert np.array_equal(reference.embedding.vector, VECTOR)
    assert reference.embedding.model_sha256 == REFERENCE.model_sha256
    assert VisitSide(bench.unit).references_from_central("p-9") == []


def test_policy_from_central_judges_and_an_unusable_one_leaves_the_one_before(bench: Bench) -> None:
    policy_id = VisitSide(bench.unit).policy.policy_id
    better = POLICY + b"\n# of this year\n"
    broken = f"format = 'doorstep.policy/1'\npolicy_id = '{policy_id}'\n".encode()
    bench.issue(PolicyFile(policy_id=policy_id, toml=better), PolicyFile(policy_id=policy_id, toml=broken))
    bench.wire.send_due()
    bench.run(steps=2)
    assert bench.inbox_store.state().applied_sequence == 3
    assert VisitSide(bench.unit).policy_bytes == better


def test_revoked_unit_begins_no_visit_and_still_delivers(bench: Bench) -> None:
    bench.visit()
    bench.issue(Command(name=CommandName.REVOKE))
    bench.wire.send_due()
    bench.run(steps=3)
    code, answer = attest(bench)
    assert code == 4 and "停用" in answer["error"]["message"]
    assert len(bench.held()) == 1


def test_photo_without_consent_is_wrong_usage_and_with_it_is_sealed(bench: Bench, tmp_path: Path) -> None:
    photo = tmp_path / "card.jpg"
    photo.write_bytes(b"\xff\xd8\xff card \xff\xd9")
    assert attest(bench, "--photo", str(photo))[0] == 2
    assert attest(bench, "--photo", str(photo), "--consent", "send")[0] == 0
    assert len(bench.evidence_store.under_way()) == 1


def test_decision_that_came_back_is_a_task_until_it_is_ticked_off(bench: Bench) -> None:
    again = Decision(
        decision_id="d-1",
        record_sha256="ab" * 32,
        record_id="r-1",
        person_id="p-1",
        decision="visit_again",
        reason="photograph too dark",
        decided_utc="2026-03-02T02:00:00.000Z",
    )
    bench.issue(again)
    bench.wire.send_due()
    bench.run(steps=2)

    def tasks(*more: str) -> str:
        command = ["tasks", "--unit", str(bench.unit.root), *more]
        return CliRunner().invoke(main, command, env={"COLUMNS": "140"}).output

    (found,) = json.loads(tasks("--json"))
    assert (found["number"], found["person_id"], found["decision"]) == (2, "p-1", "visit_again")
    assert "photograph too dark" in tasks() and "需再次上门" in tasks()
    assert "No tasks" in tasks("--done", "2")
    assert "no open task 2" in tasks("--done", "2")

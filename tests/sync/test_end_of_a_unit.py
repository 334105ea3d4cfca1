"""Lost, replaced, retired: wiped from afar with a signed word of it, or retired on the bench with a proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from central.cli import main as central
from edge.cli.main import main as doorstep
from edge.core.downward_apply import Standing
from edge.core.downward_content import Command, CommandName
from edge.core.errors import DoesNotVerify, InputError, SigningError, VisitNotAllowed
from edge.core.retirement import open_retirement
from edge.wiring.retire import obey_wipe, retire
from edge.wiring.sync import check_visit_may_begin, make_inbox
from edge.wiring.unit import open_unit
from tests.sync.loopback import Bench
from tests.sync.test_downward import LI, SNAPSHOT, UNLOCK, outcomes


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def of_central(bench: Bench, *arguments: object) -> str:
    result = CliRunner().invoke(central, [*map(str, arguments), "--dir", str(bench.scene.central)])
    assert result.exit_code == 0, result.output
    return result.output


def test_lost_unit_is_wiped_and_says_so_with_its_signature(bench: Bench) -> None:
    bench.issue(SNAPSHOT)
    sealed = bench.unit.at_rest.seal(LI.name.encode(), context=b"a")
    bench.visit(2)
    of_central(bench, "unit", "command", "unit-a", "wipe", "--reason", "lost")
    bench.run(steps=3, advance_s=30)
    assert outcomes(bench) == [("applied", "")] * 2, "confirmed, by the key that the unit's record key vouched for"
    assert "confirmed" in of_central(bench, "unit", "commands", "unit-a")
    root = bench.unit.root
    assert not (root / "sync-keys" / "sealing.key").exists()
    assert {path.name for path in obey_wipe(bench.unit)} == {"data.key", "record.key"}
    with open_unit(root) as found:
        with pytest.raises(VisitNotAllowed):
            check_visit_may_begin(found)
        with pytest.raises(SigningError):
            found.at_rest.open(sealed, context=b"a")
        with pytest.raises(SigningError):
            _ = found.record_key
        assert found.store.head().sequence == 2


def test_wiped_unit_that_starts_again_still_delivers_and_answers(bench: Bench) -> None:
    bench.wire.broken = True
    bench.visit(2)
    bench.run(steps=2)
    bench.wire.broken = False
    bench.issue(Command(name=CommandName.WIPE), UNLOCK)
    bench.run(steps=3, advance_s=30)
    with open_unit(bench.unit.root) as found:
        obey_wipe(found)
        again = make_inbox(found)  # what the sync daemon does when it starts
        assert again.state().standing is Standing.WIPED and len(again.greeting()) == 2
        assert not found.outbox.entries(), "records made before the wipe reached central"
    assert [reason for _, reason in outcomes(bench)] == ["", ""]


def test_nothing_ends_a_wipe(bench: Bench) -> None:
    bench.issue(Command(name=CommandName.WIPE))
    bench.run(steps=2)
    # What is sealed to a key that is gone cannot be read, so not obeyed either.
    bench.issue(Command(name=CommandName.REINSTATE))
    bench.run(steps=3, advance_s=30)
    assert bench.inbox_store.state().standing is Standing.WIPED


def test_unit_without_a_wipe_erases_nothing(bench: Bench) -> None:
    bench.issue(Command(name=CommandName.REVOKE))
    bench.run(steps=2)
    assert obey_wipe(bench.unit) == []
    assert bench.unit.record_key and (bench.unit.sync_key_dir / "sealing.key").exists()


def test_unit_with_anything_undelivered_is_not_retired(bench: Bench) -> None:
    bench.visit(1)
    with pytest.raises(InputError, match="1 records"):
        retire(bench.unit, "replaced")
    assert (bench.unit.key_dir / "record.key").exists() and not (bench.unit.root / "retired.json").exists()


def test_retired_unit_leaves_a_proof_that_central_checks(bench: Bench, tmp_path: Path) -> None:
    bench.visit(3)
    bench.run(steps=3)
    root, stick = bench.unit.root, tmp_path / "stick"
    public = bench.unit.public
    result = CliRunner().invoke(
        doorstep,
        ["retire", "--unit", str(root), "--id", "unit-a", "--reason", "replaced", "--out", str(stick), "--json"],
    )
    assert result.exit_code == 0, result.output
    proof = stick / "unit-a.retired.json"
    said = open_retirement(proof.read_bytes(), [public])
    assert (said.records, said.reason) == (3, "replaced")
    assert {"keys/record.key", "keys/data.key", "sync-keys/sealing.key", "tls/unit.key"} <= set(said.erased)
    assert not list(root.rglob("*.key"))
    taken = json.loads(of_central(bench, "unit", "retired", proof, "--json"))
    assert taken["unit_id"] == "unit-a"
    with bench.store.transaction() as transaction:
        unit = transaction.unit("unit-a")
        assert unit and unit.revoked_utc
    again = CliRunner().invoke(doorstep, ["visit", "--unit", str(root), "--person-id", "p", "--worker", "w",
                                          "--not-performed", "moved"])  # fmt: skip
    assert again.exit_code == 4


def test_proof_that_counts_more_than_central_holds_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.visit(2)
    bench.run(steps=3)
    bench.visit(1)
    (entry,) = bench.unit.outbox.entries()
    from dataclasses import replace

    from edge.core.delivery import DeliveryState

    bench.unit.outbox.save(replace(entry, state=DeliveryState.RECEIPTED))  # somebody edited the store
    (tmp_path / "proof").write_bytes(retire(bench.unit, ""))
    arguments = ["unit", "retired", str(tmp_path / "proof"), "--dir", str(bench.scene.central)]
    result = CliRunner().invoke(central, arguments)
    assert result.exit_code == 4 and "2 are here" in result.output + result.stderr


def test_edited_proof_is_refused(bench: Bench) -> None:
    public = bench.unit.public
    raw = retire(bench.unit, "")
    with pytest.raises(DoesNotVerify):
        open_retirement(raw.replace(b'"payload":"ey', b'"payload":"eY'), [public])

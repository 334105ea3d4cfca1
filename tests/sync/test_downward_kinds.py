"""Each kind of message, ordered by central's own commands, over a real mosquitto, to what it does at the unit.

Central on SQLite and on PostgreSQL, two ingest processes; every test has a unit of its own.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from central import clock
from central.cli import main as central
from central.config import load_config
from central.desk.deciding import Choice, Deciding
from central.desk.room import open_room
from central.desk.signing_in import Role, Visitor
from central.rows.messages import messages_of
from central.rows.people import People, PersonReference
from edge.core.bundle import Bundle
from edge.core.bundle_fetch import BundleState
from edge.core.downward_apply import Standing
from edge.core.downward_content import ListedPerson
from edge.core.errors import ModelError, PinLocked, PinRefused, VisitNotAllowed
from edge.core.keys import KeyPurpose
from edge.core.sealing import open_sealed
from edge.models.bundle import export_bundle
from edge.services.progress import ProgressKind
from edge.store.bundles import SqliteBundles
from edge.store.inbox import LISTED, downward_state, listed_rows
from edge.wiring.sync import check_visit_may_begin, make_drain
from edge.wiring.tasks import tasks_of
from edge.wiring.unit import Unit
from edge.wiring.visit import VisitSide
from tests.central.lists import csv_list, number, row
from tests.sync.conftest import QUICK, Stage, drain_until, visit, wait_for
from tests.sync.test_bundles import SIGNER, no_nets, signed
from tools.bundle.signing import public_document
from tools.faults.proxy import Proxy

POLICY = (resources.files("edge.resources") / "policy.toml").read_text(encoding="utf-8")
BUNDLE_S = 90.0


def order(stage: Stage, *arguments: object, code: int = 0) -> str:
    """Run `doorstep-central`; gives what it printed."""
    result = CliRunner().invoke(central, [*map(str, arguments), "--dir", str(stage.scene.central)])
    assert result.exit_code == code, result.output
    return result.output


def settled(stage: Stage, unit_id: str) -> list[tuple[str, str]]:
    with stage.scene.store() as store, store.transaction() as transaction:
        return [(row["kind"], row["state"]) for row in messages_of(transaction.connection, unit_id)]


def fetch(stage: Stage, unit: Unit, count: int) -> None:
    """Let the unit apply `count` messages, and central hear that it has."""
    drain_until(unit, lambda _: downward_state(unit.store_file).applied_sequence >= count)
    drain_until(unit, lambda _: all(state != "queued" for _, state in settled(stage, unit.config.unit_id)))


def listed(unit: Unit) -> dict[str, ListedPerson]:
    rows = (open_sealed(unit.sealing_key(), raw, info=LISTED) for raw in listed_rows(unit.store_file))
    return {person.person_id: person for person in (msgspec.json.decode(raw, type=ListedPerson) for raw in rows)}


def test_sync_08_list_comes_as_a_snapshot_with_references_then_as_deltas(served: Stage, tmp_path: Path) -> None:
    unit = served.unit("down-list")
    file = tmp_path / "list.csv"
    file.write_bytes(csv_list(row(1, village="v-1"), row(2, village="v-1"), row(3, village="v-2")))
    order(served, "list", "import", file)
    made = PersonReference(sha256="ab" * 32, model_sha256="cd" * 32, embedding=bytes(64), picture=b"photograph")
    room = open_room(load_config(served.scene.central), served.scene.store(), served.scene.central)
    with room.store, room.store.transaction() as transaction:
        People(transaction, room.vault).add_reference("p-1", made)
    order(served, "list", "assign", "down-list", "--village", "v-1")
    fetch(served, unit, 1)
    got = listed(unit)
    assert {p: e.id_number for p, e in got.items()} == {"p-1": number(1), "p-2": number(2)}
    assert [len(got[p].references) for p in ("p-1", "p-2")] == [1, 0]
    assert got["p-1"].references[0].embedding == made.embedding
    order(served, "list", "assign", "down-list", "--person", "p-3")
    order(served, "list", "assign", "-", "--person", "p-2")
    fetch(served, unit, 3)
    assert set(listed(unit)) == {"p-1", "p-3"}
    assert downward_state(unit.store_file).list_version == 3
    assert settled(served, "down-list") == [("visit_list", "applied")] * 3


def test_sync_08_decision_of_the_desk_becomes_a_task_with_its_reason(served: Stage) -> None:
    unit = served.unit("down-decision")
    (sha256,) = visit(unit)
    drain_until(unit, lambda _: not unit.outbox.entries())
    config = load_config(served.scene.central)
    room = open_room(config, served.scene.store(), served.scene.central)
    visitor = Visitor(username="rev-1", role=Role.REVIEWER, csrf="", token_sha256="")
    with room.store, room.store.transaction() as transaction:
        deciding = Deciding(transaction=transaction, downlink=room.downlink, visitor=visitor, at=clock.now())
        deciding.decide(sha256, Choice.VISIT_AGAIN, "photograph too dark")
    fetch(served, unit, 1)
    ((_, task),) = tasks_of(unit)
    assert (task.record_sha256, task.decision, task.reason) == (sha256, "visit_again", "photograph too dark")


def test_sync_08_policy_is_the_one_that_judges_the_next_visit(served: Stage, tmp_path: Path) -> None:
    unit = served.unit("down-policy")
    file = tmp_path / "policy.toml"
    file.write_text(POLICY.replace("months = 12", "months = 6"), encoding="utf-8")
    assert VisitSide(unit).policy.renewal.months == 12
    order(served, "policy", "send", file, "--unit", "down-policy")
    fetch(served, unit, 1)
    assert VisitSide(unit).policy.renewal.months == 6
    assert settled(served, "down-policy") == [("policy", "applied")]


def test_sync_08_unlock_ends_the_lock_of_a_worker(served: Stage) -> None:
    unit = served.unit("down-unlock")
    unit.workers.add("w-1", "280617")
    for _ in range(3):
        with pytest.raises((PinRefused, PinLocked)):
            unit.workers.open("w-1", "590284")
    order(served, "unit", "command", "down-unlock", "unlock_worker", "--subject", "w-1")
    fetch(served, unit, 1)
    assert unit.workers.open("w-1", "280617").worker_id == "w-1"


def test_sync_08_purge_revoke_reinstate_and_retire_are_obeyed_in_their_order(served: Stage, tmp_path: Path) -> None:
    unit = served.unit("down-command")
    made = visit(unit, 2)
    file = tmp_path / "list.csv"
    file.write_bytes(csv_list(row(11, village="v-9"), row(12, village="v-9")))
    order(served, "list", "import", file)
    order(served, "list", "assign", "down-command", "--village", "v-9")
    order(served, "unit", "command", "down-command", "purge", "--subject", "p-11")
    fetch(served, unit, 2)
    assert set(listed(unit)) == {"p-12"}
    order(served, "unit", "command", "down-command", "revoke", "--reason", "audit")
    fetch(served, unit, 3)
    assert listed(unit) == {}
    with pytest.raises(VisitNotAllowed):
        check_visit_may_begin(unit)
    order(served, "unit", "command", "down-command", "reinstate")
    fetch(served, unit, 4)
    check_visit_may_begin(unit)
    order(served, "unit", "command", "down-command", "retire")
    order(served, "unit", "command", "down-command", "reinstate")
    fetch(served, unit, 6)
    assert downward_state(unit.store_file).standing is Standing.RETIRED
    assert [state for _, state in settled(served, "down-command")] == ["applied"] * 5 + ["refused"]
    assert served.held("down-command") == made, "what was in the outbox is delivered all the same"


def believing(stage: Stage, unit_id: str, **options: object) -> Unit:
    """A unit that trusts the publisher of the bundles here."""
    unit = stage.unit(unit_id, **options)
    publisher = public_document(SIGNER, "publisher", KeyPurpose.DEMONSTRATION)
    (unit.trust_dir / "publisher.pub.json").write_bytes(publisher)
    return unit


def offer(stage: Stage, unit_id: str, made: Bundle, folder: Path) -> int:
    """Offer a bundle by command; gives the size of its file."""
    file, key = folder / "bundle.zip", folder / "publisher.pub.json"
    export_bundle(made, file)
    key.write_bytes(public_document(SIGNER, "publisher", KeyPurpose.DEMONSTRATION))
    order(stage, "models", "offer", file, "--key", key, "--unit", unit_id)
    return file.stat().st_size


def fetched(unit: Unit) -> int:
    bundles = SqliteBundles(unit.store_file)
    entry = bundles.newest()
    return 0 if entry is None else len(bundles.numbers(entry))


def told(stage: Stage, unit_id: str, state: str) -> bool:
    rows = msgspec.json.decode(order(stage, "models", "list", "--json"))
    return any(row["unit_id"] == unit_id and row["state"] == state for row in rows)


def test_sync_08_bundle_comes_over_a_link_that_breaks_is_tried_installed_and_confirmed(
    served: Stage, bundle: Bundle, tmp_path: Path
) -> None:
    with Proxy(served.scene.broker.port, seed=1) as proxy:
        proxy.calm = True
        unit = believing(served, "down-bundle", port=proxy.port)
        side = VisitSide(unit)
        side.install(signed(dict(bundle.files), like=bundle, name="before"))
        size = offer(served, "down-bundle", signed(dict(bundle.files), like=bundle, name="after"), tmp_path)
        drain = make_drain(unit, QUICK)
        drain_until(unit, lambda _: fetched(unit) >= 40, drain, within_s=BUNDLE_S)
        proxy.cut_all()
        drain_until(unit, lambda told: ProgressKind.DISCONNECTED in [p.kind for p in told], drain)
        whole = lambda _: SqliteBundles(unit.store_file).newest().state is BundleState.FETCHED  # noqa: E731
        drain_until(unit, whole, drain, within_s=BUNDLE_S)
        assert proxy.carried < 1.4 * size, "what had come before the cut did not come again"
        side.take_in_bundle()
        assert side.bundle.manifest.name == "after"
        drain_until(unit, lambda _: told(served, "down-bundle", "installed"), drain)
        drain.close()
    VisitSide(unit).go_back()
    assert VisitSide(unit).bundle.manifest.name == "before", "the bundle from before was kept"


def test_sync_08_bundle_that_fails_its_self_test_is_refused_with_the_reason(served: Stage, tmp_path: Path) -> None:
    unit = believing(served, "down-bad")
    with pytest.raises(ModelError):
        VisitSide(unit).go_back()
    file, key = tmp_path / "bundle.zip", tmp_path / "publisher.pub.json"
    file.write_bytes(no_nets(tmp_path).content)
    key.write_bytes(public_document(SIGNER, "publisher", KeyPurpose.DEMONSTRATION))
    order(served, "models", "offer", file, "--key", key, "--unit", "down-bad")
    drain_until(unit, lambda _: fetched(unit) > 0 and told(served, "down-bad", "fetched"), within_s=BUNDLE_S)
    VisitSide(unit).take_in_bundle()
    drain_until(unit, lambda _: told(served, "down-bad", "refused"))
    wait_for(lambda: "self-test failed" in order(served, "models", "list", "--json"))

"""The numbered points over a real mosquitto and real processes, central on SQLite and on PostgreSQL.

One stage for each database; every test has a unit of its own. What the broker or a process must be killed for is in
test_over_mosquitto and test_storm, what needs no wire in test_sync_points and test_by_hand.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from central.cli import main as central
from central.config import load_config
from central.downward import Downlink
from central.evidence import open_evidence
from central.keys import evidence_key, message_signers
from central.rows import status as rows
from central.rows.messages import messages_of
from central.status import last_status
from edge.core.delivery import DeliveryEvent, DeliveryState
from edge.core.downward import MessageKind
from edge.core.downward_content import Command, CommandName
from edge.core.evidence import CHUNK_BYTES, EvidenceKind
from edge.core.visit import Consents
from edge.device.clock import ManualClock
from edge.services.evidence import keep_evidence
from edge.services.keep import keep_visit
from edge.services.progress import ProgressKind
from edge.store.evidence import SqliteEvidence
from edge.sync.mqtt import MqttUplink
from edge.wiring.sync import export_parcel, import_parcel, make_drain
from edge.wiring.unit import Unit
from tests.sync.conftest import QUICK, Stage, drain_until, visit, wait_for
from tests.sync.test_evidence import jpeg
from tools.faults.scene import ROOT, draft

ISSUED_UTC = "2026-03-02T02:00:00.000Z"


def delivered(unit: Unit) -> bool:
    return not unit.outbox.entries()


def alarms(stage: Stage, unit_id: str) -> list[str]:
    with stage.scene.store() as store, store.transaction() as transaction:
        return [row["kind"] for row in transaction.rows("alarms", unit_id)]


def issue(stage: Stage, unit_id: str, *commands: Command) -> None:
    downlink = Downlink(message_signers(stage.scene.central, load_config(stage.scene.central)))
    with stage.scene.store() as store, store.transaction() as transaction:
        for command in commands:
            downlink.issue(transaction, unit_id, MessageKind.COMMAND, command, at_utc=ISSUED_UTC)


def message_states(stage: Stage, unit_id: str) -> list[str]:
    with stage.scene.store() as store, store.transaction() as transaction:
        return [row["state"] for row in messages_of(transaction.connection, unit_id)]


def test_sync_01_record_of_a_process_killed_after_the_outcome_is_delivered(served: Stage) -> None:
    """The process that made the visit ends without closing anything, the moment it has said that it is kept."""
    unit = served.unit("point-01")
    code = (
        "import os, sys; from pathlib import Path; from tests.sync.conftest import visit;"
        " from edge.wiring.unit import open_unit;"
        " print(*visit(open_unit(Path(sys.argv[1]))), flush=True); os._exit(9)"
    )
    said = subprocess.run([sys.executable, "-c", code, unit.root], cwd=ROOT, capture_output=True, check=False)
    drain_until(unit, lambda _: delivered(unit))
    assert said.returncode == 9
    assert served.held("point-01") == said.stdout.decode().split()


def test_sync_02_and_03_the_same_record_again_is_answered_and_stored_once(served: Stage) -> None:
    unit = served.unit("point-02")
    made = visit(unit, 3)
    assert unit.config.sync is not None
    uplink = MqttUplink(unit_id="point-02", config=unit.config.sync, folder=unit.root)
    uplink.connect()
    for _ in range(2):
        uplink.publish(unit.outbox.envelope(1))
        wait_for(lambda: bool(uplink.received(0.2)))
    assert unit.outbox.entry(1).state is DeliveryState.PENDING, "handed to the wire is not delivered"
    uplink.close()
    drain_until(unit, lambda _: delivered(unit))
    assert served.held("point-02") == made


def test_sync_03_same_id_with_another_digest_is_an_alarm_and_no_overwrite(served: Stage, tmp_path: Path) -> None:
    unit = served.unit("point-03")
    made = visit(unit)
    drain_until(unit, lambda _: delivered(unit))
    rival = Stage(tmp_path).unit("point-03")
    rival_made = keep_visit(
        draft("point-03", "another"), store=rival.store, signer=unit.record_key, clock=unit.clock
    )
    assert unit.config.sync is not None
    uplink = MqttUplink(unit_id="point-03", config=unit.config.sync, folder=unit.root)
    uplink.connect()
    uplink.publish(rival_made.envelope)
    wait_for(lambda: bool(uplink.received(0.2)))
    uplink.close()
    rival.close()
    assert (served.held("point-03"), alarms(served, "point-03")) == (made, ["conflicting_record"])


def test_sync_04_records_that_central_lost_are_seen_and_refilled(served: Stage) -> None:
    unit = served.unit("point-04")
    made = visit(unit, 5)
    drain_until(unit, lambda _: delivered(unit))
    with served.scene.store() as store, store.transaction() as transaction:
        execute = transaction.connection.exec_driver_sql
        execute("DELETE FROM records WHERE sequence >= 3 AND unit_id = 'point-04'")
        execute("UPDATE units SET gap_free_sequence = 2 WHERE unit_id = 'point-04'")
    made += visit(unit)
    told = drain_until(unit, lambda told: delivered(unit) and any(p.kind is ProgressKind.REFILL for p in told))
    assert ProgressKind.REFILL in [p.kind for p in told]
    assert served.held("point-04") == made


def test_sync_05_refused_record_is_quarantined_with_its_reason(served: Stage) -> None:
    unit = served.unit("point-05", register=False)
    visit(unit, 2)
    drain_until(unit, lambda _: all(e.state is DeliveryState.QUARANTINED for e in unit.outbox.entries()))
    assert {e.reason.split(":")[0] for e in unit.outbox.entries()} == {"unit_unknown"}


def test_sync_06_order_to_purge_drops_nothing_that_is_not_delivered(served: Stage) -> None:
    unit = served.unit("point-06")
    made = visit(unit, 3)
    issue(served, "point-06", Command(name=CommandName.PURGE, subject="all"))
    drain_until(unit, lambda told: delivered(unit) and any(p.kind is ProgressKind.APPLIED for p in told))
    assert served.held("point-06") == made


def test_sync_07_evidence_goes_after_the_results_and_on_where_the_link_stopped(served: Stage) -> None:
    unit, picture = served.unit("point-07"), jpeg(CHUNK_BYTES * 12)
    agreed = replace(draft("point-07", "r-1"), consents=Consents(match_on_unit=True, send_photo=True))
    record = keep_visit(agreed, store=unit.store, signer=unit.record_key, clock=unit.clock)
    store = SqliteEvidence(unit.store_file)
    trusted, signer = unit.believed(), unit.record_key
    keep_evidence(
        picture, evidence_id="point-07", kind=EvidenceKind.FACE_PHOTO, record=record, store=store, signer=signer,
        trusted=trusted,
    )  # fmt: skip
    visit(unit, 10)
    drain = make_drain(unit, QUICK)
    drain_until(unit, lambda _: delivered(unit), drain)
    drain_until(unit, lambda _: bool(store.under_way()[0].state == "sending"), drain)
    drain.close()
    drain_until(unit, lambda _: not store.under_way())
    key = evidence_key(served.scene.central, load_config(served.scene.central))
    with served.scene.store() as central, central.transaction() as transaction:
        assert open_evidence(transaction, key, "point-07") == picture


def test_sync_08_messages_are_applied_in_order_once_and_confirmed(served: Stage) -> None:
    unit = served.unit("point-08")
    issue(served, "point-08", *(Command(name=CommandName.UNLOCK_WORKER, subject=f"w-{n}") for n in range(12)))
    told = drain_until(unit, lambda told: [p.kind for p in told].count(ProgressKind.APPLIED) == 12)
    assert [p.detail for p in told if p.kind is ProgressKind.APPLIED] == [f"message {n}" for n in range(1, 13)]
    wait_for(lambda: message_states(served, "point-08") == ["applied"] * 12)


def test_sync_09_what_a_stick_has_settled_is_not_sent_again_over_the_wire(served: Stage, tmp_path: Path) -> None:
    unit = served.unit("point-09")
    drain_until(unit, lambda told: any(p.kind is ProgressKind.CONNECTED for p in told))
    made = visit(unit, 3)
    issue(served, "point-09", Command(name=CommandName.UNLOCK_WORKER, subject="w-1"))
    export_parcel(unit, tmp_path)
    carried = CliRunner().invoke(central, ["import", str(tmp_path), "--dir", str(served.scene.central)])
    assert carried.exit_code == 0, carried.output
    import_parcel(unit, tmp_path)
    assert (served.held("point-09"), delivered(unit)) == (made, True)
    made += visit(unit)
    told = drain_until(unit, lambda _: delivered(unit))
    assert [p.kind for p in told].count(ProgressKind.SENT) == 1
    wait_for(lambda: message_states(served, "point-09") == ["applied"])
    assert served.held("point-09") == made


def test_sync_10_status_reaches_central_with_its_versions(served: Stage) -> None:
    unit = served.unit("point-10")
    visit(unit, 2)
    drain_until(unit, lambda _: delivered(unit))

    def row() -> dict[str, object]:
        with served.scene.store() as store, store.transaction() as transaction:
            return rows.known(transaction.connection, ["point-10"]).get("point-10", {})

    wait_for(lambda: row().get("state") == "offline")
    said = last_status(row())
    assert said is not None
    assert (row()["protocol"], said.head_sequence, said.software.split()[0]) == ("1", 2, "doorstep")


def test_sync_11_records_of_a_clock_set_back_are_ordered_by_sequence(served: Stage) -> None:
    unit, clock = served.unit("point-11"), ManualClock()
    made = []
    for number, wall in ((1, "2026-03-02T08:00:00.000Z"), (2, "2020-01-01T00:00:00.000Z")):
        clock.set_wall(wall)
        record = draft("point-11", f"r-{number}")
        made.append(keep_visit(record, store=unit.store, signer=unit.record_key, clock=clock).sha256)
    drain_until(unit, lambda _: delivered(unit))
    assert served.held("point-11") == made


def test_sync_12_two_ingest_processes_share_the_work_of_three_units(served: Stage) -> None:
    units = [served.unit(f"point-12{letter}") for letter in "abc"]
    made = {unit.config.unit_id: visit(unit, 20) for unit in units}
    for unit in units:
        drain_until(unit, lambda _, unit=unit: delivered(unit))
    assert {unit_id: served.held(unit_id) for unit_id in made} == made


def test_sync_13_revoked_unit_and_unit_with_anothers_topics_get_nowhere(served: Stage) -> None:
    unit = served.unit("point-13")
    made = visit(unit, 2)
    assert unit.config.sync is not None
    intruder = MqttUplink(unit_id="point-01", config=unit.config.sync, folder=unit.root)
    intruder.connect()
    intruder.publish(unit.outbox.envelope(1))
    intruder.received(5.0)
    assert [(o.sha256, o.event) for o in intruder.outcomes()] == [(made[0], DeliveryEvent.DENIED)]
    intruder.close()
    with served.scene.store() as store, store.transaction() as transaction:
        transaction.revoke_unit("point-13", at_utc=ISSUED_UTC)
    drain_until(unit, lambda _: all(e.state is DeliveryState.QUARANTINED for e in unit.outbox.entries()))
    assert (served.held("point-13"), alarms(served, "point-13")) == ([], ["unit_revoked"])

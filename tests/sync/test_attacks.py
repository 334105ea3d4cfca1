"""What an attacker with a certificate, a broker or a stick may try, against a real broker where one matters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from central.examination import Arrival
from central.parcel import import_parcels
from edge.core.downward_apply import Standing
from edge.core.downward_content import Command, CommandName, ListedPerson, VisitListChange
from edge.core.envelope import RECEIPT_TYPE, seal
from edge.core.parcel import Direction, ParcelHeader, parcel_lines
from edge.core.protocol import records_topic
from edge.core.receipt import Receipt, ReceiptItem, Verdict, encode_receipt
from edge.core.visit import Place, Scheme
from edge.services.keep import keep_visit
from edge.services.progress import ProgressKind
from edge.wiring.unit import Unit
from tests.sync.conftest import Stage, drain_until, visit, wait_for
from tests.sync.loopback import ISSUED_UTC, Bench, kinds
from tools.faults.scene import draft

HUNDRED_MB = 100 * 1024 * 1024
NASTY = "'; DROP TABLE records;--<script>alert(1)</script>\"&{{7*7}}${x}\u202e%s"


def stranger(stage: Stage, unit: Unit) -> paho.Client:
    """A client of its own with the unit's certificate, connected."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="stranger", protocol=paho.MQTTv5)
    tls = unit.root / "tls"
    client.tls_set(str(tls / "ca.crt"), str(tls / "unit.crt"), str(tls / "unit.key"))
    client.connect("127.0.0.1", stage.scene.broker.port)
    client.loop_start()
    wait_for(client.is_connected)
    return client


def test_attack_envelope_of_100_mb_over_the_wire_harms_nobody(stage: Stage) -> None:
    unit, other = stage.unit("unit-a"), stage.unit("unit-b")
    ingest = stage.ingest()
    client = stranger(stage, unit)
    client.publish(records_topic("unit-a"), bytes(HUNDRED_MB), qos=1)
    made = visit(other, 3)
    drain_until(other, lambda _: not other.outbox.entries())
    client.loop_stop()
    assert stage.held("unit-b") == made
    assert ingest.poll() is None


def test_attack_envelope_of_100_mb_by_hand_is_one_refusal(bench: Bench, tmp_path: Path) -> None:
    made = bench.visit()
    header = ParcelHeader(unit_id="unit-a", direction=Direction.TO_CENTRAL, written_utc="", count=2)
    lines = parcel_lines(header, [b"x" * HUNDRED_MB, bench.unit.outbox.envelope(1)])
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "unit-a.to-central").write_bytes(b"".join(lines))
    (carried,) = import_parcels(stick, bench.ingest, bench.wire.post, at_utc=ISSUED_UTC)
    assert (carried.stored, carried.refused) == (1, 1)
    assert bench.held() == made


def test_attack_malformed_user_properties_change_nothing(stage: Stage) -> None:
    unit = stage.unit()
    ingest = stage.ingest()
    visit(unit, 2)
    client = stranger(stage, unit)
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [(NASTY, NASTY), ("", ""), ("version", "9" * 5000), ("version", "-1")]
    properties.ContentType = NASTY
    for sequence in (1, 2):
        client.publish(records_topic("unit-a"), unit.outbox.envelope(sequence), qos=1, properties=properties)
    wait_for(lambda: len(stage.held()) == 2)
    client.loop_stop()
    drain_until(unit, lambda _: not unit.outbox.entries())
    assert ingest.poll() is None


def test_attack_sql_and_html_in_every_field_of_a_record(bench: Bench) -> None:
    unit = bench.unit
    made = draft("unit-a", NASTY)
    served = msgspec.structs.replace(made.visit.person_served, person_id=NASTY, id_number_masked=NASTY)
    nasty = msgspec.structs.replace(
        made.visit, visit_id="v", person_served=served, place=Place(address_code=NASTY), person_serving=NASTY,
        service=NASTY, date=NASTY,
    )
    record = keep_visit(
        replace(made, record_id="r", visit=nasty), store=unit.store, signer=unit.record_key, clock=bench.clock
    )
    bench.run(steps=3)
    assert bench.held() == [record.sha256]
    with bench.store.transaction() as transaction:
        (row,) = transaction.rows("records")
    assert row["envelope"] == record.envelope, "kept to the byte"


def test_attack_sql_and_html_where_only_ids_may_stand_is_refused(bench: Bench) -> None:
    unit = bench.unit
    kept = keep_visit(
        draft("unit-a", NASTY), store=unit.store, signer=unit.record_key, clock=bench.clock
    )
    (answer,) = bench.ingest.accept([Arrival(unit_id="unit-a", raw=kept.envelope)], at_utc="t")
    assert answer.receipt.items[0].verdict is Verdict.REFUSED
    assert bench.held() == []
    following = bench.visit(2)
    bench.run(steps=4)
    assert set(bench.held()) == set(following), "those behind it arrive"


def test_attack_sql_and_html_in_what_comes_down(bench: Bench) -> None:
    person = ListedPerson(
        person_id=NASTY, name=NASTY, id_number=NASTY, scheme=Scheme.RESIDENT, employer=NASTY, facts=(NASTY,)
    )
    bench.issue(
        VisitListChange(version=1, base_version=0, put=(person,)),
        Command(name=CommandName.UNLOCK_WORKER, subject=NASTY, reason=NASTY),
        Command(name=CommandName.PURGE, subject=NASTY),
    )
    told = bench.run(steps=2)
    assert kinds(told).count(ProgressKind.APPLIED) == 3
    assert bench.listed() == {}, "the purge named this person, and no other statement ran"
    bench.visit()


def test_attack_revoked_unit_gets_nowhere(bench: Bench) -> None:
    with bench.store.transaction() as transaction:
        transaction.revoke_unit("unit-a", at_utc=ISSUED_UTC)
    bench.visit()
    person = ListedPerson(person_id="p-1", name="李小明", id_number="11010519491231002X", scheme=Scheme.RESIDENT)
    bench.issue(VisitListChange(version=1, base_version=0, put=(person,)), Command(name=CommandName.REVOKE))
    bench.run(steps=3)
    assert bench.held() == []
    assert "unit_revoked" in bench.unit.outbox.entries()[0].reason
    state = bench.inbox_store.state()
    assert (state.standing, state.list_version) == (Standing.REVOKED, 0), "no list came, the revocation did"
    remark, answer = bench.wire.post.take_evidence("unit-a", b"{}", at_utc=ISSUED_UTC)
    assert "revoked" in remark and answer is None


def test_attack_receipt_for_another_digest_settles_nothing(bench: Bench) -> None:
    bench.visit()
    said = Receipt(
        receipt_id="r", central_id="central-test", unit_id="unit-a", issued_utc=ISSUED_UTC, gap_free_sequence=0,
        items=(ReceiptItem(sha256="f" * 64, verdict=Verdict.STORED, sequence=1),),
    )
    signer = bench.ingest._issuer.signer
    bench.wire.unheard = True
    bench.wire.down.append(seal(encode_receipt(said), RECEIPT_TYPE, [signer]))
    told = bench.run(steps=1)
    assert ProgressKind.RECEIPT_IGNORED in kinds(told)
    assert len(bench.unit.outbox.entries()) == 1

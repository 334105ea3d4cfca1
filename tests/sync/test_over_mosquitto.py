"""The whole way over a real mosquitto with TLS and ACL, to a real ingest process, with each part failing in turn."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from central import pki
from central.broker import Broker
from central.clock import now
from edge.core.delivery import DeliveryEvent, DeliveryState
from edge.core.errors import ConfigError
from edge.core.protocol import LinkState, decode_status, ingest_filter, status_topic
from edge.services.drain import Drain
from edge.services.progress import ProgressKind
from edge.sync.mqtt import STATUS_EXPIRY_S, MqttUplink
from edge.wiring.sync import make_drain
from edge.wiring.unit import Unit
from tests.sync.conftest import QUICK, Stage, drain_until, states, visit, wait_for
from tools.faults.scene import CENTRAL_ID, start


def delivered(unit: Unit) -> bool:
    return not unit.outbox.entries()


def test_records_arrive_once_and_are_receipted(stage: Stage) -> None:
    unit = stage.unit()
    stage.ingest()
    made = visit(unit, 60)
    told = drain_until(unit, lambda _: delivered(unit))
    assert stage.held() == made
    assert [p.kind for p in told].count(ProgressKind.SENT) == 60, "nothing was sent twice"


def test_broker_gone_and_back(stage: Stage) -> None:
    unit = stage.unit()
    stage.ingest()
    first = visit(unit, 5)
    drain = make_drain(unit, QUICK)
    drain_until(unit, lambda _: delivered(unit), drain)
    stage.scene.broker.kill()
    later = visit(unit, 5)
    drain_until(unit, lambda told: any(p.kind is ProgressKind.DISCONNECTED for p in told), drain)
    stage.scene.broker.start()
    drain_until(unit, lambda _: delivered(unit), drain)
    drain.close()
    assert stage.held() == first + later


def test_central_gone_and_back(stage: Stage) -> None:
    unit = stage.unit()
    made = visit(unit, 5)
    drain = make_drain(unit, QUICK)
    told = drain_until(unit, lambda told: any("No matching" in p.detail for p in told), drain)
    assert not any(p.kind is ProgressKind.DELIVERED for p in told)
    ingest = stage.ingest()
    drain_until(unit, lambda _: delivered(unit), drain)
    ingest.kill()
    ingest.wait()
    made += visit(unit, 5)
    drain_until(unit, lambda told: len(told) > 5, drain)
    stage.ingest()
    drain_until(unit, lambda _: delivered(unit), drain)
    drain.close()
    assert stage.held() == made


def test_sync_02_lost_receipt_is_resent_once_and_stored_once(stage: Stage) -> None:
    """Central commits, and dies before its receipt is on the wire: here it takes the record by hand."""
    unit = stage.unit()
    made = visit(unit)
    file = stage.scene.folder / "by-hand"
    file.write_bytes(unit.outbox.envelope(1))
    submit = start("central.cli", "submit", str(file), "--dir", str(stage.scene.central))
    assert submit.wait() == 0
    assert states(unit) == [DeliveryState.PENDING]
    stage.ingest()
    drain_until(unit, lambda _: delivered(unit))
    assert stage.held() == made


class DeafUplink(MqttUplink):
    """A real link whose receipts get lost on the last yard, as many as asked."""

    losing = 1

    def received(self, timeout_s: float) -> list[bytes]:
        receipts = super().received(timeout_s)
        kept, self.losing = receipts[self.losing :], max(0, self.losing - len(receipts))
        return kept


def test_receipt_lost_on_the_way_is_asked_for_again(stage: Stage) -> None:
    unit = stage.unit()
    stage.ingest()
    made = visit(unit)
    assert unit.config.sync is not None
    uplink = DeafUplink(unit_id="unit-a", config=unit.config.sync, folder=unit.root)
    drain = Drain(
        unit_id="unit-a",
        store=unit.store,
        outbox=unit.outbox,
        uplink=uplink,
        clock=unit.clock,
        trusted=unit.believed(),
        random01=lambda: 1.0,
        timing=QUICK,
    )
    told = drain_until(unit, lambda _: delivered(unit), drain)
    drain.close()
    assert [p.kind for p in told].count(ProgressKind.SENT) == 2
    assert stage.held() == made


def test_unit_killed_before_its_receipt_gets_it_after_its_return(stage: Stage) -> None:
    """The broker keeps receipts for a unit that is away."""
    unit = stage.unit()
    made = visit(unit)
    uplink = MqttUplink(unit_id="unit-a", config=unit.config.sync, folder=unit.root)
    stage.ingest()
    uplink.connect()
    uplink.publish(unit.outbox.envelope(1))
    uplink.close()
    wait_for(lambda: stage.held() == made)
    uplink.connect()
    receipts: list[bytes] = []
    wait_for(lambda: bool(receipts.extend(uplink.received(0.2)) or receipts))
    uplink.close()


def test_sync_12_several_ingest_processes_share_the_work(stage: Stage) -> None:
    units = [stage.unit(f"unit-{n}") for n in range(3)]
    stage.ingest()
    stage.ingest()
    made = {unit.config.unit_id: visit(unit, 20) for unit in units}
    for unit in units:
        drain_until(unit, lambda _, unit=unit: delivered(unit))
    assert {unit_id: stage.held(unit_id) for unit_id in made} == made


def test_sync_13_unit_cannot_write_under_another_units_id(stage: Stage) -> None:
    """unit-a's certificate, unit-b's topics: denied, and known to be; unit-a's own records come through after."""
    unit, _ = stage.unit("unit-a"), stage.unit("unit-b")
    stage.ingest()
    made = visit(unit, 3)
    intruder = MqttUplink(unit_id="unit-b", config=unit.config.sync, folder=unit.root)
    intruder.connect()
    intruder.publish(unit.outbox.envelope(1))
    intruder.received(5.0)
    assert [(o.sha256, o.event, o.detail) for o in intruder.outcomes()] == [
        (made[0], DeliveryEvent.DENIED, "Not authorized")
    ]
    intruder.close()
    drain_until(unit, lambda _: delivered(unit))
    assert stage.held("unit-b") == []
    assert stage.held("unit-a") == made


def test_unit_that_listens_in_gets_nothing_and_slows_down_nobody(stage: Stage) -> None:
    """mosquitto grants any subscription and denies reading; a guessed share would still be dealt others' records."""
    unit, other = stage.unit("unit-a"), stage.unit("unit-b")
    stage.ingest()
    heard: list[str] = []
    tls = other.root / "tls"
    listener = paho.Client(CallbackAPIVersion.VERSION2, client_id="unit-a", protocol=paho.MQTTv5)
    listener.tls_set(str(tls / "ca.crt"), str(tls / "unit.crt"), str(tls / "unit.key"))
    listener.on_message = lambda _c, _u, message: heard.append(message.topic)
    granted: list[int] = []
    listener.on_subscribe = lambda _c, _u, mid, _codes, _p: granted.append(mid)
    listener.connect("127.0.0.1", stage.scene.broker.port)
    listener.loop_start()
    for name in (ingest_filter("ingest"), "doorstep/v1/units/+/records", "doorstep/v1/units/+/receipts"):
        listener.subscribe(name, qos=1)
    wait_for(lambda: len(granted) == 3)
    made = visit(unit, 20)
    told = drain_until(unit, lambda _: delivered(unit))
    listener.disconnect()
    listener.loop_stop()
    assert [p.kind for p in told].count(ProgressKind.SENT) == 20
    assert not any(p.kind is ProgressKind.DISCONNECTED for p in told)
    assert (stage.held(), heard) == (made, [])


def test_denied_publish_is_known_as_such(stage: Stage) -> None:
    """A unit whose certificate names another id has its own topic denied; the record stays pending."""
    unit = stage.unit("unit-a")
    stage.scene.give_certificate(unit.root, "unit-c")
    stage.ingest()
    visit(unit, 2)
    told = drain_until(unit, lambda told: sum("denied" in p.detail for p in told) >= 2)
    assert set(states(unit)) <= {DeliveryState.PENDING, DeliveryState.SENT}
    assert not any(p.kind is ProgressKind.DELIVERED for p in told)
    stage.scene.give_certificate(unit.root, "unit-a")
    drain_until(unit, lambda _: delivered(unit))


def test_certificate_of_another_authority_gets_no_link(stage: Stage, tmp_path: Path) -> None:
    unit = stage.unit("unit-a")
    visit(unit)
    pki.make_ca(tmp_path / "other", name="another authority", now=now())
    stage.scene.give_certificate(unit.root, "unit-a", authority=tmp_path / "other")
    told = drain_until(unit, lambda told: len(told) >= 2)
    assert {p.kind for p in told} == {ProgressKind.DISCONNECTED}


def test_broker_of_another_authority_is_not_trusted(stage: Stage, tmp_path: Path) -> None:
    unit = stage.unit("unit-a")
    pki.make_ca(tmp_path / "other", name="another authority", now=now())
    pki.issue(tmp_path / "other", "broker", server_names=("127.0.0.1",), now=now())
    stage.scene.broker.stop()
    port = stage.scene.broker.port
    with Broker(tmp_path / "impostor", pki=tmp_path / "other", central_id=CENTRAL_ID, port=port):
        told = drain_until(unit, lambda told: len(told) >= 1)
    assert "CERTIFICATE_VERIFY_FAILED" in told[0].detail


def test_missing_tls_files_are_a_matter_of_configuration(stage: Stage) -> None:
    unit = stage.unit("unit-a")
    (unit.root / "tls" / "unit.key").unlink()
    with pytest.raises(ConfigError):
        make_drain(unit, QUICK).step(0.0)


def test_sync_05_poison_record_is_quarantined_with_its_reason_and_those_behind_it_arrive(stage: Stage) -> None:
    """Central holds another record under the place of unit-a's second one."""
    unit = stage.unit("unit-a")
    made = visit(unit, 6)
    with stage.scene.store() as store, store.transaction() as transaction:
        row = dict.fromkeys(("visit_id", "begun_utc", "reasons", "payload_type", "received_utc"), "")
        row |= {"unit_id": "unit-a", "sequence": 2, "sha256": "e" * 64, "record_id": "elsewhere"}
        row |= {"previous_sha256": made[0], "envelope": b"", "outcome": "review"}
        transaction.add_records([row])
    stage.ingest()
    drain_until(unit, lambda _: DeliveryState.SENT not in states(unit) and DeliveryState.PENDING not in states(unit))
    refused = {e.sequence: e.reason.split(":")[0] for e in unit.outbox.entries()}
    assert refused == {2: "conflicting_record", 3: "chain_mismatch"}
    assert stage.held()[2:] == made[3:]


def test_sync_10_birth_and_last_will_say_whether_the_unit_is_there_and_expire(stage: Stage) -> None:
    unit = stage.unit("unit-a")
    visit(unit, 2)
    stage.ingest()
    seen: list[tuple[LinkState, int]] = []
    pki = stage.scene.pki
    watcher = paho.Client(CallbackAPIVersion.VERSION2, client_id="watcher", protocol=paho.MQTTv5)
    watcher.tls_set(str(pki / "ca.crt"), str(pki / f"{CENTRAL_ID}.crt"), str(pki / f"{CENTRAL_ID}.key"))
    watcher.on_message = lambda _c, _u, message: seen.append(
        (decode_status(message.payload).state, getattr(message.properties, "MessageExpiryInterval", 0))
    )
    watcher.connect("127.0.0.1", stage.scene.broker.port)
    watcher.loop_start()
    watcher.subscribe(status_topic("unit-a"), qos=1)
    process = start("edge.cli.main", "sync", "--unit", str(unit.root), "--json")
    wait_for(lambda: any(state is LinkState.ONLINE for state, _ in seen))
    process.kill()
    process.wait()
    wait_for(lambda: seen[-1][0] is LinkState.OFFLINE)
    assert all(0 < expiry_s <= STATUS_EXPIRY_S for _, expiry_s in seen)
    watcher.disconnect()
    watcher.loop_stop()


def test_sync_command_until_empty_and_stopped_by_sigterm(stage: Stage) -> None:
    unit = stage.unit("unit-a")
    visit(unit, 3)
    stage.ingest()
    options = ("--unit", str(unit.root), "--json")
    process = start("edge.cli.main", "sync", "--until-empty", "--timeout", "20", *options, out=subprocess.PIPE)
    out, _ = process.communicate(timeout=30)
    lines = [msgspec.json.decode(line) for line in out.splitlines()]
    assert process.returncode == 0
    assert [line["kind"] for line in lines].count("delivered") == 3
    assert lines[-1] == {"kind": "stopped", "why": "empty", "backlog": {"open": 0, "quarantined": 0}}
    daemon = start("edge.cli.main", "sync", *options, out=subprocess.PIPE)
    assert daemon.stdout is not None and b"connected" in daemon.stdout.readline()
    daemon.terminate()
    out, _ = daemon.communicate(timeout=10)
    assert daemon.returncode == 0
    assert b'"asked"' in out

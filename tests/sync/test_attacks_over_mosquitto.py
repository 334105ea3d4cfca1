"""Attacks with a real certificate on a real broker, central on SQLite and on PostgreSQL with two ingest processes."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from central.config import load_config
from central.downward import Downlink
from central.keys import message_signers
from central.receipts import load_issuer
from central.rows import status as rows
from central.rows.messages import messages_of
from edge.core.downward import MessageKind
from edge.core.downward_content import ListedPerson, VisitListChange
from edge.core.envelope import RECEIPT_TYPE, seal
from edge.core.keys import KeyRole
from edge.core.protocol import Channel, LinkState, UnitStatus, encode_status, upward_topic
from edge.core.receipt import Receipt, ReceiptItem, Verdict, encode_receipt
from edge.core.visit import Scheme
from edge.services.progress import ProgressKind
from edge.store.inbox import downward_state
from tests.samples import sample_key
from tests.sync.conftest import Stage, drain_until, visit, wait_for
from tests.sync.loopback import ISSUED_UTC
from tools.faults.scene import CENTRAL_ID

HOSTILE = [b"", b"\xff" * 2000, gzip.compress(bytes(20_000_000)), b"[" * 100_000, b'{"payload":' * 5000, b"\n" * 5000]


@contextmanager
def client_with(stage: Stage, ca: Path, certificate: Path, key: Path) -> Iterator[paho.Client]:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="", protocol=paho.MQTTv5)
    client.tls_set(str(ca), str(certificate), str(key))
    client.connect("127.0.0.1", stage.scene.broker.port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def stranger(stage: Stage, root: Path):
    """A client of its own with a unit's certificate."""
    return client_with(stage, *(root / "tls" / name for name in ("ca.crt", "unit.crt", "unit.key")))


def intruder_at_the_broker(stage: Stage):
    """Somebody who may write all that central may, and has none of its signing keys."""
    pki = stage.scene.pki
    return client_with(stage, pki / "ca.crt", pki / f"{CENTRAL_ID}.crt", pki / f"{CENTRAL_ID}.key")


def answered(client: paho.Client, topic: str, content: bytes, *, retain: bool = False) -> list[bool]:
    """Publish; gives whether the broker called it a failure, once it has answered."""
    answers: list[bool] = []
    client.on_publish = lambda _c, _u, _mid, code, _p: answers.append(code.is_failure)
    client.publish(topic, content, qos=1, retain=retain)
    wait_for(lambda: bool(answers))
    return answers


@pytest.mark.parametrize("channel", list(Channel))
def test_attack_writing_on_any_topic_of_another_unit_is_denied(served: Stage, channel: Channel) -> None:
    own, other = served.unit(f"attack-a-{channel}"), served.unit(f"attack-b-{channel}")
    visit(other)
    said = UnitStatus(unit_id=other.config.unit_id, state=LinkState.ONLINE, software="forged")
    content = encode_status(said) if channel is Channel.STATUS else other.outbox.envelope(1)
    with stranger(served, own.root) as client:
        retain = channel is Channel.STATUS
        assert answered(client, upward_topic(other.config.unit_id, channel), content, retain=retain) == [True]
    assert served.held(other.config.unit_id) == []
    with served.scene.store() as store, store.transaction() as transaction:
        assert rows.known(transaction.connection, [other.config.unit_id]) == {}


def test_attack_anything_on_a_units_own_topics_stops_nobody(served: Stage) -> None:
    unit = served.unit("attack-own")
    with stranger(served, unit.root) as client:
        for channel in Channel:
            for content in HOSTILE:
                answered(client, upward_topic("attack-own", channel), content)
    made = visit(unit, 2)
    drain_until(unit, lambda _: not unit.outbox.entries())
    assert served.held("attack-own") == made
    assert served.running() == 2, "no ingest process died of it"


def forged_receipts(stage: Stage, unit_id: str, sha256: str) -> list[bytes]:
    """Signed by a stranger for this record; signed by central for another digest, and for another unit."""
    config = load_config(stage.scene.central)
    stranger_key = sample_key(CENTRAL_ID, role=KeyRole.RECEIPT, seed="stranger")
    central = load_issuer(stage.scene.central / config.receipt_key, central_id=CENTRAL_ID)

    def receipt(unit: str, digest: str, verdict: Verdict) -> bytes:
        item = ReceiptItem(sha256=digest, verdict=verdict, sequence=1)
        said = Receipt(
            receipt_id="r", central_id=CENTRAL_ID, unit_id=unit, issued_utc=ISSUED_UTC, gap_free_sequence=1,
            items=(item,),
        )  # fmt: skip
        return encode_receipt(said)

    return [
        seal(receipt(unit_id, sha256, Verdict.STORED), RECEIPT_TYPE, [stranger_key.signer]),
        seal(receipt(unit_id, sha256, Verdict.REFUSED), RECEIPT_TYPE, [stranger_key.signer]),
        seal(receipt(unit_id, "f" * 64, Verdict.STORED), RECEIPT_TYPE, [central.signer]),
        seal(receipt("another-unit", sha256, Verdict.REFUSED), RECEIPT_TYPE, [central.signer]),
    ]


def test_attack_forged_receipts_and_old_lists_from_within_the_broker_change_nothing(served: Stage) -> None:
    unit = served.unit("attack-down")
    person = ListedPerson(person_id="p-1", name="code", id_number="11010519491231002X", scheme=Scheme.RESIDENT)
    downlink = Downlink(message_signers(served.scene.central, load_config(served.scene.central)))
    with served.scene.store() as store, store.transaction() as transaction:
        for change in (
            VisitListChange(version=1, base_version=0, put=(person,)),
            VisitListChange(version=2, base_version=1, removed=("p-1",)),
        ):
            downlink.issue(transaction, "attack-down", MessageKind.VISIT_LIST, change, at_utc=ISSUED_UTC)
    drain_until(unit, lambda _: downward_state(unit.store_file).applied_sequence == 2)
    with served.scene.store() as store, store.transaction() as transaction:
        old = messages_of(transaction.connection, "attack-down")[0]["envelope"]
    (sha256,) = visit(unit)
    with intruder_at_the_broker(served) as client:
        base = "doorstep/v1/units/attack-down"
        assert answered(client, f"{base}/messages", old) == [False], "kept for the unit, which is away"
        for raw in forged_receipts(served, "attack-down", sha256):
            assert answered(client, f"{base}/receipts", raw) == [False]
    told = drain_until(unit, lambda _: not unit.outbox.entries())
    assert [p.kind for p in told].count(ProgressKind.RECEIPT_IGNORED) >= 4
    state = downward_state(unit.store_file)
    assert (state.list_version, state.applied_sequence) == (2, 2)
    assert served.held("attack-down") == [sha256]


def malformed(topic: str, properties: bytes) -> bytes:
    """A PUBLISH of QoS 1 with these bytes as its properties, length included."""
    body = len(topic).to_bytes(2) + topic.encode() + b"\x00\x01" + properties + b"x"
    assert len(body) < 128 * 128
    return b"\x32" + bytes([len(body) % 128 | 128, len(body) // 128]) + body


PROPERTIES = {
    "name is not UTF-8": b"\x08\x26\x00\x01\xff\x00\x02ab",
    "value missing": b"\x04\x26\x00\x01a",
    "longer than the packet": b"\xff\xff\x03\x26\x00\x01a",
    "length without end": b"\xff\xff\xff\xff\xff",
    "unknown property": b"\x02\x7f\x00",
    "null in the name": b"\x08\x26\x00\x01\x00\x00\x02ab",
    "topic alias 0": b"\x03\x23\x00\x00",
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_attack_malformed_user_properties_end_that_link_and_no_other(served: Stage, name: str) -> None:
    unit = served.unit(f"attack-p{list(PROPERTIES).index(name)}")
    unit_id = unit.config.unit_id
    context = ssl.create_default_context(cafile=str(unit.root / "tls" / "ca.crt"))
    context.load_cert_chain(unit.root / "tls" / "unit.crt", unit.root / "tls" / "unit.key")
    with (
        socket.create_connection(("127.0.0.1", served.scene.broker.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as link,
    ):
        link.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03abc")
        assert link.recv(4)[0] == 0x20
        link.sendall(malformed(upward_topic(unit_id, Channel.RECORDS), PROPERTIES[name]))
        read_to_the_end(link)
    made = visit(unit)
    drain_until(unit, lambda _: not unit.outbox.entries())
    assert served.held(unit_id) == made
    assert served.running() == 2


def read_to_the_end(link: ssl.SSLSocket) -> None:
    """Until the broker closes; raises TimeoutError if it goes on as if nothing had been."""
    try:
        while link.recv(4096):
            pass
    except (ConnectionError, ssl.SSLError):
        return

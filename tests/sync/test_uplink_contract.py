"""What every Uplink must do: the same tests over the wire in memory and the one over mosquitto."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from central.broker import find_mosquitto
from edge.core.delivery import DeliveryEvent
from edge.core.envelope import digest
from edge.core.errors import SyncError
from edge.core.protocol import join_records
from edge.ports import Uplink
from edge.sync.mqtt import MqttUplink
from edge.wiring.unit import Unit
from tests.sync.conftest import DEADLINE_S, Stage, visit
from tests.sync.loopback import Bench


@dataclass
class Case:
    uplink: Uplink
    unit: Unit
    break_link: Callable[[], None]
    start_central: Callable[[], object]


@pytest.fixture(params=["memory", "mosquitto"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    if request.param == "memory":
        bench = Bench(tmp_path)
        bench.wire.unheard = True
        yield Case(
            uplink=bench.wire,
            unit=bench.unit,
            break_link=lambda: setattr(bench.wire, "broken", True),
            start_central=lambda: setattr(bench.wire, "unheard", False),
        )
        bench.close()
        return
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    stage = Stage(tmp_path)
    stage.scene.broker.start()
    unit = stage.unit()
    uplink = MqttUplink(unit_id="unit-a", config=unit.config.sync, folder=unit.root)
    yield Case(uplink=uplink, unit=unit, break_link=stage.scene.broker.kill, start_central=stage.ingest)
    uplink.close()
    stage.close()


def events(case: Case) -> list[tuple[str, DeliveryEvent]]:
    return [(o.sha256, o.event) for o in case.uplink.outcomes()]


def received(case: Case) -> list[bytes]:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if found := case.uplink.received(0.2):
            return found
    return []


def test_published_record_is_answered_with_a_receipt(case: Case) -> None:
    visit(case.unit)
    case.start_central()
    case.uplink.connect()
    case.uplink.publish(case.unit.outbox.envelope(1))
    assert len(received(case)) == 1
    assert events(case) == []


def test_record_that_nobody_hears_is_told_once(case: Case) -> None:
    made = visit(case.unit)
    case.uplink.connect()
    case.uplink.publish(case.unit.outbox.envelope(1))
    assert case.uplink.received(2.0) == []
    assert events(case) == [(made[0], DeliveryEvent.UNHEARD)]
    assert events(case) == []


def test_without_a_link_publishing_raises_and_the_record_is_told_lost(case: Case) -> None:
    made = visit(case.unit)
    case.uplink.connect()
    case.break_link()
    with pytest.raises(SyncError):
        case.uplink.publish(case.unit.outbox.envelope(1))
        case.uplink.received(5.0)
        case.uplink.received(0.0)
    assert (digest(case.unit.outbox.envelope(1)), DeliveryEvent.LOST) in events(case)
    assert made


def test_no_broker_is_a_sync_error_and_closing_twice_is_harmless(case: Case) -> None:
    case.break_link()
    with pytest.raises(SyncError):
        case.uplink.connect()
    case.uplink.close()
    case.uplink.close()


def test_batch_that_nobody_hears_is_told_record_by_record(case: Case) -> None:
    made = visit(case.unit, 3)
    case.uplink.connect()
    case.uplink.publish(join_records(case.unit.outbox.envelope(n) for n in (1, 2, 3)))
    assert case.uplink.received(2.0) == []
    assert events(case) == [(sha256, DeliveryEvent.UNHEARD) for sha256 in made]

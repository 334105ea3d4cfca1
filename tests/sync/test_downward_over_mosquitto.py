"""Messages over a real broker: they reach a unit that was away, survive a killed ingest, and are applied once."""

from __future__ import annotations

from central.config import load_config
from central.downward import Downlink
from central.keys import message_signers
from central.rows.messages import messages_of
from edge.core.downward import MessageKind
from edge.core.downward_content import Command, CommandName
from edge.services.progress import ProgressKind
from edge.wiring.sync import inbox_store, make_drain, sync_keys
from tests.sync.conftest import QUICK, Stage, drain_until, wait_for

UNLOCK = Command(name=CommandName.UNLOCK_WORKER, subject="w-1")


def issue(stage: Stage, count: int = 1) -> None:
    downlink = Downlink(message_signers(stage.scene.central, load_config(stage.scene.central)))
    with stage.scene.store() as store, store.transaction() as transaction:
        for _ in range(count):
            at_utc = "2026-03-02T02:00:00.000Z"
            downlink.issue(transaction, "unit-a", MessageKind.COMMAND, UNLOCK, at_utc=at_utc)


def states(stage: Stage) -> list[str]:
    with stage.scene.store() as store, store.transaction() as transaction:
        return [row["state"] for row in messages_of(transaction.connection, "unit-a")]


def test_sync_08_messages_reach_a_unit_that_connects_later(stage: Stage) -> None:
    unit = stage.unit()
    stage.ingest()
    issue(stage, 20)
    told = drain_until(unit, lambda told: [p.kind for p in told].count(ProgressKind.APPLIED) == 20)
    assert ProgressKind.NOT_APPLIED not in [p.kind for p in told]
    wait_for(lambda: states(stage) == ["applied"] * 20)


def test_ingest_killed_between_sending_and_confirmation(stage: Stage) -> None:
    unit = stage.unit()
    ingest = stage.ingest()
    issue(stage, 3)
    drain = make_drain(unit, QUICK)
    drain_until(unit, lambda told: any(p.kind is ProgressKind.APPLIED for p in told), drain)
    ingest.kill()
    ingest.wait()
    issue(stage, 3)
    drain.close()
    stage.ingest()
    drain_until(unit, lambda _: inbox_store(unit, sync_keys(unit)).state().applied_sequence == 6)
    drain_until(unit, lambda _: states(stage) == ["applied"] * 6)

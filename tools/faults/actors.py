"""What runs in the processes that get killed: a writer of visits, and `doorstep sync`."""

from __future__ import annotations

import os
import random
import time
import uuid
from pathlib import Path

from edge.cli.sync import sync
from edge.core.delivery import Timing
from edge.core.errors import StoreError
from edge.services.keep import keep_visit
from edge.services.sync_loop import Until
from edge.services.sync_loop import run_sync as run_sync_loop
from edge.wiring.sync import make_drain
from edge.wiring.unit import open_unit
from tools.faults.scene import draft

BURST = 8
PAUSE_S = (0.05, 0.2)


def write_visits(root: str, acknowledged: str, seed: int, pause_s: tuple[float, float] = PAUSE_S) -> None:
    """Make visits in bursts, for ever; write each one's digest to `acknowledged` once the unit says it is kept."""
    dice = random.Random(seed)
    out = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with open_unit(Path(root)) as unit:
        signer = unit.record_key
        while True:
            for _ in range(dice.randint(1, BURST)):
                record = draft(unit.config.unit_id, uuid.UUID(int=dice.getrandbits(128)).hex)
                try:
                    kept = keep_visit(record, store=unit.store, signer=signer, clock=unit.clock)
                except StoreError:
                    continue  # not acknowledged: the worker would have been told, and would try again
                os.write(out, f"{kept.sha256}\n".encode())
            time.sleep(dice.uniform(*pause_s))


def run_sync(root: str, log: str) -> None:
    """`doorstep sync --json`, until it is killed."""
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(out, 1)
    sync.main(["--unit", root, "--json"], prog_name="doorstep sync")


def run_hasty_sync(root: str) -> None:
    """The sync loop with short waits, so that a storm of minutes holds what else takes days; until it is killed."""
    hasty = Timing(base_s=0.05, cap_s=0.5, receipt_s=2.0)
    with open_unit(Path(root)) as unit:
        drain = make_drain(unit, hasty)
        run_sync_loop(
            drain, until=Until(), clock=unit.clock, stop_within=_sleep_and_go_on, tell=lambda _told, _backlog: None
        )


def _sleep_and_go_on(seconds: float) -> bool:
    time.sleep(seconds)
    return False

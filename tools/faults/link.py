"""A narrow link after a long absence: results first and completely, then as much evidence as the hour has room for.

The proxy shapes the link (rate and delay each way), lets it stall, and resets it. `speedup` makes rate, delay, waits
and the hour itself so many times quicker; what is reported is in the link's own time, and says the speed-up.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edge.core.delivery import Timing
from edge.core.evidence import EvidenceKind
from edge.core.evidence_delivery import EvidenceState
from edge.core.visit import Consents
from edge.services.evidence import keep_evidence
from edge.services.keep import keep_visit
from edge.store.evidence import SqliteEvidence
from edge.wiring.sync import make_drain
from edge.wiring.unit import Unit, open_unit
from tools.faults.proxy import Proxy, Shape
from tools.faults.scene import Scene, draft

UNIT = "unit-link"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """What waits, and the link. Times are the link's own. *_every_s: mean time between such.

    picture_bytes: of a face cut out for the desk, 200 px or so wide.
    """

    visits: int = 3000
    pictures: int = 3000
    picture_bytes: int = 4_000
    hour_s: float = 3600.0
    bits_per_s: float = 64_000.0
    round_trip_s: float = 0.6
    resets_every_s: float = 300.0
    stalls_every_s: float = 240.0
    stall_s: float = 15.0
    speedup: float = 4.0
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """What the hour was enough for. Bytes are those of the wire, TLS and both directions included."""

    plan: LinkPlan
    results: int
    results_s: float | None
    results_bytes: int
    pictures: int
    pictures_before_results: int
    total_s: float
    total_bytes: int
    resets: int
    stalls: int

    @property
    def bytes_per_result(self) -> float:
        return self.results_bytes / max(1, self.results)


def run_link(folder: Path, plan: LinkPlan, tell: Callable[[str], None]) -> LinkReport:
    """Fill a unit, connect it over the link for an hour, and see what arrived."""
    scene = Scene(folder)
    shape = Shape(bits_per_s=plan.bits_per_s * plan.speedup, delay_s=plan.round_trip_s / 2 / plan.speedup)
    with scene.broker, Proxy(scene.broker.port, seed=plan.seed, shape=shape) as proxy:
        root = scene.add_unit(UNIT, port=proxy.port)
        ingest = scene.ingest()
        try:
            with open_unit(root) as unit:
                tell("making visits")
                _fill(unit, plan)
                return _drained(unit, proxy, plan, tell)
        finally:
            ingest.terminate()
            ingest.wait(10)


def _fill(unit: Unit, plan: LinkPlan) -> None:
    signer, store = unit.record_key, SqliteEvidence(unit.store_file)
    every = max(1, plan.visits // max(1, plan.pictures))
    kept = 0
    for number in range(plan.visits):
        made = replace(draft(UNIT, f"{UNIT}-{number}"), consents=Consents(match_on_unit=True, send_photo=True))
        record = keep_visit(made, store=unit.store, signer=signer, clock=unit.clock)
        if number % every == 0 and kept < plan.pictures:
            keep_evidence(
                os.urandom(plan.picture_bytes),
                evidence_id=f"picture-{number}",
                kind=EvidenceKind.FACE_PHOTO,
                record=record,
                store=store,
                signer=signer,
                trusted=unit.believed(),
            )
            kept += 1


def _drained(unit: Unit, proxy: Proxy, plan: LinkPlan, tell: Callable[[str], None]) -> LinkReport:
    dice, fast = random.Random(plan.seed), plan.speedup
    usual = Timing()
    timing = Timing(base_s=usual.base_s / fast, cap_s=usual.cap_s / fast, receipt_s=3 * usual.receipt_s / fast)
    drain, evidence = make_drain(unit, timing), SqliteEvidence(unit.store_file)
    began_s = time.monotonic()
    next_reset_s, resets = dice.expovariate(fast / plan.resets_every_s), 0
    next_stall_s = dice.expovariate(fast / plan.stalls_every_s)
    results_s, results_bytes, early = None, 0, 0
    while (gone_s := time.monotonic() - began_s) * fast < plan.hour_s:
        if not (evidence.open_count() or drain.backlog().open):
            break
        drain.step(0.05)
        time.sleep(min(drain.pause_s(), 0.05))
        if gone_s >= next_reset_s:
            proxy.cut_all()
            next_reset_s, resets = gone_s + dice.expovariate(fast / plan.resets_every_s), resets + 1
        if gone_s >= next_stall_s:
            proxy.stall(plan.stall_s / fast)
            next_stall_s = gone_s + dice.expovariate(fast / plan.stalls_every_s)
        backlog = drain.backlog()
        if results_s is None:
            results_bytes, early = proxy.carried, _complete(evidence)
            results_s = None if backlog.open else gone_s * fast
        done = plan.pictures - evidence.open_count()
        tell(f"{backlog.open} results open, {done} pictures, {gone_s * fast:.0f} s")
    drain.close()
    return LinkReport(
        plan=plan,
        results=plan.visits - drain.backlog().open,
        results_s=None if results_s is None else round(results_s, 1),
        results_bytes=results_bytes,
        pictures=_complete(evidence),
        pictures_before_results=early,
        total_s=round((time.monotonic() - began_s) * fast, 1),
        total_bytes=proxy.carried,
        resets=resets,
        stalls=proxy.faults["stall"],
    )


def _complete(evidence: SqliteEvidence) -> int:
    return sum(1 for entry in evidence.settled() if entry.state is EvidenceState.RECEIPTED)

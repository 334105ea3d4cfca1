"""The run of a demonstration: stage, unit, visits with the broker away and back, deliveries, checks at both ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edge.core.delivery import DeliveryState
from edge.core.envelope import parse
from edge.core.errors import InputError
from edge.core.keys import KeyPurpose
from edge.core.receipt import decode_receipt
from edge.demo.cast import SCENES
from edge.demo.courier import Courier
from edge.demo.play import Played, Player
from edge.demo.stage import CENTRAL_ID, Stage
from edge.demo.summary import ChainCheck, Delivery, Summary
from edge.services.audit import audit_store
from edge.wiring.unit import Unit, believe, found_unit, open_unit

UNIT_ID = "demo-unit"

_SETTINGS = """
[models]
bundle = {bundle}

[sync]
host = "127.0.0.1"
port = {port}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a demonstration is made of. folder: new and empty; bundle: an installed bundle with its key beside it."""

    folder: Path
    portraits: Path
    bundle: Path
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    summary: Summary
    played: tuple[Played, ...]


Tell = Callable[[str, int], None]


def run_show(plan: Plan, tell: Tell) -> Shown:
    """Run the whole demonstration; `tell` hears each step's key (room `demo`) and the frames seen in it.

    Raises members of the DoorstepError tree when it cannot be run; how the visits ended is in the summary.
    """
    began_s = time.monotonic()
    tell("stage", 0)
    with Stage(plan.folder) as stage:
        unit_folder = _make_unit(plan, stage)
        with open_unit(unit_folder) as unit:
            player = Player(unit, plan.portraits, seed=plan.seed)
            stage.start_broker()
            stage.start_central()
            with Courier(unit, stage.logs / "sync.log") as courier:
                played = _visits(stage, player, courier, tell)
                tell("delivery", 0)
                courier.finish()
            tell("verify", 0)
            played = tuple(replace(p, summary=_with_delivery(unit, p)) for p in played)
            own = audit_store(unit.store, unit.believed())
            first = next(iter(unit.store.records())).envelope
            central = stage.verify_central()
            summary = Summary(
                seed=plan.seed,
                unit_id=UNIT_ID,
                central_id=CENTRAL_ID,
                bundle_sha256=player.bundle_sha256,
                runtime=player.runtime,
                visits=tuple(p.summary for p in played),
                unit_chain=ChainCheck(verdict=own.verdict.value, records=len(own.records)),
                central_chain=_central_chain(central),
                genuine_refusal=stage.offer_to_genuine(first, UNIT_ID),
                seconds=round(time.monotonic() - began_s, 1),
            )
    return Shown(summary=summary, played=played)


def find_bundle(cache: Path) -> Path:
    """The model bundle that was built or asked for last. Raises InputError when there is none."""
    documents = sorted((cache / "bundles").glob("*.pub.json"), key=lambda p: p.stat().st_mtime, reverse=True)
    for document in documents:
        folder = document.with_name(document.name.removesuffix(".pub.json"))
        if folder.is_dir():
            return folder
    raise InputError(
        f"{cache / 'bundles'} holds no model bundle",
        remedy="Build it once with `make demo`, or `python -m tools.bundle build` in the source folder.",
    )


def _make_unit(plan: Plan, stage: Stage) -> Path:
    folder = plan.folder / "unit"
    found_unit(folder, UNIT_ID, KeyPurpose.DEMONSTRATION).close()
    stage.build(UNIT_ID, folder / "keys" / "record.pub.json", folder / "tls")
    bundle = msgspec.json.encode(str(plan.bundle.resolve())).decode()
    with (folder / "unit.toml").open("a", encoding="utf-8") as file:
        file.write(_SETTINGS.format(bundle=bundle, port=stage.port))
    with open_unit(folder) as unit:
        believe(unit, stage.receipt_key)
        believe(unit, plan.bundle.with_name(plan.bundle.name + ".pub.json"))
    return folder


def _visits(stage: Stage, player: Player, courier: Courier, tell: Tell) -> tuple[Played, ...]:
    """All scenes; the broker is switched off and on as they ask, and the courier tries whatever it is."""
    played, broker_up = [], True
    for scene in SCENES:
        if scene.broker_up != broker_up:
            broker_up = scene.broker_up
            (stage.start_broker if broker_up else stage.stop_broker)()
        tell(scene.key, 0)
        played.append(player.play(scene, partial(tell, scene.key)))
        courier.wake()
    return tuple(played)


def _with_delivery(unit: Unit, played: Played) -> Any:
    entry = unit.outbox.entry(played.summary.sequence)
    state = entry.state if entry else DeliveryState.PENDING
    for raw in unit.store.receipts():
        receipt = decode_receipt(parse(raw).payload)
        if any(item.sha256 == played.summary.sha256 for item in receipt.items):
            found = Delivery(state=state.value, receipt_id=receipt.receipt_id, issued_utc=receipt.issued_utc)
            return msgspec.structs.replace(played.summary, delivery=found)
    return msgspec.structs.replace(played.summary, delivery=Delivery(state=state.value))


def _central_chain(document: Any) -> ChainCheck:
    records = sum(len(unit["records"]) for unit in document["units"])
    return ChainCheck(verdict=document["verdict"], records=records)

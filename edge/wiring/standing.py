"""How a unit stands, without anybody's name in it: for the command, the technician's page and the support bundle."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from typing import Any

import msgspec

from edge.core.delivery import DeliveryState
from edge.core.evidence_delivery import EvidenceState
from edge.device.slots import Slots, running_version
from edge.store.bundles import SqliteBundles
from edge.store.evidence import SqliteEvidence
from edge.store.inbox import downward_state
from edge.store.kept_photos import count_kept
from edge.store.releases import FETCHED_FOLDER, FileReleases
from edge.wiring.unit import Unit


def standing_of(unit: Unit) -> dict[str, Any]:
    """Key, chain, outbox, refused records, messages, evidence, disk, clock and versions. Nothing is written."""
    with unit.store.snapshot():
        head = unit.store.head()
        depth = unit.outbox.depth()
        refused = [e for e in unit.outbox.entries() if e.state is DeliveryState.QUARANTINED]
        below = downward_state(unit.store_file)
        evidence = SqliteEvidence(unit.store_file).depth()
        bundle = SqliteBundles(unit.store_file).newest()
    release = FileReleases(unit.root / FETCHED_FOLDER, Slots().outcome).newest()
    disk = shutil.disk_usage(unit.root)
    public = unit.public
    return {
        "unit": {"id": unit.config.unit_id, "folder": str(unit.root), "standing": below.standing.value},
        "key": {"purpose": public.purpose, "keyid": public.keyid},
        "chain": {"sequence": head.sequence, "sha256": head.sha256},
        "outbox": {state.value: depth[state] for state in DeliveryState},
        "quarantined": [{"sequence": e.sequence, "reason": e.reason} for e in refused],
        "messages": {"applied": below.applied_sequence},
        "evidence": {state.value: evidence[state] for state in EvidenceState},
        "photos_kept": count_kept(unit.store_file),
        "bundle": {"name": bundle.offer.name, "state": bundle.state} if bundle else None,
        "release": {"name": release.offer.name, "state": release.state} if release else None,
        "list": {"version": below.list_version},
        "store": {"file": str(unit.store_file.path), "bytes": unit.store_file.path.stat().st_size},
        "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
        "clock": msgspec.to_builtins(unit.clock.state()),
        "versions": {
            "doorstep": running_version(),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "machine": platform.machine(),
        },
    }

"""The composition root of a unit's end: retired by a technician with a proof, or wiped at central's order.

Erased are the keys: the record key, the data key (with it names, lists, workers' keys and visits begun), the sealing
key (with it what central sent), the TLS key. Signed records stay; they hold no name and no picture.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from edge import __version__
from edge.core.delivery import DeliveryState
from edge.core.downward_apply import Standing
from edge.core.errors import InputError
from edge.core.keys import key_sha256
from edge.core.retirement import Retirement, sign_retirement
from edge.signing.erase import erase
from edge.signing.keyfile import replace_whole
from edge.signing.link_identity import next_files
from edge.store.database import sync_folder
from edge.store.evidence import SqliteEvidence
from edge.store.faults import faults_translated
from edge.store.inbox import downward_state
from edge.wiring.unit import Unit

PROOF = "retired.json"
LIST_FOLDER = "list"
PAGE_FOLDER = "page"


def undelivered(unit: Unit) -> dict[str, int]:
    """What has not reached central, by kind; empty when all has."""
    depth = unit.outbox.depth()
    open_records = sum(count for state, count in depth.items() if state is not DeliveryState.RECEIPTED)
    counts = {"records": open_records, "pieces of evidence": len(SqliteEvidence(unit.store_file).under_way())}
    return {what: count for what, count in counts.items() if count}


def retire(unit: Unit, reason: str) -> bytes:
    """Erase every key of the unit and give the signed proof, which is also kept as retired.json.

    Raises InputError while anything is undelivered; then nothing is erased.
    """
    left = undelivered(unit)
    if left:
        counts = ", ".join(f"{count} {what}" for what, count in left.items())
        raise InputError(
            f"not retired: {counts} have not reached central",
            remedy="Run `doorstep sync --until-empty`, or carry them: `doorstep export`; refused ones are central's "
            "to settle.",
        )
    head, key = unit.store.head(), unit.record_key
    doomed = [path for path in _visit_side(unit) + _sync_side(unit) if path.exists()]
    proof = Retirement(
        unit_id=unit.config.unit_id,
        key_sha256=key_sha256(key.public),
        made_utc=unit.clock.now_utc(),
        software=f"doorstep {__version__}",
        records=head.sequence,
        head_sha256=head.sha256,
        erased=tuple(str(path.relative_to(unit.root)) for path in doomed),
        reason=reason,
    )
    raw = sign_retirement(proof, key.signer)
    # On the disk before anything is erased, and under its name only afterwards.
    draft = unit.root / f".{PROOF}"
    with faults_translated(draft):
        replace_whole(draft, raw)
    erase(doomed)
    draft.replace(unit.root / PROOF)
    shutil.rmtree(unit.root / LIST_FOLDER, ignore_errors=True)
    sync_folder(unit.root)
    return raw


def obey_wipe(unit: Unit) -> list[Path]:
    """What the visit side owes a wipe that central ordered; nothing without one. Gives what was erased now."""
    if downward_state(unit.store_file).standing is not Standing.WIPED:
        return []
    erased = erase(_visit_side(unit))
    # Closed already, with the data key gone; removed so that nobody need wonder.
    shutil.rmtree(unit.root / LIST_FOLDER, ignore_errors=True)
    return erased


def _visit_side(unit: Unit) -> list[Path]:
    return [*sorted(unit.key_dir.glob("*.key")), *sorted((unit.root / PAGE_FOLDER).glob("*.key"))]


def _sync_side(unit: Unit) -> list[Path]:
    tls = unit.root / (unit.config.sync.key_file if unit.config.sync else "tls/unit.key")
    return [*sorted(unit.sync_key_dir.glob("*.key")), tls, next_files(tls, tls)[1]]

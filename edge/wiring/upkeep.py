"""The composition root of what is done beside visits and sync: the copy on a stick, the store between releases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.core.errors import StoreError, VerificationError
from edge.core.verdict import Verdict
from edge.services.audit import audit_export
from edge.store.export import ExportFile, write_export
from edge.store.settle import Settled, settle
from edge.wiring.unit import Unit, open_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy of all records of a unit. written: False when the copy that was there has them all."""

    file: Path
    records: int
    written: bool


def back_up(unit: Unit, folder: Path) -> Backup:
    """Copy every record to `folder`, as signed, in the place of the copy before; read it back and verify it.

    A copy that ends with the record that the store ends with is left alone: a stick wears too. Raises StoreError.
    """
    file = folder / f"{unit.config.unit_id}.backup.jsonl"
    with unit.store.snapshot():
        head = unit.store.head()
        if _ends_with(file, head.sha256):
            return Backup(file=file, records=head.sequence, written=False)
        count = write_export(
            file,
            unit.store.records(),
            unit_id=unit.config.unit_id,
            first_sequence=1,
            last=head,
            written_utc=unit.clock.now_utc(),
        )
    _check(file, unit)
    return Backup(file=file, records=count, written=True)


def _ends_with(file: Path, sha256: str) -> bool:
    try:
        return file.exists() and ExportFile(file).last.sha256 == sha256
    except (VerificationError, StoreError):
        return False  # a damaged copy is replaced


def _check(file: Path, unit: Unit) -> None:
    report = audit_export(ExportFile(file), unit.believed(), unit_id=unit.config.unit_id)
    if report.verdict is Verdict.DOES_NOT_VERIFY:
        raise StoreError(
            f"the copy at {file} does not verify: the stick, or the store, is damaged",
            remedy="Run `doorstep verify`; if the store verifies, use another stick.",
        )


def settle_store(root: Path) -> Settled:
    """Bring the store of the unit in `root` to this release's schema, or back to it. Raises StoreError."""
    unit = open_unit(root)  # which opens no store yet
    return settle(root / unit.config.store, unit.clock.now_utc)

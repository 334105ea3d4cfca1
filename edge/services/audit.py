"""Verify a whole store, an exported file, or one record, against the public keys that are believed."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.chain import ChainHead
from edge.core.keys import PublicKeyDocument
from edge.core.verdict import Report
from edge.core.verify import verify_chain, verify_record
from edge.ports import RecordArchive, RecordExport


def audit_store(
    archive: RecordArchive, keys: Sequence[PublicKeyDocument], *, unit_id: str | None = None
) -> Report:
    """All nine steps on one moment's view of a store, which may be in use meanwhile. Raises StoreError."""
    with archive.snapshot():
        return verify_chain(
            archive.records(),
            keys,
            unit_id=unit_id or archive.unit_id(),
            head=archive.head(),
            receipts=archive.receipts(),
        )


def audit_export(
    export: RecordExport, keys: Sequence[PublicKeyDocument], *, unit_id: str | None = None
) -> Report:
    """The steps that an exported stretch allows. Its first line is unsigned: what it claims is only compared."""
    return verify_chain(
        export.envelopes(),
        keys,
        unit_id=unit_id or export.unit_id,
        first_sequence=export.first_sequence,
        head=export.last,
    )


def audit_record(raw: bytes, keys: Sequence[PublicKeyDocument], *, unit_id: str | None = None) -> Report:
    """Steps 1 to 5 on one envelope; whether it stands in a chain is not looked at."""
    check, record = verify_record(raw, keys, unit_id=unit_id)
    return Report(
        unit_id=record.unit_id if record else unit_id,
        records=(check,),
        chain=(),
        findings=(),
        last=ChainHead(sequence=check.sequence or 0, sha256=check.sha256),
    )

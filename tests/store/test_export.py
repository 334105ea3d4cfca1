"""Exported files: whole or not there, bounded when read, and checked like a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core.chain import ChainFault, ChainHead, StoredRecord
from edge.core.envelope import MAX_ENVELOPE_BYTES
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, StoreError
from edge.core.verdict import Report, Verdict
from edge.services.audit import audit_export
from edge.store.export import ExportFile, write_export
from edge.store.target import TargetKind, kind_of
from tests.samples import KEYS, UNIT, sample_chain

CHAIN = sample_chain(5)


def export(path: Path, records: list[StoredRecord], first_sequence: int = 1) -> Path:
    last = ChainHead(sequence=records[-1].sequence, sha256=records[-1].sha256)
    write_export(
        path, records, unit_id=UNIT, first_sequence=first_sequence, last=last, written_utc="2026-01-05T09:00:00.000Z"
    )
    return path


def audit(path: Path) -> Report:
    return audit_export(ExportFile(path), KEYS)


def test_export_holds_the_envelopes_to_the_byte(tmp_path: Path) -> None:
    path = export(tmp_path / "visits.jsonl", CHAIN)
    assert list(ExportFile(path).envelopes()) == [r.envelope for r in CHAIN]
    assert kind_of(path) is TargetKind.EXPORT
    assert audit(path).verdict is Verdict.VERIFIES
    assert [p.name for p in tmp_path.iterdir()] == ["visits.jsonl"]


def test_stretch_in_the_middle_verifies(tmp_path: Path) -> None:
    report = audit(export(tmp_path / "visits.jsonl", CHAIN[2:4], 3))
    assert report.verdict is Verdict.VERIFIES
    assert report.last.sequence == 4


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], ChainFault.GAP),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], ChainFault.SWAP),
        (lambda lines: [*lines, lines[2]], ChainFault.REPLAY),
        (lambda lines: lines[:-1], ChainFault.TAIL_CUT),
    ],
)
def test_edited_export_is_named(tmp_path: Path, edit: object, fault: ChainFault) -> None:
    path = export(tmp_path / "visits.jsonl", CHAIN)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(edit(lines)))  # type: ignore[operator]
    report = audit(path)
    assert (report.verdict, report.faults) == (Verdict.DOES_NOT_VERIFY, {fault})


def test_file_cut_in_the_middle_of_a_record_does_not_verify(tmp_path: Path) -> None:
    path = export(tmp_path / "visits.jsonl", CHAIN)
    path.write_bytes(path.read_bytes()[:-100])
    assert audit(path).verdict is Verdict.DOES_NOT_VERIFY


def test_endless_line_is_not_read_into_memory(tmp_path: Path) -> None:
    path = export(tmp_path / "visits.jsonl", CHAIN[:1])
    with path.open("ab") as file:
        file.write(b"x" * (5 * MAX_ENVELOPE_BYTES) + b"\n" + CHAIN[1].envelope + b"\n")
    lines = list(ExportFile(path).envelopes())
    assert [len(line) <= MAX_ENVELOPE_BYTES + 2 for line in lines] == [True] * 3
    assert lines[2] == CHAIN[1].envelope
    assert audit(path).verdict is Verdict.DOES_NOT_VERIFY


@pytest.mark.parametrize(
    ("first_line", "error"),
    [
        (b'{"unit_id":"x"}\n', CouldNotBeChecked),
        (b'{"format":"doorstep.export/9","unit_id":"u","first_sequence":1,"last_sequence":1,'
         b'"last_sha256":"","written_utc":""}\n', CouldNotBeChecked),
        (b'{"format":"doorstep.export/1"}\n', DoesNotVerify),
        (b'{"format":"doorstep.export/1","unit_id":"\xff"}\n', DoesNotVerify),
        (b'{"format":"doorstep.export/1","unit_id":"u","first_sequence":0,"last_sequence":1,'
         b'"last_sha256":"","written_utc":""}\n', DoesNotVerify),
        (b'{"format":"doorstep.export/1",' + b" " * 10_000 + b"}\n", DoesNotVerify),
    ],
)
def test_first_line_that_is_no_header_is_refused(tmp_path: Path, first_line: bytes, error: type[Exception]) -> None:
    path = tmp_path / "visits.jsonl"
    path.write_bytes(first_line)
    with pytest.raises(error):
        ExportFile(path)


def test_export_that_fails_leaves_the_older_file(tmp_path: Path) -> None:
    path = export(tmp_path / "visits.jsonl", CHAIN[:1])
    before = path.read_bytes()

    def failing() -> object:
        yield CHAIN[0]
        raise StoreError("the card was pulled out")

    with pytest.raises(StoreError, match="pulled out"):
        write_export(path, failing(), unit_id=UNIT, first_sequence=1, last=ChainHead(), written_utc="")  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["visits.jsonl"]


def test_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        export(tmp_path / "none" / "visits.jsonl", CHAIN[:1])

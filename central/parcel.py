"""Parcels from units, at central: each line judged as if it had come over the wire, and the answer written back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from central.evidence import evidence_of
from central.examination import Arrival
from central.ingest import Ingest
from central.post import Post
from edge.core.chunks import is_chunk
from edge.core.envelope import RECORD_TYPES, parse
from edge.core.errors import ConfigError, VerificationError
from edge.core.evidence import is_evidence
from edge.core.parcel import (
    MAX_HEADER_BYTES,
    Direction,
    ParcelHeader,
    parcel_lines,
    parcel_name,
    read_parcel_header,
    whole_lines,
)
from edge.core.receipt import Verdict

BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of one parcel. `whole`: every line that its first line promises was there."""

    unit_id: str
    stored: int
    refused: int
    messages: int
    whole: bool
    remarks: tuple[str, ...] = ()


def import_parcels(folder: Path, ingest: Ingest, post: Post, *, at_utc: str) -> list[Carried]:
    """Take every parcel for central in `folder` and write each unit's answer beside it.

    A parcel that cannot be read is a remark and stops no other. Raises ConfigError when the answer cannot be written.
    """
    return [_taken(path, ingest, post, at_utc) for path in sorted(folder.glob(f"*.{Direction.TO_CENTRAL.value}"))]


def _taken(path: Path, ingest: Ingest, post: Post, at_utc: str) -> Carried:
    try:
        header, lines = _read(path)
    except VerificationError as e:
        return Carried(unit_id=path.name, stored=0, refused=0, messages=0, whole=False, remarks=(e.message,))
    evidence = [raw for raw in lines if is_evidence(raw)]
    others = [raw for raw in lines if not is_evidence(raw)]
    records = [raw for raw in others if _is_record(raw)]
    remarks = [post.take(header.unit_id, raw, at_utc=at_utc)[0] for raw in others if not _is_record(raw)]
    receipts, verdicts = [], []
    for batch in _batches(records):
        for answer in ingest.accept([Arrival(unit_id=header.unit_id, raw=raw) for raw in batch], at_utc=at_utc):
            receipts.append(answer.envelope)
            verdicts += [item.verdict for item in answer.receipt.items]
    answers = _take_evidence(header.unit_id, evidence, post, remarks, at_utc)
    messages = post.waiting(header.unit_id)
    _write(path.parent, header.unit_id, [*receipts, *answers, *messages], at_utc)
    return Carried(
        unit_id=header.unit_id,
        stored=verdicts.count(Verdict.STORED),
        refused=verdicts.count(Verdict.REFUSED),
        messages=sum(1 for raw in messages if not is_chunk(raw)),
        whole=len(lines) == header.count,
        remarks=tuple(remark for remark in remarks if remark),
    )


def _read(path: Path) -> tuple[ParcelHeader, list[bytes]]:
    with path.open("rb") as file:
        header = read_parcel_header(file.readline(MAX_HEADER_BYTES), Direction.TO_CENTRAL)
        return header, list(whole_lines(file.readline))


def _is_record(raw: bytes) -> bool:
    """What is no envelope counts as one: ingest refuses it, and its receipt says why."""
    try:
        payload_type = parse(raw).payload_type
    except VerificationError:
        return True
    return payload_type in RECORD_TYPES


def _take_evidence(unit_id: str, lines: list[bytes], post: Post, remarks: list[str], at_utc: str) -> list[bytes]:
    """After the records, to one of which each piece belongs. Of a piece's answers the last says all."""
    answers: dict[str, bytes] = {}
    for raw in lines:
        remark, answer = post.take_evidence(unit_id, raw, at_utc=at_utc)
        remarks.append(remark)
        if answer is not None:
            answers[evidence_of(answer)] = answer
    return list(answers.values())


def _batches(records: list[bytes]) -> Iterator[list[bytes]]:
    for first in range(0, len(records), BATCH):
        yield records[first : first + BATCH]


def _write(folder: Path, unit_id: str, envelopes: list[bytes], at_utc: str) -> None:
    header = ParcelHeader(
        unit_id=unit_id, direction=Direction.TO_UNIT, written_utc=at_utc, count=len(envelopes)
    )
    path = folder / parcel_name(unit_id, Direction.TO_UNIT)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with draft.open("wb") as file:
            file.writelines(parcel_lines(header, envelopes))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as e:
        raise ConfigError(f"{path}: {e.strerror}", remedy="Check that the stick can be written and has room.") from e
    finally:
        draft.unlink(missing_ok=True)

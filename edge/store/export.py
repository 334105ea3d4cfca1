"""Records as a file to carry away: a first line that says what follows, then one envelope a line, as sealed.

An envelope's one permitted form holds no line break, so a line is the signed record to the byte. The first line
is not signed. The file appears under its name only when it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from edge.core.chain import ChainHead, StoredRecord
from edge.core.envelope import MAX_ENVELOPE_BYTES
from edge.core.errors import CouldNotBeChecked, DoesNotVerify
from edge.store.database import sync_folder
from edge.store.faults import faults_translated

FORMAT = "doorstep.export/1"
MAX_HEADER_BYTES = 4096


class ExportHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: the stretch `first_sequence`..`last_sequence` of one unit's records."""

    unit_id: str
    first_sequence: int
    last_sequence: int
    last_sha256: str
    written_utc: str
    format: str = FORMAT


def write_export(
    path: Path,
    records: Iterable[StoredRecord],
    *,
    unit_id: str,
    first_sequence: int,
    last: ChainHead,
    written_utc: str,
) -> int:
    """Write `records`, from `first_sequence` to `last`, in the place of what was at `path`; gives their number.

    Raises StoreError; then `path` is as it was.
    """
    header = ExportHeader(
        unit_id=unit_id,
        first_sequence=first_sequence,
        last_sequence=last.sequence,
        last_sha256=last.sha256,
        written_utc=written_utc,
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    with faults_translated(path):
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                count = _write(file, header, records)
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    return count


class ExportFile:
    """RecordExport over a file; nothing longer than an envelope is ever held. Raises as `verify` steps do."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with faults_translated(path), path.open("rb") as file:
            self.header = _read_header(file.readline(MAX_HEADER_BYTES + 1))

    @property
    def unit_id(self) -> str:
        return self.header.unit_id

    @property
    def first_sequence(self) -> int:
        return self.header.first_sequence

    @property
    def last(self) -> ChainHead:
        return ChainHead(sequence=self.header.last_sequence, sha256=self.header.last_sha256)

    def envelopes(self) -> Iterator[bytes]:
        """The lines after the first, without their ends. An overlong one is cut, so that step 1 refuses it."""
        with faults_translated(self._path), self._path.open("rb") as file:
            file.readline(MAX_HEADER_BYTES + 1)
            while line := file.readline(MAX_ENVELOPE_BYTES + 2):
                yield line.removesuffix(b"\n")
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_ENVELOPE_BYTES + 2)


def is_export(first_bytes: bytes) -> bool:
    """Whether a file that begins so claims to be an export."""
    return first_bytes.startswith(b'{"format":"doorstep.export/')


def _write(file: BinaryIO, header: ExportHeader, records: Iterable[StoredRecord]) -> int:
    # `format` first, so that a file is told by its first bytes.
    fields: dict[str, Any] = {"format": header.format, **msgspec.to_builtins(header)}
    file.write(msgspec.json.encode(fields) + b"\n")
    count = 0
    for record in records:
        file.write(record.envelope + b"\n")
        count += 1
    return count


def _read_header(line: bytes) -> ExportHeader:
    if not is_export(line):
        raise CouldNotBeChecked(f"the file does not begin as a {FORMAT} file", step="format")
    try:
        header = msgspec.json.decode(line, type=ExportHeader)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise DoesNotVerify(f"the first line is not a {FORMAT} header: {e}", step="format") from e
    if header.format != FORMAT:
        raise CouldNotBeChecked(f"export format {header.format!r} is unknown here", step="format")
    if header.first_sequence < 1 or header.last_sequence < header.first_sequence - 1:
        raise DoesNotVerify(
            f"the first line claims records {header.first_sequence} to {header.last_sequence}", step="format"
        )
    return header

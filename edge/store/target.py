"""What a path given to be verified is, told by its first bytes and never by its name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from edge.core.envelope import MAX_ENVELOPE_BYTES
from edge.core.errors import CouldNotBeChecked
from edge.store.export import is_export

_SQLITE = b"SQLite format 3\x00"
_ENVELOPE = b'{"payload":'


class TargetKind(StrEnum):
    STORE = "store"
    EXPORT = "export"
    RECORD = "record"


def kind_of(path: Path) -> TargetKind:
    """Raises CouldNotBeChecked (step `open`) when the path cannot be read or is none of the three."""
    first = _read(path, 64)
    if first.startswith(_SQLITE):
        return TargetKind.STORE
    if is_export(first):
        return TargetKind.EXPORT
    if first.startswith(_ENVELOPE):
        return TargetKind.RECORD
    raise CouldNotBeChecked(
        f"{path} is neither a record's envelope, nor a record store, nor an exported file",
        step="open",
        remedy="Give a file that this software wrote. If it did write this one, its beginning is damaged.",
    )


def read_record(path: Path) -> bytes:
    """A record's envelope; of an overlong file as much as shows that it is none."""
    return _read(path, MAX_ENVELOPE_BYTES + 1)


def _read(path: Path, limit_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit_bytes)
    except OSError as e:
        message = f"cannot read {path}: {e.strerror}"
        raise CouldNotBeChecked(message, step="open", remedy="Check the path and who may read it.") from e

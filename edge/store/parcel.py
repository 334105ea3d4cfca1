"""Parcels on a stick, from the unit's side: written whole or not at all, read as far as they are whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from edge.core.errors import InputError
from edge.core.parcel import (
    MAX_HEADER_BYTES,
    Direction,
    ParcelHeader,
    parcel_lines,
    parcel_name,
    read_parcel_header,
    whole_lines,
)
from edge.store.database import sync_folder
from edge.store.faults import faults_translated


def write_parcel(folder: Path, header: ParcelHeader, envelopes: Sequence[bytes]) -> Path:
    """Write a parcel in the place of the one before. Raises StoreError; then the one before is as it was."""
    path = folder / parcel_name(header.unit_id, header.direction)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    with faults_translated(path):
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(parcel_lines(header, envelopes))
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(folder)
    return path


def read_parcel(folder: Path, unit_id: str) -> tuple[ParcelHeader, list[bytes]]:
    """What central wrote for `unit_id`. Raises InputError when there is nothing, DoesNotVerify, CouldNotBeChecked."""
    path = folder / parcel_name(unit_id, Direction.TO_UNIT)
    if not path.is_file():
        raise InputError(
            f"no {path.name} in {folder}",
            remedy="Take the stick to central first: `doorstep-central import DIR` writes it.",
        )
    with faults_translated(path), path.open("rb") as file:
        header = read_parcel_header(file.readline(MAX_HEADER_BYTES), Direction.TO_UNIT)
        return header, list(whole_lines(file.readline))

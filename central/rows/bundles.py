"""Statements over model bundles and releases, their chunks, and how far each unit is with the one offered last.

`kind` is the table of how far the units are: BUNDLES or RELEASES.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, Table, func, insert, select, update

from central.tables_bundles import bundle_chunks, bundles, unit_bundles, unit_releases

Kind: TypeAlias = Table
BUNDLES, RELEASES = unit_bundles, unit_releases

OFFERED = "offered"
"""The unit has not yet said anything of it."""


def add(connection: Connection, row: dict[str, Any], chunks: Sequence[bytes]) -> None:
    """Keep a bundle's file, once."""
    if connection.scalar(select(bundles.c.name).where(bundles.c.file_sha256 == row["file_sha256"])) is not None:
        return
    connection.execute(insert(bundles).values(row))
    pieces = [
        {"file_sha256": row["file_sha256"], "number": number, "data": data} for number, data in enumerate(chunks)
    ]
    connection.execute(insert(bundle_chunks), pieces)


def all_bundles(connection: Connection) -> list[dict[str, Any]]:
    query = select(bundles).order_by(bundles.c.added_utc, bundles.c.file_sha256)
    return [dict(row) for row in connection.execute(query).mappings()]


def chunk_count(connection: Connection, file_sha256: str) -> int:
    query = select(func.count()).select_from(bundle_chunks).where(bundle_chunks.c.file_sha256 == file_sha256)
    return connection.scalar(query) or 0


def chunks(connection: Connection, file_sha256: str, numbers: Sequence[int]) -> list[tuple[int, bytes]]:
    """Number and bytes of those chunks that there are, in order."""
    same = (bundle_chunks.c.file_sha256 == file_sha256, bundle_chunks.c.number.in_(numbers))
    query = select(bundle_chunks.c.number, bundle_chunks.c.data).where(*same).order_by(bundle_chunks.c.number)
    return [(number, data) for number, data in connection.execute(query)]


def offered(
    connection: Connection, kind: Table, unit_id: str, file_sha256: str, *, count: int, at_utc: str
) -> None:
    """Note what a unit was offered last: it lacks all of it."""
    values = {
        "file_sha256": file_sha256,
        "offered_utc": at_utc,
        "state": OFFERED,
        "reason": "",
        "missing": msgspec.json.encode([(0, count - 1)]).decode(),
        "told_utc": None,
    }
    if connection.execute(update(kind).where(kind.c.unit_id == unit_id).values(values)).rowcount == 0:
        connection.execute(insert(kind).values(unit_id=unit_id, **values))


def told(
    connection: Connection, kind: Table, unit_id: str, file_sha256: str, *, at_utc: str, **values: Any
) -> bool:
    """Note what a unit says of what it was offered last; False when it speaks of another."""
    same = (kind.c.unit_id == unit_id, kind.c.file_sha256 == file_sha256)
    return connection.execute(update(kind).where(*same).values(told_utc=at_utc, **values)).rowcount == 1


def standings(connection: Connection, kind: Table, unit_id: str | None = None) -> list[dict[str, Any]]:
    """How far the units are, with the file's name; `missing` as stretches."""
    query = select(kind, bundles.c.name).join(bundles).order_by(kind.c.unit_id)
    if unit_id is not None:
        query = query.where(kind.c.unit_id == unit_id)
    rows = (dict(row) for row in connection.execute(query).mappings())
    return [{**row, "missing": msgspec.json.decode(row["missing"], type=list[tuple[int, int]])} for row in rows]

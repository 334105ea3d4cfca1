"""What is held in given places of many units' chains: one statement whatever their number, always of the same text,
so that nothing is compiled, parsed or planned anew for a batch. The places go as one value, in each database's own
way.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection

_COLUMNS = "r.unit_id, r.sequence, r.record_id, r.sha256, r.previous_sha256"
# By LIMIT a place is looked up in the index for itself; a join might read the whole table, and does before ANALYZE.
_POSTGRESQL = f"""
    SELECT r.* FROM unnest(%s::text[], %s::bigint[]) AS p(unit_id, sequence) CROSS JOIN LATERAL (
        SELECT {_COLUMNS} FROM records AS r WHERE r.unit_id = p.unit_id AND r.sequence = p.sequence LIMIT 1) AS r
    UNION
    SELECT r.* FROM unnest(%s::text[], %s::text[]) AS p(unit_id, record_id) CROSS JOIN LATERAL (
        SELECT {_COLUMNS} FROM records AS r WHERE r.unit_id = p.unit_id AND r.record_id = p.record_id LIMIT 1) AS r"""
_SQLITE = f"""
    SELECT {_COLUMNS} FROM json_each(?) AS p CROSS JOIN records AS r
    ON r.unit_id = json_extract(p.value, '$[0]') AND r.sequence = json_extract(p.value, '$[1]')
    UNION
    SELECT {_COLUMNS} FROM json_each(?) AS p CROSS JOIN records AS r
    ON r.unit_id = json_extract(p.value, '$[0]') AND r.record_id = json_extract(p.value, '$[1]')"""


def around(
    connection: Connection, places: Collection[tuple[str, int]], names: Collection[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The records with these sequences or these record ids, each with its unit; digests only, no envelopes."""
    if connection.dialect.name == "postgresql":
        lists = [[pair[side] for pair in pairs] for pairs in (places, names) for side in (0, 1)]
        found = connection.exec_driver_sql(_POSTGRESQL, tuple(lists))
    else:
        found = connection.exec_driver_sql(_SQLITE, tuple(msgspec.json.encode(p).decode() for p in (places, names)))
    return [dict(row) for row in found.mappings()]

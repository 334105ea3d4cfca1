"""Central's clock: the one place on this side that reads the time."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251


def now_utc() -> str:
    """ISO 8601 with `Z`, milliseconds."""
    return now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

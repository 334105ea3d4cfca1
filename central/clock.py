"""Central's clock: the one place on this side that reads the time."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251


def now_utc() -> str:
    """ISO 8601 with `Z`, milliseconds."""
    return as_utc(now())


def as_utc(at: datetime) -> str:
    """A time in that form; such texts sort as their times do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

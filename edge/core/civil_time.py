"""Days and hours as people at the bedside count them: Beijing time, of which there is one in all of China.

Records keep UTC. A day begins at 16:00 UTC: a visit at seven in the morning is of that day, not of the one before.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))  # no summer time since 1992


def civil_date(utc: str) -> str:
    """The day, YYYY-MM-DD, of a moment in ISO 8601. Raises ValueError for what is none."""
    return _beijing(utc).date().isoformat()


def civil_minute(utc: str) -> str:
    """The moment to the minute, for people to read; "" for what is none."""
    try:
        return _beijing(utc).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return ""


def _beijing(utc: str) -> datetime:
    moment = datetime.fromisoformat(utc)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(BEIJING)

"""Processor time of the processes of a run, from /proc, so that what a machine permits can be told from its load."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def spent_s(pid: int) -> float:
    """Processor time of a process, of its children that have ended, and of those alive; 0 when it is gone."""
    own = _fields(pid)
    if own is None:
        return 0.0
    children = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    alive = (fields for child in children if (fields := _fields(child)) is not None and int(fields[1]) == pid)
    # Fields of proc(5) after the name: 11 utime, 12 stime, 13 cutime, 14 cstime.
    ticks = sum(map(int, own[11:15])) + sum(sum(map(int, fields[11:13])) for fields in alive)
    return ticks * _TICK_S


def _fields(pid: int) -> list[str] | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return stat.rpartition(") ")[2].split()

"""How long the visit daemon takes from nothing to ready, and what it then holds in memory.

Ready is what it tells systemd: its page is served, and every net has given its golden vectors. The first start of all
reads the files from the disk; the others find them in the kernel's cache, and the median is of those.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from edge.core.errors import ModelError
from edge.demo.page import make_page_unit
from tools.bundle.places import cache_folder
from tools.evaluate.default_bundle import find_folder
from tools.portraits import fetch_portraits

READY_WITHIN_S = 60.0
END_WITHIN_S = 20.0
GOAL_S, GOAL_MB = 1.5, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReport:
    """Seconds to ready, start by start; processor_s: the processor time in it, which a busy machine does not change.

    Megabytes at ready: resident, and proportional (pages that others share are divided among them).
    """

    starts_s: tuple[float, ...]
    median_s: float
    processor_s: float
    resident_mb: float
    proportional_mb: float
    goal_s: float = GOAL_S
    goal_mb: float = GOAL_MB


def measure_start(starts: int) -> StartReport:
    """Start the daemon of a demonstration unit `starts` times, and once before them. Raises ModelError."""
    with tempfile.TemporaryDirectory(prefix="doorstep-start-") as temporary:
        folder = Path(temporary)
        make_page_unit(folder / "unit", fetch_portraits(cache_folder()), find_folder()).close()
        runs = [_one(folder) for _ in range(starts + 1)][1:]
    return StartReport(
        starts_s=tuple(round(run.wall_s, 3) for run in runs),
        median_s=round(median(run.wall_s for run in runs), 3),
        processor_s=round(median(run.processor_s for run in runs), 3),
        resident_mb=round(median(run.resident_mb for run in runs), 1),
        proportional_mb=round(median(run.proportional_mb for run in runs), 1),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    wall_s: float
    processor_s: float
    resident_mb: float
    proportional_mb: float


def _one(folder: Path) -> _Start:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = folder / "notify"
        address.unlink(missing_ok=True)
        manager.bind(str(address))
        manager.settimeout(READY_WITHIN_S)
        command = [sys.executable, "-m", "edge.cli.main", "serve", "--unit", str(folder / "unit"), "--port", "0"]
        began_s = time.monotonic()
        process = subprocess.Popen(
            command, env={**os.environ, "NOTIFY_SOCKET": str(address)}, stdout=subprocess.DEVNULL
        )
        try:
            while b"READY=1" not in manager.recv(4096):
                pass
            wall_s = time.monotonic() - began_s
            resident_mb, proportional_mb = _memory_mb(process.pid)
            return _Start(
                wall_s=wall_s,
                processor_s=_processor_s(process.pid),
                resident_mb=resident_mb,
                proportional_mb=proportional_mb,
            )
        except TimeoutError as e:
            raise ModelError("the visit daemon did not become ready", remedy="Start it: doorstep serve") from e
        finally:
            process.terminate()
            process.wait(END_WITHIN_S)


def _processor_s(pid: int) -> float:
    """User and system time so far (proc(5), fields 14 and 15 of stat, after the name in brackets)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> tuple[float, float]:
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            found[name] = int(rest.split()[0]) / 1024
    return found["Rss"], found["Pss"]

"""How long the visit daemon takes from nothing to ready, and what it holds in memory then and in a capture window.

Ready is what it tells systemd: its page is served, and every net has given its golden vectors. The first start of all
reads the files from the disk; the others find them in the kernel's cache, and the median is of those. The environment
is that of the unit's service.
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

import msgspec

from edge.core.errors import ModelError
from edge.demo.page import make_page_unit
from tools.bench.memory import Memory, WindowMemory, memory_of
from tools.bundle.places import cache_folder
from tools.evaluate.default_bundle import find_folder
from tools.portraits import fetch_portraits

SERVICE = Path(__file__).parents[2] / "systemd/doorstep-visit.service"
READY_WITHIN_S = 60.0
END_WITHIN_S = 20.0
GOAL_S, GOAL_MB = 1.5, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReport:
    """Seconds to ready, start by start; processor_s: the processor time in it, which a busy machine does not change.

    ready: memory then, and at most until then; window: after a capture window in a process of its own, and at most.
    """

    starts_s: tuple[float, ...]
    median_s: float
    processor_s: float
    ready: Memory
    window: WindowMemory
    goal_s: float = GOAL_S
    goal_mb: float = GOAL_MB


def measure_start(starts: int) -> StartReport:
    """Start the daemon of a demonstration unit `starts` times, and once before them. Raises ModelError."""
    with tempfile.TemporaryDirectory(prefix="doorstep-start-") as temporary:
        folder = Path(temporary)
        portraits = fetch_portraits(cache_folder())
        make_page_unit(folder / "unit", portraits, find_folder()).close()
        runs = [_one(folder) for _ in range(starts + 1)][1:]
        window = _window(folder / "unit", portraits)
    return StartReport(
        starts_s=tuple(round(run.wall_s, 3) for run in runs),
        median_s=round(median(run.wall_s for run in runs), 3),
        processor_s=round(median(run.processor_s for run in runs), 3),
        ready=sorted((run.memory for run in runs), key=lambda memory: memory.resident_mb)[len(runs) // 2],
        window=window,
    )


def _window(root: Path, portraits: Path) -> WindowMemory:
    command = [sys.executable, "-m", "tools.bench.memory", str(root), str(portraits)]
    done = subprocess.run(command, capture_output=True, check=True, env=_environment())
    return msgspec.json.decode(done.stdout, type=WindowMemory)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    wall_s: float
    processor_s: float
    memory: Memory


def _one(folder: Path) -> _Start:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = folder / "notify"
        address.unlink(missing_ok=True)
        manager.bind(str(address))
        manager.settimeout(READY_WITHIN_S)
        command = [sys.executable, "-m", "edge.cli.main", "serve", "--unit", str(folder / "unit"), "--port", "0"]
        began_s = time.monotonic()
        process = subprocess.Popen(
            command, env={**_environment(), "NOTIFY_SOCKET": str(address)}, stdout=subprocess.DEVNULL
        )
        try:
            while b"READY=1" not in manager.recv(4096):
                pass
            wall_s = time.monotonic() - began_s
            return _Start(wall_s=wall_s, processor_s=_processor_s(process.pid), memory=memory_of(process.pid))
        except TimeoutError as e:
            raise ModelError("the visit daemon did not become ready", remedy="Start it: doorstep serve") from e
        finally:
            process.terminate()
            process.wait(END_WITHIN_S)


def _environment() -> dict[str, str]:
    set_there = [line for line in SERVICE.read_text().splitlines() if line.startswith("Environment=")]
    return {**os.environ, **dict(line.removeprefix("Environment=").split("=", 1) for line in set_there)}


def _processor_s(pid: int) -> float:
    """User and system time so far (proc(5), fields 14 and 15 of stat, after the name in brackets)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

"""Memory of a process, as the kernel counts it; run as a program, that of a capture window in its own process."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.core.manifest import ROLES
from edge.core.session import VisitSession
from edge.demo.page import playing
from edge.models.nets import runtime_net
from edge.models.runtime import choose_runtime
from edge.wiring.unit import open_unit
from edge.wiring.visit import VisitSide
from edge.wiring.web import make_room

_IN_MB = 1024
_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)")
_PACKAGE = re.compile(r"(?:site|dist)-packages/([a-z0-9_]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Megabytes: resident now, its own share (pages that others hold too are divided), resident at most.

    parts: of what is resident, by where it comes from: `data` is what no file backs, the rest the code of packages.
    """

    resident_mb: float
    proportional_mb: float
    most_mb: float
    parts: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMemory:
    """after: a capture window. nets: megabytes by which each net makes a process grow when it is built and run."""

    after: Memory
    nets: dict[str, float]


def memory_of(pid: int | str) -> Memory:
    """Of a process that is alive; `self` is this one (proc(5), smaps_rollup and status)."""
    found = {}
    for file in ("smaps_rollup", "status"):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("Rss", "Pss", "VmHWM"):
                found[name] = round(int(rest.split()[0]) / _IN_MB, 1)
    parts = _parts(Path(f"/proc/{pid}/smaps").read_text().splitlines())
    return Memory(resident_mb=found["Rss"], proportional_mb=found["Pss"], most_mb=found["VmHWM"], parts=parts)


def _parts(smaps: list[str]) -> dict[str, float]:
    """Resident megabytes by origin, the largest first."""
    found: Counter[str] = Counter()
    of = ""
    for line in smaps:
        if begins := _MAPPING.fullmatch(line):
            of = _origin(begins[1])
        elif line.startswith(("Rss:", "Anonymous:")):
            kind, kib = line.split()[:2]
            # A page of a file that was written to is data too.
            for part, sign in (("data", 1), (of, -1)) if kind == "Anonymous:" else ((of, 1),):
                found[part] += sign * int(kib)
    return {part: round(kib / _IN_MB, 1) for part, kib in found.most_common() if kib > _IN_MB}


def _origin(path: str) -> str:
    package = _PACKAGE.search(path)
    if package:
        return package[1].removesuffix("_headless")
    return "Python" if "python" in path.lower() else "the system's libraries" if path.startswith("/") else "data"


def one_window(root: Path, portraits: Path) -> WindowMemory:
    """A capture window of the demonstration's first visit, seen and compared in this process."""
    with open_unit(root) as unit:
        nets = _nets(VisitSide(unit))
        room = make_room(unit, playing(unit, portraits, seed=1))
        person = room.unit.people()[0]
        session = VisitSession(
            visit_id="v", record_id="r", worker_id="w", begun_utc=unit.clock.now_utc(), person=person
        )
        room.unit.window(session, lambda _seen, _photo: None, ask=False)(lambda *_seen: None)
    return WindowMemory(after=memory_of("self"), nets=nets)


def _nets(side: VisitSide) -> dict[str, float]:
    """Each net built and run after a first one, which brings the runtime's own memory, and let go again."""
    runtime = choose_runtime(side.unit.config.models.runtime)
    grown: dict[str, float] = {}
    for role in (ROLES[0], *ROLES):
        net, before = runtime_net(side.bundle, role, runtime, 1), memory_of("self").resident_mb
        net.run()
        grown[role] = round(memory_of("self").resident_mb - before, 1)
        net.rest()
    return grown


if __name__ == "__main__":
    print(msgspec.json.encode(one_window(Path(sys.argv[1]), Path(sys.argv[2]))).decode())

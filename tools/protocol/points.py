"""docs/points.md: what must hold whatever the network does, point by point, with the tests named after each.

The sentences stand here; the tests are read from tests/sync, whose names say the point: `test_sync_08_…`, or a range,
`test_sync_01_to_05_…`. What a test runs on is told by the fixtures that it takes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.core.errors import InputError

TESTS = Path(__file__).resolve().parents[2] / "tests" / "sync"
POINTS = {
    1: "A record is durable on the unit before the worker sees the outcome.",
    2: "It is delivered only when a receipt signed by central names its digest, and the signature holds.",
    3: "Until then it is resent, with backoff, in sequence, results before evidence; resending is idempotent, and the"
    " same id with another digest is an alarm.",
    4: "Every receipt carries the highest gap-free sequence: a gap is seen by central and refilled by the unit.",
    5: "What central refuses is quarantined with the reason and shown; it never blocks what is behind it.",
    6: "Nothing unsynced is ever dropped; below a disk watermark no new visit begins.",
    7: "Evidence goes in chunks with a digest each, resumes where it stopped, and only with the consent for it.",
    8: "Lists, receipts, decisions, policy, bundles and commands come down signed, sealed where personal, applied"
    " once and in order, and confirmed.",
    9: "The same envelopes travel by USB stick both ways, receipts included.",
    10: "Status, with birth and last will, says how the unit stands, and nothing personal.",
    11: "Wrong clocks are normal: the record says which clock, central orders by sequence, a clock set back is told.",
    12: "Ingest processes share one subscription, hold no state, and commit before they receipt.",
    13: "A unit writes and reads only under its own id; a revoked unit gets nowhere.",
}
INTRODUCTION = """\
# What must hold, whatever the network does, and the tests named after it

Written by `python -m tools.protocol` from the names in tests/sync. M: over a real mosquitto with TLS and ACL, and
processes of their own. 2: central on SQLite and on a real PostgreSQL; else on SQLite. What each side does at each
fault: docs/protocol.md.
"""
BOTH_DATABASES = frozenset({"served", "bench", "database"})
OVER_MOSQUITTO = frozenset({"served", "stage"})
_NAME = re.compile(r"test_sync_(\d\d)(?:_(and|to)_(\d\d))?_")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTest:
    """One test. mosquitto: over a real broker. both: central on SQLite and on PostgreSQL."""

    file: str
    name: str
    points: frozenset[int]
    mosquitto: bool
    both: bool


def point_tests() -> list[PointTest]:
    """Every test that is named after a point, by file and place."""
    return [found for path in sorted(TESTS.glob("test_*.py")) for found in _of(path)]


def with_points() -> str:
    """The whole document. Raises InputError for a test of a point that there is not."""
    tests = point_tests()
    strays = sorted(t.name for t in tests if not t.points <= set(POINTS))
    if strays:
        raise InputError(f"no such point: {', '.join(strays)}")
    parts = [INTRODUCTION]
    for number, sentence in POINTS.items():
        parts.append(f"## {number}. {sentence}\n\n| on | test |\n|---|---|")
        parts += [f"| {_on(t)} | `{t.file}::{t.name}` |" for t in _sorted(tests, number)]
        parts.append("")
    return "\n".join(parts)


def _sorted(tests: list[PointTest], number: int) -> list[PointTest]:
    return sorted((t for t in tests if number in t.points), key=lambda t: (not t.mosquitto, not t.both))


def _on(test: PointTest) -> str:
    return " ".join([*(["M"] if test.mosquitto else []), *(["2"] if test.both else [])]) or "–"


def _of(path: Path) -> Iterator[PointTest]:
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or not (found := _NAME.match(node.name)):
            continue
        taken = {argument.arg for argument in node.args.args}
        yield PointTest(
            file=path.name,
            name=node.name,
            points=_points(found),
            mosquitto=bool(taken & OVER_MOSQUITTO) or "find_mosquitto" in text,
            both=bool(taken & BOTH_DATABASES),
        )


def _points(found: re.Match[str]) -> frozenset[int]:
    first, how, last = int(found[1]), found[2], int(found[3] or found[1])
    return frozenset(range(first, last + 1) if how == "to" else {first, last})

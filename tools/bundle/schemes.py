"""Measures every scheme for every role, on this machine and runtime: what the table's choices rest on.

Run it on the unit's own board before choosing another scheme: what int8 gains depends on the processor.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import get_args

import msgspec

from edge.core.errors import DoorstepError, ModelError
from edge.core.manifest import ROLES, Role, Scheme
from tools.bundle import agreement
from tools.bundle.build import Job, Prepared, prepared, quantized, with_net

_ROUNDS = 30
# PRELU and what follows it in the attention blocks have no fast int8 kernel in either runtime.
_FLOAT_OPERATORS = ("PRELU", "LOGISTIC", "MEAN", "MUL", "SUB")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeFigures:
    """One scheme for one role. error: why it could not be made or run here; figures are then empty."""

    role: Role
    scheme: str
    megabytes: float
    median_ms: float
    figures: dict[str, float]
    error: str = ""


def measure_schemes(job: Job) -> list[SchemeFigures]:
    """Every scheme of every role; the speeds of one role are taken in turn."""
    ready, rows = prepared(job), []
    for role in ROLES:
        job.say(f"{role}: {len(_schemes())} schemes")
        rows += _one_role(job, ready, role)
    return rows


def _schemes() -> list[str]:
    return [scheme for scheme in get_args(Scheme) if scheme != "as-published"]


def _one_role(job: Job, ready: Prepared, role: Role) -> list[SchemeFigures]:
    made, rows = {}, {}
    for scheme in _schemes():
        net = msgspec.structs.replace(job.table.net[role], scheme=scheme, float_operators=_FLOAT_OPERATORS)
        try:
            content = quantized(job, ready, role, net)
            made[scheme] = with_net(job, ready, role, content)
            made[scheme].bare[role].run()
            figures = agreement.figures(role, ready.original.nets, made[scheme].nets, ready.faces)
        except (ModelError, DoorstepError) as e:
            made.pop(scheme, None)
            rows[scheme] = SchemeFigures(
                role=role, scheme=scheme, megabytes=0.0, median_ms=0.0, figures={}, error=e.message
            )
            continue
        rows[scheme] = SchemeFigures(
            role=role, scheme=scheme, megabytes=len(content) / 1e6, median_ms=0.0, figures=figures
        )
    taken_s: dict[str, list[float]] = {scheme: [] for scheme in made}
    for _ in range(_ROUNDS):
        for scheme, nets in made.items():
            start = time.perf_counter()
            nets.bare[role].run()
            taken_s[scheme].append(time.perf_counter() - start)
    return [
        SchemeFigures(
            role=role,
            scheme=row.scheme,
            megabytes=row.megabytes,
            figures=row.figures,
            error=row.error,
            median_ms=median(taken_s[row.scheme]) * 1e3 if row.scheme in taken_s else 0.0,
        )
        for row in rows.values()
    ]

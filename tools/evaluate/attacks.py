"""Simulated people and attacks (tools/attacks) through the unit's own capture window, and the error rates.

What comes out finds faults in cues and compares policies with one another. It is no claim about real attacks: those are
in `clips` and `liveness`, and the two are never counted together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge.services.burst import Burst, collect
from edge.services.judge import judge
from tools.attacks.camera import AttackCamera
from tools.attacks.cli import default_identities
from tools.attacks.species import SPECIES
from tools.attacks.studio import Studio
from tools.evaluate.pad import LIVE, Window, at_bpcer, cue_table, summarise, window_of
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

MOST_BPCER = 0.025


def measure_attacks(
    rig: Rig, *, count: int, first_seed: int, lamps: bool, only: list[str], track: Track
) -> dict[str, Any]:
    """`count` windows of each species, from `first_seed` on; `only`: names of species, empty for all."""
    studio = Studio(rig.nets, default_identities())
    films = any(identity.film for identity in studio.identities)
    names = only or [k.name for k in SPECIES.values() if films or not k.film]
    seconds = rig.policy.burst.window_s + 0.2
    wanted = [(name, seed) for seed in range(first_seed, first_seed + count) for name in names]
    windows: list[Window] = []
    for name, seed in track(wanted, "attacks", len(wanted)):
        windows.append(_judged(rig, studio.camera(name, seed, seconds=seconds, lamps=lamps)))
    return {**report_of(windows, rig), "lamps": lamps, "seeds": [first_seed, first_seed + count - 1]}


def report_of(windows: list[Window], rig: Rig) -> dict[str, Any]:
    accept = rig.policy.liveness.accept
    return {
        "threshold": accept,
        "rates": summarise(windows, texture_accept=accept),
        f"at_bpcer_{MOST_BPCER:g}": at_bpcer(windows, rig.policy.cues, MOST_BPCER),
        "cue_scores": cue_table(windows),
        "windows": [_brief(w) for w in windows],
        "_windows": windows,
    }


def _judged(rig: Rig, camera: AttackCamera) -> Window:
    with camera:
        burst = collect(camera.frames(), rig.perceiver, rig.nets.liveness, rig.policy.burst, code=camera.code)
    findings = judge(_without_probes(burst), [], rig.nets.embedder, rig.policy, references_verified=False)
    kind = SPECIES[camera.clip.species]
    return window_of(
        findings, source=f"{kind.name}#{camera.clip.seed}", label=LIVE if kind.label == LIVE else "attack",
        species=kind.name, simulated=True,
    )  # fmt: skip


def _without_probes(burst: Burst) -> Burst:
    """Nobody is compared here, and embeddings are what takes the time."""
    burst.probes = []
    return burst


def _brief(window: Window) -> dict[str, Any]:
    cues = {name: cue.not_assessable if cue.score is None else cue.score for name, cue in window.cues.items()}
    return {"source": window.source, "accepted": window.accepted, "liveness": window.liveness, **cues}


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The table for people: each species, its rate, texture alone beside it."""
    for place, kinds in report["rates"].items():
        for group, rate in (("bona_fide", "bpcer"), ("attacks", "apcer")):
            for name, row in kinds[group].items():
                refused = ", ".join(f"{cue} {n}" for cue, n in row["refused_by"].items() if n)
                yield (
                    f"{place:9s} {rate.upper()} {name:16s} {row[rate]:6.1%}  [{row['ci'].low:.1%}, {row['ci'].high:.1%}]"
                    f"  texture alone {row[f'{rate}_texture_alone']:6.1%}  of {row['windows']}  refused by: {refused or '–'}"
                )

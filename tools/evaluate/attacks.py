"""Simulated people and attacks (tools/attacks) through the unit's own capture window, and the error rates.

What comes out finds faults in cues and compares policies with one another. It is no claim about real attacks: those
are in `clips` and `liveness`, and the two are never counted together. Clips played as living skin count as bona fide
where the pulse cue finds a pulse in the clip itself; what a codec took out cannot be asked of the simulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge.capture.opencv_sources import VideoFile
from edge.core.cues.pulse import pulse_cue
from edge.core.errors import InputError
from edge.core.sighting import Sightings
from edge.services.burst import Burst, collect
from edge.services.judge import judge
from tools.attacks.camera import AttackCamera
from tools.attacks.cli import default_identities
from tools.attacks.species import SPECIES
from tools.attacks.studio import Studio
from tools.evaluate import kept_sightings
from tools.evaluate.attending import attending
from tools.evaluate.pad import (
    ATTACK,
    COMPRESSED,
    LIVE,
    RESTLESS,
    Window,
    at_bpcer,
    cue_table,
    judged_again,
    summarise,
    window_of,
)
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

MOST_BPCER = 0.025
_PULSE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a run keeps, and does not render again. windows: a file to which each window is added when it is done; it
    is judged anew, from what its cues said, by the policy of today. sightings: a folder of what the windows left for
    the cues, which are then measured anew; by seed and species, with lamps and without apart."""

    windows: Path | None = None
    sightings: Path | None = None

    def sightings_of(self, source: str, *, lamps: bool) -> Path | None:
        return self.sightings / ("lamps" if lamps else "no-lamps") / f"{source}.npz" if self.sightings else None


def measure_attacks(
    rig: Rig, *, count: int, first_seed: int, lamps: bool, only: list[str], track: Track, kept: Kept, rate_fps: float,
    clips_only: bool = False,
) -> dict[str, Any]:
    """`count` windows of each species, from `first_seed` on; `only`: names of species, empty for all. rate_fps: of
    the simulated camera. clips_only: whether the people shown are those of clips alone, the hardest for replays."""
    people = default_identities()
    studio = Studio(rig.nets, [i for i in people if i.film] if clips_only else people, attackers=people)
    films = {i.subject: i.path for i in studio.identities if i.film}
    names = only or [k.name for k in SPECIES.values() if films or not k.film]
    seconds = rig.policy.burst.window_s + 0.2
    wanted = [(name, seed) for seed in range(first_seed, first_seed + count) for name in names]
    windows = [judged_again(window, rig.policy) for window in _kept(kept.windows)]
    known = {w.source for w in windows}
    wanted = [(name, seed) for name, seed in wanted if f"{name}#{seed}" not in known]
    beats: dict[str, bool] = {}
    for name, seed in track(wanted, "attacks", len(wanted)):
        camera = studio.camera(name, seed, seconds=seconds, lamps=lamps, rate_fps=rate_fps)
        subject = camera.clip.subject
        if SPECIES[name].film and subject not in beats:
            beats[subject] = _beats(rig, films[subject])
        burst = rendered(rig, camera, kept.sightings_of(f"{name}#{seed}", lamps=lamps))
        windows.append(_judged(rig, camera, burst, pulse_lost=not beats.get(subject, True)))
        if kept.windows:
            with kept.windows.open("ab") as file:
                file.write(msgspec.json.encode(windows[-1]) + b"\n")
    seeds = [int(w.source.rpartition("#")[2]) for w in windows]
    return {**report_of(windows, rig), "lamps": lamps, "clips_only": clips_only,
            "rate_fps": rate_fps, "seeds": [min(seeds), max(seeds)]}  # fmt: skip


def _kept(keep: Path | None) -> list[Window]:
    try:
        lines_kept = keep.read_bytes().splitlines() if keep and keep.exists() else []
        return [msgspec.json.decode(line, type=Window) for line in lines_kept]
    except (OSError, msgspec.DecodeError) as e:
        raise InputError(f"{keep} cannot be read: {e}") from e


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


def rendered(rig: Rig, camera: AttackCamera, kept: Path | None) -> Burst:
    """The window of a simulated camera; read from `kept` where that exists, else kept there."""
    if kept and kept.exists():
        return kept_sightings.read(kept, rig.policy.burst)
    with camera:
        burst = collect(
            camera.frames(), rig.perceiver, rig.nets.liveness, rig.policy.burst, until_complete=False,
            code=camera.code, watch=attending(camera),
        )  # fmt: skip
    if kept:
        kept_sightings.save(kept, burst)
    return burst


def _judged(rig: Rig, camera: AttackCamera, burst: Burst, *, pulse_lost: bool) -> Window:
    findings = judge(_without_probes(burst), [], rig.nets.embedder, rig.policy, references_verified=False)
    kind = SPECIES[camera.clip.species]
    label = ATTACK if kind.label != LIVE else COMPRESSED if kind.film and pulse_lost else LIVE
    if kind.restless:
        label = RESTLESS
    return window_of(
        findings, source=f"{kind.name}#{camera.clip.seed}", label=label, species=kind.name, simulated=True
    )


def _beats(rig: Rig, path: Path) -> bool:
    """Whether the pulse cue finds a pulse in the clip itself."""
    with VideoFile.open(path) as video:
        frames = (f for f in video.frames() if f.captured_s <= _PULSE_S)
        burst = collect(frames, rig.perceiver, rig.nets.liveness, rig.policy.burst, until_complete=False)
    score = pulse_cue(Sightings(frames=burst.sighted, scenes=(), begun_s=burst.begun_s or 0.0)).score
    return score is not None and score > 0.5


def _without_probes(burst: Burst) -> Burst:
    """Nobody is compared here, and embeddings are what takes the time."""
    burst.probes = []
    return burst


def _brief(window: Window) -> dict[str, Any]:
    cues = {name: cue.not_assessable if cue.score is None else cue.score for name, cue in window.cues.items()}
    return {
        "source": window.source, "label": window.label, "accepted": window.accepted, "liveness": window.liveness,
        "refused_by": window.refused_by, **cues,
    }  # fmt: skip


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The table for people: each species, its rate, texture alone beside it."""
    groups = (
        ("bona_fide", "bpcer", ""), ("bona_fide_compressed", "bpcer", " (no pulse in the source)"),
        ("bona_fide_restless", "bpcer", " (kept moving all the time)"),
        ("attacks", "apcer", ""),
    )  # fmt: skip
    for place, kinds in report["rates"].items():
        for group, rate, note in groups:
            for name, row in kinds[group].items():
                refused = ", ".join(f"{cue} {n}" for cue, n in row["refused_by"].items() if n)
                yield (
                    f"{place:9s} {rate.upper()} {name:15s} {row[rate]:6.1%}"
                    f" [{row['ci'].low:.1%}, {row['ci'].high:.1%}]"
                    f"  texture alone {row[f'{rate}_texture_alone']:6.1%}  of {row['windows']}"
                    f"  refused by: {refused or '–'}{note}"
                )

"""Plots of presentation attack detection: the DET curve of ISO/IEC 19795-1 per species, and which cue saw what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from tools.evaluate.metrics import curve
from tools.evaluate.pad import ATTACK, LIVE, Window

_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_LEAST = 0.0005


def draw_det(axes: Any, live: Sequence[float], attacks: Mapping[str, Sequence[float]]) -> None:
    """BPCER over APCER on normal deviate scales, one curve a species; rates of 0 are drawn at the edge."""
    deviate = NormalDist().inv_cdf

    def placed(rates: np.ndarray) -> list[float]:
        return [deviate(min(max(float(r), _LEAST), 1 - _LEAST)) for r in rates]

    for name, scores in attacks.items():
        errors = curve(np.asarray(live, np.float64), np.asarray(scores, np.float64))
        label = f"{name} ({len(scores)})"
        axes.plot(placed(errors.false_accept), placed(errors.false_reject), label=label, linewidth=1.5, clip_on=False)
    places, names = [deviate(t) for t in _TICKS], [f"{t:.1%}" for t in _TICKS]
    ends = (deviate(_LEAST), deviate(0.6))
    axes.set(xlabel="APCER", ylabel="BPCER", title=f"DET, {len(live)} bona fide", xlim=ends, ylim=ends)
    axes.set_xticks(places, names, fontsize=7)
    axes.set_yticks(places, names, fontsize=7)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="x-small")


def draw_windows(axes: Any, report: dict[str, Any]) -> None:
    """The liveness figure of every window, a row a species; filled where accepted."""
    windows: list[Window] = report["_windows"]
    species = list(dict.fromkeys(w.species for w in windows))
    for row, name in enumerate(species):
        for window in (w for w in windows if w.species == name):
            colour = {LIVE: "tab:green", ATTACK: "tab:red"}.get(window.label, "tab:gray")
            place = -0.05 if window.liveness is None else window.liveness
            axes.plot(
                place, row, marker="o", color=colour, linestyle="", markersize=5, alpha=0.7,
                fillstyle="full" if window.accepted else "none",
            )  # fmt: skip
    axes.axvline(report["threshold"], color="black", linestyle="--", linewidth=0.8)
    axes.set(xlabel="liveness figure (filled: accepted)", xlim=(-0.1, 1.05))
    axes.set_yticks(range(len(species)), species, fontsize=7)

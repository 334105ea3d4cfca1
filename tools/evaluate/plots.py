"""One picture per measurement: what the figures in the report look like over all thresholds, times or angles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge.core.errors import InputError
from tools.evaluate.pad import ATTACK, LIVE, Window, standing
from tools.evaluate.pad_plots import draw_det, draw_windows
from tools.evaluate.quality import merits as quality_merits
from tools.evaluate.quality import ordered_failures

Draw = Callable[[Any, dict[str, Any]], None]


def draw(kind: str, report: dict[str, Any], file: Path) -> None:
    """Write the plot of a report. Raises InputError when matplotlib is missing or the file cannot be written."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as e:
        raise InputError("plots need matplotlib", remedy="pip install 'doorstep[measure]'") from e
    if kind in _DRAWN_BESIDE:
        figure, (axes, beside) = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
        _DRAWN_BESIDE[kind](beside, report)
    else:
        figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    _DRAWN[kind](axes, report)
    try:
        figure.savefig(file, dpi=120)
    except (OSError, ValueError) as e:
        raise InputError(f"cannot write the plot {file}: {e}") from e
    finally:
        pyplot.close(figure)


def _matching(axes: Any, report: dict[str, Any]) -> None:
    genuine, tail, impostors = report["_curve"]
    far = np.arange(1, tail.size + 1) / impostors
    tar = 1.0 - np.searchsorted(np.sort(genuine), tail, side="left") / max(genuine.size, 1)
    axes.plot(far, tar * genuine.size / max(report["genuine_pairs"], 1))
    for rate, found in report["tar"].items():
        interval = report["ci"][rate]
        axes.errorbar(
            float(rate), found, [[max(found - interval.low, 0)], [max(interval.high - found, 0)]], fmt="o", capsize=4,
            label=f"{found:.4f} at {rate}, threshold {report['threshold'][rate]:.3f}",
        )  # fmt: skip
    axes.set(
        xscale="log", xlabel="false accept rate, all impostor pairs", ylabel="true accept rate", title="Matching"
    )
    axes.legend()
    axes.grid(alpha=0.3)


def _liveness(axes: Any, report: dict[str, Any]) -> None:
    for label, scores in report["_scores"].items():
        axes.hist(scores, bins=np.linspace(0, 1, 51), alpha=0.5, label=f"{label} ({len(scores)})")
    axes.axvline(report["threshold"], color="black", linestyle="--", label=f"accept at {report['threshold']}")
    axes.set(xlabel="liveness score", ylabel="pictures", yscale="log", title=f"Liveness, AUC {report['auc']:.4f}")
    axes.legend()


def _liveness_det(axes: Any, report: dict[str, Any]) -> None:
    scores = dict(report["_scores"])
    draw_det(axes, scores.pop(LIVE), scores)


def _attacks_det(axes: Any, report: dict[str, Any]) -> None:
    windows: list[Window] = report["_windows"]
    live = [standing(w) for w in windows if w.label == LIVE]
    attacks: dict[str, list[float]] = {}
    for window in (w for w in windows if w.label == ATTACK):
        attacks.setdefault(window.species, []).append(standing(window))
    if live and attacks:
        draw_det(axes, live, attacks)


def _clips(axes: Any, report: dict[str, Any]) -> None:
    for clip in report["clips"]:
        times, scores = [s["t_s"] for s in clip["scores"]], [s["score"] for s in clip["scores"]]
        (line,) = axes.plot(times, scores, marker=".", linewidth=0.8, label=f"{clip['file']}: {clip['outcome']}")
        if clip["liveness"] is not None:
            axes.axhline(clip["liveness"], color=line.get_color(), linestyle=":", linewidth=0.8)
    axes.axhline(report["threshold"], color="black", linestyle="--")
    axes.set(
        xlabel="seconds", ylabel="liveness score", ylim=(-0.03, 1.03), title="Clips (dotted: the burst's figure)"
    )
    axes.legend(fontsize="small")


def _roll(axes: Any, report: dict[str, Any]) -> None:
    angles = [int(a) for a in report["recall"]]
    for key, label in (("recall", "recall"), ("cosine_median", "cosine, median"), ("cosine_p10", "cosine, 10th pct")):
        axes.plot(angles, list(report[key].values()), marker="o", label=label)
    axes.set(xlabel="roll, degrees", xticks=range(0, 360, 45), ylim=(0, 1.03), title="Roll")
    axes.legend()
    axes.grid(alpha=0.3)


def _quality(axes: Any, report: dict[str, Any]) -> None:
    for name, merit in quality_merits(report["_weights"]).items():
        failed = ordered_failures(report["_probes"], merit, report["accept"])
        left = np.arange(len(failed), 0, -1)
        shares, errors = 1 - left / len(failed), np.cumsum(failed[::-1])[::-1] / left
        upto = int(0.7 * len(failed))
        axes.plot(shares[:upto], errors[:upto], linewidth=2.2 if name == "profile" else 1.0, label=name)
    axes.set(xlabel="share of probes put aside, worst first", ylabel="comparisons that fail among the rest")
    axes.set(title="Error versus reject", ylim=(0, None))
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)


_DRAWN: dict[str, Draw] = {
    "matching": _matching, "liveness": _liveness, "clips": _clips, "roll": _roll, "attacks": draw_windows,
    "quality": _quality,
}  # fmt: skip
_DRAWN_BESIDE: dict[str, Draw] = {"liveness": _liveness_det, "attacks": _attacks_det}

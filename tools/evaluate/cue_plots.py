"""What the cues see, as curves, from rendered windows: a living head beside attacks, without a picture of anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.core.cues.eyes import CORNERS, eye_darkness
from edge.core.cues.pulse_signals import RATE_HZ, pos, power
from edge.core.cues.relief import pair_motion
from edge.core.errors import InputError
from edge.core.sighting import Sightings
from tools.attacks.cli import default_identities
from tools.attacks.studio import Studio
from tools.evaluate.attacks import Kept, rendered
from tools.evaluate.progress import Track
from tools.evaluate.rig import Rig

Floats = NDArray[np.float64]
# Seed and species of the windows shown; the seed is one of those that the bounds were set on.
SEED = 3
LIVING, MASK, SHEET, SCREEN, ASLEEP = "live_head", "mask_3d_rigid", "print_bent", "tablet_replay", "live_asleep"
_COLOURS = {LIVING: "tab:green", ASLEEP: "tab:blue", MASK: "tab:red", SHEET: "tab:orange", SCREEN: "tab:purple"}


def draw_cues(rig: Rig, out: Path, *, kept: Kept, track: Track) -> None:
    """Four plots in one file: pulse, relief, light, eyes. Raises InputError without matplotlib."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as e:
        raise InputError("plots need matplotlib", remedy="pip install 'doorstep[measure]'") from e
    windows = _windows(rig, kept, track)
    figure, axes = pyplot.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    _pulse(axes[0, 0], windows)
    _relief(axes[0, 1], windows)
    _light(axes[1, 0], windows)
    _eyes(axes[1, 1], windows)
    figure.savefig(out, dpi=100)
    pyplot.close(figure)


def _windows(rig: Rig, kept: Kept, track: Track) -> dict[str, Sightings]:
    studio = Studio(rig.nets, default_identities())
    seconds = rig.policy.burst.window_s + 0.2
    found = {}
    for name in track(list(_COLOURS), "windows", len(_COLOURS)):
        camera = studio.camera(name, SEED, seconds=seconds, lamps=True, rate_fps=30.0)
        found[name] = rendered(rig, camera, kept.sightings_of(f"{name}#{SEED}", lamps=True)).sightings
    return found


def _since(window: Sightings) -> Floats:
    return window.times_s - window.begun_s


def _pulse(axes: Any, windows: dict[str, Sightings]) -> None:
    """Spectrum of the skin's colour once the lamps' code is over."""
    for name in (LIVING, ASLEEP, MASK, SCREEN):
        window = windows[name]
        skin = np.array([f.skin_rgb for f in window.frames], np.float64)
        still = np.isfinite(skin).all(axis=(1, 2)) & (_since(window) > 3.2)
        even_s = np.arange(_since(window)[still][0], _since(window)[still][-1], 1 / RATE_HZ)
        mean = skin[still].mean(axis=1)
        rgb = np.stack([np.interp(even_s, _since(window)[still], mean[:, c]) for c in range(3)], axis=1)
        spectrum = power(pos(rgb))
        hz = np.linspace(0, RATE_HZ / 2, len(spectrum))
        band = (hz > 0.6) & (hz < 4.0)
        axes.plot(60 * hz[band], spectrum[band] / spectrum[band].sum(), color=_COLOURS[name], label=name)
    axes.set(title="pulse: the colour of the skin", xlabel="per minute", ylabel="share of the power")
    axes.legend(fontsize="small")


def _relief(axes: Any, windows: dict[str, Sightings]) -> None:
    """How much of the points' motion their depth explains, over what noise makes of it."""
    bins = np.linspace(0, 12, 25)
    for name in (LIVING, MASK, SHEET):
        scenes = windows[name].scenes
        pairs = [pair_motion(a, b) for a in scenes[::6] for b in scenes[::4] if a is not b]
        ratio = [p.depth / max(p.error, 1e-9) for p in pairs if p]
        axes.hist(np.minimum(ratio, 12), bins=bins, histtype="step", linewidth=1.8, color=_COLOURS[name], label=name)
    axes.set(title="relief: motion by depth, in units of its noise", xlabel="depth over error", ylabel="pairs")
    axes.legend(fontsize="small")


def _light(axes: Any, windows: dict[str, Sightings]) -> None:
    """Brightness of the face while the lamps follow their code."""
    for name in (LIVING, SHEET, SCREEN):
        window = windows[name]
        early = [f for f in window.frames if f.captured_s - window.begun_s < 4.0]
        grey = np.array([float(f.crop[48:144, 48:144].mean()) for f in early])
        times = np.array([f.captured_s - window.begun_s for f in early])
        axes.plot(times, grey / np.median(grey), color=_COLOURS[name], label=name)
    lamps = [f.lamps for f in early]
    for side, shift in (("left", 0.0), ("right", 0.06)):
        lit = np.array([getattr(state, side) if state else 0.0 for state in lamps])
        axes.step(times, 0.45 + shift + 0.04 * lit, color="black", linewidth=0.8)
    axes.set(title="light: brightness under the lamps' code (below: left, right)", xlabel="seconds")
    axes.legend(fontsize="small")


def _eyes(axes: Any, windows: dict[str, Sightings]) -> None:
    """How shut the eyes look: a low value is the dark of an open eye."""
    for name in (LIVING, ASLEEP, MASK):
        window = windows[name]
        shut = [max(eye_darkness(f, eye) for eye in CORNERS) for f in window.frames]
        axes.plot(_since(window), shut, color=_COLOURS[name], label=name, linewidth=1.0)
    axes.set(title="eyes: open below, shut above", xlabel="seconds", ylabel="lightness of the darkest tenth")
    axes.legend(fontsize="small")

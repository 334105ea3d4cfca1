"""Attacks shown on screens: telephone, tablet and monitor, with a photograph or with a clip and its pulse."""

from __future__ import annotations

from dataclasses import replace

from tools.attacks import props
from tools.attacks.displays import MONITOR, PHONE, TABLET, Display, body, shown, varied
from tools.attacks.film import face_in_picture, recorded
from tools.attacks.living import base_pose
from tools.attacks.motion import Hand
from tools.attacks.scene import Layer
from tools.attacks.sheets import Sheet, flat_points
from tools.attacks.species import Casting, species


def _replayed(cast: Casting, kind: Display, *, fills: float, held: bool) -> list[Layer]:
    display = varied(kind, cast.rng)
    shape, pose = cast.fit(cast.identity, False), base_pose(cast)
    carried = Hand(cast.rng, sway_mm=1.8, sway_deg=1.0) if held else None
    paint, (top, bottom, _, _) = body(display)
    height, width = paint.shape[:2]
    about = (width / 2, top + 0.47 * (bottom - top))
    points, step = flat_points(width, height, 1 / display.px_per_mm, about_px=about)
    film = recorded(cast.identity, cast.rng)
    sheet = Sheet(
        paint=paint, points_mm=points, step_px=step, pose=pose, carried=carried, gloss=display.gloss,
        shine=display.shine, glow=shown(display, film, face_in_picture(shape), fills=fills),
    )  # fmt: skip
    layers: list[Layer] = [props.wall(cast.rng, cast.conditions.distance_mm + 800), sheet]
    if held:
        half = display.width_mm / 2 + display.bezel_mm
        layers += props.fingers(
            cast.rng, pose, half_wide_mm=half, y_mm=display.height_mm * 0.25, carried=carried, both=False
        )
    return layers


@species(
    "phone_replay",
    "attack",
    "a telephone that shows a photograph or a clip",
    near_mm=PHONE.near_mm,
    far_mm=PHONE.far_mm,
)
def phone_replay(cast: Casting) -> list[Layer]:
    return _replayed(cast, PHONE, fills=float(cast.rng.uniform(0.75, 1.05)), held=True)


@species("tablet_replay", "attack", "a tablet, the face near life size", near_mm=TABLET.near_mm, far_mm=TABLET.far_mm)
def tablet_replay(cast: Casting) -> list[Layer]:
    return _replayed(cast, TABLET, fills=float(cast.rng.uniform(0.65, 0.95)), held=True)


@species(
    "monitor_replay",
    "attack",
    "a monitor with the face at life size or more",
    near_mm=MONITOR.near_mm,
    far_mm=MONITOR.far_mm,
)
def monitor_replay(cast: Casting) -> list[Layer]:
    fills = float(cast.rng.uniform(0.4, 0.55))
    if cast.rng.random() < 0.4:  # near a large one the bezel is out of the picture
        large = replace(MONITOR, width_mm=560.0, height_mm=340.0, px_per_mm=1.3)
        return _replayed(cast, large, fills=0.62 * fills, held=False)
    return _replayed(cast, MONITOR, fills=fills, held=False)

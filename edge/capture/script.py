"""What a scripted camera shows at each moment: where the picture stands, how it moves, and how dim it is.

Movement is a sum of slow sines whose phases come from the seed, so any frame can be drawn without the ones before.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from edge.core.face import Affine, Picture

TREMOR_HZ = (0.7, 1.9, 4.3)  # a hand: slow sway to tremor


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One scene. Angles in degrees, clockwise as seen; lengths as shares of the frame's height.

    center and span: the point of the photograph (x, y as shares of its width and height) that stands in the
    middle of the frame, and the share of the photograph's height that fills the frame's height.
    roll_deg: how far the photograph is turned. zoom_per_s, drift_per_s: slow movement towards and across.
    shake: amplitude of the hand. gain, gamma: light (out = 255·(gain·in/255)^gamma). noise: standard
    deviation of the sensor's noise, grey levels.
    """

    seconds: float = 4.0
    center: tuple[float, float] = (0.5, 0.5)
    span: float = 1.0
    roll_deg: float = 0.0
    zoom_per_s: float = 0.02
    drift_per_s: tuple[float, float] = (0.008, -0.004)
    shake: float = 0.006
    shake_deg: float = 0.6
    gain: float = 1.0
    gamma: float = 1.0
    noise: float = 2.0


class Hand:
    """The hand that holds the camera: offset (shares of the frame's height) and turn (degrees) at a time."""

    def __init__(self, seed: int) -> None:
        self._phases = np.random.default_rng(seed).uniform(0, 2 * math.pi, (3, len(TREMOR_HZ)))

    def at(self, time_s: float) -> tuple[float, float, float]:
        """Three values in -1..1: across, down, turn."""
        waves = np.sin(2 * math.pi * np.asarray(TREMOR_HZ) * time_s + self._phases).mean(axis=1)
        return float(waves[0]), float(waves[1]), float(waves[2])


def placement(
    script: Script, hand: Hand, time_s: float, picture_px: tuple[int, int], frame_px: tuple[int, int]
) -> Affine:
    """2×3 affine from picture to frame pixels at `time_s`; sizes are (width, height)."""
    across, down, turn = hand.at(time_s)
    scale = frame_px[1] / (script.span * picture_px[1]) * (1 + script.zoom_per_s * time_s)
    angle = math.radians(script.roll_deg + script.shake_deg * turn)
    turned = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    anchor = np.array([script.center[0] * picture_px[0], script.center[1] * picture_px[1]])
    moved = np.array([script.shake * across, script.shake * down]) + np.array(script.drift_per_s) * time_s
    target = np.array(frame_px) / 2 + moved * frame_px[1]
    return np.hstack([turned, (target - turned @ anchor)[:, None]])


def light_table(script: Script) -> Picture:
    """256 grey levels out for 256 in."""
    level = np.clip(script.gain * np.arange(256) / 255, 0, 1)
    return np.rint(255 * level**script.gamma).astype(np.uint8)


def empty_room(width_px: int, height_px: int) -> Picture:
    """BGR picture of a wall, a floor, a bed and a window, with nobody in it."""
    down = np.linspace(0, 1, height_px)[:, None, None]
    wall = np.array([176, 190, 198]) * (1 - 0.25 * down)
    room = np.broadcast_to(wall, (height_px, width_px, 3)).copy()
    y, x = height_px, width_px
    room[int(0.82 * y) :, :] = (96, 118, 140)
    room[int(0.10 * y) : int(0.45 * y), int(0.06 * x) : int(0.28 * x)] = (232, 226, 214)
    room[int(0.62 * y) : int(0.90 * y), int(0.40 * x) :] = (208, 204, 196)
    room[int(0.55 * y) : int(0.66 * y), int(0.78 * x) : int(0.97 * x)] = (236, 236, 232)
    return np.clip(room, 0, 255).astype(np.uint8)

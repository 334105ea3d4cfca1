"""Saves drawing what nobody looks at: between the frames whose whole picture is used, only the face is drawn.

The mesh reads a turned square around the face on every frame; the whole picture is read five times a second, by the
texture net and for the cues that look around. What lies beside the square is then a fifth of a second old at most.
"""

from __future__ import annotations

import math

from edge.core.face import Frame
from edge.core.geometry import scale_of
from edge.services.burst import SCENE_GAP_S, Burst, Watcher
from edge.services.perceive import Observation
from tools.attacks.camera import AttackCamera

# The face may grow by this from frame to frame, and the square around it with it.
_ROOM = 1.06


def attending(camera: AttackCamera) -> Watcher:
    """Tells the simulated camera after each frame what will be looked at of the next."""
    rate_fps = camera.clip.rate_fps

    def watch(frame: Frame, observation: Observation, burst: Burst) -> None:
        if observation.face is None or _whole_next((round(frame.captured_s * rate_fps) + 1) / rate_fps, burst):
            return
        region, mesh = observation.face.region, observation.face.mesh
        side_px = _ROOM * mesh.crop_rgb.shape[0] / scale_of(mesh.crop_from_frame)
        turn = math.radians(region.roll_deg)
        reach = side_px / 2 * (abs(math.cos(turn)) + abs(math.sin(turn)))
        x, y = region.center_px
        camera.attend((x - reach, y - reach), (x + reach, y + reach))

    return watch


def _whole_next(next_s: float, burst: Burst) -> bool:
    scene_due = not burst.scenes or next_s - burst.scenes[-1].captured_s >= SCENE_GAP_S
    judged = burst.live_times_s
    return scene_due or not judged or next_s - judged[-1] >= burst.policy.liveness_gap_s

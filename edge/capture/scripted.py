"""A camera that plays a still photograph with movement, light and noise: same seed, same frames.

For demonstrations, tests and training without a sensor; what it gives is simulated input and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.capture.opencv_sources import blurred_to, place_picture, to_i420
from edge.capture.script import Hand, Script, empty_room, light_table, placement
from edge.core.config import CameraConfig
from edge.core.errors import CameraError
from edge.core.face import Frame, Picture
from edge.core.record import CaptureSource, SourceKind

NOISE_MARGIN_PX = 64


class ScriptedCamera:
    """Implements the Camera port without waiting for anything; wrap it in PacedCamera for real time.

    photograph: BGR, or None for an empty room. two_streams: also give the YUV stream that a Pi's camera gives.
    """

    def __init__(
        self,
        photograph: Picture | None,
        script: Script,
        *,
        seed: int,
        config: CameraConfig | None = None,
        two_streams: bool = False,
    ) -> None:
        config = config or CameraConfig()
        if config.width_px % 2 or config.height_px % 2:
            raise CameraError(f"frames have even sides, got {config.width_px}×{config.height_px}")
        self._size = (config.width_px, config.height_px)
        self._rate_fps = config.rate_fps
        self._photograph = photograph
        self._script = script
        self._seed = seed
        self._two_streams = two_streams
        self._closed = False
        self.source = CaptureSource(
            kind=SourceKind.SCRIPTED, model="scripted photograph", sha256=_digest(photograph, script, seed)
        )

    def frames(self) -> Iterator[Frame]:
        """The scene from its first frame, at each call; a frame's time is its number divided by the rate."""
        light, grain = light_table(self._script), self._grain()
        photograph = self._photograph
        room = empty_room(*self._size) if photograph is None else blurred_to(photograph, *self._size)
        hand = Hand(self._seed)
        for index in range(round(self._script.seconds * self._rate_fps)):
            if self._closed:
                return
            time_s = index / self._rate_fps
            scene = self._scene(hand, time_s, room)
            bgr = self._exposed(light[scene], grain, index)
            lores = to_i420(bgr) if self._two_streams else None
            yield Frame(bgr=bgr, captured_s=time_s, lores_i420=lores)

    def _scene(self, hand: Hand, time_s: float, room: Picture) -> Picture:
        picture = room if self._photograph is None else self._photograph
        height, width = picture.shape[:2]
        return place_picture(picture, placement(self._script, hand, time_s, (width, height), self._size), room)

    def _grain(self) -> NDArray[np.int16]:
        """One field of sensor noise, wider than the frame, of which each frame shows another part."""
        shape = (self._size[1] + NOISE_MARGIN_PX, self._size[0] + NOISE_MARGIN_PX, 3)
        return np.random.default_rng(self._seed).normal(0, self._script.noise, shape).astype(np.int16)

    def _exposed(self, lit: Picture, grain: NDArray[np.int16], index: int) -> Picture:
        x, y = np.random.default_rng((self._seed, index)).integers(0, NOISE_MARGIN_PX, 2)
        noise = grain[y : y + self._size[1], x : x + self._size[0]]
        exposed: Picture = np.clip(lit + noise, 0, 255).astype(np.uint8)
        return exposed

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> ScriptedCamera:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _digest(photograph: Picture | None, script: Script, seed: int) -> str:
    parts = hashlib.sha256(msgspec.json.encode((script, seed), order="deterministic"))
    if photograph is not None:
        parts.update(str(photograph.shape).encode() + np.ascontiguousarray(photograph).tobytes())
    return parts.hexdigest()

"""The simulated camera: a scene and a sensor as a Camera port, drawn frame by frame as it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import msgspec
import numpy as np

from edge.core.face import Frame, Picture
from edge.core.light_code import LampState, LightCode, state_at
from edge.core.record import CaptureSource, SourceKind
from tools.attacks.conditions import Conditions
from tools.attacks.motion import Hand
from tools.attacks.projection import Part
from tools.attacks.scene import BESIDE_PX, Layer, Scene
from tools.attacks.sensor import LUMA_BGR, Development
from tools.attacks.species import Casting, Species

RATE_FPS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a row of labels.csv says of a clip. code_seed: of the lamps' code, None without lamps. rate_fps: of the
    camera."""

    species: str
    label: str
    subject: str
    bpm: float | None
    seed: int
    code_seed: int | None
    seconds: float
    rate_fps: float = RATE_FPS


class AttackCamera:
    """Implements the Camera port. Same clip, same frames; `lamp_state` says what the lamps did at a frame's time."""

    def __init__(self, clip: Clip, species: Species, cast: Casting) -> None:
        self.clip = clip
        self._species, self._cast = species, cast
        self._closed = False
        self._part: Part | None = None
        self.source = CaptureSource(
            kind=SourceKind.SCRIPTED, model=f"attack simulator: {species.name}", sha256=_digest(clip, cast)
        )

    @property
    def code(self) -> LightCode | None:
        lamps = self._cast.conditions.lamps
        return lamps.code if lamps else None

    @property
    def conditions(self) -> Conditions:
        return self._cast.conditions

    def lamp_state(self, captured_s: float) -> LampState | None:
        """The lamps when the exposure of a frame began; None for a unit without lamps."""
        lamps = self._cast.conditions.lamps
        return state_at(lamps.code, captured_s - lamps.start_s) if lamps else None

    def scene(self) -> Scene:
        """The scene, anew from its seed."""
        c = self._cast.conditions
        hand = Hand(np.random.default_rng((self.clip.seed, 2)), sway_mm=c.sway_mm, sway_deg=c.sway_deg)
        layers: list[Layer] = self._species.build(self._cast_anew())
        return Scene(layers, lens=c.lens, room=c.room, lamps=c.lamps, shutter=c.shutter, hand=hand)

    def _cast_anew(self) -> Casting:
        return replace(self._cast, rng=np.random.default_rng((self.clip.seed, 3)))

    def frames(self) -> Iterator[Frame]:
        """The clip from its first frame, at each call; a frame's time is its number divided by the rate."""
        scene = self.scene()
        development = self._metered(scene)
        picture: Picture | None = None
        for index in range(round(self.clip.seconds * self.clip.rate_fps)):
            if self._closed:
                return
            time_s = index / self.clip.rate_fps
            picture = self._taken(scene, development, index, time_s, picture)
            yield Frame(bgr=picture, captured_s=time_s)

    def attend(self, low_px: tuple[float, float], high_px: tuple[float, float]) -> None:
        """Draw of the next frame no more than lies from `low_px` to `high_px`, (x, y): beside it stands what stood
        there before. Saves most of the work where nobody looks at the rest."""
        self._part = Part.around(low_px, high_px, self._cast.conditions.lens)

    def _taken(
        self, scene: Scene, development: Development, index: int, time_s: float, before: Picture | None
    ) -> Picture:
        lens, part = self._cast.conditions.lens, self._part
        self._part = None
        if part is None or part.empty or before is None:
            return development.picture(scene.radiance(time_s), index, time_s, part=Part.whole(lens))
        wider = part.grown(BESIDE_PX, lens)
        picture = before.copy()
        light = scene.radiance(time_s, part=wider)
        picture[part.slices] = development.picture(light, index, time_s, part=wider, wanted=part)
        return picture

    def _metered(self, scene: Scene) -> Development:
        """Exposure and white balance planned on the middle of the picture, the lamps at half, and then locked."""
        c = self._cast.conditions
        light = scene.radiance(0.0, powers=(0.5, 0.5))
        height, width = light.shape[:2]
        middle = light[height * 3 // 10 : height * 7 // 10, width * 7 // 20 : width * 13 // 20]
        metered = float(np.mean(middle @ LUMA_BGR))
        lamp_share = (c.lamps.lux / (c.lamps.lux + c.room.ambient_lux)) if c.lamps else 0.0
        tint = (
            np.array(c.room.tint_bgr) * (1 - lamp_share)
            + np.array(c.lamps.tint_bgr if c.lamps else (1, 1, 1)) * lamp_share
        )
        balance = (1 / tint) ** 0.85
        return Development(
            c.sensor,
            c.lens,
            metered_lux=metered,
            balance_bgr=tuple((balance / balance[1]).tolist()),
            seed=self.clip.seed,
        )

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> AttackCamera:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _digest(clip: Clip, cast: Casting) -> str:
    parts = hashlib.sha256(msgspec.json.encode((asdict(clip), asdict(cast.conditions)), order="deterministic"))
    for identity in (cast.identity, cast.other):
        parts.update(hashlib.sha256(identity.path.read_bytes()).digest())
    return parts.hexdigest()

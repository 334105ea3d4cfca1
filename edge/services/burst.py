"""Collect a capture window: follow the face, judge liveness now and then, keep the best frames as probes.

Liveness and comparison are taken from the same frames of the same followed face, so that nobody can show a
living face for the one and a photograph for the other. Where there are lamps they follow the visit's code meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from edge.core import bedside
from edge.core.face import Frame
from edge.core.light_code import DARK, LightCode, state_at
from edge.core.policy import BurstPolicy
from edge.core.sighting import Scene, Sighting, Sightings, scene_of, sight
from edge.ports import Light, LivenessNet
from edge.services.ask import ActiveCheck
from edge.services.perceive import Observation, Perceiver, SeenFace

SCENE_GAP_S = 0.2
# As many as tell one face from another; smaller ones are too coarse to be compared.
BYSTANDERS, LEAST_BYSTANDER_PX = 3, 36.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Probe:
    """A frame good enough to be compared, with what was seen in it. merit: higher is better."""

    frame: Frame = field(repr=False)
    observation: Observation = field(repr=False)
    live_probability: float
    merit: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bystander:
    """Another face beside the followed one, to see whether it is the same face again."""

    frame: Frame = field(repr=False)
    face: SeenFace = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Burst:
    """What a window has yielded so far. Times are the source's own, in seconds."""

    policy: BurstPolicy
    frames_seen: int = 0
    faces_seen: int = 0
    people_seen: int = 0
    ambiguous_frames: int = 0
    begun_s: float | None = None
    last_s: float = 0.0
    live_probabilities: list[float] = field(default_factory=list)
    live_times_s: list[float] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    code: LightCode | None = None
    ask: ActiveCheck | None = None
    bystanders: list[Bystander] = field(default_factory=list)
    sighted: list[Sighting] = field(default_factory=list)
    scenes: list[Scene] = field(default_factory=list)

    def count(self, observation: Observation) -> None:
        """Take note of one frame."""
        if self.begun_s is None:
            self.begun_s = observation.captured_s
        self.last_s = observation.captured_s
        self.frames_seen += 1
        self.faces_seen += observation.face is not None
        self.people_seen = max(self.people_seen, observation.people)
        self.ambiguous_frames += observation.rival_area_ratio * self.policy.dominant_area_ratio > 1.0

    def wants_liveness(self, observation: Observation) -> bool:
        """Whether this frame should be judged: usable, and far enough in time from the last one judged."""
        if observation.hint is not None:
            return False
        return not self.live_times_s or observation.captured_s - self.live_times_s[-1] >= self.policy.liveness_gap_s

    def take(self, probe: Probe) -> None:
        """Add a judged frame; keep it as a probe when it is the best of its moment and among the best of all."""
        self.live_probabilities.append(probe.live_probability)
        self.live_times_s.append(probe.observation.captured_s)
        rivals = [p for p in self.probes if self._moment(p) == self._moment(probe)]
        if any(p.merit >= probe.merit for p in rivals):
            return
        kept = [p for p in self.probes if p not in rivals] + [probe]
        self.probes = sorted(kept, key=lambda p: p.merit, reverse=True)[: self.policy.probes]

    def sight(self, frame: Frame, observation: Observation, live_probability: float | None) -> None:
        """Keep of a frame what the liveness cues need."""
        since_s = frame.captured_s - (self.begun_s or 0.0)
        large = [f for f in observation.others if f.region.width_px >= LEAST_BYSTANDER_PX]
        if large and len(self.bystanders) < BYSTANDERS:
            self.bystanders.append(Bystander(frame=frame, face=max(large, key=lambda f: f.region.width_px)))
        if observation.face is None:
            if self.ask:
                self.ask.follow(None, since_s)
            return
        lamps = state_at(self.code, since_s) if self.code else None
        mesh = observation.face.mesh
        self.sighted.append(sight(mesh, frame.captured_s, lamps=lamps, live_probability=live_probability))
        if not self.scenes or frame.captured_s - self.scenes[-1].captured_s >= SCENE_GAP_S:
            self.scenes.append(scene_of(frame, mesh))
        if self.ask:
            self.ask.follow(self.sighted[-1], since_s)

    @property
    def sightings(self) -> Sightings:
        return Sightings(
            frames=self.sighted, scenes=self.scenes, begun_s=self.begun_s or 0.0, code=self.code,
            asked=self.ask.asked if self.ask else (), asked_seed=self.ask.seed if self.ask else 0,
        )  # fmt: skip

    @property
    def complete(self) -> bool:
        """Whether more frames would add nothing that the policy asks for."""
        return (
            (self.ask is None or self.ask.over)
            and len(self.probes) >= self.policy.probes
            and len(self.live_probabilities) >= self.policy.min_liveness_frames
            and self.live_times_s[-1] - self.live_times_s[0] >= self.policy.min_liveness_s
        )

    @property
    def still_s(self) -> float:
        """For how many seconds more the person has to be held in the picture, as far as liveness goes."""
        since_s = self.last_s - self.live_times_s[0] if self.live_times_s else 0.0
        return max(0.0, self.policy.min_liveness_s - since_s)

    @property
    def over(self) -> bool:
        """Whether the window's time has run out; what is asked of the person is waited for."""
        window_s = max(self.policy.window_s, self.ask.at_most_s if self.ask else 0.0)
        return self.begun_s is not None and self.last_s - self.begun_s >= window_s

    @property
    def ambiguous(self) -> bool:
        """Whether, in a good part of the frames, another face was of like size."""
        return self.ambiguous_frames * 4 > max(self.faces_seen, 1)

    def _moment(self, probe: Probe) -> int:
        """Frames of one moment are too alike for more than one of them to tell anything."""
        return int(probe.observation.captured_s // self.policy.probe_gap_s)


Watcher = Callable[[Frame, Observation, Burst], None]


def collect(
    frames: Iterable[Frame],
    perceiver: Perceiver,
    liveness_net: LivenessNet,
    policy: BurstPolicy,
    *,
    watch: Watcher | None = None,
    until_complete: bool = True,
    sightings: bool = True,
    light: Light | None = None,
    code: LightCode | None = None,
    ask: ActiveCheck | None = None,
) -> Burst:
    """Run one capture window over `frames`; ends when it is complete, its time is over, or the source ends.

    watch: called after every frame, for a screen. until_complete: False runs the whole window (measurements).
    sightings: whether to keep what cues other than texture need. light, code: lamps, and what they are to follow.
    ask: the optional active check, which is followed meanwhile (it needs the sightings).
    """
    perceiver.forget()
    burst = Burst(policy=policy, code=code, ask=ask)
    try:
        for frame in frames:
            observation = perceiver.look(frame)
            burst.count(observation)
            live = _judged(frame, observation, burst, liveness_net)
            if sightings or ask:
                burst.sight(frame, observation, live)
            if watch:
                watch(frame, observation, burst)
            if burst.over or (until_complete and burst.complete):
                break
            if light and code:
                light.set(state_at(code, frame.captured_s - (burst.begun_s or 0.0)))
    finally:
        if light:
            light.set(DARK)
    return burst


def _judged(frame: Frame, observation: Observation, burst: Burst, liveness_net: LivenessNet) -> float | None:
    """The net's figure on a frame that should be judged, which the burst then has; None on others."""
    if not (observation.face and observation.quality and burst.wants_liveness(observation)):
        return None
    live = liveness_net.live_probability(frame, observation.face.region)
    merit = bedside.merit(observation.quality)
    burst.take(Probe(frame=frame, observation=observation, live_probability=live, merit=merit))
    return live

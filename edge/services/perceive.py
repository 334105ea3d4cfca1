"""From a frame to the face of the visit: found at any roll, followed from mesh to mesh, measured.

A live stream is followed by the mesh alone and searched anew now and then; a still is searched at every turn.
The person of the visit is the one already followed, else the largest face near the middle.

A face is there when the mesh fits, or when the detector finds it at one place from most turns: the mesh knows no
faces from the side, and a person in profile is to be told to face the camera, not that nobody is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.core import geometry
from edge.core.face import FaceMesh, FaceRegion, Frame
from edge.core.quality import Hint, Quality, QualityLimits, measure, worst_fault
from edge.ports import FaceDetector, Landmarker

TURNS_DEG = (0.0, 90.0, -90.0, 180.0, 45.0, -45.0, 135.0, -135.0)
PRESENCE_FOUND = 0.5
# Sum over the turns of the best score at one place, and the best of all (docs/measurements.md, "From the side").
AGREEMENT_FOUND, BEST_SCORE_FOUND = 3.0, 0.7
SCORE_WORTH_A_SEARCH = 0.75
FRAMES_BETWEEN_SEARCHES = 15
# How soon a face away from the middle counts for less, in heights of the picture.
MIDDLE_SPREAD = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenFace:
    """A face with its mesh. region: turned with the head, from the mesh; of a face from the side the detector's."""

    region: FaceRegion
    mesh: FaceMesh


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Candidate:
    """A detection on a copy turned by `turn_deg`, and the face settled in it, if the mesh fits."""

    turn_deg: float
    region: FaceRegion
    face: SeenFace | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """What one frame showed. hint: the one thing to mend, None when the face may serve as a probe.

    people: faces in the picture at the last search. rival_area_ratio: area of the next largest face to that of
    the followed one, 0 without another. others: the other faces, on the frame of a search only, else none.
    """

    captured_s: float
    people: int
    rival_area_ratio: float
    face: SeenFace | None
    quality: Quality | None
    hint: Hint | None
    others: tuple[SeenFace, ...] = ()


class Perceiver:
    """Follows one face through a stream. Not shared between threads.

    frames_between_searches: how often the whole frame is searched while a face is followed; 0 is on every frame.
    """

    def __init__(
        self,
        detector: FaceDetector,
        landmarker: Landmarker,
        limits: QualityLimits,
        *,
        frames_between_searches: int = FRAMES_BETWEEN_SEARCHES,
    ) -> None:
        self._detector = detector
        self._landmarker = landmarker
        self._limits = limits
        self._frames_between_searches = frames_between_searches
        self.forget()

    def forget(self) -> None:
        """Let go of the face followed; the next frame is searched."""
        self._followed: FaceRegion | None = None
        self._people = 0
        self._rival_area_ratio = 0.0
        self._others: tuple[SeenFace, ...] = ()
        self._frames_since_search = 0
        self._next_turn = 0

    def look(self, frame: Frame) -> Observation:
        """Observe the next frame of a stream."""
        self._others = ()
        face = self._follow(frame) if self._followed else None
        if face is None:
            face = self._acquire(frame)
        elif self._frames_since_search >= self._frames_between_searches:
            self._count_people(frame, face)
        else:
            self._frames_since_search += 1
        self._followed = face.region if face else None
        return self._observe(frame, face)

    def look_at_still(self, frame: Frame) -> Observation:
        """Observe a single picture, searched at every turn; nothing is followed before or after."""
        self.forget()
        faces = self.find_all(frame)
        face = self._choose(frame, faces)
        self._set_people(face, faces)
        observation = self._observe(frame, face)
        self.forget()
        return observation

    def find_all(self, frame: Frame) -> list[SeenFace]:
        """Every face of a picture, at any roll: the likeliest mesh first, those from the side last."""
        candidates = self._candidates(frame, TURNS_DEG)
        settled = [c.face for c in candidates if c.face]
        settled.sort(key=lambda f: f.mesh.presence, reverse=True)
        distinct: list[SeenFace] = []
        for face in settled:
            if not any(_same_place(face.region, other.region) for other in distinct):
                distinct.append(face)
        faces = [self._fitted_again(frame, face) for face in distinct]
        for candidate in _agreed(candidates):
            if not any(_same_place(candidate.region, other.region) for other in distinct):
                faces.append(self._from_the_side(frame, candidate.region))
        return faces

    def _follow(self, frame: Frame) -> SeenFace | None:
        assert self._followed is not None
        mesh = self._landmarker.fit(frame, self._followed)
        if mesh.presence < PRESENCE_FOUND:
            return None
        return SeenFace(region=geometry.region_from_mesh(mesh), mesh=mesh)

    def _acquire(self, frame: Frame) -> SeenFace | None:
        """Search one frame of a stream: upright first, then one more turn a frame until something is found."""
        turn_deg = TURNS_DEG[1 + self._next_turn]
        self._next_turn = (self._next_turn + 1) % (len(TURNS_DEG) - 1)
        candidates = self._candidates(frame, (0.0, turn_deg))
        self._frames_since_search += 1
        if not any(c.face for c in candidates):
            score = max((c.region.score for c in candidates), default=0.0)
            if score < SCORE_WORTH_A_SEARCH or self._frames_since_search <= self._frames_between_searches:
                self._people, self._rival_area_ratio = 0, 0.0
                return None
        faces = self.find_all(frame)
        face = self._choose(frame, faces)
        self._set_people(face, faces)
        return face

    def _candidates(self, frame: Frame, turns_deg: Sequence[float]) -> list[_Candidate]:
        return [
            _Candidate(turn_deg=turn_deg, region=region, face=self._settle(frame, region))
            for turn_deg in turns_deg
            for region in self._detector.detect(frame, turn_deg)
        ]

    def _count_people(self, frame: Frame, face: SeenFace) -> None:
        # A quarter turn is near enough for the detector, and far cheaper to make than any other.
        turn_deg = geometry.wrap_deg(90.0 * round(face.region.roll_deg / 90.0))
        regions = [r for r in self._detector.detect(frame, turn_deg) if not _same_place(r, face.region)]
        # A sleeve or a cushion may look like a face to the detector, hardly ever to the mesh as well.
        others = [other for r in regions if (other := self._settle(frame, r))]
        self._set_people(face, [face, *(o for o in others if not _same_place(o.region, face.region))])

    def _settle(self, frame: Frame, region: FaceRegion) -> SeenFace | None:
        """Fit the mesh, then again in the region of that first fit, which sets roll and size right."""
        face = self._fitted(frame, region, times=3)
        return face if face.mesh.presence >= PRESENCE_FOUND else None

    def _fitted(self, frame: Frame, region: FaceRegion, *, times: int) -> SeenFace:
        for _ in range(times):
            mesh = self._landmarker.fit(frame, region)
            region = geometry.region_from_mesh(mesh)
        return SeenFace(region=region, mesh=mesh)

    def _fitted_again(self, frame: Frame, face: SeenFace) -> SeenFace:
        """The mean of this fit and one more: it brings the fits from different turns together, and steadies them."""
        again = self._fitted(frame, face.region, times=1).mesh
        if again.presence < PRESENCE_FOUND:
            return face
        mesh = replace(again, points_px=np.asarray((again.points_px + face.mesh.points_px) / 2, np.float32))
        return SeenFace(region=geometry.region_from_mesh(mesh), mesh=mesh)

    def _from_the_side(self, frame: Frame, region: FaceRegion) -> SeenFace:
        """The mesh does not fit, and wanders off when fitted often: the place is the detector's."""
        return SeenFace(region=region, mesh=self._fitted(frame, region, times=2).mesh)

    def _choose(self, frame: Frame, faces: list[SeenFace]) -> SeenFace | None:
        middle = np.array([frame.width_px / 2, frame.height_px / 2])

        def weight(face: SeenFace) -> float:
            off = float(np.linalg.norm(np.asarray(face.region.center_px) - middle)) / frame.height_px
            return face.region.width_px * face.region.height_px * math.exp(-0.5 * (off / MIDDLE_SPREAD) ** 2)

        return max(faces, key=weight, default=None)

    def _set_people(self, face: SeenFace | None, faces: list[SeenFace]) -> None:
        self._people = len(faces)
        self._frames_since_search = 0
        self._rival_area_ratio = 0.0
        if face:
            area = face.region.width_px * face.region.height_px
            self._others = tuple(f for f in faces if f is not face)
            ratios = (f.region.width_px * f.region.height_px / area for f in self._others)
            self._rival_area_ratio = max(ratios, default=0.0)

    def _observe(self, frame: Frame, face: SeenFace | None) -> Observation:
        quality, hint = None, Hint.NOBODY if face is None else None
        if face:
            size_px = (frame.width_px, frame.height_px)
            quality = measure(face.mesh, roll_deg=face.region.roll_deg, frame_size_px=size_px)
            hint = worst_fault(quality, self._limits)
        return Observation(
            captured_s=frame.captured_s,
            people=self._people if face else 0,
            rival_area_ratio=self._rival_area_ratio,
            face=face,
            quality=quality,
            hint=hint,
            others=self._others if face else (),
        )


def _agreed(candidates: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """One candidate for each place that the detector finds from most turns: strong, and near its turn's upright."""
    left = sorted(candidates, key=lambda c: c.region.score, reverse=True)
    while left:
        here = [c for c in left if c is left[0] or _same_place(c.region, left[0].region)]
        left = [c for c in left if c not in here]
        best: dict[float, float] = {}
        for c in here:
            best[c.turn_deg] = max(best.get(c.turn_deg, 0.0), c.region.score)
        if sum(best.values()) >= AGREEMENT_FOUND and here[0].region.score >= BEST_SCORE_FOUND:
            yield max(here, key=_upright_score)


def _upright_score(candidate: _Candidate) -> float:
    off_deg = geometry.wrap_deg(candidate.region.roll_deg - candidate.turn_deg)
    return candidate.region.score - abs(off_deg) / 180.0


def _same_place(a: FaceRegion, b: FaceRegion) -> bool:
    """Whether two regions are of one face: centres closer than half the smaller one's size."""
    distance = float(np.hypot(a.center_px[0] - b.center_px[0], a.center_px[1] - b.center_px[1]))
    return distance < 0.5 * min(max(a.width_px, a.height_px), max(b.width_px, b.height_px))

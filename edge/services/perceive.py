"""From a frame to the face of the visit: found at any roll, followed from mesh to mesh, measured.

A live stream is followed by the mesh alone and searched anew now and then; a still is searched at every turn.
The person of the visit is the one already followed, else the largest face near the middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.core import geometry
from edge.core.face import FaceMesh, FaceRegion, Frame
from edge.core.quality import Hint, Quality, QualityLimits, measure, worst_fault
from edge.ports import FaceDetector, Landmarker

TURNS_DEG = (0.0, 90.0, -90.0, 180.0, 45.0, -45.0, 135.0, -135.0)
PRESENCE_FOUND = 0.5
FRAMES_BETWEEN_SEARCHES = 15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenFace:
    """A face with its mesh; `region` is derived from the mesh and turned with the head."""

    region: FaceRegion
    mesh: FaceMesh


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """What one frame showed. hint: the one thing to mend, None when the face may serve as a probe.

    people: faces in the picture at the last search. rival_area_ratio: area of the next largest face to that of
    the followed one, 0 without another.
    """

    captured_s: float
    people: int
    rival_area_ratio: float
    face: SeenFace | None
    quality: Quality | None
    hint: Hint | None


class Perceiver:
    """Follows one face through a stream. Not shared between threads."""

    def __init__(self, detector: FaceDetector, landmarker: Landmarker, limits: QualityLimits) -> None:
        self._detector = detector
        self._landmarker = landmarker
        self._limits = limits
        self.forget()

    def forget(self) -> None:
        """Let go of the face followed; the next frame is searched."""
        self._followed: FaceRegion | None = None
        self._people = 0
        self._rival_area_ratio = 0.0
        self._frames_since_search = 0
        self._next_turn = 0

    def look(self, frame: Frame) -> Observation:
        """Observe the next frame of a stream."""
        face = self._follow(frame) if self._followed else None
        if face is None:
            face = self._acquire(frame)
        elif self._frames_since_search >= FRAMES_BETWEEN_SEARCHES:
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
        """Every face of a picture, at any roll, the likeliest mesh first."""
        found: list[SeenFace] = []
        for turn_deg in TURNS_DEG:
            for region in self._detector.detect(frame, turn_deg):
                face = self._settle(frame, region)
                if face:
                    found.append(face)
        found.sort(key=lambda f: f.mesh.presence, reverse=True)
        distinct: list[SeenFace] = []
        for face in found:
            if not any(_same_place(face.region, other.region) for other in distinct):
                distinct.append(face)
        return distinct

    def _follow(self, frame: Frame) -> SeenFace | None:
        assert self._followed is not None
        mesh = self._landmarker.fit(frame, self._followed)
        if mesh.presence < PRESENCE_FOUND:
            return None
        return SeenFace(region=geometry.region_from_mesh(mesh), mesh=mesh)

    def _acquire(self, frame: Frame) -> SeenFace | None:
        """Search one frame of a stream: upright first, then one more turn a frame until something is found."""
        turns = (0.0, TURNS_DEG[1 + self._next_turn])
        self._next_turn = (self._next_turn + 1) % (len(TURNS_DEG) - 1)
        settled = [self._settle(frame, r) for turn in turns for r in self._detector.detect(frame, turn)]
        if not any(settled):
            self._people, self._rival_area_ratio = 0, 0.0
            return None
        faces = self.find_all(frame)
        face = self._choose(frame, faces)
        self._set_people(face, faces)
        return face

    def _count_people(self, frame: Frame, face: SeenFace) -> None:
        regions = self._detector.detect(frame, face.region.roll_deg)
        others = [r for r in regions if not _same_place(r, face.region)]
        self._people = 1 + len(others)
        area = face.region.width_px * face.region.height_px
        self._rival_area_ratio = max((r.width_px * r.height_px / area for r in others), default=0.0)
        self._frames_since_search = 0

    def _settle(self, frame: Frame, region: FaceRegion) -> SeenFace | None:
        """Fit the mesh, then once more in the region of that first fit, which sets roll and size right."""
        mesh = self._landmarker.fit(frame, region)
        for _ in range(2):
            mesh = self._landmarker.fit(frame, geometry.region_from_mesh(mesh))
        if mesh.presence < PRESENCE_FOUND:
            return None
        return SeenFace(region=geometry.region_from_mesh(mesh), mesh=mesh)

    def _choose(self, frame: Frame, faces: list[SeenFace]) -> SeenFace | None:
        middle = np.array([frame.width_px / 2, frame.height_px / 2])

        def weight(face: SeenFace) -> float:
            off = float(np.linalg.norm(np.asarray(face.region.center_px) - middle)) / frame.height_px
            return face.region.width_px * face.region.height_px * (1.0 - 0.5 * min(off, 1.0))

        return max(faces, key=weight, default=None)

    def _set_people(self, face: SeenFace | None, faces: list[SeenFace]) -> None:
        self._people = len(faces)
        self._frames_since_search = 0
        self._rival_area_ratio = 0.0
        if face:
            area = face.region.width_px * face.region.height_px
            others = (f.region.width_px * f.region.height_px / area for f in faces if f is not face)
            self._rival_area_ratio = max(others, default=0.0)

    def _observe(self, frame: Frame, face: SeenFace | None) -> Observation:
        quality, hint = None, Hint.NOBODY
        if face:
            size = (frame.width_px, frame.height_px)
            quality = measure(face.mesh, roll_deg=face.region.roll_deg, frame_size_px=size)
            hint_or_none = worst_fault(quality, self._limits)
            return self._observation(frame, face, quality, hint_or_none)
        return self._observation(frame, face, quality, hint)

    def _observation(
        self, frame: Frame, face: SeenFace | None, quality: Quality | None, hint: Hint | None
    ) -> Observation:
        return Observation(
            captured_s=frame.captured_s,
            people=self._people if face else 0,
            rival_area_ratio=self._rival_area_ratio,
            face=face,
            quality=quality,
            hint=hint,
        )


def _same_place(a: FaceRegion, b: FaceRegion) -> bool:
    """Whether two regions are of one face: centres closer than half the smaller one's size."""
    distance = float(np.hypot(a.center_px[0] - b.center_px[0], a.center_px[1] - b.center_px[1]))
    return distance < 0.5 * min(max(a.width_px, a.height_px), max(b.width_px, b.height_px))

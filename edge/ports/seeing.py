"""The eyes of a unit: the camera, its light, and the four nets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from edge.core.record import CaptureSource

if TYPE_CHECKING:  # faces are numpy arrays, which the sync side does without
    from edge.core.face import Embedding, FaceMesh, FaceRegion, Frame, Points
    from edge.core.light_code import LampState


class Camera(Protocol):
    """A source of frames. A context manager; `close` is idempotent."""

    @property
    def source(self) -> CaptureSource:
        """What this source is: kind, model and serial, or the digest of the file it plays."""

    def frames(self) -> Iterator[Frame]:
        """Frames in order of exposure, until the source ends or is closed. Raises CameraError."""

    def close(self) -> None: ...

    def __enter__(self) -> Camera: ...

    def __exit__(self, *_exc: object) -> None: ...


class FaceDetector(Protocol):
    def detect(self, frame: Frame, turn_deg: float = 0.0) -> list[FaceRegion]:
        """Faces whose roll is near `turn_deg`, best score first, in frame coordinates (any roll)."""


class Landmarker(Protocol):
    def fit(self, frame: Frame, region: FaceRegion) -> FaceMesh:
        """The mesh of the face in `region`, read from a crop turned upright by its roll."""


class LivenessNet(Protocol):
    def live_probability(self, frame: Frame, region: FaceRegion) -> float:
        """Probability 0..1, by texture alone, that the face is of flesh."""


class Light(Protocol):
    """The unit's own lamps. `close` is idempotent and leaves them dark."""

    @property
    def present(self) -> bool:
        """Whether there are lamps at all; without them `set` does nothing."""

    def set(self, state: LampState) -> None:
        """Bring both lamps to a state, at once. Raises LampError."""

    def close(self) -> None: ...


class Embedder(Protocol):
    def embed(self, frame: Frame, points5_px: Points) -> Embedding:
        """Embedding of the face whose eyes, nose tip and mouth corners (5×2, image left first) are given."""

"""The camera of a unit that has none: it says so, so that a visit without a face can still be recorded."""

from __future__ import annotations

from collections.abc import Iterator

from edge.core.errors import CameraError
from edge.core.face import Frame
from edge.core.record import CaptureSource, SourceKind


class NoCamera:
    """Implements the Camera port; its source is NO_CAMERA and asking for frames is an error."""

    source = CaptureSource(kind=SourceKind.NO_CAMERA, model="none")

    def frames(self) -> Iterator[Frame]:
        """Raises CameraError, always, at the call."""
        raise CameraError(
            "this unit is set to work without a camera",
            remedy="Record the visit by manual attestation, or set camera.source in unit.toml.",
        )

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> NoCamera:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

"""Cameras that OpenCV can read: a V4L2 device, a video file, a folder of stills. The only user of cv2 in capture.

Every picture leaves here as BGR, 8 bit, in an array of its own: OpenCV allocates one per read, so nothing is copied.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, Self

import cv2
import numpy as np

from edge.capture import v4l2_exposure
from edge.capture.v4l2_identity import identify
from edge.core.config import CameraConfig
from edge.core.errors import CameraError
from edge.core.exposure import Exposure
from edge.core.face import Affine, Frame, Picture
from edge.core.record import CaptureSource, SourceKind

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
LARGEST_STILL_PX = 1280
QUEUED_AT_MOST = 10
COMPLETE_SHARE = 0.9


class VideoDevice(Protocol):
    """What of cv2.VideoCapture a camera needs."""

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, Any]: ...

    def get(self, property_id: int, /) -> float: ...

    def set(self, property_id: int, value: float, /) -> bool: ...

    def release(self) -> None: ...


class _Closing:
    """Context manager and idempotent close for sources that only have to stop."""

    _closed = False

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class V4l2Camera(_Closing):
    """A live camera. Frames that waited while the reader was busy are dropped, never handed over late."""

    def __init__(
        self,
        device: VideoDevice,
        source: CaptureSource,
        *,
        rate_fps: float,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self._device = device
        self._late_s = 1.5 / rate_fps
        self._monotonic_s = monotonic_s
        self._held = False

    @classmethod
    def open(cls, number: int, config: CameraConfig) -> V4l2Camera:
        """Open /dev/video`number`. Raises CameraError: absent, not permitted, or in use."""
        node = Path(f"/dev/video{number}")
        if not node.exists():
            raise CameraError(f"there is no {node}", remedy="Plug the camera in, or give the number of another one.")
        if not os.access(node, os.R_OK | os.W_OK):
            raise CameraError(
                f"{node} may not be opened by this user",
                remedy="Add the user to the group `video`, then log in again.",
            )
        device = cv2.VideoCapture(number, cv2.CAP_V4L2)
        if not device.isOpened():
            raise CameraError(f"{node} does not open", remedy="End the other program that uses the camera.")
        device.set(cv2.CAP_PROP_FRAME_WIDTH, config.width_px)
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height_px)
        device.set(cv2.CAP_PROP_FPS, config.rate_fps)
        return cls(device, identify(number), rate_fps=config.rate_fps)

    def frames(self) -> Iterator[Frame]:
        """Fresh frames until closed. Raises CameraError when the device stops."""
        while not self._closed:
            captured_s = self._newest()
            read, picture = self._device.retrieve()
            if not read:
                raise CameraError(f"{self.source.model} sent a picture that cannot be read")
            yield Frame(bgr=_as_picture(picture), captured_s=captured_s)

    def _newest(self) -> float:
        """Grab until the picture is fresh; gives its time of exposure on the kernel's monotonic clock."""
        for _ in range(QUEUED_AT_MOST):
            if not self._device.grab():
                raise CameraError(f"{self.source.model} stopped giving pictures", remedy="Check the camera's cable.")
            captured_s = self._device.get(cv2.CAP_PROP_POS_MSEC) / 1000
            now_s = self._monotonic_s()
            if captured_s <= 0:
                return now_s  # a driver without time stamps: the time of arrival is all there is
            if now_s - captured_s <= self._late_s:
                break
        return captured_s

    def hold(self) -> Exposure | None:
        """As in edge/services/hold.py, where the driver can."""
        exposure = v4l2_exposure.hold(self._device, self._brightness, frame_us=self._late_s / 1.5 * 1e6)
        self._held = exposure is not None
        return exposure

    def release(self) -> None:
        if self._held and not self._closed:
            self._held = False
            v4l2_exposure.release(self._device)

    def _brightness(self) -> float:
        return float(next(self.frames()).bgr[::8, ::8].mean())

    def close(self) -> None:
        if not self._closed:
            super().close()
            self._device.release()


class VideoFile(_Closing):
    """A recorded clip, turned upright as its container says, at the container's own times."""

    def __init__(self, path: Path, source: CaptureSource) -> None:
        self.source = source
        self._path = path

    @classmethod
    def open(cls, path: Path) -> VideoFile:
        """Digest the file and see that it opens. Raises CameraError: absent, empty, not a video."""
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as e:
            raise CameraError(f"{path} cannot be read: {e.strerror}", remedy="Check the path of the video.") from e
        _open_video(path).release()
        return cls(path, CaptureSource(kind=SourceKind.VIDEO_FILE, model=path.name, sha256=sha256))

    def frames(self) -> Iterator[Frame]:
        """All frames, from the first, at each call. Raises CameraError when the file ends before it should."""
        device = _open_video(self._path)
        expected, period_s = device.get(cv2.CAP_PROP_FRAME_COUNT), 1 / (device.get(cv2.CAP_PROP_FPS) or 30.0)
        seen, last_s = 0, -period_s
        try:
            while not self._closed and device.grab():
                read, picture = device.retrieve()
                if not read:
                    break
                stamp_s = device.get(cv2.CAP_PROP_POS_MSEC) / 1000
                # Some containers repeat or lose stamps; time must run forward all the same.
                last_s = stamp_s if stamp_s > last_s else last_s + period_s
                seen += 1
                yield Frame(bgr=_as_picture(picture), captured_s=last_s)
        finally:
            device.release()
        if not self._closed and (seen == 0 or seen < COMPLETE_SHARE * expected):
            raise CameraError(
                f"{self._path} is damaged: it ends after {seen} of {expected:.0f} frames",
                remedy="Copy the video again, or use another one.",
            )


class Stills(_Closing):
    """A folder of photographs in order of their names, one frame each, turned as their EXIF data says."""

    def __init__(self, pictures: tuple[Path, ...], source: CaptureSource, *, rate_fps: float) -> None:
        self.source = source
        self._pictures = pictures
        self._rate_fps = rate_fps

    @classmethod
    def open(cls, folder: Path, *, rate_fps: float) -> Stills:
        """List and digest the pictures. Raises CameraError: no such folder, no picture in it, unreadable."""
        try:
            pictures = tuple(sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES))
            digests = sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in pictures)
        except OSError as e:
            raise CameraError(
                f"{e.filename or folder} cannot be read: {e.strerror}", remedy="Check the path of the folder."
            ) from e
        if not pictures:
            raise CameraError(f"{folder} holds no picture", remedy=f"Put {'/'.join(sorted(PICTURE_SUFFIXES))} in it.")
        sha256 = hashlib.sha256("\n".join(digests).encode()).hexdigest()
        source = CaptureSource(kind=SourceKind.STILLS, model=f"{len(pictures)} stills", sha256=sha256)
        return cls(pictures, source, rate_fps=rate_fps)

    def frames(self) -> Iterator[Frame]:
        """Each picture once, at most LARGEST_STILL_PX long, sizes as they come. Raises CameraError."""
        for index, path in enumerate(self._pictures):
            if self._closed:
                return
            yield Frame(bgr=read_picture(path), captured_s=index / self._rate_fps)


def read_picture(path: Path) -> Picture:
    """A photograph as BGR, upright by its EXIF data, its longer side at most LARGEST_STILL_PX. Raises CameraError."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise CameraError(f"{path} cannot be read as a picture", remedy="Remove or replace this file.") from e
    return decode_still(raw, str(path))


def decode_still(raw: bytes, what: str) -> Picture:
    """As `read_picture`, from the bytes of the file. what: its name in messages."""
    try:
        picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR) if raw else None
    except cv2.error as e:
        raise CameraError(f"{what} cannot be read as a picture", remedy="Remove or replace this file.") from e
    if picture is None:
        raise CameraError(f"{what} is not a picture or is damaged", remedy="Remove or replace this file.")
    longer = max(picture.shape[:2])
    if longer > LARGEST_STILL_PX:
        scale = LARGEST_STILL_PX / longer
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return _as_picture(picture)


def place_picture(picture: Picture, frame_from_picture: Affine, onto: Picture) -> Picture:
    """`picture` moved by the 2×3 affine and laid over a copy of `onto` (both BGR)."""
    height, width = onto.shape[:2]
    placed = cv2.warpAffine(
        picture,
        frame_from_picture,
        (width, height),
        dst=onto.copy(),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    return _as_picture(placed)


def blurred_to(picture: Picture, width_px: int, height_px: int) -> Picture:
    """The picture without its details, stretched to the given size: colours of its surroundings, no shapes."""
    blots = cv2.resize(picture, (16, 12), interpolation=cv2.INTER_AREA)
    return _as_picture(cv2.resize(blots, (width_px, height_px), interpolation=cv2.INTER_CUBIC))


def to_i420(bgr: Picture) -> Picture:
    """BGR H×W×3 (both even) to planar YUV 4:2:0, 3H/2 rows of W bytes."""
    return _as_picture(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420))


def _open_video(path: Path) -> cv2.VideoCapture:
    # An absolute path cannot be taken for one of FFmpeg's protocols, nor for a pattern of stills.
    device = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
    if not device.isOpened():
        raise CameraError(f"{path} is not a video that can be played", remedy="Convert it to MP4 (H.264) or AVI.")
    device.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return device


def _as_picture(array: Any) -> Picture:
    return np.asarray(array, dtype=np.uint8)
